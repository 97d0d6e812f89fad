"""Is it metadata of a service provider at all? (SAML Metadata 2.0 sections 2.3 and 2.4.4)"""

from idp.audit.findings import Finding, Kind, Severity
from idp.base.texts import phrase
from idp.saml.doctor.subjects import Findings, Metadata
from idp.saml.names import MD, SAML, SAMLP

_ASK = "Please send the SAML 2.0 metadata of your service provider side: an XML file that begins with EntityDescriptor."
_AGAIN = phrase("Give the file that the application hands out, as it is.")

HTML = Kind(
    "metadata-html",
    Severity.SERIOUS,
    "a web page in place of metadata",
    "The address shows a page to people (often a sign-in page or an error) instead of handing out the XML.",
)
DOCTYPE = Kind(
    "metadata-doctype",
    Severity.SERIOUS,
    "metadata with a DOCTYPE",
    "A DOCTYPE can make a reader open files and addresses; no metadata needs one, and none is taken here.",
)
UNREADABLE = Kind(
    "metadata-unreadable",
    Severity.SERIOUS,
    "metadata that is no XML",
    "It cannot be read. Files that were mailed, copied from a browser or cut off often look like this.",
)
IDENTITY_PROVIDER = Kind(
    "metadata-of-idp",
    Severity.SERIOUS,
    "metadata of an identity provider",
    "It describes somebody who signs people in, as we do, and not an application that people sign in to.",
)
OURS = Kind(
    "metadata-ours",
    Severity.SERIOUS,
    "our own metadata",
    "This is what the application needs of us. We need the metadata of the application.",
)
AGGREGATE = Kind(
    "metadata-aggregate",
    Severity.WARNING,
    "metadata of several entities",
    "One application is one entity; which of these is meant must be said.",
)
OTHER_DOCUMENT = Kind(
    "metadata-wrong-document",
    Severity.SERIOUS,
    "some other document in place of metadata",
    "It is XML, but it describes no entity.",
)
OTHER_PROTOCOL = Kind(
    "metadata-other-protocol",
    Severity.SERIOUS,
    "metadata of another protocol",
    "It describes a service provider, but none of SAML 2.0.",
)
UNDERSTOOD = Kind(
    "metadata-not-understood",
    Severity.SERIOUS,
    "metadata that breaks the standard",
    "A part of it is not as the standard has it, so nobody can tell what is meant.",
)
KINDS = (
    HTML, DOCTYPE, UNREADABLE, IDENTITY_PROVIDER, OURS, AGGREGATE, OTHER_DOCUMENT, OTHER_PROTOCOL, UNDERSTOOD,
)  # fmt: skip


def check(metadata: Metadata) -> Findings:
    """Look at what the document is, before anybody asks what it says."""
    document, here = metadata.document, metadata.here
    if is_html(document.beginning) or document.root.casefold() == "html":
        yield _page(metadata)
    elif document.failed is not None:
        yield from _unread(metadata)
    elif document.entity_id == here.entity_id or document.entity_id in [other.entity_id for other in here.others]:
        vendor = f"Our metadata is at {document.entity_id}. {_ASK}"
        yield OURS.found(
            phrase("its entityID is %(entity_id)s, which is ours", entity_id=document.entity_id),
            here=_AGAIN,
            vendor=vendor,
        )
    elif document.entities:
        shown = ", ".join(document.entities[:5]) + (" …" if len(document.entities) > 5 else "")
        yield AGGREGATE.found(
            phrase(
                "it holds %(number)s entities: %(shown)s",
                number=len(document.entities),
                shown=shown,
            ),
            here="Give the one EntityDescriptor of the application alone, as a file of its own.",
        )
    elif (document.namespace, document.root) != (MD, "EntityDescriptor"):
        yield OTHER_DOCUMENT.found(
            phrase("its first element is %(what)s", what=_what(document.root, document.namespace)),
            vendor=f"What you have sent describes no entity. {_ASK}",
        )
    elif document.description is None:
        yield from _no_provider(metadata)


def _no_provider(metadata: Metadata) -> Findings:
    document = metadata.document
    roles = [role for role, _ in document.roles]
    others = [protocols for role, protocols in document.roles if role == "SPSSODescriptor"]
    if others and not any(SAMLP in protocols.split() for protocols in others):
        yield OTHER_PROTOCOL.found(
            phrase(
                "its SPSSODescriptor speaks %(others)s, and not %(samlp)s",
                others=" ".join(others) or phrase("no protocol"),
                samlp=SAMLP,
            ),
            vendor=f"Your metadata says that you do not speak SAML 2.0. {_ASK}",
        )
    elif "IDPSSODescriptor" in roles and not others:
        yield IDENTITY_PROVIDER.found(
            phrase("%(entity_id)s has an IDPSSODescriptor and no SPSSODescriptor", entity_id=document.entity_id),
            here="Look for “service provider metadata”, “SP metadata” or “relying party” in the application.",
            vendor=f"You have sent the metadata of an identity provider. {_ASK}",
        )
    else:
        evidence = document.unread or phrase("its roles are %(roles)s", roles=", ".join(roles) or phrase("none"))
        yield UNDERSTOOD.found(evidence, vendor=f"Your metadata is not valid: {evidence} {_ASK}")


def _page(metadata: Metadata) -> Finding:
    url = metadata.registered.metadata_url if metadata.registered is not None else ""
    return HTML.found(
        phrase("it begins with %(beginning)s", beginning=repr(metadata.document.beginning[:60])),
        here=phrase(
            "Open the address in a private window: it must hand out XML without signing in. It is %(url)s.", url=url
        )
        if url
        else phrase("Open the address in a private window: it must hand out XML without signing in."),
        vendor="Please tell us an address that hands out your SAML metadata without a sign-in.",
    )


def _unread(metadata: Metadata) -> Findings:
    failed, beginning = metadata.document.failed, metadata.document.beginning
    assert failed is not None
    if failed.reason == "doctype":
        yield DOCTYPE.found(failed.cause, vendor="Please send your metadata without a DOCTYPE declaration.")
    else:
        yield UNREADABLE.found(
            phrase("%(cause)s; it begins with %(beginning)s", cause=failed.cause, beginning=repr(beginning[:60])),
            here=_AGAIN,
            vendor=f"Your metadata cannot be read as XML. {_ASK}",
        )


def is_html(beginning: str) -> bool:
    """Say whether a text that begins like this is a web page."""
    lowered = beginning.lstrip("\ufeff \t\r\n").casefold()
    return lowered.startswith(("<!doctype html", "<html", "<head", "<body"))


def _what(root: str, namespace: str) -> str:
    known = {MD: phrase("SAML metadata"), SAMLP: phrase("SAML protocol"), SAML: phrase("a SAML assertion")}
    of = known.get(namespace, namespace or phrase("of no namespace"))
    return phrase("%(root)s (%(of)s)", root=root, of=of)
