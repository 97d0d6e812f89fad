"""Trying the connection to a target, before anything is sent: what to ask, asking it, and what came of it."""

from dataclasses import dataclass, field

from idp.base.errors import Conflict
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
