"""`idp dev seed`: an empty installation is filled once, and its pages have something to show."""

import pytest

from bench import console_pages
from idp import app
from idp.base.clock import now
from idp.base.work import Actor, HeldRole, Origin, Work
from idp.cli import dev_seed
from idp.cli.context import open_database
from idp.cli.dev_seed.made_names import Chance
from idp.directory import search
from idp.directory.console_models import Run
from idp.directory.group_models import GroupRule
from idp.directory.models import Account, Group, Membership, Organization
from idp.directory.provisioned import SOURCE
from idp.directory.provisioning_models import ProvisionedAccount, ProvisionedGroup
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
        work = _work(tx)
        owner = tx.session.query(Organization).filter_by(slug="large").one()
        first = tx.session.query(Account).filter_by(organization_id=owner.id).order_by(Account.id).first()
        hits = search.find(work, owner.id, first.email)

        assert [hit.id for hit in hits if hit.kind == "account"] == [first.id]
        assert tx.session.query(Run).filter_by(organization_id=owner.id).count() > 50
        ruled = {one.group_id for one in tx.session.query(GroupRule).filter_by(organization_id=owner.id)}
        assert {one.id for one in tx.session.query(Group).filter_by(kind="rule")} == ruled != set()


def test_no_page_of_the_console_lacks_something_to_be_measured_with(idp, here, filled):
    settings = load(here / "config.yaml")
    with open_database(settings) as database:
        with database.transaction() as tx:
            things = console_pages.known(_work(tx))
        application = app.create(settings, database=database)
    found = dict(console_pages.pages(application, things))

    assert len(found) > 150
    assert [endpoint for endpoint, path in found.items() if not path] == []


def test_what_directories_and_rules_keep_is_said_everywhere(idp, here, filled):
    with open_database(load(here / "config.yaml")) as database, database.transaction() as tx:
        owner = tx.session.query(Organization).filter_by(slug="large").one()
        kept = {one.id: one.client_id for one in tx.session.query(ProvisionedAccount)}
        groups = {one.id: one.client_id for one in tx.session.query(ProvisionedGroup)}
        kinds = {one.id: one.kind for one in tx.session.query(Group)}
        rules = {f"rule:{one.id}": one.group_id for one in tx.session.query(GroupRule)}
        memberships = tx.session.query(Membership).filter_by(organization_id=owner.id).all()
        accounts = tx.session.query(Account).filter_by(organization_id=owner.id).count()

    assert abs(2 * len(kept) - accounts) <= 2
    assert {kinds[one] for one in groups} == {"provisioned"}
    by_directories = [one for one in memberships if one.source.startswith(SOURCE)]
    assert by_directories
    for one in memberships:
        assert (kinds[one.group_id] == "rule") == (one.source in rules)
        assert (one.group_id in groups) == (one in by_directories)
    assert all(f"{SOURCE}{kept[one.account_id]}" == one.source for one in by_directories)
    assert all(f"{SOURCE}{groups[one.group_id]}" == one.source for one in by_directories)


def _work(tx):
    return Work(tx, Actor("operator", name="test", roles=(HeldRole(OPERATOR),)), now(), Origin("cli"))


def test_it_is_filled_only_once_and_never_where_there_is_something(idp, here, filled):
    again = idp("dev", "seed", "--scale", "tiny", "--json")

    assert again.code != 0
    assert "filled before" in again.err


def test_the_same_number_makes_the_same_names():
    assert Chance(3).one(range(1000), "x") == Chance(3).one(range(1000), "x")
    assert Chance(3).id("acc", 1) != Chance(4).id("acc", 1)
