"""Zones of the block list: no answer to whoever comes from one, before anything else is done."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from idp.audit.models import Attempt, AuditEntry
from idp.base.db import Transaction
from idp.base.ids import new_token
from idp.directory import organizations, sites, zones
from idp.directory.models import Account
from idp.settings import ProxySettings
from idp.signon import mail_links, notices, onetime
from idp.signon.factors import password
from idp.signon.models import PendingSignOn, ThrottleCounter
from tests.support.front import ANN, PASSWORD, on_sqlite
from tests.support.visitor import Visitor
from tests.web.conftest import signed_in

BAD, GOOD = "198.51.100.66", "203.0.113.7"
WORDS = "Nothing is served to the network that you are in."
FROM_BAD = {"REMOTE_ADDR": BAD}


@pytest.fixture
def blocking(front):
    with front.work() as work:
        zones.create(work, "acme", "Known attackers", zones.Contents(networks=("198.51.100.0/24",)), usage="blocklist")
    return front


def ask(front, path, method="GET", ip=BAD, **more):
    return front.app.test_client().open(path, method=method, environ_base={"REMOTE_ADDR": ip}, **more)


def addresses(front, *, of_site):
    with front.app.test_request_context():
        for rule in front.app.url_map.iter_rules():
            if ("slug" in rule.arguments) == of_site and rule.endpoint.partition(".")[0] not in ("static", "asked"):
                values = dict.fromkeys(rule.arguments - {"slug", "_step"}, "x")
                values |= {"slug": "acme"} if of_site else {}
                if "_step" not in rule.arguments:
                    yield rule, rule.build(values)[1]


def test_no_endpoint_of_the_site_answers(blocking):
    asked = 0
    for rule, path in addresses(blocking, of_site=True):
        if rule.endpoint == "assets.accent":
            continue
        for method in sorted(rule.methods - {"OPTIONS", "HEAD"}):
            refused = ask(blocking, path, method)
            assert (refused.status_code, WORDS in refused.text) == (403, True), (method, path)
            assert WORDS not in ask(blocking, path, method, ip=GOOD).text, (method, path)
            asked += 1
    assert asked > 30


def test_no_page_of_ours_answers_where_there_is_one_organization(blocking):
    for rule, path in addresses(blocking, of_site=False):
        if rule.endpoint.partition(".")[0] not in ("health", "assets"):
            for method in sorted(rule.methods - {"OPTIONS", "HEAD"}):
                assert WORDS in ask(blocking, path, method).text, (method, path)


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/robots.txt", "/favicon.ico", "/static/ostiary.css"])
def test_health_and_files_for_everybody_are_no_organizations(blocking, path):
    assert ask(blocking, path).status_code == 200


def test_documents_that_are_kept_in_memory_are_not_given_either(front):
    path = "/sites/acme/.well-known/openid-configuration"
    for _ in range(3):
        assert ask(front, path).status_code == 200
    with front.work() as work:
        zones.create(work, "acme", "Bad", zones.Contents(networks=("198.51.100.0/24",)), usage="blocklist")

    assert ask(front, path).status_code == 403
    assert ask(front, path, ip=GOOD).status_code == 200


def test_a4_no_password_is_looked_at(blocking, monkeypatch):
    """The right password from a blocked network costs no hash and counts no try."""
    visitor = Visitor(blocking.app.test_client()).open("/")
    monkeypatch.setattr(password, "matches", lambda *_: pytest.fail("a password was looked at"))
    form = {"csrf_token": visitor.field("csrf_token").get("value"), "username": ANN, "password": PASSWORD}
    answer = visitor.client.post(f"{visitor.path}/password", data=form, environ_base=FROM_BAD)

    assert answer.status_code == 403
    with blocking.work() as work:
        keys = list(work.tx.session.scalars(sa.select(ThrottleCounter.key)))
        assert not [key for key in keys if key.startswith(("account:", "typed:"))]
        assert work.tx.session.scalars(sa.select(PendingSignOn)).one().account_id is None


def test_no_session_is_used(blocking):
    ann = signed_in(blocking)
    blocking.later(minutes=10)

    for path in ("/", "/account", "/account/connection"):
        assert ann.client.get(path, environ_base=FROM_BAD).status_code == 403
    blocking.later(minutes=55)  # it was not touched from there: it is idle by now
    assert ann.open("/").path.startswith("/signin/")


def test_the_page_says_what_to_do_and_programs_are_told_in_plain_text(blocking):
    page = ask(blocking, "/", headers={"Accept": "text/html"})
    plain = ask(blocking, "/sites/acme/oauth2/token", "POST")

    assert "Not from this network" in page.text
    assert "Known attackers" not in page.text
    assert plain.mimetype == "text/plain"
    (reference,) = references(blocking)
    assert reference in page.text
    assert reference in plain.text


def references(front):
    with front.work() as work:
        return list(work.tx.session.scalars(sa.select(Attempt.id).where(Attempt.kind == "blocked")))


def test_i10_a_flood_writes_few_rows(blocking):
    for number in range(200):
        assert ask(blocking, f"/sites/acme/saml/metadata?{number}").status_code == 403

    with blocking.work() as work:
        entries = list(work.tx.session.scalars(sa.select(AuditEntry).where(AuditEntry.tag == "request.blocked")))
    assert 1 <= len(references(blocking)) < 10
    assert len(entries) == len(references(blocking))
    assert entries[0].details["zone"] == "Known attackers"
    assert entries[0].details["what"] == "GET /sites/<slug>/saml/metadata"
    assert entries[0].organization_id == blocking.organization_id


def test_other_organizations_answer_as_before(blocking):
    with blocking.work() as work:
        organizations.create(work, "other", name="Other")
        sites.create(work, "other", organization="other", name="Other")

    assert ask(blocking, "/sites/other/saml/metadata").status_code == 200
    assert ask(blocking, "/sites/acme/saml/metadata").status_code == 403
    assert ask(blocking, "/organization").status_code == 200


def test_a_sign_on_of_an_organization_is_blocked_by_its_handle_where_there_are_several(blocking):
    with blocking.work() as work:
        organizations.create(work, "other", name="Other")
    handle = blocking.ask()

    assert ask(blocking, handle).status_code == 403
    assert ask(blocking, "/signin/sgn_unknown").status_code == 400


def test_i1_the_address_that_a_proxy_states_is_the_one_that_counts(tmp_path):
    front = on_sqlite(tmp_path, proxy=ProxySettings(trusted_hops=1))
    with front.work() as work:
        zones.create(work, "acme", "Bad", zones.Contents(networks=("198.51.100.0/24",)), usage="blocklist")
    path = "/sites/acme/saml/metadata"

    assert ask(front, path, ip="127.0.0.1", headers={"X-Forwarded-For": BAD}).status_code == 403
    assert ask(front, path, ip="127.0.0.1", headers={"X-Forwarded-For": f"{GOOD}, {BAD}"}).status_code == 403
    assert ask(front, path, ip="127.0.0.1", headers={"X-Forwarded-For": f"{BAD}, {GOOD}"}).status_code == 200
    front.database.dispose()


def test_a_zone_for_rules_blocks_nobody_and_where_there_is_none_one_statement_is_all(front, monkeypatch):
    with front.work() as work:
        zones.create(work, "acme", "Office", zones.Contents(networks=("198.51.100.0/24",)))
    asked = []
    real = Transaction.rows
    monkeypatch.setattr(Transaction, "rows", lambda tx, prepared, **v: asked.append(v) or real(tx, prepared, **v))

    assert ask(front, "/robots.txt").status_code == 200
    assert asked == []
    assert ask(front, "/sites/acme/saml/metadata").status_code == 200
    assert asked[0] == {"usage": "blocklist"}
    assert {"usage": "blocklist"} not in asked[1:]


@pytest.mark.parametrize(("link", "pages"), [
    ("password", [("GET", "/recover/password"), ("POST", "/recover/password"), ("POST", "/recover/password/score")]),
    ("notice", [("GET", "/not-me"), ("POST", "/not-me")]),
])  # fmt: skip
def test_a17_a_link_of_a_mail_is_blocked_by_its_organization_where_there_are_several(blocking, link, pages):
    with blocking.work() as work:
        organizations.create(work, "other", name="Other")
        account = work.tx.session.get_one(Account, (blocking.organization_id, blocking.account_ids[ANN]))
        if link == "password":
            path = f"/recover/{mail_links.issue(work, mail_links.PASSWORD_RESET, account)}"
        else:
            path = f"/not-me/{_noticed(work, account)}"
    client = blocking.app.test_client()
    client.get(path, environ_base=FROM_BAD)

    for method, page in pages:
        assert WORDS in client.open(page, method=method, environ_base=FROM_BAD).text, page
    assert client.get(pages[0][1], environ_base={"REMOTE_ADDR": GOOD}).status_code == 200


def _noticed(work, account) -> str:
    token = new_token(notices.TOKEN)
    bound = {
        "organization_id": account.organization_id,
        "account_id": account.id,
        "notice_id": "ntc_none",
        "kind": "sign-in",
        "at": work.now.isoformat(),
        "address": account.email,
    }
    onetime.store(
        work, notices.NOT_ME, token, organization_id=account.organization_id, bound=bound, lives=timedelta(days=1)
    )
    return token
