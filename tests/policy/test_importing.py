"""A file of accounts is read in the forms in which people have it, and refused where it says what no file may."""

import pytest

from idp.base.errors import Invalid
from idp.directory.import_reading import RULES
from idp.policy import importing, invited
from idp.policy.importing import Action, Directory, Present

HEAD = "email,name\n"


def read(text, encoding="utf-8"):
    return importing.read(text.encode(encoding), RULES)


def difference(text, **accounts):
    [one] = importing.compare(read(text), Directory(accounts, {"Staff": "grp_staff"}))
    return one


ANN = Present("acc_ann", "member", {"name": "Ann", "given_name": "", "family_name": ""}, {"team": ["x"]}, frozenset())


@pytest.mark.parametrize(
    "text",
    [
        "email,name\nada@acme.example,Zoë\n",
        "\ufeffemail,name\r\nada@acme.example,Zoë\r\n",
        "email;name\nada@acme.example;Zoë",
        'EMAIL,Name\n"ada@acme.example","Zoë"\n\n',
        "name,email\n Zoë , ada@ACME.example \n,\n",
    ],
)
def test_the_forms_in_which_people_have_it(text):
    [row] = read(text)

    assert (row.email, row.key, row.names, row.problems) == (
        "ada@acme.example",
        "ada@acme.example",
        {"name": "Zoë"},
        (),
    )


def test_cells_in_quotes_hold_commas_quotes_and_the_rows_after_them_know_their_line():
    rows = read('email,name,groups\nada@acme.example,"Lovelace, ""Ada""","A|B\n|A"\nbob@acme.example,Bob,\n')

    assert rows[0].names == {"name": 'Lovelace, "Ada"'}
    assert rows[0].groups == ("A", "B")
    assert [row.line for row in rows] == [2, 4]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no column “email”"),
        ("name\nAda\n", "no column “email”"),
        (HEAD, "names nobody"),
        ("email,email\na@b.example,\n", "twice"),
        ("email,password\na@b.example,x\n", "not known"),
        ('email,name\n"a@b.example,Ada\n', "no CSV"),
        ("email,name\na@b.example,A\x00da\n", "belong in no text"),
        (HEAD + "a@b.example,A\n" * (importing.MOST_ROWS + 1), "more than 20,000 rows"),
        ("email" + "".join(f",attribute:a{n}" for n in range(64)) + "\na@b.example\n", "more than 64 columns"),
    ],
)
def test_what_refuses_the_file(text, says):
    with pytest.raises(Invalid, match=says) as refused:
        read(text)
    assert refused.value.field == "file"


def test_a_file_in_another_encoding_or_too_large_is_refused():
    with pytest.raises(Invalid, match="UTF-8"):
        read("email,name\na@b.example,Zoë\n", "latin-1")
    with pytest.raises(Invalid, match="UTF-8"):
        read("email,name\na@b.example,Zoë\n", "utf-16")
    with pytest.raises(Invalid, match="5 MB"):
        importing.read(b"x" * (importing.LONGEST + 1), RULES)


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("nobody,Ada,,", "email"),
        ("a@b.example,\x07,,", "name"),
        ("a@b.example,,,", "name"),
        ("a@b.example,Ada,king,", "kind"),
        ("a@b.example,Ada,,None such", "groups"),
        ("a@b.example,Ada,,Staff,more", "row"),
    ],
)
def test_what_is_wrong_with_a_row_is_said_of_its_column(row, column):
    one = difference("email,name,kind,groups\n" + row)

    assert (one.action, one.problem.partition(":")[0], one.after) == (Action.WRONG, column, {})


def test_an_address_that_is_there_twice_is_wrong_the_second_time():
    first, second = importing.compare(read(HEAD + "a@b.example,A\nA@B.example,B\n"), Directory({}, {}))

    assert (first.action, second.action) == (Action.CREATE, Action.WRONG)
    assert "Line 2" in second.problem


def test_an_empty_cell_changes_nothing_and_another_value_does():
    head = "email,name,attribute:team\n"
    ann = {"ann@acme.example": ANN}

    assert difference(head + "ann@acme.example,,", **ann).action is Action.UNCHANGED
    assert difference(head + "ann@acme.example,Ann,x", **ann).action is Action.UNCHANGED
    changed = difference(head + "ann@acme.example,Anna,x|y", **ann)
    assert (changed.action, changed.before, changed.after) == (
        Action.CHANGE,
        {"name": "Ann", "attribute:team": ["x"]},
        {"name": "Anna", "attribute:team": ["x", "y"]},
    )


def test_what_somebody_is_to_the_organization_is_not_changed_by_a_file():
    one = difference("email,kind\nann@acme.example,guest", **{"ann@acme.example": ANN})

    assert one.problem.startswith("kind: ")


def test_t16_the_quote_that_exports_put_before_formulas_is_taken_off_again():
    [row] = read(HEAD + "ada@acme.example,'=Ada\n")

    assert row.names == {"name": "=Ada"}
    [row] = read(HEAD + "ada@acme.example,'Ada\n")
    assert row.names == {"name": "'Ada"}


@pytest.mark.parametrize(
    ("text", "emails", "names"),
    [
        ("ada@x.example", ["ada@x.example"], ["Ada"]),
        ("a@x.example, b@x.example;c@x.example\r\nd@x.example", list("abcd"), list("ABCD")),
        ('"Lovelace, Ada" <ada@x.example>, Bob <bob@x.example>', ["ada", "bob"], ["Lovelace, Ada", "Bob"]),
        ("ada.von-lovelace+work@x.example", ["ada.von-lovelace+work@x.example"], ["Ada Von Lovelace"]),
    ],
)
def test_addresses_are_read_as_people_paste_them(text, emails, names):
    found = invited.read(text)

    assert [one.email.partition("@")[0] for one in found] == [email.partition("@")[0] for email in emails]
    assert [one.name for one in found] == names
