"""Metadata as it is handed to a page of the console: a file, pasted text, or an address that is asked through the guard."""

import base64
import binascii
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from flask import Response, g, request

from idp.base.errors import Conflict, Forbidden, Invalid
from idp.base.texts import phrase
from idp.policy.permissions import Permission
from idp.saml import certificates
from idp.saml.gate import MOST_METADATA_BYTES
from idp.web.console import outside

View = Callable[..., Response]
_LONGEST_CARRIED = 40 * 1024


@dataclass(frozen=True, slots=True)
class Given:
    """
    A document and the address that it came from (empty: from none). ``digest`` is its SHA-256.

    ``carried`` is the document as the next form carries it; empty where it is fetched anew instead.
    """

    document: bytes
    address: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.document).hexdigest()

    @property
    def carried(self) -> str:
        return "" if self.address else base64.b64encode(self.document).decode("ascii")


def with_metadata(permission: Permission) -> Callable[[View], View]:
    """
    Read what was handed in before the view's unit of work is opened; the view gets it by `given`.

    Args:
        permission: without it no address is asked. Of an application, if the view's address names one.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def read(**values: Any) -> Response:
            g.metadata_fault = g.metadata = None
            address = request.form.get("metadata_url", "").strip()
            try:
                g.metadata = _fetched(address, permission, values) if address else _handed_in()
            except (Invalid, Conflict) as error:
                g.metadata_fault = error
            return view(**values)

        return read

    return decorate


def given(*, needed: bool = True) -> Given | None:
    """
    Return the metadata that came with this request.

    Raises:
        Invalid: there is none, where it is needed; or it could not be fetched, or is too large.
        Conflict: the address hands out something else than what was looked at.
    """
    if g.metadata_fault is not None:
        raise g.metadata_fault
    found: Given | None = g.metadata
    if found is None and needed:
        raise Invalid(
            "There is no metadata yet.", field="metadata", advice="Choose a file, paste it, or say where it is."
        )
    return found


def certificates_given(name: str) -> tuple[str, ...]:
    """
    Return the certificates (DER, base64) that were pasted into the field *name*; none where it is empty.

    Raises:
        Invalid: there is none in it that can be used.
    """
    text = request.form.get(name, "").strip()
    return certificates.read_file(text.encode()) if text else ()


def lines(name: str) -> tuple[str, ...]:
    """Return the lines of the field *name*, each once, without blank ones."""
    found = (line.strip() for line in request.form.get(name, "").splitlines())
    return tuple(dict.fromkeys(line for line in found if line))


def _fetched(address: str, permission: Permission, values: dict[str, Any]) -> Given:
    def check(_work: Any, desk: Any) -> None:
        site = values.get("site_id") or request.form.get("site") or None
        if not desk.may(permission, site_id=site, application_id=values.get("application_id")):
            raise Forbidden(
                "You may not do this.", cause=phrase("no %(value)s here: nothing was fetched", value=permission.value)
            )

    outside.at_work(check)
    found = Given(outside.fetched(address, most_bytes=MOST_METADATA_BYTES, field="metadata_url"), address)
    looked_at = request.form.get("digest", "")
    if looked_at and looked_at != found.digest:
        raise Conflict(
            "The address hands out something else than what you have looked at.",
            field="metadata_url",
            advice="Look at it again.",
        )
    return found


def _handed_in() -> Given | None:
    carried = request.form.get("carried", "")
    if carried:
        try:
            return Given(base64.b64decode(carried, validate=True), "")
        except binascii.Error as error:
            raise Invalid("This form cannot be read.", field="metadata", advice="Begin again.") from error
    file = request.files.get("file")
    document = file.read(_LONGEST_CARRIED + 1) if file is not None and file.filename else b""
    document = document or request.form.get("metadata", "").strip().encode("utf-8", "surrogateescape")
    if len(document) > _LONGEST_CARRIED:
        raise Invalid(
            phrase("The metadata has more than %(value)s KB.", value=_LONGEST_CARRIED // 1024),
            field="metadata",
            advice="Say where it can be fetched, or register it with: idp application create-saml",
        )
    return Given(document, "") if document else None
