"""Filters, read by our own small parser (RFC 7644 section 3.4.2.2)."""

import time

import pytest

from idp.provisioning.scim.errors import ScimError
from idp.provisioning.scim.filter import And, Compare, Inside, Not, Or, Present, parse


def refusal(text: str) -> tuple[int, str] | None:
    try:
        parse(text)
    except ScimError as error:
        return error.status, error.scim_type
    return None


def test_comparisons_are_read():
    assert parse('userName eq "a\\"b"') == Compare("userName", "eq", 'a"b')
    assert parse("active EQ true") == Compare("active", "eq", True)
    assert parse("count ge -2.5") == Compare("count", "ge", -2.5)
    assert parse("title pr") == Present("title")
    assert parse("a eq null") == Compare("a", "eq", None)


def test_and_binds_closer_than_or_and_not_closest():
    a, b, c = (Compare(name, "eq", 1) for name in "abc")

    assert parse("a eq 1 or b eq 1 and c eq 1") == Or((a, And((b, c))))
    assert parse("(a eq 1 or b eq 1) and not (c eq 1)") == And((Or((a, b)), Not(c)))
    assert parse('emails[type eq "work" and primary eq true]') == Inside(
        "emails", And((Compare("type", "eq", "work"), Compare("primary", "eq", True)))
    )


def test_what_is_no_filter_is_refused():
    wrong = [
        "",
        "a",
        "a eq",
        "a is 1",
        "a eq b",
        "(a eq 1",
        "a eq 1)",
        "a eq 1 b eq 2",
        '"a" eq 1',
        "a[b eq 1",
        "not a eq 1",
    ]
    wrong += [
        "a eq 'x'",
        'a eq "x',
        "a eq \x00",
        'a eq "\\ud800"',
        'a eq "\\u0000"',
        "and",
        "a eq 1 and",
        "[a eq 1]",
        "a..b~ eq 1",
    ]
    assert [text for text in wrong if refusal(text) != (400, "invalidFilter")] == []


def test_s3_what_is_deep_long_or_many_is_refused_at_once():
    hostile = [
        "(" * 10_000 + "a eq 1" + ")" * 10_000,
        "not (" * 300 + "a eq 1" + ")" * 300,
        " or ".join(["a eq 1"] * 21),
        "a[" * 20 + "b eq 1" + "]" * 20,
        'a co "' + "x" * 1_000_000 + '"',
        "a" * 3000,
        '"' + "\\" * 2000,
        "(" * 2048,
    ]
    begun = time.process_time()
    for text in hostile:
        with pytest.raises(ScimError):
            parse(text)
    assert time.process_time() - begun < 0.4
    assert parse("(" * 7 + "a eq 1" + ")" * 7) == Compare("a", "eq", 1)
    assert isinstance(parse(" or ".join(["a eq 1"] * 20)), Or)
