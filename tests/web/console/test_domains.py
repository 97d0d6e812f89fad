"""Domains in the console: added, proven, claimed after a look at who is affected, given up."""

import io
from dataclasses import replace
from datetime import timedelta

import pytest

from idp.base.work import Actor
from idp.directory import accounts, claim_lists, claim_runs, domain_reads, domains, managed, rights, runs
from idp.directory.domain_models import ClaimList
from idp.directory.models import Account
from idp.policy import domains as policy
from idp.settings import DomainsSettings
from tests.support import name_server
from tests.support.front import ANN, BEN, DORA, PASSWORD, Front
from tests.web.conftest import signed_in
from tests.web.console.conftest import make_administrator

NAME = "acme.example"


@pytest.fixture
def server():
    with name_server.running() as running:
        yield running


@pytest.fixture
def front(database, server) -> Front:
    return Front(database, domains=DomainsSettings(resolver_addresses=[server.address]))


@pytest.fixture
def admin(front):
    make_administrator(front)
    return signed_in(front)


def domain(front, name=NAME):
    with front.work() as work:
        return domain_reads.domain(work, "acme", name)


@pytest.fixture
def proven(front, admin, server):
    """acme.example, proven on the pages."""
    admin.open("/admin/domains").follow("Add a domain").submit(name=NAME)
    server.txt(f"_ostiary-challenge.{NAME}", policy.expected(domain(front).token))
    admin.submit("Check now")
    return domain(front)


def managed_ones(front):
    with front.work() as work:
        return sorted(one.email for one in work.tx.session.query(Account).filter(Account.managed_at.is_not(None)))


def test_a_domain_is_added_and_proven(front, admin, server):
    admin.open("/admin/domains")
    assert "No domain yet" in admin.text
    admin.follow("Add a domain").submit(name="Acme.Example")
    added = domain(front)
    assert policy.expected(added.token) in admin.text
    assert f"_ostiary-challenge.{NAME}" in admin.text
    assert "Not proven" in admin.text

    admin.submit("Check now")
    assert "no TXT record with this token is there" in admin.text
    server.txt(f"_ostiary-challenge.{NAME}", policy.expected(added.token))
    admin.submit("Check now")

    assert "is yours" in admin.text
    assert domain(front).state == "verified"
    admin.follow("History")
    assert "found the proof of the domain" in admin.text
    assert "Proven" in admin.open("/admin/domains").text


def test_t20_a_name_that_cannot_be_ones_own_is_told_and_kept(admin):
    admin.open("/admin/domains/add").submit(name="co.uk")
    assert admin.status == 422
    assert "Names below co.uk belong to many owners" in admin.text
    assert admin.field("name").get("value") == "co.uk"


def test_accounts_are_claimed_after_a_look_at_who_is_affected(front, admin, proven):
    admin.follow("Claim accounts…")
    assert "4 accounts become managed." in admin.text
    assert BEN in admin.text
    assert managed_ones(front) == []

    admin.submit("Look at these", addresses=f"{BEN}\nnobody@acme.example\nx@other.example")
    assert "1 account becomes managed." in admin.text
    assert "nobody@acme.example" in admin.text
    admin.submit("Claim 1 account", act="claim")

    assert "Claimed 1 account." in admin.text
    assert managed_ones(front) == [BEN]
    admin.follow("Give accounts back…").submit("Give 1 account back", act="unclaim")
    assert managed_ones(front) == []


def test_a_claim_of_others_than_were_looked_at_does_nothing(front, admin, proven):
    admin.follow("Claim accounts…")
    with front.work() as work:
        accounts.create(work, "new@acme.example", organization="acme", name="New")
    admin.submit("Claim 4 accounts", act="claim")
    assert admin.status == 409
    assert "Meanwhile it would be 5 accounts" in admin.text
    assert managed_ones(front) == []


def test_claiming_asks_for_a_second_step_of_the_last_minutes(front, admin, proven):
    front.later(minutes=6)
    admin.open(f"/admin/domains/{proven.id}/claim")
    assert admin.path.startswith("/signin/")
    admin.submit(password=PASSWORD).submit(otp=front.code())
    assert admin.path == f"/admin/domains/{proven.id}/claim"


def test_new_accounts_are_claimed_by_themselves_once_chosen(front, admin, proven):
    admin.submit("Save", claiming="automatic")
    assert "4 accounts that are there already stay as they are" in admin.text
    admin.submit("Save")
    with front.work() as work:
        accounts.create(work, "new@acme.example", organization="acme", name="New")
    assert managed_ones(front) == ["new@acme.example"]


def test_the_other_proof_is_offered(admin, proven):
    admin.submit("Prove it by a file of its web site instead")
    assert f"https://{NAME}/.well-known/ostiary-domain-verification.txt" in admin.text


def test_a_domain_is_removed(front, admin, proven):
    with front.work() as work:
        managed.claim(work, "acme", NAME)
    admin.open(f"/admin/domains/{proven.id}").follow("Remove the domain…")
    assert "4 accounts are managed no more" in admin.text
    admin.submit("Remove it")
    assert admin.path == "/admin/domains"
    assert "No domain yet" in admin.text
    assert managed_ones(front) == []


def test_of_two_administrators_the_second_sees_what_has_changed(front, admin, proven):
    front.later(seconds=30)
    other = signed_in(front)
    admin.open(f"/admin/domains/{proven.id}/remove")
    front.later(seconds=30)
    other.open(f"/admin/domains/{proven.id}").submit("Save", claiming="automatic").submit("Save")
    admin.submit("Remove it")
    assert admin.status == 409
    assert "made the claiming of new accounts" in admin.text
    assert domain(front).state == "verified"


def test_whoever_may_only_read_is_offered_nothing_else(front, admin, proven):
    make_administrator(front, "auditor", DORA)
    dora = signed_in(front, DORA)
    dora.open(f"/admin/domains/{proven.id}")
    assert dora.status == 200
    assert not any(words in dora.text for words in ("Check now", "Claim accounts", "Remove the domain", "Save"))
    for tail in ("claim", "unclaim", "remove"):
        assert dora.open(f"/admin/domains/{proven.id}/{tail}").status == 403


def test_who_is_managed_is_told_and_cannot_change_the_address(front, admin, proven):
    with front.work() as work:
        managed.claim(work, "acme", NAME, (DORA,))
    assert "Your organization manages your account now (Acme Global)" in [mail.subject for mail in front.mails()]
    dora = signed_in(front, DORA)
    dora.open("/account")
    assert "Your organization manages your account from now on" in dora.text
    assert "its administrators change the e-mail address" in dora.open("/account/email").text


def test_a_form_that_was_open_when_the_account_was_claimed_changes_nothing(front, admin, proven):
    dora = signed_in(front, DORA)
    dora.open("/account/email")
    with front.work() as work:
        managed.claim(work, "acme", NAME, (DORA,))
    front.mails()
    dora.submit(email="dora@home.example")
    assert dora.status == 422
    assert "Your organization manages this account" in dora.text
    assert not [mail for mail in front.mails() if mail.to == "dora@home.example"]
    assert managed_ones(front) == [DORA]


def test_a_link_to_another_address_is_good_no_more_once_the_account_is_managed(front, admin, proven):
    dora = signed_in(front, DORA)
    dora.open("/account/email").submit(email="dora@home.example")
    [link] = [mail for mail in front.mails() if mail.to == "dora@home.example"]
    with front.work() as work:
        managed.claim(work, "acme", NAME, (DORA,))
    dora.open(link.path).submit()
    assert "Your organization manages this account" in dora.text
    with front.work() as work:
        assert work.tx.session.get(Account, (front.organization_id, front.account_ids[DORA])).email == DORA


def test_t1_a_domain_of_another_organization_is_not_there(front, admin):
    from idp.directory import organizations

    with front.work() as work:
        organizations.create(work, "globex", name="Globex")
        foreign = domains.add(work, "globex", "globex.example")
    for tail in ("", "/history", "/claim", "/unclaim", "/remove"):
        assert admin.open(f"/admin/domains/{foreign.id}{tail}").status == 404
    assert "globex.example" not in admin.open("/admin/domains").text


def _upload(admin, page, content, **more):
    admin.open(page)
    form = admin.page.xpath("//form[@enctype]")[0]
    values = {one.get("name"): one.get("value", "") for one in form.xpath(".//input[@type='hidden']")} | more
    values["file"] = (io.BytesIO(content), "people.csv")
    return admin._followed(admin.client.post(form.get("action"), data=values, content_type="multipart/form-data"))


def test_a_file_of_addresses_is_looked_at_and_then_claimed_and_is_gone(front, admin, proven):
    rows = "".join(f"person{number}@elsewhere.example,x\n" for number in range(9000))
    _upload(admin, f"/admin/domains/{proven.id}/claim", f"email,name\n{DORA},Dora\n{rows}".encode())

    assert "1 account becomes managed" in admin.text
    assert "9,001 addresses" in admin.text or "9001 addresses" in admin.text
    assert len(admin.answer.data) < 60_000
    assert managed_ones(front) == []
    admin.submit("Claim 1 account", act="claim")

    assert (admin.title, managed_ones(front)) == (f"Claim accounts on {proven.name} by a list", [])
    assert runs.drain(front.database, claim_runs.KINDS, front.now) == 19, "five hundred addresses at a time"
    assert "Finished" in admin.open(admin.path).text
    assert managed_ones(front) == [DORA]
    with front.work() as work:
        assert work.tx.session.query(ClaimList).count() == 0


@pytest.mark.both_databases
def test_a_long_list_that_was_typed_is_given_back_by_a_run_too(front, admin, proven, monkeypatch):
    monkeypatch.setattr(claim_runs, "AT_ONCE", 1)
    with front.work() as work:
        managed.claim(work, "acme", proven.id, [DORA])
    admin.open(f"/admin/domains/{proven.id}/unclaim").submit(addresses=f"{DORA}\n{BEN}", act="look")
    admin.submit("Give 1 account back", act="unclaim")
    assert (admin.path.startswith("/admin/runs/"), managed_ones(front)) == (True, [DORA])
    runs.drain(front.database, claim_runs.KINDS, front.now)

    assert managed_ones(front) == []
    with front.work() as work:
        assert work.tx.session.query(ClaimList).count() == 0


def test_t20_a_run_claims_nothing_through_a_domain_that_was_lost_meanwhile(front, admin, proven, monkeypatch):
    monkeypatch.setattr(claim_runs, "AT_ONCE", 1)
    with front.work() as work:
        actor = replace(work, actor=account_actor(front, work))
        kept = claim_lists.keep_addresses(actor, "acme", proven.id, (BEN, DORA))
        claim_runs.start(actor, "acme", kept, claim=True, count=2)
        domains.remove(work, "acme", proven.id)
    runs.drain(front.database, claim_runs.KINDS, front.now)

    with front.work() as work:
        [run] = runs.page(work, front.organization_id)
        assert run.state == "failed"
    assert managed_ones(front) == []


def account_actor(front, work):
    ann = front.account_ids[ANN]
    return Actor("account", ann, ANN, front.organization_id, rights.roles_of(work, front.organization_id, ann))


def test_a_file_that_is_none_is_refused_and_nothing_is_kept(front, admin, proven):
    refused = [
        _upload(admin, f"/admin/domains/{proven.id}/claim", content, **more).status
        for content, more in (
            (b"\xff\xfe\x00", {}),
            (b"email\nnobody\n", {}),
            (DORA.encode(), {"for": "delete"}),
            (DORA.encode(), {"domain": "dom_nothere"}),
        )
    ]
    assert all(status in (404, 422) for status in refused), refused
    with front.work() as work:
        assert work.tx.session.query(ClaimList).count() == 0


def test_t2_a_list_is_its_uploaders_alone_for_its_domain_for_a_day(front, admin, proven):
    _upload(admin, f"/admin/domains/{proven.id}/claim", DORA.encode())
    address = admin.answer.request.full_path
    assert admin.open(address).status == 200
    with front.work() as work:
        kept = work.tx.session.query(ClaimList).one()
        kept.created_by = "acc_somebody"
    assert admin.open(address).status == 404
    with front.work() as work:
        kept = work.tx.session.query(ClaimList).one()
        kept.created_by = front.account_ids[ANN]
        kept.created_at -= timedelta(days=2)
    assert admin.open(address).status == 404


def test_t10_who_may_not_change_domains_uploads_nothing(front, admin, proven):
    make_administrator(front, "auditor", DORA)
    auditor = signed_in(front, DORA)
    token = auditor.open("/account").field("csrf_token").get("value")
    values = {"csrf_token": token, "domain": proven.id, "for": "claim", "file": (io.BytesIO(DORA.encode()), "x.csv")}

    answer = auditor.client.post("/admin/domains/list", data=values, content_type="multipart/form-data")

    assert answer.status_code == 403
