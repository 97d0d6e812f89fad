"""What a person is called, in parts."""

import pytest

from idp.base.errors import Forbidden, Invalid
from idp.directory import accounts
from idp.directory.attributes import attributes_of
from idp.policy.permissions import AUDITOR


def test_the_parts_of_a_name_are_attributes(work, an_organization, an_account):
    an_organization()
    ann = an_account()

    accounts.rename(work, ann.id, given_name=" Ann ", family_name="Example")

    held = attributes_of(work, ann.organization_id, ann.id)
    assert (held["given_name"], held["family_name"], held["name"]) == (("Ann",), ("Example",), ("Ann Example",))


def test_an_empty_part_is_taken_away_and_the_others_stay(work, an_organization, an_account):
    an_organization()
    ann = an_account()
    accounts.rename(work, ann.id, given_name="Ann", family_name="Example")

    accounts.rename(work, ann.id, given_name="")

    assert (ann.given_name, ann.family_name) == ("", "Example")


@pytest.mark.parametrize("changes", [{"name": ""}, {"given_name": "A\x00"}, {"family_name": "x" * 257}], ids=str)
def test_what_is_no_name_changes_nothing(work, an_organization, an_account, changes):
    an_organization()
    ann = an_account()

    with pytest.raises(Invalid):
        accounts.rename(work, ann.id, **changes)

    assert ann.name == "Ann Example"


def test_nobody_renames_without_being_allowed_to(work, an_organization, an_account, as_account):
    an_organization()
    ann = an_account()

    with pytest.raises(Forbidden):
        accounts.rename(as_account(work, ann, AUDITOR), ann.id, name="Mallory")
