"""
Why a person cannot open an application: one plain sentence, with the rule that decides.

Facts come first (is the account on, is there a grant), then the rules: the same evaluator that answers at the door
is asked about a sign-on now, from where the person came last. Nothing is written.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy import select

from idp.audit.models import Attempt
from idp.base.work import Work
from idp.directory import paths, queries
from idp.directory.models import Account, Application
from idp.directory.paths import Named
from idp.policy.permissions import Permission, allows
from idp.signon import flow
from idp.signon.request import Refusal
from idp.signon.what_if import Supposed, WhatIf, what_if

_ = str  # marks a sentence that is translated where it is shown

SENTENCES: Mapping[str, str] = {
    "opens": _("%(person)s can open %(application)s: nothing stands in the way."),
    "opens-as-far-as-seen": _("No fact keeps %(person)s from %(application)s; you may not see which rules are asked."),
    "opens-unasked": _(
        "No fact keeps %(person)s from %(application)s. No rule was asked: name an address to ask about."
    ),
    "account-erased": _("The account was erased."),
    "account-to-be-deleted": _("%(person)s is to be deleted, and cannot sign in until that is cancelled."),
    "account-disabled": _("%(person)s is disabled, and so cannot sign in anywhere."),
    "application-disabled": _("%(application)s is switched off for everybody."),
    "site-disabled": _("The site of %(application)s is switched off, and so are all of its applications."),
    "no-grant": _(
        "Nothing gives %(person)s access to %(application)s: no grant to everyone, to a group of theirs, or to "
        "them. Being in one of these groups would: %(groups)s."
    ),
    "no-grant-no-group": _(
        "Nothing gives %(person)s access to %(application)s, and no group would: it is open to no group."
    ),
    "blocked": _(
        "The address %(ip)s is in the zone %(zone)s, which is on the block list: nobody there gets any answer."
    ),
    "denied": _("The access policy %(policy)s denies it, by the rule: %(rule)s."),
    "denied-from-new-device": _(
        "The access policy %(policy)s denies it from a device that %(person)s has never signed in "
        "on, by the rule: %(rule)s."
    ),
    "needs-second-step": _("%(person)s must set up a second step first: %(rule)s."),
    "cannot-be-proven": _("What is demanded (%(rule)s) can be neither proven by %(person)s nor set up."),
}
"""What each answer says; whoever shows it fills in ``facts`` as plain text."""


@dataclass(frozen=True, slots=True)
class Answer:
    """
    Why not, or that nothing stands in the way.

    Args:
        code: one of `SENTENCES`.
        facts: what its sentence is filled in with.
        groups: those that would give access.
        requestable: the person may ask for access in the launcher.
        ip: the address that the rules were asked about; empty: no rule was asked.
    """

    code: str
    facts: Mapping[str, str] = field(default_factory=dict)
    groups: tuple[Named, ...] = ()
    requestable: bool = False
    ip: str = ""

    @property
    def opens(self) -> bool:
        """Whether nothing was found that stands in the way."""
        return self.code.startswith("opens")

    def sentence(self, translate: Callable[[str], str] = str) -> str:
        """Return the sentence; *translate* makes another language's pattern out of the English one."""
        return translate(SENTENCES[self.code]) % self.facts


def why_not(work: Work, account: str, application_id: str, *, organization_id: str, ip: str = "") -> Answer:
    """
    Return why an account cannot open an application now.

    Args:
        ip: the address that the request would come from (empty: that of the person's last attempt).

    Raises:
        NotFound: no such account or application that this actor may see.
        Invalid: *ip* is no address.
    """
    person = queries.account(work, account, organization_id=organization_id)
    application = queries.application(work, application_id)
    facts = {"person": person.email, "application": application.name}
    if application.organization_id != person.organization_id:
        return Answer("no-grant-no-group", facts)
    found = paths.obstacle(work, person, application)
    if found is not None:
        called = ", ".join(one.name for one in found.groups)
        code = "no-grant-no-group" if found.code == "no-grant" and not found.groups else found.code
        return Answer(code, {**facts, "groups": called}, found.groups, found.requestable)
    if application.protocol == "bookmark":  # an address elsewhere: nobody asks here who goes there
        return Answer("opens", facts)
    if not allows(work.actor, Permission.POLICY_READ, person.organization_id):
        return Answer("opens-as-far-as-seen", facts)
    return _by_rules(work, person, application, facts, ip)


def _by_rules(work: Work, person: Account, application: Application, facts: dict[str, str], ip: str) -> Answer:
    address = ip or _last_address(work, person)
    if not address:
        return Answer("opens-unasked", facts)
    supposed = Supposed(
        at=work.now,
        account=person.id,
        application_id=application.id,
        ip=address,
        place=work.origin.locate(address),
        known_device=True,
    )
    known = what_if(work, supposed)
    if known.blocked_by is not None:
        return Answer("blocked", {**facts, "ip": address, "zone": known.blocked_by}, ip=address)
    if known.denied is not None:
        return _denied(known, "denied", facts, address)
    elsewhere = what_if(work, replace(supposed, known_device=False))
    if elsewhere.denied is not None:
        return _denied(elsewhere, "denied-from-new-device", facts, address)
    return _of_road(known, facts, address)


def _of_road(found: WhatIf, facts: dict[str, str], ip: str) -> Answer:
    rule = "" if found.together is None else found.together.rule
    for step in found.road:
        match step:
            case flow.EnrolSecondStep():
                return Answer("needs-second-step", {**facts, "rule": rule}, ip=ip)
            case flow.Refuse(refusal=Refusal.CONTEXT_UNMET):
                return Answer("cannot-be-proven", {**facts, "rule": rule}, ip=ip)
    return Answer("opens", facts, ip=ip)


def _denied(found: WhatIf, code: str, facts: dict[str, str], ip: str) -> Answer:
    denied = found.denied
    policy = next(one.name for one in found.access if one.evaluation.outcome is denied)
    return Answer(code, {**facts, "policy": policy, "rule": "" if denied is None else denied.rule}, ip=ip)


def _last_address(work: Work, person: Account) -> str:
    query = (
        select(Attempt.ip)
        .where(Attempt.organization_id == person.organization_id, Attempt.account_id == person.id, Attempt.ip != "")
        .order_by(Attempt.at.desc())
        .limit(1)
    )
    return work.tx.session.scalar(query) or ""
