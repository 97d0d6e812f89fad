"""What administrators see of second steps, and take away."""

import pytest

from idp.base.errors import Forbidden, NotFound
from idp.policy.signon import Method
from idp.signon import account_factors, session
from tests.signon.passkeys import Person


def test_both_kinds_are_listed_and_removing_one_ends_every_sign_on(world, open_work):
    """A24: a session that was opened with a lost key does not go on."""
    ann = Person(world, open_work)
    ann.add("Blue key")
    with open_work() as work:
        current = ann.session(work)
        found = account_factors.factors(work, ann.account)
        assert [(one.method, one.name) for one in found] == [(Method.TOTP, "Phone"), (Method.PASSKEY, "Blue key")]
        assert (found[1].may_be_copied, found[1].attestation) == (False, "none")

        account_factors.remove(work, ann.account.id, found[1].id, organization_id=ann.account.organization_id)

        assert [one.name for one in account_factors.factors(work, ann.account)] == ["Phone"]
        assert not session.alive(work, ann.account.organization_id, current.id)
        with pytest.raises(NotFound):
            account_factors.remove(work, ann.account.id, found[1].id, organization_id=ann.account.organization_id)


def test_who_may_not_administer_credentials_removes_none(world, open_work, as_account, stranger):
    ann = Person(world, open_work)
    ann.add()
    with open_work() as work:
        of = ann.account.organization_id
        known = account_factors.factors(work, ann.account)[0]
        with pytest.raises((Forbidden, NotFound)):
            account_factors.remove(stranger(work), ann.account.id, known.id, organization_id=of)
        assert len(account_factors.factors(work, ann.account)) == 2
