"""Who is an exception to the rule of a group: the rule neither puts them in, nor takes them out."""

from collections.abc import Iterable

from sqlalchemy import select

from idp.audit.events import GroupRuleExceptionsChanged
from idp.audit.log import record
from idp.base.errors import Conflict
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory.group_models import GroupRule
from idp.directory.models import Group

MOST_EXCEPTIONS = 200


def rule_of(work: Work, group: Group) -> GroupRule | None:
    """Return the rule of a group, None if it has none."""
    work.tx.session.flush()
    return work.tx.session.scalar(
        select(GroupRule)
        .where(GroupRule.organization_id == group.organization_id, GroupRule.group_id == group.id)
        .execution_options(populate_existing=True)  # others may have changed it before this transaction held
    )


def note(work: Work, group: Group, account_id: str) -> None:
    """
    Make an account that the rule of *group* has put there an exception to it. The caller holds.

    Raises:
        Conflict: the rule has as many exceptions as it can have.
    """
    rule = rule_of(work, group)
    if rule is not None and account_id not in rule.exceptions:
        change(work, group, rule, [*rule.exceptions, account_id])


def change(work: Work, group: Group, rule: GroupRule, exceptions: Iterable[str]) -> None:
    """
    Let *exceptions* (account ids) be all exceptions to a rule. The caller holds, and settles.

    Raises:
        Conflict: there are too many.
    """
    after = list(dict.fromkeys(exceptions))
    if len(after) > MOST_EXCEPTIONS:
        raise Conflict(
            phrase("A rule has at most %(most_exceptions)s exceptions.", most_exceptions=MOST_EXCEPTIONS),
            field="exceptions",
            advice="Let the condition leave them out instead, for instance by an attribute.",
        )
    before = list(rule.exceptions)
    rule.exceptions = after
    work.tx.session.flush()
    record(
        work,
        GroupRuleExceptionsChanged(
            organization_id=group.organization_id,
            target_id=group.id,
            group=group.name,
            added=[one for one in after if one not in before],
            removed=[one for one in before if one not in after],
        ),
    )
