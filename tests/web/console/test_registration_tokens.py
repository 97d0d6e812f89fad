"""Tokens by which clients register themselves, made and revoked at a site's tab Protocols."""

import csv
import io
from datetime import timedelta

from sqlalchemy import select

from idp.audit.models import AuditEntry
from idp.base.ids import fingerprint
from idp.directory import role_assignments
from idp.oidc.models import RegistrationToken
from idp.oidc.registration import initial_tokens
from tests.support.front import ANN
from tests.web.conftest import signed_in
from tests.web.console.conftest import make_administrator

PAGE = "/admin/sites/acme/protocols"
NEW = "/admin/sites/acme/registration-tokens/new"


def kept(front) -> list[RegistrationToken]:
    with front.work() as work:
        return list(work.tx.session.scalars(select(RegistrationToken).order_by(RegistrationToken.name)))


def make(front, name="CI", site="acme", **how) -> str:
    with front.work() as work:
        return initial_tokens.create(work, site, name=name, **how)[0].id


def named(visitor) -> list[str]:
    return visitor.page.xpath("//main//tbody//th/bdi/text()")


def test_a_token_is_made_shown_once_and_revoked(front, admin):
    page = admin.open(PAGE)
    assert "No token is open" in page.text
    page.follow("Make a token…").submit("Make the token", name="CI", uses="3", days="30")
    [text] = admin.page.xpath("//span[@class='value']/text()")
    [token] = kept(front)
    assert fingerprint(text) == token.token_hash
    assert (token.name, token.uses_left, token.expires_at) == ("CI", 3, front.now + timedelta(days=30))
    assert text not in admin.open(admin.path).answer.text  # T7
    assert text not in admin.open(PAGE).answer.text

    assert named(admin) == ["CI"]
    page = admin.follow("Revoke… CI")
    assert "Clients that were registered with it stay." in page.text
    page.submit("Revoke it")
    assert admin.path == PAGE
    assert kept(front)[0].revoked_at is not None
    assert named(admin) == []
    assert named(admin.open(f"{PAGE}?which=over")) == ["CI"]
    with front.work() as work:
        found = [one.tag for one in work.tx.session.scalars(select(AuditEntry)) if one.tag.startswith("registration-")]
    assert sorted(found) == ["registration-token.created", "registration-token.revoked"]


def test_the_list_knows_what_is_open_and_comes_as_a_file(front, admin):
    make(front, "Any", uses=None)
    make(front, "=Two", uses=2)
    make(front, "Elsewhere", "acme-eu")
    make(front, "Short", lives=timedelta(minutes=5))
    with front.work() as work:
        used = initial_tokens.create(work, "acme", name="Used")[0]
        used.uses_left = 0
        initial_tokens.revoke(work, "acme", initial_tokens.create(work, "acme", name="Revoked")[0].id)
    front.later(minutes=6)
    assert set(named(admin.open(PAGE))) == {"Any", "=Two"}
    assert set(named(admin.open(f"{PAGE}?which=over"))) == {"Short", "Used", "Revoked"}
    answer = admin.client.get("/admin/sites/acme/registration-tokens/export.csv?which=all").text
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(answer))}
    assert {name: row["state"] for name, row in rows.items()} == {
        "Any": "open", "'=Two": "open", "Short": "over", "Used": "used", "Revoked": "revoked",
    }  # fmt: skip
    assert rows["Any"]["uses_left"] == "any number"


def test_what_cannot_be_used_is_told(front, admin):
    wrong = []
    admin.open(NEW)
    token = admin.page.xpath("//main//input[@name='csrf_token']/@value")[0]
    good = {"csrf_token": token, "name": "CI", "uses": "1", "days": "7"}
    for typed, problem in (
        ({"name": ""}, "at least one character"),
        ({"uses": "0"}, "1 to 10000 registrations"),
        ({"uses": "many"}, "This is no number."),
        ({"uses": ""}, "how many registrations"),
        ({"days": "0"}, "at most a year"),
        ({"days": "366"}, "at most a year"),
        ({"days": "999999999"}, "at most a year"),
        ({"days": ""}, "how many days"),
    ):
        answer = admin.client.post(NEW, data={**good, **typed})
        if answer.status_code != 422 or problem not in answer.text:
            wrong.append((typed, answer.status_code))
    assert wrong == []
    assert kept(front) == []
    assert admin.client.post(NEW, data=good).status_code == 303


def test_t10_making_and_revoking_want_a_fresh_second_step(front, admin):
    token_id = make(front)
    token = admin.open(NEW).page.xpath("//main//input[@name='csrf_token']/@value")[0]
    front.later(minutes=6)
    for path in (NEW, f"/admin/sites/acme/registration-tokens/{token_id}/revoke"):
        assert "/signin/" in admin.client.get(path).headers["Location"]
        sent = admin.client.post(path, data={"csrf_token": token, "name": "X", "uses": "1", "days": "1"})
        assert "/signin/" in sent.headers["Location"]
    assert [one.revoked_at for one in kept(front)] == [None]


def test_t10_a_site_administrator_makes_them_there_alone_and_an_auditor_none(front):
    theirs = make(front)
    with front.work() as work:
        role_assignments.grant(work, "site-administrator", organization="acme", account=ANN, site="acme-eu")
    ann = signed_in(front)
    elsewhere = NEW.replace("acme/", "acme-eu/")
    token = ann.open(elsewhere).page.xpath("//main//input[@name='csrf_token']/@value")[0]
    good = {"csrf_token": token, "name": "EU", "uses": "1", "days": "7"}
    assert ann.client.post(NEW, data=good).status_code == 403
    assert ann.client.post(f"/admin/sites/acme/registration-tokens/{theirs}/revoke", data=good).status_code == 404
    assert ann.client.post(f"/admin/sites/acme-eu/registration-tokens/{theirs}/revoke", data=good).status_code == 404
    assert "Tokens for clients that register themselves" not in ann.open(PAGE).text
    assert ann.client.post(elsewhere, data=good).status_code == 303
    assert [one.name for one in kept(front)] == ["CI", "EU"]


def test_t10_an_auditor_sees_them_and_is_offered_nothing(front):
    token_id = make(front)
    make_administrator(front, "auditor")
    auditor = signed_in(front)
    assert named(auditor.open(PAGE)) == ["CI"]
    assert "Make a token" not in auditor.text
    assert "Revoke…" not in auditor.text
    for path in (NEW, f"/admin/sites/acme/registration-tokens/{token_id}/revoke"):
        assert auditor.client.get(path).status_code == 403
