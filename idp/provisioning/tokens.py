"""
The tokens of provisioning clients: shown once, kept as a digest, good until a day.

Two of one client may be good at the same time, so that it can be given a new one before the old one ends.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import bindparam, select

from idp.audit.events import ProvisioningTokenMade, ProvisioningTokenRevoked
from idp.audit.log import record
from idp.base.errors import Conflict, Invalid, NotFound
from idp.base.ids import fingerprint, is_token, new_id, new_token
from idp.base.prepared import Prepared
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory.models import Organization
from idp.directory.provisioning_models import ProvisioningClient, ProvisioningToken
from idp.provisioning import clients

PREFIX = "scim"
LIVES, LONGEST = timedelta(days=180), timedelta(days=730)
OVERLAP, LONGEST_OVERLAP = timedelta(days=1), timedelta(days=30)
ENDS_SOON = timedelta(days=14)

_FOUND = Prepared(
    select(
        ProvisioningToken.id,
        ProvisioningToken.organization_id,
        ProvisioningToken.client_id,
        ProvisioningToken.expires_at,
        ProvisioningToken.revoked_at,
        ProvisioningToken.last_used_at,
        ProvisioningClient.name,
        ProvisioningClient.disabled_at,
        ProvisioningClient.stopped_at,
        ProvisioningClient.failing_since,
        ProvisioningClient.deleted_at,
        Organization.slug,
        Organization.suspended_at,
    )
    .join(
        ProvisioningClient,
        (ProvisioningClient.organization_id == ProvisioningToken.organization_id)
        & (ProvisioningClient.id == ProvisioningToken.client_id),
    )
    .join(Organization, Organization.id == ProvisioningToken.organization_id)
    .where(ProvisioningToken.token_hash == bindparam("of_token"))
)


@dataclass(frozen=True, slots=True)
class Caller:
    """
    The client that a token is of. ``refused``: why it is not to be answered, a code; empty: it is.

    ``stopped``: its brake has stopped it; it may read. ``failing``: it was refused something before.
    """

    token_id: str
    organization_id: str
    organization: str
    client_id: str
    name: str
    refused: str
    stopped: bool
    failing: bool
    used_lately: bool


def rotate(
    work: Work,
    reference: str,
    *,
    organization_id: str,
    lives: timedelta = LIVES,
    overlap: timedelta = OVERLAP,
    if_version: int | None = None,
) -> tuple[ProvisioningToken, str]:
    """
    Make a token for a client; return it and its text, which is shown this once. The one before goes on for *overlap*.

    Args:
        lives: for how long it is good, at most two years.
        overlap: for how long the latest of those before is still good, at most 30 days; any older one ends now.

    Raises:
        NotFound: no such client that this actor may see.
        Forbidden: the actor may not manage provisioning there, or not all that a client may.
        Invalid: a span cannot be used.
        ChangedMeanwhile: somebody else has changed the client since *if_version*.
    """
    client = clients.editable(work, reference, organization_id, if_version)
    clients.refuse_excess(work, organization_id)
    if not timedelta(0) < lives <= LONGEST:
        raise Invalid("A token is good for at most two years.", field="days")
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise Invalid("The token before is good for at most 30 days more.", field="overlap")
    for place, before in enumerate(good(work, client)):
        before.expires_at = min(before.expires_at, work.now + overlap) if place == 0 else work.now
    text = new_token(PREFIX)
    made = ProvisioningToken(
        organization_id=organization_id,
        id=new_id("pvt"),
        client_id=client.id,
        token_hash=fingerprint(text),
        created_at=work.now,
        expires_at=work.now + lives,
    )
    work.tx.session.add(made)
    work.tx.session.flush()
    record(
        work,
        ProvisioningTokenMade(
            organization_id=organization_id,
            target_id=client.id,
            name=client.name,
            token_id=made.id,
            expires_at=made.expires_at.isoformat(),
        ),
    )
    return made, text


def revoke(work: Work, reference: str, token_id: str, *, organization_id: str) -> ProvisioningToken:
    """
    End a token of a client now.

    Raises:
        NotFound: no such client, or token of it, that this actor may see.
        Forbidden: the actor may not manage provisioning there.
        Conflict: it has ended already.
    """
    client = clients.editable(work, reference, organization_id)
    found = one(work, client, token_id)
    if found.revoked_at is not None or found.expires_at <= work.now:
        raise Conflict("This token has ended already.")
    found.revoked_at = work.now
    work.tx.session.flush()
    record(
        work,
        ProvisioningTokenRevoked(
            organization_id=organization_id, target_id=client.id, name=client.name, token_id=found.id
        ),
    )
    return found


def one(work: Work, of: ProvisioningClient, token_id: str) -> ProvisioningToken:
    """
    Return a token of a client that the actor has been given.

    Raises:
        NotFound: it has none of that id.
    """
    found = work.tx.session.get(ProvisioningToken, (of.organization_id, token_id))
    if found is None or found.client_id != of.id:
        raise NotFound(phrase("It has no token “%(token)s”.", token=token_id[:80]), field="token")
    return found


def good(work: Work, of: ProvisioningClient) -> list[ProvisioningToken]:
    """Return the tokens of a client that are good now, the newest first."""
    query = (
        select(ProvisioningToken)
        .where(
            ProvisioningToken.organization_id == of.organization_id,
            ProvisioningToken.client_id == of.id,
            ProvisioningToken.revoked_at.is_(None),
            ProvisioningToken.expires_at > work.now,
        )
        .order_by(ProvisioningToken.created_at.desc(), ProvisioningToken.id)
    )
    return list(work.tx.session.scalars(query))


def caller(work: Work, token: str) -> Caller | None:
    """Return the client that *token* is of, and whether it may be answered; None: it is nobody's."""
    if not is_token(token, PREFIX):
        return None
    row = work.tx.row(_FOUND, of_token=fingerprint(token))
    if row is None:
        return None
    refused = ""
    if row.revoked_at is not None or row.deleted_at is not None:
        refused = "token-revoked"
    elif row.expires_at <= work.now:
        refused = "token-expired"
    elif row.disabled_at is not None:
        refused = "client-disabled"
    elif row.suspended_at is not None:
        refused = "organization-suspended"
    return Caller(
        token_id=row.id,
        organization_id=row.organization_id,
        organization=row.slug,
        client_id=row.client_id,
        name=row.name,
        refused=refused,
        stopped=row.stopped_at is not None,
        failing=row.failing_since is not None,
        used_lately=row.last_used_at is not None and work.now - row.last_used_at < timedelta(minutes=1),
    )
