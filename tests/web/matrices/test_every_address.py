"""Every address of the installation is in a matrix; answers to its own methods alone; takes no form without a token (T9, A10)."""

import pytest

from idp.web.security import ADMINISTRATOR, PUBLIC, SIGNED_IN
from tests.support import console_permissions, doors_matrix, people_matrix, public_matrix, scim_matrix
from tests.support.two_tenants import CANARY, signed_in_to_acme
from tests.support.visitor import Visitor

MATRICES = {
    "console": console_permissions.TABLE,
    "people": people_matrix.TABLE,
    "public": public_matrix.TABLE,
    "doors": doors_matrix.TABLE,
    "scim": scim_matrix.TABLE,
}
OF_TESTS = "asked."
"""The protocol of `tests.support.front`."""
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE")
FORMS = (ADMINISTRATOR, SIGNED_IN, PUBLIC)


@pytest.fixture(scope="module")
def ann(tenants):
    return signed_in_to_acme(tenants)


@pytest.fixture(scope="module")
def rules(tenants):
    """Each rule of the installation with a path below it, about what is nobody's."""
    found = []
    with tenants.front.app.test_request_context():
        for rule in tenants.front.app.url_map.iter_rules():
            if rule.endpoint.startswith(OF_TESTS):
                continue
            values = {name: _sample(rule._converters[name]) for name in rule.arguments}
            found.append((rule, rule.build(values, append_unknown=False)[1]))
    return found


def _sample(converter):
    kinds = getattr(converter, "items", None)
    return sorted(kinds)[0] if kinds else 1 if type(converter).__name__ == "IntegerConverter" else "x"


def test_t9_every_address_is_in_one_matrix(rules):
    known = {(method, rule.endpoint) for rule, _ in rules for method in rule.methods - {"HEAD", "OPTIONS"}}
    listed = [key for table in MATRICES.values() for key in table]

    assert known - set(listed) == set(), "say in the table of a matrix what it is about, and what is sent there"
    assert set(listed) - known == set()
    assert sorted(listed) == sorted(set(listed))


def test_t9_the_matrices_are_those_of_their_guards(tenants, rules):
    """A page that becomes public is looked for in another matrix."""
    guards = {"console": ADMINISTRATOR, "people": SIGNED_IN}
    wrong = []
    for rule, _ in rules:
        guard = getattr(tenants.front.app.view_functions[rule.endpoint], "guard", "")
        for name, table in MATRICES.items():
            if rule.endpoint in {endpoint for _, endpoint in table} and guards.get(name, guard) != guard:
                wrong.append((rule.rule, guard, name))

    assert wrong == []


def test_t10_every_address_answers_to_its_own_methods_alone(tenants, rules, ann):
    """With the session and the form token of an administrator: 405 and what there is, and nothing done."""
    token = ann.open("/account/devices").page.xpath("//input[@name='csrf_token']/@value")[0]
    adapter = tenants.front.app.url_map.bind("localhost")
    wrong, count = [], 0
    for path in sorted({path for _, path in rules}):
        allowed = set(adapter.allowed_methods(path))
        for method in METHODS:
            if method in allowed:
                continue
            answer = ann.client.open(path, method=method, data={"csrf_token": token})
            count += 1
            said = {one.strip() for one in answer.headers.get("Allow", "").split(",")}
            fine = answer.status_code == 405 and said == allowed
            if not fine or CANARY in answer.text.lower() or tenants.changed(tenants.ours):
                wrong.append((method, path, answer.status_code, said ^ allowed, tenants.changed(tenants.ours)))

    assert count > 1_200
    assert wrong == []
    tenants.restore()


def test_a10_no_form_of_any_page_is_taken_without_its_token(tenants, rules, ann):
    """Of a stranger without a browser cookie, of one with it, and of an administrator."""
    known = Visitor(tenants.front.app.test_client()).open("/organization")
    senders = {"new": tenants.front.app.test_client, "known": lambda: known.client, "ann": lambda: ann.client}
    wrong, count = [], 0
    for rule, path in rules:
        if (
            "POST" not in rule.methods
            or getattr(tenants.front.app.view_functions[rule.endpoint], "guard", "") not in FORMS
        ):
            continue
        for name, client in senders.items():
            answer = client().post(
                path, data={"csrf_token": "x" * 64, "name": "x"} if name == "known" else {"name": "x"}
            )
            count += 1
            if answer.status_code != 403 or tenants.changed(tenants.ours):
                wrong.append((path, name, answer.status_code, tenants.changed(tenants.ours)))

    assert count > 450
    assert wrong == []
    tenants.restore()
