"""Audit events of directories of others that write into ours."""

from dataclasses import dataclass

from idp.audit.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisioningClientCreated(Event):
    tag = "provisioning-client.created"
    sentence = "let the directory {name} provision accounts and groups"
    name: str
    takes_over: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisioningClientChanged(Event):
    tag = "provisioning-client.changed"
    sentence = "changed the provisioning by {name}: {before} became {after}"
    name: str
    before: dict[str, str]
    after: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisioningClientDisabled(Event):
    tag = "provisioning-client.disabled"
    sentence = "switched the provisioning by {name} off"
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisioningClientEnabled(Event):
    tag = "provisioning-client.enabled"
    sentence = "switched the provisioning by {name} on"
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisioningClientStopped(Event):
    """It wanted to deactivate more accounts, or give them other addresses, than its brake allows; nothing of it is taken any more."""

    tag = "provisioning-client.stopped"
    sentence = "wanted to deactivate or readdress more than {brake} accounts within an hour, and was stopped ({name})"
    name: str
    brake: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisioningClientStoppedAtMembers(Event):
    """It wanted to take more members out of groups within an hour than its brake allows; nothing of it is taken any more."""

    tag = "provisioning-client.members-braked"
    sentence = "wanted to take more than {brake} members out of groups within an hour, and was stopped ({name})"
    name: str
    brake: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisioningClientReleased(Event):
    tag = "provisioning-client.released"
    sentence = "let the provisioning by {name} go on"
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisioningClientDeleted(Event):
    tag = "provisioning-client.deleted"
    sentence = (
        "ended the provisioning by {name}: {accounts} accounts and {groups} groups are the organization's own now"
    )
    name: str
    accounts: int
    groups: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisioningTokenMade(Event):
    """Target: the client."""

    tag = "provisioning-client.token-made"
    sentence = "made a token for the provisioning by {name}, good until {expires_at}"
    name: str
    token_id: str
    expires_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisioningTokenRevoked(Event):
    """Target: the client."""

    tag = "provisioning-client.token-revoked"
    sentence = "ended a token of the provisioning by {name}"
    name: str
    token_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisioningRefused(Event):
    """A call was refused (target: the client, where it is known)."""

    tag = "provisioning-client.refused"
    sentence = "was refused a call of provisioning ({code})"
    attempt_id: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountProvisioned(Event):
    tag = "account.provisioned"
    sentence = "keeps the account {email} from now on (provisioning by {client})"
    email: str
    client: str
    taken_over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountReleased(Event):
    tag = "account.released"
    sentence = "keeps the account {email} no more (provisioning by {client})"
    email: str
    client: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupProvisioned(Event):
    tag = "group.provisioned"
    sentence = "keeps the group {name} from now on (provisioning by {client})"
    name: str
    client: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupHandedOver(Event):
    tag = "group.handed-on"
    sentence = "handed the group {name} over to {client}: {stay} of its members stay, {leave} leave"
    name: str
    client: str
    stay: int
    leave: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupReleased(Event):
    tag = "group.released"
    sentence = "keeps the group {name} no more (provisioning by {client})"
    name: str
    client: str
