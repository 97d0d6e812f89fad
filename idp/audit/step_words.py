"""What the step of an attempt says to a person: one sentence. Pure."""

from collections.abc import Mapping
from typing import Any

from idp.base.texts import Words, words

_PASSED = {
    ("saml", "message"): words("The application's request arrived and could be read."),
    ("saml", "signature"): words("The signature of the request was looked at."),
    ("saml", "application"): words("The application is registered here."),
    ("saml", "address"): words("The answer goes to an address that is registered."),
    ("saml", "context"): words("How strongly to sign in was looked at."),
    ("oidc", "request"): words("The application's request arrived and could be read."),
    ("oidc", "client"): words("The application is registered here and is who it says it is."),
    ("oidc", "redirect-uri"): words("The answer goes to an address that is registered."),
    ("oidc", "code"): words("The application was sent a code."),
    ("oidc", "token"): words("The application was sent an access token."),
    ("oidc", "id-token"): words("The application was sent an ID token."),
    ("oidc", "dpop"): words("The application proved that it holds its key."),
    ("oidc", "target"): words("The API that the token is for was found."),
    ("oidc", "grant"): words("The application got its tokens."),
    ("oidc", "device"): words("The device is the one that asked."),
    ("", "session"): words("The person is signed in."),
    ("", "password"): words("The password was right."),
}
_FAILED = {
    "message": words("The application's request could not be read."),
    "signature": words("The signature of the request is not right."),
    "application": words("No application of that name is registered here."),
    "client": words("The application is not registered here, or did not prove who it is."),
    "address": words("The answer should go to an address that is not registered."),
    "redirect-uri": words("The answer should go to an address that is not registered."),
    "access": words("This person may not open the application."),
    "sign-on": words("The person was not let in."),
    "context": words("How strongly to sign in could not be met."),
    "grant": words("The application got no tokens."),
    "request": words("The request was refused."),
}


def sentence(kind: str, step: Mapping[str, Any]) -> Words:
    """
    Return in one sentence what a step of an attempt came to.

    Args:
        kind: of the attempt, for example ``saml.sign-on``.
        step: as the attempt keeps it; its cause is not in the sentence.
    """
    name = str(step.get("step", ""))[:64]
    if step.get("state") == "failed":
        return _FAILED.get(name) or words("The step “%(step)s” failed.", step=name)
    found = _PASSED.get((kind.partition(".")[0], name)) or _PASSED.get(("", name))
    return found or words("The step “%(step)s” went well.", step=name)
