"""
Name identifiers: what one service provider knows a person by (SAML Core 2.0 sections 2.2.3 and 8.3).

Persistent ones are 128 random bits per person and application, kept for ever and never given to
anyone else (X22, X23); transient ones are new every time.
"""

import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select

from idp.base.db import Prepared, insert_if_absent
from idp.base.ids import new_id
from idp.base.work import Work
from idp.directory import names as directory_names
from idp.directory.models import Account
from idp.saml import errors
from idp.saml.endpoints import Requester
from idp.saml.facts import ProviderFacts
from idp.saml.messages import NameId
from idp.saml.models import SamlSubject
from idp.saml.names import EMAIL, PERSISTENT, TRANSIENT, UNSPECIFIED
from idp.signon.request import SignOnResult

FORMATS = (PERSISTENT, TRANSIENT, EMAIL, UNSPECIFIED)
"""The formats that we give."""

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


@dataclass(frozen=True, slots=True)
class Subject:
    """The name that goes into an assertion, and that a logout request must come with."""

    value: str
    format: str
    name_qualifier: str | None = None
    sp_name_qualifier: str | None = None

    def to_json(self, *, session_index: str) -> dict[str, Any]:
        """Return the name, and the session's index that came with it, as a session remembers them."""
        return {
            "value": self.value,
            "format": self.format,
            "name_qualifier": self.name_qualifier,
            "sp_name_qualifier": self.sp_name_qualifier,
            "session_index": session_index,
        }


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
    return next((own for own in provider.description.nameid_formats if own in FORMATS), PERSISTENT)


def subject_for(work: Work, issuer: str, requester: Requester, result: SignOnResult) -> Subject:
    """
    Return the name of the person of *result* for the requester; a persistent one is made when there is none.

    Raises:
        StatusError: the policy does not release what the format needs, or nothing may be made.
    """
    provider = requester.provider
    chosen = format_for(provider, requester.wanted.nameid_format)
    if chosen == TRANSIENT:
        return Subject("_" + secrets.token_hex(16), TRANSIENT)
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
        return Subject(released[0], EMAIL)
    value = _persistent(work, requester, result.account_id)
    if chosen == UNSPECIFIED:
        return Subject(value, UNSPECIFIED)
    return Subject(value, PERSISTENT, issuer, provider.entity_id)


def account_of(work: Work, provider: ProviderFacts, issuer: str, name: NameId) -> str | None:
    """Return the account that *provider* knows by *name*, None if it knows none by it."""
    if name.name_qualifier not in (None, "", issuer) or name.sp_name_qualifier not in (None, "", provider.entity_id):
        return None
    own, application = provider.organization_id, provider.application_id
    format_ = name.format or UNSPECIFIED
    row = None
    if format_ in (PERSISTENT, UNSPECIFIED):
        row = work.tx.row(_ACCOUNT_OF, organization_id=own, application_id=application, name_id=name.value)
    elif format_ == EMAIL:
        key = directory_names.email_key_or_empty(name.value)
        found = work.tx.row(_ACCOUNT_BY_EMAIL, organization_id=own, email_key=key)
        return None if found is None else str(found.id)
    return None if row is None else str(row.account_id)


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
