"""Access policies: versions, what counts, names and ids, and what is refused."""

import pytest

from idp.directory import access_policies
from idp.policy.access import documents


@pytest.fixture
def ann(work, an_organization, an_account):
    an_organization()
    made = an_account()
    work.tx.commit()
    return made


def rules(**values):
    return documents.rules_from_json(values)


def test_a_new_organization_lets_everybody_pass(open_work, ann):
    with open_work() as work:
        assert access_policies.standing(work, ann.organization_id).trivial


def test_what_is_written_counts_and_is_kept_by_id(open_work, ann):
    wanted = rules(guards=[{"name": "Not Ann", "conditions": {"people": {"accounts": [ann.email]}}}])
    with open_work() as work:
        written = access_policies.write(work, "acme", "Sessions", wanted)
        assert (written.policy.current, written.former) == (2, 1)
    with open_work() as work:
        found = access_policies.standing(work, ann.organization_id).session

    assert found.rules.guards[0].conditions.people.accounts == {ann.id}
