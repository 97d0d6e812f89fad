"""
Signature wrapping (X1): ways to make a message of what was signed and of what somebody would like to be.

Each takes a signed message and its evil twin, and returns what is sent. In none of them may anything
get through but what was signed.
"""

from lxml import etree

from idp.saml import names
from tests.support.service_provider import ServiceProvider

EVIL = "https://evil.example/acs"


def signed_and_twin(sp: ServiceProvider, request: str) -> tuple[etree._Element, etree._Element]:
    """Return *request* signed, and the same with its content changed and without signature."""
    original = etree.fromstring(sp.enveloped(request))
    evil = etree.fromstring(etree.tostring(original))
    evil.remove(evil.find(names_ds("Signature")))
    if "AssertionConsumerServiceURL" in evil.attrib:
        evil.set("AssertionConsumerServiceURL", EVIL)
    else:
        evil.find(f"{{{names.SAML}}}NameID").text = "victim"
    return original, evil


def names_ds(local: str) -> str:
    return f"{{{names.DS}}}{local}"


def _extensions(parent, *content):
    node = etree.SubElement(parent, f"{{{names.SAMLP}}}Extensions")
    node.extend(content)
    return node


def _take_signature(original):
    signature = original.find(names_ds("Signature"))
    original.remove(signature)
    return signature


def _original_in_extensions(original, evil):
    evil.set("ID", "_evil")
    _extensions(evil, original)
    return evil


def _original_in_extensions_signature_at_root(original, evil):
    evil.set("ID", "_evil")
    signature = _take_signature(original)
    evil.insert(1, signature)
    _extensions(evil, original)
    return evil


def _same_id_twice(original, evil):
    signature = _take_signature(original)
    evil.insert(1, signature)
    _extensions(evil, original)
    return evil


def _original_in_object(original, evil):
    evil.set("ID", "_evil")
    signature = _take_signature(original)
    etree.SubElement(signature, names_ds("Object")).append(original)
    evil.insert(1, signature)
    return evil


def _same_id_in_object(original, evil):
    signature = _take_signature(original)
    etree.SubElement(signature, names_ds("Object")).append(original)
    evil.insert(1, signature)
    return evil


def _wrapper_root(original, evil):
    wrapper = etree.Element(evil.tag, nsmap=evil.nsmap, attrib=dict(evil.attrib) | {"ID": "_wrapper"})
    wrapper.extend([evil[0], original])
    return wrapper


def _two_signatures(original, evil):
    evil.insert(1, etree.fromstring(etree.tostring(original.find(names_ds("Signature")))))
    evil.insert(1, _take_signature(original))
    return evil


def _signature_deeper(original, evil):
    _extensions(evil, _take_signature(original))
    return evil


def _lower_case_id(original, evil):
    signature = _take_signature(original)
    evil.insert(1, signature)
    original.set("Id", original.attrib.pop("ID"))
    _extensions(evil, original)
    return evil


def _xml_id(original, evil):
    signature = _take_signature(original)
    identifier = evil.get("ID")
    evil.insert(1, signature)
    _extensions(evil).set("{http://www.w3.org/XML/1998/namespace}id", identifier)
    return evil


def _two_references(original, evil):
    info = original.find(f"{names_ds('Signature')}/{names_ds('SignedInfo')}")
    reference = info.find(names_ds("Reference"))
    info.append(etree.fromstring(etree.tostring(reference)))
    return original


def _content_changed(original, evil):
    original.set("AssertionConsumerServiceURL", EVIL)
    original.find(f"{{{names.SAML}}}Issuer").text = "https://evil.example"
    return original


def _content_added(original, evil):
    etree.SubElement(original, f"{{{names.SAML}}}Subject")
    return original


ATTACKS = [
    _original_in_extensions,
    _original_in_extensions_signature_at_root,
    _same_id_twice,
    _original_in_object,
    _same_id_in_object,
    _wrapper_root,
    _two_signatures,
    _signature_deeper,
    _lower_case_id,
    _xml_id,
    _two_references,
    _content_changed,
    _content_added,
]
