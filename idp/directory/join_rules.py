"""
Join rules: whose address is on a domain may join the organization, at once or when somebody has approved.

Without a rule nobody joins by themselves. Whoever writes one can do by hand what it does (D17). Nobody joins at once
by a domain that is not proven (any more): whoever buys a name that ran out would walk in (threats T20).
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select

from idp.audit.events import JoinRuleChanged, JoinRuleCreated, JoinRuleDeleted
from idp.audit.log import record
from idp.base.errors import ChangedMeanwhile, Conflict, Invalid, NotFound
from idp.base.ids import new_id
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import domain_reads, queries, rights
from idp.directory.joining_models import JoinRule
from idp.directory.keysets import Key, begins, rising
from idp.directory.models import Group, Organization
from idp.policy import domains
from idp.policy.permissions import Permission, require

KINDS = ("member", "guest")
MOST_GROUPS = 20
MOST_RULES = 200


def create(
    work: Work,
    domain: str,
    *,
    organization: str,
    needs_approval: bool = True,
    notify: bool = True,
    kind: str = "member",
    groups: Sequence[str] = (),
) -> JoinRule:
    """
    Let whoever has an address on *domain* join.

    Args:
        needs_approval: somebody approves first; without, the domain must be proven as the organization's own.
        notify: those who may approve are told by mail of everybody who waits.
        kind: what their accounts are, ``member`` or ``guest``.
        groups: names or ids of the groups that they enter.

    Raises:
        NotFound: no such organization or group that this actor may see.
        Forbidden: the actor may not edit domains and create accounts there, or not change who is in a group.
        Invalid: the domain cannot be one's own, is not proven, the kind is none, or a group cannot be entered by a rule.
        Conflict: there is a rule for the domain already, or too many.
    """
    owner = queries.organization(work, organization)
    _require(work, owner.id)
    name = _domain(domain)
    count = select(func.count()).select_from(JoinRule).where(JoinRule.organization_id == owner.id)
    if work.tx.session.scalar(count.where(JoinRule.domain == name)):
        raise Conflict(
            phrase("There is a rule for “%(name)s” already.", name=name), field="domain", advice="Change that one."
        )
    if (work.tx.session.scalar(count) or 0) >= MOST_RULES:
        raise Conflict(phrase("An organization has at most %(most_rules)s such rules.", most_rules=MOST_RULES))
    if not needs_approval:
        _require_proven(work, owner.id, name)
    made = JoinRule(
        organization_id=owner.id,
        id=new_id("jnr"),
        domain=name,
        needs_approval=needs_approval,
        notify=notify,
        kind=_kind(kind),
        groups=_groups(work, owner.id, groups),
        created_at=work.now,
    )
    work.tx.session.add(made)
    work.tx.session.flush()
    record(work, JoinRuleCreated(organization_id=owner.id, target_id=made.id, domain=name, terms=_terms(made)))
    return made


def edit(
    work: Work,
    reference: str,
    *,
    organization: str,
    needs_approval: bool | None = None,
    notify: bool | None = None,
    kind: str | None = None,
    groups: Sequence[str] | None = None,
    if_version: int | None = None,
) -> JoinRule:
    """
    Change a rule; what is None stays as it is. It counts from now on, for those who wait, too.

    Args:
        reference: the id of the rule, or its domain.
        if_version: the version of the rule that the change was made for.

    Raises:
        NotFound, Forbidden, Invalid: as in `create`; or no such rule.
        Conflict: somebody else has changed it in the meantime.
    """
    found = rule(work, reference, organization=organization)
    _require(work, found.organization_id)
    if if_version is not None and if_version != found.version:
        raise ChangedMeanwhile(found.id)
    before = _terms(found)
    if needs_approval is False and found.needs_approval:
        _require_proven(work, found.organization_id, found.domain)
    # What stays is judged, too: whoever edits a rule vouches for all that it does.
    wanted = _groups(work, found.organization_id, found.groups if groups is None else groups)
    found.needs_approval = found.needs_approval if needs_approval is None else needs_approval
    found.notify = found.notify if notify is None else notify
    found.kind = found.kind if kind is None else _kind(kind)
    found.groups = wanted
    after = _terms(found)
    if after == before:
        return found
    work.tx.session.flush()
    record(
        work,
        JoinRuleChanged(
            organization_id=found.organization_id, target_id=found.id, domain=found.domain, before=before, after=after
        ),
    )
    return found


def delete(work: Work, reference: str, *, organization: str, if_version: int | None = None) -> JoinRule:
    """
    Let nobody join by a rule any more. Who has joined stays, who waits can still be approved.

    Raises:
        NotFound: no such organization or rule that this actor may see.
        Forbidden: the actor may not edit domains and create accounts there.
        Conflict: somebody else has changed it in the meantime.
    """
    found = rule(work, reference, organization=organization)
    _require(work, found.organization_id)
    if if_version is not None and if_version != found.version:
        raise ChangedMeanwhile(found.id)
    work.tx.session.delete(found)
    work.tx.session.flush()
    record(work, JoinRuleDeleted(organization_id=found.organization_id, target_id=found.id, domain=found.domain))
    return found


def rules(work: Work, *, organization_id: str | None = None) -> list[JoinRule]:
    """Return the rules that this actor may see, by domain."""
    query = queries.visible(work, JoinRule, Permission.DOMAIN_READ).order_by(JoinRule.domain)
    if organization_id is not None:
        query = query.where(JoinRule.organization_id == organization_id)
    return list(work.tx.session.scalars(query))


def page(
    work: Work, organization_id: str, *, after: Key | None = None, limit: int = 50, starting: str = ""
) -> list[JoinRule]:
    """
    Return the rules of an organization that this actor may see, by domain, at most *limit*.

    Args:
        after: the domain of the last one that was shown; None: from the start.
        starting: only those whose domain begins so.
    """
    query = queries.visible(work, JoinRule, Permission.DOMAIN_READ).where(JoinRule.organization_id == organization_id)
    if starting:
        query = query.where(begins(JoinRule.domain, starting))
    return list(work.tx.session.scalars(rising(query, (JoinRule.domain,), after, limit)))


def rule(work: Work, reference: str, *, organization: str) -> JoinRule:
    """
    Return the rule with the id *reference*, or for that domain.

    Raises:
        NotFound: none that this actor may see.
    """
    owner = queries.organization(work, organization)
    listed = rules(work, organization_id=owner.id)
    found = next((one for one in listed if reference.lower() in (one.id, one.domain)), None)
    if found is None:
        raise NotFound(
            phrase("There is no join rule “%(reference)s”.", reference=reference[:80]), advice="See: idp join-rule list"
        )
    return found


def rule_for(work: Work, organization_id: str, email_key: str) -> JoinRule | None:
    """Return the rule by which an address joins, None: there is none; not for administrators."""
    domain = email_key.rpartition("@")[2]
    return work.tx.session.scalar(
        select(JoinRule).where(JoinRule.organization_id == organization_id, JoinRule.domain == domain)
    )


def are_there(work: Work, organization_id: str) -> bool:
    """Say whether anybody may join the organization by themselves; not for administrators."""
    query = select(func.count()).select_from(JoinRule).where(JoinRule.organization_id == organization_id)
    return bool(work.tx.session.scalar(query))


def offered_at(work: Work, organization_id: str) -> str:
    """
    Return the short name of the organization for the address of its page to join, as it was within the last second;
    empty: nobody joins it by themselves. Not for administrators.
    """

    def read() -> str:
        organization = work.tx.session.get(Organization, organization_id)
        return organization.slug if organization is not None and are_there(work, organization_id) else ""

    return str(work.tx.memory.recall(("joining", organization_id), read))


def joins_at_once(work: Work, found: JoinRule) -> bool:
    """Say whether whoever proves an address joins by this rule without anybody's approval, as things stand now."""
    return not found.needs_approval and domain_reads.may_join(work, found.organization_id, found.domain)


def _require(work: Work, organization_id: str) -> None:
    require(work, Permission.DOMAIN_EDIT, organization_id)
    require(work, Permission.ACCOUNT_CREATE, organization_id)


def _domain(value: str) -> str:
    try:
        return domains.name(value)
    except Invalid as error:
        raise Invalid(error.message, field="domain", advice=error.advice) from error


def _require_proven(work: Work, organization_id: str, domain: str) -> None:
    if not domain_reads.may_join(work, organization_id, domain):
        raise Invalid(
            phrase("“%(domain)s” is not proven as yours: nobody joins by it without approval.", domain=domain),
            field="needs_approval",
            advice="Prove the domain first, or let somebody approve.",
        )


def _kind(value: str) -> str:
    if value not in KINDS:
        raise Invalid(phrase("Whoever joins is a %(value)s.", value=" or a ".join(KINDS)), field="kind")
    return value


def _groups(work: Work, organization_id: str, wanted: Sequence[str]) -> list[str]:
    if len(wanted) > MOST_GROUPS:
        raise Invalid(
            phrase("A rule leads into at most %(most_groups)s groups.", most_groups=MOST_GROUPS), field="groups"
        )
    found: dict[str, Group] = {}
    for reference in wanted:
        group = queries.group(work, reference, organization_id=organization_id)
        found[group.id] = group
    for group in found.values():
        rights.require_into(work, group)
        if not may_be_entered(work, group):
            raise Invalid(
                phrase("“%(name)s” cannot be entered by a rule.", name=group.name),
                field="groups",
                advice="Name groups whose members are chosen by hand, and that carry no role of administrators.",
            )
    return list(found)


def may_be_entered(work: Work, group: Group) -> bool:
    """Say whether a rule may put people into *group*: its members are chosen by hand, and it carries no role (T5)."""
    return group.kind == "manual" and not rights.roles_of_group(work, group)


def _terms(of: JoinRule) -> dict[str, Any]:
    return {
        "needs_approval": of.needs_approval,
        "notify": of.notify,
        "kind": of.kind,
        "groups": ", ".join(of.groups),
    }
