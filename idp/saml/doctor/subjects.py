"""What the checks look at: frozen values, gathered by `examination` and `reading`."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from idp.audit.findings import Finding
from idp.saml.contexts import STANDARD_MAP, ContextMap
from idp.saml.description import SpDescription
from idp.saml.messages import AuthnRequest, Header, LogoutRequest
from idp.saml.recognizing import NONE, Own


@dataclass(frozen=True, slots=True)
class OtherSite:
    """Another site of this installation that the administrator may see."""

    slug: str
    entity_id: str
    address: str


@dataclass(frozen=True, slots=True)
class Here:
    """
    Our side.

    Args:
        entity_id: the site's; its metadata is at that address.
        address: what its SAML endpoints begin with.
        formats: the NameID formats that are given to everybody.
        attributes: the names of the attributes that accounts have.
        http_loopback: plain http is taken on loopback (for trials on one machine).
        grants_access: who may give access to applications of this organization.
        organization: its short name.
    """

    site: str
    entity_id: str
    address: str
    others: tuple[OtherSite, ...] = ()
    formats: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    http_loopback: bool = False
    grants_access: tuple[str, ...] = ()
    organization: str = ""

    @property
    def sign_on(self) -> str:
        """The address that sign-on requests are sent to."""
        return f"{self.address}/sso"

    @property
    def log_out(self) -> str:
        """The address that logout requests are sent to by way of the browser."""
        return f"{self.address}/slo"


@dataclass(frozen=True, slots=True)
class Sent:
    """
    What is sent under one name, by a rule of *level* or (empty) under the attribute's own name, as there is no rule.

    Args:
        reads: the attributes that bear on it.
        never: why nothing of anybody is sent as things stand; empty where something may be.
    """

    name: str
    friendly_name: str
    reads: frozenset[str]
    level: str = ""
    never: str = ""


@dataclass(frozen=True, slots=True)
class OurKey:
    """
    With which of our keys an application is answered.

    Args:
        pinned: that it is bound to a key of ours which is not the active one, in words.
        standing: where it stands in a change of our key that goes on, in words; empty where none does.
        to_be_done: whether that waits for somebody.
    """

    pinned: str = ""
    by_hand: bool = False
    standing: str = ""
    to_be_done: bool = False


@dataclass(frozen=True, slots=True)
class Registered:
    """
    An application as it is registered.

    Args:
        entity_id, description: the service provider, as its registered metadata says.
        formats: the NameID formats that it can have; made_formats: those that are made of attributes for it.
        name_reads: the attributes that such names are made of.
        allowed: the old algorithms that are allowed to it now; legacy_until: the moment until which any are or were.
        legacy: what is to be said loudly of old algorithms; empty where none is or was allowed.
        sent: what is sent to it.
        metadata_key: the certificate that fetched metadata must be signed with; empty where it need not be.
        offered: what would change by the metadata that waits for approval.
        released: the attributes that it may receive.
        withheld_by_application: those that its own release policy alone withholds.
        open_to: who may open it, in words.
        same_entity_at: other sites that have registered the same entity ID.
        updated_at: when the registration was last changed.
    """

    application_id: str
    name: str
    entity_id: str
    description: SpDescription
    disabled: bool = False
    sign_response: bool = True
    sign_assertion: bool = True
    encrypt_assertion: bool = False
    require_signed_requests: bool = False
    nameid_format: str = ""
    formats: tuple[str, ...] = ()
    made_formats: tuple[str, ...] = ()
    name_reads: frozenset[str] = frozenset()
    encrypt_name_id: bool = False
    contexts: ContextMap = STANDARD_MAP
    allowed: frozenset[str] = frozenset()
    legacy_until: datetime | None = None
    legacy: str = ""
    idp_initiated: bool = False
    relay_states: tuple[str, ...] = ()
    released: tuple[str, ...] = ()
    withheld_by_application: tuple[str, ...] = ()
    open_to: tuple[str, ...] = ("everyone",)
    same_entity_at: tuple[str, ...] = ()
    sent: tuple[Sent, ...] = ()
    metadata_url: str = ""
    metadata_key: str = ""
    refreshed_at: datetime | None = None
    refresh_error: str = ""
    offered: tuple[str, ...] = ()
    our_key: OurKey = OurKey()
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """A check that refused, here or in a recorded attempt: its code, its cause, and what was kept of it."""

    code: str
    cause: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def reason(self) -> str:
        """The slug that tells refusals of one code apart; empty where there is none."""
        return str(self.facts.get("reason", ""))

    def text(self, name: str) -> str:
        """Return the fact *name* as text, empty where it was not kept."""
        value = self.facts.get(name)
        return "" if value is None else str(value)

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the fact *name* as a list of texts."""
        value = self.facts.get(name) or ()
        return tuple(str(one) for one in value) if isinstance(value, list | tuple) else (str(value),)


@dataclass(frozen=True, slots=True)
class Document:
    """
    What was given as metadata.

    Args:
        failed: why it cannot be read as XML, if it cannot.
        beginning: its first characters.
        root: the local name of its first element.
        namespace: and its namespace.
        roles: the local names of the roles that the entity has, with the protocols of each.
        entities: the entity IDs in it, where it holds several.
        unread: why it was not understood although it is XML.
    """

    failed: Failed | None = None
    beginning: str = ""
    root: str = ""
    namespace: str = ""
    entity_id: str = ""
    roles: tuple[tuple[str, str], ...] = ()
    entities: tuple[str, ...] = ()
    description: SpDescription | None = None
    unread: str = ""


@dataclass(frozen=True, slots=True)
class Described:
    """
    A description to be looked at, wherever it comes from: a document, or the registration (*whose* says so).

    Args:
        own: the organization's own attributes: those that it lets applications have, and those that accounts hold.
        own_released: the former alone.
    """

    description: SpDescription
    whose: str
    here: Here
    now: datetime
    registered: Registered | None = None
    own: Own = NONE
    own_released: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Metadata:
    """
    A document beside what is registered, here and (*elsewhere*, where it is not given by name) at other sites.

    ``unproven`` says why it is not signed by whom it must be; empty where it is, or need not be.
    """

    document: Document
    here: Here
    now: datetime
    registered: Registered | None = None
    elsewhere: tuple[str, ...] = ()
    unproven: str = ""


@dataclass(frozen=True, slots=True)
class Registration:
    """What is registered, by itself."""

    registered: Registered
    here: Here
    now: datetime


@dataclass(frozen=True, slots=True)
class Signature:
    """
    What became of a request's signature.

    Args:
        failed: why it was refused; None where it is good.
        right_key: it was made with a registered key, although it does not fit the message.
        as_written: how the query has to be written for it to fit; empty if no way is known.
    """

    failed: Failed | None
    right_key: bool = False
    as_written: str = ""


@dataclass(frozen=True, slots=True)
class Received:
    """
    What was given as a request.

    Args:
        given: in which form it came, in words.
        sent_to: the address that it was sent to, where that came with it.
        failed: what of it cannot be read.
        issuer, request, logout: what could be read of it: a sign-on request, or one to sign a person out.
        signature: None where it has none.
        unattainable: the requested authentication contexts that we cannot attest at all.
        seen: when a request of that ID was taken, if one was.
        elsewhere: other sites at which the issuer is registered.
    """

    given: str = ""
    sent_to: str = ""
    relay_state: str = ""
    failed: tuple[Failed, ...] = ()
    issuer: str = ""
    request: AuthnRequest | None = None
    logout: LogoutRequest | None = None
    signature: Signature | None = None
    unattainable: tuple[str, ...] = ()
    seen: datetime | None = None
    elsewhere: tuple[str, ...] = ()

    @property
    def header(self) -> Header | None:
        """What every request has, if it could be read."""
        asked = self.request or self.logout
        return None if asked is None else asked.header


@dataclass(frozen=True, slots=True)
class Request:
    """A request beside what is registered."""

    received: Received
    here: Here
    now: datetime
    registered: Registered | None = None


@dataclass(frozen=True, slots=True)
class AccessRule:
    """The access rule that denied an attempt: by its name, in that version of its policy."""

    policy_id: str
    policy: str
    version: int
    rule: str


@dataclass(frozen=True, slots=True)
class Meant:
    """
    Whom the Subject of a request named.

    Args:
        format: the format of the name.
        known: somebody is known by it.
        person: the e-mail address of that account; empty where the actor may not see it.
        came: it is the account that signed in.
    """

    format: str
    known: bool
    person: str = ""
    came: bool = False


@dataclass(frozen=True, slots=True)
class Attempt:
    """
    A refused step of a recorded attempt, beside what is registered now.

    Args:
        context: what the sign-on was judged by.
        person: the e-mail address of the account, if one was known.
        contexts: the authentication contexts that were asked for and that we cannot attest.
        logout: it was no sign-on but a logout.
        allowed_now: the person may open the application now.
        has: the attributes that the person has a value for now.
        unwritable: those of them with a character that XML cannot hold.
        at, ip, country: when it was, and from where.
        rule: the rule that decided, as the attempt keeps it.
        denied_by: the access rule that denied it, where that can still be told.
        meant: whom it was about; None where it named nobody, or that is known only once the answer is made.
    """

    failed: Failed
    here: Here
    now: datetime
    registered: Registered | None = None
    context: Mapping[str, Any] = field(default_factory=dict)
    person: str = ""
    contexts: tuple[str, ...] = ()
    logout: bool = False
    allowed_now: bool = False
    has: tuple[str, ...] = ()
    unwritable: tuple[str, ...] = ()
    at: datetime | None = None
    ip: str = ""
    country: str = ""
    rule: str = ""
    denied_by: AccessRule | None = None
    meant: Meant | None = None

    @property
    def is_about_another(self) -> bool:
        """Whether it was refused because somebody else signed in than the request is about."""
        if self.failed.code == "wrong-account":
            return True
        somebody_came = bool(self.context.get("proofs"))
        return self.failed.code == "login-required" and somebody_came and self.meant is not None and not self.meant.came


Findings = Iterator[Finding]
DescribedCheck = Callable[[Described], Findings]
MetadataCheck = Callable[[Metadata], Findings]
RegistrationCheck = Callable[[Registration], Findings]
RequestCheck = Callable[[Request], Findings]
AttemptCheck = Callable[[Attempt], Findings]
