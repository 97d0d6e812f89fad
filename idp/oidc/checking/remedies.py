"""Applying a fix that the check of clients offers, by the verbs that an administrator would use."""

from collections.abc import Sequence
from typing import Any

from idp.audit.events import ClientFixApplied
from idp.audit.findings import Finding, Fix, offered
from idp.audit.log import record
from idp.base.work import Work
from idp.directory import applications, queries
from idp.directory.rights import require_on
from idp.oidc import clients
from idp.oidc.checking.acts import Amend, Enable, NotOurs, RequirePkce
from idp.policy.permissions import Permission


def apply(
    work: Work,
    application_id: str,
    kind: str,
    findings: Sequence[Finding],
    *,
    if_version: int | None = None,
    base_url: str = "",
    allow_http_loopback: bool = False,
) -> list[Fix]:
    """
    Apply what is offered for the *findings* of that *kind*; return what was done.

    Each change is audited twice: by the verb, as what it changed; and here, as a fix with its risk.

    Args:
        if_version: the version of the client that the findings were shown of.
        base_url, allow_http_loopback: as for `clients.edit`.

    Raises:
        NotFound: no such client that this actor may see.
        Forbidden: the actor may not edit applications there.
        Invalid: nothing of that kind was found, or nothing can be done about it from here.
        Conflict: it is so already.
        ChangedMeanwhile: somebody else has changed the client since version *if_version*.
    """
    application = queries.application(work, application_id)
    require_on(work, Permission.APPLICATION_EDIT, application)
    clients.check_version(clients.of_application(work, application), if_version)
    fixes = offered(kind, findings)
    for fix in fixes:
        _do(work, application_id, fix, base_url, allow_http_loopback)
        record(
            work,
            ClientFixApplied(
                organization_id=application.organization_id,
                target_id=application_id,
                kind=kind,
                does=fix.does,
                risk=fix.risk or "none",
            ),
        )
    work.tx.session.flush()
    return fixes


def _do(work: Work, application_id: str, fix: Fix, base_url: str, allow_http_loopback: bool) -> None:
    changes: dict[str, Any] = {}
    pkce_required = first_party = None
    match fix.act:
        case Enable():
            applications.enable(work, application_id)
            return
        case Amend(values=values):
            changes = {name: list(value) if isinstance(value, tuple) else value for name, value in values}
        case RequirePkce():
            pkce_required = True
        case NotOurs():
            first_party = False
    client = clients.of_application(work, queries.application(work, application_id))
    clients.edit(
        work,
        application_id,
        changes,
        pkce_required=pkce_required,
        first_party=first_party,
        # No fix adds a redirect URI: those that are left were found at the sector's address when they were registered.
        sector_uris=client.registration["redirect_uris"],
        base_url=base_url,
        allow_http_loopback=allow_http_loopback,
    )
