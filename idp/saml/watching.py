"""
Watching how service providers take a new key of ours; what a rollover is judged by (see `rollover`).

Only while a rollover is going on: `ProviderFacts.watched` is None at all other times, and then
nothing of this is asked or written.

What proves that a service provider has taken an answer that was signed with the new key? Not that it
comes again: a service provider that refuses our signature sends the person back to us too. It proves
it by naming what only the inside of that answer told it: the index of a session that it has joined
since it was switched (SAML Core 2.0 sections 2.7.2 and 3.7.1), in a request that it has signed; or by
answering, signed, a message of ours that was signed with that key.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update

from idp.base.crypto import equal
from idp.base.prepared import Prepared
from idp.base.tables import insert_if_absent, table
from idp.base.work import Work
from idp.directory.sites import SiteFacts
from idp.keyring import keyring
from idp.saml.facts import ProviderFacts
from idp.saml.key_change.rollover_plan import campaigns
from idp.saml.models import RolloverStep, ServiceProvider
from idp.signon.models import Participant

_T = table(RolloverStep)
_INSERT = Prepared(insert_if_absent(RolloverStep))
_THIS = (
    _T.c.organization_id == bindparam("of_organization"),
    _T.c.application_id == bindparam("of_application"),
    _T.c.key_id == bindparam("of_key"),
)
_ANSWERED = Prepared(
    update(_T)
    .where(*_THIS, _T.c.answered_at.is_(None))
    .values(answered_at=bindparam("at", type_=_T.c.answered_at.type))
)
_PROVEN = Prepared(
    update(_T).where(*_THIS, _T.c.proven_at.is_(None)).values(proven_at=bindparam("at", type_=_T.c.proven_at.type))
)
_CLOSED = Prepared(
    update(_T).where(*_THIS[:2], _T.c.closed_at.is_(None)).values(closed_at=bindparam("at", type_=_T.c.closed_at.type))
)
_FETCHED = Prepared(
    update(_T)
    .where(*_THIS, _T.c.fetched_at.is_(None))
    .values(
        fetched_at=bindparam("at", type_=_T.c.fetched_at.type), fetched_by=bindparam("by", type_=_T.c.fetched_by.type)
    )
)
_JOINED = Prepared(
    select(Participant.joined_at)
    .where(
        Participant.organization_id == bindparam("organization_id"),
        Participant.session_id == bindparam("session_id"),
        Participant.application_id == bindparam("application_id"),
    )
    .order_by(Participant.joined_at)  # all names of a session come with the same index
    .limit(1)
)
_KNOWN = Prepared(
    select(RolloverStep.fetched_at).where(
        RolloverStep.organization_id == bindparam("organization_id"),
        RolloverStep.application_id == bindparam("application_id"),
        RolloverStep.key_id == bindparam("key_id"),
        RolloverStep.fetched_at.is_not(None),
    )
)
_REGISTERED = Prepared(
    select(ServiceProvider.metadata_token).where(
        ServiceProvider.organization_id == bindparam("organization_id"),
        ServiceProvider.site_id == bindparam("site_id"),
        ServiceProvider.application_id == bindparam("application_id"),
    )
)
_LONGEST_AGENT = 256
_EVERYWHERE = timedelta(seconds=5)
"""After this long no worker signs with the former key from memory (see `base.memory`)."""


def answered(work: Work, provider: ProviderFacts, key_id: str) -> None:
    """Note that *provider*, which is watched, was answered with the key *key_id*, if it is the new one; written once."""
    watched = provider.watched
    if watched is not None and watched.key_id == key_id and not watched.answered:
        _write(work, _ANSWERED, provider, key_id)


def named_our_sessions(work: Work, provider: ProviderFacts, session_ids: Iterable[str]) -> None:
    """
    Note that *provider* named sessions of ours by their index, in a logout request that it signed.

    It counts where it joined one of them after it was switched: then it knows the index from an
    answer that was signed with the new key, and from nowhere else.
    """
    if provider.watched is None:
        return
    for session_id in session_ids:
        row = work.tx.row(
            _JOINED,
            organization_id=provider.organization_id,
            session_id=session_id,
            application_id=provider.application_id,
        )
        if row is not None and _signed_with_new(provider, row.joined_at):
            _write(work, _PROVEN, provider, provider.watched.key_id)
            return


def took_our_message(work: Work, provider: ProviderFacts, sent_at: datetime) -> None:
    """
    Note that *provider* has answered with success, and signed, a message of ours that we signed at *sent_at*.

    For a logout that we ask for: whoever ends a session for us has believed our signature.
    """
    if provider.watched is not None and _signed_with_new(provider, sent_at):
        _write(work, _PROVEN, provider, provider.watched.key_id)


def _signed_with_new(provider: ProviderFacts, at: datetime) -> bool:
    return provider.watched is not None and at >= provider.watched.switched_at + _EVERYWHERE


def stop(work: Work, organization_id: str, application_id: str) -> None:
    """Watch that service provider no longer: it was switched to another key, or to another kind of key."""
    work.tx.run(_CLOSED, of_organization=organization_id, of_application=application_id, at=work.now)


def fetched(work: Work, site: SiteFacts, application_id: str, agent: str) -> None:
    """
    Note that the metadata address of an application of *site* was read, if a new key is published now.

    Args:
        agent: what the reader calls itself.
    """
    where = {"organization_id": site.organization_id, "application_id": application_id}
    for campaign in campaigns(keyring.published(work, site.organization_id, site.id, keyring.SAML_SIGNING)):
        if work.tx.row(_KNOWN, key_id=campaign.new.id, **where) is not None:
            continue
        note_step(work, site.organization_id, application_id, campaign.new.id)
        work.tx.run(
            _FETCHED,
            of_organization=site.organization_id,
            of_application=application_id,
            of_key=campaign.new.id,
            at=work.now,
            by="".join(c if c.isprintable() else "\ufffd" for c in agent[:_LONGEST_AGENT]),
        )


def is_own_address(work: Work, site: SiteFacts, application_id: str, token: str) -> bool:
    """Say whether *token* is the secret part of the metadata address of that service provider of *site*."""
    row = work.tx.row(
        _REGISTERED, organization_id=site.organization_id, site_id=site.id, application_id=application_id[:64]
    )
    return row is not None and row.metadata_token != "" and equal(row.metadata_token, token)


def note_step(work: Work, organization_id: str, application_id: str, key_id: str) -> None:
    """Make the row of that application and key, if there is none yet."""
    nothing: dict[str, datetime | None] = dict.fromkeys(
        ("fetched_at", "confirmed_at", "switched_at", "answered_at", "proven_at", "closed_at")
    )
    work.tx.run(
        _INSERT,
        organization_id=organization_id,
        application_id=application_id,
        key_id=key_id,
        fetched_by="",
        **nothing,
    )


def _write(work: Work, statement: Prepared, provider: ProviderFacts, key_id: str) -> None:
    work.tx.run(
        statement,
        of_organization=provider.organization_id,
        of_application=provider.application_id,
        of_key=key_id,
        at=work.now,
    )
