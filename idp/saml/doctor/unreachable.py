"""The address that the metadata came from, when it is asked again."""

from idp.audit.findings import Kind, Severity
from idp.base.texts import phrase
from idp.saml.doctor.subjects import Findings

UNREACHABLE = Kind(
    "metadata-unreachable",
    Severity.WARNING,
    "an address that hands out no metadata",
    "Changes of certificates and addresses are not seen.",
)
KINDS = (UNREACHABLE,)


def check(url: str, cause: str) -> Findings:
    """Return the finding that asking *url* failed."""
    yield UNREACHABLE.found(
        phrase("%(url)s was asked: %(cause)s", url=url, cause=cause),
        here="Open it from this machine: a firewall, a changed address, or a private address that "
        "egress.allow_addresses has to name.",
        vendor=f"Is {url} still the address of your SAML metadata?",
    )
