"""
SOAP 1.1, as little of it as SAML needs (SAML Bindings 2.0 section 3.2): an envelope with one message in it.

An envelope passes the same gate as any message. What is inside is taken out and is a message of
its own from there on: nothing around it counts.
"""

from lxml import etree

from idp.saml import gate
from idp.saml.gate import Tree, unreadable
from idp.saml.names import SOAP_ENVELOPE, SOAP_ENVELOPE_NAMESPACE
from idp.saml.writer import Child, element, write

CONTENT_TYPE = "text/xml; charset=utf-8"
ACTION = ("SOAPAction", '"http://www.oasis-open.org/committees/security"')
_HEADER, _BODY = f"{{{SOAP_ENVELOPE_NAMESPACE}}}Header", f"{{{SOAP_ENVELOPE_NAMESPACE}}}Body"
_MUST_UNDERSTAND = f"{{{SOAP_ENVELOPE_NAMESPACE}}}mustUnderstand"


def opened(envelope: bytes, expected: str) -> Tree:
    """
    Return the root of the one message in *envelope*, which must be named *expected*.

    Raises:
        MessageRefused: it is no such envelope, or it holds something else.
    """
    root = gate.read(envelope, SOAP_ENVELOPE)
    parts = [child.tag for child in root]
    if parts not in ([_BODY], [_HEADER, _BODY]):
        raise unreadable("the envelope has not exactly one Body, behind at most one Header")
    if any(entry.get(_MUST_UNDERSTAND) == "1" for entry in root.iterfind(f"{_HEADER}/*")):
        raise unreadable("a header must be understood, and none is")
    body = root[-1]
    if len(body) != 1 or (body.text or "").strip() or (body[0].tail or "").strip():
        raise unreadable("the Body has not exactly one element")
    return gate.read(etree.tostring(body[0], with_tail=False), expected)


def enveloped(message: Child) -> bytes:
    """Return *message* in an envelope."""
    return write(element("soap:Envelope", None, element("soap:Body", None, message))).xml.encode()


def fault(reference: str) -> bytes:
    """Return the fault that is told to somebody who is not proven to be anyone (SOAP 1.1 section 4.4)."""
    words = f"The message was not taken. Tell the administrator of the identity provider the reference {reference}."
    return enveloped(
        element(
            "soap:Fault",
            None,
            element("faultcode", None, "soap:Client"),
            element("faultstring", None, words),
        )
    )
