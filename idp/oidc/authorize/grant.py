"""What a person allowed the client that asked, kept as a grant; the client takes part in the session from then on."""

from dataclasses import asdict

from idp.base.work import Work
from idp.oidc import contexts, grants, scopes, subjects
from idp.oidc.authorize import acr_values, claims, consents, scope
from idp.oidc.authorize.request import AuthorizeRequest
from idp.oidc.claims import OFFLINE_ACCESS
from idp.signon import session as session_
from idp.signon.request import SignOnResult


def keep(work: Work, request: AuthorizeRequest, result: SignOnResult) -> str:
    """
    Keep the grant of the sign-on *result* that *request* asked for; return its id.

    Notes the client as a participant of the session, by the subject that it knows the person by.
    """
    granted = scopes.of_person(work, request.client, result.account_id, scope.granted(request))
    single = claims.read(request)
    subject = subjects.subject_of(work, result.organization_id, result.account_id, request.client.sector)
    details = grants.Details(
        acr=contexts.acr(result.strength, acr_values.wished(request)),
        amr=tuple(contexts.amr(result.methods, result.strength)),
        id_token_claims=single.id_token,
        userinfo_claims=single.userinfo,
        asks=consents.asks(request),
        resources=request.resources,
        strength=int(result.satisfied),
        sector=request.client.sector,
        methods=tuple(method.value for method in result.methods),
    )
    grant_id = grants.create(
        work, result, subject=subject, scope=granted, offline=OFFLINE_ACCESS in granted, details=asdict(details)
    )
    session_.join(work, result.organization_id, result.session_id, result.application_id, {"sub": subject})
    return grant_id
