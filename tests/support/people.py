"""Who does the work in a test."""

from dataclasses import replace

from idp.base.work import Actor, HeldRole, Work
from idp.directory.models import Account
from idp.policy.permissions import OPERATOR, ORGANIZATION_ADMINISTRATOR

OPERATOR_ACTOR = Actor("operator", name="test", roles=(HeldRole(OPERATOR),))


def as_account(work: Work, account: Account, *roles: str) -> Work:
    """Return *work* done by *account* in *roles* of its organization."""
    held = tuple(HeldRole(role, account.organization_id) for role in roles)
    return replace(work, actor=Actor("account", account.id, account.email, account.organization_id, held))


def stranger(work: Work) -> Work:
    """Return *work* done by an administrator of some other organization."""
    roles = (HeldRole(ORGANIZATION_ADMINISTRATOR, "org_elsewhere"),)
    return replace(work, actor=Actor("account", "acc_mallory", "mallory@elsewhere.example", "org_elsewhere", roles))
