"""Attribute release: nothing leaves that no policy names (X24)."""

from idp.policy.release import Level, released

ATTRIBUTES = {"email": ("ada@example.org",), "name": ("Ada",), "groups": (), "family_name": ("Lovelace",)}


def test_without_a_policy_nothing_leaves():
    assert released(ATTRIBUTES, []) == {}
    assert released(ATTRIBUTES, [Level("site", None), Level("application", None)]) == {}


def test_only_what_is_named_leaves():
    assert released(ATTRIBUTES, [Level("organization", ["email"])]) == {"email": ("ada@example.org",)}


def test_a_narrower_level_narrows_and_a_wider_one_does_not_widen():
    assert released(
        ATTRIBUTES, [Level("organization", ["email", "name"]), Level("application", ["name", "family_name"])]
    ) == {"name": ("Ada",)}


def test_an_attribute_without_a_value_is_not_sent():
    assert "groups" not in released(ATTRIBUTES, [Level("organization", ["groups", "email"])])
