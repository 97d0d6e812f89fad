"""No form writes a column that it does not show: every name of a column is sent beside it, and comes to nothing (T6)."""

import re
from urllib.parse import urlsplit

import pytest
from lxml import html

from tests.support.console_sent import everything
from tests.support.two_tenants import Things, signed_in_to_acme
from tests.support.visitor import values_of

READ = frozenset(
    {
        *("csrf_token", "version", "opened_at", "form", "json", "digest", "carried", "trial", "act", "until", "reason"),
    }
)
"""What views read although a form does not always have it."""
OF_PEOPLE = (
    *("/account", "/account/signing-in", "/account/devices", "/account/data", "/account/email", "/account/password"),
    *("/account/applications", "/account/history", "/account/recovery-codes", "/account/authenticators/new"),
    *("/", "/arrange", "/requests", "/join", "/join/acme", "/signout", "/organization", "/not-me", "/recover"),
)


GRANTING = frozenset({"id", "organization_id", "role", "permissions"})
"""What would give something, whatever a form writes."""
OF_PEOPLE_COLUMNS = frozenset(
    {
        *("account_id", "kind", "managed", "managed_at", "status", "state", "policy_id", "epoch", "email_verified"),
        *(
            "password_hash",
            "must_change",
            "disabled_at",
            "scope",
            "expires_at",
            "remembered_until",
            "is_admin",
            "source",
        ),
    }
)
"""What people could give themselves, sent one by one, too."""
OF_AUTHORITY = re.compile(
    "state|status|kind|role|scope|permission|secret|hash|sealed|managed|verified|epoch|first_party|everyone|source|held"
    "|(disabled|deleted|revoked|suspended|decided|until)(_at)?$|(account|policy)_id$"
)
"""Columns by which somebody could do more, or whose something is."""
TAKES = {"console_application_adding.register": {"name"}}
"""What a form takes although the one that is sent here does not show it: the page before it does."""


@pytest.fixture(scope="module")
def ann(tenants):
    return signed_in_to_acme(tenants)


@pytest.fixture(scope="module")
def columns(tenants, ann):
    """Each name of a column, and what nobody may set it to."""
    theirs = Things(tenants, tenants.theirs)
    names = sorted({name for columns in tenants.tables.values() for name in columns})
    hostile = {
        name: theirs.dora if name.endswith("_id") else "2001-01-01" if name.endswith("_at") else "1" for name in names
    }
    return hostile | {
        "id": theirs.dora,
        "organization_id": tenants.theirs,
        "kind": "break-glass",
        "role": "operator",
        "roles": "organization-administrator",
        "status": "active",
        "state": "verified",
        "is_admin": "1",
        "password_hash": "x",
        "email_verified": "1",
        "managed": "1",
        "permissions": "organization:create",
    }


def _without(columns, controls):
    return {name: value for name, value in columns.items() if name not in controls | READ}


def test_t6_no_form_of_the_console_writes_a_column_that_it_does_not_show(tenants, ann, columns):
    wrong, count = [], 0
    everywhere = everything(tenants, ann, Things(tenants, tenants.ours))
    shown = {}
    for one in everywhere:
        shown[one.endpoint] = shown.get(one.endpoint, frozenset()) | one.controls
    tenants.restore()
    for one in everywhere:
        status = one.by(ann).status_code
        usual = tenants.outcome(tenants.ours)
        tenants.restore()
        more = _without(columns, shown[one.endpoint])
        answer = one.by(ann, **more)
        count += len(more)
        got = tenants.outcome(tenants.ours)
        refused = answer.status_code in (400, 413, 422) and not tenants.changed(tenants.ours)
        if not refused and (answer.status_code, got) != (status, usual):
            wrong.append((one.endpoint, status, answer.status_code, _difference(usual, got)))
        if tenants.changed(tenants.theirs):
            wrong.append((one.endpoint, "changed theirs"))
        tenants.restore()

    assert count > 10_000
    assert wrong == []


BESIDE = frozenset({"audit_entries", "jobs", "outbox_messages", "search_words", "runs"})
"""Tables that say what was done; nobody is asked for their columns."""


def test_t6_no_form_of_the_console_writes_a_column_of_what_it_writes_by_its_name(tenants, ann, columns):
    """
    One by one: what grants something, and each column of the tables that a form writes to by which it would.

    Of all at once one could hide another, and what is refused as a whole says nothing of its parts.
    """
    wrong, count = [], 0
    everywhere = everything(tenants, ann, Things(tenants, tenants.ours))
    shown = {}
    for one in everywhere:
        shown[one.endpoint] = shown.get(one.endpoint, frozenset()) | one.controls
    tenants.restore()
    done = set()
    for one in everywhere:
        if one.endpoint in done:
            continue
        status = one.by(ann).status_code
        usual = tenants.outcome(tenants.ours)
        tenants.restore()
        if not usual.keys() - BESIDE:
            continue
        done.add(one.endpoint)
        names = {name for table in usual.keys() - BESIDE for name in tenants.tables[table] if OF_AUTHORITY.search(name)}
        known = shown[one.endpoint] | TAKES.get(one.endpoint, set())
        for name, value in _without({name: columns[name] for name in names | GRANTING}, known).items():
            answer = one.by(ann, **{name: value})
            count += 1
            got = tenants.outcome(tenants.ours)
            refused = answer.status_code in (400, 404, 413, 422) and got == {}
            if not refused and (answer.status_code, got) != (status, usual):
                wrong.append((one.endpoint, name, status, answer.status_code, _difference(usual, got)))
            if name.endswith("id") and tenants.changed(tenants.theirs):
                wrong.append((one.endpoint, name, "changed theirs"))
            tenants.restore()

    assert count > 500
    assert wrong == []


def _difference(usual, got):
    return [(table, usual.get(table), rows) for table, rows in got.items() if usual.get(table) != rows]


def test_t6_no_form_of_people_writes_a_column_that_it_does_not_show(tenants, ann, columns):
    wrong, seen = [], set()
    for page in OF_PEOPLE:
        answer = ann.open(page).answer
        if answer.status_code != 200:
            continue
        for form in html.fromstring(answer.text).xpath("//form[@method='post']"):
            action = form.get("action") or urlsplit(answer.request.path).path
            controls = frozenset(form.xpath(".//*[@name]/@name"))
            if (action, controls) in seen or not action.startswith("/") or action in ("/signout", "/language"):
                continue
            seen.add((action, controls))
            values = values_of(form) | {"name": "Ann A.", "email": "ann.a@acme.example"}
            status = ann.client.post(action, data=values).status_code
            usual = tenants.outcome(tenants.ours)
            tenants.restore()
            got = ann.client.post(action, data={**_without(columns, controls | values.keys()), **values}).status_code
            now = tenants.outcome(tenants.ours)
            refused = got in (400, 422) and not tenants.changed(tenants.ours)
            tenants.restore()
            for name in sorted((GRANTING | OF_PEOPLE_COLUMNS) - controls - values.keys() - READ):
                one = ann.client.post(action, data={**values, name: columns[name]}).status_code
                alone = tenants.outcome(tenants.ours)
                if (one, alone) != (status, usual) and not (one in (400, 422) and alone == {}):
                    wrong.append((action, name, status, one, _difference(usual, alone)))
                tenants.restore()
            if (got, now) != (status, usual) and not refused:
                wrong.append((action, status, got, _difference(usual, now)))
            tenants.restore()

    assert len(seen) > 8
    assert wrong == []
