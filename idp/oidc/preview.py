"""
What a client would receive of a person, and why, without anybody receiving anything.

Everything is judged as in a sign-on and by the same functions. Nothing is signed, stored or issued: where a sign-on
would make something, the preview says that it would.
"""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

from idp.base.errors import Invalid, NotFound
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import access, applications, queries, sites
from idp.directory.attributes import attributes_of
from idp.directory.models import Account, Application
from idp.directory.policies import authentication_policy, release_levels
from idp.oidc import access_tokens, api_facts, claims, client_facts, clients, contexts, scopes, subjects, targets
from idp.oidc.api_facts import ApiFacts
from idp.oidc.authorize import claims as claims_parameter
from idp.oidc.claims import OPENID
from idp.oidc.client_facts import ClientFacts
from idp.oidc.errors import InvalidTarget
from idp.oidc.id_tokens import LIVES
from idp.oidc.provider import Provider
from idp.policy.permissions import Permission, allows
from idp.policy.release import may_leave, withheld
from idp.policy.signon import TYPICAL_METHODS, decide
from idp.signon.factors import enrolled

NEW_SUBJECT = "(a new one, made at the first sign-on)"
SESSION_ID = "(of the session)"
_DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
DRAWN, OF_GRANT = "(drawn anew for each)", "(of the sign-on)"


@dataclass(frozen=True, slots=True)
class Withheld:
    """A claim that is asked for and not sent, and why."""

    claim: str
    because: str


@dataclass(frozen=True, slots=True)
class Preview:
    """
    What would be sent, and why.

    Args:
        allowed, access: whether the person may open the application now, and why or why not.
        faults: why there would be no tokens even so; empty where there would be some.
        scope: what of the scopes that the client may ask for is granted to this person.
        refused_scope: what of them is not.
        id_token, userinfo: the claims, by name; times are those of a sign-on now.
        access_token: what the access token says, or what an API that wants opaque ones is told of it; empty where
            there is none, or this actor may not read APIs at the site.
        opaque: it is not in the token itself, but told at introspection.
        access_token_fault: why there would be no access token; empty where there would be one.
        withheld: claims that those scopes ask for and that are not sent.
        rule: by what is decided how strongly the person signs in.
        consent: the person is asked whether the application may have it.
    """

    application_id: str
    application: str
    client_id: str
    account_id: str
    email: str
    allowed: bool
    access: tuple[str, ...]
    faults: tuple[str, ...]
    scope: tuple[str, ...]
    refused_scope: tuple[str, ...]
    id_token: dict[str, Any]
    userinfo: dict[str, Any]
    access_token: dict[str, Any]
    opaque: bool
    access_token_fault: str
    withheld: tuple[Withheld, ...]
    rule: str
    consent: bool

    def to_json(self) -> dict[str, Any]:
        """Return the preview as JSON values."""
        return asdict(self)


def preview(
    work: Work,
    base_url: str,
    application_id: str,
    account: str,
    *,
    scope: str = "",
    resource: str = "",
    single: str = "",
) -> Preview:
    """
    Return what the client would receive if *account* signed on now.

    Args:
        account: an id or e-mail address, in the application's organization and no other.
        scope: what the request asks for; empty: everything that the client may ask for, at that API if one is named.
        resource: the identifier of the API that it names (RFC 8707); empty: it names none.
        single: the single claims that it asks for, as its parameter ``claims`` (OpenID Connect Core section 5.5).

    Raises:
        NotFound: no such application or account that this actor may see, or it is no OpenID Connect application.
        Invalid: its site is disabled, or its organization suspended, so that nothing is answered there; or the
            single claims cannot be read.
    """
    wishes = claims_parameter.parse(single) if single.strip() else claims_parameter.NOTHING
    application = queries.application(work, application_id)
    person = queries.account(work, account, organization_id=application.organization_id)
    client = _facts(work, application)
    site = sites.facts_by_id(work, application.organization_id, application.site_id)
    if site is None:
        raise Invalid("Nothing is answered at this site: it is disabled.", field="application")
    provider = Provider(site, sites.issuer(base_url, site.slug))
    api = _api(work, application, provider, resource)
    asked = tuple(dict.fromkeys(scope.split())) or (*client.scopes, *_of_client_at(work, client, api))
    of_client = _meant(work, client, api, scopes.of_client(work, client, asked))
    granted = scopes.of_person(work, client, person.id, of_client)
    names = (*claims.by_scope(granted), *wishes.userinfo)
    said = _of(work, client, person, names)
    allowed, reasons = _access(work, application, person)
    faults = _faults(client, granted)
    sub = _subject(work, client, person)
    acr, amr, rule = _context(work, person)
    at = int(work.now.timestamp())
    id_token: dict[str, Any] = {
        "iss": provider.issuer,
        "sub": sub,
        "aud": client.client_id,
        "exp": at + int(LIVES.total_seconds()),
        "iat": at,
        "auth_time": at,
        "acr": acr,
        "amr": amr,
        "sid": SESSION_ID,
    }
    if wishes.id_token:
        id_token = _of(work, client, person, wishes.id_token) | id_token
    if "code" not in client.response_types and "id_token" in client.response_types:
        id_token = said | id_token  # nothing comes to UserInfo with it (OpenID Connect Core section 5.4)
    access_token, opaque, access_token_fault = _access_token(
        work, provider, client, granted, resource, subject=sub, acr=acr
    )
    return Preview(
        application_id=application.id,
        application=application.name,
        client_id=client.client_id,
        account_id=person.id,
        email=person.email,
        allowed=allowed,
        access=reasons,
        faults=faults,
        scope=granted,
        refused_scope=tuple(one for one in asked if one not in granted),
        id_token={} if faults else id_token,
        userinfo={} if faults else {"sub": sub} | said,
        access_token=access_token,
        opaque=opaque,
        access_token_fault=access_token_fault,
        withheld=_kept(work, client, person, (*names, *wishes.id_token), said | id_token),
        rule=rule,
        consent=not client.first_party,
    )


def _facts(work: Work, application: Application) -> ClientFacts:
    row = clients.of_application(work, application)
    client = client_facts.at_site(work, row.organization_id, row.site_id, row.client_id)
    if client is None:
        raise Invalid("Nothing is answered to this application.", field="application")
    return client


def _of(work: Work, client: ClientFacts, person: Account, names: Collection[str]) -> dict[str, Any]:
    return claims.of_account(work, client.organization_id, client.site_id, client.application_id, person.id, names)


def _api(work: Work, application: Application, provider: Provider, resource: str) -> ApiFacts | None:
    """Return the API that a request names; None where it names none, or us."""
    if not resource or resource == provider.issuer:
        return None
    found = api_facts.at_site(work, application.organization_id, application.site_id).enabled(resource)
    if found is None or not _reads_apis(work, provider):
        raise NotFound(
            phrase("There is no API “%(reference)s”.", reference=resource[:200]),
            field="resource",
            advice="Name one of the same site by its identifier.",
        )
    return found


def _of_client_at(work: Work, client: ClientFacts, api: ApiFacts | None) -> tuple[str, ...]:
    """Return the scopes of an API that are granted to the client and that its registration does not name."""
    if api is None:
        return ()
    return tuple(one for one in api.scopes if one in scopes.granted(work, client) and one not in client.scopes)


def _meant(work: Work, client: ClientFacts, api: ApiFacts | None, scope: tuple[str, ...]) -> tuple[str, ...]:
    """Return what of *scope* means something where a request names *api*: no scope of another one."""
    if api is None:
        return scope
    known = api_facts.at_site(work, client.organization_id, client.site_id).by_scope
    return tuple(one for one in scope if one not in known or known[one].id == api.id)


def _reads_apis(work: Work, provider: Provider) -> bool:
    return allows(work.actor, Permission.API_READ, provider.organization_id, site_id=provider.site_id)


def _access_token(
    work: Work,
    provider: Provider,
    client: ClientFacts,
    granted: tuple[str, ...],
    resource: str,
    *,
    subject: str,
    acr: str,
) -> tuple[dict[str, Any], bool, str]:
    """Return what the access token says, whether it is opaque, and why there is none (empty: there is one)."""
    if not _reads_apis(work, provider) or not _has_access_tokens(client):
        return {}, False, ""
    try:
        target = targets.choose(work, provider, client, granted, named=(resource,) if resource else ())
    except InvalidTarget as error:
        return {}, False, f"{error.message} {error.cause}".strip()
    said = access_tokens.payload(
        provider, client, target, token_id=DRAWN, subject=subject, at=int(work.now.timestamp())
    )
    said |= {"grant_id": OF_GRANT, "auth_time": said["iat"], "acr": acr}
    return said, bool(target.api_id), ""


def _has_access_tokens(client: ClientFacts) -> bool:
    kinds = {kind for one in client.response_types for kind in one.split()}
    return bool(kinds & {"code", "token"}) or _DEVICE_CODE in client.grant_types


def _subject(work: Work, client: ClientFacts, person: Account) -> str:
    known = subjects.known(work, client.organization_id, person.id, client.sector)
    return NEW_SUBJECT if known is None else known


def _context(work: Work, person: Account) -> tuple[str, list[str], str]:
    """Return ``acr``, ``amr`` and the rule, as if the person proved what is required and no more."""
    policy = authentication_policy(work, person.organization_id, person.policy_id)
    deciding = policy.deciding(work.now, person.grace_used).anew()
    has_second_step = enrolled.exists(work, person.organization_id, person.id, deciding.methods)
    decision = decide(deciding, has_second_step=has_second_step, asked=None)
    strength = decision.required
    return contexts.acr(strength, ()), contexts.amr(TYPICAL_METHODS[strength], strength), decision.rule


def _access(work: Work, application: Application, person: Account) -> tuple[bool, tuple[str, ...]]:
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


def _faults(client: ClientFacts, granted: Collection[str]) -> tuple[str, ...]:
    if not client.response_types and _DEVICE_CODE not in client.grant_types:
        return ("it is registered for itself alone: nobody signs on to it",)
    return () if OPENID in granted else ("the scope openid is not among what it asks for: there is no ID token",)


def _kept(
    work: Work, client: ClientFacts, person: Account, names: Collection[str], said: dict[str, Any]
) -> tuple[Withheld, ...]:
    levels = release_levels(work, client.organization_id, client.site_id, client.application_id)
    held = attributes_of(work, person.organization_id, person.id)
    leaves = may_leave(levels)
    kept = []
    for name in dict.fromkeys(names):
        attribute = name.removesuffix("_verified")
        if name not in said and attribute in held and attribute not in leaves:
            kept.append(Withheld(name, withheld(attribute, levels)))
    return tuple(kept)
