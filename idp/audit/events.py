"""
The catalogue of audit events: one frozen dataclass each, tag ``noun.past-tense``.

A detail cannot be forgotten or misspelled, and a secret has no field to go in.
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What every event has: whose organization, and what it happened to."""

    tag: ClassVar[str] = ""
    organization_id: str | None
    target_id: str


def catalogue() -> dict[str, type[Event]]:
    """Return every event by its tag."""
    return {event.tag: event for event in Event.__subclasses__()}


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallationInitialized(Event):
    tag = "installation.initialized"
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationCreated(Event):
    tag = "organization.created"
    slug: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteCreated(Event):
    tag = "site.created"
    slug: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteChanged(Event):
    tag = "site.changed"
    before: dict[str, str]
    after: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCreated(Event):
    tag = "account.created"
    email: str
    name: str
    kind: str = "member"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDisabled(Event):
    tag = "account.disabled"
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountEnabled(Event):
    tag = "account.enabled"
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRenamed(Event):
    """What a person is called was changed; only the parts that were are named."""

    tag = "account.renamed"
    email: str
    before: dict[str, str]
    after: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountAttributesChanged(Event):
    """Further attributes of an account changed; only those that did are named, with their values."""

    tag = "account.attributes-changed"
    email: str
    before: dict[str, str]
    after: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleGranted(Event):
    tag = "role.granted"
    role: str
    site_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCreated(Event):
    tag = "group.created"
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberAdded(Event):
    tag = "group.member-added"
    group: str
    account_id: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationCreated(Event):
    tag = "application.created"
    name: str
    protocol: str
    site_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationDisabled(Event):
    tag = "application.disabled"
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationEnabled(Event):
    tag = "application.enabled"
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationDeleted(Event):
    tag = "application.deleted"
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessGranted(Event):
    tag = "application.access-granted"
    subject_kind: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasePolicyChanged(Event):
    tag = "release-policy.changed"
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRulesChanged(Event):
    """What is sent under which names was changed for a level; ``changes`` has a line for every rule."""

    tag = "release-rules.changed"
    level: str
    name: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticationPolicyChanged(Event):
    tag = "authentication-policy.changed"
    name: str
    before: dict[str, str]
    after: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProviderRegistered(Event):
    tag = "service-provider.registered"
    entity_id: str
    metadata_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProviderTemplateApplied(Event):
    """A service provider was registered from an application template, with these values of its fields."""

    tag = "service-provider.template-applied"
    template: str
    fields: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProviderChanged(Event):
    """How a service provider is answered was changed, or where its metadata comes from."""

    tag = "service-provider.changed"
    entity_id: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProviderRedescribed(Event):
    """What is known of a service provider was changed. ``source`` is ``hand``, ``metadata``, ``offer`` or ``refresh``."""

    tag = "service-provider.redescribed"
    entity_id: str
    source: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProviderChangeOffered(Event):
    """Metadata fetched anew says something else, and waits until an administrator applies or discards it."""

    tag = "service-provider.change-offered"
    entity_id: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProviderOfferDiscarded(Event):
    tag = "service-provider.offer-discarded"
    entity_id: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProviderRefreshFailed(Event):
    """Metadata could not be fetched or taken (recorded once per cause, not once per try)."""

    tag = "service-provider.refresh-failed"
    entity_id: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProviderExpiryWarned(Event):
    tag = "service-provider.expiry-warned"
    entity_id: str
    what: str
    ends: str
    within_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProviderNameFreed(Event):
    """A name that ``account_id`` had at an application may be given to another account."""

    tag = "service-provider.name-freed"
    name: str
    account_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LegacyAlgorithmsAllowed(Event):
    """Old algorithms were allowed to a service provider, until a moment."""

    tag = "service-provider.legacy-allowed"
    entity_id: str
    algorithms: tuple[str, ...]
    until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloverConfirmed(Event):
    """An administrator says that a service provider takes a new key of ours."""

    tag = "service-provider.new-key-confirmed"
    entity_id: str
    key_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRegistered(Event):
    tag = "client.registered"
    client_id: str
    redirect_uris: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCreated(Event):
    tag = "api.created"
    name: str
    identifier: str
    site_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiChanged(Event):
    tag = "api.changed"
    identifier: str
    before: dict[str, str]
    after: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientChanged(Event):
    """The registration of a client was changed; only what did is named, as it was and as it is."""

    tag = "client.changed"
    client_id: str
    before: dict[str, str]
    after: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiDisabled(Event):
    tag = "api.disabled"
    identifier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiEnabled(Event):
    tag = "api.enabled"
    identifier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiDeleted(Event):
    tag = "api.deleted"
    name: str
    identifier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSecretRotated(Event):
    tag = "api.secret-rotated"
    identifier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiScopeAdded(Event):
    tag = "api.scope-added"
    identifier: str
    scope: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiScopeChanged(Event):
    tag = "api.scope-changed"
    identifier: str
    scope: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiScopeRemoved(Event):
    tag = "api.scope-removed"
    identifier: str
    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiScopeGranted(Event):
    tag = "api.scope-granted"
    identifier: str
    scope: str
    subject_kind: str
    subject: str
    until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiScopeWithdrawn(Event):
    tag = "api.scope-withdrawn"
    identifier: str
    scope: str
    subject_kind: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSecretRotated(Event):
    tag = "client.secret-rotated"
    client_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationTokenCreated(Event):
    """An initial access token was made, with which clients may register themselves at a site."""

    tag = "registration-token.created"
    site_id: str
    name: str
    uses: str
    expires_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationTokenRevoked(Event):
    tag = "registration-token.revoked"
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCreated(Event):
    tag = "key.created"
    purpose: str
    algorithm: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyImported(Event):
    tag = "key.imported"
    purpose: str
    algorithm: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyStateChanged(Event):
    tag = "key.state-changed"
    purpose: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChanged(Event):
    tag = "password.changed"
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondStepEnrolled(Event):
    tag = "second-step.enrolled"
    method: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondStepRemoved(Event):
    tag = "second-step.removed"
    method: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryCodesMade(Event):
    tag = "recovery-codes.made"
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryCodeUsed(Event):
    tag = "recovery-code.used"
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInFailed(Event):
    tag = "sign-in.failed"
    attempt_id: str
    method: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStarted(Event):
    tag = "session.started"
    attempt_id: str
    session_id: str
    methods: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded(Event):
    tag = "session.ended"
    session_id: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutFinished(Event):
    """What every application of an ended session has said: confirmed, asked, failed, cannot (target: the account)."""

    tag = "logout.finished"
    logout_id: str
    person: str
    cause: str
    summary: str
    applications: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NameIdTerminated(Event):
    """A service provider gave up the name that it knew a person by (target: the account)."""

    tag = "name-id.terminated"
    application_id: str
    name_id: str
    attempt_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOn(Event):
    """A person was signed on to an application (target: the account)."""

    tag = "application.signed-on"
    attempt_id: str
    application_id: str
    session_id: str
    protocol: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOnRefused(Event):
    """An application was refused to a person, or a request of an application was refused."""

    tag = "application.sign-on-refused"
    attempt_id: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentGiven(Event):
    tag = "consent.given"
    application_id: str
    asks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentWithdrawn(Event):
    tag = "consent.withdrawn"
    application_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceAllowed(Event):
    """A person let a device in (target: the account)."""

    tag = "device.allowed"
    attempt_id: str
    application_id: str
    client_id: str
    device_ip: str
    device_agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceDenied(Event):
    """A person kept a device out, or was refused its application (target: the account, or the application)."""

    tag = "device.denied"
    attempt_id: str
    application_id: str
    client_id: str
    device_ip: str
    device_agent: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenIssued(Event):
    """Tokens were issued (target: the account, or the client for itself)."""

    tag = "token.issued"
    attempt_id: str
    client_id: str
    grant_type: str
    scope: str
    token_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRevoked(Event):
    tag = "token.revoked"
    client_id: str
    grant_id: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRefused(Event):
    tag = "token.refused"
    attempt_id: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProviderFixApplied(Event):
    """A fix that the doctor offered was applied; what it changed is an event of its own."""

    tag = "service-provider.fix-applied"
    kind: str
    does: str
    risk: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessDenied(Event):
    """A verb refused an actor (recorded by the door, in a transaction of its own)."""

    tag = "access.denied"
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPolicyCreated(Event):
    tag = "access-policy.created"
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPolicyChanged(Event):
    """An access policy was given a new version of its rules; ``because`` where something else than a hand made it."""

    tag = "access-policy.changed"
    name: str
    number: int
    because: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPolicyDeleted(Event):
    tag = "access-policy.deleted"
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPolicyAssigned(Event):
    """An application was put under another access policy (target: the application)."""

    tag = "access-policy.assigned"
    application: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneCreated(Event):
    tag = "zone.created"
    name: str
    usage: str
    contents: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneChanged(Event):
    tag = "zone.changed"
    name: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneDeleted(Event):
    tag = "zone.deleted"
    name: str
    contents: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDeviceAdded(Event):
    """An account signed in on a device that it was not known on (target: the account, as in the next two)."""

    tag = "known-device.added"
    device_id: str
    user_agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDeviceRemembered(Event):
    tag = "known-device.remembered"
    device_id: str
    until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDeviceForgotten(Event):
    tag = "known-device.forgotten"
    device_id: str
    user_agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TemporaryPassMade(Event):
    """An administrator gave an account a temporary access pass (target: the account, as in the next three)."""

    tag = "temporary-pass.made"
    email: str
    pass_id: str
    valid_from: str
    valid_to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TemporaryPassRevoked(Event):
    tag = "temporary-pass.revoked"
    email: str
    pass_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TemporaryPassUsed(Event):
    tag = "temporary-pass.used"
    pass_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorsReset(Event):
    """An administrator removed every second step of an account, its devices and its sign-ons."""

    tag = "second-steps.removed"
    email: str
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorStopped(Event):
    """Too many wrong tries in a row: *method* stopped working for the account (target)."""

    tag = "factor.stopped"
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountUnlocked(Event):
    tag = "account.unlocked"
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestBlocked(Event):
    """A request came from a zone of the block list and got no answer; of one network so many in a minute are written."""

    tag = "request.blocked"
    attempt_id: str
    zone: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticationPolicyCreated(Event):
    tag = "authentication-policy.created"
    name: str
    kind: str
    says: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticationPolicyDeleted(Event):
    """An authentication policy was deleted; ``moved`` accounts that were in it entered ``moved_to``."""

    tag = "authentication-policy.deleted"
    name: str
    moved: int
    moved_to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultAuthenticationPolicyChanged(Event):
    """New members enter another policy than before; those who were there stayed where they were."""

    tag = "authentication-policy.default-chosen"
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPolicyChanged(Event):
    """An account was moved to another authentication policy."""

    tag = "account.policy-changed"
    email: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountKindChanged(Event):
    """An account became a member, a guest, or a break-glass account."""

    tag = "account.kind-changed"
    email: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondStepPutOff(Event):
    """Somebody put off setting up a second step, for the ``used``-th time."""

    tag = "second-step.postponed"
    attempt_id: str
    used: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakGlassUsed(Event):
    """An account for emergencies was used, or somebody tried to. Organization administrators were told by mail."""

    tag = "break-glass-account.used"
    email: str
    what: str
    method: str
    attempt_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPasswordRequired(Event):
    """An account must choose a new password at its next sign-in (target: the account)."""

    tag = "password.change-required"
    email: str
    signed_out: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BreachedPasswordFound(Event):
    """A password that was right at sign-in is on the list of breached ones; a new one is due (target: the account)."""

    tag = "password.found-breached"
    attempt_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordImported(Event):
    """An account was given the hash of its password in another system (target: the account)."""

    tag = "password.imported"
    email: str
    scheme: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticatorRenamed(Event):
    """A passkey or security key has another name (target: the account)."""

    tag = "authenticator.renamed"
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticatorCloned(Event):
    """A passkey or security key was refused: its counter did not grow, so there may be a copy (target: the account)."""

    tag = "authenticator.cloned"
    name: str
    known_count: int
    shown_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPolicyTried(Event):
    """A version of an access policy counts on trial: until a moment, unless somebody confirms it."""

    tag = "access-policy-trial.started"
    name: str
    number: int
    instead_of: int
    until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPolicyConfirmed(Event):
    """What was on trial stays: an administrator has signed in under it (``sign-in``), or said so (``command``)."""

    tag = "access-policy-trial.confirmed"
    name: str
    number: int
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPolicyRolledBack(Event):
    tag = "access-policy-trial.reverted"
    name: str
    number: int
    back_to: int
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordResetMailed(Event):
    """A link to set a new password was mailed (target: the account)."""

    tag = "password-reset.mailed"
    asked_from: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordResetRefused(Event):
    """Somebody asked for such a link, and none was mailed (target: the account)."""

    tag = "password-reset.refused"
    cause: str
    asked_from: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountInvited(Event):
    """A person was mailed the link to set the password of an account."""

    tag = "account.invited"
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstPasswordLinkMade(Event):
    """A link to set the first password of an account was made, and mailed or handed out."""

    tag = "first-password-link.made"
    email: str
    mailed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailChangeAsked(Event):
    """A person asked for another e-mail address, which is still to be confirmed."""

    tag = "email-change.asked"
    before: str
    wanted: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailChanged(Event):
    """An account has another e-mail address: confirmed by it, given by an administrator, or given back (not me)."""

    tag = "account.email-changed"
    before: str
    after: str
    changed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSessionsEnded(Event):
    """An administrator ended every sign-on of an account."""

    tag = "account.sessions-ended"
    email: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentReported(Event):
    """
    A person said that something was not them, and everything was ended (target: the account).

    Args:
        removed: the second steps that had been added since.
        address: the e-mail address that the account got back, if so.
        helped_by: ``mail`` (a link to set a new password was mailed) or ``administrator``.
    """

    tag = "incident.reported"
    kind: str
    since: str
    removed: tuple[str, ...]
    address: str
    helped_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailCodeMailed(Event):
    """A code to sign in with was mailed (target: the account)."""

    tag = "email-code.mailed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordLinkUsed(Event):
    """A password was set by the link of a mail, or one that was handed out (target: the account)."""

    tag = "password-link.used"
    purpose: str
