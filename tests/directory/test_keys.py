"""Signing keys of sites: sealed rows, published before use, kept while what they signed lives."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from idp.audit.models import AuditEntry
from idp.base.errors import Conflict, Forbidden, NotFound, Unavailable
from idp.directory import keys
from idp.keyring import keyring
from idp.keyring.brought import Brought
from idp.keyring.models import SigningKey
from tests.support.people import as_account, stranger


@pytest.fixture
def site(an_organization, a_site):
    an_organization()
    return a_site()


def test_a_new_site_can_sign_at_once(work, site):
    saml = keyring.active(work, site.organization_id, site.id, keyring.SAML_SIGNING)
    rs256 = keyring.active(work, site.organization_id, site.id, keyring.TOKEN_SIGNING, "RSA-2048")
    es256 = keyring.active(work, site.organization_id, site.id, keyring.TOKEN_SIGNING, "P-256")

    assert (saml.algorithm, rs256.algorithm, es256.algorithm) == ("RSA-3072", "RSA-2048", "P-256")
    assert saml.private.key_size == 3072
    assert saml.certificate_pem.startswith("-----BEGIN CERTIFICATE-----")


def test_every_site_has_keys_of_its_own(work, site, a_site):
    other = a_site("acme-eu")

    ids = {k.id for s in (site, other) for k in keyring.published(work, s.organization_id, s.id, keyring.TOKEN_SIGNING)}

    assert len(ids) == 6


def test_i11_two_keys_swapped_in_the_database_do_not_open(work, site):
    rows = work.tx.session.query(SigningKey).filter(SigningKey.purpose == keyring.TOKEN_SIGNING).all()
    rows[0].private_sealed, rows[1].private_sealed = rows[1].private_sealed, rows[0].private_sealed
    work.tx.session.flush()

    with pytest.raises(Unavailable):
        keyring.published(work, site.organization_id, site.id, keyring.TOKEN_SIGNING)


def test_rotation_publishes_waits_and_promotes(work, site):
    old = keyring.active(work, site.organization_id, site.id, keyring.TOKEN_SIGNING, "P-256")

    first = keys.rotate(work, site.organization_id, site.id, subject="acme", purpose=keyring.TOKEN_SIGNING)
    assert {key.state for key in first.changed} == {"next"}
    again = keys.rotate(work, site.organization_id, site.id, subject="acme", purpose=keyring.TOKEN_SIGNING)
    assert again.changed == []
    assert keyring.active(work, site.organization_id, site.id, keyring.TOKEN_SIGNING, "P-256").id == old.id

    tomorrow = replace(work, now=work.now + timedelta(hours=25))
    keys.rotate(tomorrow, site.organization_id, site.id, subject="acme", purpose=keyring.TOKEN_SIGNING)
    now_active = keyring.active(tomorrow, site.organization_id, site.id, keyring.TOKEN_SIGNING, "P-256")
    assert now_active.id != old.id
    assert old.id in {k.id for k in keyring.published(tomorrow, site.organization_id, site.id, keyring.TOKEN_SIGNING)}

    later = replace(work, now=work.now + timedelta(hours=49, minutes=1))
    keys.rotate(later, site.organization_id, site.id, subject="acme", purpose=keyring.TOKEN_SIGNING, at_once=False)
    assert old.id not in {k.id for k in keyring.published(later, site.organization_id, site.id, keyring.TOKEN_SIGNING)}
    gone = work.tx.session.get_one(SigningKey, (site.organization_id, old.id))
    assert (gone.state, gone.private_sealed) == ("gone", "")


def test_a_site_that_is_older_than_a_kind_of_key_gets_it_by_rotation(work, site):
    """Published first: whoever has cached the keys of the site must know it before it signs."""
    ours = {"organization_id": site.organization_id, "site_id": site.id, "purpose": keyring.TOKEN_SIGNING}
    [row] = work.tx.session.query(SigningKey).filter(SigningKey.algorithm == keyring.ED25519).all()
    work.tx.session.delete(row)
    work.tx.session.flush()

    def turned(**span: float) -> list[tuple[str, str]]:
        at = replace(work, now=work.now + timedelta(**span))
        done = keys.rotate(at, site.organization_id, site.id, subject="acme", at_once=False)
        return [(key.algorithm, key.state) for key in done.changed]

    assert turned() == [("Ed25519", "next")]
    assert turned(hours=24) == []
    assert turned(hours=25) == [("Ed25519", "active")]
    assert keyring.active(work, **ours, algorithm="Ed25519").state == "active"


def test_an_ec_key_for_saml_is_made_when_asked_for_and_rotates_from_then_on(work, site):
    """A site without one never gets one by rotation."""
    rotated = keys.rotate(work, site.organization_id, site.id, subject="acme", purpose=keyring.SAML_SIGNING)
    assert [key.algorithm for key in rotated.changed] == ["RSA-3072"]

    made = keys.add(work, site.organization_id, site.id, subject="acme", algorithm="P-384")

    assert (made.state, made.algorithm) == ("active", "P-384")
    assert made.certificate_pem.startswith("-----BEGIN CERTIFICATE-----")
    later = keys.rotate(work, site.organization_id, site.id, subject="acme", purpose=keyring.SAML_SIGNING)
    assert [(key.algorithm, key.state) for key in later.changed] == [("P-384", "next")]


def test_r9_a_held_key_stays_and_is_named(work, site):
    old = keyring.active(work, site.organization_id, site.id, keyring.SAML_SIGNING)
    asked = {"subject": "acme", "purpose": keyring.SAML_SIGNING, "held": frozenset({old.id})}
    keys.rotate(work, site.organization_id, site.id, **asked)
    later = replace(work, now=work.now + timedelta(days=7))

    held = keys.rotate(later, site.organization_id, site.id, **asked)

    assert held.changed == []
    assert [key.id for key in held.withheld] == [old.id]
    assert keyring.active(later, site.organization_id, site.id, keyring.SAML_SIGNING).id == old.id


def test_only_who_may_rotates(work, site, an_account):
    ann = an_account()

    with pytest.raises(Forbidden):
        keys.rotate(stranger(work), site.organization_id, site.id, subject="acme")
    with pytest.raises(Forbidden):
        keys.rotate(as_account(work, ann, "auditor"), site.organization_id, site.id, subject="acme")
    with pytest.raises(Forbidden):
        keys.keys(as_account(work, ann), site.organization_id, site.id)


def bring(work, site, private, algorithm: str):
    return keys.adopt(work, site.organization_id, site.id, Brought(private, algorithm, ""), subject="acme")


def test_a_brought_key_is_the_next_one_and_becomes_active_like_any_other(work, site):
    private = rsa.generate_private_key(65537, 2048)

    taken = bring(work, site, private, "RSA-2048")

    assert (taken.state, taken.algorithm) == ("next", "RSA-2048")
    asked = {"subject": "acme", "purpose": keyring.SAML_SIGNING}
    assert keys.rotate(work, site.organization_id, site.id, **asked).changed == []
    later = replace(work, now=work.now + timedelta(days=7))
    keys.rotate(later, site.organization_id, site.id, **asked)
    active = keyring.active(later, site.organization_id, site.id, keyring.SAML_SIGNING)
    assert active.id == taken.id
    assert active.private.public_key() == private.public_key()


def test_a_brought_key_does_not_touch_the_keys_of_tokens(work, site):
    bring(work, site, rsa.generate_private_key(65537, 2048), "RSA-2048")

    tokens = keyring.published(work, site.organization_id, site.id, keyring.TOKEN_SIGNING)
    assert [key.state for key in tokens] == ["active", "active", "active"]


def test_a_first_ec_key_that_is_brought_signs_for_whom_it_is_chosen_for(work, site):
    assert bring(work, site, ec.generate_private_key(ec.SECP256R1()), "P-256").state == "active"

    assert bring(work, site, ec.generate_private_key(ec.SECP256R1()), "P-256").state == "next"
    with pytest.raises(Conflict, match="another curve"):
        bring(work, site, ec.generate_private_key(ec.SECP384R1()), "P-384")


def test_one_new_key_at_a_time_is_brought(work, site):
    bring(work, site, rsa.generate_private_key(65537, 2048), "RSA-2048")

    with pytest.raises(Conflict, match="next key already"):
        bring(work, site, rsa.generate_private_key(65537, 2048), "RSA-2048")


def test_a_key_is_brought_once_and_one_that_has_gone_stays_away(work, site, a_site):
    private = rsa.generate_private_key(65537, 2048)
    taken = bring(work, site, private, "RSA-2048")

    with pytest.raises(Conflict, match="known here"):
        bring(work, a_site("acme-eu"), private, "RSA-2048")
    taken.state = keyring.GONE
    work.tx.session.flush()
    with pytest.raises(Conflict, match="it is gone"):
        bring(work, site, private, "RSA-2048")


def test_what_was_brought_is_in_the_log_and_only_who_may_brings(work, site, an_account):
    private = rsa.generate_private_key(65537, 2048)
    taken = bring(work, site, private, "RSA-2048")

    work.tx.session.flush()
    entries = work.tx.session.scalars(sa.select(AuditEntry).where(AuditEntry.tag == "key.imported"))
    assert [entry.target_id for entry in entries] == [taken.id]
    with pytest.raises(Forbidden):
        bring(as_account(work, an_account(), "auditor"), site, private, "RSA-2048")


def test_t4_a_site_of_another_organization_has_no_keys_in_this_one(work, site, an_organization, a_site):
    """No foreign key says whose a site is: keys are kept a floor below (D4)."""
    an_organization("globex")
    theirs = a_site("globex", organization="globex")
    before = work.tx.session.query(SigningKey).count()
    acts = (
        lambda: keys.keys(work, site.organization_id, theirs.id),
        lambda: keys.rotate(work, site.organization_id, theirs.id, subject="acme"),
        lambda: keys.add(work, site.organization_id, theirs.id, subject="acme", algorithm="P-256"),
    )
    for act in acts:
        with pytest.raises(NotFound):
            act()
    work.tx.session.flush()

    assert work.tx.session.query(SigningKey).count() == before
