"""Patterns: a star is any characters, everything else is itself, and matching never takes long."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.policy.patterns import is_attribute_name, is_pattern, matches


@pytest.mark.parametrize(
    ("pattern", "value", "does"),
    [
        ("Staff", "Staff", True),
        ("Staff", "staff", False),
        ("Staff", "Staffing", False),
        ("aws-*", "aws-", True),
        ("aws-*", "my-aws-x", False),
        ("*-admin", "aws-admin", True),
        ("a*b*c", "axxbyyc", True),
        ("a*b*c", "acb", False),
        ("ab*ba", "aba", False),
        ("*", "", True),
        ("**", "anything", True),
        ("a.c", "abc", False),
        ("[a-z]*", "b", False),
        ("gr*\n", "group", False),
    ],
)
def test_what_matches(pattern, value, does):
    assert matches(pattern, value) is does


@given(pattern=st.text("ab*.", max_size=12), value=st.text("ab.", max_size=16))
def test_it_is_what_a_regular_expression_would_say(pattern, value):
    as_regex = ".*".join(map(re.escape, pattern.split("*")))

    assert matches(pattern, value) is (re.fullmatch(as_regex, value, re.S) is not None)


def test_no_pattern_takes_long():
    began = time.perf_counter()
    assert not matches("*a" * 128, "a" * 4000 + "b")
    assert time.perf_counter() - began < 0.1


def test_names_of_attributes():
    assert all(map(is_attribute_name, ("email", "employeeNumber", "cost-center", "a.b", "a" * 64)))
    assert not any(map(is_attribute_name, ("", "1a", "_a", "a b", "a" * 65, "a\n", "é", "a(")))


def test_patterns_are_bounded_and_visible():
    assert is_pattern("aws-*")
    assert not any(map(is_pattern, ("", "x" * 257, "a\x00", "a\n")))
