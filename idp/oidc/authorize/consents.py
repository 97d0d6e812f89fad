"""Say what the person must agree to (OpenID Connect Core 3.1.2.4 and section 11, RFC 8252 section 8.6; O28)."""

from idp.oidc import claims as claims_
from idp.oidc import scopes
from idp.oidc.authorize import claims, prompt, scope
from idp.oidc.authorize.request import AuthorizeRequest


def asks(request: AuthorizeRequest) -> tuple[str, ...]:
    """
    Return what consent is needed for, as scopes; nothing where the client is exempt. One of an API comes with
    its sentence, so that another sentence is another thing to agree to.

    Exempt are the organization's own applications, marked so by an administrator, if it is
    certain who receives the answer: the client has a secret, or the address is an https one. They
    are asked for as well where the client itself wants that (``prompt=consent``, Core 3.1.2.1).
    """
    wants_it = prompt.CONSENT in prompt.prompts(request)
    if request.client.first_party and _receiver_is_certain(request) and not wants_it:
        return ()
    single = claims.read(request)
    wanted = (*scope.granted(request), *claims_.scopes_for((*single.id_token, *single.userinfo)))
    shared = tuple(dict.fromkeys(scopes.ask(request.apis, token) for token in wanted if token != claims_.OPENID))
    return shared or (claims_.OPENID,)


def must_ask_again(request: AuthorizeRequest) -> bool:
    """
    Say whether consent that was given before does not count.

    Any program on a machine can take a loopback port or a private scheme, so that a public
    client there may be another one than the person agreed to.
    """
    return prompt.CONSENT in prompt.prompts(request) or not _receiver_is_certain(request)


def _receiver_is_certain(request: AuthorizeRequest) -> bool:
    return not request.client.public or request.redirect_uri.startswith("https://")
