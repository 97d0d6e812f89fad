"""The document of an access policy, as commands take it."""

from typing import BinaryIO

from idp.base.errors import Invalid
from idp.policy.access import documents
from idp.policy.access.rules import Rules

_LONGEST = 2 * 1024 * 1024


def read_document(file: BinaryIO) -> tuple[Rules, int | None]:
    """Return the rules of a document, and the version that it was made from if it says so."""
    text = file.read(_LONGEST + 1)
    if len(text) > _LONGEST:
        raise Invalid("The document is longer than 2 MiB.", field="from_json")
    document = documents.from_text(text)
    version = None
    if isinstance(document, dict) and "version" in document:
        version = document.pop("version")
        if not isinstance(version, int) or isinstance(version, bool):
            raise Invalid(
                "version is no whole number.", field="version", advice="Leave it out to overwrite whatever is."
            )
    return documents.rules_from_json(document), version
