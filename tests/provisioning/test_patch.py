"""Changes by SCIM: an allow-list of paths, all or nothing (RFC 7644 section 3.5.2)."""

from idp.provisioning.scim import patch
from idp.provisioning.scim.errors import ScimError
from idp.provisioning.scim.resources import ENTERPRISE, USER


def operations(*found: dict) -> tuple[patch.Operation, ...]:
    return patch.parse_document({"schemas": [patch.PATCH], "Operations": list(found)})


def refusal(act) -> str:
    try:
        act()
    except ScimError as error:
        return error.scim_type
    return ""


def test_s5_nothing_is_written_that_is_not_on_the_list():
    never = [
        "id",
        "meta",
        "meta.location",
        "groups",
        'groups[value eq "x"]',
        "password",
        "roles",
        "roles.value",
        "schemas",
    ]
    never += ["entitlements", "x509Certificates", f"{USER}:id", f"{USER}:password", "PASSWORD", "Meta.Created"]
    unknown = [
        "isAdmin",
        "epoch",
        "organization_id",
        "kind",
        "managed_at",
        "name.honorificPrefix",
        f"{ENTERPRISE}:role",
    ]
    unknown += [
        "urn:evil:1.0:User:admin",
        "userName.value",
        'userName[value eq "x"]',
        "active.value",
        "name.givenName.x",
    ]
    unknown += ["members", "__class__", "a" * 600, "emails[", "emails]x[", "", " "]
    seen = {}
    for path in never:
        for kind in ("add", "replace", "remove"):
            seen[path, kind] = refusal(
                lambda p=path, k=kind: patch.user(operations({"op": k, "path": p, "value": "x"}))
            )
    assert set(seen.values()) <= {"mutability", "invalidPath"}
    refused = {
        path: refusal(lambda p=path: patch.user(operations({"op": "replace", "path": p, "value": "x"})))
        for path in unknown
    }
    assert [path for path, said in refused.items() if not said] == []
    assert len(never) * 3 + len(unknown) >= 60


def test_s5_without_a_path_the_same_list_holds():
    for name in ("password", "roles", "groups", "isAdmin", f"{USER}:password"):
        assert refusal(lambda n=name: patch.user(operations({"op": "add", "value": {n: "x"}}))) in (
            "mutability",
            "invalidPath",
        )


def test_a_removal_without_a_path_is_refused():
    assert refusal(lambda: patch.user(operations({"op": "remove", "value": {}}))) == "noTarget"
    assert refusal(lambda: patch.group(operations({"op": "remove"}))) == "noTarget"


def test_what_is_no_change_is_refused():
    wrong = [
        {},
        {"schemas": [patch.PATCH]},
        {"schemas": [patch.PATCH], "Operations": []},
        {"schemas": [patch.PATCH], "Operations": ["x"]},
        {"schemas": [patch.PATCH], "Operations": [{"op": "move", "path": "title", "value": "x"}]},
        {"schemas": [patch.PATCH], "Operations": [{"op": "add", "path": 7, "value": "x"}]},
        {"schemas": [patch.PATCH], "Operations": [{"op": "add", "path": "title"}]},
        {"schemas": [patch.PATCH], "Operations": [{"op": "add", "path": "title", "value": "x"}] * 101},
        {"schemas": ["other"], "Operations": [{"op": "add", "path": "title", "value": "x"}]},
    ]
    assert [document for document in wrong if not refusal(lambda d=document: patch.parse_document(d))] == []


def test_operations_count_in_their_order():
    found = patch.group(
        operations(
            {"op": "add", "path": "members", "value": [{"value": "a"}]},
            {"op": "replace", "path": "members", "value": [{"value": "b"}, {"value": "c"}]},
            {"op": "remove", "path": 'members[value eq "c"]'},
        )
    )
    assert (found.clear, found.add, found.remove) == (True, {"b"}, {"c"})


def test_a_name_as_a_whole_is_the_whole_name():
    replaced = patch.user(operations({"op": "replace", "path": "name", "value": {"familyName": "Q"}}))
    added = patch.user(operations({"op": "add", "path": "name", "value": {"familyName": "Q"}}))

    assert replaced.changes[("name", "givenName")] is None
    assert ("name", "givenName") not in added.changes
    assert replaced.changes[("name", "familyName")] == added.changes[("name", "familyName")] == "Q"
