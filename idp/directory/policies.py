"""Verbs on the policies of an organization, and what hot roads need to know of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select

from idp.audit.events import AuthenticationPolicyChanged, ReleasePolicyChanged
from idp.audit.log import record
from idp.base.db import Prepared
from idp.base.errors import Invalid
from idp.base.ids import new_id
from idp.base.work import Work
from idp.directory import queries
from idp.directory.attributes import ATTRIBUTES
from idp.directory.models import Application
from idp.policy.models import AuthenticationPolicy, ReleasePolicy
from idp.policy.permissions import Permission, require
from idp.policy.signon import SecondStep


@dataclass(frozen=True, slots=True)
class AuthenticationFacts:
    """An authentication policy as a process may remember it for a second."""

    id: str
    version: int
    second_step: SecondStep
    password_minimum: int
    session_idle_seconds: int
    session_absolute_seconds: int


_RELEASE = Prepared(
    select(ReleasePolicy.level, ReleasePolicy.attributes).where(
        ReleasePolicy.organization_id == bindparam("organization_id"),
        (ReleasePolicy.subject_id == bindparam("organization_id"))
        | (ReleasePolicy.subject_id == bindparam("site_id"))
        | (ReleasePolicy.subject_id == bindparam("application_id")),
    )
)
_AUTHENTICATION = Prepared(
    select(
        AuthenticationPolicy.id,
        AuthenticationPolicy.version,
        AuthenticationPolicy.is_default,
        AuthenticationPolicy.second_step,
        AuthenticationPolicy.password_minimum,
        AuthenticationPolicy.session_idle_seconds,
        AuthenticationPolicy.session_absolute_seconds,
    ).where(AuthenticationPolicy.organization_id == bindparam("organization_id"))
)


def release_levels(work: Work, organization_id: str, site_id: str, application_id: str) -> list[list[str]]:
    """Return the release policies that bear on an application, as attribute names per level."""

    def read() -> list[list[str]]:
        rows = work.tx.rows(_RELEASE, organization_id=organization_id, site_id=site_id, application_id=application_id)
        return [row.attributes for row in rows]

    return work.tx.memory.recall(("release", organization_id, application_id), read)


def releasable(work: Work, application: Application) -> list[str]:
    """Return the attributes that an application the actor has been given can receive at most, by every policy."""
    stated = release_levels(work, application.organization_id, application.site_id, application.id)
    return [name for name in ATTRIBUTES if stated and all(name in level for level in stated)]


def authentication_policy(work: Work, organization_id: str, policy_id: str | None) -> AuthenticationFacts:
    """Return the authentication policy of an account (None: the organization's default)."""
    rows = work.tx.memory.recall(
        ("authentication-policies", organization_id),
        lambda: work.tx.rows(_AUTHENTICATION, organization_id=organization_id),
    )
    chosen = next((r for r in rows if r.id == policy_id), None) or next(r for r in rows if r.is_default)
    return AuthenticationFacts(
        id=chosen.id,
        version=chosen.version,
        second_step=SecondStep(chosen.second_step),
        password_minimum=chosen.password_minimum,
        session_idle_seconds=chosen.session_idle_seconds,
        session_absolute_seconds=chosen.session_absolute_seconds,
    )


def set_second_step(work: Work, organization: str, second_step: str) -> AuthenticationPolicy:
    """
    Say whether the organization's default policy asks for a second step: off, optional or required.

    Raises:
        NotFound: no such organization that this actor may see.
        Forbidden: the actor may not change policies there.
        Invalid: *second_step* is none of the three.
    """
    owner = queries.organization(work, organization)
    require(work, Permission.POLICY_EDIT, owner.id)
    if second_step not in set(SecondStep):
        raise Invalid("A second step is off, optional or required.", field="second_step")
    policy = default_policy(work, owner.id)
    before = {"second_step": policy.second_step}
    policy.second_step = second_step
    record(
        work,
        AuthenticationPolicyChanged(
            organization_id=owner.id,
            target_id=policy.id,
            name=policy.name,
            before=before,
            after={"second_step": second_step},
        ),
    )
    work.tx.after_commit(work.tx.memory.forget)
    return policy


def default_policy(work: Work, organization_id: str) -> AuthenticationPolicy:
    """Return the organization's default authentication policy."""
    return work.tx.session.scalars(
        select(AuthenticationPolicy).where(
            AuthenticationPolicy.organization_id == organization_id, AuthenticationPolicy.is_default.is_(True)
        )
    ).one()


def set_application_release(work: Work, application_id: str, attributes: Sequence[str]) -> ReleasePolicy:
    """
    Narrow what an application receives to *attributes* (what the organization withholds stays withheld).

    Raises:
        NotFound: no such application that this actor may see.
        Forbidden: the actor may not edit applications there.
        Invalid: there is no such attribute.
    """
    application = queries.application(work, application_id)
    require(work, Permission.APPLICATION_EDIT, application.organization_id)
    return _set_release(work, application.organization_id, "application", application.id, attributes)


def set_organization_release(work: Work, organization: str, attributes: Sequence[str]) -> ReleasePolicy:
    """
    Set what any application of the organization may receive at most.

    Raises:
        NotFound: no such organization that this actor may see.
        Forbidden: the actor may not change policies there.
        Invalid: there is no such attribute.
    """
    owner = queries.organization(work, organization)
    require(work, Permission.POLICY_EDIT, owner.id)
    return _set_release(work, owner.id, "organization", owner.id, attributes)


def _set_release(
    work: Work, organization_id: str, level: str, subject_id: str, attributes: Sequence[str]
) -> ReleasePolicy:
    unknown = sorted(set(attributes) - set(ATTRIBUTES))
    if unknown:
        raise Invalid(
            f"There is no attribute “{unknown[0][:80]}”.",
            field="attributes",
            advice=f"Choose among {', '.join(ATTRIBUTES)}.",
        )
    policy = work.tx.session.scalar(
        select(ReleasePolicy).where(
            ReleasePolicy.organization_id == organization_id,
            ReleasePolicy.level == level,
            ReleasePolicy.subject_id == subject_id,
        )
    )
    before: tuple[str, ...] = ()
    if policy is None:
        policy = ReleasePolicy(
            organization_id=organization_id, id=new_id("rel"), level=level, subject_id=subject_id, attributes=[]
        )
        work.tx.session.add(policy)
    else:
        before = tuple(policy.attributes)
    policy.attributes = [name for name in ATTRIBUTES if name in attributes]
    record(
        work,
        ReleasePolicyChanged(
            organization_id=organization_id, target_id=subject_id, before=before, after=tuple(policy.attributes)
        ),
    )
    work.tx.after_commit(work.tx.memory.forget)
    return policy
