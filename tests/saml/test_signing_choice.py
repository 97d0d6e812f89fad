"""By which algorithm and key we sign for whom; judged by signxml, python-xmlsec, python3-saml and OpenSSL."""

import base64
from urllib.parse import unquote, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from lxml import etree

from idp.base.errors import Conflict, Forbidden, Invalid
from idp.directory import keys, queries
from idp.saml import names, signing
from idp.saml.switches import Switches
from tests.saml.test_oracles import accepted, key, message, verify_signxml, verify_xmlsec
from tests.support import people
from tests.support.saml_world import N, posted
from tests.support.schemas import validate

DIGESTS = {"256": names.SHA256, "384": names.SHA384, "512": names.SHA512}
RSA = ["rsa-sha256", "rsa-sha384", "rsa-sha512"]
ECDSA = ["ecdsa-sha256", "ecdsa-sha384", "ecdsa-sha512"]


def with_curve(world, algorithm: str = "P-256") -> None:
    with world.work() as work:
        site = queries.site(work, "acme")
        keys.add(work, site.organization_id, site.id, subject="acme", algorithm=algorithm)


def pem_for(world, algorithm: str) -> str:
    curve = algorithm.startswith("ecdsa")
    return next(k.certificate_pem for k in world.saml_keys()["active"] if signing.is_on_curve(k) == curve)


@pytest.mark.parametrize("name", [*RSA, *ECDSA])
def test_every_algorithm_is_used_with_its_digest_and_verified_by_others(world, sp, registered, ann, name):
    with_curve(world)
    world.change(registered, signature_algorithm=name)

    xml = posted(ann.sso(sp.query(sp.authn_request(ID="_mine")))).xml

    root = etree.fromstring(xml)
    used = set(root.xpath("//ds:SignatureMethod/@Algorithm", namespaces=N))
    assert used == {signing.METHODS[name].algorithm}
    assert set(root.xpath("//ds:DigestMethod/@Algorithm", namespaces=N)) == {DIGESTS[name[-3:]]}
    assert etree.tostring(root, method="c14n", exclusive=True) == xml
    validate(xml)
    verify_xmlsec(root, pem_for(world, name))
    verify_signxml(root, pem_for(world, name))
    if name in RSA:
        assert accepted(world, sp, xml).get_nameid()


@pytest.mark.parametrize("kind", ["P-256", "P-384", "P-521"])
@pytest.mark.parametrize("name", ECDSA)
def test_every_curve_goes_with_every_digest(world, sp, registered, ann, kind, name):
    """XML Signature 1.1 section 6.4.3: r and s side by side, each as long as the curve's order."""
    with_curve(world, kind)
    world.change(registered, signature_algorithm=name)

    root = posted(ann.sso(sp.query(sp.authn_request()))).root

    verify_xmlsec(root, pem_for(world, name))
    verify_signxml(root, pem_for(world, name))


@pytest.mark.parametrize("name", [*RSA, *ECDSA])
def test_the_query_of_a_redirect_is_signed_by_it_too(world, sp, registered, ann, name):
    with_curve(world)
    world.change(registered, signature_algorithm=name)
    answer = posted(ann.sso(sp.query(sp.authn_request())))
    subject = etree.tostring(answer.find("//saml:NameID")[0], method="c14n", exclusive=True, with_tail=False).decode()
    out = sp.logout_request(subject, answer.one("//@SessionIndex"))

    location = ann.client.get(f"/sites/acme/saml/slo?{sp.query(out, sign=names.RSA_SHA256)}").headers["Location"]

    octets, _, value = urlsplit(location).query.partition("&Signature=")
    assert unquote(octets.rpartition("SigAlg=")[2]) == signing.METHODS[name].algorithm
    public = x509.load_pem_x509_certificate(pem_for(world, name).encode()).public_key()
    signature, hash_ = base64.b64decode(unquote(value)), signing.METHODS[name].hash
    if name in RSA:
        public.verify(signature, octets.encode(), padding.PKCS1v15(), hash_)
    else:
        half = len(signature) // 2
        r, s = (int.from_bytes(part, "big") for part in (signature[:half], signature[half:]))
        public.verify(encode_dss_signature(r, s), octets.encode(), ec.ECDSA(hash_))


def test_statuses_are_signed_by_it_too(world, sp, registered):
    world.change(registered, signature_algorithm="rsa-sha512")

    root = posted(world.browser().sso(sp.query(sp.authn_request(IsPassive="true")))).root

    assert set(root.xpath("//ds:SignatureMethod/@Algorithm", namespaces=N)) == {names.RSA_SHA512}
    verify_xmlsec(root, pem_for(world, "rsa-sha512"))


def test_a_key_of_the_other_kind_never_signs():
    with pytest.raises(ValueError):
        signing.signer(key("p-256"), "rsa-sha256")
    with pytest.raises(ValueError):
        signing.signer(key("rsa-2048"), "ecdsa-sha256")
    assert signing.signed(message(), signing.signer(key("p-256"), "ecdsa-sha384")).xml


def test_without_an_ec_key_nobody_is_signed_for_by_ecdsa(world, registered):
    with pytest.raises(Invalid) as refused:
        world.change(registered, signature_algorithm="ecdsa-sha256")
    assert refused.value.field == "signature_algorithm"
    assert "idp keys create" in refused.value.advice


@pytest.mark.parametrize("name", ["rsa-sha1", "rsa-md5", "RSA-SHA256", "", names.RSA_SHA256])
def test_x12_no_other_algorithm_can_be_chosen(world, registered, name):
    with pytest.raises(Invalid) as refused:
        world.change(registered, signature_algorithm=name)
    assert refused.value.field == "signature_algorithm"


def test_others_go_on_as_before_when_an_ec_key_is_made(world, sp, registered, ann):
    before = world.saml_keys()["active"][0]
    with_curve(world)

    verify_xmlsec(posted(ann.sso(sp.query(sp.authn_request()))).root, before.certificate_pem)


def test_a_site_has_one_ec_key_and_who_may_rotates_makes_it(world, as_account):
    with_curve(world)
    with pytest.raises(Conflict):
        with_curve(world, "P-384")
    with world.work() as work:
        site = queries.site(work, "rival")
        own = {"subject": "rival", "algorithm": "P-256"}
        for actor in (people.stranger(work), as_account(work, world.account(), "organization-administrator")):
            with pytest.raises(Forbidden):
                keys.add(actor, site.organization_id, site.id, **own)
        with pytest.raises(Invalid):
            keys.add(work, site.organization_id, site.id, subject="rival", algorithm="RSA-1024")


def test_a_key_that_is_named_must_be_one_of_the_site_and_fit(world, registered):
    with_curve(world)
    curve = next(k for k in world.saml_keys()["active"] if signing.is_on_curve(k))
    theirs = world.saml_keys("rival")["active"][0]
    for wrong in ("key_nobody", theirs.id, curve.id):
        with pytest.raises(Invalid) as refused:
            world.change(registered, signing_key_id=wrong)
        assert refused.value.field == "signing_key_id"


def test_a_named_key_is_left_behind_when_the_kind_of_key_changes(world, registered):
    with_curve(world)
    rsa = next(k for k in world.saml_keys()["active"] if not signing.is_on_curve(k))
    world.change(registered, signing_key_id=rsa.id)

    world.change(registered, signature_algorithm="ecdsa-sha256")

    entry = world.audited("service-provider.changed")[-1]
    assert entry.details["changes"] == [
        "algorithm that we sign by changed: ecdsa-sha256 (was: rsa-sha256)",
        f"key that we sign with removed: {rsa.id}",
    ]
    assert Switches().signing_key_id is None
