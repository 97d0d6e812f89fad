"""What is tried against every page: text that runs, forms of others, skipped steps, foreign addresses."""

import re

import pytest
from lxml import html
from sqlalchemy import text

from idp.base.tables import Base
from idp.directory import applications, groups, queries
from tests.support.front import ANN, PASSWORD
from tests.support.visitor import Visitor
from tests.web.conftest import signed_in

CANARY = "\"><svg onload=alert(1)><script>alert(2)</script>' onfocus=alert(3) x='{{7*7}}javascript:alert(4)"


def test_t11_what_others_wrote_is_text_on_every_page(front):
    """T11: a name with every trick in it is shown as it is and does nothing."""
    with front.work() as work:
        site = queries.site(work, "acme")
        site.name, site.support_contact = CANARY, CANARY
        queries.organization(work, "acme").name = CANARY
        queries.account(work, ANN).name = CANARY
        made = applications.create(work, site, protocol="oidc", name=CANARY, launch_url=f"https://x.example/{CANARY}")
        applications.grant(work, made.id, everyone=True)
        front.application_ids[CANARY] = made.id
        groups.create(work, CANARY, organization="acme")
        groups.add(work, CANARY, ANN, organization="acme")
    ann = signed_in(front)
    answers = list(ann.visited)
    for path in (
        "/",
        "/?q=" + CANARY,
        "/arrange",
        "/account",
        "/account/signing-in",
        "/account/devices",
        "/account/applications",
        "/account/connection",
        "/account/password",
        "/account/authenticators/new",
        "/signout",
    ):
        answers.append(ann.open(path).answer)
    asked = {"application_name": CANARY, "asks": ("groups", CANARY), "login_hint": CANARY, "force": True}
    ann.open(front.ask(CANARY, start_again_url=f"javascript:{CANARY}", **asked))
    answers.append(ann.answer)
    front.later(seconds=30)
    ann.submit(username=CANARY, password=PASSWORD)
    answers.append(ann.answer)
    ann.submit(username=ANN, password=PASSWORD).submit(otp=front.code())
    answers.extend(ann.visited[-2:])
    front.later(minutes=11)
    ann.open(ann.path)
    answers.append(ann.answer)

    shown = 0
    for answer in answers:
        if answer.mimetype != "text/html":
            continue
        page = html.fromstring(answer.text)
        assert not page.xpath("//script[not(@src)]|//svg[@onload]|//style")
        assert not [a for e in page.iter() for a in e.attrib if a.startswith("on")]
        assert not [h for h in page.xpath("//@href|//@src|//@action") if "javascript:" in h.split("?")[0][:11]]
        assert "49javascript" not in answer.text
        shown += CANARY in page.text_content()
    assert shown >= 6, "the canary was on the pages"


def test_a15_every_form_needs_its_token(front, ann):
    """A15: from the registry of routes; nothing is written without the token."""
    before = _snapshot(front)
    client = ann.client
    for rule in front.app.url_map.iter_rules():
        view = front.app.view_functions[rule.endpoint]
        if "POST" not in rule.methods or getattr(view, "guard", "protocol") == "protocol":
            continue
        path = re.sub(r"<[^>]+>", "x", rule.rule)
        for data in ({}, {"csrf_token": "0" * 64}):
            assert client.post(path, data=data).status_code == 403, rule.rule
    after = _snapshot(front)
    changed = {table for table in after if after[table] != before[table]}
    assert changed <= {"attempts", "audit_entries"}, "refusals are recorded, and nothing else"


def test_a14_a_form_of_another_site_is_refused_even_with_the_token(front, visitor):
    """A14: Sec-Fetch-Site says where the form was."""
    visitor.open(front.ask())
    visitor.headers["Sec-Fetch-Site"] = "cross-site"
    visitor.submit(username=ANN, password=PASSWORD)

    assert visitor.status == 403
    assert visitor.title == "Send this form again"


def test_a15_looking_changes_nothing(front, ann):
    """A15: the database is the same before and after every page that is looked at."""
    asked = front.ask()
    ann.open(asked)
    paths = ["/", "/?q=wiki", "/account", "/account/password", "/account/authenticators/new", "/signout"]
    paths += [
        "/account/recovery-codes",
        "/account/authenticators/new.svg",
        "/account/history",
        "/account/connection",
        *("/arrange", "/account/signing-in", "/account/devices", "/account/applications", "/account/data"),
        "/robots.txt",
        "/nope",
    ]
    fresh = Visitor(front.app.test_client())
    other = front.ask()
    fresh.open(other)
    before = _snapshot(front)
    for path in paths:
        ann.open(path)
    fresh.open(other).open(f"{other}/recovery").open(f"{other}/pass").open("/organization")
    after = _snapshot(front)

    changed = {table for table in after if after[table] != before[table]}
    begun = {"pending_sign_ons", "attempts", "throttle_counters"}
    assert changed <= begun, "only beginning to sign in to our own pages is kept, and counted"
    assert len(after["pending_sign_ons"]) == len(before["pending_sign_ons"]) + 1


def _snapshot(front):
    with front.database.engine.connect() as connection:
        return {t: sorted(map(repr, connection.execute(text(f'SELECT * FROM "{t}"')))) for t in Base.metadata.tables}


def test_a10_the_first_step_alone_opens_nothing(front, visitor):
    """A10: from the registry of routes: with the password proven and nothing more, every own page asks to sign in."""
    visitor.open(front.ask()).submit(username=ANN, password=PASSWORD)
    checked = 0
    for rule in front.app.url_map.iter_rules():
        view = front.app.view_functions[rule.endpoint]
        if getattr(view, "guard", "") != "signed_in" or "GET" not in rule.methods:
            continue
        answer = visitor.client.get(re.sub(r"<[^>]+>", "x", rule.rule))
        assert answer.status_code == 303, rule.rule
        assert answer.headers["Location"].startswith("/signin/"), rule.rule
        checked += 1
    assert checked >= 8


@pytest.mark.parametrize("next_", ["//evil.example", "https://evil.example", "/\\evil.example", "/\tevil"])
def test_a25_no_parameter_decides_where_one_goes(front, visitor, next_):
    """A25: there is no `next`; where one goes is kept with the sign-on."""
    visitor.client.get("/", query_string={"next": next_, "url": next_}, headers={"Referer": next_})
    visitor.open("/").submit(username=ANN, password=PASSWORD).submit(otp=front.code())

    assert visitor.path == "/"
    assert not [a for a in visitor.visited if "evil" in a.headers.get("Location", "")]


def test_i5_no_page_pretends_to_be_a_file(ann):
    """I5: a suffix that a shared cache would keep is no page."""
    for path in ("/account/x.css", "/account.css", "/account/password/x.js", "/x.png"):
        assert ann.open(path).status == 404
