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
