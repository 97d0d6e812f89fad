"""`idp account invite`, `idp invitation …`, `idp import …`, `idp join-rule …`, `idp request …`."""

import pytest

ADA, BOB = "ada@acme.example", "bob@acme.example"


@pytest.fixture
def mailing(acme, here):
    """The same, with a server for mail in its configuration."""
    with (here / "config.yaml").open("a") as file:
        file.write("\nmail: {smtp_url: 'smtp://localhost:2525', sender: 'idp@acme.example'}\n")
    return acme


def test_an_import_is_shown_done_and_undone(acme, here):
    (here / "people.csv").write_text(f"email;name\n{ADA};Ada Lovelace\nnobody;No Body\n", encoding="utf-8")
    shown = acme("import", "preview", "people.csv", "--organization", "acme", "--json").json
    assert (shown["counts"]["create"], shown["counts"]["wrong"]) == (1, 1)
    assert acme("account", "disable", ADA).code == 3

    done = acme("import", "apply", shown["id"], "--json").json
    assert (done["state"], done["counts"]["created"]) == ("applied", 1)
    assert acme("import", "apply", shown["id"]).code == 4
    assert "line 2  created" in acme("import", "show", shown["id"]).out

    assert acme("import", "undo", shown["id"], "--json").json["state"] == "undone"
    assert acme("account", "disable", ADA).code == 3
    assert "undone" in acme("import", "list").out
    assert "undid the import of the file people.csv" in acme("audit", "list").out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("preview", "none.csv", "--organization", "acme"), 2),
        (("preview", "bad.csv", "--organization", "acme"), 2),
        (("apply", "imp_none"), 3),
        (("undo", "imp_none"), 3),
        (("show", "imp_none"), 3),
        (("apply", "imp_none", "--invite"), 2),
    ],
)
def test_what_is_no_import_is_refused(acme, here, words, code):
    (here / "bad.csv").write_text("email,password\nada@acme.example,x\n", encoding="utf-8")

    assert acme("import", *words).code == code


def test_many_are_invited_and_an_invitation_is_sent_anew_and_taken_back(mailing):
    told = mailing("account", "invite", ADA, f"Bob Builder <{BOB}>", "nobody", "--organization", "acme", "--json")
    assert (told.code, told.json["invited"]) == (2, [ADA, BOB])
    assert [one["error"] for one in told.json["faults"]] == ["invalid"]

    assert mailing("invitation", "resend", ADA).code == 0
    assert mailing("invitation", "revoke", BOB).code == 0
    assert mailing("invitation", "revoke", BOB).code == 4
    states = {one["email"]: one["state"] for one in mailing("invitation", "list", "--json").json}
    assert states == {ADA: "pending", BOB: "revoked"}
    assert ADA in mailing("invitation", "list", "--state", "pending").out
    assert mailing("invitation", "revoke", "ivt_none").code == 3


def test_people_are_invited_from_standard_input(mailing):
    told = mailing("account", "invite", "--stdin", "--organization", "acme", "--json", stdin=f"{ADA}\n{BOB};")

    assert (told.code, told.json["invited"]) == (0, [ADA, BOB])
    assert mailing("account", "invite", "--organization", "acme").code == 2


def test_a_join_rule_is_made_changed_and_deleted(acme):
    made = acme("join-rule", "create", "acme.example", "--organization", "acme", "--json").json
    assert (made["domain"], made["needs_approval"], made["kind"]) == ("acme.example", True, "member")
    assert acme("join-rule", "create", "acme.example", "--organization", "acme").code == 4
    assert acme("join-rule", "create", "gmail.com", "--organization", "acme").code == 2
    assert acme("join-rule", "set", "acme.example", "--organization", "acme", "--no-approval").code == 2

    acme("group", "create", "Staff", "--organization", "acme")
    changed = acme(
        "join-rule", "set", made["id"], "--organization", "acme", "--group", "Staff", "--kind", "guest", "--json"
    )
    assert (changed.json["kind"], len(changed.json["groups"])) == ("guest", 1)
    cleared = acme("join-rule", "set", made["id"], "--organization", "acme", "--no-groups", "--json")
    assert cleared.json["groups"] == []
    assert "with approval" in acme("join-rule", "list").out
    assert "Nobody waits" in acme("join-rule", "waiting").out
    assert acme("join-rule", "approve", "jnq_none").code == 3
    assert acme("join-rule", "deny", "jnq_none", "--answer", "No.").code == 3
    assert acme("join-rule", "delete", "acme.example", "--organization", "acme").code == 0
    assert acme("join-rule", "delete", "acme.example", "--organization", "acme").code == 3


def test_a_request_is_listed_approved_and_denied(acme, here):
    from dataclasses import replace

    from idp.base.work import Actor
    from idp.cli.context import open_database, work_on
    from idp.directory import access_requests, applications, queries
    from idp.settings import load

    ids = []
    with open_database(load(here / "config.yaml")) as database, work_on(database) as work:
        ann = queries.account(work, "ann@acme.example")
        for name in ("Wiki", "Payroll"):
            made = applications.create(work, queries.site(work, "acme"), protocol="saml", name=name)
            made.requestable = True
            work.tx.session.flush()
            actor = Actor("account", ann.id, ann.email, ann.organization_id)
            ids.append(access_requests.ask(replace(work, actor=actor), made.id, "I need it.").id)

    listed = acme("request", "list", "--organization", "acme", "--json").json
    assert {one["application"]: one["reason"] for one in listed} == {"Wiki": "I need it.", "Payroll": "I need it."}
    told = acme("request", "approve", ids[0], "--until", "2090-01-01T00:00Z", "--answer", "Fine.", "--json").json
    assert (told["state"], told["application"]) == ("approved", "Wiki")
    assert acme("request", "approve", ids[0]).code == 4
    assert acme("request", "approve", ids[1], "--until", "2020-01-01").code == 2
    assert acme("request", "deny", ids[1]).code == 2
    assert acme("request", "deny", ids[1], "--answer", "Not yet.").code == 0
    assert acme("request", "deny", "arq_none", "--answer", "x").code == 3
    assert "Not yet." in acme("request", "list", "--organization", "acme", "--state", "denied", "--json").out


def test_access_is_given_until_a_moment_and_withdrawn(acme, here):
    from idp.cli.context import open_database, work_on
    from idp.directory import applications, queries
    from idp.settings import load

    with open_database(load(here / "config.yaml")) as database, work_on(database) as work:
        wiki = applications.create(work, queries.site(work, "acme"), protocol="saml", name="Wiki").id
    words = ("--account", "ann@acme.example", "--until", "2090-01-01T00:00Z", "--reason", "Helps out.", "--json")
    made = acme("application", "grant", wiki, *words).json
    assert (made["reason"], made["valid_to"]) == ("Helps out.", "2090-01-01T00:00:00Z")
    assert acme("application", "withdraw", wiki, made["id"], "--reason", "Done.").code == 0
    assert acme("application", "withdraw", wiki, made["id"]).code == 3
    assert acme("application", "grant", wiki, "--everyone", "--until", "soon").code == 2
