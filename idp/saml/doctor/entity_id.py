"""The entity ID: one name for one application, equal character by character (SAML Metadata 2.0 section 2.3.2)."""

from idp.audit.findings import Finding, Kind, Severity
from idp.base.differences import alike, difference
from idp.base.texts import phrase
from idp.saml.doctor.commands import registering
from idp.saml.doctor.subjects import Described, Findings, Here, Metadata, Registration

_LONGEST = 1024

UNUSABLE = Kind(
    "entity-id-unusable",
    Severity.SERIOUS,
    "an entity ID that is none",
    "An entity ID is 1 to 1024 printable characters without blanks. Nothing can be registered under another one.",
)
ALMOST = Kind(
    "entity-id-almost",
    Severity.SERIOUS,
    "an entity ID that is almost the registered one",
    "Entity IDs are compared character by character: a slash, a capital letter or http for https is another name, "
    "and a request under it is refused.",
)
OTHER = Kind(
    "entity-id-other",
    Severity.SERIOUS,
    "metadata of another application",
    "The document describes another entity than the one that is registered for this application.",
)
SEVERAL = Kind(
    "entity-id-duplicate",
    Severity.NOTE,
    "the same entity ID at several sites",
    "Each site answers its own registration only. A request that is sent to the wrong site's address meets other keys, "
    "people and switches.",
)
KINDS = (UNUSABLE, ALMOST, OTHER, SEVERAL)


def check_described(described: Described) -> Findings:
    """Can it be used as a name?"""
    entity_id = described.description.entity_id
    if not 0 < len(entity_id) <= _LONGEST or not entity_id.isprintable() or " " in entity_id:
        yield UNUSABLE.found(
            phrase(
                "the entityID is %(entity_id)s (%(length)s characters)",
                entity_id=repr(entity_id[:120]),
                length=len(entity_id),
            ),
            vendor="Please set an entity ID without blanks, best the address of your metadata.",
        )


def check_metadata(metadata: Metadata) -> Findings:
    """Is it the one that is registered?"""
    registered, document = metadata.registered, metadata.document
    if metadata.elsewhere and document.description is not None:
        yield _several(document.description.entity_id, metadata.elsewhere, metadata.here)
    theirs = document.description.entity_id if document.description is not None else ""
    if registered is None or not theirs or theirs == registered.entity_id:
        return
    evidence = phrase(
        "the metadata says %(theirs)s, registered is %(entity_id)s: %(difference)s",
        theirs=theirs,
        entity_id=registered.entity_id,
        difference=difference(theirs, registered.entity_id),
    )
    if alike(theirs, registered.entity_id):
        yield ALMOST.found(
            evidence,
            here=registering(
                phrase(
                    "If its requests have that Issuer, delete the former one and register it under %(theirs)s.",
                    theirs=theirs,
                ),
                metadata.here.site,
            ),
            vendor=f"Please use one entity ID everywhere; we have registered {registered.entity_id}.",
        )
    else:
        yield OTHER.found(
            evidence,
            here=registering(
                phrase("Choose the application that this metadata belongs to; if it is none yet, register it."),
                metadata.here.site,
            ),
        )


def check_registration(registration: Registration) -> Findings:
    """Has another site the same?"""
    registered = registration.registered
    if registered.same_entity_at:
        yield _several(registered.entity_id, registered.same_entity_at, registration.here)


def _several(entity_id: str, elsewhere: tuple[str, ...], here: Here) -> Finding:
    return SEVERAL.found(
        phrase(
            "%(entity_id)s is registered at %(elsewhere)s as well as at %(site)s, or is to be",
            entity_id=entity_id,
            elsewhere=", ".join(elsewhere),
            site=here.site,
        ),
        here="That is right where one application serves several sites; else delete what is not used.",
        vendor=f"Please send your requests to {here.sign_on}.",
    )
