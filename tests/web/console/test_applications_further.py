"""What few SAML applications need, in the console: old algorithms, contexts, name management, encryption, what it shows."""

from datetime import timedelta

import pytest

from idp.directory import organizations, queries, sites
from idp.saml import providers, registering
from tests.support import vendors
from tests.web.conftest import signed_in
from tests.web.console.conftest import make_administrator

LIST = "/admin/applications"


@pytest.fixture
def wiki(front) -> str:
    """A SAML application at Acme with a certificate to encrypt for; its id."""
    with front.work() as work:
        document = vendors.SHIBBOLETH.document(vendors.SHIBBOLETH).encode()
        return registering.register(work, "acme", document, name="Wiki of theirs").application_id


def known(front, application_id):
    with front.work() as work:
        found = providers.of_application(work, queries.application(work, application_id))
        return providers.represent(found, work.now)


def send(admin, wiki, part, **typed):
    admin.open(f"{LIST}/{wiki}/saml/further")
    return admin.post(f"{LIST}/{wiki}/saml/further/{part}", admin.values(part) | typed)


def test_an_old_algorithm_is_allowed_until_a_day_and_taken_away(front, admin, wiki):
    until = (front.now + timedelta(days=30)).strftime("%Y-%m-%d")
    send(admin, wiki, "legacy", algorithm="rsa-sha1", until=until)
    assert "SHA-1 can be forged" in admin.text
    assert known(front, wiki)["legacy_algorithms"] == ["rsa-sha1"]

    form = admin.values("legacy")
    form.pop("algorithm")
    admin.post(f"{LIST}/{wiki}/saml/further/legacy", form)
    assert known(front, wiki)["legacy_algorithms"] == []


def test_x12_no_old_algorithm_is_allowed_without_a_day_for_long_or_at_all(front, admin, wiki):
    far = (front.now + timedelta(days=400)).strftime("%Y-%m-%d")
    soon = (front.now + timedelta(days=3)).strftime("%Y-%m-%d")
    for algorithm, until in (("rsa-sha1", ""), ("rsa-sha1", far), ("rsa-sha1", "2020-01-01"), ("des", soon)):
        send(admin, wiki, "legacy", algorithm=algorithm, until=until)
        assert admin.status == 422, (algorithm, until)
    assert known(front, wiki)["legacy_algorithms"] == []


def test_x12_allowing_one_asks_for_a_second_step_of_the_last_minutes(front, admin, wiki):
    front.later(minutes=6)
    send(admin, wiki, "legacy", algorithm="rsa-sha1", until=(front.now + timedelta(days=3)).strftime("%Y-%m-%d"))

    assert admin.path.startswith("/signin/")
    assert known(front, wiki)["legacy_algorithms"] == []


def test_names_of_contexts_are_mapped_and_x27_none_claims_more_than_was_proven(front, admin, wiki):
    send(
        admin, wiki, "contexts", says="second-step=https://vendor.example/mfa", means="https://v.example/?a=b=password"
    )
    assert known(front, wiki)["context_map"] == {
        "says": {"second-step": "https://vendor.example/mfa"},
        "means": {"https://v.example/?a=b": "password"},
    }
    smartcard = "urn:oasis:names:tc:SAML:2.0:ac:classes:Smartcard"
    for says in (f"password={smartcard}", "password=https://refeds.org/profile/mfa", "strong=x", "nothing"):
        send(admin, wiki, "contexts", says=says, means="")
        assert admin.status == 422, says
    send(admin, wiki, "contexts", says="", means="")
    assert known(front, wiki)["context_map"] == {}


def test_addresses_for_name_management_are_what_the_form_says(front, admin, wiki):
    send(
        admin,
        wiki,
        "names",
        endpoints="soap https://sp.example/nim\r\nredirect https://sp.example/n https://sp.example/r",
    )
    assert [
        (one["binding"].rpartition(":")[2], one["location"], one.get("response_location", ""))
        for one in known(front, wiki)["name_id_endpoints"]
    ] == [
        ("SOAP", "https://sp.example/nim", ""),
        ("HTTP-Redirect", "https://sp.example/n", "https://sp.example/r"),
    ]
    for wrong in ("https://sp.example/nim", "soap javascript:alert(1)", "carrier-pigeon https://sp.example/"):
        assert send(admin, wiki, "names", endpoints=wrong).status == 422, wrong
    send(admin, wiki, "names", endpoints="")
    assert known(front, wiki)["name_id_endpoints"] == []


def test_encryption_methods_and_what_it_shows_are_changed(front, admin, wiki):
    send(admin, wiki, "encryption", methods="aes256-gcm\r\nrsa-oaep,digest=sha256,mgf=sha256")
    assert {tuple(one) for one in known(front, wiki)["encryption_methods"].values()} == {
        ("aes256-gcm", "rsa-oaep,digest=sha256,mgf=sha256")
    }
    assert send(admin, wiki, "encryption", methods="3des").status == 422

    send(
        admin,
        wiki,
        "about",
        names_in="de=Lohn\r\nfr=Paie",
        description="Pays people.",
        privacy_url="https://sp.example/p",
    )
    about = known(front, wiki)["about"]
    assert about["names"] == [["de", "Lohn"], ["fr", "Paie"]]
    assert about["privacy_url"] == "https://sp.example/p"
    send(admin, wiki, "about", names_in="fr=Paie", description="", privacy_url="")
    assert known(front, wiki)["about"]["names"] == [["fr", "Paie"]]
    assert send(admin, wiki, "about", privacy_url="javascript:alert(1)").status == 422


def test_how_long_it_may_be_used_is_said_and_taken_back(front, admin, wiki):
    send(admin, wiki, "validity", valid_until="2040-01-31", cache_duration="PT12H")
    assert known(front, wiki)["valid_until"] == "2040-01-31T00:00:00+00:00"
    assert admin.values("validity")["cache_duration"] == "PT43200S"
    assert send(admin, wiki, "validity", valid_until="2001-01-01").status == 422
    assert send(admin, wiki, "validity", cache_duration="long").status == 422
    send(admin, wiki, "validity", valid_until="", cache_duration="")
    assert known(front, wiki)["valid_until"] is None


def test_t19_a_form_that_was_opened_before_somebody_elses_change_changes_nothing(front, admin, wiki):
    admin.open(f"{LIST}/{wiki}/saml/further")
    form = admin.values("about") | {"description": "Late."}
    send(admin, wiki, "about", description="Early.")

    admin.post(f"{LIST}/{wiki}/saml/further/about", form)

    assert admin.status == 409
    assert known(front, wiki)["about"]["description"] == "Early."


def test_an_auditor_reads_and_changes_nothing(front, wiki):
    make_administrator(front, "auditor")
    auditor = signed_in(front)
    auditor.open(f"{LIST}/{wiki}/saml/further")
    assert auditor.status == 200
    assert not auditor.page.xpath("//main//form")
    token = auditor.open("/account").field("csrf_token").get("value")
    for part in ("contexts", "names", "encryption", "validity", "about"):
        answer = auditor.client.post(f"{LIST}/{wiki}/saml/further/{part}", data={"csrf_token": token})
        assert answer.status_code == 403, part


def test_t1_another_organizations_application_is_not_there(front, admin):
    with front.work() as work:
        organizations.create(work, "globex", name="Globex")
        sites.create(work, "globex", organization="globex", name="Globex")
        foreign = registering.register(work, "globex", vendors.SPRING.document(vendors.SPRING).encode()).application_id

    assert admin.open(f"{LIST}/{foreign}/saml/further").status == 404
