"""What a site asks of its applications, changed in the console: what loosens says so first."""

import pytest
from sqlalchemy import select

from idp.audit.models import AuditEntry
from idp.directory import queries, sites
from idp.oidc import clients
from tests.support.front import ANN, PASSWORD
from tests.web.conftest import signed_in
from tests.web.console.conftest import make_administrator

PAGE = "/admin/sites/acme/protocols"
LOOSER = {
    "registered_clients_open_to_everyone": ("registered_open", "on", "before you have looked at them", False),
    "registered_clients_may_be_legacy": ("registered_legacy", "on", "where histories and logs keep them", False),
    "pkce_for_public_clients_only": ("pkce", None, "protected by that secret alone", False),
    "assertions_for_token_endpoint": ("token_endpoint_assertions", "on", "a provider that lies", False),
    "sign_metadata": ("sign_metadata", None, "cannot tell by a signature", True),
    "client_registration": ("client_registration", "open", "a stranger can put an application", "off"),
}


def site(front):
    with front.work() as work:
        return queries.site(work, "acme")


def test_what_loosens_nothing_is_saved_at_once(front, admin):
    front.later(minutes=6)
    admin.open(PAGE).submit(
        "Save", client_registration="token", sign_metadata="on", request_objects="on", metadata_valid_days="30",
        logo_url="https://acme.example/logo.png", logo_width="80", logo_height="60",
    )  # fmt: skip

    assert (admin.path, "Saved." in admin.text) == (PAGE, True)
    now = site(front)
    assert (now.client_registration, now.sign_metadata, now.fetch_request_objects) == ("token", True, True)
    assert (now.metadata_valid_days, now.logo_url) == (30, "https://acme.example/logo.png")
    assert (now.logo_width, now.logo_height) == (80, 60)
    assert (now.name, now.pkce_for_public_clients_only) == ("Acme", False)
    admin.submit("Save", logo_url="")
    assert (site(front).logo_url, site(front).logo_width) == ("", 0)


@pytest.mark.parametrize("setting", LOOSER)
def test_t10_what_loosens_is_asked_first_and_says_what_it_means(front, admin, setting):
    with front.work() as work:
        sites.edit(work, "acme", sign_metadata=True)
    name, value, said, before = LOOSER[setting]

    admin.open(PAGE).submit("Save", **{name: value})

    assert said in admin.text
    assert "It weakens" in admin.text or "No application that is there now is weakened by it." in admin.text
    assert getattr(site(front), setting) == before
    admin.submit("Loosen it")
    assert (admin.path, "Saved." in admin.text) == (PAGE, True)
    assert getattr(site(front), setting) not in (before, None)
    with front.work() as work:
        *_, entry = work.tx.session.scalars(
            select(AuditEntry).where(AuditEntry.tag == "site.changed").order_by(AuditEntry.at, AuditEntry.id)
        )
        assert list(entry.details["after"]) == [setting]
    admin.submit("Save")
    assert "Saved." in admin.text, "what is loose already is not asked again"


def test_t10_what_loosens_wants_a_fresh_second_step_confirmed_or_not(front, admin):
    admin.open(PAGE).submit("Save", pkce=None)
    front.later(minutes=6)
    admin.submit("Loosen it")

    assert admin.path.startswith("/signin/")
    assert site(front).pkce_for_public_clients_only is False
    admin.submit(password=PASSWORD).submit(otp=front.code())
    assert admin.path == PAGE
    assert site(front).pkce_for_public_clients_only is False


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ({"metadata_valid_days": "0"}, "1 to 3650 days"),
        ({"metadata_valid_days": "many"}, "This is no number."),
        ({"logo_url": "https://acme.example/x.png"}, "A logo is announced with its size."),
        ({"logo_url": "http://x.example/", "logo_width": "1", "logo_height": "1"}, "This is no https address."),
        ({"logo_url": "https://x.example/", "logo_width": "0", "logo_height": "1"}, "Each side of a logo"),
    ],
)
def test_what_cannot_be_used_is_told_and_nothing_typed_is_lost(front, admin, typed, problem):
    admin.open(PAGE).submit("Save", **typed, request_objects="on")

    assert admin.status == 422
    assert problem in admin.alert
    assert {name: admin.field(name).get("value") for name in typed} == typed
    assert admin.page.xpath("//input[@name='request_objects']/@checked")
    assert site(front).fetch_request_objects is False


def test_of_two_administrators_the_second_sees_what_has_changed(front, admin):
    admin.open(PAGE)
    with front.work() as work:
        sites.edit(work, "acme", metadata_valid_days=90)
    admin.submit("Save", pkce=None)

    assert admin.status == 409
    assert site(front).pkce_for_public_clients_only is False


def test_t10_an_auditor_reads_them_and_changes_nothing(front):
    make_administrator(front, "auditor", ANN)
    auditor = signed_in(front)
    token = auditor.open("/account/devices").field("csrf_token").get("value")

    assert "Demand PKCE of every client" in auditor.open(PAGE).text
    assert not auditor.page.xpath("//main//form[@method='post']")
    for more in ({}, {"confirmed": "yes"}):
        form = {"csrf_token": token, "client_registration": "open", **more}
        assert auditor.client.post(PAGE, data=form).status_code == 403
    assert site(front).client_registration == "off"


def test_the_question_names_the_applications_that_each_change_weakens_and_no_others(front, admin):
    with front.work() as work:
        sites.edit(work, "acme", sign_metadata=True)
        made = {"redirect_uris": ["https://rp.example/cb"], "grant_types": ["authorization_code"]}
        for name, more in (
            ("Basic", {}),
            ("Public", {"token_endpoint_auth_method": "none"}),
            ("Signed", {"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://rp.example/jwks"}),
        ):
            clients.create(work, "acme", {"client_name": name, **made, **more}, base_url="http://localhost:8000")
        clients.create(work, "acme-eu", {"client_name": "Elsewhere", **made}, base_url="http://localhost:8000")

    admin.open(PAGE).submit(
        "Save", pkce=None, token_endpoint_assertions="on", registered_open="on", registered_legacy="on"
    )

    said = admin.page.xpath("//main//form//p/text()")
    assert said[0].endswith("No application that is there now is weakened by it.")
    assert said[1].endswith("No application that is there now is weakened by it.")
    assert said[2].endswith("It weakens 2 applications that are there now: Basic, Signed.")
    assert said[3].endswith("It weakens 1 application that is there now: Signed.")
