"""Audit events of how people come in: invitations, imports, joining, asking for access."""

from dataclasses import dataclass

from idp.audit.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationRevoked(Event):
    """An invitation was taken back before it was accepted (target: the account)."""

    tag = "invitation.revoked"
    sentence = "took the invitation of {email} back"
    email: str
