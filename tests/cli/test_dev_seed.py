"""`idp dev seed`: an empty installation is filled once, and its pages have something to show."""

import pytest

from idp.base.clock import now
from idp.base.work import Actor, HeldRole, Origin, Work
from idp.cli import dev_seed
from idp.cli.context import open_database
from idp.cli.dev_seed.made_names import Chance
from idp.directory import search
from idp.directory.console_models import Run
from idp.directory.group_models import GroupRule
from idp.directory.models import Account, Group, Organization
from idp.policy.permissions import OPERATOR
from idp.settings import load


@pytest.fixture
def filled(idp):
    """The outcome of filling an installation of the least scale."""
    idp("init")
    return idp("dev", "seed", "--scale", "tiny", "--json")


def test_an_empty_installation_is_filled_as_large_as_asked(idp, here, filled):
    scale = dev_seed.SCALES["tiny"]
    rows = filled.json["rows"]

    assert filled.code == 0
    assert rows["organizations"] == scale.organizations
    assert scale.accounts - scale.organizations <= rows["accounts"] <= scale.accounts
    assert all(rows.values()), rows
    assert filled.json["administrator"].endswith("@large.example")


def test_what_was_filled_can_be_found_and_worked_with(idp, here, filled):
    with open_database(load(here / "config.yaml")) as database, database.transaction() as tx:
        work = Work(tx, Actor("operator", name="test", roles=(HeldRole(OPERATOR),)), now(), Origin("cli"))
        owner = tx.session.query(Organization).filter_by(slug="large").one()
        first = tx.session.query(Account).filter_by(organization_id=owner.id).order_by(Account.id).first()
        hits = search.find(work, owner.id, first.email)

        assert [hit.id for hit in hits if hit.kind == "account"] == [first.id]
        assert tx.session.query(Run).filter_by(organization_id=owner.id).count() > 50
        ruled = {one.group_id for one in tx.session.query(GroupRule).filter_by(organization_id=owner.id)}
        assert {one.id for one in tx.session.query(Group).filter_by(kind="rule")} == ruled != set()


def test_it_is_filled_only_once_and_never_where_there_is_something(idp, here, filled):
    again = idp("dev", "seed", "--scale", "tiny", "--json")

    assert again.code != 0
    assert "filled before" in again.err


def test_the_same_number_makes_the_same_names():
    assert Chance(3).one(range(1000), "x") == Chance(3).one(range(1000), "x")
    assert Chance(3).id("acc", 1) != Chance(4).id("acc", 1)
