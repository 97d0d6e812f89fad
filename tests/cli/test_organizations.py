"""`idp organization …`"""

import json


def test_an_organization_is_suspended_listed_as_such_and_resumed(acme):
    suspended = acme("organization", "suspend", "acme", "--json")
    assert (suspended.code, suspended.json["slug"]) == (0, "acme")
    assert suspended.json["suspended_at"].endswith("Z")
    assert "(suspended)" in acme("organization", "list").out

    resumed = acme("organization", "resume", "acme")
    assert (resumed.code, resumed.out.strip()) == (0, "resumed organization acme (Acme Global)")
    assert "(suspended)" not in acme("organization", "list").out


def test_what_stands_so_already_is_a_conflict_and_what_is_unknown_is_not_found(acme):
    assert acme("organization", "resume", "acme").code == 4
    assert acme("organization", "suspend", "acme", "--yes").code == 0
    assert acme("organization", "suspend", "acme").code == 4
    assert acme("organization", "suspend", "nobody").code == 3
    told = [one["event"] for one in json.loads(acme("audit", "list", "--json").out)]
    assert told.count("organization.suspended") == 1
