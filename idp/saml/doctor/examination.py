"""Gathers what the checks look at, with `work`, and asks them. Changes nothing."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy import func, select

from idp.audit.attempts import REFUSED
from idp.audit.models import Attempt as Recorded
from idp.base.errors import NotFound
from idp.base.ids import fingerprint
from idp.base.work import Work
from idp.directory import access, applications, queries, sites
from idp.directory.attributes import ATTRIBUTES, attributes_of
from idp.directory.models import AccessGrant, Account, Application, RoleAssignment, Site
from idp.directory.policies import release_levels
from idp.policy.permissions import ROLES, Permission
from idp.policy.release import released
from idp.saml import doctor, metadata, nameid, providers
from idp.saml.certificates import KnownKey, known_keys
from idp.saml.description import SpDescription
from idp.saml.doctor import reading, unreachable
from idp.saml.doctor.finding import Finding, Severity
from idp.saml.doctor.subjects import (
    Attempt,
    Described,
    Failed,
    Here,
    Metadata,
    OtherSite,
    Received,
    Registered,
    Registration,
    Request,
)
from idp.saml.errors import UNKNOWN_APPLICATION
from idp.saml.models import ServiceProvider
from idp.signon.models import SeenMessage

_MOST_SHOWN = 10
_ORDER = {Severity.SERIOUS: 0, Severity.WARNING: 1, Severity.NOTE: 2}


@dataclass(frozen=True, slots=True)
class Given:
    """
    What is to be looked at beside the registration.

    Args:
        metadata: a document, and *metadata_from* where it comes from, in words.
        unreachable: why the registered address did not hand out one, if it was asked and did not.
        request: a request, in whatever form somebody has it.
        attempt: a recorded attempt.
    """

    metadata: bytes | None = None
    metadata_from: str = "the given metadata"
    unreachable: str = ""
    request: bytes | None = None
    attempt: Recorded | None = None


@dataclass(frozen=True, slots=True)
class Examination:
    """What was looked at, in words, and what was found, the serious first."""

    looked_at: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def serious(self) -> bool:
        """Whether something stops people from signing on, or will."""
        return any(finding.severity is Severity.SERIOUS for finding in self.findings)


def of_application(
    work: Work, application: Application, given: Given, *, base_url: str, http_loopback: bool
) -> Examination:
    """
    Look at a registered service provider, and at what was *given* with it.

    Raises:
        NotFound: the application is of another protocol.
    """
    provider = providers.of_application(work, application)
    site = work.tx.session.get_one(Site, (application.organization_id, application.site_id))
    here = _here(work, site, base_url, http_loopback)
    return _examine(work, site, here, _registered(work, application, provider), given)


def of_site(work: Work, slug: str, given: Given, *, base_url: str, http_loopback: bool) -> Examination:
    """
    Look at what was *given* of a service provider that need not be registered at the site *slug* yet.

    Raises:
        NotFound: no such site that this actor may see.
    """
    site = queries.site(work, slug)
    return _examine(work, site, _here(work, site, base_url, http_loopback), None, given)


def of_attempt(work: Work, attempt: Recorded, *, base_url: str, http_loopback: bool) -> tuple[Finding, ...]:
    """Return what a recorded attempt of SAML tells, beside what is registered now; nothing of one that succeeded."""
    if not attempt.kind.startswith("saml.") or attempt.site_id is None or attempt.outcome != REFUSED:
        return ()
    site = work.tx.session.get(Site, (attempt.organization_id, attempt.site_id))
    if site is None:
        return ()
    return _sorted(_of_attempt(work, attempt, _here(work, site, base_url, http_loopback)))


def _examine(work: Work, site: Site, here: Here, registered: Registered | None, given: Given) -> Examination:
    looked_at: list[str] = []
    found: list[Finding] = []
    if given.attempt is not None:
        looked_at.append(f"the attempt {given.attempt.id}")
        found += _of_attempt(work, given.attempt, here)
    if given.request is not None:
        received, asker = _received(work, site, registered, given.request)
        looked_at.append(f"the given request ({received.given})")
        found += _all(check(Request(received, here, work.now, asker)) for check in doctor.REQUEST)
    if given.unreachable and registered is not None:
        looked_at.append(f"the address {registered.metadata_url}")
        found += unreachable.check(registered.metadata_url, given.unreachable)
    if given.metadata is not None:
        looked_at.append(f"{given.metadata_from} ({len(given.metadata)} bytes)")
        found += _of_metadata(work, site, here, registered, given)
    if registered is not None:
        looked_at.append(f"the registration of {registered.name}")
        found += _all(check(Registration(registered, here, work.now)) for check in doctor.REGISTRATION)
        if given.metadata is None:
            described = Described(registered.description, "the registered metadata", here, work.now, registered)
            found += _all(check(described) for check in doctor.DESCRIBED)
    return Examination(tuple(looked_at), _sorted(found))


def _of_metadata(work: Work, site: Site, here: Here, registered: Registered | None, given: Given) -> list[Finding]:
    assert given.metadata is not None
    document = reading.read_document(given.metadata, wanted=registered.entity_id if registered is not None else "")
    elsewhere: tuple[str, ...] = ()
    if registered is None and document.description is not None:
        registered = _at_site(work, site, document.description.entity_id)
        elsewhere = _sites_with(work, document.description.entity_id, but=site.id)
    looked = Metadata(document, here, work.now, registered, elsewhere)
    found = _all(check(looked) for check in doctor.METADATA)
    if document.description is not None:
        described = Described(document.description, given.metadata_from, here, work.now, registered)
        found += _all(check(described) for check in doctor.DESCRIBED)
    return found


def _received(
    work: Work, site: Site, registered: Registered | None, given: bytes
) -> tuple[Received, Registered | None]:
    """Return the request, and the registration that it is to be looked at with."""
    recognised = reading.recognise(given)
    received = reading.received(recognised, _keys(registered))
    if registered is None and received.issuer:
        registered = _at_site(work, site, received.issuer)
        received = reading.received(recognised, _keys(registered))
    if registered is None or received.issuer != registered.entity_id:
        received = replace(received, elsewhere=_sites_with(work, received.issuer, but=site.id))
    if received.request is not None:
        seen = select(SeenMessage.seen_at).where(
            SeenMessage.site_id == site.id,
            SeenMessage.issuer_hash == fingerprint(received.issuer),
            SeenMessage.message_id == received.request.header.id,
        )
        received = replace(received, seen=work.tx.session.scalar(seen))
    return received, registered


def _of_attempt(work: Work, attempt: Recorded, here: Here) -> list[Finding]:
    failed = [_failed(step) for step in attempt.steps if step.get("state") == "failed"]
    if not failed and attempt.outcome == REFUSED:
        failed = [Failed(attempt.code, attempt.cause)]
    found: list[Finding] = []
    for one in failed:
        if one.code == UNKNOWN_APPLICATION and attempt.site_id is not None:
            elsewhere = _sites_with(work, one.text("received"), but=attempt.site_id)
            one = replace(one, facts={**one.facts, "elsewhere": elsewhere})
        looked = Attempt(
            failed=one,
            here=here,
            now=work.now,
            registered=_registered_then(work, attempt, one),
            context=attempt.context,
            person=_person(work, attempt),
            contexts=_contexts(attempt),
            logout=attempt.kind == "saml.logout",
            allowed_now=_allowed_now(work, attempt),
            has=_has(work, attempt),
        )
        found += _all(check(looked) for check in doctor.ATTEMPT)
    return found


def _registered_then(work: Work, attempt: Recorded, failed: Failed) -> Registered | None:
    if attempt.application_id is not None:
        try:
            application = queries.application(work, attempt.application_id)
            return _registered(work, application, providers.of_application(work, application))
        except NotFound:
            return None
    site = work.tx.session.get(Site, (attempt.organization_id, attempt.site_id))
    return None if site is None else _at_site(work, site, failed.text("received"))


def _here(work: Work, site: Site, base_url: str, http_loopback: bool) -> Here:
    issuer = sites.issuer(base_url, site.slug)
    others = [(other.slug, sites.issuer(base_url, other.slug)) for other in queries.sites(work) if other.id != site.id]
    return Here(
        site=site.slug,
        entity_id=metadata.entity_id(issuer),
        address=f"{issuer}/saml",
        others=tuple(OtherSite(slug, metadata.entity_id(own), f"{own}/saml") for slug, own in others),
        formats=nameid.FORMATS,
        attributes=ATTRIBUTES,
        http_loopback=http_loopback,
        grants_access=_grants_access(work, site.organization_id),
    )


def _registered(work: Work, application: Application, provider: ServiceProvider) -> Registered:
    may, alone = _release(work, application)
    return Registered(
        application_id=application.id,
        name=application.name,
        entity_id=provider.entity_id,
        description=SpDescription.from_json(provider.description),
        disabled=application.disabled_at is not None,
        sign_response=provider.sign_response,
        sign_assertion=provider.sign_assertion,
        encrypt_assertion=provider.encrypt_assertion,
        require_signed_requests=provider.require_signed_requests,
        nameid_format=provider.nameid_format,
        idp_initiated=provider.idp_initiated,
        relay_states=tuple(provider.relay_states),
        released=may,
        withheld_by_application=alone,
        open_to=tuple(_who(work, grant) for grant in applications.grants(work, application)[:_MOST_SHOWN]),
        same_entity_at=_sites_with(work, provider.entity_id, but=provider.site_id),
        metadata_url=provider.metadata_url,
        updated_at=provider.updated_at,
    )


def _release(work: Work, application: Application) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what the application may receive, and what its own policy alone withholds."""
    levels = release_levels(work, application.organization_id, application.site_id, application.id)
    every = dict.fromkeys(ATTRIBUTES, ("",))
    may = released(every, levels)
    above = released(every, [level for level in levels if level.level != "application"])
    return tuple(may), tuple(name for name in above if name not in may)


def _who(work: Work, grant: AccessGrant) -> str:
    try:
        if grant.subject_kind == access.GROUP:
            return f"the group {queries.group(work, grant.subject_id, organization_id=grant.organization_id).name}"
        if grant.subject_kind == access.ACCOUNT:
            return queries.account(work, grant.subject_id, organization_id=grant.organization_id).email
    except NotFound:
        return f"a {grant.subject_kind} that you may not see"
    return "everyone"


def _grants_access(work: Work, organization_id: str) -> tuple[str, ...]:
    """Return the e-mail addresses of those whose role may give access to applications."""
    roles = [role for role, held in ROLES.items() if Permission.APPLICATION_GRANT in held]
    query = (
        queries.visible(work, Account, Permission.ACCOUNT_READ)
        .join(
            RoleAssignment,
            (RoleAssignment.organization_id == Account.organization_id) & (RoleAssignment.account_id == Account.id),
        )
        .where(
            Account.organization_id == organization_id,
            Account.disabled_at.is_(None),
            RoleAssignment.role.in_(roles),
            RoleAssignment.site_id.is_(None),
            RoleAssignment.valid_from <= work.now,
            RoleAssignment.valid_to.is_(None) | (RoleAssignment.valid_to > work.now),
        )
        .order_by(Account.email_key)
        .limit(_MOST_SHOWN)
    )
    return tuple(dict.fromkeys(account.email for account in work.tx.session.scalars(query)))


def _sites_with(work: Work, entity_id: str, *, but: str) -> tuple[str, ...]:
    """Return the other sites, of those that the actor may see, at which *entity_id* is registered."""
    query = (
        queries.visible(work, Site, Permission.SITE_READ)
        .join(
            ServiceProvider,
            (ServiceProvider.organization_id == Site.organization_id) & (ServiceProvider.site_id == Site.id),
        )
        .join(
            Application,
            (Application.organization_id == ServiceProvider.organization_id)
            & (Application.id == ServiceProvider.application_id),
        )
        .where(ServiceProvider.entity_id == entity_id, Site.id != but, Application.deleted_at.is_(None))
        .order_by(Site.slug)
        .limit(_MOST_SHOWN)
    )
    return tuple(site.slug for site in work.tx.session.scalars(query))


def _at_site(work: Work, site: Site, entity_id: str) -> Registered | None:
    """Return the application of that site with that entity ID, or with one that is almost the same."""
    bare = entity_id.strip().lower().rstrip("/")
    bare = bare.removeprefix("https://").removeprefix("http://")
    spellings = [scheme + bare + slash for scheme in ("", "https://", "http://") for slash in ("", "/")]
    query = (
        select(ServiceProvider)
        .where(ServiceProvider.site_id == site.id, func.lower(ServiceProvider.entity_id).in_(spellings))
        .order_by(ServiceProvider.entity_id != entity_id)
    )
    for provider in work.tx.session.scalars(query):
        try:
            application = queries.application(work, provider.application_id)
        except NotFound:  # deleted
            continue
        return _registered(work, application, provider)
    return None


def _keys(registered: Registered | None) -> tuple[KnownKey, ...]:
    return () if registered is None else known_keys(registered.description.signing_certificates)


def _person(work: Work, attempt: Recorded) -> str:
    if attempt.account_id is None:
        return ""
    try:
        return queries.account(work, attempt.account_id).email
    except NotFound:
        return ""


def _allowed_now(work: Work, attempt: Recorded) -> bool:
    if attempt.organization_id is None or attempt.application_id is None or attempt.account_id is None:
        return False
    return access.may_open(work, attempt.organization_id, attempt.application_id, attempt.account_id)


def _has(work: Work, attempt: Recorded) -> tuple[str, ...]:
    if attempt.organization_id is None or attempt.account_id is None:
        return ()
    return tuple(attributes_of(work, attempt.organization_id, attempt.account_id))


def _contexts(attempt: Recorded) -> tuple[str, ...]:
    for step in attempt.steps:
        if step.get("step") == "context" and step.get("unattainable"):
            return tuple(step.get("classes") or ()) or ("a declaration (AuthnContextDeclRef)",)
    return ()


def _failed(step: dict[str, object]) -> Failed:
    known = ("step", "state", "code", "cause")
    facts = {name: value for name, value in step.items() if name not in known}
    return Failed(str(step.get("code", "")), str(step.get("cause", "")), facts)


def _all(found: Iterable[Iterable[Finding]]) -> list[Finding]:
    return [finding for findings in found for finding in findings]


def _sorted(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """The serious first; what several checks have seen is said once."""
    once: dict[tuple[str, str], Finding] = {}
    for finding in found:
        once.setdefault((finding.kind, finding.evidence), finding)
    return tuple(sorted(once.values(), key=lambda finding: _ORDER[finding.severity]))
