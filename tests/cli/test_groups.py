"""`idp group …`, and who can open what."""

import pytest


@pytest.fixture
def filled(acme):
    """Acme with Ann and Ben, of Sales and Research, and the groups Staff and Sales."""
    for name, department in (("ann", "Sales"), ("ben", "Research")):
        if name == "ben":
            made = acme("account", "create", "ben@acme.example", "--organization", "acme", "--name", "Ben")
            assert made.code == 0, made.err
        assert acme("account", "set", f"{name}@acme.example", "--attribute", f"department={department}").code == 0
    for name in ("Staff", "Sales"):
        assert acme("group", "create", name, "--organization", "acme").code == 0
    return acme


def group(idp, *words):
    return idp("group", *words, "--organization", "acme", "--json")


def test_a_group_is_made_filled_nested_and_deleted(filled):
    assert group(filled, "set", "Staff", "--description", "All of us").json["version"] == 2
    assert filled("group", "set", "Staff", "--name", "X", "--if-version", "1", "--organization", "acme").code == 4
    outcome = group(filled, "add", "Sales", "ann@acme.example", "ben@acme.example", "nobody@acme.example")
    assert outcome.code == 1
    assert [one["changed"] for one in outcome.json] == [True, True, False]
    assert group(filled, "nest", "Sales", "Staff").json["members"] == 2
    assert group(filled, "nest", "Staff", "Sales").code == 4
    members = group(filled, "members", "Staff").json
    assert [(one["email"], [source["kind"] for source in one["sources"]]) for one in members] == [
        ("ann@acme.example", ["group"]),
        ("ben@acme.example", ["group"]),
    ]
    assert "through Sales" in filled("group", "members", "Staff", "--organization", "acme").out
    assert filled("group", "remove", "Staff", "ann@acme.example", "--organization", "acme").code == 4
    assert group(filled, "remove", "Sales", "ann@acme.example").json["ended"] == ["manual"]
    shown = group(filled, "show", "Staff").json
    assert (shown["members"], [one["name"] for one in shown["contains"]]) == (1, ["Sales"])
    assert group(filled, "unnest", "Sales", "Staff").json["members"] == 0
    assert group(filled, "delete", "Sales").code == 0
    assert filled("group", "show", "Sales", "--organization", "acme").code == 3


def test_a_rule_is_written_looked_at_switched_on_and_removed(filled):
    condition = 'department is "Sales"'
    assert filled("group", "rule", "set", "Sales", "--condition", "nonsense", "--organization", "acme").code == 2
    assert group(filled, "rule", "set", "Sales", "--condition", condition).json["active_at"] is None
    seen = group(filled, "rule", "preview", "Sales").json
    assert (seen["entering"], seen["leaving"], seen["first_entering"]) == (1, 0, ["ann@acme.example"])
    assert group(filled, "rule", "on", "Sales", "--entering", "2", "--leaving", "0").code == 4
    assert not group(filled, "rule", "on", "Sales", "--entering", "1", "--leaving", "0").json["held"]
    changed = 'department is "Research"'
    assert group(filled, "rule", "set", "Sales", "--condition", changed).code == 4
    assert group(filled, "rule", "set", "Sales", "--condition", changed, "--entering", "1", "--leaving", "1").code == 0
    assert [one["email"] for one in group(filled, "members", "Sales").json] == ["ben@acme.example"]
    assert group(filled, "rule", "run", "Sales").json["entering"] == 0
    assert group(filled, "rule", "confirm", "Sales").code == 4
    assert "exceptions   none" in filled("group", "rule", "show", "Sales", "--organization", "acme").out
    assert group(filled, "rule", "off", "Sales").json["active_at"] is None
    assert group(filled, "rule", "remove", "Sales").code == 2
    assert group(filled, "rule", "remove", "Sales", "--keep-members").json["members"] == 1


def test_who_can_open_what_is_told_by_person_and_by_application(filled):
    made = filled(
        *("application", "create-oidc", "--site", "acme", "--name", "Wiki", "--json"),
        *("--redirect-uri", "https://wiki.acme.example/callback"),
    )
    wiki = made.json["client_id"]
    assert "no group would" in filled("account", "why-not", "ann@acme.example", wiki).out
    assert filled("group", "default", "mark", wiki, "Staff").code == 0
    assert filled("group", "default", "list", wiki, "--json").json[0]["name"] == "Staff"
    assert "Staff" in filled("account", "why-not", "ann@acme.example", wiki).out
    assert "by the groups Staff" in filled("account", "give", "ann@acme.example", wiki).out
    told = filled("account", "access", "ann@acme.example", "--json").json
    assert [one["ways"][0]["groups"][0]["name"] for one in told["applications"]] == ["Staff"]
    assert "a default group of it" in filled("application", "people", wiki).out
    assert filled("application", "people", wiki, "--at", "2001-01-01", "--json").json["count"] == 0
    assert filled("application", "people", wiki, "--at", "yesterday").code == 2
    assert "would leave: Staff" in filled("account", "take", "ann@acme.example", wiki, "--dry-run").out
    assert "left: Staff" in filled("account", "take", "ann@acme.example", wiki).out
    assert filled("account", "access", "ann@acme.example", "--json").json["applications"] == []
    assert filled("group", "default", "unmark", wiki, "Staff").code == 0
