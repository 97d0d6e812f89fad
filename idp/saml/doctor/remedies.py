"""Applying a fix that the doctor offers, by the verbs that an administrator would use."""

from collections.abc import Sequence

from sqlalchemy import select

from idp.audit.events import ServiceProviderFixApplied
from idp.audit.findings import Finding, Fix, offered
from idp.audit.log import record
from idp.base.work import Work
from idp.directory import applications, policies, queries
from idp.directory.rights import require_on
from idp.policy.models import ReleasePolicy
from idp.policy.permissions import Permission
from idp.saml import providers
from idp.saml.doctor.acts import Enable, Release, Switch
from idp.saml.switches import Switches


def apply(
    work: Work, application_id: str, kind: str, findings: Sequence[Finding], *, if_version: int | None = None
) -> list[Fix]:
    """
    Apply what the doctor offers for the *findings* of that *kind*; return what was done.

    Each change is audited twice: by the verb, as what it changed; and here, as a fix with its risk.

    Raises:
        NotFound: no such application that this actor may see.
        Forbidden: the actor may not edit applications there.
        Invalid: nothing of that kind was found, or nothing can be done about it from here.
        Conflict: it is so already.
        ChangedMeanwhile: somebody else has changed the service provider since version *if_version*.
    """
    application = queries.application(work, application_id)
    require_on(work, Permission.APPLICATION_EDIT, application)
    providers.check_version(providers.of_application(work, application), if_version)
    fixes = offered(kind, findings)
    for fix in fixes:
        match fix.act:
            case Switch(values=values):
                providers.change(work, application_id, Switches(**dict(values)))
            case Enable():
                applications.enable(work, application_id)
            case Release(attributes=attributes):
                _release(work, application_id, attributes)
        record(
            work,
            ServiceProviderFixApplied(
                organization_id=application.organization_id,
                target_id=application_id,
                kind=kind,
                does=fix.does,
                risk=fix.risk or "none",
            ),
        )
    work.tx.session.flush()
    return fixes


def _release(work: Work, application_id: str, attributes: Sequence[str]) -> None:
    own = work.tx.session.scalar(
        select(ReleasePolicy).where(ReleasePolicy.level == "application", ReleasePolicy.subject_id == application_id)
    )
    held = list(own.attributes or ()) if own is not None else []
    policies.set_application_release(work, application_id, [*held, *attributes])
