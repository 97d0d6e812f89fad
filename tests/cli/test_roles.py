"""`idp role …`: who administers what."""

ORG = ("--organization", "acme")
ANN = ("--account", "ann@acme.example")


def test_the_roles_that_come_with_ostiary_are_listed_with_where_they_are_held(acme):
    told = acme("role", "list", *ORG, "--json").json

    held = {one["name"]: one["scopes"] for one in told}
    assert held["help-desk"] == ["organization"]
    assert held["application-administrator"] == ["application"]
    assert "operator" not in held


def test_a_role_is_granted_shown_and_withdrawn(acme):
    assert acme("role", "grant", "site-administrator", *ORG, *ANN, "--site", "acme", "--reason", "Owns it").code == 0
    assert (
        "site-administrator           account ann@acme.example  for the site Acme" in acme("role", "holders", *ORG).out
    )

    assert acme("role", "withdraw", "site-administrator", *ORG, *ANN).code == 3
    assert acme("role", "withdraw", "site-administrator", *ORG, *ANN, "--site", "acme").code == 0
    assert acme("role", "holders", *ORG, "--json").json == []
    events = [one["event"] for one in acme("audit", "list", "--json").json]
    assert {"role.granted", "role.withdrawn"} <= set(events)


def test_a_role_of_ones_own_is_made_changed_and_deleted_when_nobody_holds_it(acme):
    made = acme("role", "create", "Readers", *ORG, "--permission", "audit:read", "--json").json
    assert made["permissions"] == ["organization:read", "audit:read"]
    assert acme("role", "set", "readers", *ORG, "--permission", "key:read", "--if-version", "1").code == 0
    assert acme("role", "set", "Readers", *ORG, "--name", "Others", "--if-version", "1").code == 4
    assert "key:read" in acme("role", "show", "Readers", *ORG).out

    assert acme("role", "grant", "Readers", *ORG, *ANN, "--until", "2999-01-01").code == 0
    assert acme("role", "delete", "Readers", *ORG).code == 4
    assert acme("role", "withdraw", "Readers", *ORG, *ANN).code == 0
    assert acme("role", "delete", "Readers", *ORG).code == 0
    assert acme("role", "show", "Readers", *ORG).code == 3


def test_the_last_administrator_is_kept(acme):
    assert acme("account", "grant-role", "ann@acme.example", "organization-administrator").code == 0

    refused = acme("role", "withdraw", "organization-administrator", *ORG, *ANN, "--json")
    assert (refused.code, refused.error["error"]) == (4, "last-administrator")
    assert acme("account", "disable", "ann@acme.example").code == 4


def test_what_cannot_be_is_refused_with_what_to_do(acme):
    assert acme("role", "grant", "help-desk", *ORG, *ANN, "--site", "acme").code == 2
    assert acme("role", "grant", "operator", *ORG, *ANN).code == 3
    assert acme("role", "grant", "help-desk", *ORG).code == 2
    assert acme("role", "set", "help-desk", *ORG, "--name", "x").code == 3
    assert acme("role", "set", "Readers", *ORG).code == 2
