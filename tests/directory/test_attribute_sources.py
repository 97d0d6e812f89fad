"""Where each attribute of a person came from: noted by whoever changes it, and never more than that."""

from dataclasses import replace

import pytest

from idp.base.work import Actor, HeldRole
from idp.directory import accounts, attribute_sources, import_reading
from idp.directory.attribute_sources import Source
from idp.signon import account_imports, email_change


@pytest.fixture
def ann(work, an_organization, an_account):
    an_organization()
    return an_account()


def by(work, kind, account_id="x"):
    role = HeldRole("organization-administrator")
    return replace(work, actor=Actor(kind, account_id, "x", None, (role,)))


def test_what_nobody_has_changed_is_as_the_account_came_to_be(work, ann):
    expected = {
        "administrator": {Source.ADMINISTRATOR},
        "invitation": {Source.ADMINISTRATOR},
        "import": {Source.IMPORT},
        "provisioning": {Source.PROVISIONING},
    }
    for through, sources in expected.items():
        ann.created_through = through
        assert {attribute_sources.of(ann, name) for name in ("email", "name", "department")} == sources
    ann.created_through = "join-rule"
    assert [attribute_sources.of(ann, name) for name in ("name", "department")] == [Source.PERSON, Source.ADMINISTRATOR]


def test_each_attribute_is_noted_by_whoever_changes_it(work, ann):
    ann.created_through = "import"
    accounts.rename(work, ann.id, given_name="Ann")
    accounts.set_attributes(by(work, "client"), ann.id, {"department": ["Sales"]})
    accounts.set_attributes(work, ann.id, {"floor": ["3"]}, source=Source.IMPORT)
    email_change.administer(work, ann.id, "ann.lee@acme.example")

    assert {
        name: attribute_sources.of(ann, name) for name in ("given_name", "family_name", "department", "floor", "email")
    } == {
        "given_name": Source.ADMINISTRATOR,
        "family_name": Source.IMPORT,
        "department": Source.PROVISIONING,
        "floor": Source.IMPORT,
        "email": Source.ADMINISTRATOR,
    }


def test_what_stays_as_it_was_is_not_noted(work, ann):
    accounts.rename(by(work, "client"), ann.id, name=ann.name)

    assert ann.attribute_sources == {}


def test_a_word_of_another_release_counts_for_nothing(work, ann):
    ann.attribute_sources = {"name": "stars"}

    assert attribute_sources.of(ann, "name") is Source.ADMINISTRATOR


def test_an_import_and_taking_it_back_are_noted(work, ann):
    made = import_reading.preview(
        work, b"email,given_name\nann@acme.example,Anna\n", organization="acme", file_name="x.csv"
    )
    account_imports.apply(work, made.id)
    assert (ann.given_name, attribute_sources.of(ann, "given_name")) == ("Anna", Source.IMPORT)

    account_imports.undo(work, made.id)

    assert (ann.given_name, attribute_sources.of(ann, "given_name")) == ("", Source.ADMINISTRATOR)
