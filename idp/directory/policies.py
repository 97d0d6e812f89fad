"""Verbs on what may be released, and what hot roads need to know of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select

from idp.audit.events import ReleasePolicyChanged, ReleaseRulesChanged
from idp.audit.log import record
from idp.base.errors import ChangedMeanwhile, Invalid
from idp.base.ids import new_id
from idp.base.prepared import Prepared
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import provisioning_marks, queries
from idp.directory.attributes import ATTRIBUTES
from idp.directory.attributes import name as attribute_name
from idp.directory.authentication_policies import AuthenticationFacts as AuthenticationFacts
from idp.directory.authentication_policies import authentication_policy as authentication_policy
from idp.directory.authentication_policies import default_policy as default_policy
from idp.directory.authentication_policy_changes import set_second_step as set_second_step
from idp.directory.models import Application, Organization, Site
from idp.directory.rights import require_on
from idp.policy.models import ReleasePolicy
from idp.policy.permissions import Permission, require
from idp.policy.release import LEVELS, Level, Policy, may_leave
from idp.policy.rules import Rule, checked, differences, rules_from_json

_RELEASE = Prepared(
    select(ReleasePolicy.level, ReleasePolicy.attributes, ReleasePolicy.rules).where(
        ReleasePolicy.organization_id == bindparam("organization_id"),
        (ReleasePolicy.subject_id == bindparam("organization_id"))
        | (ReleasePolicy.subject_id == bindparam("site_id"))
        | (ReleasePolicy.subject_id == bindparam("application_id")),
    )
)


def release_levels(work: Work, organization_id: str, site_id: str, application_id: str) -> Policy:
    """Return what organization, site and application say of release, in this order; those that say nothing are missing."""

    def read() -> Policy:
        rows = work.tx.rows(_RELEASE, organization_id=organization_id, site_id=site_id, application_id=application_id)
        rows.sort(key=lambda row: LEVELS.index(row.level))
        return Policy(Level(row.level, row.attributes, rules_from_json(row.rules)) for row in rows)

    return work.tx.memory.recall(("release", organization_id, site_id, application_id), read)


def releasable(work: Work, application: Application) -> list[str]:
    """Return the attributes that an application the actor has been given can receive at most, by every policy."""
    stated = release_levels(work, application.organization_id, application.site_id, application.id)
    return sorted(may_leave(stated), key=_in_order)


def further_released(work: Work, application: Application) -> frozenset[str]:
    """
    Return the further attributes that the organization, and the site, let any application at that site have.

    Of an application that the actor has been given; what its own administrators narrow it to does not count.
    """
    stated = release_levels(work, application.organization_id, application.site_id, application.id)
    return may_leave([one for one in stated if one.level != "application"]) - set(ATTRIBUTES)


def _in_order(attribute: str) -> tuple[int, str]:
    return (ATTRIBUTES.index(attribute) if attribute in ATTRIBUTES else len(ATTRIBUTES)), attribute


def release_policy(work: Work, organization_id: str, level: str, subject_id: str) -> ReleasePolicy | None:
    """Return what a level of an organization says of release, for somebody who has been given its subject."""
    return work.tx.session.scalar(
        select(ReleasePolicy).where(
            ReleasePolicy.organization_id == organization_id,
            ReleasePolicy.level == level,
            ReleasePolicy.subject_id == subject_id,
        )
    )


def set_application_release(
    work: Work,
    application_id: str,
    attributes: Sequence[str] | None,
    rules: Sequence[Rule] | None = None,
    *,
    if_version: int | None = None,
) -> ReleasePolicy:
    """
    Narrow what an application receives to *attributes* (what the organization withholds stays withheld).

    Args:
        attributes: None: this level narrows nothing; what the wider ones let out may leave.
        rules: take the place of those it has, in the same change; None: they stay.
        if_version: the version of the level's policy that the change was made for; 0: there was none.

    Raises:
        NotFound: no such application that this actor may see.
        Forbidden: the actor may not edit applications there.
        Invalid: no attribute is called so, or none that the organization releases; or the rules are not good.
        ChangedMeanwhile: somebody else has changed the policy in the meantime.
    """
    application = queries.application(work, application_id)
    require_on(work, Permission.APPLICATION_EDIT, application)
    return _set_release(work, _of_application(application), attributes=attributes, rules=rules, if_version=if_version)


def set_site_release(work: Work, site: str, attributes: Sequence[str] | None) -> ReleasePolicy:
    """
    Narrow what the applications of a site receive to *attributes*; None: to nothing less than what wider levels let out.

    Raises:
        NotFound: no such site that this actor may see.
        Forbidden: the actor may not change policies there.
        Invalid: no attribute is called so, or none that the organization releases.
    """
    found = queries.site(work, site)
    require_on(work, Permission.POLICY_EDIT, found)
    return _set_release(work, _of_site(found), attributes=attributes)


def set_organization_release(work: Work, organization: str, attributes: Sequence[str]) -> ReleasePolicy:
    """
    Set what any application of the organization may receive at most.

    Raises:
        NotFound: no such organization that this actor may see.
        Forbidden: the actor may not change policies there.
        Invalid: no attribute can be called so.
    """
    owner = queries.organization(work, organization)
    require(work, Permission.POLICY_EDIT, owner.id)
    return _set_release(work, _of_organization(owner), attributes=attributes)


def set_application_rules(
    work: Work, application_id: str, rules: Sequence[Rule], *, if_version: int | None = None
) -> ReleasePolicy:
    """
    Say what an application receives under which names: *rules* take the place of those it has.

    Args:
        if_version: the version of the level's policy that the change was made for; 0: there was none.

    Raises:
        NotFound: no such application that this actor may see.
        Forbidden: the actor may not edit applications there.
        Invalid: two rules have one name, or there are too many.
        Conflict: somebody else has changed the policy in the meantime.
    """
    application = queries.application(work, application_id)
    require_on(work, Permission.APPLICATION_EDIT, application)
    return _set_release(work, _of_application(application), rules=rules, if_version=if_version)


def set_site_rules(work: Work, site: str, rules: Sequence[Rule], *, if_version: int | None = None) -> ReleasePolicy:
    """
    Say what the applications of a site receive under which names, where they have no rule of their own.

    Args:
        if_version: the version of the level's policy that the change was made for; 0: there was none.

    Raises:
        NotFound: no such site that this actor may see.
        Forbidden: the actor may not change policies there.
        Invalid: two rules have one name, or there are too many.
        Conflict: somebody else has changed the policy in the meantime.
    """
    found = queries.site(work, site)
    require_on(work, Permission.POLICY_EDIT, found)
    return _set_release(work, _of_site(found), rules=rules, if_version=if_version)


def set_organization_rules(
    work: Work, organization: str, rules: Sequence[Rule], *, if_version: int | None = None
) -> ReleasePolicy:
    """
    Say what every application of an organization receives under which names, where no narrower level has a rule.

    Args:
        if_version: the version of the level's policy that the change was made for; 0: there was none.

    Raises:
        NotFound: no such organization that this actor may see.
        Forbidden: the actor may not change policies there.
        Invalid: two rules have one name, or there are too many.
        Conflict: somebody else has changed the policy in the meantime.
    """
    owner = queries.organization(work, organization)
    require(work, Permission.POLICY_EDIT, owner.id)
    return _set_release(work, _of_organization(owner), rules=rules, if_version=if_version)


@dataclass(frozen=True, slots=True)
class _Subject:
    """Of what a release policy is the policy."""

    organization_id: str
    level: str
    id: str
    name: str


def _of_application(application: Application) -> _Subject:
    return _Subject(application.organization_id, "application", application.id, application.name)


def _of_site(site: Site) -> _Subject:
    return _Subject(site.organization_id, "site", site.id, site.name)


def _of_organization(organization: Organization) -> _Subject:
    return _Subject(organization.id, "organization", organization.id, organization.name)


class _Unchanged:
    """What is not said is not changed; None is something that can be said."""


_UNCHANGED = _Unchanged()
_WIDEST = ("everything that wider levels let out",)


def _set_release(
    work: Work,
    of: _Subject,
    *,
    attributes: Sequence[str] | _Unchanged | None = _UNCHANGED,
    rules: Sequence[Rule] | None = None,
    if_version: int | None = None,
) -> ReleasePolicy:
    policy = release_policy(work, of.organization_id, of.level, of.id)
    if if_version is not None and if_version != (policy.version if policy is not None else 0):
        raise ChangedMeanwhile(of.id)
    if policy is None:
        policy = ReleasePolicy(
            organization_id=of.organization_id,
            id=new_id("rel"),
            level=of.level,
            subject_id=of.id,
            attributes=None,
            rules=[],
        )
        work.tx.session.add(policy)
    if not isinstance(attributes, _Unchanged):
        _change_attributes(work, of, policy, attributes)
    if rules is not None:
        _change_rules(work, of, policy, checked(rules))
    work.tx.session.flush()
    work.tx.after_commit(work.tx.memory.forget)
    return policy


def _change_attributes(work: Work, of: _Subject, policy: ReleasePolicy, attributes: Sequence[str] | None) -> None:
    before = _WIDEST if policy.attributes is None else tuple(policy.attributes)
    wanted = {attribute_name(name) for name in attributes or ()}
    if of.level != "organization":
        _check_known(work, of, wanted)
    listed = [name for name in ATTRIBUTES if name in wanted] + sorted(wanted - set(ATTRIBUTES))
    policy.attributes = None if attributes is None else listed
    if of.level != "application":
        provisioning_marks.everybody(work, of.organization_id)  # what is sent to applications changes with it
    record(
        work,
        ReleasePolicyChanged(
            organization_id=of.organization_id,
            target_id=of.id,
            before=before,
            after=_WIDEST if attributes is None else tuple(listed),
        ),
    )


def _check_known(work: Work, of: _Subject, wanted: set[str]) -> None:
    """What the organization does not name cannot leave anyway: whoever names it has mistyped, or must begin there."""
    if wanted <= set(ATTRIBUTES):
        return
    widest = release_policy(work, of.organization_id, "organization", of.organization_id)
    known = [*ATTRIBUTES, *sorted(set((widest.attributes if widest is not None else None) or ()) - set(ATTRIBUTES))]
    unknown = sorted(wanted - set(known))
    if unknown:
        raise Invalid(
            phrase("There is no attribute “%(unknown)s”.", unknown=unknown[0]),
            field="attributes",
            advice=phrase(
                "Choose among %(value)s. A further attribute of accounts is released by the organization first: idp organization release",
                value=", ".join(known),
            ),
        )


def _change_rules(work: Work, of: _Subject, policy: ReleasePolicy, rules: tuple[Rule, ...]) -> None:
    changes = differences(rules_from_json(policy.rules), rules)
    if not changes:
        return
    policy.rules = [rule.to_json() for rule in rules]
    record(
        work,
        ReleaseRulesChanged(
            organization_id=of.organization_id, target_id=of.id, level=of.level, name=of.name, changes=changes
        ),
    )
