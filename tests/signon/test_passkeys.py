"""Passkeys and security keys: WebAuthn level 3, sections 7.1 and 7.2, with an authenticator that can do wrong (A28)."""

import json
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select

from idp.audit.models import AuditEntry
from idp.base.errors import Conflict, NotFound
from idp.directory import accounts, organizations
from idp.policy.signon import Method
from idp.signon import lockout, own_passkeys, passkeys
from idp.signon.factors import enrolled, passkey, password
from idp.signon.factors.webauthn_checks import LONGEST_ANSWER
from idp.signon.flow import AskSecondStep, EnrolSecondStep, OpenSession
from idp.signon.models import Authenticator, OneTimeValue
from idp.signon.passkeys import Right, Wrong
from idp.signon.proving import Enrolled
from tests.conftest import NOON
from tests.signon.conftest import OTHER_BROWSER
from tests.signon.passkeys import PARTY, Person, as_person, set_policy
from tests.support import authenticator as soft
from tests.support.authenticator import AAGUID, BE, BS, EDDSA, ES256, ES384, RS256, UP, UV


@pytest.fixture
def ann(world, open_work) -> Person:
    """Ann with a passkey of hers."""
    person = Person(world, open_work)
    assert person.add() == ()
    return person


def _stored(open_work) -> list[Authenticator]:
    with open_work() as work:
        return list(work.tx.session.scalars(select(Authenticator)))


def _audited(open_work, tag: str) -> list[AuditEntry]:
    with open_work() as work:
        return list(work.tx.session.scalars(select(AuditEntry).where(AuditEntry.tag == tag)))


# Alone


@pytest.mark.parametrize("algorithm", [ES256, EDDSA, RS256])
def test_a_passkey_signs_in_alone_with_every_algorithm_that_is_offered(world, open_work, algorithm):
    person = Person(world, open_work)
    person.device.algorithm = algorithm
    assert person.add() == ()
    handle = person.begin()
    options = person.options(handle)

    assert person.send(handle, person.device.answer(options)) == Right()
    assert person.proofs(handle) == [Method.PASSKEY]
    with open_work() as work:
        assert isinstance(person.look(work, handle).step, OpenSession), "it is both steps at once"


def test_the_options_name_nobody_and_demand_that_the_person_is_verified(ann):
    options = ann.options(ann.begin())

    assert options["allowCredentials"] == []
    assert options["userVerification"] == "required"
    assert options["rpId"] == "localhost"
    assert options["timeout"] == 300000
    assert len(options["challenge"]) == 43


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"origin": "http://localhost:8000.evil.example"}, "origin"),
        ({"origin": "http://localhost:80000"}, "origin"),
        ({"origin": "http://id.localhost:8000"}, "origin"),
        ({"origin": "https://localhost:8000"}, "origin"),
        ({"origin": "http://localhost"}, "origin"),
        ({"origin": ["http://localhost:8000"]}, "origin"),
        ({"rp_id": "evil.example"}, "RP ID"),
        ({"flags": UP}, "verif"),
        ({"flags": UV}, "present"),
        ({"flags": 0}, "present"),
        ({"flags": UP | UV | BS}, "backed up"),
        ({"flags": UP | UV | BE}, "copied has changed"),
        ({"crossOrigin": True}, "frame of another site"),
        ({"crossOrigin": "false"}, "frame of another site"),
        ({"topOrigin": "https://evil.example"}, "frame of another site"),
        ({"topOrigin": "http://localhost:8000"}, "frame of another site"),
        ({"type": "webauthn.create"}, "type"),
        ({"type": "payment.get"}, "type"),
        ({"signature": b"\x30\x06\x02\x01\x01\x02\x01\x01"}, "signature"),
        ({"signature": b""}, "signature"),
        ({"sent_data": b"short"}, "authenticatorData"),
        ({"user_handle": None}, "for whom"),
        ({"user_handle": b"somebody else"}, "another account"),
        ({"id": b"never made here"}, "no such credential"),
        ({"challenge": "A" * 43}, "unknown"),
        ({"challenge": "short"}, "none of ours"),
        ({"challenge": "ü" * 43}, "none of ours"),
        ({"challenge": 7}, "form"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a28_one_thing_wrong_and_nothing_is_proven(ann, open_work, changes, why):
    handle = ann.begin()
    sent = ann.device.answer(ann.options(handle), **changes)

    outcome = ann.send(handle, sent)

    assert isinstance(outcome, Wrong)
    assert why in outcome.cause
    assert ann.proofs(handle) == []
    assert _stored(open_work)[0].last_used_at is None


def test_a28_what_was_signed_cannot_be_altered_afterwards(ann):
    handle = ann.begin()
    sent = json.loads(ann.device.answer(ann.options(handle)))
    raw = bytearray(soft.base64url_to_bytes(sent["response"]["authenticatorData"]))
    raw[36] ^= 1  # the counter
    sent["response"]["authenticatorData"] = soft.bytes_to_base64url(bytes(raw))

    assert "signature" in ann.send(handle, json.dumps(sent)).cause


@pytest.mark.parametrize(
    "sent",
    ["", "null", "[]", "{}", "x" * (LONGEST_ANSWER + 1), '{"id":1}', "[" * 5000, '{"id":"a","rawId":"a","response":7}'],
    ids=range(8),
)
def test_a28_what_is_no_answer_at_all_is_wrong_and_no_error(ann, sent):
    assert isinstance(ann.send(ann.begin(), sent), Wrong)


def test_a28_a_challenge_is_honoured_once(ann):
    handle, other = ann.begin(), ann.begin()
    options = ann.options(handle)
    assert ann.send(handle, ann.device.answer(options)) == Right()

    again = ann.send(other, ann.device.answer(options))

    assert again == Wrong("the challenge was used before", "late")


def test_a28_a_challenge_is_used_up_by_a_wrong_answer_too(ann):
    handle = ann.begin()
    options = ann.options(handle)
    assert isinstance(ann.send(handle, ann.device.answer(options, flags=UP)), Wrong)

    assert ann.send(handle, ann.device.answer(options)) == Wrong("the challenge was used before", "late")


def test_a28_a_challenge_of_another_sign_on_is_refused(ann):
    mine, other = ann.begin(), ann.begin()

    outcome = ann.send(mine, ann.device.answer(ann.options(other)))

    assert outcome.cause == "the challenge was made for another sign-on or session"


def test_a28_a_challenge_of_another_browser_is_refused(world, open_work, ann):
    thief = Person(world, open_work, browser=OTHER_BROWSER)
    handle = thief.begin()
    with open_work() as work:
        options = passkeys.options(work, thief.look(work, handle), PARTY, ann.browser)

    assert thief.send(handle, ann.device.answer(options)).cause == "the challenge was made for another browser"


def test_a28_a_challenge_for_one_ceremony_is_nothing_in_another(ann):
    handle = ann.begin()
    ann.prove(handle, Method.PASSWORD)
    options = ann.options(handle)  # of the second step
    other = ann.begin()

    assert "ceremony" in ann.send(other, ann.device.answer(options)).cause


def test_a28_a_challenge_is_dead_after_five_minutes(ann):
    handle = ann.begin()
    sent = ann.device.answer(ann.options(handle))

    assert ann.send(handle, sent, now=NOON + timedelta(minutes=5)).code == "late"


def test_a28_challenges_are_kept_as_fingerprints_and_differ(ann, open_work):
    handle = ann.begin()
    seen = {ann.options(handle)["challenge"] for _ in range(5)}

    assert len(seen) == 5
    with open_work() as work:
        kept = [row.value_hash for row in work.tx.session.scalars(select(OneTimeValue))]
    assert not seen & set(kept)


@pytest.mark.both_databases
def test_a28_of_many_who_answer_one_challenge_at_once_one_is_taken(ann):
    handle = ann.begin()
    sent = ann.device.answer(ann.options(handle))
    outcomes = []

    def send():
        try:
            outcomes.append(ann.send(handle, sent))
        except Conflict as met:  # two of them met in the same sign-on
            outcomes.append(met)

    threads = [threading.Thread(target=send) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outcomes.count(Right()) == 1
    assert len(outcomes) == 50


# The counter


def test_a28_a_counter_that_does_not_grow_is_refused_and_audited(world, open_work):
    ann = Person(world, open_work)
    ann.device.counts = 1
    ann.add()
    handle = ann.begin()
    assert ann.send(handle, ann.device.answer(ann.options(handle))) == Right()
    assert _stored(open_work)[0].sign_count == 2

    for shown in (0, 1, 2):
        copy = ann.begin()
        outcome = ann.send(copy, ann.device.answer(ann.options(copy), sign_count=shown))
        assert "there may be a copy of it" in outcome.cause
        assert ann.proofs(copy) == []

    assert _stored(open_work)[0].sign_count == 2
    assert len(_audited(open_work, "authenticator.cloned")) == 3


def test_a28_a_counter_is_compared_after_the_signature(world, open_work):
    """Or anybody could make it look as if somebody's key had been copied."""
    ann = Person(world, open_work)
    ann.device.counts = 5
    ann.add()
    handle = ann.begin()

    outcome = ann.send(handle, ann.device.answer(ann.options(handle), sign_count=1, signature=b"\x30\x00"))

    assert "signature" in outcome.cause
    assert _audited(open_work, "authenticator.cloned") == []


def test_a_counter_that_stays_at_zero_is_none(ann):
    for _ in range(2):
        handle = ann.begin()
        assert ann.send(handle, ann.device.answer(ann.options(handle))) == Right()


# Whose it is


def test_a28_a_passkey_finds_its_account_in_its_own_organization_only(world, open_work, ann):
    with open_work() as work:
        elsewhere = organizations.create(work, "other", name="Other")
    handle = ann.begin(organization_id=elsewhere.id, application_id="", site_id="", application_name="Other")

    outcome = ann.send(handle, ann.device.answer(ann.options(handle)))

    assert outcome == Wrong("no such credential in the organization")


def test_a1_a_disabled_account_is_refused_like_an_unknown_one(open_work, ann):
    with open_work() as work:
        accounts.disable(work, ann.account.email)
    handle = ann.begin()

    outcome = ann.send(handle, ann.device.answer(ann.options(handle)))

    assert (outcome.cause, outcome.code) == ("the account is disabled", Wrong("").code)


def test_a28_a_credential_of_another_account_is_no_second_step(world, open_work, ann):
    with open_work() as work:
        ben = accounts.create(work, "ben@acme.example", organization="acme", name="Ben")
        work.tx.session.flush()
        work.tx.session.refresh(ben)
    bens = Person(world, open_work, account=ben)
    bens.add()
    handle = ann.begin()
    ann.prove(handle, Method.PASSWORD)
    options = ann.options(handle)

    outcome = ann.send(handle, bens.device.answer(options), passkeys.second_step)

    assert outcome.cause == "it is not a credential of this account"
    assert ann.proofs(handle) == [Method.PASSWORD]


def test_the_user_handle_says_nothing_and_is_the_same_every_time(ann, open_work):
    with open_work() as work:
        one = passkey.user_handle(work.tx.vault, ann.account.organization_id, ann.account.id)
        other = passkey.user_handle(work.tx.vault, "org_other", ann.account.id)

    assert ann.device.credentials[0].user_handle == one
    assert len(one) == 32
    assert one != other


def test_a28_one_credential_is_of_one_account(world, open_work, ann):
    with open_work() as work:
        ben = accounts.create(work, "ben@acme.example", organization="acme", name="Ben")
        work.tx.session.flush()
        work.tx.session.refresh(ben)
    bens = Person(world, open_work, account=ben)
    bens.device = ann.device
    ann.device._serial = 0  # makes the same id again

    assert bens.add() == Wrong("a credential of this id is known here already")
    assert [row.account_id for row in _stored(open_work)] == [ann.account.id]


# A second step


def test_as_second_step_it_is_a_passkey_or_a_security_key_as_the_person_was_verified(ann):
    for flags, method in ((UP | UV, Method.PASSKEY), (UP, Method.SECURITY_KEY)):
        handle = ann.begin()
        ann.prove(handle, Method.PASSWORD)
        options = ann.options(handle)
        assert options["userVerification"] == "preferred"
        assert [one["id"] for one in options["allowCredentials"]] == [ann.device.credentials[0].text_id]

        assert ann.send(handle, ann.device.answer(options, flags=flags), passkeys.second_step) == Right()
        assert method in ann.proofs(handle)


def test_a28_a_key_that_was_set_up_without_verification_never_stands_alone(world, open_work):
    """Whoever finds a key without a PIN sets one of his own, and is then "verified" by it (7.2, uvInitialized)."""
    ann = Person(world, open_work)
    ann.add(flags=UP)
    handle = ann.begin()

    outcome = ann.send(handle, ann.device.answer(ann.options(handle)))
    assert (outcome.code, ann.proofs(handle)) == ("not-alone", [])

    ann.prove(handle, Method.PASSWORD)
    assert ann.send(handle, ann.device.answer(ann.options(handle)), passkeys.second_step) == Right()
    assert Method.SECURITY_KEY in ann.proofs(handle)


def test_a28_administrators_are_always_verified(ann, open_work):
    with open_work() as work:
        accounts.grant_role(work, ann.account.id, "auditor", organization_id=ann.account.organization_id)
    handle = ann.begin()
    ann.prove(handle, Method.PASSWORD)
    options = ann.options(handle)
    assert options["userVerification"] == "required"

    assert isinstance(ann.send(handle, ann.device.answer(options, flags=UP), passkeys.second_step), Wrong)


def test_where_a_policy_takes_passkeys_only_touching_is_not_enough(ann, open_work):
    set_policy(open_work, methods=["pwd", "passkey"])
    handle = ann.begin()
    ann.prove(handle, Method.PASSWORD)
    options = ann.options(handle)
    assert options["userVerification"] == "required"

    assert isinstance(ann.send(handle, ann.device.answer(options, flags=UP), passkeys.second_step), Wrong)


def test_where_a_policy_takes_security_keys_only_a_verified_one_is_a_security_key(ann, open_work):
    set_policy(open_work, methods=["pwd", "security-key"])
    alone = ann.begin()
    assert ann.options(alone) is None, "a passkey alone is not offered"
    handle = ann.begin()
    ann.prove(handle, Method.PASSWORD)

    assert ann.send(handle, ann.device.answer(ann.options(handle)), passkeys.second_step) == Right()
    assert Method.SECURITY_KEY in ann.proofs(handle)


def test_a_policy_without_passkeys_refuses_one_alone(ann, open_work):
    handle = ann.begin()
    options = ann.options(handle)
    set_policy(open_work, methods=["pwd", "otp"])

    assert ann.send(handle, ann.device.answer(options)).code == "not-accepted"


# What a policy takes


def _attested(certificate_of=None):
    """A statement of the credential about itself, or one of a maker's certificate."""

    def statement(signed: bytes, credential) -> dict:
        if certificate_of is None:
            return {"alg": credential.algorithm, "sig": credential.sign(signed)}
        return certificate_of(signed)

    return statement


def _maker(aaguid: str | None = AAGUID):
    """A maker of authenticators with a certificate; returns how it vouches, and the certificate."""
    from datetime import UTC, datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Maker")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2045, 1, 1, tzinfo=UTC))
    )
    if aaguid is not None:
        value = b"\x04\x10" + bytes.fromhex(aaguid.replace("-", ""))
        oid = x509.ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4")
        builder = builder.add_extension(x509.UnrecognizedExtension(oid, value), critical=False)
    certificate = builder.sign(key, hashes.SHA256())
    der = certificate.public_bytes(serialization.Encoding.DER)

    def vouch(signed: bytes) -> dict:
        return {"alg": ES256, "sig": key.sign(signed, ec.ECDSA(hashes.SHA256())), "x5c": [der]}

    return vouch, certificate.public_bytes(serialization.Encoding.PEM)


def test_a_model_that_is_listed_and_vouched_for_is_taken(world, open_work):
    set_policy(open_work, authenticators=[AAGUID])
    ann = Person(world, open_work)
    vouch, _ = _maker()

    assert ann.add(statement=_attested(vouch)) == ()
    assert (_stored(open_work)[0].aaguid, _stored(open_work)[0].attestation) == (AAGUID, "packed")
    handle = ann.begin()
    assert ann.send(handle, ann.device.answer(ann.options(handle))) == Right()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"statement": _attested(_maker()[0]), "aaguid": "00000000-0000-0000-0000-000000000001"}, "another model"),
        ({"statement": _attested(_maker(None)[0]), "aaguid": "00000000-0000-0000-0000-000000000001"}, "none of those"),
        ({}, "does not vouch"),
        ({"statement": _attested()}, "does not vouch"),
        ({"statement": lambda signed, credential: {"alg": ES256, "sig": b"\x30\x00"}}, "signature"),
        ({"statement": lambda signed, credential: {"alg": ES256}}, "signature"),
    ],
    ids=["certificate of another model", "not listed", "no statement", "self", "forged", "empty"],
)
def test_a28_a_model_that_is_not_listed_or_not_vouched_for_is_refused(world, open_work, changes, why):
    set_policy(open_work, authenticators=[AAGUID])
    ann = Person(world, open_work)

    outcome = ann.add(**changes)

    assert isinstance(outcome, Wrong)
    assert why in outcome.cause
    assert _stored(open_work) == []


def test_a28_a_maker_must_lead_to_a_certificate_that_the_administrator_gave(world, open_work, tmp_path, monkeypatch):
    set_policy(open_work, authenticators=[AAGUID])
    good, pem = _maker()
    stranger, _ = _maker()
    (tmp_path / "maker.pem").write_bytes(pem)
    monkeypatch.setattr("tests.signon.passkeys.PARTY", replace(PARTY, roots_folder=tmp_path))
    ann = Person(world, open_work)

    outcome = ann.add(statement=_attested(stranger))
    assert "chain" in outcome.cause
    assert ann.add(statement=_attested(good)) == ()


def test_a28_device_bound_only_takes_none_that_can_be_copied(world, open_work):
    synced = Person(world, open_work)
    synced.device.flags = UP | UV | BE | BS
    assert synced.add() == ()
    set_policy(open_work, device_bound_only=True)

    assert "copied" in synced.add().cause
    handle = synced.begin()
    outcome = synced.send(handle, synced.device.answer(synced.options(handle), synced.device.credentials[0]))
    assert outcome.code == "not-accepted", "nor does one that was there before the policy"
    bound = Person(world, open_work)
    assert bound.add() == ()


def test_attestation_is_asked_for_only_where_models_are_named(world, open_work):
    ann = Person(world, open_work)
    with open_work() as work:
        options = own_passkeys.options(work, ann.session(work), PARTY, ann.browser)
    assert options["attestation"] == "none"
    assert options["authenticatorSelection"] == {
        "residentKey": "preferred",
        "requireResidentKey": False,
        "userVerification": "preferred",
    }
    assert [one["alg"] for one in options["pubKeyCredParams"]] == [-7, -8, -257]
    assert options["user"]["name"] == ann.account.email

    set_policy(open_work, authenticators=[AAGUID])
    with open_work() as work:
        assert own_passkeys.options(work, ann.session(work), PARTY, ann.browser)["attestation"] == "direct"


# New credentials


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"origin": "http://localhost:8000.evil.example"}, "origin"),
        ({"rp_id": "evil.example"}, "RP ID"),
        ({"flags": UV}, "presence"),
        ({"flags": UP | UV | BS}, "backed up"),
        ({"crossOrigin": True}, "frame of another site"),
        ({"topOrigin": "https://evil.example"}, "frame of another site"),
        ({"type": "webauthn.get"}, "type"),
        ({"id": b"another id than the authenticator's"}, "different credentials"),
        ({"cose": {1: 2, 3: -7, -1: 1, -2: bytes(32), -3: bytes(32)}}, ""),
        ({"cose": {1: 2, 3: -7, -1: 2, -2: bytes(48), -3: bytes(48)}}, "kind"),
        ({"cose": {1: 3, 3: -257, -1: b"\xff" * 128, -2: b"\x01\x00\x01"}}, "kind"),
        ({"cose": {1: 3, 3: -257, -1: b"\xff" * 256, -2: b"\x03"}}, "kind"),
        ({"cose": {1: 3, 3: -65535, -1: b"\xff" * 256, -2: b"\x01\x00\x01"}}, "alg"),
        ({"cose": {1: 1, 3: -8, -1: 6, -2: bytes(31)}}, "kind"),
        ({"fmt": "unheard-of"}, "attestation"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a28_one_thing_wrong_and_no_credential_is_kept(world, open_work, changes, why):
    outcome = Person(world, open_work).add(**changes)

    assert isinstance(outcome, Wrong)
    assert why in outcome.cause
    assert _stored(open_work) == []


def test_a28_another_algorithm_than_was_offered_is_refused(world, open_work):
    ann = Person(world, open_work)
    ann.device.algorithm = ES384

    assert "alg" in ann.add().cause


@pytest.mark.parametrize(("length", "taken"), [(16, True), (1023, True), (1024, False)])
def test_a28_ids_have_a_greatest_length(world, open_work, length, taken):
    ann = Person(world, open_work)
    ann.device.id_length = length

    assert (ann.add() == ()) is taken


def test_what_is_kept_of_a_credential(world, open_work):
    ann = Person(world, open_work)
    ann.device.flags = UP | UV | BE | BS
    ann.add()

    kept = _stored(open_work)[0]
    assert (kept.verifies, kept.discoverable, kept.backup_eligible, kept.backed_up) == (True, True, True, True)
    assert kept.transports == ["hybrid", "internal"]
    assert kept.name == "Laptop"


def test_an_account_has_at_most_twenty(ann):
    for number in range(19):
        assert ann.add(f"Key {number}") == ()

    assert ann.add().code == "many"


def test_the_first_second_step_brings_recovery_codes_and_a_further_one_none(world, open_work):
    with open_work() as work:
        ben = accounts.create(work, "ben@acme.example", organization="acme", name="Ben")
        work.tx.session.flush()
        work.tx.session.refresh(ben)
    bens = Person(world, open_work, account=ben)

    assert len(bens.add()) == 10
    assert bens.add() == ()


# Set up while signing in


@pytest.fixture
def ben(world, open_work) -> Person:
    """Ben has a password and no second step."""
    with open_work() as work:
        account = accounts.create(work, "ben@acme.example", organization="acme", name="Ben")
        password.set_password(work, account.id, "umbrella quartz lantern", organization_id=world.organization.id)
        work.tx.session.flush()
        work.tx.session.refresh(account)
    return Person(world, open_work, account=account)


@pytest.mark.parametrize(("flags", "method"), [(UP | UV, Method.PASSKEY), (UP, Method.SECURITY_KEY)])
def test_one_that_is_set_up_while_signing_in_counts_as_the_second_step(ben, open_work, flags, method):
    handle = ben.begin(application_id="", site_id="")
    ben.prove(handle, Method.PASSWORD)
    with open_work() as work:
        assert isinstance(ben.look(work, handle).step, EnrolSecondStep)
    sent = ben.device.make(ben.options(handle), flags=flags)

    outcome = ben.send(handle, sent, passkeys.enrol)

    assert isinstance(outcome, Enrolled)
    assert len(outcome.recovery_codes) == 10
    assert method in ben.proofs(handle)


def test_a11_somebody_with_a_second_step_proves_it_before_adding_another_one(ann, open_work):
    """The password of Ann alone sets up nothing."""
    handle = ann.begin()
    ann.prove(handle, Method.PASSWORD)
    with open_work() as work:
        assert isinstance(ann.look(work, handle).step, AskSecondStep)
    options = ann.options(handle)

    assert "excludeCredentials" not in options
    outcome = ann.send(handle, ann.device.make({**options, "user": {"id": "AA"}}), passkeys.enrol)
    assert isinstance(outcome, Wrong)


# Removing, renaming


def test_the_last_second_step_stays_where_one_is_required(ben, open_work):
    ben.add()
    ben.add("Other")
    with open_work() as work:
        work = as_person(work, ben.account)
        current = ben.session(work)
        first, other = passkey.of_account(work, ben.account.organization_id, ben.account.id)
        own_passkeys.rename(work, current, first.id, "Old laptop")
        own_passkeys.remove(work, current, first.id)
        with pytest.raises(Conflict, match="requires a second step"):
            own_passkeys.remove(work, current, other.id)
        with pytest.raises(NotFound):
            own_passkeys.remove(work, current, first.id)
    assert [entry.details["after"] for entry in _audited(open_work, "authenticator.renamed")] == ["Old laptop"]


def test_where_codes_remain_the_last_passkey_may_go(ann, open_work):
    with open_work() as work:
        work = as_person(work, ann.account)
        current = ann.session(work)
        only = passkey.of_account(work, ann.account.organization_id, ann.account.id)[0]
        assert enrolled.count(work, ann.account.organization_id, ann.account.id, frozenset(Method)) == 2
        own_passkeys.remove(work, current, only.id)


def test_nobody_removes_or_renames_anothers(ann, ben, open_work):
    with open_work() as work:
        work = as_person(work, ben.account)
        theirs = passkey.of_account(work, ann.account.organization_id, ann.account.id)[0]
        for verb in (own_passkeys.remove, lambda *a: own_passkeys.rename(*a, "Mine")):
            with pytest.raises(NotFound):
                verb(work, ben.session(work), theirs.id)


# Throttling


def test_a6_whoever_is_throttled_by_others_still_signs_in_by_passkey(ann, open_work):
    from idp.settings import ThrottlingSettings

    limits = ThrottlingSettings()
    with open_work() as work:
        for _ in range(200):
            lockout.reserve_password(work, ann.account.organization_id, ann.account.id, ann.account.email, limits)
        held = lockout.reserve_password(work, ann.account.organization_id, ann.account.id, ann.account.email, limits)
    assert isinstance(held, lockout.Wait)
    handle = ann.begin()

    assert ann.send(handle, ann.device.answer(ann.options(handle))) == Right()


def test_i10_a_network_is_given_so_many_challenges_in_a_minute(open_work):
    from idp.settings import ThrottlingSettings

    limits = ThrottlingSettings(sign_ons_per_minute=1)
    with open_work() as work:
        given = [lockout.count_challenge(work, limits) for _ in range(5)]

    assert given[:4] == [None] * 4
    assert isinstance(given[4], lockout.Wait)
