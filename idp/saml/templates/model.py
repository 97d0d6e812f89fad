"""
What an application template is: everything that one vendor wants, as frozen values. No code, no secrets.

Texts of a template may hold placeholders, see `placeholders`.
"""

from dataclasses import dataclass
from enum import StrEnum

from idp.base import template_fields
from idp.base.template_fields import Value
from idp.policy.rules import Rule


class Give(StrEnum):
    """What of ours a vendor asks for; see `idp.saml.vendor_values`."""

    ENTITY_ID = "entity_id"
    SSO = "sso"
    SLO = "slo"
    SLO_SOAP = "slo_soap"
    METADATA = "metadata"
    CERTIFICATE = "certificate"
    CERTIFICATE_BASE64 = "certificate_base64"
    CERTIFICATE_SHA256 = "certificate_sha256"
    START = "start"
    SIGN_OUT = "sign_out"
    CHANGE_PASSWORD = "change_password"  # noqa: S105 (the address of a page)

    @property
    def says(self) -> str:
        """Return in words what it is."""
        return _SAYS[self]


_SAYS = {
    Give.ENTITY_ID: "our entity ID",
    Give.SSO: "our sign-on address",
    Give.SLO: "our logout address",
    Give.SLO_SOAP: "our logout address by SOAP",
    Give.METADATA: "our metadata address",
    Give.CERTIFICATE: "our signing certificate (PEM)",
    Give.CERTIFICATE_BASE64: "our signing certificate (base64, one line)",
    Give.CERTIFICATE_SHA256: "the SHA-256 fingerprint of our signing certificate",
    Give.START: "the address that starts the application from our side",
    Give.SIGN_OUT: "our sign-out page",
    Give.CHANGE_PASSWORD: "our page for changing the password",
}


class Registration(StrEnum):
    """How a service provider is described: by a few fields (metadata is taken too), or by its metadata only."""

    FIELDS = "fields"
    METADATA = "metadata"


@dataclass(frozen=True, slots=True)
class Field(template_fields.Field):
    """
    Something to ask the administrator for.

    Args:
        default: the value where none is given (may hold placeholders of fields before it); None: it must be given.
        is_address: the value is an address that people are sent to, and must be one that we take (X16).
    """

    default: str | None
    is_address: bool


@dataclass(frozen=True, slots=True)
class NameId:
    """
    The NameID that is wanted: its ``format`` (a URN), and what it is made of.

    ``source`` is an attribute or an expression; empty where the format makes its own (random) names.
    """

    format: str
    source: str
    says: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """An attribute that is sent by ``rule``; ``optional`` where the application works without it."""

    rule: Rule
    optional: bool


@dataclass(frozen=True, slots=True)
class Logout:
    """A logout address of the vendor: the URN of its binding, and where it is."""

    binding: str
    location: str


@dataclass(frozen=True, slots=True)
class Vendor:
    """
    Where at the vendor the settings are, what they are called there, and what else to do.

    ``first``: what we ask for is shown only once our values were entered there.
    """

    where: str
    first: bool
    values: tuple[Value[Give], ...]
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trouble:
    """
    Something that goes wrong.

    Args:
        sign: how one sees it.
        code: the code of our attempt, where there is one.
        remedy: what to do.
    """

    sign: str
    code: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Template:
    """
    One application of one vendor.

    Args:
        name: what it is called on the command line.
        title: what people read; the name of the application unless another is given.
        about: what it is for, in one sentence.
        documentation: the pages of the vendor that it was made by.
        needs: what must be there before.
        start_url: where the tile leads; empty: to the origin of the assertion consumer.
        wanted: the attributes that are sent; empty: none, but see ``unruled``.
        unruled: the template has no rules, so that whatever may leave is sent under our own names.
        logout: what happens at sign-out, in words.
        notes: quirks.
        uncertain: what was not found in the vendor's documentation.
    """

    name: str
    title: str
    about: str
    documentation: tuple[str, ...]
    needs: tuple[str, ...]
    registration: Registration
    fields: tuple[Field, ...]
    entity_id: str
    consumers: tuple[str, ...]
    logout_endpoints: tuple[Logout, ...]
    start_url: str
    name_id: NameId
    wanted: tuple[Wanted, ...]
    unruled: bool
    sign_response: bool
    sign_assertion: bool
    encrypt_assertion: bool
    idp_initiated: bool
    relay_states: tuple[str, ...]
    vendor: Vendor
    logout: str
    notes: tuple[str, ...]
    troubles: tuple[Trouble, ...]
    uncertain: tuple[str, ...]

    def reads(self) -> tuple[str, ...]:
        """Return the attributes that must be allowed to leave for all of it to be sent, in order."""
        found = [name for one in self.wanted for name in sorted(one.rule.reads())]
        return tuple(dict.fromkeys([*self.name_id_reads(), *found]))

    def needed(self) -> frozenset[str]:
        """Return those of `reads` that the application does not work without."""
        found = {name for one in self.wanted if not one.optional for name in one.rule.reads()}
        return frozenset(found | set(self.name_id_reads()))

    def name_id_reads(self) -> tuple[str, ...]:
        """Return the attributes that the NameID is made of."""
        if not self.name_id.source:
            return ()
        return tuple(sorted(Rule(name="NameID", source="expression", value=self.name_id.source).reads()))
