"""Whom a change of an authentication policy meets: counted before it is made."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from idp.base.work import Work
from idp.directory import authentication_policies
from idp.directory.authentication_policies import is_in
from idp.directory.models import Account
from idp.policy import authentication
from idp.policy.authentication import PolicyKind
from idp.policy.models import AuthenticationPolicy
from idp.policy.passwords import FLOOR_ALONE
from idp.policy.signon import SecondStep
from idp.signon.factors import enrolled
from idp.signon.models import Password


@dataclass(frozen=True, slots=True)
class Effects:
    """
    What a change of a policy would mean for those who are in it.

    Args:
        changes: what differs: name, before, after, in words.
        members: how many are in it whose account is not disabled.
        without_second_step: how many of these have none of their own; they set one up at the next sign-in where one is
            newly required.
        newly_required: a second step is required that was not.
        with_password: how many have a password; longer ones are asked for at its next change.
        longer_passwords: the least length grows.
        advice: what standards advise against in it.
    """

    changes: tuple[tuple[str, str, str], ...]
    members: int
    without_second_step: int
    newly_required: bool
    with_password: int
    longer_passwords: bool
    advice: tuple[str, ...]


def effects(work: Work, of: AuthenticationPolicy, changes: Mapping[str, Any]) -> Effects:
    """
    Return whom *changes* of a policy that the actor has been given would meet.

    Raises:
        Invalid: a value cannot be taken, or all together would keep people out.
    """
    before = authentication_policies.terms_of(of)
    after = authentication.changed(before, changes, kind=PolicyKind(of.kind), now=work.now)
    were, are = authentication.differences(before, after)
    inside = (is_in(of), Account.disabled_at.is_(None))
    members = _count(work, *inside)
    required = after.second_step is SecondStep.REQUIRED
    return Effects(
        changes=tuple((name, were[name], are[name]) for name in are),
        members=members,
        without_second_step=_count(work, *inside, ~enrolled.exists_for(Account)),
        newly_required=required and before.second_step is not SecondStep.REQUIRED,
        with_password=_count(
            work,
            *inside,
            select(Password.account_id)
            .where(Password.organization_id == Account.organization_id, Password.account_id == Account.id)
            .exists(),
        ),
        longer_passwords=_least(after) > _least(before),
        advice=tuple(authentication.advice(after)),
    )


def _least(terms: authentication.Terms) -> int:
    alone = terms.second_step is not SecondStep.REQUIRED
    return max(terms.password_minimum, FLOOR_ALONE if alone else 0)


def _count(work: Work, *conditions: Any) -> int:
    return work.tx.session.scalar(select(func.count()).select_from(Account).where(*conditions)) or 0
