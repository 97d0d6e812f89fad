"""Every call of SCIM: without a token that is good, about what is somebody else's, in another form (T1, T2, T6, S1)."""

import re

import pytest

from tests.support.scim_matrix import NOT_OFFERED, TABLE, WRITTEN_DOWN, Directories
from tests.support.two_tenants import CANARY, signed_in_to_acme

OFFERED = {key: good for key, good in TABLE.items() if good.status != NOT_OFFERED}


@pytest.fixture(scope="module")
def them(tenants):
    return Directories(tenants)


def test_every_good_call_is_taken(them, tenants):
    """Else nothing could be refused."""
    wrong = []
    for (method, endpoint), good in TABLE.items():
        answer = them.call(method, good, them.own)
        writes = good.status < 400 and method != "GET" and not endpoint.startswith("scim.search")
        if answer.status_code != good.status or writes != bool(them.changed()):
            wrong.append((method, endpoint, answer.status_code, answer.text[:200], them.changed()))
        tenants.restore()

    assert wrong == []


def test_t9_no_call_is_answered_without_a_token_that_is_good(them, tenants):
    wrong, count = [], 0
    for (method, endpoint), good in TABLE.items():
        for name, authorization in them.bad.items():
            answer = them.call_as(method, good, authorization)
            count += 1
            expected = good.status if good.status == NOT_OFFERED else 403 if name.endswith("is off") else 401
            told = [one for one in ("Baker", "zoe@", *them.own.values()) if one in answer.text]
            challenged = answer.headers.get("WWW-Authenticate", "").startswith("Bearer")
            if answer.status_code != expected or told or them.changed() or challenged != (expected == 401):
                wrong.append((method, endpoint, name, answer.status_code, told, them.changed()))
            tenants.restore()

    assert count > 200
    assert wrong == []


def test_t22_no_call_is_answered_for_an_organization_that_is_suspended(them, tenants):
    tenants.write("UPDATE organizations SET suspended_at = 1 WHERE id = ?", tenants.ours)
    seen = {key: them.call(key[0], good, them.own).status_code for key, good in OFFERED.items()}
    tenants.restore()

    assert {key: status for key, status in seen.items() if status != 403} == {}


def test_t19_neither_a_session_nor_another_kind_of_token_opens_it(them, tenants):
    ann = signed_in_to_acme(tenants)
    seen = {}
    for (method, endpoint), good in OFFERED.items():
        path = f"/scim/v2{good.path.format(**them.own)}"
        seen[method, endpoint] = ann.client.open(path, method=method, json=good.body).status_code
        seen[method, endpoint, "query"] = them.mine.http.open(
            f"{path}?access_token={them.mine.token}", method=method, json=good.body
        ).status_code

    assert {key: status for key, status in seen.items() if status != 401} == {}
    assert them.changed() == []


def plain(answer, *named):
    """What is said, without the reference and what was asked for."""
    text = re.sub(r"Reference: \w+", "", answer.text)
    for one in named:
        text = text.replace(one, "it")
    return answer.status_code, text


def test_t1_s1_what_is_somebody_elses_is_answered_like_what_is_not_there(them, tenants):
    """Of another directory of the same organization, of another organization's; and the other way round."""
    wrong, count = [], 0
    askers = {
        "mine": (them.mine, (them.beside, them.foreign)),
        "theirs": (them.theirs, (them.own,)),
        "beside": (them.other, (them.own,)),
    }
    for (method, endpoint), good in TABLE.items():
        if "{" not in good.path:
            continue
        for name, (peer, others) in askers.items():
            nothing = plain(them.call(method, good, them.nobody, peer), *them.nobody.values())
            tenants.restore()
            for other in others:
                answer = them.call(method, good, other, peer)
                count += 1
                if plain(answer, *other.values()) != nothing or answer.status_code != 404 or them.changed():
                    wrong.append((method, endpoint, name, answer.status_code, answer.text, them.changed()))
                tenants.restore()

    assert count == 8 * 4
    assert wrong == []


def test_t1_s1_nobody_elses_user_becomes_a_member(them, tenants):
    wrong = []
    for method, endpoint in (("POST", "scim.groups"), ("PUT", "scim.group"), ("PATCH", "scim.group")):
        good = TABLE[method, endpoint]

        def sent(member, method=method, good=good):
            members = [{"value": member}]
            if method == "PATCH":
                operation = {"op": "add", "path": "members", "value": members}
                return them.call(method, good, them.own, Operations=[operation])
            return them.call(method, good, them.own, members=members)

        nothing = plain(sent(them.nobody["user"]), them.nobody["user"])
        tenants.restore()
        ann = tenants.front.account_ids["ann@acme.example"]
        for other in (them.beside["user"], them.foreign["user"], them.foreign["group"], ann):
            answer = sent(other)
            if plain(answer, other) != nothing or them.changed():
                wrong.append((method, endpoint, other, answer.status_code, answer.text, nothing))
            tenants.restore()

    assert wrong == []


def test_t2_lists_and_searches_hold_nothing_of_anybody_else(them, tenants):
    hidden = (*them.beside.values(), *them.foreign.values(), CANARY, CANARY.title())
    asked = [
        "",
        "?count=200",
        "?filter=id pr",
        "?startIndex=1&count=200",
        '?filter=meta.created ge "2000-01-01T00:00:00Z"',
    ]
    wrong, held = [], 0
    for place in ("Users", "Groups"):
        for query in asked:
            answer = them.mine.get(f"/{place}{query}")
            held += answer.json.get("totalResults", 0) == 1
            found = [one for one in hidden if one in answer.text]
            if found or answer.json.get("totalResults", 1) != 1:
                wrong.append((place, query, found, answer.text[:300]))
    for other in (*them.beside.values(), *them.foreign.values()):
        for place in ("Users", "Groups"):
            for query in (f'id eq "{other}"', f'members eq "{other}"', f'groups.value eq "{other}"'):
                answer = them.mine.get(f"/{place}?filter={query}")
                if answer.json.get("totalResults", 0):
                    wrong.append((place, query, answer.text))
    tenants.restore()

    assert held >= 8
    assert wrong == []


def test_a_body_of_another_form_is_refused_and_does_nothing(them, tenants):
    wrong = []
    kinds = (
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain",
        "text/xml",
        "image/png",
        "",
    )
    for (method, endpoint), good in OFFERED.items():
        if good.body is None:
            continue
        for kind in kinds:
            answer = them.mine.http.open(
                f"/scim/v2{good.path.format(**them.own)}",
                method=method,
                data=b'{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"yan@acme.example"}',
                content_type=kind,
                headers={"Authorization": f"Bearer {them.mine.token}"},
            )
            if answer.status_code not in (400, 415) or (kind and answer.status_code != 415) or them.changed():
                wrong.append((method, endpoint, kind, answer.status_code, answer.text, them.changed()))
            tenants.restore()

    assert wrong == []


def hostile(tenants, them):
    """What nobody may set, by its name: attributes that the server keeps, and every column of what is written."""
    columns = {
        name: "1"
        for table in (
            "accounts",
            "groups",
            "provisioned_accounts",
            "provisioned_groups",
            "role_assignments",
            "group_members",
        )
        for name in tenants.tables.get(table, ())
    }
    return columns | {
        "id": them.beside["user"],
        "meta": {"resourceType": "User", "created": "2001-01-01T00:00:00Z", "location": "https://evil.example/"},
        "organization_id": tenants.theirs,
        "account_id": them.beside["user"],
        "client_id": them.other.id,
        "roles": [{"value": "organization-administrator"}],
        "entitlements": [{"value": "operator"}],
        "groups": [{"value": them.beside["group"]}],
        "password": "Hunter2-Hunter2-Hunter2",
        "password_hash": "x",
        "kind": "break-glass",
        "userType": "administrator",
        "x509Certificates": [{"value": "MIIB"}],
        "epoch": 7,
        "permissions": ["organization:create"],
        "email_verified": True,
        "urn:example:custom:2.0:User": {"role": "administrator"},
        "__class__": "x",
        "constructor": {"prototype": 1},
    }


TAKEN = frozenset(
    {"name", "title", "active", "externalid", "members", "displayname", "schemas", "emails", "username", "usertype"}
)
"""What may be written; `tests/web/scim` says how."""


def test_t6_no_call_of_scim_writes_what_is_not_its_own_to_write(them, tenants):
    """One by one; as an attribute of the body, and as the path of an operation: refused, or nothing comes of it."""
    wrong, count = [], 0
    for key in (("POST", "scim.users"), ("PUT", "scim.user"), ("POST", "scim.groups"), ("PUT", "scim.group")):
        good = TABLE[key]
        them.call(key[0], good, them.own)
        usual = outcome(tenants)
        tenants.restore()
        for name, value in hostile(tenants, them).items():
            if name.lower() in TAKEN:
                continue
            count += 1
            answer = them.call(key[0], good, them.own, **{name: value})
            refused = 400 <= answer.status_code < 500 and not them.changed()
            if not refused and (answer.status_code, outcome(tenants)) != (good.status, usual):
                wrong.append((*key, name, answer.status_code, answer.text[:200]))
            if "Hunter2" in answer.text or set(tenants.changed(tenants.theirs)):
                wrong.append((*key, name, "told or changed theirs"))
            tenants.restore()
    for key in (("PATCH", "scim.user"), ("PATCH", "scim.group")):
        for name, value in hostile(tenants, them).items():
            if name.lower() in TAKEN:
                continue
            by_path = {"op": "replace", "path": name, "value": value}
            others = {"op": "add", "value": {name: value}}, {"op": "remove", "path": name}
            for operation in (by_path, *(others if value != "1" else ())):
                count += 1
                answer = them.call(key[0], TABLE[key], them.own, Operations=[operation])
                if not 200 <= answer.status_code < 500 or them.changed():
                    wrong.append((*key, operation, answer.status_code, answer.text[:200], them.changed()))
                tenants.restore()

    assert count > 200
    assert wrong == []


def outcome(tenants):
    found = tenants.outcome(tenants.ours)
    return {table: rows for table, rows in found.items() if table not in WRITTEN_DOWN}
