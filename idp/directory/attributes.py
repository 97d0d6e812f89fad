"""An account as ``{attribute: values}``: the only source of what may be released."""

from collections.abc import Mapping, Sequence

from sqlalchemy import bindparam, cast, false, literal_column, null, select, true, union_all

from idp.base.errors import Invalid
from idp.base.prepared import Prepared
from idp.base.texts import is_plain, phrase
from idp.base.work import Work
from idp.directory import access
from idp.directory.models import Account, Group
from idp.policy.patterns import is_attribute_name

_OF_ACCOUNT = select(
    Account.email, Account.name, Account.given_name, Account.family_name, Account.attributes, false().label("is_group")
).where(
    Account.organization_id == bindparam("organization_id"),
    Account.id == bindparam("account_id"),
)
_ACCOUNT = Prepared(_OF_ACCOUNT)
# Read together, since every sign-on reads both: a group is a row with its name alone.
_WITH_GROUPS = Prepared(
    union_all(
        _OF_ACCOUNT,
        access.GROUP_NAMES.with_only_columns(
            literal_column("''").label("email"),
            Group.name,
            literal_column("''").label("given_name"),
            literal_column("''").label("family_name"),
            cast(null(), Account.attributes.type).label("attributes"),
            true().label("is_group"),
        ),
    ).order_by(literal_column("is_group"), literal_column("name"))
)

ATTRIBUTES = ("email", "name", "given_name", "family_name", "groups")
"""The attributes that every account has of itself."""

RESERVED = frozenset(
    {"sub", "iss", "aud", "exp", "iat", "nbf", "jti", "auth_time", "nonce", "acr", "amr", "azp", "sid", "at_hash"}
    | {"c_hash", "s_hash", "client_id", "scope", "grant_id", "typ", "cnf", "events", "email_verified"}
)
"""Names that say who vouches for whom: no further attribute is called so (O26)."""

MOST_ATTRIBUTES = 50
MOST_VALUES = 50
LONGEST_VALUE = 1024
MOST_CHARACTERS = 16_384


def attributes_of(
    work: Work, organization_id: str, account_id: str, *, groups: bool = True
) -> dict[str, tuple[str, ...]]:
    """
    Return every attribute of the account that has a value now: `ATTRIBUTES`, and its further ones.

    Args:
        groups: whoever does not want them saves looking for them.
    """
    asked = {"organization_id": organization_id, "account_id": account_id}
    rows = work.tx.rows(_WITH_GROUPS, **asked, now=work.now) if groups else work.tx.rows(_ACCOUNT, **asked)
    row = next((one for one in rows if not one.is_group), None)
    if row is None:
        return {}
    found = {
        "email": (row.email,),
        "name": (row.name,),
        "given_name": (row.given_name,),
        "family_name": (row.family_name,),
        "groups": tuple(dict.fromkeys([one.name for one in rows if one.is_group])),
    }
    for name, further in row.attributes.items():
        found.setdefault(name, tuple(further))
    return {name: values for name, values in found.items() if values and values[0]}


def name(value: str) -> str:
    """
    Return *value* if an attribute can be called so, one of every account or a further one.

    Raises:
        Invalid: it cannot.
    """
    if not is_attribute_name(value) or value in RESERVED:
        raise Invalid(
            phrase("No attribute can be called “%(value)s”.", value=value[:80]),
            field="attributes",
            advice="Use a letter, then letters, digits and _ - . (64 at most). "
            "Names of the protocols (sub, iss, aud, …) are taken.",
        )
    return value


def further_name(value: str) -> str:
    """
    Return *value* if a further attribute can be called so.

    Raises:
        Invalid: it cannot, or every account has an attribute of that name of itself.
    """
    if name(value) in ATTRIBUTES:
        raise Invalid(
            phrase("“%(value)s” is no further attribute: every account has it of itself.", value=value),
            field="attributes",
        )
    return value


def further(values: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """
    Return *values* as an account may have them beside `ATTRIBUTES`: bounded, plain text, no empty values.

    Raises:
        Invalid: a name or a value cannot be taken, or there are too many.
    """
    if len(values) > MOST_ATTRIBUTES:
        raise Invalid(
            phrase("An account has at most %(most_attributes)s further attributes.", most_attributes=MOST_ATTRIBUTES),
            field="attributes",
        )
    for called, texts in values.items():
        _check_values(further_name(called), texts)
    if sum(len(text) for texts in values.values() for text in texts) > MOST_CHARACTERS:
        raise Invalid(
            phrase(
                "The further attributes of an account have at most %(most_characters)s characters together.",
                most_characters=MOST_CHARACTERS,
            ),
            field="attributes",
        )
    return {called: list(dict.fromkeys(texts)) for called, texts in values.items()}


def _check_values(called: str, texts: Sequence[str]) -> None:
    if not 0 < len(texts) <= MOST_VALUES:
        raise Invalid(
            phrase("“%(called)s” has 1 to %(most_values)s values.", called=called, most_values=MOST_VALUES),
            field="attributes",
        )
    for text in texts:
        if not text.strip() or len(text) > LONGEST_VALUE or not is_plain(text):
            raise Invalid(
                phrase(
                    "A value of “%(called)s” has 1 to %(longest_value)s characters, and no control characters.",
                    called=called,
                    longest_value=LONGEST_VALUE,
                ),
                field="attributes",
            )


def lines(further_ones: Mapping[str, Sequence[str]]) -> str:
    """Return further attributes as people edit them: a line ``name: value`` for each value."""
    return "\n".join(f"{name}: {value}" for name, values in sorted(further_ones.items()) for value in values)


def read_lines(text: str) -> dict[str, list[str]]:
    """
    Return what `lines` has written, edited.

    Raises:
        Invalid: a line has no colon.
    """
    found: dict[str, list[str]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        name, colon, value = line.partition(":")
        if not colon or not value.strip():
            raise Invalid(
                phrase("Line %(number)s is no attribute.", number=number),
                field="attributes",
                advice="Write it like department: Research.",
            )
        found.setdefault(name.strip(), []).append(value.strip())
    return found
