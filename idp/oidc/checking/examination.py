"""Gathers what the checks look at, with `work`, and asks them. Changes nothing."""

from collections.abc import Iterable

from idp.audit.attempts import REFUSED, cause_of
from idp.audit.findings import Examination, Finding, in_order
from idp.audit.models import Attempt as Recorded
from idp.base.errors import NotFound
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import access, access_words, queries
from idp.directory.models import Application, Site
from idp.oidc import checking, clients
from idp.oidc.checking import assertions, gathering, otherwise
from idp.oidc.checking.subjects import Attempt, Failed, Here, Registered, Registration

_KINDS = "oidc."


def of_application(
    work: Work, application: Application, attempt: Recorded | None = None, *, base_url: str, http_loopback: bool
) -> Examination:
    """
    Look at a registered client, and at an *attempt* of it.

    Raises:
        NotFound: the application is of another protocol.
    """
    client = clients.of_application(work, application)
    site = work.tx.session.get_one(Site, (application.organization_id, application.site_id))
    here = gathering.here(work, site, base_url=base_url, http_loopback=http_loopback)
    registered = gathering.registered(work, application, client)
    found = _all(check(Registration(registered, here, work.now)) for check in checking.REGISTRATION)
    looked_at = [phrase("the registration of %(name)s", name=application.name)]
    if attempt is not None:
        looked_at.insert(0, phrase("the attempt %(id)s", id=attempt.id))
        found = [*of_attempt(work, attempt, base_url=base_url, http_loopback=http_loopback), *found]
    return Examination(tuple(looked_at), in_order(found))


def of_attempt(work: Work, attempt: Recorded, *, base_url: str, http_loopback: bool) -> tuple[Finding, ...]:
    """
    Return what a recorded attempt of OpenID Connect or OAuth tells, beside what is registered now; nothing of one
    that succeeded.
    """
    if not attempt.kind.startswith(_KINDS) or attempt.outcome != REFUSED:
        return ()
    site = work.tx.session.get(Site, (attempt.organization_id, attempt.site_id)) if attempt.site_id else None
    here = gathering.here(work, site, base_url=base_url, http_loopback=http_loopback)
    looked = [_looked_at(work, attempt, failed, site, here) for failed in _failed(attempt)]
    found = _all(check(one) for one in looked for check in checking.ATTEMPT)
    return in_order(found or _all(otherwise.check_attempt(one) for one in looked))


def _looked_at(work: Work, attempt: Recorded, failed: Failed, site: Site | None, here: Here) -> Attempt:
    client_id = failed.text("client_id")
    registered = _registered(work, attempt, site, client_id)
    unknown = site is not None and client_id and registered is None
    return Attempt(
        kind=attempt.kind,
        failed=failed,
        here=here,
        now=work.now,
        registered=registered,
        elsewhere=gathering.sites_with(work, client_id, but=site.id) if unknown and site is not None else (),
        deleted=bool(unknown) and site is not None and gathering.was_deleted(work, site, client_id),
        almost=gathering.almost(work, site, client_id) if unknown and site is not None else "",
        context=attempt.context,
        person=access_words.person(work, attempt.account_id),
        allowed_now=_allowed_now(work, attempt),
    )


def _failed(attempt: Recorded) -> list[Failed]:
    """The refused steps; of an attempt without any, what it was refused for."""
    found = [
        Failed(
            str(step.get("code", "")),
            cause_of(step),
            {name: value for name, value in step.items() if name not in ("step", "state", "code", "cause", "words")},
        )
        for step in attempt.steps
        if step.get("state") == "failed"
    ]
    unread = [one for one in found if one.code == assertions.KEYS_UNREADABLE]
    return unread or found or [Failed(attempt.code, attempt.cause)]  # without its keys nothing of a client's fits


def _registered(work: Work, attempt: Recorded, site: Site | None, client_id: str) -> Registered | None:
    if attempt.application_id is not None:
        try:
            application = queries.application(work, attempt.application_id)
            return gathering.registered(work, application, clients.of_application(work, application))
        except NotFound:
            return None
    return gathering.at_site(work, site, client_id) if site is not None and client_id else None


def _allowed_now(work: Work, attempt: Recorded) -> bool:
    if attempt.organization_id is None or attempt.application_id is None or attempt.account_id is None:
        return False
    return access.may_open(work, attempt.organization_id, attempt.application_id, attempt.account_id)


def _all(found: Iterable[Iterable[Finding]]) -> list[Finding]:
    return [finding for findings in found for finding in findings]
