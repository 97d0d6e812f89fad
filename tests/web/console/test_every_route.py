"""
Every address of the console: whoever has no session is asked to sign in, whoever administers nothing is refused, what
is another organization's is not there, a read-only role changes nothing (T1, T9, T10). Form tokens and methods are
asked of every address there is, in `tests/web/matrices/test_every_address.py`.
"""

import pytest

from idp.audit.models import AuditEntry
from idp.web.security import ADMINISTRATOR
from tests.support.front import BEN
from tests.support.visitor import Visitor
from tests.web.conftest import signed_in
from tests.web.console.conftest import make_administrator

_NOWHERE = "x"


def _routes(app, method):
    """Each address of the console that answers to *method*, with ids that are nobody's."""
    found = []
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            view = app.view_functions[rule.endpoint]
            if getattr(view, "guard", "") != ADMINISTRATOR or method not in rule.methods:
                continue
            values = {}
            for name in rule.arguments:
                converter = rule._converters[name]
                kinds = getattr(converter, "items", None)
                values[name] = (
                    sorted(kinds)[0] if kinds else (1 if type(converter).__name__ == "IntegerConverter" else _NOWHERE)
                )
            found.append(rule.build(values, append_unknown=False)[1])
    return sorted(set(found))


def test_every_address_under_admin_is_behind_the_guard_of_administrators(front):
    assert [
        rule.rule
        for rule in front.app.url_map.iter_rules()
        if rule.rule.startswith("/admin")
        and getattr(front.app.view_functions[rule.endpoint], "guard", "") != ADMINISTRATOR
    ] == []


def test_t9_whoever_has_no_session_is_asked_to_sign_in_everywhere(front):
    seen = {}
    for path in _routes(front.app, "GET"):
        answer = Visitor(front.app.test_client()).client.get(path)
        seen[path] = (answer.status_code, answer.headers.get("Location", "")[:8])

    assert len(seen) > 60
    assert {path: what for path, what in seen.items() if what != (303, "/signin/")} == {}


def test_t10_whoever_administers_nothing_is_refused_everywhere(front, ann):
    seen = {path: ann.client.get(path).status_code for path in _routes(front.app, "GET")}

    assert {path: status for path, status in seen.items() if status != 403} == {}


def _sent(visitor, front, status, location="", saying=""):
    """Send an empty form with its form token to every address that takes one; return what was answered otherwise."""
    token = visitor.page.xpath("//input[@name='csrf_token']/@value")[0]
    wrong, paths = {}, _routes(front.app, "POST")
    for path in paths:
        answer = visitor.client.post(path, data={"csrf_token": token, "name": "x", "confirmed": "yes"})
        where = answer.headers.get("Location", "")
        if answer.status_code != status or not where.startswith(location) or saying not in answer.text:
            wrong[path] = (answer.status_code, where)
    assert len(paths) > 90
    return wrong


def _entries(front):
    with front.work() as work:
        return work.tx.session.query(AuditEntry).filter(AuditEntry.tag != "access.denied").count()


def test_t9_a_form_of_whoever_has_no_session_leads_to_signing_in_and_does_nothing(front):
    stranger = Visitor(front.app.test_client()).open("/organization")
    before = _entries(front)

    assert _sent(stranger, front, 303, "/signin/") == {}
    assert _entries(front) == before


def test_t10_a_form_of_whoever_administers_nothing_is_refused_and_does_nothing(front, ann):
    ann.open("/account/devices")
    before = _entries(front)

    assert _sent(ann, front, 403, saying="You administer nothing here.") == {}
    assert _entries(front) == before


def test_t1_what_is_nobodys_is_not_there_and_nothing_breaks(front, admin):
    seen = {path: admin.client.get(path).status_code for path in _routes(front.app, "GET")}

    assert {path: status for path, status in seen.items() if status >= 500} == {}
    with_ids = {path: status for path, status in seen.items() if f"/{_NOWHERE}" in path}
    assert len(with_ids) > 40
    assert {path: status for path, status in with_ids.items() if status not in (404, 303)} == {}


@pytest.mark.parametrize("role", ["auditor", "help-desk"])
def test_t10_a_role_that_changes_nothing_here_writes_no_entry_by_any_form(front, role):
    make_administrator(front, role)
    one = signed_in(front)
    token = one.open("/admin").page.xpath("//input[@name='csrf_token']/@value")[0]
    with front.work() as work:
        before = work.tx.session.query(AuditEntry).filter(AuditEntry.tag != "access.denied").count()
    for path in _routes(front.app, "POST"):
        answer = one.client.post(path, data={"csrf_token": token, "name": "x", "slug": "taken", "email": BEN})
        assert answer.status_code != 500, path

    with front.work() as work:
        tags = [e.tag for e in work.tx.session.query(AuditEntry).filter(AuditEntry.tag != "access.denied")]
    assert len(tags) == before, tags[before:]
