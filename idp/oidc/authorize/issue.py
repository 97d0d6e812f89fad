"""
What a sign-on is answered with: a code, tokens, or both (RFC 6749 sections 4.1.2 and 4.2.2,
OpenID Connect Core sections 3.2.2.5 and 3.3.2.5).

Whatever it is, it belongs to one grant, so that whoever ends the grant ends all of it (O7).
"""

from idp.audit.attempts import Trail
from idp.audit.events import TokenIssued
from idp.audit.log import record
from idp.base.work import Work
from idp.oidc import access_tokens, codes, grants, id_tokens, targets, tokens
from idp.oidc.authorize import grant, response_type
from idp.oidc.authorize.request import AuthorizeRequest
from idp.oidc.errors import AccessDenied
from idp.oidc.grants import Dead, LiveGrant
from idp.oidc.metadata import CODE, ID_TOKEN, IMPLICIT, TOKEN
from idp.signon.request import SignOnResult

Fields = list[tuple[str, str]]


def issue(work: Work, request: AuthorizeRequest, result: SignOnResult, trail: Trail) -> Fields:
    """
    Return what answers the sign-on *result* that *request* asked for, as fields of the answer.

    Keeps the grant, and notes the client as a participant of the session.

    Raises:
        AccessDenied: a token is asked for, and the grant does not stand.
        OAuthError: there is nothing that the access token could be for.
    """
    wanted = response_type.parts(request)
    grant_id = grant.keep(work, request, result)
    fields: Fields = []
    if CODE in wanted:
        fields.append(("code", codes.issue(work, request, grant_id)))
        trail.passed("code", scope=request.scope)
    if wanted != {CODE}:
        fields += _tokens(work, request, grant_id, trail, code=fields[0][1] if fields else "")
    return fields


def _tokens(work: Work, request: AuthorizeRequest, grant_id: str, trail: Trail, *, code: str) -> Fields:
    """The tokens that come with the answer: never one to refresh with (RFC 6749 section 4.2.2)."""
    wanted = response_type.parts(request)
    standing = grants.standing(work, request.client, grant_id)
    if isinstance(standing, Dead):
        raise AccessDenied("The person may not open this application.", cause=standing.cause)
    fields: Fields = []
    access_token = ""
    if TOKEN in wanted:
        target = targets.of_request(work, request, standing)
        made = access_tokens.issue(
            work, request.provider, request.client, target, subject=standing.subject, grant=standing
        )
        access_token = made.token
        fields += [(name, str(value)) for name, value in tokens.response(made).items()]
        trail.passed("token", scope=" ".join(target.scope), token_id=made.id)
        _record(work, request, standing, trail, made)
    if ID_TOKEN in wanted:
        id_token = id_tokens.issue(
            work,
            request.provider,
            request.client,
            standing,
            access_token=access_token,
            code=code,
            nonce=request.nonce or "",
            with_scope=wanted == {ID_TOKEN},
        )
        fields.append(("id_token", id_token))
        trail.passed("id-token")
    return fields


def _record(work: Work, request: AuthorizeRequest, standing: LiveGrant, trail: Trail, made: access_tokens.Made) -> None:
    record(
        work,
        TokenIssued(
            organization_id=standing.organization_id,
            target_id=standing.account_id,
            attempt_id=trail.id,
            client_id=request.client.client_id,
            grant_type=IMPLICIT,
            scope=" ".join(made.target.scope),
            token_id=made.id,
        ),
    )
