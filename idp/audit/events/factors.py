"""Audit events of passwords, second steps, and getting back in."""

from dataclasses import dataclass

from idp.audit.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChanged(Event):
    tag = "password.changed"
    sentence = "changed a password (as {by})"
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondStepEnrolled(Event):
    tag = "second-step.enrolled"
    sentence = "set up a second step ({name})"
    method: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondStepRemoved(Event):
    tag = "second-step.removed"
    sentence = "removed a second step ({name})"
    method: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryCodesMade(Event):
    tag = "recovery-codes.made"
    sentence = "made {count} new recovery codes"
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryCodeUsed(Event):
    tag = "recovery-code.used"
    sentence = "used a recovery code; {left} are left"
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TemporaryPassMade(Event):
    """An administrator gave an account a temporary access pass (target: the account, as in the next three)."""

    tag = "temporary-pass.made"
    sentence = "gave {email} a temporary access pass, good from {valid_from} to {valid_to}"
    email: str
    pass_id: str
    valid_from: str
    valid_to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TemporaryPassRevoked(Event):
    tag = "temporary-pass.revoked"
    sentence = "took back a temporary access pass of {email}"
    email: str
    pass_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TemporaryPassUsed(Event):
    tag = "temporary-pass.used"
    sentence = "used a temporary access pass"
    pass_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorsReset(Event):
    """An administrator removed every second step of an account, its devices and its sign-ons."""

    tag = "second-steps.removed"
    sentence = "removed every second step of {email} ({removed}), its devices and its sign-ons"
    email: str
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorStopped(Event):
    """Too many wrong tries in a row: *method* stopped working for the account (target)."""

    tag = "factor.stopped"
    sentence = "stopped working after too many wrong tries in a row: {method}"
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondStepPutOff(Event):
    """Somebody put off setting up a second step, for the ``used``-th time."""

    tag = "second-step.postponed"
    sentence = "put off setting up a second step ({used} times so far)"
    attempt_id: str
    used: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPasswordRequired(Event):
    """An account must choose a new password at its next sign-in (target: the account)."""

    tag = "password.change-required"
    sentence = "required a new password of {email} (signed out everywhere: {signed_out})"
    email: str
    signed_out: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BreachedPasswordFound(Event):
    """A password that was right at sign-in is on the list of breached ones; a new one is due (target: the account)."""

    tag = "password.found-breached"
    sentence = "signed in with a password that is on the list of breached ones; a new one is due"
    attempt_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordImported(Event):
    """An account was given the hash of its password in another system (target: the account)."""

    tag = "password.imported"
    sentence = "gave {email} the hash of its password elsewhere ({scheme})"
    email: str
    scheme: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticatorRenamed(Event):
    """A passkey or security key has another name (target: the account)."""

    tag = "authenticator.renamed"
    sentence = "renamed a passkey or security key from {before} to {after}"
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticatorCloned(Event):
    """A passkey or security key was refused: its counter did not grow, so there may be a copy (target: the account)."""

    tag = "authenticator.cloned"
    sentence = (
        "was refused with {name}: its counter showed {shown_count} after {known_count}, so there may be a copy of it"
    )
    name: str
    known_count: int
    shown_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordResetMailed(Event):
    """A link to set a new password was mailed (target: the account)."""

    tag = "password-reset.mailed"
    sentence = "mailed a link to set a new password (asked from {asked_from})"
    asked_from: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordResetRefused(Event):
    """Somebody asked for such a link, and none was mailed (target: the account)."""

    tag = "password-reset.refused"
    sentence = "mailed no link to set a new password: {cause} (asked from {asked_from})"
    cause: str
    asked_from: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstPasswordLinkMade(Event):
    """A link to set the first password of an account was made, and mailed or handed out."""

    tag = "first-password-link.made"
    sentence = "made a link to set the first password of {email} (mailed: {mailed})"
    email: str
    mailed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailChangeAsked(Event):
    """A person asked for another e-mail address, which is still to be confirmed."""

    tag = "email-change.asked"
    sentence = "asked to have the address {wanted} in place of {before}"
    before: str
    wanted: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailCodeMailed(Event):
    """A code to sign in with was mailed (target: the account)."""

    tag = "email-code.mailed"
    sentence = "was mailed a code to sign in with"


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordLinkUsed(Event):
    """A password was set by the link of a mail, or one that was handed out (target: the account)."""

    tag = "password-link.used"
    sentence = "set a password by a link ({purpose})"
    purpose: str
