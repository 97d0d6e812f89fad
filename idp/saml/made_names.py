"""
Names that are made of what we know of a person: e-mail addresses, Windows and X.509 names, and whatever
an application calls its people by (SAML Core 2.0 sections 8.3.1 to 8.3.4).

What they are made of goes through release policy like everything else. And a name that one person had at
an application belongs to that person there: it is never given to another, however attributes change
(X23). The first sign-on takes it, in a row of its own; so logout and requests find whose it is. The same holds
for an e-mail address that is sent as NameID with nothing said of what names are made of.
"""

import re
from typing import Protocol

from sqlalchemy import bindparam, select

from idp.audit.events import ServiceProviderNameFreed
from idp.audit.log import record
from idp.base.errors import NotFound
from idp.base.ids import fingerprint, new_id
from idp.base.prepared import Prepared
from idp.base.tables import insert_if_absent
from idp.base.texts import phrase, sentence
from idp.base.work import Work
from idp.directory import names as directory_names
from idp.directory import queries
from idp.directory.policies import release_levels
from idp.directory.rights import require_on
from idp.policy import expressions, release
from idp.policy.permissions import Permission
from idp.saml import errors, name_forms
from idp.saml.endpoints import Requester
from idp.saml.facts import ProviderFacts
from idp.saml.models import SamlName, SamlSubject
from idp.saml.names import EMAIL, PERSISTENT, UNSPECIFIED, WINDOWS, X509_SUBJECT
from idp.signon.request import SignOnResult

NEED_A_SOURCE = (WINDOWS, X509_SUBJECT)
"""Formats that we give only where an administrator has said what names are made of."""
MAY_HAVE_ONE = (EMAIL, UNSPECIFIED)
"""Formats of which names are made where that was said; else we have names of our own for them."""

_WHOSE = Prepared(
    select(SamlName.account_id).where(
        SamlName.organization_id == bindparam("organization_id"),
        SamlName.application_id == bindparam("application_id"),
        SamlName.value_digest == bindparam("value_digest"),
    )
)
_INSERT = Prepared(insert_if_absent(SamlName))
_RANDOM = re.compile(r"_[0-9a-f]{32}")
_WHOSE_RANDOM = Prepared(
    select(SamlSubject.account_id).where(
        SamlSubject.organization_id == bindparam("organization_id"),
        SamlSubject.application_id == bindparam("application_id"),
        SamlSubject.name_id == bindparam("name_id"),
    )
)


class Named(Protocol):
    """Of a service provider, what names depend on."""

    @property
    def nameid_format(self) -> str:
        """The format that an administrator has chosen; empty: none."""

    @property
    def name_id_source(self) -> str:
        """What names are made of; empty: nothing."""


def is_made(provider: Named, format_: str) -> bool:
    """
    Say whether names of that format are made of attributes for this service provider.

    Persistent ones are where the administrator has chosen that format and a source: some applications know
    their people by a persistent name that they have given themselves (Microsoft Entra ID: the ImmutableID).
    """
    if format_ == PERSISTENT:
        return bool(provider.name_id_source) and provider.nameid_format == PERSISTENT
    return bool(provider.name_id_source) and format_ in (*NEED_A_SOURCE, *MAY_HAVE_ONE)


def value_for(work: Work, requester: Requester, result: SignOnResult, format_: str) -> str:
    """
    Return the name of the person of *result*, made of what may leave; it belongs to that person from now on.

    Raises:
        StatusError: there is no such name, it is no name of that format, another person has it, or it is
            not the one that the request speaks of.
    """
    provider = requester.provider
    levels = release_levels(work, result.organization_id, result.site_id, result.application_id)
    value, because = made(provider.name_id_source, format_, result.attributes, levels)
    if because:
        missing = _missing(provider.name_id_source, result.attributes, levels)
        raise errors.name_id_policy(requester, because, reason="made", **({"missing": missing} if missing else {}))
    if requester.wanted.named and requester.wanted.named != value:
        raise errors.other_principal(
            requester, "the request speaks of another name than the person has", reason="named"
        )
    if not take(work, provider, result.account_id, value):
        raise errors.name_id_policy(requester, TAKEN, reason="made")
    return value


def foresee(work: Work, provider: ProviderFacts, result: SignOnResult, format_: str) -> tuple[str, str, bool]:
    """Return the name that would be made, why there is none, and whether it is not yet the person's; takes nothing."""
    levels = release_levels(work, result.organization_id, result.site_id, result.application_id)
    value, because = made(provider.name_id_source, format_, result.attributes, levels)
    whose = None if because else holder(work, provider, value)
    if whose not in (None, result.account_id):
        because = TAKEN
    return value, because, whose is None


TAKEN = (
    "another account had this very NameID at the application, and a name is never given to a second person; "
    "change what the name is made of, or give the name free with: idp application saml free-name"
)


def made(source: str, format_: str, attributes: release.Attributes, levels: release.Levels) -> tuple[str, str]:
    """Return the name that *source* makes of *attributes*, and in words why there is none where there is none. Pure."""
    values, because = release.made(source, attributes, levels)
    if because:
        return "", phrase("no NameID can be made of %(source)s: %(because)s", source=source, because=sentence(because))
    if len(values) > 1:
        return "", phrase(
            "%(source)s makes %(number)s values, and a NameID is one: say which, for example with first(…)",
            source=source,
            number=len(values),
        )
    fault = name_forms.fault(format_, values[0])
    return (
        (
            "",
            phrase(
                "what %(source)s makes is no NameID of that format: %(fault)s", source=source, fault=sentence(fault)
            ),
        )
        if fault
        else (values[0], "")
    )


def _missing(source: str, attributes: release.Attributes, levels: release.Levels) -> list[str]:
    """Return the attributes without which *source* makes nothing at all: they may leave, and the person has none."""
    values, _ = release.made(source, attributes, levels)
    reads = expressions.parse(source).reads
    if values or not reads <= release.may_leave(levels):
        return []
    return sorted(name for name in reads if not attributes.get(name))


def owner(work: Work, provider: ProviderFacts, value: str) -> str | None:
    """Return the account whose name *value* is at this service provider; None where nobody has had it."""
    if not 0 < len(value) <= name_forms.LONGEST:
        return None
    row = work.tx.row(
        _WHOSE,
        organization_id=provider.organization_id,
        application_id=provider.application_id,
        value_digest=_digest(value),
    )
    return None if row is None else str(row.account_id)


def holder(work: Work, provider: ProviderFacts, value: str) -> str | None:
    """
    Return the account that nobody else may be given *value* beside; None where everybody may.

    That is its `owner`, or whoever was ever given that very name as a random one (see `nameid`).
    """
    name = value.lower()
    if _RANDOM.fullmatch(name):
        row = work.tx.row(
            _WHOSE_RANDOM,
            organization_id=provider.organization_id,
            application_id=provider.application_id,
            name_id=name,
        )
        if row is not None:
            return str(row.account_id)
    return owner(work, provider, value)


def free(work: Work, application_id: str, value: str) -> SamlName:
    """
    Let a name that one account had at an application be given to another; whoever uses it next has it.

    The application takes the two for one person: they see what the former one had there.

    Raises:
        NotFound: no such application that this actor may see, or nobody has had the name there.
        Forbidden: the actor may not edit applications there.
    """
    application = queries.application(work, application_id)
    require_on(work, Permission.APPLICATION_EDIT, application)
    nobody = NotFound(
        phrase("Nobody has had the name “%(value)s” at this application.", value=value[:200]), field="name"
    )
    if name_forms.fault(UNSPECIFIED, value):
        raise nobody
    found = work.tx.session.scalar(
        select(SamlName).where(
            SamlName.organization_id == application.organization_id,
            SamlName.application_id == application.id,
            SamlName.value_digest == _digest(value),
        )
    )
    if found is None:
        raise nobody
    work.tx.session.delete(found)
    record(
        work,
        ServiceProviderNameFreed(
            organization_id=application.organization_id,
            target_id=application.id,
            name=found.value,
            account_id=found.account_id,
        ),
    )
    return found


def take(work: Work, provider: ProviderFacts, account_id: str, value: str) -> bool:
    """Say whether the name is the account's, once it was taken for the account if nobody has it yet."""
    found = holder(work, provider, value)
    if found is None:
        # Of two people at the same moment one inserts, and both read who it was.
        work.tx.run(
            _INSERT,
            organization_id=provider.organization_id,
            id=new_id("snm"),
            application_id=provider.application_id,
            account_id=account_id,
            value=value,
            value_digest=_digest(value),
            created_at=work.now,
        )
        found = owner(work, provider, value)
    return found == account_id


def _digest(value: str) -> str:
    """Many applications take capital and small letters for the same: so do we when it comes to whose a name is."""
    return fingerprint(directory_names.name_key(value))
