"""What a caller of SCIM must not be able to do (threats S1 to S9, I10, T22)."""

import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import event

from idp.audit.models import Attempt, AuditEntry
from idp.directory import access_policies, organizations
from idp.directory.models import Account, Organization
from idp.directory.provisioning_models import ProvisioningCall
from idp.policy.access import documents
from idp.provisioning import calls, clients, tokens
from idp.provisioning.scim import server
from tests.support.front import ANN
from tests.support.scim import Peer, group, prove, user
from tests.web.conftest import signed_in


@pytest.fixture
def globex(front) -> Peer:
    """A directory of another organization, with a user and a group."""
    with front.work() as work:
        organizations.create(work, "globex", name="Globex")
    prove(front, "globex.example", "globex")
    return Peer(front, organization="globex")


def find(peer: Peer, asked: str, place: str = "Users"):
    return peer.http.get(
        f"/scim/v2/{place}", query_string={"filter": asked}, headers={"Authorization": f"Bearer {peer.token}"}
    )


def test_s1_a_token_reaches_nothing_of_another_organization(peer, globex):
    theirs = globex.bring("gus@globex.example")["id"]
    group_id = globex.bring_group("Sales", theirs)["id"]
    mine = peer.bring_group("Mine")["id"]
    off = {"op": "replace", "path": "active", "value": False}
    add = {"op": "add", "path": "members", "value": [{"value": theirs}]}
    seen = {
        "get": peer.get(f"/Users/{theirs}"),
        "put": peer.call("PUT", f"/Users/{theirs}", user("x@acme.example")),
        "patch": peer.patch(f"/Users/{theirs}", off),
        "delete": peer.call("DELETE", f"/Users/{theirs}"),
        "get group": peer.get(f"/Groups/{group_id}"),
        "put group": peer.call("PUT", f"/Groups/{group_id}", group("X")),
        "patch group": peer.patch(f"/Groups/{group_id}", {"op": "remove", "path": "members"}),
        "delete group": peer.call("DELETE", f"/Groups/{group_id}"),
    }
    assert {what: one.status_code for what, one in seen.items()} == dict.fromkeys(seen, 404)
    assert peer.patch(f"/Groups/{mine}", add).status_code == 400
    assert find(peer, f'id eq "{theirs}"').json["totalResults"] == 0
    assert find(peer, 'userName eq "gus@globex.example"').json["totalResults"] == 0
    assert find(peer, f'members eq "{theirs}"', "Groups").json["totalResults"] == 0
    assert globex.get(f"/Users/{theirs}").json["active"] is True
    assert [one["value"] for one in globex.get(f"/Groups/{group_id}").json["members"]] == [theirs]


def test_s1_accounts_that_it_does_not_keep_are_not_there(front, peer):
    ann = front.account_ids[ANN]
    seen = [peer.get(f"/Users/{ann}"), peer.call("DELETE", f"/Users/{ann}"), peer.get("/Groups/Engineering")]

    assert [one.status_code for one in seen] == [404, 404, 404]


def test_s1_only_a_token_of_provisioning_opens_it(front, peer, admin_cookie):
    wrong = [
        "",
        "x",
        "scim_",
        f"scim_{'a' * 43}",
        peer.token + "x",
        peer.token[:-1],
        peer.token.replace("scim_", "rgt_"),
    ]
    for token in wrong:
        answer = peer.call("GET", "/Users", token=token)
        assert (answer.status_code, answer.json["status"]) == (401, "401"), token
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    for headers in ({}, {"Authorization": f"Basic {peer.token}"}, {"Authorization": peer.token}):
        assert peer.http.get("/scim/v2/Users", headers=headers).status_code == 401
    assert admin_cookie.get("/scim/v2/Users").status_code == 401
    assert peer.http.get(f"/scim/v2/Users?access_token={peer.token}").status_code == 401


@pytest.fixture
def admin_cookie(front):
    """The browser of somebody who is signed in."""
    return signed_in(front).client


def test_t22_a_client_that_is_off_and_an_organization_that_is_suspended_are_not_answered(front, peer):
    with front.work() as work:
        clients.disable(work, peer.id, organization_id=peer.organization_id)
    assert peer.get("/Users").status_code == 403
    with front.work() as work:
        clients.enable(work, peer.id, organization_id=peer.organization_id)
        work.tx.session.get_one(Organization, peer.organization_id).suspended_at = work.now
    assert peer.get("/Users").status_code == 403


def test_s4_filters_reach_attributes_of_the_list_alone_and_their_values_are_bound(front, peer):
    peer.bring("a%b@acme.example")
    peer.bring("a_b@acme.example")
    peer.bring("axb@acme.example")
    found = {
        asked: [one["userName"][:3] for one in find(peer, asked).json["Resources"]]
        for asked in (
            'userName co "%"',
            'userName sw "a_"',
            'userName co "\' or 1=1 --"',
            'displayName eq "\\" or \\"1"',
        )
    }
    assert list(found.values()) == [["a%b"], ["a_b"], [], []]
    for asked in (
        "password pr",
        "epoch gt 0",
        "organization_id pr",
        "__class__ pr",
        "userName.x pr",
        'kind eq "member"',
    ):
        answer = find(peer, asked)
        assert (answer.status_code, answer.json["scimType"]) == (400, "invalidFilter"), asked

    seen: list[str] = []
    event.listen(front.database.engine, "before_cursor_execute", lambda _c, _u, sql, *_r: seen.append(sql))
    find(peer, 'userName eq "needle@acme.example" or title co "needle"')
    assert [sql for sql in seen if "needle" in sql] == []


def test_filters_find_what_they_say(peer):
    zoe = peer.bring(externalId="e1", title="Clerk", name={"givenName": "Zoë"})
    yan = peer.bring("yan@acme.example", active=False)
    expected = {
        'userName eq "ZOE@acme.example"': {zoe["id"]},
        'userName sw "zo" and active eq true': {zoe["id"]},
        'externalId eq "e1"': {zoe["id"]},
        'externalId eq "E1"': set(),
        'title eq "clerk"': {zoe["id"]},
        "title pr": {zoe["id"]},
        "not (title pr)": {yan["id"]},
        'title ne "Clerk"': {yan["id"]},
        "active eq false": {yan["id"]},
        'active eq "False"': {yan["id"]},
        'emails[type eq "work" and value eq "yan@acme.example"]': {yan["id"]},
        'emails.value ew "acme.example" or id eq "x"': {zoe["id"], yan["id"]},
        'meta.created ge "2029-01-01T00:00:00Z"': {zoe["id"], yan["id"]},
        'meta.lastModified lt "2029-01-01T00:00:00Z"': set(),
        'name.givenName gt "A"': {zoe["id"]},
        'urn:ietf:params:scim:schemas:core:2.0:User:userName eq "yan@acme.example"': {yan["id"]},
    }
    seen = {asked: {one["id"] for one in find(peer, asked).json["Resources"]} for asked in expected}
    assert seen == expected


def test_s3_a_filter_that_is_too_long_or_deep_is_refused_quickly(peer):
    begun = time.perf_counter()
    for asked in (
        "(" * 1000 + "title pr" + ")" * 1000,
        "title pr or " * 500 + "title pr",
        'title co "' + "x" * 3000 + '"',
    ):
        assert find(peer, asked).status_code == 400
    assert time.perf_counter() - begun < 1


def test_bodies_that_two_readers_read_differently_are_refused(peer):
    wrong = [
        b'{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"a@acme.example","userName":"b@acme.example"}',
        b'{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"a@acme.example","USERNAME":"b@acme.example"}',
        b'{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"a@acme.example","title":"\\ud800"}',
        b'{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"a@acme.example","title":"a\\u0000"}',
        b"[" * 5000,
        b"[]",
        b"",
        b"\xff",
        b'{"userName":"a@acme.example"}',
    ]
    seen = [peer.call("POST", "/Users", body).status_code for body in wrong]
    assert seen == [400] * len(wrong)
    assert (
        peer.http.post("/scim/v2/Users", data="x=1", headers={"Authorization": f"Bearer {peer.token}"}).status_code
        == 415
    )
    assert peer.call("POST", "/Users", b"x" * 1_048_577).status_code == 413
    assert peer.get("/Users").json["totalResults"] == 0


def test_values_of_a_wrong_kind_are_refused_and_nothing_breaks(peer):
    made = peer.bring()
    values = [None, 7, True, [], {}, ["x"], {"value": {}}, "x" * 5000, "a\nb", "\u202e", "", " "]
    paths = ["userName", "displayName", "active", "title", "externalId", "name", "name.givenName", "emails"]
    seen = {}
    for path in paths:
        for value in values:
            seen[path, str(value)[:20]] = peer.patch(
                f"/Users/{made['id']}", {"op": "replace", "path": path, "value": value}
            ).status_code
    for value in values:
        seen["members", str(value)[:20]] = peer.call("POST", "/Groups", {**group("G"), "members": value}).status_code
        seen["schemas", str(value)[:20]] = peer.call(
            "POST", "/Users", {**user("q@acme.example"), "schemas": value}
        ).status_code
    assert {what: status for what, status in seen.items() if status not in (200, 201, 400, 409)} == {}


def test_i10_too_many_calls_are_told_to_wait(front, peer, monkeypatch):
    monkeypatch.setattr(server, "PER_MINUTE", 3)
    seen = [peer.get("/Users") for _ in range(5)]

    assert [one.status_code for one in seen] == [200, 200, 200, 429, 429]
    assert int(seen[-1].headers["Retry-After"]) > 0
    front.later(minutes=2)
    assert peer.get("/Users").status_code == 200


def test_i10_calls_that_are_refused_are_counted_too(front, peer, monkeypatch):
    monkeypatch.setattr(server, "PER_MINUTE", 3)
    seen = [peer.get("/Users/acc_nobody").status_code for _ in range(5)]

    assert seen == [404, 404, 404, 429, 429]
    front.later(minutes=2)
    assert peer.get("/Users").status_code == 200


def test_i10_a_token_that_is_good_no_more_fills_no_table_and_uses_up_nothing(front, peer, monkeypatch):
    monkeypatch.setattr(server, "REFUSALS_PER_MINUTE", 3)
    monkeypatch.setattr(server, "PER_MINUTE", 5)
    before = peer.token
    with front.work() as work:
        peer.token = tokens.rotate(work, peer.id, organization_id=peer.organization_id, overlap=timedelta())[1]
    front.later(minutes=1)
    seen = [peer.call("GET", "/Users", token=before).status_code for _ in range(10)]

    assert set(seen) == {401}
    with front.work() as work:
        assert work.tx.session.query(ProvisioningCall).count() == 3
    assert peer.get("/Users").status_code == 200


def test_every_call_is_an_attempt_and_names_the_client_and_no_token(front, peer):
    peer.bring(password="Hunter2-Hunter2")
    refused = peer.call("POST", "/Users", user("zoe@elsewhere.example"))
    reference = refused.json["detail"].rpartition("Reference: ")[2].rstrip(")")

    with front.work() as work:
        tried = {one.id: one for one in work.tx.session.query(Attempt).filter(Attempt.kind == "scim.users")}
        assert {one.outcome for one in tried.values()} == {"succeeded", "refused"}
        assert tried[reference].code == "domain-not-proven"
        kept = {one.id for one in work.tx.session.query(ProvisioningCall)}
        written = str([(one.steps, one.context, one.cause) for one in tried.values()])
        written += str([one.details for one in work.tx.session.query(AuditEntry)])
    assert kept == set(tried)
    assert "Entra" in written
    assert peer.token not in written
    assert "Hunter2" not in written


def test_calls_that_are_kept_are_bounded(front, peer, monkeypatch):
    monkeypatch.setattr(calls, "MOST", 3)
    for _ in range(6):
        peer.get("/Users")
    with front.work() as work:
        calls.sweep(work)
        assert work.tx.session.query(ProvisioningCall).count() == 3
    front.later(days=31)
    with front.work() as work:
        calls.sweep(work)
        assert work.tx.session.query(ProvisioningCall).count() == 0


@pytest.mark.both_databases
def test_s9_of_many_who_bring_the_same_user_at_once_one_does(front, peer):
    seen: list[int] = []
    lanes = [Peer.__new__(Peer) for _ in range(4)]
    for one in lanes:
        one.front, one.token, one.http = front, peer.token, front.app.test_client()

    def bring(one: Peer) -> None:
        seen.append(one.call("POST", "/Users", user()).status_code)

    threads = [threading.Thread(target=bring, args=(one,)) for one in lanes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(seen) == [201, 409, 409, 409]
    with front.work() as work:
        assert work.tx.session.query(Account).filter(Account.email == "zoe@acme.example").count() == 1


def test_what_the_server_can_do_is_told(peer):
    config = peer.get("/ServiceProviderConfig").json
    assert [config[one]["supported"] for one in ("patch", "bulk", "filter", "etag", "sort")] == [
        True,
        False,
        True,
        True,
        False,
    ]
    assert {one["id"] for one in peer.get("/ResourceTypes").json["Resources"]} == {"User", "Group"}
    schemas = peer.get("/Schemas").json["Resources"]
    assert len(schemas) == 3
    for one in schemas:
        assert peer.get(f"/Schemas/{one['id']}").json == one
    assert peer.get("/Schemas?filter=id pr").status_code == 403
    assert peer.get("/Schemas/nothing").status_code == 404


def test_a_search_by_a_body_finds_what_the_address_would(peer):
    made = peer.bring()
    asked = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
        "filter": 'userName eq "zoe@acme.example"',
        "attributes": ["userName"],
        "count": 5,
    }
    answer = peer.call("POST", "/Users/.search", asked)
    assert [one["id"] for one in answer.json["Resources"]] == [made["id"]]
    assert "displayName" not in answer.json["Resources"][0]
    assert peer.call("POST", "/Users/.search", {"filter": "title pr"}).status_code == 400


def test_addresses_and_methods_that_there_are_not_are_told_in_the_words_of_scim(peer):
    seen = [peer.get("/Nothing"), peer.call("DELETE", "/Users"), peer.call("POST", "/Users/x"), peer.get("/Me")]

    assert [one.status_code for one in seen] == [404, 405, 405, 501]
    assert {one.mimetype for one in seen} == {"application/scim+json"}


def test_rules_of_access_are_asked_at_every_call(front, peer):
    assert peer.get("/Users").status_code == 200
    rule = {
        "name": "No provisioning from there",
        "mode": "on",
        "conditions": {"requests": ["provisioning"]},
        "answer": {"effect": "deny"},
    }
    with front.work() as work:
        policy = next(one for one in access_policies.policies(work, "acme") if one.kind == "session")
        access_policies.write(work, "acme", policy.id, documents.rules_from_json({"rules": [rule]}))
    front.later(minutes=1)

    refused = peer.get("/Users")
    assert refused.status_code == 403
    with front.work() as work:
        tried = work.tx.session.query(Attempt).filter(Attempt.kind == "scim.users", Attempt.outcome == "refused").one()
        assert (tried.code, tried.rule) == ("denied", "access-policy Sessions: No provisioning from there")
