"""Users by SCIM: brought, read, replaced, changed, deactivated, let go of (RFC 7643, RFC 7644)."""

from idp.directory import accounts as accounts_
from idp.directory import lifetime
from idp.directory.models import Account
from idp.directory.provisioning_models import ProvisionedAccount, ProvisioningCall
from tests.support.front import ANN, BEN
from tests.support.scim import Peer, prove, user


def account(front, id_: str) -> Account:
    with front.work() as work:
        return work.tx.session.get_one(Account, (front.organization_id, id_))


def test_a_user_is_brought_and_is_a_managed_account(front, peer):
    made = peer.bring(
        externalId="e1",
        name={"givenName": "Zoë", "familyName": "Quint"},
        title="Clerk",
        **{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Sales", "employeeNumber": 7}},
    )

    found = account(front, made["id"])
    assert (found.email, found.name, found.given_name, found.created_through) == (
        "zoe@acme.example", "Zoë Quint", "Zoë", "provisioning",
    )  # fmt: skip
    assert found.managed_at == front.now
    assert found.attributes == {"title": ["Clerk"], "department": ["Sales"], "employee_number": ["7"]}
    assert made["externalId"] == "e1"
    assert made["emails"] == [{"value": "zoe@acme.example", "type": "work", "primary": True}]
    assert made["meta"]["location"] == f"http://localhost:8000/scim/v2/Users/{made['id']}"


def test_what_was_brought_is_what_is_read(peer):
    made = peer.bring()
    answer = peer.get(f"/Users/{made['id']}")

    assert (answer.status_code, answer.json) == (200, made)
    assert answer.headers["ETag"] == made["meta"]["version"]
    assert answer.mimetype == "application/scim+json"
    assert peer.get(f"/Users/{made['id']}", If_None_Match=made["meta"]["version"]).status_code == 304


def test_an_address_on_no_verified_domain_is_refused_in_plain_words(peer):
    answer = peer.call("POST", "/Users", user("zoe@elsewhere.example"))

    assert (answer.status_code, answer.json["scimType"]) == (400, "invalidValue")
    assert "elsewhere.example is not a verified domain of the organization." in answer.json["detail"]


def test_s9_a_user_is_brought_once(peer):
    peer.bring(externalId="e1")

    again = peer.call("POST", "/Users", user(externalId="e1"))
    other = peer.call("POST", "/Users", user("yan@acme.example", externalId="e1"))
    assert [(one.status_code, one.json["scimType"]) for one in (again, other)] == [(409, "uniqueness")] * 2


def test_a_replacement_takes_away_what_it_does_not_name_but_not_the_tie(front, peer):
    made = peer.bring(externalId="e1", title="Clerk", name={"givenName": "Zoe"})
    answer = peer.call("PUT", f"/Users/{made['id']}", user(displayName="Z"))

    assert answer.status_code == 200, answer.text
    assert answer.json["externalId"] == "e1"
    assert "title" not in answer.json
    assert "name" not in answer.json


def test_s2_a_body_about_another_user_is_refused(peer):
    one, other = peer.bring(), peer.bring("yan@acme.example")

    put = peer.call("PUT", f"/Users/{one['id']}", user("x@acme.example", id=other["id"]))
    patch = peer.patch(f"/Users/{one['id']}", {"op": "replace", "value": {"id": other["id"], "active": False}})
    assert (put.status_code, patch.status_code) == (400, 400)
    assert peer.get(f"/Users/{other['id']}").json == other
    assert peer.get(f"/Users/{one['id']}").json == one


def test_s9_deactivating_ends_sign_ons_and_only_who_did_it_wakes_it(front, peer):
    made = peer.bring()
    epoch = account(front, made["id"]).epoch
    answer = peer.patch(f"/Users/{made['id']}", {"op": "replace", "path": "active", "value": False})

    assert (answer.status_code, answer.json["active"]) == (200, False)
    assert account(front, made["id"]).epoch == epoch + 1
    woken = peer.patch(f"/Users/{made['id']}", {"op": "replace", "path": "active", "value": True})
    assert woken.json["active"] is True

    front.later(minutes=1)
    with front.work() as work:
        accounts_.disable(work, made["id"], organization_id=front.organization_id)
    kept = peer.patch(f"/Users/{made['id']}", {"op": "replace", "path": "active", "value": True})
    assert (kept.status_code, kept.json["active"]) == (200, False)


def test_deleting_deactivates_and_lets_go_and_erases_nothing(front, peer):
    made = peer.bring(externalId="e1")
    assert peer.call("DELETE", f"/Users/{made['id']}").status_code == 204

    assert peer.get(f"/Users/{made['id']}").status_code == 404
    gone = account(front, made["id"])
    assert (gone.email, gone.disabled_at, gone.erased_at) == ("zoe@acme.example", front.now, None)
    again = peer.bring(externalId="e1")
    assert (again["id"], again["active"]) == (made["id"], True)


def test_s9_of_two_who_write_at_once_the_second_is_told(peer):
    made = peer.bring()
    seen = made["meta"]["version"]
    title = {"op": "add", "path": "title", "value": "A"}

    assert peer.patch(f"/Users/{made['id']}", title, If_Match=seen).status_code == 200
    second = peer.patch(f"/Users/{made['id']}", {**title, "value": "B"}, If_Match=seen)
    assert second.status_code == 412
    assert peer.call("DELETE", f"/Users/{made['id']}", If_Match=seen).status_code == 412
    assert peer.get(f"/Users/{made['id']}").json["title"] == "A"


def test_s6_an_account_is_not_adopted_by_its_address_alone(front, peer):
    """Ben is not managed: his account is taken over only where the client may take over all on the domain."""
    assert peer.call("POST", "/Users", user(BEN)).status_code == 409

    bold = Peer(front, "Okta", takes_over="domains")
    taken = bold.bring(BEN, displayName="Benjamin")
    assert taken["id"] == front.account_ids[BEN]
    assert account(front, taken["id"]).managed_at == front.now
    assert peer.call("POST", "/Users", user(BEN)).status_code == 409


def test_s7_whoever_holds_a_role_is_out_of_reach(front):
    prove(front)
    bold = Peer(front, takes_over="domains")
    with front.work() as work:
        accounts_.grant_role(work, ANN, "auditor", organization_id=front.organization_id)
    made = bold.bring()
    with front.work() as work:
        accounts_.grant_role(work, "zoe@acme.example", "help-desk", organization_id=front.organization_id)

    assert bold.call("POST", "/Users", user(ANN)).status_code == 409
    path = f"/Users/{made['id']}"
    asked = [
        bold.patch(path, {"op": "replace", "path": "active", "value": False}),
        bold.patch(path, {"op": "replace", "path": "title", "value": "x"}),
        bold.patch(path, {"op": "replace", "path": "userName", "value": "y@acme.example"}),
        bold.call("DELETE", path),
    ]
    assert [one.status_code for one in asked] == [403] * 4
    assert account(front, made["id"]).disabled_at is None
    assert account(front, made["id"]).email == "zoe@acme.example"


def test_s6_a_password_that_is_sent_is_none_and_another_address_changes_no_credentials(front, peer):
    made = peer.bring(password="Hunter2-Hunter2")
    answer = peer.patch(f"/Users/{made['id']}", {"op": "replace", "path": "password", "value": "x"})
    assert (answer.status_code, answer.json["scimType"]) == (400, "mutability")

    moved = peer.patch(f"/Users/{made['id']}", {"op": "replace", "path": "userName", "value": "zed@acme.example"})
    assert moved.json["emails"][0]["value"] == "zed@acme.example"
    out = peer.patch(f"/Users/{made['id']}", {"op": "replace", "path": "userName", "value": "zed@evil.example"})
    assert (out.status_code, account(front, made["id"]).email) == (400, "zed@acme.example")


def test_what_entra_and_okta_write_otherwise_is_read(peer):
    made = peer.bring()
    path = f"/Users/{made['id']}"
    entra = peer.patch(
        path,
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "Add", "path": "name.givenName", "value": "Zoe"},
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "other@acme.example"},
        {"op": "Add", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "value": "Ops"},
        {"op": "Add", "path": 'phoneNumbers[type eq "work"].value', "value": "+49 1"},
    )
    assert entra.status_code == 200, entra.text
    assert (entra.json["active"], entra.json["name"]["givenName"]) == (False, "Zoe")

    okta = peer.patch(path, {"op": "replace", "value": {"id": made["id"], "active": True, "name.familyName": "Q"}})
    assert (okta.json["active"], okta.json["name"]["familyName"]) == (True, "Q")


def test_lists_are_paged_and_hold_only_what_is_ones_own(front, peer):
    ids = [peer.bring(f"u{n}@acme.example")["id"] for n in range(5)]
    seen = []
    for start in (1, 3, 5):
        page = peer.get(f"/Users?startIndex={start}&count=2").json
        assert page["totalResults"] == 5
        seen += [one["id"] for one in page["Resources"]]
    assert sorted(seen) == sorted(ids)
    assert Peer(front, "Other").get("/Users").json["totalResults"] == 0


def test_s8_no_page_is_longer_than_it_may_be(peer):
    peer.bring()
    counts = {
        asked: peer.get(f"/Users?{asked}") for asked in ("count=1000000000", "count=-5", "startIndex=-9", "count=0")
    }

    assert {one.status_code for one in counts.values()} == {200}
    assert counts["count=-5"].json["Resources"] == []
    assert counts["startIndex=-9"].json["startIndex"] == 1
    assert peer.get("/Users?count=99999999999999999999").status_code == 400
    assert peer.call("POST", "/Bulk", {"Operations": []}).status_code == 501


def test_attributes_are_chosen_and_left_out(peer):
    made = peer.bring(title="Clerk", name={"givenName": "Zoe"})
    path = f"/Users/{made['id']}"

    assert set(peer.get(f"{path}?attributes=userName,name.givenName").json) == {"schemas", "id", "userName", "name"}
    left = peer.get(f"{path}?excludedAttributes=emails,meta").json
    assert "emails" not in left
    assert left["title"] == "Clerk"


def test_x23_an_account_that_is_erased_leaves_nothing_with_its_directory(front, peer):
    made = peer.bring(externalId="e1")
    peer.http.get(
        "/scim/v2/Users",
        query_string={"filter": 'userName eq "ZOE@acme.example"'},
        headers={"Authorization": f"Bearer {peer.token}"},
    )
    with front.work() as work:
        lifetime.erase_now(work, made["id"], organization_id=front.organization_id)
    front.mails()

    assert account(front, made["id"]).erased_at is not None
    assert peer.get(f"/Users/{made['id']}").status_code == 404
    assert peer.get("/Users").json["totalResults"] == 0
    with front.work() as work:
        said = str([(one.what, one.said, one.target_id) for one in work.tx.session.query(ProvisioningCall)])
        assert work.tx.session.query(ProvisionedAccount).count() == 0
    assert "zoe@acme.example" not in said.lower()
    assert peer.bring(externalId="e1")["id"] != made["id"]
