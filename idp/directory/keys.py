"""Verbs on the keys of a site: seeing them, and doing what `keyring.rotation.plan` says."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from idp.audit.events import KeyStateChanged
from idp.audit.log import record
from idp.base.errors import Conflict, Invalid, NotFound
from idp.base.prepared import Prepared
from idp.base.texts import phrase
from idp.base.work import Work
from idp.directory import queries
from idp.directory.models import Site
from idp.keyring import keyring, rotation
from idp.keyring.brought import Brought
from idp.keyring.models import SigningKey
from idp.policy.permissions import Permission, require

# The slowest cache that must have seen a key before it signs; the longest that must still verify after. A relying
# party may keep the keys of tokens for a day, and what lies between it and us may have kept them for some minutes before.
PUBLISH_AHEAD = {keyring.SAML_SIGNING: timedelta(days=7), keyring.TOKEN_SIGNING: timedelta(hours=25)}
KEEP_RETIRED = {keyring.SAML_SIGNING: timedelta(days=7), keyring.TOKEN_SIGNING: timedelta(hours=24)}
LIFETIME = {keyring.SAML_SIGNING: timedelta(days=1095), keyring.TOKEN_SIGNING: timedelta(days=90)}

_STATES = Prepared(
    select(
        SigningKey.organization_id,
        SigningKey.site_id,
        SigningKey.id,
        SigningKey.purpose,
        SigningKey.algorithm,
        SigningKey.state,
        SigningKey.created_at,
        SigningKey.activated_at,
        SigningKey.retired_at,
    ).where(SigningKey.state != keyring.GONE)
)


def keys(work: Work, organization_id: str, site_id: str) -> list[SigningKey]:
    """
    Return every key of a site that is not gone, oldest first.

    Raises:
        Forbidden: the actor may not see keys there.
        NotFound: the organization has no such site.
    """
    require(work, Permission.KEY_READ, organization_id, site_id=site_id)
    if work.tx.session.get(Site, (organization_id, site_id)) is None:  # no foreign key says so: keys are a floor below
        raise NotFound("There is no site at this address.")
    query = (
        select(SigningKey)
        .where(
            SigningKey.organization_id == organization_id,
            SigningKey.site_id == site_id,
            SigningKey.state != keyring.GONE,
        )
        .order_by(SigningKey.created_at, SigningKey.id)
    )
    return list(work.tx.session.scalars(query))


def of_sites(work: Work, sites: Sequence[Site]) -> dict[str, list[SigningKey]]:
    """
    Return, by site, every key of several sites that is not gone, oldest first; in one query.

    Raises:
        Forbidden: the actor may not see keys at one of them.
    """
    found: dict[str, list[SigningKey]] = {site.id: [] for site in sites}
    for site in sites:
        require(work, Permission.KEY_READ, site.organization_id, site_id=site.id)
    query = (
        select(SigningKey)
        .where(
            queries.among(
                SigningKey.organization_id, SigningKey.site_id, [(site.organization_id, site.id) for site in sites]
            ),
            SigningKey.state != keyring.GONE,
        )
        .order_by(SigningKey.created_at, SigningKey.id)
    )
    for key in work.tx.session.scalars(query):
        found[key.site_id].append(key)
    return found


@dataclass(frozen=True, slots=True)
class Turned:
    """What a step of rotation came to: the keys that changed, and those that would have and are held."""

    changed: list[SigningKey]
    withheld: list[SigningKey]


def rotate(
    work: Work,
    organization_id: str,
    site_id: str,
    *,
    subject: str,
    purpose: str | None = None,
    at_once: bool = True,
    held: frozenset[str] = frozenset(),
) -> Turned:
    """
    Move the keys of a site one step on, as far as the caches of the world allow.

    Asked again at the same moment it changes nothing. First call: a ``next`` key is published.
    After the time that caches need: it becomes ``active`` and the former one ``retired``.

    Args:
        at_once: not only what is due by age.
        held: ids of keys that somebody still depends on: they neither retire nor go.

    Raises:
        Forbidden: the actor may not rotate keys there.
        NotFound: the organization has no such site.
    """
    require(work, Permission.KEY_ROTATE, organization_id, site_id=site_id)
    turned = Turned([], [])
    for kind, algorithm, mine in _families(keys(work, organization_id, site_id)):
        if purpose not in (None, kind):
            continue
        todo = rotation.holding(_plan(kind, mine, work.now, at_once=at_once), held)
        by_id = {key.id: key for key in mine}
        turned.withheld.extend(by_id[key_id] for key_id in todo.withheld)
        for key_id in todo.retire:
            turned.changed.append(_move(work, by_id[key_id], keyring.RETIRED))
        if todo.promote is not None:
            turned.changed.append(_move(work, by_id[todo.promote], keyring.ACTIVE))
        for key_id in todo.drop:
            turned.changed.append(_move(work, by_id[key_id], keyring.GONE))
        if todo.make_next:
            turned.changed.append(
                keyring.create(
                    work,
                    organization_id,
                    site_id,
                    purpose=kind,
                    algorithm=algorithm,
                    state=keyring.NEXT,
                    subject=subject,
                )
            )
    work.tx.after_commit(work.tx.memory.forget)
    return turned


def due(work: Work) -> list[Site]:
    """
    Return the sites that have keys to move by age, of those that the actor may see.

    Raises:
        Forbidden: the actor may not rotate keys at one of them.
    """
    sites = {(site.organization_id, site.id): site for site in queries.sites(work)}
    for organization_id, site_id in sites:
        require(work, Permission.KEY_ROTATE, organization_id, site_id=site_id)
    known: dict[tuple[str, str], list[Any]] = {site: [] for site in sites}
    for key in work.tx.rows(_STATES):
        if (key.organization_id, key.site_id) in known:
            known[key.organization_id, key.site_id].append(key)
    return [
        sites[site]
        for site, of_site in known.items()
        if any(_plan(kind, mine, work.now) != rotation.Plan() for kind, _, mine in _families(of_site))
    ]


def _families(known: Sequence[Any]) -> Iterator[tuple[str, str, list[Any]]]:
    """Return what rotates together at a site: the purpose, the algorithm of a new key, and the keys there are."""
    has = {(key.purpose, key.algorithm) for key in known}
    for kind, algorithm in (*keyring.KINDS, *(optional for optional in keyring.OPTIONAL_KINDS if optional in has)):
        family = keyring.family(algorithm)
        yield kind, algorithm, [k for k in known if k.purpose == kind and keyring.family(k.algorithm) == family]


def _plan(kind: str, mine: Sequence[Any], now: datetime, *, at_once: bool = False) -> rotation.Plan:
    return rotation.plan(
        [rotation.KeyState(key.id, key.state, _since(key)) for key in mine],
        now,
        lifetime=LIFETIME[kind],
        publish_ahead=PUBLISH_AHEAD[kind],
        keep_retired=KEEP_RETIRED[kind],
        at_once=at_once,
    )


def add(work: Work, organization_id: str, site_id: str, *, subject: str, algorithm: str) -> SigningKey:
    """
    Give a site an EC key for SAML beside its RSA one. It is published, and signs for whom it is chosen for.

    Raises:
        Forbidden: the actor may not make keys there.
        NotFound: the organization has no such site.
        Invalid: it is no such kind of key.
        Conflict: the site has an EC key for SAML.
    """
    require(work, Permission.KEY_ROTATE, organization_id, site_id=site_id)
    kinds = [kind for purpose, kind in keyring.OPTIONAL_KINDS if purpose == keyring.SAML_SIGNING]
    if algorithm not in kinds:
        raise Invalid(
            phrase("A key of “%(algorithm)s” is not made here.", algorithm=algorithm[:40]),
            field="algorithm",
            advice=", ".join(kinds),
        )
    for key in keys(work, organization_id, site_id):
        if (key.purpose, key.algorithm) in keyring.OPTIONAL_KINDS:
            raise Conflict(
                phrase(
                    "The site has an EC key for SAML already: %(id)s (%(algorithm)s, %(state)s).",
                    id=key.id,
                    algorithm=key.algorithm,
                    state=key.state,
                ),
                advice="It is changed by rotation: idp keys rotate.",
            )
    made = keyring.create(
        work,
        organization_id,
        site_id,
        purpose=keyring.SAML_SIGNING,
        algorithm=algorithm,
        state=keyring.ACTIVE,
        subject=subject,
    )
    work.tx.after_commit(work.tx.memory.forget)
    return made


def adopt(work: Work, organization_id: str, site_id: str, brought: Brought, *, subject: str) -> SigningKey:
    """
    Take in a SAML key that an operator brings, so that applications keep the certificate that they know.

    It is published at once. Beside a key of its family it is the ``next`` one, and a campaign leads to it; an EC
    key where there is none signs for whom it is chosen for.

    Raises:
        Forbidden: the actor may not make keys there.
        NotFound: the organization has no such site.
        Conflict: the organization has or had this key; or the site has a next key already, or an EC key
            of another curve.
    """
    require(work, Permission.KEY_ROTATE, organization_id, site_id=site_id)
    here = keys(work, organization_id, site_id)
    same = select(SigningKey).where(
        SigningKey.organization_id == organization_id, SigningKey.public_pem == keyring.public_pem(brought.private)
    )
    for key in work.tx.session.scalars(same):
        raise Conflict(
            phrase("This key is known here as %(id)s, and it is %(state)s.", id=key.id, state=key.state),
            advice="One key belongs to one site and comes once. A key that has gone stays away; bring another.",
        )
    family = keyring.family(brought.algorithm)
    mine = [key for key in here if key.purpose == keyring.SAML_SIGNING]
    for key in mine:
        if keyring.family(key.algorithm) == family and key.state == keyring.NEXT:
            raise Conflict(
                phrase("The site has a next key already: %(id)s (%(algorithm)s).", id=key.id, algorithm=key.algorithm),
                advice="One new key at a time: let it become the active one first, with idp keys rotate.",
            )
        if family != "RSA" and keyring.family(key.algorithm) not in ("RSA", family):
            raise Conflict(
                phrase(
                    "The site has an EC key for SAML of another curve: %(id)s (%(algorithm)s).",
                    id=key.id,
                    algorithm=key.algorithm,
                ),
                advice=phrase("Bring an EC key on %(algorithm)s, or an RSA key.", algorithm=key.algorithm),
            )
    beside = any(keyring.family(key.algorithm) == family for key in mine)
    taken = keyring.adopt(
        work,
        organization_id,
        site_id,
        brought,
        purpose=keyring.SAML_SIGNING,
        state=keyring.NEXT if beside else keyring.ACTIVE,
        subject=subject,
    )
    work.tx.after_commit(work.tx.memory.forget)
    return taken


def _since(key: Any) -> datetime:
    moment: datetime = key.retired_at or key.activated_at or key.created_at
    return moment


def _move(work: Work, key: SigningKey, state: str) -> SigningKey:
    before, key.state = key.state, state
    if state == keyring.ACTIVE:
        key.activated_at = work.now
    elif state == keyring.RETIRED:
        key.retired_at = work.now
    else:
        key.gone_at = work.now
        key.private_sealed = ""
    record(
        work,
        KeyStateChanged(
            organization_id=key.organization_id, target_id=key.id, purpose=key.purpose, before=before, after=state
        ),
    )
    return key
