"""The commands about passwords: the list of breached ones, hashes of other systems, new ones that are due."""

import hashlib

import pytest
from passlib.hash import ldap_salted_sha256, sha512_crypt

TYPED = "quartz umbrella tree"
SSHA = ldap_salted_sha256.hash(TYPED)
CRYPT = sha512_crypt.using(rounds=1000).hash(TYPED)


@pytest.fixture
def people(acme):
    for name in ("bob", "cy", "di"):
        acme("account", "create", f"{name}@acme.example", "--organization", "acme", "--name", name.title())
    return acme


def test_a_list_is_built_shown_and_used(acme, here):
    (here / "words.txt").write_text("a quiet garden gate 8\n")
    built = acme(
        "blocklist", "build", "words.txt", "--into", "our.bin", "--source", "us", "--licence", "ours", "--json"
    )
    assert built.code == 0
    assert (built.json["passwords"], built.json["skipped"]) == (1, 0)
    with (here / "config.yaml").open("a") as file:
        file.write("passwords: {blocklist: our.bin}\n")

    shown = acme("blocklist", "show", "--json")
    assert (shown.json["source"], shown.json["licence"]) == ("us", "ours")
    refused = acme("account", "reset-password", "ann@acme.example", "--password-stdin", stdin="A quiet garden gate 8\n")
    assert refused.code == 2
    assert "lists that attackers use" in refused.err
    assert acme("doctor").code == 0


def test_the_list_that_ships_is_in_use_where_none_is_named(acme):
    shown = acme("blocklist", "show", "--json").json

    assert shown["passwords"] == 809_124
    assert "809,124 breached passwords are refused" in acme("doctor").out


def test_a_damaged_list_stops_the_start_with_78_and_the_doctor_says_so(acme, here):
    (here / "our.bin").write_bytes(b"not a list")
    with (here / "config.yaml").open("a") as file:
        file.write("passwords: {blocklist: our.bin}\n")

    serve, doctor, show = acme("serve"), acme("doctor"), acme("blocklist", "show")

    assert (serve.code, doctor.code, show.code) == (78, 78, 78)
    assert "our.bin is not a list of breached passwords" in serve.err
    assert "our.bin is not a list of breached passwords" in doctor.out


def test_what_needs_no_list_goes_on_with_a_damaged_one(acme, here):
    with (here / "config.yaml").open("a") as file:
        file.write("passwords: {blocklist: nowhere.bin}\n")

    assert acme("account", "list").code == 0
    assert acme("account", "reset-password", "ann@acme.example", "--password-stdin", stdin=TYPED).code == 78


def test_hashes_of_have_i_been_pwned_make_a_list(idp, here):
    (here / "pwned.txt").write_text(f"{hashlib.sha1(b'pwned').hexdigest().upper()}:12\n")

    assert idp("blocklist", "build", "pwned.txt", "--into", "our.bin", "--json").json["sha1"] == 1


def test_an_imported_password_signs_in(people, at_the_door):
    done = people("account", "import-password", "bob@acme.example", "--hash-stdin", "--json", stdin=SSHA + "\n")
    assert done.code == 0
    assert done.json["scheme"] == "ssha256"
    assert people("account", "show", "bob@acme.example", "--json").json["password_imported"] == "ssha256"
    people("policy", "set", "--organization", "acme", "--second-step", "off")

    at_the_door.open("/").submit(username="bob@acme.example", password=TYPED)

    assert at_the_door.path == "/"
    assert people("account", "show", "bob@acme.example", "--json").json["password_imported"] == ""


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("bob@acme.example", "--hash", "plaintext"), 2),
        (("bob@acme.example",), 2),
        (("bob@acme.example", "--hash", SSHA, "--hash-stdin"), 2),
        (("nobody@acme.example", "--hash", SSHA), 3),
        (("ann@acme.example", "--hash", SSHA), 4),
        (("ann@acme.example", "--hash", SSHA, "--replace"), 0),
    ],
)
def test_what_an_import_is_refused_for(people, words, code):
    assert people("account", "import-password", *words).code == code


def test_many_are_imported_and_the_lines_that_cannot_be_are_named(people, here):
    (here / "hashes.csv").write_text(
        f"email,hash\nbob@acme.example,{SSHA}\nann@acme.example,{SSHA}\nnobody@acme.example,{SSHA}\n"
        f"cy@acme.example,$2b$31$absurd\n\nDi@acme.example,{CRYPT}\nbob@acme.example,{CRYPT}\n"
    )

    rehearsed = people("account", "import-passwords", "hashes.csv", "--dry-run", "--json")
    assert people("account", "show", "bob@acme.example", "--json").json["has_password"] is False
    done = people("account", "import-passwords", "hashes.csv", "--json")

    assert rehearsed.json == {**done.json, "dry_run": True}
    assert (rehearsed.code, done.code) == (2, 2)
    assert done.json["imported"] == 2
    assert [(fault["line"], fault["error"]) for fault in done.json["faults"]] == [
        (3, "conflict"),
        (4, "not-found"),
        (5, "hash-unknown"),
        (8, "conflict"),
    ]
    assert SSHA not in done.out + done.err
    assert people("account", "show", "di@acme.example", "--json").json["has_password"] is True


@pytest.mark.parametrize("text", [b"bob@acme.example\n", b"a,b,c\n", b"\xff\xfe,x\n", b'"unfinished,' + b"x" * 200_000])
def test_a_file_that_is_no_such_csv_is_refused_and_nothing_done(people, here, text):
    (here / "hashes.csv").write_bytes(f"di@acme.example,{SSHA}\n".encode() + text)

    assert people("account", "import-passwords", "hashes.csv").code == 2
    assert people("account", "show", "di@acme.example", "--json").json["has_password"] is False


def test_a_new_password_is_demanded(acme):
    done = acme("account", "require-new-password", "ann@acme.example", "--sign-out", "--json")

    assert (done.code, done.json["signed_out"]) == (0, True)
    assert acme("account", "show", "ann@acme.example", "--json").json["password_must_change"] == "reset"
    assert "required a new password of ann@acme.example" in acme("audit", "list").out


@pytest.mark.parametrize(("words", "due"), [((), "reset"), (("--keep",), "")])
def test_a_password_that_an_administrator_sets_is_changed_at_the_next_sign_in_unless_it_is_to_be_kept(acme, words, due):
    done = acme("account", "reset-password", "ann@acme.example", "--password-stdin", *words, stdin=TYPED + "\n")

    assert done.code == 0
    assert acme("account", "show", "ann@acme.example", "--json").json["password_must_change"] == due
