"""What the step of an attempt says to a person: one sentence. Pure."""

from collections.abc import Mapping
from typing import Any

from idp.base.texts import Words, phrase

_PASSED = {
    ("saml", "message"): phrase("The application's request arrived and could be read."),
    ("saml", "signature"): phrase("The signature of the request was looked at."),
    ("saml", "application"): phrase("The application is registered here."),
    ("saml", "address"): phrase("The answer goes to an address that is registered."),
    ("saml", "context"): phrase("How strongly to sign in was looked at."),
    ("oidc", "request"): phrase("The application's request arrived and could be read."),
    ("oidc", "client"): phrase("The application is registered here and is who it says it is."),
    ("oidc", "redirect-uri"): phrase("The answer goes to an address that is registered."),
    ("oidc", "code"): phrase("The application was sent a code."),
    ("oidc", "token"): phrase("The application was sent an access token."),
    ("oidc", "id-token"): phrase("The application was sent an ID token."),
    ("oidc", "dpop"): phrase("The application proved that it holds its key."),
    ("oidc", "target"): phrase("The API that the token is for was found."),
    ("oidc", "grant"): phrase("The application got its tokens."),
    ("oidc", "device"): phrase("The device is the one that asked."),
    ("scim", "client"): phrase("The directory proved who it is."),
    ("scim", "call"): phrase("What the directory wanted was done."),
    ("", "session"): phrase("The person is signed in."),
    ("", "password"): phrase("The password was right."),
}
_FAILED = {
    "message": phrase("The application's request could not be read."),
    "signature": phrase("The signature of the request is not right."),
    "application": phrase("No application of that name is registered here."),
    "client": phrase("The application is not registered here, or did not prove who it is."),
    "address": phrase("The answer should go to an address that is not registered."),
    "redirect-uri": phrase("The answer should go to an address that is not registered."),
    "access": phrase("This person may not open the application."),
    "sign-on": phrase("The person was not let in."),
    "context": phrase("How strongly to sign in could not be met."),
    "grant": phrase("The application got no tokens."),
    "call": phrase("What the directory wanted was refused."),
    "request": phrase("The request was refused."),
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
        return _FAILED.get(name) or phrase("The step “%(step)s” failed.", step=name)
    found = _PASSED.get((kind.partition(".")[0], name)) or _PASSED.get(("", name))
    return found or phrase("The step “%(step)s” went well.", step=name)
