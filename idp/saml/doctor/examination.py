"""Gathers what the checks look at, with `work`, and asks them. Changes nothing."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy import select

from idp.audit.attempts import REFUSED, cause_of
from idp.audit.findings import Examination, Finding, in_order
from idp.audit.models import Attempt as Recorded
from idp.base.errors import Invalid, NotFound
from idp.base.ids import fingerprint
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import access, access_words, queries, sites
from idp.directory.attributes import ATTRIBUTES, attributes_of
from idp.directory.held_attributes import held
from idp.directory.models import Application, Organization, Site
from idp.policy.access import evaluate, recording
from idp.policy.models import AccessPolicy
from idp.saml import doctor, made_names, metadata, nameid, proposing, providers, requests
from idp.saml.certificates import known_keys
from idp.saml.description import SpDescription
from idp.saml.doctor import gathering, reading, unreachable
from idp.saml.doctor.reading import Recognised
from idp.saml.doctor.subjects import (
    AccessRule,
    Attempt,
    Described,
    Failed,
    Here,
    Meant,
    Metadata,
    OtherSite,
    Received,
    Registered,
    Registration,
    Request,
)
from idp.saml.errors import UNKNOWN_APPLICATION
from idp.saml.recognizing import recognized
from idp.saml.writer import is_writable
from idp.signon import contextual
from idp.signon.models import SeenMessage


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
    metadata_from: str = phrase("the given metadata")
    unreachable: str = ""
    request: bytes | None = None
    attempt: Recorded | None = None


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
    return _examine(work, site, here, gathering.registered(work, application, provider), given)


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
    return in_order(_of_attempt(work, attempt, _here(work, site, base_url, http_loopback)))


def _examine(work: Work, site: Site, here: Here, registered: Registered | None, given: Given) -> Examination:
    looked_at: list[str] = []
    found: list[Finding] = []
    if given.attempt is not None:
        looked_at.append(phrase("the attempt %(id)s", id=given.attempt.id))
        found += _of_attempt(work, given.attempt, here)
    if given.request is not None:
        received, asker = _received(work, site, registered, given.request)
        looked_at.append(phrase("the given request (%(given)s)", given=received.given))
        found += _all(check(Request(received, here, work.now, asker)) for check in doctor.REQUEST)
    if given.unreachable and registered is not None:
        looked_at.append(phrase("the address %(metadata_url)s", metadata_url=registered.metadata_url))
        found += unreachable.check(registered.metadata_url, given.unreachable)
    if given.metadata is not None:
        looked_at.append(
            phrase(
                "%(metadata_from)s (%(size)s bytes)",
                metadata_from=given.metadata_from,
                size=len(given.metadata),
            )
        )
        found += _of_metadata(work, site, here, registered, given)
    if registered is not None:
        looked_at.append(phrase("the registration of %(name)s", name=registered.name))
        found += _all(check(Registration(registered, here, work.now)) for check in doctor.REGISTRATION)
        if given.metadata is None:
            described = _described(
                work, site, here, registered.description, phrase("the registered metadata"), registered
            )
            found += _all(check(described) for check in doctor.DESCRIBED)
    return Examination(tuple(looked_at), in_order(found))


def _of_metadata(work: Work, site: Site, here: Here, registered: Registered | None, given: Given) -> list[Finding]:
    assert given.metadata is not None
    document = reading.read_document(given.metadata, wanted=registered.entity_id if registered is not None else "")
    elsewhere: tuple[str, ...] = ()
    if registered is None and document.description is not None:
        registered = gathering.at_site(work, site, document.description.entity_id)
        elsewhere = gathering.sites_with(work, document.description.entity_id, but=site.id)
    unproven = _unproven(given.metadata, registered) if registered is not None else ""
    looked = Metadata(document, here, work.now, registered, elsewhere, unproven)
    found = _all(check(looked) for check in doctor.METADATA)
    if document.description is not None:
        described = _described(work, site, here, document.description, given.metadata_from, registered)
        found += _all(check(described) for check in doctor.DESCRIBED)
    return found


def _described(
    work: Work, site: Site, here: Here, description: SpDescription, whose: str, registered: Registered | None
) -> Described:
    released = proposing.own_at(work, site.organization_id, site.id)
    own = released
    if any(recognized(one, released) is None for one in description.requested_attributes):
        # To look through all accounts costs something: only where what may leave does not answer.
        own = replace(released, names=released.names | held(work, site.organization_id))
    return Described(description, whose, here, work.now, registered, own, tuple(sorted(released.names)))


def _unproven(document: bytes, registered: Registered) -> str:
    """Return why *document* would not be taken from the registered address, if that is for want of a signature."""
    if not registered.metadata_key:
        return ""
    try:
        metadata.proven(document, registered.metadata_key)
    except Invalid as error:
        return error.cause
    return ""


def _received(
    work: Work, site: Site, registered: Registered | None, given: bytes
) -> tuple[Received, Registered | None]:
    """Return the request, and the registration that it is to be looked at with."""
    recognised = reading.recognise(given)
    received = _read(recognised, registered)
    if registered is None and received.issuer:
        registered = gathering.at_site(work, site, received.issuer)
        received = _read(recognised, registered)
    if registered is None or received.issuer != registered.entity_id:
        received = replace(received, elsewhere=gathering.sites_with(work, received.issuer, but=site.id))
    if received.header is not None:
        seen = select(SeenMessage.seen_at).where(
            SeenMessage.site_id == site.id,
            SeenMessage.issuer_hash == fingerprint(received.issuer),
            SeenMessage.message_id == received.header.id,
        )
        received = replace(received, seen=work.tx.session.scalar(seen))
    return received, registered


def _read(recognised: Recognised, of: Registered | None) -> Received:
    if of is None:
        return reading.received(recognised, ())
    return reading.received(recognised, known_keys(of.description.signing_certificates), of.allowed, of.contexts)


def _of_attempt(work: Work, attempt: Recorded, here: Here) -> list[Finding]:
    failed = [_failed(step) for step in attempt.steps if step.get("state") == "failed"]
    if not failed and attempt.outcome == REFUSED:
        failed = [Failed(attempt.code, attempt.cause)]
    found: list[Finding] = []
    has = _has(work, attempt)
    for one in failed:
        if one.code == UNKNOWN_APPLICATION and attempt.site_id is not None:
            elsewhere = gathering.sites_with(work, one.text("received"), but=attempt.site_id)
            one = replace(one, facts={**one.facts, "elsewhere": elsewhere})
        looked = Attempt(
            failed=one,
            here=here,
            now=work.now,
            registered=_registered_then(work, attempt, one),
            context=attempt.context,
            person=access_words.person(work, attempt.account_id),
            contexts=_contexts(attempt),
            logout=attempt.kind == "saml.logout",
            allowed_now=_allowed_now(work, attempt),
            has=tuple(has),
            unwritable=tuple(name for name, values in has.items() if not all(map(is_writable, values))),
            at=attempt.at,
            ip=attempt.ip or "",
            country=recording.place_of(attempt.context)[0] or "",
            rule=attempt.rule,
            denied_by=_denied_by(work, attempt),
            meant=_meant(work, attempt),
        )
        found += _all(check(looked) for check in doctor.ATTEMPT)
    return found


def _registered_then(work: Work, attempt: Recorded, failed: Failed) -> Registered | None:
    if attempt.application_id is not None:
        try:
            application = queries.application(work, attempt.application_id)
            return gathering.registered(work, application, providers.of_application(work, application))
        except NotFound:
            return None
    site = work.tx.session.get(Site, (attempt.organization_id, attempt.site_id))
    return None if site is None else gathering.at_site(work, site, failed.text("received"))


def _here(work: Work, site: Site, base_url: str, http_loopback: bool) -> Here:
    issuer = sites.issuer(base_url, site.slug)
    others = [(other.slug, sites.issuer(base_url, other.slug)) for other in queries.sites(work) if other.id != site.id]
    return Here(
        site=site.slug,
        entity_id=metadata.entity_id(issuer),
        address=f"{issuer}/saml",
        others=tuple(OtherSite(slug, metadata.entity_id(own), f"{own}/saml") for slug, own in others),
        formats=tuple(one for one in nameid.FORMATS if one not in made_names.NEED_A_SOURCE),
        attributes=ATTRIBUTES,
        http_loopback=http_loopback,
        grants_access=access_words.who_gives(work, site.organization_id),
        organization=work.tx.session.get_one(Organization, site.organization_id).slug,
    )


def _allowed_now(work: Work, attempt: Recorded) -> bool:
    if attempt.organization_id is None or attempt.application_id is None or attempt.account_id is None:
        return False
    return access.may_open(work, attempt.organization_id, attempt.application_id, attempt.account_id)


def _has(work: Work, attempt: Recorded) -> dict[str, tuple[str, ...]]:
    if attempt.organization_id is None or attempt.account_id is None:
        return {}
    return attributes_of(work, attempt.organization_id, attempt.account_id)


def _denied_by(work: Work, attempt: Recorded) -> AccessRule | None:
    if attempt.decision != contextual.DENIED:
        return None
    # The attempt says by which rule, to whoever may see it; the policy itself is for those who may see policies.
    for policy_id, version, _ in attempt.context.get(recording.KEY, {}).get("policies", ()):
        policy = work.tx.session.get(AccessPolicy, (attempt.organization_id, policy_id))
        by = "" if policy is None else evaluate.rule_of(policy.name, "")
        if policy is not None and attempt.rule.startswith(by):
            return AccessRule(policy.id, policy.name, version, attempt.rule.removeprefix(by))
    return None


def _meant(work: Work, attempt: Recorded) -> Meant | None:
    for step in attempt.steps:
        if step.get("step") == requests.SUBJECT and "whose" in step:
            whose = str(step["whose"])
            person = access_words.person(work, whose or None)
            return Meant(str(step.get("format", "")), bool(whose), person, bool(whose) and whose == attempt.account_id)
    return None


def _contexts(attempt: Recorded) -> tuple[str, ...]:
    for step in attempt.steps:
        if step.get("step") == "context" and step.get("unattainable"):
            return tuple(step.get("classes") or ()) or (phrase("a declaration (AuthnContextDeclRef)"),)
    return ()


def _failed(step: dict[str, object]) -> Failed:
    known = ("step", "state", "code", "cause", "words")
    facts = {name: value for name, value in step.items() if name not in known}
    return Failed(str(step.get("code", "")), cause_of(step), facts)


def _all(found: Iterable[Iterable[Finding]]) -> list[Finding]:
    return [finding for findings in found for finding in findings]
