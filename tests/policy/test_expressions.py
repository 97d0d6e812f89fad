"""The language of rules: what it says, that it is refused in plain words, and that it always ends soon."""

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from idp.base.errors import Invalid
from idp.policy import budget, expressions
from idp.policy.expressions import DEEPEST, LONGEST, LONGEST_VALUE, MOST_VALUES, evaluate, parse

ADA = {
    "email": ("Ada.Lovelace@example.org",),
    "name": ("Ada Lovelace",),
    "groups": ("aws-admin", "aws-audit", "Staff"),
    "department": ("IT", "Research"),
}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("email", ("Ada.Lovelace@example.org",)),
        ('"a constant"', ("a constant",)),
        ('""', ("",)),
        (r'"say \"hello\" \\o/"', (r'say "hello" \o/',)),
        ("phone", ()),
        ('"id-" + email', ("id-Ada.Lovelace@example.org",)),
        ('groups + "!"', ("aws-admin!", "aws-audit!", "Staff!")),
        ("department + groups", tuple(d + g for d in ADA["department"] for g in ADA["groups"])),
        ('name + " " + phone', ()),
        ("first(groups)", ("aws-admin",)),
        ("first(phone, name)", ("Ada Lovelace",)),
        ("first(phone)", ()),
        ("lower(email)", ("ada.lovelace@example.org",)),
        ("upper(department)", ("IT", "RESEARCH")),
        ('join(groups, ", ")', ("aws-admin, aws-audit, Staff",)),
        ('join(phone, ", ")', ()),
        ('before(email, "@")', ("Ada.Lovelace",)),
        ('after(email, "@")', ("example.org",)),
        ('after(groups, "aws-")', ("admin", "audit")),
        ('before(groups, "-")', ("aws", "aws")),
        ('replace(name, " ", ".")', ("Ada.Lovelace",)),
        ('map(groups, "Staff", "user")', ("user",)),
        ('map(groups, "Staff", "user", "other")', ("other", "other", "user")),
        ('map(groups, "Staff", "user", "aws-admin", "admin")', ("admin", "user")),
        ('if(groups contains "Staff", "yes", "no")', ("yes",)),
        ('if(groups contains "staff", "yes", "no")', ("no",)),
        ('if(groups contains "aws-*", "yes")', ("yes",)),
        ('if(groups contains "gcp-*", "yes")', ()),
        ('if(phone contains "*", phone, name)', ("Ada Lovelace",)),
        ('("a" + "b")', ("ab",)),
        (' lower ( before( email , "@" ) ) \n+ "@corp" ', ("ada.lovelace@corp",)),
        ("first", ()),
        ('if(contains contains "x", "a", "b")', ("b",)),
    ],
)
def test_what_it_says(text, values):
    assert evaluate(parse(text), ADA) == (values, "")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "+",
        "email +",
        "email email",
        "(email",
        "email)",
        '"open',
        '"wrong \\escape"',
        '"back\\',
        "first()",
        "first(email",
        "join(email)",
        "join(email, name)",
        "before(email)",
        'before(email, "")',
        'after(email, "")',
        'replace(email, "", "x")',
        'replace(email, "x")',
        "map(email)",
        'map(email, "x")',
        "if(email)",
        'if(email contains "x")',
        'if(email is "x", name)',
        "nothing(email)",
        "__import__(email)",
        'email.__class__("x")',
        "email[0]",
        "1 + 1",
        "'email'",
        "email; name",
        "_email",
        "{email}",
        '"a\x00b"',
        '"a\ud800b"',
        "a" * 65,
        "é",
    ],
)
def test_i14_what_is_none_is_refused_with_its_place(text):
    """I14: nothing of Python's is an expression, and none reaches into an object."""
    with pytest.raises(Invalid, match=r"This is no expression: .+ \(character \d+\)\.|There are|at most") as refused:
        parse(text)
    assert refused.value.field == "value"


def test_everything_that_bears_on_it_is_read():
    read = parse('if(a contains "x", b + first(c, lower(d)), map(e, "1", "2")) + join(f, g1 )'.replace(" g1 ", '","'))

    assert read.reads == {"a", "b", "c", "d", "e", "f"}


def test_it_is_bounded_in_length_and_depth():
    parse("(" * DEEPEST + "email" + ")" * DEEPEST)
    with pytest.raises(Invalid, match="inside of one another"):
        parse("(" * (DEEPEST + 1) + "email" + ")" * (DEEPEST + 1))
    with pytest.raises(Invalid, match="inside of one another"):
        parse("lower(" * 100 + "email" + ")" * 100)
    parse('"' + "x" * (LONGEST - 2) + '"')
    with pytest.raises(Invalid, match=str(LONGEST)):
        parse('"' + "x" * (LONGEST - 1) + '"')


MANY = {"groups": tuple(f"group-{n}" for n in range(MOST_VALUES)), "long": ("x" * LONGEST_VALUE,)}


@pytest.mark.parametrize(
    "text",
    [
        "groups + groups",
        "+".join(["groups"] * 140),
        "long + long",
        'replace(long, "x", "yyyyyyyyyyyyyyyyyyyy")',
        "replace(" * 14 + "long" + ', "x", "xx")' * 14,
        'join(groups, "' + "x" * 500 + '")',
        '"0123456789" + ' * 20 + "groups + groups",
        "first(" + ",".join(["long"] * 150) + ")" + '+ "x"',
        "lower(" * 14 + "groups + groups" + ")" * 14,
    ],
)
def test_what_would_explode_makes_nothing_and_ends_soon(text):
    """However it is put together: the work is counted before it is done."""
    began = time.perf_counter()
    found = evaluate(parse(text), MANY)

    assert (found.values, bool(found.fault)) == ((), True)
    assert time.perf_counter() - began < 0.5


def test_a_person_with_too_many_values_gets_nothing_rather_than_a_part():
    assert evaluate(parse("groups"), {"groups": ("x",) * (MOST_VALUES + 1)}).values == ()
    assert evaluate(parse("groups"), {"groups": ("x" * (LONGEST_VALUE + 1),)}).values == ()


_SIGNS = ["(", ")", ",", "+", '"', "\\", " ", "\n", "*", "'", "{", "é", "\x00", "\ud800", "0"]
_WORDS = ["contains", "email", "groups", "__class__", '"@"', '"aws-*"', '("x"', ' contains "Staff", ']
PIECES = st.sampled_from([*sorted(expressions._FUNCTIONS), *_SIGNS, *_WORDS])
ANYTHING = st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=60).map("".join))
VALUES = st.dictionaries(
    st.sampled_from(["email", "groups", "name"]), st.lists(st.text(max_size=30), max_size=40).map(tuple), max_size=3
)


@given(text=ANYTHING, attributes=VALUES)
@settings(max_examples=400, deadline=500)
@example(text='replace(groups, "0", "0000000000")', attributes={"groups": ("0" * 4096,)})
def test_any_text_is_an_expression_or_is_refused_and_every_expression_ends(text, attributes):
    """I14: nothing but `Invalid` comes out of reading, nothing at all out of evaluating."""
    try:
        read = parse(text)
    except Invalid:
        return
    found = evaluate(read, attributes)

    assert len(found.values) <= MOST_VALUES
    assert all(len(value) <= LONGEST_VALUE for value in found.values)
    assert found == evaluate(read, {name: attributes.get(name, ()) for name in read.reads})


@st.composite
def _well_formed(draw, depth=0):
    """Draw an expression, of functions at most four deep."""
    made = draw(st.sampled_from(["leaf", "+", "one", "text", "replace", "if"])) if depth < 4 else "leaf"
    if made == "leaf":
        return draw(st.sampled_from(["email", "groups", "name", '"x"', '"@"']))
    text, x = draw(st.sampled_from(['"@"', '"x"', '"aws-"', '"a*"'])), draw(_well_formed(depth + 1))
    if made == "+":
        return f"{x} + {draw(_well_formed(depth + 1))}"
    if made == "one":
        return f"{draw(st.sampled_from(['lower', 'upper', 'first']))}({x})"
    if made == "text":
        return f"{draw(st.sampled_from(['before', 'after', 'join']))}({x}, {text})"
    if made == "replace":
        return f"replace({x}, {text}, {text})"
    return f"if({x} contains {text}, {draw(_well_formed(depth + 1))}, {draw(_well_formed(depth + 1))})"


@given(text=_well_formed(), attributes=VALUES)
@settings(max_examples=300, deadline=500)
def test_what_is_well_formed_and_short_is_read_and_evaluated(text, attributes):
    if len(text) <= LONGEST:
        assert evaluate(parse(text), attributes).fault in ("", budget.TOO_MUCH, budget.NONE_LEFT)
