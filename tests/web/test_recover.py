"""A new password by mail: the same for everybody who asks, good once, and never a way past the second step."""

import itertools
import re
import statistics
import threading
import time

import pytest
import sqlalchemy as sa

from idp.audit.models import AuditEntry
from idp.base.models import Job, OutboxMessage
from idp.directory import accounts, policies
from idp.directory.models import Account
from idp.signon import lockout
from idp.signon.models import Notice, OneTimeValue, Password
from idp.web import mailed
from tests.support.front import ANN, BEN, CLEO, DORA, PASSWORD, on_sqlite
from tests.support.visitor import Visitor
from tests.web.conftest import signed_in

NEW = "seven swans a swimming 9"
EVE = "eve@acme.example"  # may not be recovered by mail
BEA = "bea@acme.example"  # break-glass
NOBODY = "nobody@acme.example"
STATES = {"second step": ANN, "no second step": BEN, "disabled": CLEO, "nothing open": DORA, "nobody": NOBODY}


@pytest.fixture
def states(front):
    """Everybody above, and an account of each state in which none is mailed to."""
    with front.work() as work:
        for email, kind in ((EVE, "member"), (BEA, "break-glass")):
            account = accounts.create(work, email, organization="acme", name="Somebody")
            account.kind = kind
            if email == EVE:
                _policy_without_mail(work, account)
    return {**STATES, "no recovery by mail": EVE, "break-glass": BEA}


def _policy_without_mail(work, account):
    from idp.policy.models import AuthenticationPolicy

    work.tx.session.add(
        AuthenticationPolicy(
            organization_id=account.organization_id,
            id="pol_nomail",
            name="No mail",
            is_default=False,
            recovery=["administrator"],
            created_at=work.now,
        )
    )
    account.policy_id = "pol_nomail"
    work.tx.session.flush()


def asked(front, email, visitor=None) -> Visitor:
    """Somebody who has asked for a link to be mailed to *email*."""
    visitor = visitor or Visitor(front.app.test_client())
    return visitor.open("/").follow("Forgotten your password?").submit(username=email)


def mailed_link(front, email=ANN) -> str:
    """The path of the link that was mailed to *email*."""
    asked(front, email)
    [mail] = front.mails()
    assert mail.to == email
    return mail.path


def _stored(front, model):
    with front.work() as work:
        return [{c.name: getattr(row, c.name) for c in row.__table__.columns} for row in work.tx.session.query(model)]


def test_whoever_forgot_the_password_sets_a_new_one_and_still_proves_the_second_step(front, visitor):
    """A19: no sign-in by the link, and the second step is asked for as ever."""
    elsewhere = signed_in(front)
    front.later(minutes=1)
    asked(front, ANN, visitor)
    assert visitor.title == "Look into your mail"
    [mail] = front.mails()
    assert (mail.to, mail.subject) == (ANN, "Set a new password (Acme Global)")

    visitor.open(mail.path)
    assert visitor.path == "/recover/password"
    assert ANN in visitor.text
    visitor.submit(new_password=NEW)

    assert visitor.title == "Your password is set"
    assert elsewhere.open("/account").title == "Sign in", "every sign-on has ended"
    visitor.open("/")
    assert visitor.title == "Sign in", "a link signs nobody in"
    visitor.submit(username=ANN, password=PASSWORD)
    assert "do not match" in visitor.alert
    visitor.submit(username=ANN, password=NEW)
    assert visitor.title == "Second step"
    visitor.submit(otp=front.code())
    assert visitor.title == "Your applications"
    assert {m.subject for m in front.mails()} == {
        "Password of your account changed (Acme Global)",
        "New device on your account (Acme Global)",
    }


def test_a19_whoever_has_no_second_step_sets_one_up_as_their_policy_says(front, visitor):
    visitor.open(mailed_link(front, BEN)).submit(new_password=NEW)

    visitor.open("/").submit(username=BEN, password=NEW)

    assert visitor.title == "Add a second step"


def test_it_works_on_the_way_to_an_application_and_leads_back_there(front, visitor):
    asked_for = front.ask()
    visitor.open(asked_for).follow("Forgotten your password?")
    assert visitor.path == f"{asked_for}/recover"
    visitor.submit(username=ANN)
    assert visitor.path == f"{asked_for}/recover/sent"
    assert visitor.follow("Back to sign in").title == "Sign in"

    visitor.open(front.mails()[0].path).submit(new_password=NEW)
    visitor.open(asked_for).submit(username=ANN, password=NEW).submit(otp=front.code())

    assert visitor.answer.json["account"] == front.account_ids[ANN]


def test_only_those_are_mailed_to_whose_policy_lets_mail_recover_them(front, states):
    for email in states.values():
        asked(front, email)

    assert sorted(mail.to for mail in front.mails()) == sorted([ANN, BEN, DORA])
    with front.work() as work:
        causes = {
            e.details["cause"]
            for e in work.tx.session.scalars(sa.select(AuditEntry).where(AuditEntry.tag == "password-reset.refused"))
        }
    assert causes == {
        "the account is disabled",
        "break-glass accounts are not recovered by mail",
        "its authentication policy does not allow recovery by mail",
    }


def test_what_is_no_address_is_said_to_be_none(front, visitor):
    asked(front, "ann", visitor)

    assert visitor.status == 422
    assert "not an e-mail address" in visitor.text
    assert front.mails() == []


def test_where_no_mail_is_sent_nothing_is_offered(tmp_path):
    front = on_sqlite(tmp_path, mail={})
    visitor = Visitor(front.app.test_client()).open("/")

    assert "Forgotten" not in visitor.text
    assert "Ask an administrator of Acme Global" in visitor.open("/recover").text
    front.database.dispose()


# A1, A2: the same for everybody


def _normal(answer) -> tuple:
    """An answer without what differs between any two: tokens, references."""
    changing = {"X-Request-Id", "Content-Length", "Set-Cookie"}
    body = re.sub(r"value=\"[0-9a-f]{64}\"|req_[a-z0-9]+|sgn_[\w-]{43}|att_[a-z0-9]+", "·", answer.text)
    where = re.sub(r"sgn_[\w-]{43}", "·", answer.headers.get("Location", ""))
    names = sorted(line.partition("=")[0] for line in answer.headers.getlist("Set-Cookie"))
    return (
        answer.status_code,
        body,
        where,
        names,
        sorted(i for i in answer.headers.items() if i[0] not in {*changing, "Location"}),
    )


@pytest.mark.parametrize("begin", ["/", "/recover"])
def test_a1_every_state_of_an_account_gets_the_same_answers(front, states, begin):
    told = {}
    for state, email in states.items():
        visitor = Visitor(front.app.test_client()).open(begin)
        if begin == "/":
            visitor.follow("Forgotten your password?")
        seen = len(visitor.visited)
        visitor.submit(username=email)
        told[state] = [_normal(answer) for answer in visitor.visited[seen:]]

    for one, other in itertools.combinations(told, 2):
        assert told[one] == told[other], f"{one} and {other} differ"
    assert len(next(iter(told.values()))) == 2


def test_a1_what_is_written_is_the_same_for_every_state(front, states):
    """Nothing is looked up while somebody waits: the job is the same, and what differs is done later."""
    written = {}
    for state, email in states.items():
        before = {table: len(_stored(front, table)) for table in (Job, OutboxMessage, OneTimeValue, AuditEntry)}
        asked(front, email)
        written[state] = {table.__name__: len(_stored(front, table)) - count for table, count in before.items()}

    assert len({tuple(counts.items()) for counts in written.values()}) == 1
    assert written["nobody"]["Job"] == 1
    assert written["second step"]["OutboxMessage"] == 0


def test_a2_the_time_does_not_tell_whether_there_is_an_account(front):
    """Interleaved; the bar is that of the threat: medians less than 5 ms apart."""
    gaps = []
    for _ in range(3):
        taken = {ANN: [], NOBODY: []}
        visitor = Visitor(front.app.test_client()).open("/recover")
        form = {"csrf_token": visitor.field("csrf_token").get("value")}
        for number in range(60):
            for email in (ANN, NOBODY):
                front.later(minutes=61)
                began = time.perf_counter()
                answer = visitor.client.post("/recover", data={**form, "username": email})
                taken[email].append(time.perf_counter() - began)
                assert answer.status_code == 303, number
        gaps.append(abs(statistics.median(taken[ANN]) - statistics.median(taken[NOBODY])))
        if gaps[-1] < 0.005:
            return
    pytest.fail(f"medians differ by {gaps} s")


def test_a3_of_one_address_in_any_spelling_three_an_hour_are_honoured_and_nobody_is_told(front):
    for spelling in ("ann@acme.example", "ANN@acme.example", " ann@ACME.example", "ａnn@acme.example", ANN):
        assert asked(front, spelling).title == "Look into your mail"

    assert len(front.mails()) == 3
    front.later(hours=1, minutes=1)
    asked(front, ANN)
    assert len(front.mails()) == 1


def test_i10_a_network_that_asks_too_much_waits(front):
    visitor = Visitor(front.app.test_client()).open("/recover")
    form = {"csrf_token": visitor.field("csrf_token").get("value")}
    statuses = [
        visitor.client.post("/recover", data={**form, "username": f"nobody{n}@acme.example"}).status_code
        for n in range(32)
    ]

    assert statuses == [303] * 30 + [429] * 2


# A16: where the link leads

HOSTS = {
    "Host": "evil.example",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "gopher",
    "X-Forwarded-Port": "666",
    "X-Host": "evil.example",
    "X-Original-Host": "evil.example",
    "Forwarded": "host=evil.example;proto=http",
    "X-Forwarded-Server": "evil.example",
}


def _asked_with(front, headers, **options):
    """Ask for Ann's link as a proxy, or somebody before it, might hand the request in; the cookie is there anyway."""
    visitor = Visitor(front.app.test_client()).open("/recover")
    form = {"csrf_token": visitor.field("csrf_token").get("value"), "username": ANN}
    kept = {"Cookie": f"ostiary_browser={visitor.client.get_cookie('ostiary_browser').value}"}
    bare = front.app.test_client(use_cookies=False)
    answer = bare.post("/recover", data=form, headers={**headers, **kept}, **options)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/recover/sent")
    [mail] = front.mails(base_url="https://id.acme.example")
    return mail


@pytest.mark.parametrize("names", [[name] for name in HOSTS] + [list(HOSTS)], ids="+".join)
def test_a16_no_header_changes_where_a_mailed_link_leads(front, names):
    mail = _asked_with(front, {name: HOSTS[name] for name in names})

    assert [re.sub(r"rst_.*", "", link) for link in mail.links] == ["https://id.acme.example/recover/"]
    assert "evil" not in mail.text


def test_a16_an_absolute_request_line_changes_nothing_either(front):
    mail = _asked_with(front, {}, base_url="http://evil.example:666")

    assert mail.links[0].startswith("https://id.acme.example/recover/")
    assert "evil" not in mail.text


# A17: the token


def test_a17_the_token_leaves_the_address_before_anything_is_shown(front, visitor):
    link = mailed_link(front)
    before = {t: _stored(front, t) for t in (OneTimeValue, Account, AuditEntry, Job)}

    answer = visitor.client.get(link)

    assert answer.status_code == 303
    assert answer.headers["Location"] == "/recover/password"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "Max-Age=1800" in cookie
    assert "SameSite=Lax" in cookie
    page = visitor.open(link)
    assert link.rpartition("/")[2] not in page.answer.text
    assert {t: _stored(front, t) for t in before} == before, "a GET writes nothing"


def test_a17_a_link_is_good_once(front, visitor):
    link = mailed_link(front)
    visitor.open(link).submit(new_password=NEW)

    again = Visitor(front.app.test_client()).open(link)

    assert (again.status, again.title) == (410, "This link is over")


@pytest.mark.parametrize(
    "token",
    ["", "rst_", "rst_" + "a" * 43, "rst_" + "a" * 42, "inv_" + "a" * 43, "%00", "None", "true", "rst_" + "é" * 43],
)
def test_a17_what_is_no_token_opens_nothing(front, visitor, token):
    asked(front, ANN)
    front.mails()
    if token:
        visitor.open(f"/recover/{token}")
    visitor.open("/recover/password")

    assert (visitor.status, visitor.title) == (410, "This link is over")


def test_a17_a_token_of_another_kind_is_none(front, visitor):
    """The fingerprint of a link of this kind under the name of that one is nothing."""
    link = mailed_link(front)
    other = link.replace("rst_", "inv_")

    assert visitor.open(other).status == 410
    assert visitor.open(link).status == 200


def test_a17_a_link_is_good_for_half_an_hour(front, visitor):
    link = mailed_link(front)
    front.later(minutes=29, seconds=59)
    assert visitor.open(link).status == 200

    front.later(seconds=1)
    visitor.submit(new_password=NEW)

    assert visitor.status == 410


def test_a17_a_newer_link_ends_the_older(front):
    older, newer = mailed_link(front), mailed_link(front)

    assert Visitor(front.app.test_client()).open(older).status == 410
    assert Visitor(front.app.test_client()).open(newer).status == 200


@pytest.mark.parametrize("change", ["password", "address", "disabled", "policy", "stopped"])
def test_a17_a_link_dies_with_what_it_was_made_for(front, visitor, change):
    link = mailed_link(front)
    assert visitor.open(link).status == 200
    with front.work() as work:
        account = work.tx.session.get_one(Account, (front.organization_id, front.account_ids[ANN]))
        if change == "password":
            from idp.signon.factors import password

            password.set_password(work, account.id, "something else entirely", organization_id=front.organization_id)
        elif change == "address":
            account.email = account.email_key = "ann.archer@acme.example"
        elif change == "disabled":
            accounts.disable(work, ANN)
        elif change == "policy":
            _policy_without_mail(work, account)
        else:
            work.tx.session.get_one(Password, (front.organization_id, account.id)).must_change = "stopped"

    visitor.submit(new_password=NEW)

    assert visitor.status == 410


@pytest.mark.both_databases
def test_a17_of_many_who_use_a_link_at_once_one_wins(front):
    link = mailed_link(front)
    visitors = [Visitor(front.app.test_client()).open(link) for _ in range(20)]
    wanted = [f"{NEW} {number}" for number in range(20)]
    start, outcomes = threading.Barrier(20), {}

    def use(number):
        visitor = visitors[number]
        form = {"csrf_token": visitor.field("csrf_token").get("value"), "new_password": wanted[number]}
        start.wait()
        outcomes[number] = visitor.client.post("/recover/password", data=form).status_code

    threads = [threading.Thread(target=use, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(set(outcomes.values()) - {409, 503}) == [303, 410]
    [winner] = [number for number, status in outcomes.items() if status == 303]
    assert (
        Visitor(front.app.test_client()).open("/").submit(username=ANN, password=wanted[winner]).title == "Second step"
    )


def test_a17_a_weak_password_does_not_use_the_link_up(front, visitor):
    visitor.open(mailed_link(front)).submit(new_password="acme")
    assert visitor.status == 422
    assert "at least 12 characters" in visitor.text

    visitor.submit(new_password=NEW)

    assert visitor.title == "Your password is set"


def test_a26_an_endless_password_is_refused_quickly(front, visitor):
    visitor.open(mailed_link(front))
    began = time.process_time()
    visitor.submit(new_password="ä̊" * 4000)

    assert visitor.status == 422
    assert time.process_time() - began < 1


def test_a17_the_link_is_in_no_table(front):
    asked(front, ANN)
    from idp.base import jobs
    from idp.cli import jobs as jobs_
    from idp.settings import Settings

    jobs.run_due(front.database, jobs_.handlers(Settings()), front.now, "operator")
    with front.database.engine.connect() as connection:
        for table in sa.inspect(connection).get_table_names():
            rows = connection.execute(sa.text(f"SELECT * FROM {table}")).all()
            assert "rst_" not in str(rows), table


# A18: no way to the end but by the token


def test_a18_nothing_but_the_token_leads_to_a_new_password(front):
    """Every page and every form of recovery, in every order, in a browser that never saw the link."""
    before = _stored(front, Password)
    steps = [
        ("get", "/recover"),
        ("post", "/recover"),
        ("get", "/recover/sent"),
        ("get", "/recover/rst_" + "a" * 43),
        ("get", "/recover/password"),
        ("post", "/recover/password"),
        ("get", "/recover/done"),
    ]
    for order in itertools.permutations(steps, 3):
        visitor = Visitor(front.app.test_client()).open("/recover")
        form = {
            "csrf_token": visitor.field("csrf_token").get("value"),
            "username": ANN,
            "new_password": NEW,
            "email": ANN,
            "account_id": front.account_ids[ANN],
            "token": "true",
            "purpose": "password-reset",
        }
        for method, path in order:
            answer = visitor.client.open(path, method=method.upper(), data=form if method == "post" else None)
            if path == "/recover/password":
                assert answer.status_code == 410

    assert _stored(front, Password) == before


def test_a18_the_link_of_one_account_sets_the_password_of_that_account(front, visitor):
    hashes = {row["account_id"]: row["hash"] for row in _stored(front, Password)}
    visitor.open(mailed_link(front, BEN)).submit(new_password=NEW, username=ANN, email=ANN, account_id=ANN)

    changed = [row["account_id"] for row in _stored(front, Password) if row["hash"] != hashes[row["account_id"]]]
    assert changed == [front.account_ids[BEN]]


# What else a new password does


def test_a8_it_clears_the_passwords_lane_of_the_throttle_and_not_that_of_codes(front, visitor):
    limits = front.app.extensions["ostiary"].settings.throttling
    with front.work() as work:
        for _ in range(6):
            lockout.reserve_password(work, front.organization_id, front.account_ids[ANN], ANN, limits)
        for _ in range(limits.code_free_failures):
            lockout.reserve_code(work, front.account_ids[ANN], limits)
    assert "Too many" in Visitor(front.app.test_client()).open("/").submit(username=ANN, password=PASSWORD).alert

    visitor.open(mailed_link(front)).submit(new_password=NEW)

    visitor.open("/").submit(username=ANN, password=NEW)
    assert visitor.title == "Second step"
    assert "Too many" in visitor.submit(otp=front.code()).alert


def test_a24_a_new_password_ends_sessions_and_moves_the_epoch(front, visitor):
    with front.work() as work:
        epoch = work.tx.session.get_one(Account, (front.organization_id, front.account_ids[ANN])).epoch
    visitor.open(mailed_link(front)).submit(new_password=NEW)

    with front.work() as work:
        assert work.tx.session.get_one(Account, (front.organization_id, front.account_ids[ANN])).epoch == epoch + 1
        assert [n.kind for n in work.tx.session.query(Notice).filter_by(account_id=front.account_ids[ANN])] == [
            "password-changed"
        ]


def test_the_cookie_is_gone_once_the_password_is_set(front, visitor):
    visitor.open(mailed_link(front)).submit(new_password=NEW)

    assert visitor.client.get_cookie("ostiary_link") is None
    assert mailed._SECONDS == 1800


def test_a_policy_without_passwords_is_not_won_back_by_one(front):
    with front.work() as work:
        policy = policies.default_policy(work, front.organization_id)
        policy.methods = [method for method in policy.methods if method != "pwd"]
    asked(front, ANN)

    assert front.mails() == []


def test_the_score_is_told_to_whoever_holds_the_link_and_to_nobody_else(front, visitor):
    visitor.open(mailed_link(front))
    form = {"csrf_token": visitor.field("csrf_token").get("value"), "new_password": "acme"}

    said = visitor.client.post("/recover/password/score", data=form)
    assert said.json["score"] == 0
    assert said.json["reasons"]

    stranger = Visitor(front.app.test_client()).open("/recover")
    form["csrf_token"] = stranger.field("csrf_token").get("value")
    assert stranger.client.post("/recover/password/score", data=form).status_code == 410
