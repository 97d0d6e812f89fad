"""
What a service provider would receive of a person, and why, without anybody receiving anything.

Everything is judged as in a sign-on and by the same functions, the rules of access among it. Nothing is signed,
stored, joined or taken: where a sign-on would make something, the preview says that it would.
"""

from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

from lxml import etree

from idp.base.errors import Invalid
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import access, applications, queries, sites
from idp.directory.attributes import attributes_of
from idp.directory.models import Account, Application
from idp.directory.policies import AuthenticationFacts, authentication_policy, release_levels
from idp.policy.release import Silent, Statement, outcomes, released
from idp.policy.signon import TYPICAL_METHODS, Decision, Method, Strength, decide
from idp.policy.signon import strength as strength_of
from idp.saml import facts, metadata, nameid, preview_words, providers, responses, supposed_request
from idp.saml.checks import validity
from idp.saml.endpoints import Requester
from idp.saml.errors import MessageRefused
from idp.saml.facts import ProviderFacts
from idp.saml.names import SAML
from idp.saml.requests import Place
from idp.saml.speaking import Speaker, speaker
from idp.saml.supposed_request import A_PLAIN_ONE, SupposedRequest
from idp.signon import what_if_words
from idp.signon.factors import enrolled
from idp.signon.request import SignOnResult
from idp.signon.what_if import Supposed, WhatIf, suppose

FROM = "192.0.2.1"
"""Where a person is supposed to be where nobody says: an address of no network (RFC 5737 section 3)."""
SESSION_INDEX = "_SESSION-INDEX"


@dataclass(frozen=True, slots=True)
class Preview:
    """
    What would be sent, and why.

    Args:
        allowed, access: whether the person may open the application now, and why or why not.
        faults: why there would be no assertion even so; empty where there would be one.
        destination: where the browser would carry it.
        name_id, name_id_format, name_id_origin: the name, and what it is made of.
        circumstances: when, from where and on what the person is supposed to sign on, in words.
        road: what they would be asked for, one after the other, and what comes of it, in words.
        context, context_origin: how the person would have signed in, and what asks for that.
        conditions: what holds of the assertion, in words.
        statements: what is sent; each says in ``origin`` by which rule and from where.
        silent: rules that send nothing, and why.
        withheld: attributes of the person that are not sent, and by whose will.
        protection: what would be signed and encrypted, in words.
        xml: the assertion, unsigned; with `supposed_request.REQUEST_ID` and SESSION_INDEX where those of a sign-on
            would be.
            Empty where there would be none.
    """

    application_id: str
    application: str
    entity_id: str
    account_id: str
    email: str
    allowed: bool
    access: tuple[str, ...]
    faults: tuple[str, ...]
    destination: str
    name_id: str
    name_id_format: str
    name_id_origin: str
    circumstances: str
    road: str
    context: str
    context_origin: str
    conditions: tuple[str, ...]
    statements: tuple[Statement, ...]
    silent: tuple[Silent, ...]
    withheld: tuple[preview_words.Withheld, ...]
    protection: tuple[str, ...]
    xml: str

    def to_json(self) -> dict[str, Any]:
        """Return the preview as JSON values."""
        values = asdict(self)
        values["statements"] = [one._asdict() for one in self.statements]
        values["silent"] = [one._asdict() for one in self.silent]
        return values


def place_of(work: Work, application_id: str, base_url: str) -> Place:
    """
    Return the end of the conversation that an application is registered at.

    Raises:
        NotFound: no such application that this actor may see.
        Invalid: its site is disabled, or its organization suspended, so that nothing is answered there.
    """
    application = queries.application(work, application_id)
    site = sites.facts_by_id(work, application.organization_id, application.site_id)
    if site is None:
        raise Invalid("Nothing is answered at this site: it is disabled.", field="application")
    issuer = sites.issuer(base_url, site.slug)
    return Place(site, metadata.entity_id(issuer), f"{issuer}/saml")


def preview(
    work: Work,
    place: Place,
    application_id: str,
    account: str,
    *,
    request: SupposedRequest = A_PLAIN_ONE,
    supposed: Supposed | None = None,
) -> Preview:
    """
    Return what the service provider would receive if *account* signed on.

    Args:
        account: an id or e-mail address, in the application's organization and no other.
        request: what the service provider would ask for.
        supposed: when, from where and on what the person would sign on, and what they have proven before; else
            now, from `FROM`, on a device that is not known. Whose sign-on it is and to what is said by the others.

    Raises:
        NotFound: no such application or account that this actor may see, or it is no SAML application.
        Invalid: the place is another site than the application's; or what is supposed is no address.
    """
    application = queries.application(work, application_id)
    person = queries.account(work, account, organization_id=application.organization_id)
    row = providers.of_application(work, application)
    provider = facts.provider(work, row.organization_id, row.site_id, row.entity_id)
    if provider is None or (place.site.organization_id, place.site.id) != (row.organization_id, row.site_id):
        raise Invalid("The application is registered at another site.", field="application")
    supposed = supposed or Supposed(at=work.now, ip=FROM)
    work = replace(work, now=supposed.at)
    faults: list[str] = []
    asked = supposed_request.strength(request, provider, faults)
    found = suppose(
        work,
        replace(
            supposed,
            organization="",
            account=person.id,
            application_id=application.id,
            request=None,
            asked=asked,
            granted=True,
        ),
    )
    known = attributes_of(work, person.organization_id, person.id)
    levels = release_levels(work, provider.organization_id, provider.site_id, provider.application_id)
    policy = authentication_policy(work, person.organization_id, person.policy_id)
    deciding = policy.deciding(work.now, person.grace_used).anew()
    has_second_step = enrolled.exists(work, person.organization_id, person.id, deciding.methods)
    decision = found.together or decide(deciding, has_second_step=has_second_step, asked=asked)
    sent = outcomes(known, levels)
    result = _result(work, provider, person, policy, _methods(found, decision), released(known, levels), sent)
    allowed, reasons = _access(work, application, person)
    faults += _not_let_in(found)
    faults += _expired(provider, work)
    who = speaker(work, place.site, place.issuer, provider)
    requester = supposed_request.requester(request, provider, faults)
    protection = preview_words.protection(provider, who, faults)
    foreseen = xml = None
    if requester is not None:
        foreseen = nameid.foresee(work, place.issuer, requester, result)
        faults += [foreseen.fault] if foreseen.fault else []
        xml = _assertion(work, who, requester, result, foreseen, faults) if not faults else None
    return Preview(
        application_id=application.id,
        application=application.name,
        entity_id=provider.entity_id,
        account_id=person.id,
        email=person.email,
        allowed=allowed,
        access=reasons,
        faults=tuple(faults),
        destination="" if requester is None else requester.answer_to.location,
        name_id="" if foreseen is None else foreseen.subject.value,
        name_id_format="" if foreseen is None else foreseen.subject.format,
        name_id_origin="" if foreseen is None else foreseen.origin,
        circumstances=preview_words.circumstances(found),
        road=what_if_words.end(found),
        context="" if xml is None else _class_in(xml),
        context_origin=preview_words.context_origin(decision, has_second_step),
        conditions=preview_words.conditions(provider, policy, request),
        statements=result.statements,
        silent=tuple(one for one in sent if isinstance(one, Silent)),
        withheld=preview_words.kept(known, levels, result),
        protection=protection,
        xml=xml or "",
    )


def indented(xml: str) -> str:
    """Return *xml* with a line for every element, to be read by people; it is another document then."""
    root = etree.fromstring(xml.encode())
    etree.indent(root)
    return str(etree.tostring(root, encoding="unicode"))


def _result(
    work: Work,
    provider: ProviderFacts,
    person: Account,
    policy: AuthenticationFacts,
    methods: tuple[Method, ...],
    leaving: dict[str, tuple[str, ...]],
    sent: tuple[Statement | Silent, ...],
) -> SignOnResult:
    """Return a sign-on as it would be if the person proved what is required and no more."""
    proven = frozenset(methods)
    have = strength_of(proven) or Strength.PASSWORD
    return SignOnResult(
        organization_id=provider.organization_id,
        site_id=provider.site_id,
        application_id=provider.application_id,
        account_id=person.id,
        account_epoch=person.epoch,
        session_id="",
        authenticated_at=work.now,
        expires_at=work.now + timedelta(seconds=policy.session_absolute_seconds),
        strength=have,
        satisfied=strength_of(proven, weak=True) or have,
        methods=methods,
        attributes=leaving,
        statements=tuple(one for one in sent if isinstance(one, Statement)),
    )


def _methods(found: WhatIf, decision: Decision) -> tuple[Method, ...]:
    """Return what the person would have proven; of one who would not be let in, what is usual for what is asked."""
    return tuple(proof.method for proof in found.proofs) or TYPICAL_METHODS[decision.required]


def _not_let_in(found: WhatIf) -> list[str]:
    """Return why the person would not be let in by rules and policies; a disabled account is said with the access."""
    return [] if found.disabled or what_if_words.gets_in(found) else [what_if_words.end(found)]


def _expired(provider: ProviderFacts, work: Work) -> list[str]:
    try:
        validity.check(provider, work.now)
    except MessageRefused as error:
        return [error.cause]
    return []


def _assertion(
    work: Work,
    speaker: Speaker,
    requester: Requester,
    result: SignOnResult,
    foreseen: nameid.Foreseen,
    faults: list[str],
) -> str | None:
    try:
        return responses.unprotected(speaker, requester, result, foreseen.subject, SESSION_INDEX, work.now)
    except Invalid as error:
        faults.append(error.cause)
        return None


def _access(work: Work, application: Application, person: Account) -> tuple[bool, tuple[str, ...]]:
    """Return whether the person may open the application, by the one function, and in words why or why not."""
    if access.may_open(work, application.organization_id, application.id, person.id):
        return True, (phrase("an access grant holds for this person"),)
    against: list[str] = []
    if application.disabled_at is not None:
        against.append(phrase("the application is disabled"))
    if person.disabled_at is not None:
        against.append(phrase("the account is disabled"))
    if not against:
        some = phrase("none of its access grants holds for this person")
        against.append(
            some if applications.grants(work, application) else phrase("it has no access grant: nobody may open it")
        )
    return False, tuple(against)


def _class_in(xml: str) -> str:
    return str(etree.fromstring(xml.encode()).findtext(f".//{{{SAML}}}AuthnContextClassRef") or "")
