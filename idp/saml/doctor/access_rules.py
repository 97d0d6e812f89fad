"""What the organization's own rules say of a sign-on: that it may not be, or that more must be proven than can be."""

import shlex

from idp.audit.findings import Kind, Place, Remedy, Severity
from idp.base.texts import joined, phrase
from idp.saml.doctor.subjects import Attempt, Findings

DENIED = Kind(
    "access-rule-denied",
    Severity.SERIOUS,
    "a sign-on that an access rule denies",
    "A rule of the organization looked at the person, the place, the device or the hour, and said no; the application is "
    "answered with RequestDenied. Signing in once more helps only where one of these is another then.",
)
IMPOSSIBLE = Kind(
    "step-not-possible",
    Severity.SERIOUS,
    "a step that is required and that the person cannot take",
    "More must be proven than the person has proven, and none of the ways to sign in that the authentication policy allows "
    "would do; the application is answered with NoAuthnContext.",
)
KINDS = (DENIED, IMPOSSIBLE)

_DENIED, _UNMET = "denied", "context-unmet"


def check_attempt(attempt: Attempt) -> Findings:
    """Which rule was it?"""
    code = attempt.failed.code
    if code == _DENIED:
        yield from _denied(attempt)
    elif code == _UNMET and not attempt.contexts and not attempt.context.get("passive"):
        yield from _impossible(attempt)


def _denied(attempt: Attempt) -> Findings:
    by, who = attempt.denied_by, attempt.person or phrase("the person")
    if by is None:
        yield DENIED.found(
            phrase("%(who)s was denied by %(rule)s", who=who, rule=attempt.rule),
            here=Remedy(
                phrase("Ask whoever looks after the access policies whether the rule is meant to hold here."),
                _what_if(attempt),
                Place.WHAT_IF,
            ),
        )
        return
    organization = attempt.here.organization
    yield DENIED.found(
        phrase(
            "the access policy “%(policy)s” (version %(version)s) denied %(who)s by the rule “%(rule)s”",
            policy=by.policy,
            version=by.version,
            who=who,
            rule=by.rule,
        ),
        here=Remedy(
            phrase(
                "Look at the rule and ask what would come of it now. If it is right, nothing has to be changed; if not, write an "
                "exception for the person, the place or the application into it."
            ),
            f"idp access show {shlex.quote(by.policy)} --organization {organization} --version {by.version}; "
            + _what_if(attempt),
            Place.ACCESS_POLICY,
            by.policy_id,
        ),
    )


def _impossible(attempt: Attempt) -> Findings:
    proofs = attempt.context.get("proofs") or ()
    yield IMPOSSIBLE.found(
        phrase(
            "%(who)s has proven %(proven)s; more is asked for by the rule “%(rule)s”",
            who=attempt.person or phrase("the person"),
            proven=joined([str(proof[0]) for proof in proofs], ", ") if proofs else phrase("nothing"),
            rule=attempt.rule,
        ),
        here=Remedy(
            phrase(
                "See what is asked for and which ways to sign in the authentication policy allows: allow one that does for it, "
                "or ask for less."
            ),
            f"{_what_if(attempt)}; idp policy list --organization {attempt.here.organization}",
            Place.POLICIES,
        ),
        vendor="Please ask for no more than a password (leave RequestedAuthnContext out), if that is enough for you."
        if attempt.rule.startswith("application:")
        else "",
    )


def _what_if(attempt: Attempt) -> str:
    """The command that asks the rules once more about what was recorded of the attempt."""
    asked = {
        "--account": attempt.person,
        "--application": "" if attempt.registered is None else attempt.registered.application_id,
        "--organization": attempt.here.organization,
        "--ip": attempt.ip or "IP",
        "--at": "" if attempt.at is None else f"{attempt.at:%Y-%m-%dT%H:%M:%SZ}",
        "--country": attempt.country,
        "--request": "saml",
        "--proven": ",".join(str(proof[0]) for proof in attempt.context.get("proofs") or ()),
    }
    return "idp policy explain " + " ".join(f"{name} {shlex.quote(value)}" for name, value in asked.items() if value)
