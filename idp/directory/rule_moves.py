"""
Whoever edits an account does not decide thereby who is in a group, unless they may (threats T5).

Rules of groups go by attributes. Where a group decides something (rules of access keep its members out, it opens an
application), an attribute that moves somebody in or out is worth as much as its list of members.
"""

from idp.base.errors import Forbidden
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import group_rules, rights
from idp.directory.group_rights import groups_by_id
from idp.directory.models import Account, Group
from idp.policy.permissions import Permission, allows


def settle_edited(work: Work, account: Account) -> None:
    """
    Let rules see an account that the actor has made or edited.

    Raises:
        Forbidden: it would enter or leave a group by a rule, which decides something and whose members the actor may not
            change; the transaction must not be committed.
    """
    moved = group_rules.settle_account(work, account.organization_id, account.id)
    if not moved or allows(work.actor, Permission.GROUP_MEMBERS, account.organization_id):
        return
    for group in groups_by_id(work, account.organization_id, moved):
        if not rights.may_change_members(work, group) and rights.decides(work, group):
            raise _refusal(work, group)


def _refusal(work: Work, group: Group) -> Forbidden:
    how = {
        "code": "moves-by-rule",
        "advice": "Ask an administrator who may change the members of that group.",
        "cause": f"{work.actor.kind} {work.actor.name or work.actor.id} may not change who is in {group.id}",
    }
    if not allows(work.actor, Permission.GROUP_READ, group.organization_id):
        return Forbidden(
            "This would change who is in a group whose rule asks for it, and with that what people may do.", **how
        )
    return Forbidden(
        phrase(
            "This would change who is in the group “%(name)s”, whose rule asks for it, and with that what people may do.",
            name=group.name,
        ),
        **how,
    )
