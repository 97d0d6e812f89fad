"""Every page of people: whose it is, whoever asks, and whatever is named in its address or sent by its form (T1, T9, A10)."""

import pytest

from idp.web.security import SIGNED_IN
from tests.support.console_routes import routes
from tests.support.people_matrix import NAMED, SEEN_BY_ALL, TABLE, TYPED, People, plain
from tests.support.two_tenants import CANARY
from tests.support.visitor import Visitor


@pytest.fixture(scope="module")
def people(tenants):
    return People(tenants)


@pytest.fixture(scope="module")
def ann(tenants, people):
    return people.browser


@pytest.fixture(scope="module")
def token(ann):
    return ann.open("/account/devices").page.xpath("//input[@name='csrf_token']/@value")[0]


@pytest.fixture(scope="module")
def pages(tenants):
    """Each page of people with its method."""
    return [(method, one) for method in ("GET", "POST") for one in routes(tenants.front.app, method, SIGNED_IN)]


@pytest.fixture
def send(ann, token):
    def sent(method, one, ids, client=None, **typed):
        path = one.path({**ids})
        values = {"csrf_token": token, **TYPED.get(one.endpoint, {}), **typed}
        client = client or ann.client
        return client.get(path) if method == "GET" else client.post(path, data=values)

    return sent


def changed(tenants):
    return [*tenants.changed(tenants.ours), *tenants.changed(tenants.theirs)]


def test_every_page_of_people_is_in_the_table(tenants, pages):
    assert {(method, one.endpoint) for method, one in pages} == TABLE


def test_t9_a_stranger_gets_nothing_and_changes_nothing(tenants, people, pages, ann, token):
    """Without a session; and with a form token of the own browser, which everybody can have."""
    stranger = Visitor(tenants.front.app.test_client()).open("/organization")
    own = stranger.page.xpath("//input[@name='csrf_token']/@value")[0]
    wrong = []
    for method, one in pages:
        path = one.path(people.ann.has)
        for csrf in ("", token, own) if method == "POST" else ("",):
            answer = stranger.client.open(path, method=method, data={"csrf_token": csrf} if method == "POST" else None)
            where = answer.headers.get("Location", "")
            asked = answer.status_code == 303 and (where == "/organization" or where.startswith("/signin/"))
            fine = asked if method == "GET" or csrf == own else answer.status_code == 403
            if not fine or changed(tenants):
                wrong.append((method, path, answer.status_code, where, changed(tenants)))
            tenants.restore()

    assert wrong == []


def test_a10_no_form_is_taken_without_its_token(tenants, people, pages, ann, send):
    other = Visitor(tenants.front.app.test_client()).open("/organization")
    theirs = other.page.xpath("//input[@name='csrf_token']/@value")[0]
    wrong, count = [], 0
    for method, one in pages:
        if method == "GET":
            continue
        for csrf in ("", "x", theirs):
            answer = send(method, one, people.ann.has, csrf_token=csrf)
            count += 1
            if answer.status_code != 403 or changed(tenants):
                wrong.append((one.rule, csrf, answer.status_code, changed(tenants)))
            tenants.restore()
        cross = ann.client.post(
            one.path(people.ann.has), data={"csrf_token": "x"}, headers={"Sec-Fetch-Site": "cross-site"}
        )
        if cross.status_code != 403:
            wrong.append((one.rule, "cross-site", cross.status_code))

    assert count > 80
    assert wrong == []


def test_every_page_of_the_own_things_is_shown_and_every_act_on_them_done(tenants, people, pages, ann, send):
    """Else what is refused of others' would say nothing."""
    wrong = []
    for method, one in pages:
        if not one.own:
            continue
        answer = send(method, one, people.ann.has)
        if answer.status_code not in ((200,) if method == "GET" else (303,)):
            wrong.append((method, one.rule, answer.status_code, answer.text[:2000]))
        if method == "POST" and not tenants.changed(tenants.ours):
            wrong.append((method, one.rule, "changed nothing", answer.status_code))
        tenants.restore()

    assert wrong == []


def test_t1_what_is_somebody_elses_is_answered_like_what_is_not_there(tenants, people, pages, ann, send):
    """Of another person of the same organization, and of one of the neighbour's."""
    wrong, count = [], 0
    kept = {who.email: people.of(who) for who in (people.dora, people.foreign)}
    for method, one in pages:
        if not one.own:
            continue
        for who in (people.dora, people.foreign):
            if who is people.dora and (one.own == ("api_id",) or one.endpoint in SEEN_BY_ALL | {"arranging.choose"}):
                continue  # these are the organization's
            nothing = send(method, one, people.nobody.has)
            nobodys = changed(tenants)
            tenants.restore()
            answer = send(method, one, who.has)
            count += 1
            text = answer.text
            for id_ in who.has.values():
                text = text.replace(id_, people.nobody.has["token_id"])
            same = (answer.status_code, plain(text)) == (nothing.status_code, plain(nothing.text))
            if not same or CANARY in text.lower() or changed(tenants) != nobodys or people.of(who) != kept[who.email]:
                wrong.append((method, one.rule, who.email, answer.status_code, nothing.status_code, changed(tenants)))
            tenants.restore()

    assert count > 30
    assert wrong == []


def test_t1_no_form_takes_what_is_named_of_somebody_else(tenants, people, pages, ann, send):
    foreign = people.foreign_things
    apps = [foreign.okta, foreign.wiki, foreign.ledger, foreign.bookmark, people.foreign.has["application_id"]]
    notices = [people.foreign.has["notice_id"], people.dora.has["notice_id"]]
    ids = {"application": apps, "notice": notices}
    kept = {who.email: people.of(who) for who in (people.dora, people.foreign)}
    wrong, count = [], 0
    for method, one in pages:
        for field in NAMED.get(one.endpoint, ()) if method == "POST" else ():
            for value in ids["notice" if field == "notice" else "application"]:
                answer = send(method, one, {}, **{field: value})
                shown = ann.client.get("/").text + ann.client.get("/requests").text + ann.client.get("/arrange").text
                count += 1
                told = [row for row in tenants.new(tenants.ours) if value in row]
                others = [who.email for who in (people.dora, people.foreign) if people.of(who) != kept[who.email]]
                leaked = [one for one in (CANARY, CANARY.title()) if one in answer.text + shown]
                if answer.status_code >= 500 or told or others or leaked or tenants.changed(tenants.theirs):
                    wrong.append((one.rule, field, value, answer.status_code, told, others, leaked))
                tenants.restore()

    assert count > 40
    assert wrong == []


def test_t1_no_query_shows_what_is_somebody_elses(tenants, people, pages, ann):
    wrong = []
    named = {*people.foreign.has.values(), *people.dora.has.values(), people.foreign_things.okta} - {
        people.dora.has["api_id"]
    }
    for method, one in pages:
        if method == "POST" or one.own:
            continue
        usual = plain(ann.client.get(one.path({})).text)
        tenants.restore()
        for value in [*sorted(named)[:6], people.foreign.has["application_id"]]:
            query = dict.fromkeys(
                ("application", "id", "account_id", "at", "account", "session_id", "organization_id"), value
            )
            said = plain(ann.client.get(one.path({}), query_string=query).text.replace(value, ""))
            tenants.restore()
            if said.lower().count(CANARY) or (len(said) - len(usual) > 200):
                wrong.append((one.rule, value))

    assert wrong == []
