"""The doctor of a provider on attributes of an organization's own: none that there is is called unknown."""

import shlex

import pytest

from idp.directory import accounts, held_attributes, organizations, policies, queries
from idp.directory.held_attributes import held
from idp.policy.rules import Rule
from idp.saml.doctor import remedies
from idp.saml.doctor.examination import Given
from tests.support import people
from tests.support.ailments import examined, register
from tests.support.saml_world import ANN, BEN
from tests.support.vendors import OKTA

ASKS = OKTA.metadata(('Name="firstName"', 'Name="employeeNumber"'))
OWN = "employee_number"


def about_it(world, application_id, given=Given()):  # noqa: B008 (frozen)
    """Return what is found of the attribute that Okta asks for as employeeNumber."""
    found = examined(world, application_id, given).findings
    return [one for one in found if one.kind.startswith("attribute-") and "employeeNumber" in one.evidence]


def give(world, **attributes: str):
    with world.work() as work:
        accounts.set_attributes(work, ANN, {name: [value] for name, value in attributes.items()})


def release(world, *attributes: str):
    with world.work() as work:
        policies.set_organization_release(work, "acme", attributes)


def test_what_nobody_has_is_unknown_and_what_may_leave_is_listed(world):
    application_id = register(world, OKTA, ASKS)
    release(world, "email", "department")

    (finding,) = about_it(world, application_id)

    assert finding.kind == "attribute-unknown"
    assert finding.evidence.endswith("accounts have email, name, given_name, family_name, groups, department")


def test_what_people_have_and_the_organization_withholds_is_withheld_and_not_unknown(world):
    application_id = register(world, OKTA, ASKS)
    give(world, employee_number="4711", salary="12")

    (finding,) = about_it(world, application_id)

    assert finding.kind == "attribute-withheld"
    assert f"“{OWN}” is withheld by the release policy of the organization" in finding.evidence
    assert f"idp organization release acme --attribute {OWN}" in finding.here
    assert finding.fix is None
    assert "salary" not in finding.evidence + finding.here


def test_what_the_organization_releases_under_another_name_is_proposed_under_the_name_that_is_asked_for(world):
    application_id = register(world, OKTA, ASKS)
    release(world, "email", "name", OWN)

    (finding,) = about_it(world, application_id)

    assert finding.kind == "attribute-other-name"
    assert f"“{OWN}” is sent as {OWN}" in finding.evidence
    assert f"idp application saml release-requested {application_id}" in finding.here


def test_what_the_application_alone_withholds_can_be_released_by_a_fix(world):
    application_id = register(world, OKTA, ASKS)
    release(world, "email", "name", OWN)
    with world.work() as work:
        policies.set_application_release(work, application_id, ["email"])
    found = examined(world, application_id).findings
    (finding,) = about_it(world, application_id)
    assert (finding.kind, finding.fix.does) == ("attribute-withheld", f"releases “{OWN}” to this application")

    with world.work() as work:
        remedies.apply(work, application_id, "attribute-withheld", [one for one in found if one == finding])

    assert [one.kind for one in about_it(world, application_id)] == ["attribute-other-name"]


def test_what_a_rule_of_the_organization_sends_under_that_name_is_not_found_at_all(world):
    application_id = register(world, OKTA, ASKS)
    release(world, "email", OWN)
    with world.work() as work:
        rule = Rule.from_json({"name": "employeeNumber", "source": "attribute", "value": OWN})
        policies.set_organization_rules(work, "acme", [rule])

    assert about_it(world, application_id) == []


def test_metadata_that_is_not_registered_yet_is_looked_at_with_what_the_organization_has(world):
    assert [one.kind for one in about_it(world, None, Given(metadata=ASKS))] == ["attribute-unknown"]

    give(world, employee_number="4711")

    assert about_it(world, None, Given(metadata=ASKS)) == []


@pytest.mark.parametrize("name", ["it's; rm -rf ~", "an APP of ours"])
def test_a_name_that_somebody_else_wrote_is_quoted_in_the_command_and_nothing_in_it_is_replaced(world, name):
    application_id = register(world, OKTA, OKTA.metadata(('Name="firstName"', f'Name="{name}"')))

    unknown = [one for one in examined(world, application_id).findings if one.kind == "attribute-unknown"]

    commands = [shlex.split(one.remedy.command) for one in unknown]
    assert ["idp", "application", "rules", "set", application_id, "--attribute", f"{name}=SOURCE"] in commands


@pytest.mark.both_databases
def test_t1_held_are_the_attributes_of_accounts_that_the_actor_may_see(world):
    give(world, employee_number="4711", **{"a.b": "1"})
    with world.work() as work:
        accounts.create(work, "zoe@rival.example", organization="rival", name="Zoe")
        accounts.set_attributes(work, "zoe@rival.example", {"shoe_size": ["40"]})

    with world.work() as work:
        acme = organizations.by_slug(work, "acme").id
        assert held(work, acme) == {OWN, "a.b"}
        assert held(people.stranger(work), acme) == frozenset()
        auditor = people.as_account(work, queries.account(work, ANN), "auditor")
        assert held(auditor, acme) == {OWN, "a.b"}
        assert held(auditor, organizations.by_slug(work, "rival").id) == frozenset()


@pytest.mark.both_databases
def test_not_every_account_is_looked_at_for_what_there_is(world, monkeypatch):
    """A page that asks must not read a hundred thousand accounts."""
    monkeypatch.setattr(held_attributes, "MOST_ACCOUNTS", 1)
    with world.work() as work:
        first, second = sorted((queries.account(work, email) for email in (ANN, BEN)), key=lambda one: one.id)
        accounts.set_attributes(work, first.id, {"desk": ["7"]})
        accounts.set_attributes(work, second.id, {"badge": ["4711"]})

        assert held_attributes.held(work, first.organization_id) == {"desk"}
