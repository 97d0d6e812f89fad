"""What the step of an attempt says to a person: one sentence. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

_PASSED = {
    ("saml", "message"): "The application's request arrived and could be read.",
    ("saml", "signature"): "The signature of the request was looked at.",
    ("saml", "application"): "The application is registered here.",
    ("saml", "address"): "The answer goes to an address that is registered.",
    ("saml", "context"): "How strongly to sign in was looked at.",
    ("oidc", "request"): "The application's request arrived and could be read.",
    ("oidc", "client"): "The application is registered here and is who it says it is.",
    ("oidc", "redirect-uri"): "The answer goes to an address that is registered.",
    ("oidc", "code"): "The application was sent a code.",
    ("oidc", "token"): "The application was sent an access token.",
    ("oidc", "id-token"): "The application was sent an ID token.",
    ("oidc", "dpop"): "The application proved that it holds its key.",
    ("oidc", "target"): "The API that the token is for was found.",
    ("oidc", "grant"): "The application got its tokens.",
    ("oidc", "device"): "The device is the one that asked.",
    ("", "session"): "The person is signed in.",
    ("", "password"): "The password was right.",
}
_FAILED = {
    "message": "The application's request could not be read.",
    "signature": "The signature of the request is not right.",
    "application": "No application of that name is registered here.",
    "client": "The application is not registered here, or did not prove who it is.",
    "address": "The answer should go to an address that is not registered.",
    "redirect-uri": "The answer should go to an address that is not registered.",
    "access": "This person may not open the application.",
    "sign-on": "The person was not let in.",
    "context": "How strongly to sign in could not be met.",
    "grant": "The application got no tokens.",
    "request": "The request was refused.",
}
_ELSE_PASSED, _ELSE_FAILED = "The step “%(step)s” went well.", "The step “%(step)s” failed."


def sentence(kind: str, step: Mapping[str, Any], translate: Callable[[str], str] = str) -> str:
    """
    Return in one sentence what a step of an attempt came to.

    Args:
        kind: of the attempt, for example ``saml.sign-on``.
        step: as the attempt keeps it; its cause is not in the sentence.
        translate: makes another language's words out of the English ones.
    """
    name = str(step.get("step", ""))[:64]
    if step.get("state") == "failed":
        return translate(_FAILED.get(name, _ELSE_FAILED)).replace("%(step)s", name)
    protocol = kind.partition(".")[0]
    words = _PASSED.get((protocol, name)) or _PASSED.get(("", name), _ELSE_PASSED)
    return translate(words).replace("%(step)s", name)


def all_words() -> tuple[str, ...]:
    """Return every sentence, for whoever translates them."""
    return tuple(dict.fromkeys((*_PASSED.values(), *_FAILED.values(), _ELSE_PASSED, _ELSE_FAILED)))
