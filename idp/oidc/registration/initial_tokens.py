"""Initial access tokens: whoever holds one may register clients at its site (RFC 7591 section 3; O19)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, bindparam, not_, or_, select, update

from idp.audit.events import RegistrationTokenCreated, RegistrationTokenRevoked
from idp.audit.log import record
from idp.base.errors import Conflict, Invalid, NotFound
from idp.base.ids import fingerprint, is_token, new_id, new_token
from idp.base.prepared import Prepared
from idp.base.tables import table
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import names, queries
from idp.directory.keysets import Key, newest
from idp.directory.models import Site
from idp.directory.rights import require_on
from idp.oidc.models import RegistrationToken
from idp.oidc.provider import Provider
from idp.policy.permissions import Permission

KIND = "rgt"
MOST_USES = 10_000
LONGEST = timedelta(days=365)
LIVES = timedelta(days=7)
OPEN, OVER, ALL = "open", "over", "all"
WHICH = (OVER, ALL)
"""What a list of them can be of, beside those that are open."""

_TABLE = table(RegistrationToken)
_AT = bindparam("at", type_=_TABLE.c.expires_at.type)
_IS_GOOD = and_(
    _TABLE.c.token_hash == bindparam("of_token"),
    _TABLE.c.organization_id == bindparam("of_organization"),
    _TABLE.c.site_id == bindparam("of_site"),
    _TABLE.c.revoked_at.is_(None),
    _TABLE.c.expires_at > _AT,
    or_(_TABLE.c.uses_left.is_(None), _TABLE.c.uses_left > 0),
)
_LOOK = Prepared(select(_TABLE.c.id, _TABLE.c.name).where(_IS_GOOD))
_USE = Prepared(
    update(_TABLE).where(_IS_GOOD).values(uses_left=_TABLE.c.uses_left - 1).returning(_TABLE.c.id, _TABLE.c.name)
)


@dataclass(frozen=True, slots=True)
class Used:
    """A token that was good, and has one use less now."""

    id: str
    name: str


def create(
    work: Work, site_slug: str, *, name: str, uses: int | None = 1, lives: timedelta = LIVES
) -> tuple[RegistrationToken, str]:
    """
    Make an initial access token for a site; return it and its text, which is shown this once.

    Args:
        name: what it is for, as people read it.
        uses: how many clients may be registered with it; None: as many as wanted while it lives.
        lives: for how long it is good, at most a year.

    Raises:
        NotFound: no such site that this actor may see.
        Forbidden: the actor may not register applications there.
        Invalid: a value cannot be used.
    """
    site = queries.site(work, site_slug)
    require_on(work, Permission.APPLICATION_CREATE, site)
    if uses is not None and not 1 <= uses <= MOST_USES:
        raise Invalid(
            phrase("A token is good for 1 to %(most_uses)s registrations, or for any number.", most_uses=MOST_USES),
            field="uses",
        )
    if not timedelta(0) < lives <= LONGEST:
        raise Invalid("A token is good for at most a year.", field="expires_in")
    token = new_token(KIND)
    made = RegistrationToken(
        organization_id=site.organization_id,
        id=new_id(KIND),
        site_id=site.id,
        name=names.name(name),
        token_hash=fingerprint(token),
        uses_left=uses,
        created_at=work.now,
        expires_at=work.now + lives,
    )
    work.tx.session.add(made)
    work.tx.session.flush()
    record(
        work,
        RegistrationTokenCreated(
            organization_id=site.organization_id,
            target_id=made.id,
            site_id=site.id,
            name=made.name,
            uses="any number" if uses is None else str(uses),
            expires_at=made.expires_at.isoformat(),
        ),
    )
    return made, token


def listed(work: Work, site_slug: str) -> list[RegistrationToken]:
    """
    Return the initial access tokens of a site, the newest first; those that are over, too.

    Raises:
        NotFound: no such site that this actor may see.
    """
    site = queries.site(work, site_slug)
    query = (
        queries.visible(work, RegistrationToken, Permission.APPLICATION_READ)
        .where(RegistrationToken.organization_id == site.organization_id, RegistrationToken.site_id == site.id)
        .order_by(RegistrationToken.created_at.desc(), RegistrationToken.id)
    )
    return list(work.tx.session.scalars(query))


def page(
    work: Work, site: Site, *, after: Key | None = None, limit: int = 50, which: str = ""
) -> list[RegistrationToken]:
    """
    Return initial access tokens of a site that this actor may see, the newest first, at most *limit*.

    Args:
        after: when the last one that was shown was made (ISO 8601), and its id; None: from the start.
        which: empty: those that are open; `OVER`: those that are not; `ALL`.
    """
    query = queries.visible(work, RegistrationToken, Permission.APPLICATION_READ).where(
        RegistrationToken.organization_id == site.organization_id, RegistrationToken.site_id == site.id
    )
    is_open = and_(
        RegistrationToken.revoked_at.is_(None),
        RegistrationToken.expires_at > work.now,
        or_(RegistrationToken.uses_left.is_(None), RegistrationToken.uses_left > 0),
    )
    if which != ALL:
        query = query.where(not_(is_open) if which == OVER else is_open)
    rows = newest(query, RegistrationToken.created_at, RegistrationToken.id, after, limit)
    return list(work.tx.session.scalars(rows))


def found(work: Work, site: Site, token_id: str) -> RegistrationToken:
    """
    Return an initial access token of a site.

    Raises:
        NotFound: none that this actor may see.
    """
    query = queries.visible(work, RegistrationToken, Permission.APPLICATION_READ).where(
        RegistrationToken.organization_id == site.organization_id,
        RegistrationToken.site_id == site.id,
        RegistrationToken.id == token_id,
    )
    one = work.tx.session.scalar(query)
    if one is None:
        raise NotFound(
            phrase("The site has no registration token “%(token_id)s”.", token_id=token_id[:80]), field="token"
        )
    return one


def state(of: RegistrationToken, now: datetime) -> str:
    """Return how a token stands at *now*: ``open``, ``revoked``, ``used`` up, or ``over``."""
    if of.revoked_at is not None:
        return "revoked"
    if of.uses_left is not None and of.uses_left <= 0:
        return "used"
    return OPEN if of.expires_at > now else OVER


def revoke(work: Work, site_slug: str, token_id: str) -> RegistrationToken:
    """
    End an initial access token. The clients that were registered with it stay.

    Raises:
        NotFound: no such token of such a site that this actor may see.
        Forbidden: the actor may not register applications there.
        Conflict: it is revoked already.
    """
    token = found(work, queries.site(work, site_slug), token_id)
    require_on(work, Permission.APPLICATION_CREATE, token)
    if token.revoked_at is not None:
        raise Conflict("This token is revoked already.")
    token.revoked_at = work.now
    record(
        work,
        RegistrationTokenRevoked(organization_id=token.organization_id, target_id=token.id, name=token.name),
    )
    return token


def is_good(work: Work, provider: Provider, token: str) -> bool:
    """Say whether *token* could be used at the site of *provider* now; that decides nothing, `use` does."""
    return _found(work, _LOOK, provider, token) is not None


def use(work: Work, provider: Provider, token: str) -> Used | None:
    """
    Use *token* once at the site of *provider*; None if it is not good there now.

    Of many who use the last of it at once, one does. A use is given back where the caller's
    transaction is rolled back.
    """
    return _found(work, _USE, provider, token)


def _found(work: Work, statement: Prepared, provider: Provider, token: str) -> Used | None:
    if not is_token(token, KIND):
        return None
    row = work.tx.row(
        statement,
        of_token=fingerprint(token),
        of_organization=provider.organization_id,
        of_site=provider.site_id,
        at=work.now,
    )
    return None if row is None else Used(row.id, row.name)
