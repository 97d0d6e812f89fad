"""
Two organizations with one of everything each: nothing of the neighbour is shown, reached, named or changed (T1, T2, T4).
"""

import re
from itertools import combinations
from urllib.parse import urlencode

import pytest

from idp.directory import runs
from idp.signon import bulk_acts
from tests.support.console_routes import routes
from tests.support.console_sent import everything
from tests.support.two_tenants import CANARY, Things, signed_in_to_acme


@pytest.fixture(scope="module")
def ann(tenants):
    return signed_in_to_acme(tenants)


@pytest.fixture(scope="module")
def ours(tenants, ann):
    return Things(tenants, tenants.ours)


@pytest.fixture(scope="module")
def theirs(tenants, ann):
    return Things(tenants, tenants.theirs)


@pytest.fixture(scope="module")
def sent(tenants, ann, ours):
    found = everything(tenants, ann, ours)
    tenants.restore()
    return found


@pytest.fixture(scope="module")
def leaks(tenants, ann):
    """Says what of the neighbour stands in an answer, but for what was *asked* for."""
    canaries = [one for one in tenants.ids(tenants.theirs) if is_an_id(one)]

    def found(text, *asked):
        for one in asked:
            text = text.replace(one, "")
        return [one for one in (CANARY, CANARY.title(), *canaries) if one in text]

    return found


def is_an_id(text):
    """Whether it is one of ours, and no number."""
    return re.fullmatch(r"[a-z]{3}_[a-z0-9]{20,}", text) is not None


def _mixed(names):
    """Every choice of arguments that are the neighbour's: all of them, one of two, …"""
    return [chosen for count in range(1, len(names) + 1) for chosen in combinations(names, count)]


def test_the_neighbour_has_one_of_everything_too(tenants, theirs):
    """Else nothing could leak: each kind of row that Acme has, and its words for the search, are there twice."""
    ours, other = tenants.state(tenants.ours), tenants.state(tenants.theirs)

    assert {table for table in ours if ours[table] and not other[table]} == set()
    assert len(list(filter(None, other.values()))) > 30
    assert tenants.rows("SELECT count(*) FROM search_words WHERE word = ?", CANARY)[0][0] > 20
    assert tenants.rows("SELECT count(*) FROM accounts WHERE name LIKE ?", f"{CANARY}%")[0][0] > 5


def test_t1_no_address_shows_what_is_the_neighbours(tenants, ann, ours, theirs, leaks):
    wrong, count = [], 0
    for route in routes(tenants.front.app, "GET"):
        mine, other = ours.values(route.rule), theirs.values(route.rule)
        for foreign in _mixed(route.own):
            path = route.path({**mine, **{name: other[name] for name in foreign}})
            answer = ann.client.get(path)
            count += 1
            if answer.status_code != 404 or leaks(answer.text, *(other[name] for name in foreign)):
                wrong.append((path, foreign, answer.status_code))
    assert count > 80
    assert wrong == []
    assert tenants.changed(tenants.theirs) == []
    tenants.restore()


def test_t1_nothing_can_be_sent_to_what_is_the_neighbours(tenants, ann, ours, theirs, sent, leaks):
    values = {one.endpoint: one for one in sent}
    wrong, count = [], 0
    for route in routes(tenants.front.app, "POST"):
        mine, other = ours.values(route.rule), theirs.values(route.rule)
        for foreign in _mixed(route.own):
            path = route.path({**mine, **{name: other[name] for name in foreign}})
            answer = values[route.endpoint].to(path).by(ann)
            count += 1
            touched = [*tenants.changed(tenants.theirs), *tenants.changed(tenants.ours)]
            if answer.status_code != 404 or touched:
                wrong.append((path, foreign, answer.status_code, touched))
            tenants.restore()
    assert count > 80
    assert wrong == []


NAMING = {
    "account": ("account", "accounts", "people.accounts", "people.except_accounts", "people", "whom", "addresses"),
    "group": ("group", "groups", "parent", "child", "people.groups", "people.except_groups", "to", "name"),
    "application": ("application", "names", "targets.applications", "targets.except_applications"),
    "policy": ("policy", "now_under", "to", "move_to"),
    "site": ("site", "where"),
    "role": ("role",),
    "layout": ("up", "down"),
    "invitation": ("invitation",),
}
"""The fields of forms that name something, by what they name."""

RUNS = {"console_bulk.start"}
"""What was ticked is kept as it was sent, and found or not when its turn comes (`signon.bulk_acts`)."""


def _foreign(one, mine, other):
    """Yield a field, and what of the neighbour's it could name."""
    kinds = {value: kind for kind, values in mine.items() for value in values}
    for field, value in one.values.items():
        if isinstance(value, str) and value in kinds and field not in ("csrf_token", "name", "field-workspace"):
            yield field, other[kinds[value]][0]
    for kind, fields in NAMING.items():
        for field in set(fields) & one.values.keys():
            if field == "name" and one.endpoint != "console_bookmarks.give":
                continue  # a name of its own
            yield from ((field, value) for value in (other[kind][0], other[kind][-1]))


def test_t1_no_form_takes_a_name_or_an_id_of_the_neighbours(tenants, ann, ours, theirs, sent, leaks):
    """Whatever a form names is the neighbour's once: theirs does not change, and no row of Acme ever says it."""
    mine, other = ours.named(), theirs.named()
    wrong, typed = [], []
    for one in sent:
        for field, value in dict.fromkeys(_foreign(one, mine, other)):
            answer = one.by(ann, **{field: value})
            typed.append(value)  # what was typed a moment ago may be said on the next page, too
            new = tenants.new(tenants.ours) if one.endpoint not in RUNS else []
            told = [said for row in new for said in leaks(row)]
            if answer.status_code >= 500 or told or tenants.changed(tenants.theirs) or leaks(answer.text, *typed[-8:]):
                wrong.append((one.path, field, value, answer.status_code, told, tenants.changed(tenants.theirs)))
            tenants.restore()

    assert len(typed) > 60
    assert wrong == []


def test_t1_a_run_over_accounts_of_the_neighbours_does_nothing(tenants, ann, theirs, sent):
    [one, *_] = [one for one in sent if one.endpoint == "console_bulk.start"]
    answer = one.by(ann, accounts=f"{theirs.ben},{theirs.dora}")
    runs.drain(tenants.front.database, bulk_acts.KINDS, tenants.front.now)
    said = ann.open(answer.headers["Location"]).text
    changed = tenants.changed(tenants.theirs)
    tenants.restore()

    assert "Could not be done2" in said
    assert set(changed) <= {"jobs", "outbox_messages", "runs", "audit_entries"}, "only their own run went on"


def plain(text):
    """Return a page without what differs from one time it is shown to the next."""
    return re.sub(
        r'(nonce|value)="[A-Za-z0-9_=.~-]{20,}"|(req|att|aud)_[a-z0-9]{20,}|after=[A-Za-z0-9_-]+|"jti":.*|\b_[0-9a-f]{32,}',
        "",
        text,
    )


READING = (
    *(f"/admin/search?q={word}" for word in (CANARY, "ann", "wiki", "staff", "example", "e")),
    *("/admin/accounts?q=ben", "/admin/accounts?state=disabled", "/admin/groups?q=staff", "/admin/applications?q=wiki"),
    *(
        "/admin/attempts?q=ben",
        "/admin/attempts?outcome=failed",
        "/admin/audit?q=ben",
        "/admin/audit?tag=group.created",
    ),
    *("/admin/access/what-if?who=ben@quokka.example&application=Wiki", "/admin/insights", "/admin/runs", "/admin"),
    *("/admin/accounts/export.csv", "/admin/groups/export.csv", "/admin/applications/export.csv"),
    *("/admin/audit/audit.csv", "/admin/audit/audit.jsonl", "/admin/roles/roles.csv"),
    *("/", "/account", "/account/history", "/account/devices", "/account/data", "/account/applications", "/requests"),
)
"""What lists, searches, counts and exports, beside every address without an id."""


def read(tenants, ann, ours):
    paths = [*tenants.special, *READING, *(one.path(ours.values(one.rule)) for one in routes(tenants.front.app, "GET"))]
    return {path: ann.client.get(path).text for path in dict.fromkeys(paths)}


def test_t2_every_page_is_the_same_as_if_the_neighbour_were_not_there(tenants, ann, ours, leaks):
    """Each list, search, count, chart and export: nothing is shown of theirs, and nothing is counted."""
    beside = read(tenants, ann, ours)
    shown = {
        path: found for path, text in beside.items() if (found := leaks(text, path, path.partition("=")[2], CANARY))
    }
    tenants.restore()
    tenants.forget(tenants.theirs)
    alone = read(tenants, ann, ours)
    tenants.restore()

    assert len(beside) > 150
    assert shown == {}
    assert [path for path in beside if plain(beside[path]) != plain(alone[path])] == []


def test_t2_the_search_finds_nothing_of_the_neighbours(tenants, ann, leaks):
    found = {word: leaks(ann.client.get(f"/admin/search?q={word}").text, word) for word in (CANARY, "ann", "wiki", "e")}

    assert {word: said for word, said in found.items() if said} == {}


def _saying(tenants):
    """Everything that a client could use to name a tenant, naming the neighbour."""
    [(slug,)] = tenants.rows("SELECT slug FROM organizations WHERE id = ?", tenants.theirs)
    names = "Organization", "Organization-Id", "Tenant", "Tenant-Id", "Org", "Org-Id", "Realm", "Account", "Site"
    headers = {f"X-{name}": tenants.theirs for name in names}
    headers |= {"x-zitadel-orgid": tenants.theirs, "X-Scope-OrgID": tenants.theirs, "X-Ostiary-Organization": slug}
    headers |= {"X-Forwarded-Host": f"{slug}.example", "Forwarded": f"host={slug}.example", "X-Original-Host": slug}
    headers |= {
        "X-Forwarded-Prefix": f"/{slug}",
        "X-Forwarded-User": f"ann@{slug}.example",
        "X-Original-URL": f"/{slug}",
    }
    headers |= {"Remote-User": f"ann@{slug}.example", "X-HTTP-Method-Override": "DELETE", "X-Rewrite-URL": f"/{slug}"}
    query = dict.fromkeys(("organization_id", "organization", "tenant", "org", "org_id", "realm"), tenants.theirs)
    return headers, query | {"site_id": slug, "slug": slug}


def test_t4_no_header_and_no_parameter_names_the_organization_that_is_read(tenants, ann, ours):
    headers, query = _saying(tenants)
    wrong = []
    for route in routes(tenants.front.app, "GET"):
        path = route.path(ours.values(route.rule))
        usual = plain(ann.client.get(path).text)
        for said in ({"headers": headers}, {"query_string": query}):
            answer = ann.client.get(path, **said)
            text = plain(answer.text).replace(urlencode(query), "")
            if text != usual:
                wrong.append((path, *said))
    tenants.restore()

    assert wrong == []


def test_t4_no_header_and_no_field_names_the_organization_that_is_written_to(tenants, ann, sent, leaks):
    headers, query = _saying(tenants)
    wrong = []
    for one in sent:
        usual = one.by(ann).status_code, sorted(tenants.changed(tenants.ours))
        tenants.restore()
        fields = {name: value for name, value in query.items() if name not in one.values}
        answer = one.by(ann, headers=headers, **fields)
        said = answer.status_code, sorted(tenants.changed(tenants.ours))
        told = [word for row in tenants.new(tenants.ours) for word in leaks(row)]
        if said != usual or told or tenants.changed(tenants.theirs):
            wrong.append((one.path, usual, said, told, tenants.changed(tenants.theirs)))
        tenants.restore()

    assert wrong == []


def test_t4_another_host_is_no_way_to_another_organization(tenants, ann, ours, leaks):
    for host in ("quokka.example", "quokka", "localhost:8000@quokka.example"):
        answer = ann.client.get("/admin/accounts", headers={"Host": host})
        assert not leaks(answer.text, host)
        assert answer.status_code in (200, 303, 400, 421), host
