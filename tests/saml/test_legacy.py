"""X12: old algorithms are for one service provider, until a day, loudly; after it they are off by themselves."""

from datetime import timedelta

import pytest

from idp.base.errors import Invalid
from idp.saml import legacy, names, providers
from tests.saml.test_oracles import decrypted, verify_xmlsec
from tests.saml.test_signing_choice import pem_for
from tests.support.saml_world import N, posted, refused
from tests.support.service_provider import NOON, ServiceProvider, encoded

DAY = timedelta(days=1)
ALLOWED = {"legacy_algorithms": ("rsa-sha1",), "legacy_until": NOON + 30 * DAY}


@pytest.mark.parametrize(
    ("algorithms", "until", "field"),
    [
        (("rsa-sha1",), None, "legacy_until"),
        (("rsa-sha1",), NOON, "legacy_until"),
        (("rsa-sha1",), NOON - DAY, "legacy_until"),
        (("rsa-sha1",), NOON + 180 * DAY + timedelta(seconds=1), "legacy_until"),
        ((), NOON + DAY, "legacy_until"),
        (("rsa-md5",), NOON + DAY, "legacy_algorithms"),
        (("rsa-1_5",), NOON + DAY, "legacy_algorithms"),
        (("tripledes-cbc",), NOON + DAY, "legacy_algorithms"),
        (("rsa-sha1", "dsa-sha1"), NOON + DAY, "legacy_algorithms"),
    ],
)
def test_x12_nothing_old_without_a_near_day_and_some_never(algorithms, until, field):
    with pytest.raises(Invalid) as told:
        legacy.judge(algorithms, until, NOON)
    assert told.value.field == field


def test_x12_the_longest_is_180_days():
    legacy.judge(("rsa-sha1", "aes128-cbc", "aes256-cbc"), NOON + 180 * DAY, NOON)
    legacy.judge((), None, NOON)


def test_x12_it_holds_until_its_moment_and_not_at_it():
    until = NOON + DAY
    assert legacy.live(["rsa-sha1"], until, until - timedelta(microseconds=1)) == {"rsa-sha1"}
    assert legacy.live(["rsa-sha1"], until, until) == frozenset()
    assert legacy.live(["rsa-sha1"], None, NOON) == frozenset()
    assert legacy.live(["rsa-md5"], until, NOON) == frozenset()


def stamped(world, sp, **more) -> str:
    return sp.authn_request(IssueInstant=world.now.strftime("%Y-%m-%dT%H:%M:%SZ"), **more)


def by_redirect(world, sp) -> str:
    return sp.query(stamped(world, sp), sign=names.RSA_SHA1)


def by_form(world, sp) -> str:
    return encoded(sp.enveloped(stamped(world, sp), method=names.RSA_SHA1, digest=names.SHA1))


def test_x12_sha1_is_taken_from_whom_it_is_allowed_and_from_nobody_else(world, sp, ann):
    other = ServiceProvider(entity_id="https://other.example/metadata", acs="https://other.example/acs")
    world.register(sp, **ALLOWED)
    world.register(other)

    posted(ann.sso(by_redirect(world, sp)))
    assert ann.post(by_form(world, sp)).status_code == 303
    refused(ann.sso(by_redirect(world, other)))
    refused(ann.post(by_form(world, other)))


@pytest.mark.parametrize("send", ["redirect", "form"])
def test_x12_an_attempt_says_by_which_old_algorithms_it_went(world, sp, ann, send):
    """X12: who still needs one is seen in the attempts; of a strong signature nothing is said."""
    document = sp.metadata(
        signing=sp.pair.der,
        encryption=sp.pair.der,
        inside=f'<md:EncryptionMethod Algorithm="{names.AES128_CBC}"/>',
    )
    world.register(
        sp,
        document,
        encrypt_assertion=True,
        signature_algorithm="rsa-sha1",
        legacy_algorithms=("rsa-sha1", "aes128-cbc"),
        legacy_until=NOON + DAY,
    )
    if send == "redirect":
        posted(ann.sso(by_redirect(world, sp)))
    else:
        ann.client.get(ann.post(by_form(world, sp)).headers["Location"], follow_redirects=True)
    posted(ann.sso(sp.query(stamped(world, sp, ID="_strong"), sign=names.RSA_SHA256)))

    weak, strong = ({one["step"]: one for one in attempt.steps} for attempt in world.attempts()[-2:])
    assert (weak["signature"]["signed"], weak["signature"]["old_algorithms"]) == (True, ["rsa-sha1"])
    assert weak["response"]["old_algorithms"] == ["rsa-sha1", "aes128-cbc"]
    assert "old_algorithms" not in strong["signature"]


def test_x12_x10_an_old_signature_must_be_right_all_the_same(world, sp, ann):
    from tests.support.service_provider import pair

    world.register(sp, **ALLOWED)
    refused(ann.sso(sp.query(stamped(world, sp), sign=names.RSA_SHA1, by=pair("mallory"))))
    wrong = sp.enveloped(stamped(world, sp), method=names.RSA_SHA1, digest=names.SHA1, by=pair("mallory"))
    refused(ann.post(encoded(wrong)))


@pytest.mark.parametrize("algorithm", [names.DS + "dsa-sha1", names.DS + "hmac-sha1", names.ECDSA_SHA256[:-6] + "sha1"])
def test_x12_with_sha1_allowed_nothing_else_is(world, sp, ann, algorithm):
    world.register(sp, **ALLOWED)
    refused(ann.sso(sp.query(stamped(world, sp), sign=names.RSA_SHA1).replace("rsa-sha1", algorithm.partition("#")[2])))


def test_x12_after_the_day_it_is_off_by_itself(world, sp):
    world.register(sp, **ALLOWED)
    world.later(days=29)
    posted(world.browser("ann@acme.example").sso(by_redirect(world, sp)))

    world.later(days=1)
    ann = world.browser("ann@acme.example")
    refused(ann.sso(by_redirect(world, sp)))
    refused(ann.post(by_form(world, sp)))


def test_x12_we_sign_by_sha1_for_whom_it_is_allowed_until_the_day(world, sp):
    world.register(sp, signature_algorithm="rsa-sha1", **ALLOWED)

    def used() -> set[str]:
        root = posted(world.browser("ann@acme.example").sso(sp.query(stamped(world, sp)))).root
        verify_xmlsec(root, pem_for(world, "rsa-sha256"))
        return set(root.xpath("//ds:SignatureMethod/@Algorithm|//ds:DigestMethod/@Algorithm", namespaces=N))

    assert used() == {names.RSA_SHA1, names.SHA1}
    world.later(days=30)
    assert used() == {names.RSA_SHA256, names.SHA256}


def test_x12_x25_encryption_the_old_way_ends_on_the_day_and_nothing_is_sent_in_clear(world, sp):
    inside = f'<md:EncryptionMethod Algorithm="{names.AES128_CBC}"/>'
    document = sp.metadata(signing=sp.pair.der, encryption=sp.pair.der, inside=inside)
    with pytest.raises(Invalid):
        world.register(sp, document, encrypt_assertion=True)
    old = {"legacy_algorithms": ("aes128-cbc",), "legacy_until": NOON + DAY}
    world.register(sp, document, encrypt_assertion=True, **old)

    root = posted(world.browser("ann@acme.example").sso(sp.query(stamped(world, sp)))).root
    assert root.xpath("//xenc:EncryptedData/xenc:EncryptionMethod/@Algorithm", namespaces=N) == [names.AES128_CBC]
    assert decrypted(root, sp.pair.key_pem).tag == f"{{{names.SAML}}}Assertion"

    world.later(days=1)
    refused(world.browser("ann@acme.example").sso(sp.query(stamped(world, sp))))


def test_x12_sha1_to_sign_by_needs_the_allowance_and_goes_with_it(world, sp, registered):
    with pytest.raises(Invalid):
        world.change(registered, signature_algorithm="rsa-sha1")
    world.change(registered, signature_algorithm="rsa-sha1", **ALLOWED)
    with pytest.raises(Invalid) as told:
        world.change(registered, legacy_algorithms=())
    assert told.value.field == "signature_algorithm"
    world.change(registered, legacy_algorithms=(), signature_algorithm="rsa-sha256")
    with world.work() as work:
        assert providers.find(work, sp.entity_id).legacy_until is None


def test_what_has_run_out_hinders_no_other_change(world, registered):
    world.change(registered, **ALLOWED)
    world.later(days=60)

    world.change(registered, sign_response=False)

    with pytest.raises(Invalid):
        world.change(registered, legacy_algorithms=("rsa-sha1",))


def test_x12_it_is_audited_twice_over_and_warned_of(world, sp, registered):
    world.change(registered, **ALLOWED)
    world.change(registered, idp_initiated=True)

    (allowed,) = world.audited("service-provider.legacy-allowed")
    assert allowed.details == {
        "entity_id": sp.entity_id,
        "algorithms": ["rsa-sha1"],
        "until": "2030-01-31T12:00:00+00:00",
    }
    assert world.audited("service-provider.changed")[0].details["changes"] == [
        "old algorithm that is allowed added: rsa-sha1",
        "day on which old algorithms are off again added: 2030-01-31",
    ]
    with world.work() as work:
        found = providers.find(work, sp.entity_id)
        assert "SHA-1 can be forged" in providers.warnings(found, NOON)[0]
        assert "are off since then" in providers.warnings(found, NOON + 31 * DAY)[0]
        assert [p.entity_id for _, p in providers.with_legacy(work, found.organization_id)] == [sp.entity_id]
