"""One canonical form for e-mail addresses, names and slugs (threats D8, A27)."""

import re
import unicodedata

import idna

from idp.base.catalogues import LANGUAGES
from idp.base.errors import Invalid
from idp.base.texts import phrase

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_LOCAL = re.compile(r"[^\s@\"(),:;<>\[\]\\]{1,64}")
_WEB_ADDRESS = re.compile(
    r"https://[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(?::[1-9][0-9]{0,4})?(?:/[\x21\x23-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a\x7e]*)?"
)
LONGEST_EMAIL_BYTES = 320
LONGEST_WEB_ADDRESS = 2048
LONGEST_NAME = 256


def slug(value: str) -> str:
    """
    Return *value* if it can be a slug: 1 to 63 of ``a-z 0-9 -``, no hyphen at either end.

    Raises:
        Invalid: it cannot.
    """
    if not is_slug(value):
        raise Invalid(
            phrase("“%(value)s” cannot be used as a short name.", value=value[:80]),
            field="slug",
            advice="Use 1 to 63 small letters, digits and hyphens, with no hyphen at either end.",
        )
    return value


def is_slug(value: str) -> bool:
    """
    Say whether *value* can be a slug at all.

    Text from outside that cannot is not looked up: PostgreSQL refuses a NUL in any statement.
    """
    return _SLUG.fullmatch(value) is not None


def name(value: str, *, field: str = "name") -> str:
    """
    Return *value* trimmed and in Unicode normal form C.

    Raises:
        Invalid: empty, longer than 256 characters, or with control characters.
    """
    if len(value) > LONGEST_NAME:
        raise Invalid(phrase("A name has at most %(longest_name)s characters.", longest_name=LONGEST_NAME), field=field)
    clean = unicodedata.normalize("NFC", value).strip()
    if not clean or any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in clean):
        raise Invalid("A name has at least one character, and no control characters.", field=field)
    return clean


def words(value: str, *, longest: int, field: str) -> str:
    """
    Return a sentence or two, in Unicode normal form C and with single blanks.

    Raises:
        Invalid: empty, longer than *longest* characters, or with control characters.
    """
    clean = " ".join(unicodedata.normalize("NFC", value).split())
    if not 0 < len(clean) <= longest or any(unicodedata.category(c) in ("Cc", "Cs", "Cn") for c in clean):
        raise Invalid(
            phrase("This has 1 to %(longest)s characters, none of them a control character.", longest=longest),
            field=field,
        )
    return clean


def web_address(value: str, *, field: str) -> str:
    """
    Return *value* if it is an https address that can be shown to anybody.

    Raises:
        Invalid: it is none, or it has characters that belong in no address.
    """
    if len(value) > LONGEST_WEB_ADDRESS or not _WEB_ADDRESS.fullmatch(value):
        raise Invalid("This is no https address.", field=field, advice="Write it like https://www.example.org/about.")
    return value


def language(value: str) -> str:
    """
    Return the code of a language that Ostiary speaks; empty: none in particular.

    Raises:
        Invalid: it speaks no such language.
    """
    if value and value not in LANGUAGES:
        raise Invalid(
            "This language is not spoken here.",
            field="language",
            advice=phrase("Choose among %(all)s.", all=", ".join(LANGUAGES)),
        )
    return value


def name_key(value: str) -> str:
    """Return the form in which a name is unique: compatibility-composed, case-folded, single spaces."""
    return " ".join(folded(value).split())


def folded(value: str) -> str:
    """Return the Unicode NFKC_Casefold of *value* (applying it again changes nothing)."""
    once = unicodedata.normalize("NFKC", value).casefold()
    return unicodedata.normalize("NFKC", once).casefold()


def email(value: str) -> str:
    """
    Return *value* as an e-mail address to be shown and sent to (domain in lower case).

    Raises:
        Invalid: it is none, or its domain is no name on the internet (IDNA 2008).
    """
    fault = Invalid("This is not an e-mail address.", field="email", advice="Write it like ada@example.org.")
    if len(value.encode("utf-8", "surrogatepass")) > LONGEST_EMAIL_BYTES:
        raise fault
    local, at, domain = unicodedata.normalize("NFC", value).strip().rpartition("@")
    if not at or not _LOCAL.fullmatch(local) or not domain or domain.endswith("."):
        raise fault
    if any(unicodedata.category(c) in ("Cc", "Cf", "Cs") for c in local):
        raise fault
    try:
        return f"{local}@{idna.encode(domain, uts46=True).decode('ascii')}"
    except idna.IDNAError as error:
        raise fault from error


def email_key(value: str) -> str:
    """
    Return the canonical form under which an e-mail address is unique and is looked up.

    Raises:
        Invalid: it is no address, or none any more once look-alikes are resolved.
    """
    local, _, domain = email(value).rpartition("@")
    key = folded(local)
    if not _LOCAL.fullmatch(key) or folded(key) != key:
        raise Invalid("This is not an e-mail address.", field="email", advice="Write it like ada@example.org.")
    return f"{key}@{domain}"


def email_key_or_empty(value: str) -> str:
    """Return the canonical form of what was typed, or the empty string if it is no address."""
    try:
        return email_key(value)
    except Invalid:
        return ""
