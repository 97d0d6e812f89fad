"""Why a person was not signed on: nothing may be shown, no consent, another person, not strong enough (OpenID Connect Core 3.1.2.6; O27, O28)."""

from collections.abc import Callable

from idp.audit.findings import Kind, Place, Remedy, Severity, remedy
from idp.base.texts import joined, phrase
from idp.oidc.checking.causes import Cause, explained
from idp.oidc.checking.subjects import Attempt, Findings
from idp.signon.request import Refusal

NO_SESSION = Kind(
    "login-required-no-session",
    Severity.WARNING,
    "nothing may be shown, and no session came with the request",
    "The person is not signed in, their session is over, or the request came from a frame: browsers send no cookies "
    "with those of another site.",
    clause="OpenID Connect Core section 3.1.2.6",
)
TOO_OLD = Kind(
    "login-required-too-old",
    Severity.WARNING,
    "nothing may be shown, and what the person has proven does not count",
    "There is a session, but it is older than max_age, lacks the second step that policy asks for, or is another "
    "person's than the one that the request speaks of.",
    clause="OpenID Connect Core section 3.1.2.6",
)
CONSENT_REQUIRED = Kind(
    "consent-required",
    Severity.WARNING,
    "nothing may be shown, and the person has not agreed yet",
    "The application asks for something that this person never agreed to, or has taken back.",
    clause="OpenID Connect Core section 3.1.2.6",
)
CONSENT_DENIED = Kind(
    "consent-denied",
    Severity.NOTE,
    "a person who did not agree",
    "They were asked whether the application may have what it asks for, and said no.",
    clause="OpenID Connect Core section 3.1.2.4",
)
CANCELLED = Kind(
    "sign-on-cancelled",
    Severity.NOTE,
    "a person who did not go on",
    "They left the sign-in page by its own way out.",
    clause="RFC 6749 section 4.1.2.1",
)
CONTEXT = Kind(
    "context-unmet",
    Severity.WARNING,
    "authentication that was not reached",
    "The application demands more than the person has proven and could be asked for, or a context that we do not know.",
    clause="OpenID Connect Unmet Authentication Requirements 1.0",
)
OTHER_PERSON = Kind(
    "other-person",
    Severity.WARNING,
    "another person than the one that the request speaks of",
    "By id_token_hint, or by a claim, the application asks for one person, and another one is signed in.",
    clause="OpenID Connect Core section 3.1.2.2",
)
PROMPT = Kind(
    "prompt-unknown",
    Severity.SERIOUS,
    "a prompt that does not exist or cannot be combined",
    "There are login, consent, select_account, and none, which stands alone.",
    clause="OpenID Connect Core section 3.1.2.1",
)
MAX_AGE = Kind(
    "max-age-malformed",
    Severity.SERIOUS,
    "a max_age that is no number",
    "How old the sign-in may be is said in whole seconds.",
    clause="OpenID Connect Core section 3.1.2.1",
)
ACR = Kind(
    "acr-values-too-many",
    Severity.SERIOUS,
    "too many authentication contexts",
    "At most twenty are taken in one request.",
    clause="OpenID Connect Core section 3.1.2.1",
)
KINDS = (
    NO_SESSION,
    TOO_OLD,
    CONSENT_REQUIRED,
    CONSENT_DENIED,
    CANCELLED,
    CONTEXT,
    OTHER_PERSON,
    PROMPT,
    MAX_AGE,
    ACR,
)


def check_attempt(attempt: Attempt) -> Findings:
    """What kept the person out?"""
    if attempt.failed.code == Refusal.LOGIN_REQUIRED.value:
        yield from _login_required(attempt)
        return
    found = _OF_REFUSAL.get(attempt.failed.code)
    if found is None:
        yield from explained(attempt, _CAUSES)
        return
    kind, evidence, here, vendor = found
    who, asked = attempt.person or phrase("the person"), attempt.context.get("asked") or phrase("a context")
    yield kind.found(evidence(who, asked), here=_with_app(here, attempt), vendor=vendor)


def _with_app(here: str | Remedy, attempt: Attempt) -> str | Remedy:
    if not isinstance(here, Remedy):
        return here
    return remedy(
        here.says, here.command, here.place, None if attempt.registered is None else attempt.registered.application_id
    )


def _login_required(attempt: Attempt) -> Findings:
    proofs = attempt.context.get("proofs") or ()
    if not proofs:
        yield NO_SESSION.found(
            "prompt=none, and no session came with the request",
            vendor="Please do not renew in a hidden frame: use refresh tokens, or send the whole window through the "
            "sign-on. On login_required, ask again without prompt=none.",
        )
        return
    proven = ", ".join(str(proof[0]) for proof in proofs)
    evidence: str = phrase(
        "prompt=none; %(who)s has proven %(proven)s", who=attempt.person or phrase("the person"), proven=proven
    )
    if attempt.context:
        by_policy = phrase("second step by policy: %(second_step)s", second_step=attempt.context.get("second_step"))
        evidence = joined([evidence, by_policy], "; ")
    yield TOO_OLD.found(
        evidence,
        vendor="Please ask again without prompt=none on login_required; look whether max_age and id_token_hint say what "
        "you mean.",
    )


_OF_REFUSAL: dict[str, tuple[Kind, Callable[[str, str], str], str | Remedy, str]] = {
    Refusal.CONSENT_REQUIRED.value: (
        CONSENT_REQUIRED,
        lambda who, _: phrase("prompt=none, and %(who)s has not agreed to all that is asked for", who=who),
        Remedy(
            phrase("If the application is the organization's own, nobody need be asked: mark it as that."),
            "idp application oidc set APP --first-party",
            Place.CLIENT,
        ),
        "Please ask again without prompt=none on consent_required.",
    ),
    Refusal.CONSENT_DENIED.value: (
        CONSENT_DENIED,
        lambda who, _: phrase("%(who)s said no", who=who),
        "",
        "Please ask for no more than you need.",
    ),
    Refusal.CANCELLED.value: (CANCELLED, lambda who, _: phrase("%(who)s went back", who=who), "", ""),
    Refusal.CONTEXT_UNMET.value: (
        CONTEXT,
        lambda _, asked: phrase("asked for is %(asked)s", asked=asked),
        phrase("See that the person has set up a second step, if that is what is asked for."),
        "Please ask for one of acr_values_supported, as acr_values and not as an essential claim, and without "
        "prompt=none.",
    ),
    Refusal.WRONG_ACCOUNT.value: (
        OTHER_PERSON,
        lambda who, _: phrase("%(who)s is signed in", who=who),
        "",
        "Please leave id_token_hint out where another person may sign on, or send prompt=login.",
    ),
}
_CAUSES = (
    Cause(
        "^A part of the prompt|^The prompt none stands alone",
        PROMPT,
        vendor="Please send one of these, or none at all.",
    ),
    Cause("^The max_age is no number", MAX_AGE, vendor="Please send max_age as whole seconds."),
    Cause("^There are too many acr_values", ACR, vendor="Please name one or two of acr_values_supported."),
)
