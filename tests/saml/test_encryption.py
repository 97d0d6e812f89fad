"""Encrypted names and assertions, read by those who did not make them (XML Encryption 1.1; SAML Core 2.0 section 2.2.4)."""

import pytest
from lxml import etree

from idp.base.errors import Invalid
from idp.saml import names
from idp.saml.description import EncryptionKey, EncryptionMethod
from idp.saml.encryption import encrypted, target
from idp.saml.models import ServiceProvider as Row
from idp.saml.writer import write
from tests.saml import logouts
from tests.saml.test_oracles import accepted, decrypted, message, our_certificate, verify_xmlsec
from tests.support.saml_world import ANN, BEN, N, posted, refused
from tests.support.schemas import validate
from tests.support.service_provider import ServiceProvider, pair


def register(world, sp, **switches) -> str:
    return world.register(sp, sp.metadata(signing=sp.pair.der, encryption=sp.pair.der), **switches)


@pytest.mark.parametrize("whole", [False, True], ids=["name only", "name and assertion"])
@pytest.mark.parametrize("format_", [names.PERSISTENT, names.EMAIL, names.TRANSIENT])
def test_an_encrypted_name_is_read_by_two_others(world, sp, ann, whole, format_):
    register(world, sp, encrypt_name_id=True, encrypt_assertion=whole, nameid_format=format_)

    xml = posted(ann.sso(sp.query(sp.authn_request(ID="_mine")))).xml

    root = etree.fromstring(xml)
    assert etree.tostring(root, method="c14n", exclusive=True) == xml
    assert not root.xpath("//saml:NameID", namespaces=N)
    validate(xml)
    verify_xmlsec(root, our_certificate(world))
    inner = decrypted(root, sp.pair.key_pem) if whole else root.find(f".//{{{names.SAML}}}Assertion")
    inner = etree.fromstring(etree.tostring(inner))
    verify_xmlsec(inner, our_certificate(world))
    holder = inner.xpath("//saml:Subject/saml:EncryptedID", namespaces=N)
    assert len(holder) == 1
    assert [child.tag.rpartition("}")[2] for child in holder[0].getparent()] == ["EncryptedID", "SubjectConfirmation"]
    name = decrypted(inner, sp.pair.key_pem)
    assert (name.tag, name.get("Format")) == (f"{{{names.SAML}}}NameID", format_)
    if format_ == names.EMAIL:
        assert name.text == ANN

    response = accepted(world, sp, xml, wantNameIdEncrypted=True, wantAssertionsEncrypted=whole)

    assert (response.get_nameid(), response.get_nameid_format()) == (name.text, format_)


def test_x25_who_has_its_names_encrypted_is_told_of_a_logout_by_an_encrypted_name(world, ann):
    """X25: and is not told at all where that is impossible, rather than in plain."""
    sp = logouts.provider("wiki", slo=logouts.service(names.REDIRECT, "https://wiki.example/slo"))
    described = sp.metadata(signing=sp.pair.der, encryption=sp.pair.der, slo=sp.slo)
    application_id = world.register(sp, described, encrypt_name_id=True)
    answer = posted(ann.sso(sp.query(sp.authn_request())))
    name = decrypted(answer.root, sp.pair.key_pem)

    told = ann.client.get(logouts.next_of(ann.client.get(logouts.sign_out(ann)))).headers["Location"]

    request = logouts.carried(told, "SAMLRequest").root
    assert [one.tag.rpartition("}")[2] for one in request] == ["Issuer", "EncryptedID", "SessionIndex"]
    assert name.text not in etree.tostring(request).decode()
    validate(etree.tostring(request))
    inside = decrypted(request, sp.pair.key_pem)
    assert (inside.tag, inside.text, dict(inside.attrib)) == (name.tag, name.text, dict(name.attrib))

    ben = world.browser(BEN)
    posted(ben.sso(sp.query(sp.authn_request())))
    with world.work() as work:
        row = work.tx.session.query(Row).filter_by(application_id=application_id).one()
        row.description = {**row.description, "encryption_keys": []}
    world.later(seconds=2)
    assert logouts.states(ben.client.get(logouts.sign_out(ben))) == {"wiki.example": "cannot be told"}


def test_an_encrypted_name_can_be_logged_out_by(world, sp, ann):
    register(world, sp, encrypt_name_id=True)
    answer = posted(ann.sso(sp.query(sp.authn_request())))
    name = decrypted(answer.root, sp.pair.key_pem)
    subject = etree.tostring(name, method="c14n", exclusive=True, with_tail=False).decode()
    out = sp.query(sp.logout_request(subject, answer.one("//@SessionIndex")), sign=names.RSA_SHA256)

    assert ann.client.get(f"/sites/acme/saml/slo?{out}").status_code == 303
    assert not world.alive(ann)


def test_x25_a_name_that_cannot_be_encrypted_is_not_promised_and_not_sent(world, sp, ann):
    bare = ServiceProvider(entity_id="https://bare.example")
    with pytest.raises(Invalid) as told:
        world.register(bare, bare.metadata(), encrypt_name_id=True)
    assert told.value.field == "encrypt_name_id"

    application = register(world, sp, encrypt_name_id=True)
    with world.work() as work:  # its key has gone since, however that happened
        row = work.tx.session.query(Row).filter(Row.application_id == application).one()
        row.description = {**row.description, "encryption_keys": []}
    refused(ann.sso(sp.query(sp.authn_request())))


CBC = {names.AES128_CBC: "aes128-cbc", names.AES256_CBC: "aes256-cbc"}


@pytest.mark.parametrize("data", CBC)
@pytest.mark.parametrize("length", [1, 15, 16, 17, 4000])
def test_x12_what_is_encrypted_the_old_way_can_be_read_by_another(data, length):
    sp = ServiceProvider()
    key = EncryptionKey(sp.pair.der, (EncryptionMethod(data), EncryptionMethod(names.RSA_OAEP_MGF1P)))
    to = target((key,), frozenset({CBC[data]}))

    root = etree.fromstring(write(encrypted(write(message("x" * length)), to)).xml.encode())

    assert root.xpath("//xenc:EncryptedData/xenc:EncryptionMethod/@Algorithm", namespaces=N) == [data]
    holder = etree.Element("x")
    holder.append(root)
    assert decrypted(holder, sp.pair.key_pem).findtext(f"{{{names.SAML}}}Issuer") == "x" * length


@pytest.mark.parametrize(
    ("methods", "allowed", "chosen"),
    [
        ((names.AES128_CBC,), {"aes128-cbc"}, names.AES128_CBC),
        ((names.AES128_CBC, names.AES256_CBC), {"aes128-cbc", "aes256-cbc"}, names.AES256_CBC),
        ((names.AES128_CBC, names.AES128_GCM), {"aes128-cbc"}, names.AES128_GCM),
        ((), {"aes128-cbc"}, names.AES128_CBC),
        ((), {"rsa-sha1"}, names.AES256_GCM),
        ((), set(), names.AES256_GCM),
        ((names.AES128_CBC,), {"aes256-cbc"}, None),
        ((names.AES128_CBC,), set(), None),
        ((names.XENC + "tripledes-cbc",), {"aes128-cbc", "aes256-cbc"}, None),
        ((names.XENC + "rsa-1_5",), {"aes128-cbc", "aes256-cbc", "rsa-sha1"}, None),
    ],
)
def test_x12_x25_old_encryption_is_for_whom_it_is_allowed_and_knows_nothing_better(methods, allowed, chosen):
    key = EncryptionKey(pair().der, tuple(EncryptionMethod(method) for method in methods))

    to = target((key,), frozenset(allowed))

    assert (to.data if to else None) == chosen
    assert to is None or to.transport == names.RSA_OAEP_MGF1P


def test_no_two_names_are_encrypted_alike(world, sp, ann):
    register(world, sp, encrypt_name_id=True)
    first, second = (posted(ann.sso(sp.query(sp.authn_request()))) for _ in range(2))

    values = [answer.root.xpath("//xenc:CipherValue/text()", namespaces=N) for answer in (first, second)]
    assert len({*values[0], *values[1]}) == 4


def test_an_administrator_is_shown_with_what_it_is_encrypted(world, sp):
    from idp.saml import providers

    register(world, sp)
    with world.work() as work:
        shown = providers.represent(providers.find(work, sp.entity_id))
    assert shown["encryption"]["data"] == names.AES256_GCM
    assert shown["encryption"]["certificate"] == shown["encryption_certificates"][0]
