"""Trying the connection to a target, before anything is sent: what to ask, asking it, and what came of it."""

from dataclasses import dataclass, field

from idp.base.errors import Conflict, Invalid
from idp.base.work import Work
from idp.provisioning.targets import found, noticing, server, tokens
from idp.provisioning.targets.sending import Dial
from idp.provisioning.targets.server import Failed, Fault, Probed


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked, and of whom."""

    application_id: str
    endpoint: str
    token: str = field(repr=False)


def ask(work: Work, application_id: str) -> Asked:
    """
    Return what is to be asked to try the connection.

    Raises:
        NotFound: no such application that this actor may see, or it has no target.
        Forbidden: the actor may not edit the application.
        Conflict: it has no token.
    """
    _, target = found.editable(work, application_id)
    token = tokens.read(work, target)
    if not token:
        raise Conflict("There is no token to test with.", advice="Give it the token first.")
    return Asked(application_id, target.endpoint, token)


def asked(dial: Dial, question: Asked) -> Probed | Fault:
    """Ask it. Call it while no transaction is open; nothing is changed at the far end."""
    try:
        return server.probe(dial(question.endpoint, question.token))
    except Failed as failure:
        return failure.fault


def note(work: Work, question: Asked, came: Probed | Fault) -> None:
    """Keep what was learned of how accounts are changed there."""
    _, target = found.editable(work, question.application_id)
    if isinstance(came, Probed) and target.endpoint == question.endpoint:
        noticing.set_(work, target, update_by="patch" if came.patch else "put")


def refusal(fault: Fault) -> Invalid:
    """Return what is said of a connection that does not work: our words, nothing of what the far end answered."""
    if fault is Fault.UNREACHABLE:
        return Invalid(
            "Nothing that can be used came from that address.",
            field="endpoint",
            advice="It must begin with https:// and be reachable from here without a redirect.",
        )
    if fault is Fault.UNAUTHORIZED:
        return Invalid(
            "The application refuses the token.", field="token", advice="Make a new one there, and give it here."
        )
    if fault is Fault.NOT_SCIM:
        return Invalid(
            "What answers at that address does not speak SCIM 2.0.",
            field="endpoint",
            advice="Look at its documentation for the base address; it often ends in /scim/v2.",
        )
    return Invalid("The application answers that it cannot now.", field="endpoint", advice="Try again in some minutes.")
