"""Foreign signatures: one shape, registered keys, strong algorithms; and only what they cover is read."""

import base64
from urllib.parse import quote

import pytest
from lxml import etree

from idp.saml import bindings, gate, names, signatures
from idp.saml.certificates import known_keys
from idp.saml.errors import MessageRefused
from idp.saml.messages import read_authn_request, read_logout_request
from tests.support.service_provider import ServiceProvider, pair, signature_template
from tests.support.wrapping import ATTACKS, signed_and_twin

SP = ServiceProvider()
KEYS = known_keys((SP.pair.der,))
ACS = SP.acs


def verify(xml: str | bytes, keys=KEYS, expected=names.AUTHN_REQUEST):
    root = gate.read(xml.encode() if isinstance(xml, str) else xml, expected)
    return signatures.verified(root, None, keys)


def verify_query(query: str, keys=KEYS):
    incoming = bindings.from_query(query.encode())
    root = gate.read(incoming.message, names.AUTHN_REQUEST)
    return signatures.verified(root, incoming.signature, keys)


def test_an_enveloped_signature_is_verified_and_what_it_covers_is_read():
    root, signed = verify(SP.enveloped(SP.authn_request()))

    assert signed
    assert root.find(f"{{{names.DS}}}Signature") is None
    assert read_authn_request(root).consumer_url == ACS


def test_without_a_signature_there_is_none():
    assert verify(SP.authn_request())[1] is False


@pytest.mark.parametrize(
    ("method", "kind"),
    [
        (names.RSA_SHA256, "rsa-2048"),
        (names.RSA_SHA384, "rsa-2048"),
        (names.RSA_SHA512, "rsa-3072"),
        (names.ECDSA_SHA256, "p-256"),
        (names.ECDSA_SHA384, "p-384"),
        (names.PSS_SHA256, "rsa-2048"),
    ],
)
def test_x12_the_strong_algorithms_are_taken(method, kind):
    signer = pair(kind, kind)
    keys = known_keys((signer.der,))

    assert verify_query(SP.query(SP.authn_request(), "r", sign=method, by=signer), keys)[1]
    if method != names.PSS_SHA256:  # the xmlsec of some machines does not sign with it
        assert verify(SP.enveloped(SP.authn_request(), by=signer, method=method), keys)[1]


@pytest.mark.parametrize("method", ["http://www.w3.org/2000/09/xmldsig#rsa-sha1", "", "urn:none", names.SHA256])
def test_x12_p8_weak_and_unknown_algorithms_are_refused_in_a_redirect(method):
    query = SP.query(SP.authn_request(), sign=names.RSA_SHA256)
    weak = query.replace(quote(names.RSA_SHA256, safe=""), quote(method, safe=""))
    with pytest.raises(MessageRefused):
        verify_query(weak)
    if "sha1" in method:
        with pytest.raises(MessageRefused):
            verify_query(SP.query(SP.authn_request(), sign=method))


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "http://www.w3.org/2000/09/xmldsig#rsa-sha1"},
        {"digest": "http://www.w3.org/2000/09/xmldsig#sha1"},
        {"canonical": "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"},
        {"canonical": "http://www.w3.org/2001/10/xml-exc-c14n#WithComments"},
        {"transforms": ""},
        {"transforms": f'<ds:Transform Algorithm="{names.ENVELOPED}"/>'},
        {
            "transforms": f'<ds:Transform Algorithm="{names.ENVELOPED}"/>'
            f'<ds:Transform Algorithm="{names.EXCLUSIVE_C14N}"/><ds:Transform Algorithm="{names.EXCLUSIVE_C14N}"/>'
        },
        {
            "transforms": f'<ds:Transform Algorithm="{names.ENVELOPED}"/>'
            '<ds:Transform Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"/>'
        },
        {"uri": ""},
    ],
    ids=range(9),
)
def test_x12_other_algorithms_and_transforms_are_refused_in_a_form(changes):
    with pytest.raises(MessageRefused):
        verify(SP.enveloped(SP.authn_request(), **changes))


def test_the_transforms_come_in_their_order():
    first, second = (f'<ds:Transform Algorithm="{name}"/>' for name in (names.ENVELOPED, names.EXCLUSIVE_C14N))
    good = SP.enveloped(SP.authn_request())
    assert first + second in good
    with pytest.raises(MessageRefused):
        verify(good.replace(first + second, second + first))


@pytest.mark.parametrize(
    "transform",
    [
        "http://www.w3.org/TR/1999/REC-xpath-19991116",
        "http://www.w3.org/TR/1999/REC-xslt-19991116",
        "http://www.w3.org/2002/06/xmldsig-filter2",
        "http://www.w3.org/2000/09/xmldsig#base64",
    ],
)
def test_x7_no_transform_computes_anything(transform):
    good = SP.enveloped(SP.authn_request())
    bad = good.replace(f'Transform Algorithm="{names.EXCLUSIVE_C14N}"', f'Transform Algorithm="{transform}"')
    assert bad != good
    with pytest.raises(MessageRefused):
        verify(bad)


def test_x12_a_key_that_is_too_short_is_no_key():
    assert known_keys((pair("short", "rsa-1024").der,)) == ()


@pytest.mark.parametrize("signed_with", ["enveloped", "query"])
def test_x13_the_key_in_the_message_counts_for_nothing(signed_with):
    """X13: signed by somebody else, whose certificate is in KeyInfo."""
    other = pair("attacker")
    with pytest.raises(MessageRefused):
        if signed_with == "enveloped":
            verify(SP.enveloped(SP.authn_request(), by=other))
        else:
            verify_query(SP.query(SP.authn_request(), sign=names.RSA_SHA256, by=other))


def test_x13_p13_hmac_with_the_public_certificate_is_no_signature():
    good = SP.enveloped(SP.authn_request())
    bad = good.replace(names.RSA_SHA256, "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256")
    with pytest.raises(MessageRefused):
        verify(bad)


@pytest.mark.parametrize("value", ["", "AAAA", "!!", "A" * 6000])
def test_x10_p3_a_signature_that_is_there_must_be_good_in_a_form(value):
    """Even where nobody asked for one."""
    root = etree.fromstring(SP.enveloped(SP.authn_request()))
    root.find(f".//{{{names.DS}}}SignatureValue").text = value
    with pytest.raises(MessageRefused):
        verify(etree.tostring(root))


@pytest.mark.parametrize("value", ["", "AAAA", quote(base64.b64encode(bytes(256)).decode())])
def test_x10_a_signature_that_is_there_must_be_good_in_a_redirect(value):
    query = SP.query(SP.authn_request(), "state", sign=names.RSA_SHA256).rpartition("Signature=")[0]
    with pytest.raises(MessageRefused):
        verify_query(query + "Signature=" + value)


def test_x10_relay_state_is_under_the_signature():
    query = SP.query(SP.authn_request(), "mine", sign=names.RSA_SHA256)
    assert verify_query(query)[1]
    for changed in (
        query.replace("RelayState=mine", "RelayState=theirs"),
        query.replace("&RelayState=mine", ""),
        query.replace("RelayState=mine", "RelayState="),
    ):
        with pytest.raises(MessageRefused):
            verify_query(changed)


def test_x10_without_a_registered_key_no_signature_is_good():
    """X14: fail closed."""
    with pytest.raises(MessageRefused):
        verify_query(SP.query(SP.authn_request(), sign=names.RSA_SHA256), keys=())
    with pytest.raises(MessageRefused):
        verify(SP.enveloped(SP.authn_request()), keys=())


@pytest.mark.parametrize(
    "escape",
    [
        lambda text: quote(text, safe=""),
        lambda text: "".join(p.lower() if p[0] == "%" else p for p in _parts(quote(text, safe=""))),
        lambda text: quote(text, safe="/:"),
    ],
    ids=["upper", "lower", "few"],
)
def test_x11_p10_any_honest_way_to_escape_is_verified(escape):
    query = SP.query(SP.authn_request(), "a b/c:d", sign=names.RSA_SHA256, escape=escape)
    assert verify_query(query)[1]


def test_a_second_registered_key_verifies_while_keys_are_exchanged():
    keys = known_keys((pair("old").der, pair("curve", "p-256").der, SP.pair.der))

    assert verify(SP.enveloped(SP.authn_request()), keys)[1]
    assert verify_query(SP.query(SP.authn_request(), sign=names.RSA_SHA256), keys)[1]


def test_the_dates_of_a_certificate_mean_nothing():
    """Its owner registered it; it ran out years before the tests' noon (SAML Metadata IOP section 2.6.1)."""
    assert KEYS[0].certificate.not_valid_after_utc.year == 2022
    assert verify(SP.enveloped(SP.authn_request()))[1]


# Signature wrapping


MESSAGES = {
    "AuthnRequest": (SP.authn_request, names.AUTHN_REQUEST, read_authn_request),
    "LogoutRequest": (
        lambda: SP.logout_request("<saml:NameID>mine</saml:NameID>"),
        names.LOGOUT_REQUEST,
        read_logout_request,
    ),
}


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
@pytest.mark.parametrize("kind", MESSAGES)
def test_x1_p13_signature_wrapping_is_refused(kind, attack):
    """In none of these does anything but what was signed get through."""
    make, expected, _ = MESSAGES[kind]
    attacked = attack(*signed_and_twin(SP, make()))

    with pytest.raises(MessageRefused):
        verify(etree.tostring(attacked), expected=expected)


@pytest.mark.parametrize("kind", MESSAGES)
def test_x1_the_same_messages_untouched_are_accepted(kind):
    make, expected, read = MESSAGES[kind]
    root, signed = verify(SP.enveloped(make()), expected=expected)

    assert signed
    assert read(root).header.issuer == SP.entity_id


def test_x2_what_is_read_is_parsed_from_the_octets_that_were_verified():
    """X2: the tree that came in is not the tree that is read."""
    xml = SP.enveloped(SP.authn_request())
    incoming = gate.read(xml.encode(), names.AUTHN_REQUEST)

    read, _ = signatures.verified(incoming, None, KEYS)

    assert read is not incoming
    assert etree.tostring(read, method="c14n", exclusive=True) == etree.tostring(read)


def test_x1_an_empty_template_is_no_signature():
    root = etree.fromstring(SP.authn_request())
    root.insert(1, etree.fromstring(signature_template(root.get("ID"))))
    with pytest.raises(MessageRefused):
        verify(etree.tostring(root))


def _parts(text: str) -> list[str]:
    out, at = [], 0
    while at < len(text):
        step = 3 if text[at] == "%" else 1
        out.append(text[at : at + step])
        at += step
    return out
