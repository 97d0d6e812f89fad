"""Whether the person may, or must, be asked (SAML Core 2.0 section 3.4.1: ForceAuthn, IsPassive)."""

from idp.audit.findings import Kind, Severity
from idp.base.texts import phrase
from idp.saml.doctor.subjects import Attempt, Findings, Request

BOTH = Kind(
    "force-and-passive",
    Severity.SERIOUS,
    "the person must be asked, and must not be",
    "ForceAuthn demands a new sign-in and IsPassive forbids to show anything: every such request is answered with "
    "NoPassive.",
)
PASSIVE = Kind(
    "passive-no-session",
    Severity.NOTE,
    "nobody was signed in, and nothing could be shown",
    "The application asked with IsPassive whether somebody is signed in. Nobody was; it is meant to be answered so.",
)
CANCELLED = Kind(
    "person-cancelled",
    Severity.NOTE,
    "the person gave up",
    "The sign-in was cancelled on our page.",
)
LOST = Kind(
    "sign-on-lost",
    Severity.NOTE,
    "a sign-on that could not be taken up again",
    "It was left for too long, was finished already, or came back in another browser or without its cookie (a second "
    "tab, the back button, a mail program that opens its own window).",
)
KINDS = (BOTH, PASSIVE, CANCELLED, LOST)


def check_request(request: Request) -> Findings:
    """Do the two contradict one another?"""
    asked = request.received.request
    if asked is not None and asked.force and asked.passive:
        yield BOTH.found(
            "ForceAuthn and IsPassive are both true", vendor="Please send either ForceAuthn or IsPassive, not both."
        )


def check_attempt(attempt: Attempt) -> Findings:
    """Why was nobody signed on?"""
    code, context = attempt.failed.code, attempt.context
    if code == "login-required" and context.get("force") and context.get("passive"):
        yield BOTH.found(
            "ForceAuthn and IsPassive were both true", vendor="Please send either ForceAuthn or IsPassive, not both."
        )
    elif code == "login-required" and not attempt.is_about_another:
        yield PASSIVE.found("IsPassive was true", vendor="Please ask again without IsPassive where NoPassive comes.")
    elif code == "cancelled":
        yield CANCELLED.found(
            "the person left the sign-in page by its cancel button",
            here="Nothing has to be changed: the person starts again at the application. If many give up at the same step, look "
            "whether they can take it at all.",
            vendor="When our answer is AuthnFailed, please let people start the sign-in again themselves; sending them back to "
            "us at once would trap whoever wants to leave.",
        )
    elif code.startswith("sign-on-"):
        yield LOST.found(
            phrase("%(cause)s (%(code)s)", cause=attempt.failed.cause, code=code),
            here="The person starts again at the application; the page offers that.",
        )
