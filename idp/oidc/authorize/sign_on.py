"""The authorization request in the neutral words of signing on."""

from idp.base.work import Work
from idp.oidc import addresses
from idp.oidc.authorize import acr_values, consents, id_token_hint, max_age, prompt
from idp.oidc.authorize.identify import FORM_POST, ReplyTo
from idp.oidc.authorize.request import AuthorizeRequest
from idp.policy.access.context import RequestKind
from idp.signon.request import SignOnRequest

_MOST_LOCALES = 10
_LONGEST_HINT = 320


def sign_on_request(work: Work, request: AuthorizeRequest, reply_to: ReplyTo) -> SignOnRequest:
    """
    Return what *request* asks of signing on.

    Raises:
        InvalidRequest: it speaks of a person by a hint that is none.
    """
    asked = prompt.prompts(request)
    strength, unattainable = acr_values.demanded(request)
    return SignOnRequest(
        organization_id=request.provider.organization_id,
        site_id=request.provider.site_id,
        application_id=request.client.application_id,
        application_name=request.client.name,
        resume_url=request.provider.resume_path,
        passive=prompt.NONE in asked,
        force=bool(asked & {prompt.LOGIN, prompt.SELECT_ACCOUNT}),
        max_age=max_age.greatest(request),
        asked=strength,
        asked_if_possible=acr_values.is_wish(request),
        unattainable=unattainable,
        login_hint=(request.login_hint or "")[:_LONGEST_HINT],
        account_hint=id_token_hint.account_hint(work, request),
        asks=consents.asks(request),
        ask_consent_again=consents.must_ask_again(request),
        start_again_url=request.client.launch_url,
        privacy_url=request.client.policy_uri,
        terms_url=request.client.tos_uri,
        logo_url=request.client.logo_uri,
        kind=RequestKind.OIDC,
        unchecked=request.client.self_registered,
        locales=tuple((request.ui_locales or "").split()[:_MOST_LOCALES]),
        answers_at=addresses.origin(reply_to.redirect_uri) if reply_to.mode != FORM_POST else "",
    )
