"""Why a person cannot open an application, in one sentence."""

import pytest

from idp.directory import (
    access_policies,
    accounts,
    applications,
    authentication_policy_changes,
    queries,
    zones,
)
from idp.directory.zones import Contents
from idp.policy.access import documents
from idp.signon.why_not import SENTENCES, why_not

ADDRESS = "192.0.2.7"


@pytest.fixture
def wiki(work, an_organization, a_site, an_application, an_account, a_group):
    an_organization()
    an_account()
    a_group()
    return an_application(a_site())


@pytest.fixture
def ann(work, wiki):
    return queries.account(work, "ann@acme.example")


@pytest.fixture
def asked(work, wiki, ann):
    def ask(ip=ADDRESS, by=None):
        return why_not(by or work, ann.id, wiki.id, organization_id=ann.organization_id, ip=ip)

    return ask


def rules(work, *guards, policy="Applications"):
    access_policies.write(work, "acme", policy, documents.rules_from_json({"guards": list(guards)}))


def test_without_a_grant_the_groups_that_would_give_it_are_named(work, wiki, asked):
    assert asked().code == "no-grant-no-group"
    applications.grant(work, wiki.id, group="Staff")
    wiki.requestable = True
    found = asked()
    assert found.sentence().endswith("Being in one of these groups would: Staff.")
    assert found.requestable
    assert not found.opens


def test_what_is_switched_off_is_told_first(work, wiki, ann, asked):
    applications.grant(work, wiki.id, everyone=True)
    applications.disable(work, wiki.id)
    assert asked().sentence() == "Wiki is switched off for everybody."
    accounts.disable(work, ann.id)
    assert asked().sentence() == "ann@acme.example is disabled, and so cannot sign in anywhere."


def test_a_rule_that_denies_is_named_with_its_policy(work, wiki, asked):
    applications.grant(work, wiki.id, everyone=True)
    rules(work, {"name": "Not now", "conditions": {"people": {"accounts": ["ann@acme.example"]}}})
    found = asked()
    assert found.code == "denied"
    assert "Not now" in found.sentence()
    assert "Applications" in found.sentence()


def test_a_rule_that_denies_only_new_devices_says_so(work, wiki, asked):
    applications.grant(work, wiki.id, everyone=True)
    rules(work, {"name": "Known only", "conditions": {"devices": {"known": False}}})
    found = asked()
    assert found.code == "denied-from-new-device"
    assert "Known only" in found.sentence()


def test_an_address_on_the_block_list_is_told(work, wiki, asked):
    applications.grant(work, wiki.id, everyone=True)
    zones.create(work, "acme", "Bad", Contents(networks=("192.0.2.0/24",)), usage="blocklist")
    assert asked().sentence().startswith(f"The address {ADDRESS} is in the zone Bad")
    assert asked(ip="198.51.100.1").code != "blocked"


def test_a_second_step_that_must_be_set_up_is_told(work, wiki, asked):
    applications.grant(work, wiki.id, everyone=True)
    authentication_policy_changes.edit(work, "acme", None, {"second_step": "required"})
    found = asked()
    assert found.code == "needs-second-step"


def test_without_an_address_no_rule_is_asked(work, wiki, asked):
    applications.grant(work, wiki.id, everyone=True)
    assert asked(ip="").code == "opens-unasked"


def test_a_bookmark_asks_no_rule(work, wiki, asked):
    applications.grant(work, wiki.id, everyone=True)
    wiki.protocol = "bookmark"
    assert asked().code == "opens"


def test_whoever_may_not_see_policies_learns_only_of_facts(work, wiki, ann, asked, as_account):
    applications.grant(work, wiki.id, everyone=True)
    rules(work, {"name": "Not now", "conditions": {"people": {"accounts": ["ann@acme.example"]}}})
    found = asked(by=as_account(work, ann, "user-access-administrator"))
    assert found.code == "opens-as-far-as-seen"


def test_every_sentence_can_be_filled_in():
    facts = dict.fromkeys(("person", "application", "groups", "ip", "zone", "policy", "rule"), "50 % {of} %(it)s")
    for sentence in SENTENCES.values():
        assert sentence % facts
