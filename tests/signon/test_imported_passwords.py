"""Passwords that other systems hashed: understood, bounded, sealed, verified, upgraded at the next sign-in."""

import base64
import hashlib
import statistics
import time

import bcrypt
import pytest
from passlib.hash import (
    django_pbkdf2_sha256,
    ldap_salted_sha1,
    ldap_salted_sha256,
    ldap_salted_sha512,
    pbkdf2_sha256,
    pbkdf2_sha512,
    scrypt,
    sha512_crypt,
)

from idp.audit.models import AuditEntry
from idp.base.errors import Conflict, Forbidden, Invalid, NotFound
from idp.directory import accounts
from idp.settings import ThrottlingSettings
from idp.signon import administered_password, lockout
from idp.signon.factors import imported, password
from idp.signon.models import Password
from tests.signon.conftest import PASSWORD
from tests.support.people import as_account, stranger

LIMITS = ThrottlingSettings(account_free_failures=1000, address_per_minute=1000)
TYPED = "quartz umbrella tree"


def django_sha512(typed: str) -> str:
    digest = hashlib.pbkdf2_hmac("sha512", typed.encode(), b"saltsaltsalt", 1000)
    return f"pbkdf2_sha512$1000$saltsaltsalt${base64.b64encode(digest).decode()}"


HASHES = {
    "bcrypt": bcrypt.hashpw(TYPED.encode(), bcrypt.gensalt(4)).decode(),
    "bcrypt-2a": bcrypt.hashpw(TYPED.encode(), bcrypt.gensalt(4, b"2a")).decode(),
    "bcrypt-2y": bcrypt.hashpw(TYPED.encode(), bcrypt.gensalt(4)).decode().replace("$2b$", "$2y$"),
    "pbkdf2-sha256": pbkdf2_sha256.using(rounds=1000).hash(TYPED),
    "pbkdf2-sha512": pbkdf2_sha512.using(rounds=1000).hash(TYPED),
    "django-sha256": django_pbkdf2_sha256.using(rounds=1000).hash(TYPED),
    "django-sha512": django_sha512(TYPED),
    "scrypt": scrypt.using(rounds=10).hash(TYPED),
    "ssha": ldap_salted_sha1.hash(TYPED),
    "ssha256": ldap_salted_sha256.hash(TYPED),
    "ssha512": ldap_salted_sha512.hash(TYPED),
    "sha512-crypt": sha512_crypt.using(rounds=1000).hash(TYPED),
    "sha512-crypt-5000": sha512_crypt.using(rounds=5000).hash(TYPED),
}
BCRYPT_TAIL = HASHES["bcrypt"][7:]
CRYPT_TAIL = HASHES["sha512-crypt-5000"].removeprefix("$6$")
SCRYPT_TAIL = "$".join(HASHES["scrypt"].split("$")[3:])


def right(text, typed=TYPED):
    return imported.right(text, typed, typed)


@pytest.mark.parametrize("name", HASHES)
def test_the_password_is_right_and_another_one_wrong(name):
    assert right(HASHES[name])
    assert not right(HASHES[name], TYPED + "x")
    assert not right(HASHES[name], "")


@pytest.mark.parametrize("name", HASHES)
def test_a_hash_that_was_cut_short_is_refused(name):
    for length in range(len(HASHES[name])):
        if name.startswith("ssha") and 60 <= length < len(HASHES[name]):
            continue  # a shorter salt is a salt
        try:
            imported.read(HASHES[name][:length])
        except Invalid:
            continue
        assert name.startswith("ssha"), f"taken at {length}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "$1$salt$hash",
        "{SHA}fEqNCco3Yq9h5ZUglD3CZJT4lBs=",
        "{SSHA}",
        "{SSHA}!!!!",
        "{CRYPT}$6$salt",
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "plaintext",
        "$argon2id$v=19$m=19456,t=2,p=1$b3N0aWFyeS1ub2JvZHkhIQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "$2b$12$" + "é" * 53,
        "x" * 1_000_000,
    ],
)
def test_what_is_not_understood_is_refused(text):
    with pytest.raises(Invalid):
        imported.read(text)


@pytest.mark.parametrize(
    "text",
    [
        f"$2b$15${BCRYPT_TAIL}",
        f"$2b$31${BCRYPT_TAIL}",
        f"$6$rounds=1000001${CRYPT_TAIL}",
        f"$6$rounds=999999999${CRYPT_TAIL}",
        HASHES["pbkdf2-sha256"].replace("$1000$", "$2000001$"),
        HASHES["pbkdf2-sha512"].replace("$1000$", "$1000001$"),
        HASHES["django-sha256"].replace("$1000$", "$999999999$"),
        HASHES["django-sha256"].replace("$1000$", "$0$"),
        f"$scrypt$ln=18,r=8,p=1${SCRYPT_TAIL}",
        f"$scrypt$ln=17,r=8,p=2${SCRYPT_TAIL}",
        f"$scrypt$ln=10,r=99,p=99${SCRYPT_TAIL}",
        f"$scrypt$ln=99,r=8,p=1${SCRYPT_TAIL}",
        f"$scrypt$ln=0,r=8,p=1${SCRYPT_TAIL}",
    ],
    ids=lambda text: text[:24].rpartition("$")[0] or text[:8],
)
def test_a26_a_hash_of_absurd_cost_is_refused_before_it_is_computed(text):
    before = time.process_time()
    with pytest.raises(Invalid) as refusal:
        imported.read(text)

    assert refusal.value.code == "hash-too-costly"
    assert time.process_time() - before < 0.05


def test_what_the_bounds_let_pass_is_checked_in_bounded_time():
    for text in (
        f"$2b$13${BCRYPT_TAIL}",
        f"$6$rounds=1000000${CRYPT_TAIL}",
        HASHES["pbkdf2-sha256"].replace("$1000$", "$2000000$"),
        f"$scrypt$ln=17,r=8,p=1${SCRYPT_TAIL}",
    ):
        before = time.process_time()
        assert not right(text)
        assert time.process_time() - before < 4


def test_bcrypt_never_counted_more_than_72_octets():
    text = bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4)).decode()

    assert right(text, "x" * 100)
    assert not right(text, "x" * 71)
    assert not right(text, "x\0y")


def test_a27_what_was_hashed_decomposed_is_found_and_what_was_hashed_composed_too():
    composed, decomposed = "pässphrase", "pa\u0308ssphrase"
    of_composed, of_decomposed = ldap_salted_sha256.hash(composed), ldap_salted_sha256.hash(decomposed)

    assert imported.right(of_composed, decomposed, composed)
    assert imported.right(of_decomposed, decomposed, composed)


@pytest.fixture
def bob(open_work, world):
    with open_work() as work:
        return accounts.create(work, "bob@acme.example", organization="acme", name="Bob")


def _begin(open_work, world, email="bob@acme.example"):
    with open_work() as work:
        begun = password.begin(work, world.organization.id, email, LIMITS)
        assert isinstance(begun, password.Try)
        return work.tx.vault, begun


@pytest.mark.parametrize("name", HASHES)
def test_an_imported_password_is_verified_and_upgraded(open_work, world, bob, name):
    with open_work() as work:
        administered_password.import_password(work, bob.id, HASHES[name])
    vault, begun = _begin(open_work, world)

    assert not password.matches(vault, begun, TYPED + "x")
    assert password.matches(vault, begun, TYPED)
    hashed = password.rehashed(vault, begun, TYPED)
    with open_work() as work:
        password.upgrade(work, world.organization.id, begun, hashed)
    with open_work() as work:
        row = work.tx.session.get_one(Password, (world.organization.id, bob.id))
        assert row.hash.startswith("$argon2id$")
        assert (row.pepper, row.imported) == (1, "")
    vault, begun = _begin(open_work, world)
    assert password.matches(vault, begun, TYPED)
    assert password.rehashed(vault, begun, TYPED) is None


def test_whoever_has_the_table_alone_cannot_try_an_imported_hash(open_work, world, bob):
    with open_work() as work:
        administered_password.import_password(work, bob.id, HASHES["ssha"])
    with open_work() as work:
        row = work.tx.session.get_one(Password, (world.organization.id, bob.id))
        assert (row.pepper, row.imported) == (0, "ssha")
        assert HASHES["ssha"][6:20] not in row.hash
        entries = [entry.details for entry in work.tx.session.query(AuditEntry).filter_by(tag="password.imported")]

    assert [details["scheme"] for details in entries] == ["ssha"]
    assert HASHES["ssha"][6:20] not in str(entries)


def test_an_imported_hash_opens_for_no_other_account(open_work, world, bob):
    from idp.base.errors import Unavailable

    with open_work() as work:
        administered_password.import_password(work, bob.id, HASHES["ssha"])
    with open_work() as work:
        moved = work.tx.session.get_one(Password, (world.organization.id, bob.id)).hash
        work.tx.session.get_one(Password, (world.organization.id, world.ann.id)).hash = moved
    vault, begun = _begin(open_work, world, "ann@acme.example")

    with pytest.raises(Unavailable):
        password.matches(vault, begun, TYPED)


def test_a_password_that_was_changed_at_the_same_moment_is_not_overwritten(open_work, world):
    vault, begun = _begin(open_work, world, "ann@acme.example")
    with open_work() as work:
        password.set_password(work, world.ann.id, "velvet oak rope 12", organization_id=world.organization.id)
    with open_work() as work:
        password.upgrade(work, world.organization.id, begun, password.hash_of(vault, PASSWORD))
    vault, begun = _begin(open_work, world, "ann@acme.example")

    assert password.matches(vault, begun, "velvet oak rope 12")


def test_a2_a_quick_imported_hash_takes_the_time_of_ours(open_work, world, bob):
    with open_work() as work:
        administered_password.import_password(work, bob.id, HASHES["ssha"])
    took = {"bob@acme.example": [], "nobody@acme.example": []}
    for _ in range(8):
        for email, samples in took.items():
            vault, begun = _begin(open_work, world, email)
            start = time.thread_time()
            assert password.matches(vault, begun, "not the password") is False
            samples.append(time.thread_time() - start)

    quick, unknown = (statistics.median(samples) for samples in took.values())
    assert abs(quick - unknown) < 0.2 * unknown


def test_a_password_that_is_there_stays_unless_it_is_to_be_replaced(open_work, world):
    with open_work() as work, pytest.raises(Conflict):
        administered_password.import_password(work, world.ann.id, HASHES["ssha"])
    with open_work() as work:
        before = work.tx.session.merge(world.ann).epoch
        account, _ = administered_password.import_password(work, world.ann.id, HASHES["ssha"], replace=True)
        assert account.epoch == before + 1
    vault, begun = _begin(open_work, world, "ann@acme.example")

    assert password.matches(vault, begun, TYPED)
    assert not password.matches(vault, begun, PASSWORD)


def test_t1_only_an_administrator_of_credentials_imports_and_demands(open_work, world, bob):
    with open_work() as work:
        for do in (
            lambda actor: administered_password.import_password(actor, world.ann.id, HASHES["ssha"], replace=True),
            lambda actor: administered_password.require_new_password(actor, world.ann.id),
        ):
            with pytest.raises(NotFound):
                do(stranger(work))
            with pytest.raises(NotFound):
                do(as_account(work, bob))
            with pytest.raises(Forbidden):
                do(as_account(work, bob, "auditor"))


def test_the_throttle_counts_tries_of_imported_passwords_too(open_work, world, bob):
    with open_work() as work:
        administered_password.import_password(work, bob.id, HASHES["ssha"])
    limits = ThrottlingSettings()
    outcomes = []
    for _ in range(6):
        with open_work() as work:
            outcomes.append(password.begin(work, world.organization.id, "bob@acme.example", limits))

    assert isinstance(outcomes[-1], lockout.Wait)


def test_a26_a_long_password_is_not_hashed_for_ten_seconds():
    """A26: each of a million rounds of SHA-512-crypt takes the whole of what was typed."""
    costly = imported.read(f"$6$rounds=1000000${CRYPT_TAIL}")
    long_one = "x" * 1024
    usual = imported.read(sha512_crypt.using(rounds=5000).hash(long_one))

    begun = time.process_time()
    assert not costly.matches(long_one.encode())
    assert time.process_time() - begun < 0.05
    assert usual.matches(long_one.encode())
