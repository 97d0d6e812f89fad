"""
Managed accounts: those that an organization has claimed through a domain that it has proven.

An account is always its organization's; claiming changes what its person may do: no other e-mail address, no
deletion of their own (ADR 46). The claim itself is one statement, however many accounts there are; telling each
person, and the entry of each account, are jobs of some hundred accounts (`signon.managed_notices`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select, update

from idp.audit.events import DomainClaimed, DomainUnclaimed
from idp.audit.log import record
from idp.base import jobs
from idp.base.errors import Conflict, Invalid
from idp.base.ids import new_id
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import names, sizes
from idp.directory.domain_models import Domain
from idp.directory.domain_reads import AUTOMATIC, editable, not_proven
from idp.directory.models import Account
from idp.policy import domains as policy

TELL = "managed-accounts"
"""The job that tells people that their account is managed, or is not any more."""
CLAIMED, UNCLAIMED = "claimed", "unclaimed"
SHOWN = 50
MOST_ADDRESSES, MOST_BYTES = 10_000, 5 * 1024 * 1024
_AT_ONCE = 200
_IN_STATEMENT = 500


@dataclass(frozen=True, slots=True)
class Affected:
    """An account that would be claimed, or given back."""

    id: str
    email: str
    name: str
    kind: str
    disabled: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """
    What a claim (or unclaim) would do.

    ``count`` accounts become managed (or are no more), ``affected`` are the first of them; of ``already`` nothing
    changes. Of a list: ``unknown`` are addresses that no account of the organization has, ``other_domain`` those on
    another domain. ``elsewhere``: so many accounts of other organizations have addresses on the domain. They are
    not touched, whoever claims what.
    """

    domain: str
    count: int
    affected: tuple[Affected, ...]
    already: int
    disabled: int
    unknown: tuple[str, ...] = ()
    other_domain: tuple[str, ...] = ()
    elsewhere: int = 0


def read_addresses(content: bytes) -> tuple[str, ...]:
    """
    Return the addresses of a CSV file: its first column, without a heading; each once, in the form they are known by.

    Raises:
        Invalid: the file is too large, no text, has more addresses than can be, or something that is none.
    """
    if len(content) > MOST_BYTES:
        raise Invalid(
            phrase("A file of addresses has at most %(value)s MB.", value=MOST_BYTES // 1024 // 1024), field="addresses"
        )
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise Invalid("The file is no text in UTF-8.", field="addresses") from error
    found: dict[str, None] = {}
    for number, line in enumerate(lines, 1):
        typed = line.replace(";", ",").replace("\t", ",").split(",", 1)[0].strip().strip('"').strip()
        if not typed or (number == 1 and "@" not in typed):
            continue
        key = names.email_key_or_empty(typed)
        if not key:
            raise Invalid(
                phrase("Line %(number)s has no e-mail address: “%(typed)s”.", number=number, typed=typed[:80]),
                field="addresses",
            )
        found[key] = None
        if len(found) > MOST_ADDRESSES:
            raise Invalid(f"A file has at most {MOST_ADDRESSES:,} addresses.", field="addresses")
    if not found:
        raise Invalid("The file has no e-mail address in it.", field="addresses")
    return tuple(found)


def preview(work: Work, organization: str, reference: str, addresses: Sequence[str] | None = None) -> Preview:
    """
    Return what claiming all accounts on a domain would do, or those of *addresses*. Nothing is changed.

    Raises:
        NotFound: no such organization or domain that this actor may see.
        Forbidden: the actor may not change domains there.
        Conflict: nothing can be claimed through the domain now.
    """
    found = _claimable(work, organization, reference)
    return _preview(work, found, addresses, claim_=True)


def preview_unclaim(work: Work, organization: str, reference: str, addresses: Sequence[str] | None = None) -> Preview:
    """
    Return what giving back all managed accounts of a domain would do, or those of *addresses*.

    Raises:
        NotFound, Forbidden: as of `preview`.
    """
    return _preview(work, editable(work, organization, reference), addresses, claim_=False)


def claim(work: Work, organization: str, reference: str, addresses: Sequence[str] | None = None) -> int:
    """
    Let all accounts on a domain be managed, or those of *addresses*; return how many became so. Each is told.

    Args:
        addresses: as `read_addresses` returns them; those that no account on this domain has are passed over.

    Raises:
        NotFound: no such organization or domain that this actor may see.
        Forbidden: the actor may not change domains there.
        Conflict: nothing can be claimed through the domain now.
    """
    found = _claimable(work, organization, reference)
    ids = _change(
        work, found, [_not_managed(), *_on(found)], addresses, {"domain_id": found.id, "managed_at": work.now}
    )
    if ids:
        record(
            work,
            DomainClaimed(
                organization_id=found.organization_id,
                target_id=found.id,
                name=found.name,
                count=len(ids),
                which=_which(addresses),
            ),
        )
        _tell(work, found, ids, CLAIMED, "")
    return len(ids)


def unclaim(work: Work, organization: str, reference: str, addresses: Sequence[str] | None = None) -> int:
    """
    Let all managed accounts of a domain be managed no more, or those of *addresses*; return how many.

    They keep their access, their policy and their groups.

    Raises:
        NotFound, Forbidden: as of `claim`.
    """
    found = editable(work, organization, reference)
    ids = _change(work, found, _through(found), addresses, {"domain_id": None, "managed_at": None})
    if ids:
        record(
            work,
            DomainUnclaimed(
                organization_id=found.organization_id,
                target_id=found.id,
                name=found.name,
                count=len(ids),
                which=_which(addresses),
            ),
        )
        _tell(work, found, ids, UNCLAIMED, "an administrator gave it back")
    return len(ids)


def count(work: Work, domain: Domain) -> int:
    """Return how many accounts are managed through a domain."""
    query = select(func.count()).select_from(Account).where(*_managed_through(domain.organization_id, domain.id))
    return work.tx.session.scalar(query) or 0


def counts(work: Work, organization_id: str, domain_ids: Iterable[str]) -> dict[str, int]:
    """Return how many accounts are managed through each of these domains of an organization, by their ids; for files."""
    query = (
        select(Account.domain_id, func.count())
        .where(Account.organization_id == organization_id, Account.domain_id.in_(list(domain_ids)))
        .group_by(Account.domain_id)
    )
    return {str(domain_id): amount for domain_id, amount in work.tx.session.execute(query)}


def some(work: Work, organization_id: str, domain_ids: Iterable[str]) -> dict[str, int]:
    """Return how many accounts are managed through each of these domains, counted up to one more than `sizes.MANY`."""
    return sizes.each_up_to(
        work, {one: select(Account.id).where(*_managed_through(organization_id, one)) for one in domain_ids}
    )


def _managed_through(organization_id: str, domain_id: str) -> tuple[ColumnElement[bool], ...]:
    return Account.organization_id == organization_id, Account.domain_id == domain_id


def release(work: Work, domain: Domain, *, cause: str) -> int:
    """Let every account that is managed through *domain* be managed no more, since it has lost its power; return how many."""
    ids = _change(work, domain, _through(domain), None, {"domain_id": None, "managed_at": None})
    _tell(work, domain, ids, UNCLAIMED, cause)
    return len(ids)


def follow_address(work: Work, account: Account) -> None:
    """
    Let an account be managed, or not any more, as its address wants it: called for new accounts and new addresses.

    On a domain whose claiming is automatic it becomes managed; where its address has left the domain that it was
    managed through, it is managed no more.
    """
    if account.domain_id is not None:
        held = work.tx.session.get(Domain, (account.organization_id, account.domain_id))
        if held is not None and held.name == account.email_domain:
            return
        account.domain_id = account.managed_at = None
        if held is not None:
            _tell(work, held, [account.id], UNCLAIMED, "its address is on another domain now")
    held = work.tx.session.scalar(
        select(Domain).where(
            Domain.held_name == account.email_domain,
            Domain.organization_id == account.organization_id,
            Domain.claiming == AUTOMATIC,
        )
    )
    if held is not None and policy.may_join(held.state, held.missing_since, work.now):
        account.domain_id, account.managed_at = held.id, work.now
        _tell(work, held, [account.id], CLAIMED, "")
    work.tx.session.flush()


def manage(work: Work, account: Account) -> bool:
    """
    Let an account be managed through the domain of its address, whatever is done with new ones there; say whether it is.

    For accounts that another directory brings: whoever proved the domain has said whose they are. Its person is told.
    """
    if account.managed_at is not None:
        return True
    held = _joinable(work, account)
    if held is None:
        return False
    account.domain_id, account.managed_at = held.id, work.now
    _tell(work, held, [account.id], CLAIMED, "")
    work.tx.session.flush()
    return True


def _joinable(work: Work, account: Account) -> Domain | None:
    held = work.tx.session.scalar(
        select(Domain).where(
            Domain.held_name == account.email_domain, Domain.organization_id == account.organization_id
        )
    )
    return held if held is not None and policy.may_join(held.state, held.missing_since, work.now) else None


def refuse_own_change(account: Account, what: str = "the e-mail address") -> None:
    """
    Raises:
        Conflict: the account is managed: its person may not change *what*.
    """
    if account.managed_at is not None:
        raise Conflict(
            phrase("Your organization manages this account: its administrators change %(what)s.", what=what),
            code="managed-account",
            advice="Ask an administrator of your organization.",
        )


def _claimable(work: Work, organization: str, reference: str) -> Domain:
    found = editable(work, organization, reference)
    if found.held_name is None or not policy.may_claim(found.state, found.missing_since, work.now):
        raise not_proven(found)
    return found


def _on(domain: Domain) -> list[ColumnElement[bool]]:
    return [
        Account.organization_id == domain.organization_id,
        Account.email_domain == domain.name,
        Account.erased_at.is_(None),
    ]


def _through(domain: Domain) -> list[ColumnElement[bool]]:
    return [Account.organization_id == domain.organization_id, Account.domain_id == domain.id]


def _not_managed() -> ColumnElement[bool]:
    return Account.managed_at.is_(None)


def _change(
    work: Work,
    domain: Domain,
    where: Sequence[ColumnElement[bool]],
    addresses: Sequence[str] | None,
    values: dict[str, object],
) -> list[str]:
    """Write *values* into the accounts for which *where* holds (and *addresses*, if not None); return their ids."""
    changed: list[str] = []
    for part in _parts(addresses):
        more = [] if part is None else [Account.email_key.in_(part)]
        statement = (
            update(Account)
            .where(*where, *more)
            .values(**values, version=Account.version + 1)
            .returning(Account.id)
            .execution_options(synchronize_session=False)
        )
        changed.extend(work.tx.session.scalars(statement))
    if changed:
        work.tx.session.expire_all()  # whoever was read before is read again
        work.tx.session.refresh(domain)
    return changed


def _parts(addresses: Sequence[str] | None) -> Iterable[list[str] | None]:
    if addresses is None:
        return [None]
    if len(addresses) > MOST_ADDRESSES:
        raise Invalid(f"A list has at most {MOST_ADDRESSES:,} addresses.", field="addresses")
    keys = list(dict.fromkeys(names.email_key(one) for one in addresses))
    return [keys[at : at + _IN_STATEMENT] for at in range(0, len(keys), _IN_STATEMENT)]


def _preview(work: Work, domain: Domain, addresses: Sequence[str] | None, *, claim_: bool) -> Preview:
    where = [_not_managed(), *_on(domain)] if claim_ else _through(domain)
    count = disabled = 0
    affected: list[Affected] = []
    known: set[str] = set()
    for part in _parts(addresses):
        more = [] if part is None else [Account.email_key.in_(part)]
        total = select(func.count(), func.count(Account.disabled_at)).select_from(Account).where(*where, *more)
        ours, off = work.tx.session.execute(total).one()
        count, disabled = count + ours, disabled + off
        if len(affected) < SHOWN:
            first = select(Account).where(*where, *more).order_by(Account.email_key).limit(SHOWN - len(affected))
            affected.extend(
                Affected(one.id, one.email, one.name, one.kind, one.disabled_at is not None)
                for one in work.tx.session.scalars(first)
            )
        if part is not None:
            own = select(Account.email_key).where(
                Account.organization_id == domain.organization_id, Account.email_key.in_(part)
            )
            known.update(work.tx.session.scalars(own))
    keys = [] if addresses is None else [names.email_key(one) for one in addresses]
    return Preview(
        domain=domain.name,
        count=count,
        affected=tuple(affected),
        already=_managed_count(work, domain),
        disabled=disabled,
        unknown=tuple(key for key in keys if key not in known and key.endswith(f"@{domain.name}")),
        other_domain=tuple(key for key in keys if not key.endswith(f"@{domain.name}")),
        elsewhere=_elsewhere(work, domain) if claim_ else 0,
    )


def _managed_count(work: Work, domain: Domain) -> int:
    return work.tx.session.scalar(select(func.count()).select_from(Account).where(*_through(domain))) or 0


def _elsewhere(work: Work, domain: Domain) -> int:
    """How many accounts of others have addresses on the domain: a number, for whoever has proven it; never whose."""
    query = (
        select(func.count())
        .select_from(Account)
        .where(Account.email_domain == domain.name, Account.organization_id != domain.organization_id)
    )
    return work.tx.session.scalar(query) or 0


def _tell(work: Work, domain: Domain, ids: Sequence[str], what: str, cause: str) -> None:
    for at in range(0, len(ids), _AT_ONCE):
        jobs.defer(
            work,
            TELL,
            key=f"{TELL}:{new_id('key')}",
            payload={
                "organization_id": domain.organization_id,
                "domain": domain.name,
                "what": what,
                "cause": cause,
                "by": work.actor.name,
                "account_ids": list(ids[at : at + _AT_ONCE]),
            },
            organization_id=domain.organization_id,
        )


def _which(addresses: Sequence[str] | None) -> str:
    return "all" if addresses is None else f"a list of {len(addresses)} addresses"
