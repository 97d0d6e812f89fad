"""
Name identifiers: what one service provider knows a person by (SAML Core 2.0 sections 2.2.3 and 8.3).

Persistent ones are 128 random bits per person and application, kept for ever and never given to
anyone else (X22, X23); transient ones are new every time; e-mail addresses belong to whoever an
application was first given them for. Those that are made of attributes are in `made_names`.
"""

import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select

from idp.base.ids import new_id
from idp.base.prepared import Prepared
from idp.base.tables import insert_if_absent
from idp.base.values import quickly_made
from idp.base.work import Work
from idp.directory import names as directory_names
from idp.directory.models import Account
from idp.saml import errors, made_names
from idp.saml.endpoints import Requester
from idp.saml.facts import ProviderFacts
from idp.saml.messages import NameId
from idp.saml.models import SamlSubject
from idp.saml.names import EMAIL, PERSISTENT, TRANSIENT, UNSPECIFIED, WINDOWS, X509_SUBJECT
from idp.signon.request import SignOnResult

FORMATS = (PERSISTENT, TRANSIENT, EMAIL, UNSPECIFIED, WINDOWS, X509_SUBJECT)
"""The formats that we can give; the last two only where it is said what they are made of."""

_FIND = Prepared(
    select(SamlSubject.name_id).where(
        SamlSubject.organization_id == bindparam("organization_id"),
        SamlSubject.application_id == bindparam("application_id"),
        SamlSubject.account_id == bindparam("account_id"),
        SamlSubject.terminated_at.is_(None),
    )
)
_ACCOUNT_OF = Prepared(
    select(SamlSubject.account_id).where(
        SamlSubject.organization_id == bindparam("organization_id"),
        SamlSubject.application_id == bindparam("application_id"),
        SamlSubject.name_id == bindparam("name_id"),
        SamlSubject.terminated_at.is_(None),
    )
)
_ACCOUNT_BY_EMAIL = Prepared(
    select(Account.id).where(
        Account.organization_id == bindparam("organization_id"), Account.email_key == bindparam("email_key")
    )
)
_INSERT = Prepared(insert_if_absent(SamlSubject))


@quickly_made
@dataclass(frozen=True, slots=True)
class Subject:
    """The name that goes into an assertion, and that a logout request must come with."""

    value: str
    format: str
    name_qualifier: str | None = None
    sp_name_qualifier: str | None = None

    def to_json(self, *, session_index: str) -> dict[str, Any]:
        """Return the name, and the session's index that came with it, as a session remembers them."""
        once = {"once": True} if self.format == TRANSIENT else {}
        return once | {
            "value": self.value,
            "format": self.format,
            "name_qualifier": self.name_qualifier,
            "sp_name_qualifier": self.sp_name_qualifier,
            "session_index": session_index,
        }


def gives(provider: made_names.Named, format_: str) -> bool:
    """Say whether this service provider can have names of that format."""
    if format_ in made_names.NEED_A_SOURCE:
        return made_names.is_made(provider, format_)
    return format_ in FORMATS


def not_given(format_: str) -> str:
    """Return in words that names of that format are not given, and which are or what would have to be done."""
    said = f"the NameID format {format_[:120]!r} is not given"
    if format_ not in FORMATS:
        said += f"; those that are: {', '.join(one for one in FORMATS if one not in made_names.NEED_A_SOURCE)}"
        said += f"; where it is said what names are made of, also: {', '.join(made_names.NEED_A_SOURCE)}"
    if format_ in made_names.NEED_A_SOURCE:
        said += "; say what it is made of with: idp application saml set APP --name-id-source"
    return said


def format_for(provider: ProviderFacts, wanted: str | None) -> str:
    """
    Return the format to give: what the request asks for, else what the administrator has chosen,
    else the first of the service provider's own that we give, else persistent.

    Asking for ``unspecified`` leaves it to us (SAML Core 2.0 section 3.4.1.1).
    """
    if wanted is not None and wanted != UNSPECIFIED:
        return wanted
    if provider.nameid_format:
        return provider.nameid_format
    return next((own for own in provider.description.nameid_formats if gives(provider, own)), PERSISTENT)


def subject_for(work: Work, issuer: str, requester: Requester, result: SignOnResult) -> Subject:
    """
    Return the name of the person of *result* for the requester; a persistent one is made when there is none.

    Raises:
        StatusError: the policy does not release what the format needs, nothing may be made, or the person is
            not the one that the request speaks of.
    """
    provider = requester.provider
    chosen = format_for(provider, requester.wanted.nameid_format)
    if requester.wanted.named and not made_names.is_made(provider, chosen):
        # Who was asked for cannot be compared with who it is; an answer about somebody else would be worse than none.
        raise errors.name_id_policy(
            requester,
            "the request names a person in one format and wants another",
            reason="other-format",
            wanted=chosen,
        )
    if chosen == TRANSIENT:
        return Subject("_" + secrets.token_hex(16), TRANSIENT)
    if made_names.is_made(provider, chosen):
        return Subject(made_names.value_for(work, requester, result, chosen), chosen)
    if chosen == EMAIL:
        released = result.attributes.get("email")
        if not released:
            raise errors.name_id_policy(
                requester,
                "the e-mail address is wanted as NameID, but no policy releases it",
                reason="attribute",
                attribute="email",
                wanted=chosen,
            )
        if not made_names.take(work, provider, result.account_id, released[0]):
            raise errors.name_id_policy(requester, made_names.TAKEN, reason="made")
        return Subject(released[0], EMAIL)
    value = _persistent(work, requester, result.account_id)
    if chosen == UNSPECIFIED:
        return Subject(value, UNSPECIFIED)
    return Subject(value, PERSISTENT, issuer, provider.entity_id)


@dataclass(frozen=True, slots=True)
class Foreseen:
    """
    The name that a person would be given; ``origin`` says what it is made of, ``fault`` why there is none.

    ``is_new`` says that the value does not exist yet, and that another stands in its place.
    """

    subject: Subject
    origin: str
    fault: str = ""
    is_new: bool = False


def foresee(work: Work, issuer: str, requester: Requester, result: SignOnResult) -> Foreseen:
    """Return what `subject_for` would, and where from; nothing is made and nothing is taken."""
    provider = requester.provider
    chosen = format_for(provider, requester.wanted.nameid_format)
    if chosen == TRANSIENT:
        return Foreseen(Subject(_NEW, TRANSIENT), "random, new at every sign-on", is_new=True)
    if made_names.is_made(provider, chosen):
        value, fault, is_new = made_names.foresee(work, provider, result, chosen)
        origin = f"made of {provider.name_id_source}" + ("; this person's own from the first sign-on on" * is_new)
        return Foreseen(Subject(value, chosen), origin, fault)
    if chosen == EMAIL:
        released = result.attributes.get("email")
        if not released:
            fault = "the e-mail address is wanted as NameID, but no policy releases it"
            return Foreseen(Subject("", EMAIL), "the attribute email", fault)
        whose = made_names.holder(work, provider, released[0])
        fault = "" if whose in (None, result.account_id) else made_names.TAKEN
        return Foreseen(Subject(released[0], EMAIL), "the attribute email", fault, is_new=whose is None)
    found = work.tx.row(
        _FIND,
        organization_id=provider.organization_id,
        application_id=provider.application_id,
        account_id=result.account_id,
    )
    value = _NEW if found is None else str(found.name_id)
    origin = "random, for this person at this application alone" + ("; made at the first sign-on" * (found is None))
    if chosen == UNSPECIFIED:
        return Foreseen(Subject(value, UNSPECIFIED), origin, is_new=found is None)
    return Foreseen(Subject(value, PERSISTENT, issuer, provider.entity_id), origin, is_new=found is None)


_NEW = "_WOULD-BE-MADE"


def is_between(provider: ProviderFacts, issuer: str, name: NameId) -> bool:
    """Say whether *name* is one of ours for this service provider, by its qualifiers if it has any."""
    return name.name_qualifier in (None, "", issuer) and name.sp_name_qualifier in (None, "", provider.entity_id)


def account_of(work: Work, provider: ProviderFacts, issuer: str, name: NameId) -> str | None:
    """Return the account that *provider* would be given *name* for, None if there is none."""
    if not is_between(provider, issuer, name):
        return None
    own, application = provider.organization_id, provider.application_id
    format_ = name.format or UNSPECIFIED
    row = None
    if format_ in (PERSISTENT, UNSPECIFIED):
        row = work.tx.row(_ACCOUNT_OF, organization_id=own, application_id=application, name_id=name.value)
    if row is None and made_names.is_made(provider, format_):
        return made_names.owner(work, provider, name.value)
    if format_ == EMAIL:
        key = directory_names.email_key_or_empty(name.value)
        found = work.tx.row(_ACCOUNT_BY_EMAIL, organization_id=own, email_key=key)
        whose = made_names.owner(work, provider, name.value)
        # An address that was given to somebody else since is nobody's name: who has it now is not who is meant.
        return None if found is None or whose not in (None, found.id) else str(found.id)
    return None if row is None else str(row.account_id)


def account_once_of(work: Work, provider: ProviderFacts, issuer: str, name: NameId) -> str | None:
    """
    Return the account that *provider* knows by *name*, None if it knows none by it.

    That is another than `account_of` says where an address was given to somebody else since.
    """
    if name.format == EMAIL and is_between(provider, issuer, name):
        found = made_names.owner(work, provider, name.value)
        if found is not None:
            return found
    return account_of(work, provider, issuer, name)


def _persistent(work: Work, requester: Requester, account_id: str) -> str:
    own = {
        "organization_id": requester.provider.organization_id,
        "application_id": requester.provider.application_id,
        "account_id": account_id,
    }
    found = work.tx.row(_FIND, **own)
    if found is None:
        if not requester.wanted.allow_create:
            raise errors.name_id_policy(
                requester, "the person has no name yet, and AllowCreate is false", reason="no-create"
            )
        # Of two sign-ons at the same moment one inserts, and both read what it inserted.
        work.tx.run(
            _INSERT,
            id=new_id("sub"),
            name_id="_" + secrets.token_hex(16),
            created_at=work.now,
            terminated_at=None,
            **own,
        )
        found = work.tx.row(_FIND, **own)
    if found is None:
        raise errors.name_id_policy(requester, "the person's name at this application was ended", reason="ended")
    return str(found.name_id)
