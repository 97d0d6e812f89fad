"""
Noise with a purpose: what can be done to a good SAML message, from a seeded `random.Random`.

To the tree (what signature wrapping is made of), to the octets, to the base64 and the DEFLATE
around them, and to the query. Every function takes the chance first and returns something new.
"""

import base64
import random
import zlib
from collections.abc import Callable
from copy import deepcopy
from urllib.parse import quote

from lxml import etree

from idp.saml import names

EVIL = "https://evil.example/acs"
_D, _P, _S = f"{{{names.DS}}}", f"{{{names.SAMLP}}}", f"{{{names.SAML}}}"
PIECES = [
    "<!DOCTYPE x>", '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>', "<!--", "-->", "<!-- -->", "<![CDATA[",
    "]]>", "<?x?>", '<?xml version="1.0"?>', "&x;", "&#0;", "&#x41;", "&lt;", "\x00", "\ufffe", "<x>", "</x>",
    "xmlns:a='b'", "xmlns='urn:x'", f'ID="{"_a" * 10}"', '"', "'", ">", "=", "é", "\u202e", EVIL, names.SAML, "urn:x",
    "<saml:Issuer>https://other.example/metadata</saml:Issuer>", "<samlp:Extensions><x/></samlp:Extensions>", "A" * 500,
]  # fmt: skip
_VALUES = [
    "", "true", "1", "false", "0", "-1", "9", "2.0", "1.1", "_x" * 200, "1" * 30, EVIL, "https://sp.example/acs/",
    "https://other.example/metadata", "https://sp.example/metadata", "http://localhost:8000/sites/acme/saml/sso",
    "http://localhost:8000/sites/acme/saml/slo", "http://localhost:8000/sites/rival/saml/sso", "2030-01-01T12:00:00Z",
    "2020-01-01T12:00:00Z", "#", "#_x", names.RSA_SHA256, "http://www.w3.org/2000/09/xmldsig#rsa-sha1", names.SHA256,
    names.EXCLUSIVE_C14N, "http://www.w3.org/TR/1999/REC-xpath-19991116", "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
    names.ENVELOPED, names.PERSISTENT, names.EMAIL, "ann@acme.example", "AAAA", "\u202e", "é" * 300,
]  # fmt: skip
_TAGS = [
    _P + "Extensions", _P + "AuthnRequest", _P + "LogoutRequest", _P + "Response", _S + "Issuer", _S + "Subject",
    _S + "NameID", _S + "EncryptedID", _S + "Assertion", _D + "Signature", _D + "Object", _D + "SignedInfo",
    _D + "Reference", _D + "KeyInfo", _P + "NameIDPolicy", _P + "RequestedAuthnContext", _P + "SessionIndex", "x",
    "{urn:x}Signature", _P + "Scoping",
]  # fmt: skip
_ATTRIBUTES = [
    "ID", "Id", "id", "{http://www.w3.org/XML/1998/namespace}id", "Version", "IssueInstant", "Destination",
    "AssertionConsumerServiceURL", "AssertionConsumerServiceIndex", "ProtocolBinding", "ForceAuthn", "IsPassive",
    "NotOnOrAfter", "Format", "SPNameQualifier", "URI", "Algorithm", "{urn:x}ID", "PrefixList",
]  # fmt: skip

Tree = etree._Element


# The tree


def _set_attribute(chance: random.Random, root: Tree, other: Tree) -> Tree:
    node = chance.choice(list(root.iter()))
    known = list(node.attrib)
    node.set(chance.choice(known) if known and chance.random() < 0.7 else chance.choice(_ATTRIBUTES), _value(chance))
    return root


def _drop_attribute(chance: random.Random, root: Tree, other: Tree) -> Tree:
    nodes = [node for node in root.iter() if node.attrib]
    if nodes:
        node = chance.choice(nodes)
        del node.attrib[chance.choice(list(node.attrib))]
    return root


def _set_text(chance: random.Random, root: Tree, other: Tree) -> Tree:
    node = chance.choice(list(root.iter()))
    node.text = _value(chance)
    return root


def _drop(chance: random.Random, root: Tree, other: Tree) -> Tree:
    nodes = list(root.iter())[1:]
    if nodes:
        node = chance.choice(nodes)
        node.getparent().remove(node)
    return root


def _repeat(chance: random.Random, root: Tree, other: Tree) -> Tree:
    node = chance.choice(list(root.iter()))
    _put(chance, root, deepcopy(node))
    return root


def _move(chance: random.Random, root: Tree, other: Tree) -> Tree:
    nodes = list(root.iter())[1:]
    if nodes:
        node = chance.choice(nodes)
        node.getparent().remove(node)
        _put(chance, root, node)
    return root


def _rename(chance: random.Random, root: Tree, other: Tree) -> Tree:
    chance.choice(list(root.iter())).tag = chance.choice(_TAGS)
    return root


def _add(chance: random.Random, root: Tree, other: Tree) -> Tree:
    node = etree.Element(chance.choice(_TAGS))
    for _ in range(chance.randint(0, 3)):
        node.set(chance.choice(_ATTRIBUTES), _value(chance))
    _put(chance, root, node)
    return root


def _splice(chance: random.Random, root: Tree, other: Tree) -> Tree:
    """A part of another message, of the same service provider or not, in the place of one of this."""
    part = deepcopy(chance.choice(list(other.iter())))
    same = [node for node in root.iter(part.tag) if node is not root]
    if same and chance.random() < 0.7:
        place = chance.choice(same)
        place.getparent().replace(place, part)
    else:
        _put(chance, root, part)
    return root


def _deepen(chance: random.Random, root: Tree, other: Tree) -> Tree:
    node = chance.choice(list(root.iter()))
    for _ in range(chance.choice([3, 20, 40])):
        node = etree.SubElement(node, chance.choice(_TAGS))
    return root


def _widen(chance: random.Random, root: Tree, other: Tree) -> Tree:
    node = chance.choice(list(root.iter()))
    if chance.random() < 0.5:
        for i in range(chance.choice([10, 70])):
            node.set(f"a{i}", "")
    else:
        for _ in range(chance.choice([50, 2100])):
            etree.SubElement(node, "x")
    return root


def _wrap(chance: random.Random, root: Tree, other: Tree) -> Tree:
    """Signature wrapping: what was signed goes somewhere else, an evil twin takes its place (X1)."""
    twin = deepcopy(root)
    signature = twin.find(_D + "Signature")
    if signature is not None:
        twin.remove(signature)
    if twin.get("AssertionConsumerServiceURL"):
        twin.set("AssertionConsumerServiceURL", EVIL)
    for name in twin.iter(_S + "NameID"):
        name.text = "ann@acme.example"
    if chance.random() < 0.5:
        twin.set("ID", "_twin")
    signature = root.find(_D + "Signature")
    if signature is not None and chance.random() < 0.6:
        if chance.random() < 0.7:
            root.remove(signature)
        twin.insert(chance.randint(0, len(twin)), signature if signature.getparent() is None else deepcopy(signature))
    hosts = [twin, *twin.iter(_D + "Signature"), *twin.iter(_D + "KeyInfo"), *twin.iter(_S + "Issuer")]
    host = chance.choice(hosts)
    if chance.random() < 0.7:
        host = etree.SubElement(host, chance.choice([_P + "Extensions", _D + "Object", _S + "Subject", "{urn:x}x"]))
    host.insert(chance.randint(0, len(host)), root)
    if chance.random() < 0.2:
        wrapper = etree.Element(twin.tag, attrib=dict(twin.attrib), nsmap=twin.nsmap)
        wrapper.append(twin)
        return wrapper
    return twin


TREE: list[Callable[[random.Random, Tree, Tree], Tree]] = [
    _set_attribute, _drop_attribute, _set_text, _drop, _repeat, _move, _rename, _add, _splice, _deepen, _widen, _wrap, _wrap,
]  # fmt: skip


def _put(chance: random.Random, root: Tree, node: Tree) -> None:
    host = chance.choice([one for one in root.iter() if one is not node])
    host.insert(chance.randint(0, len(host)), node)


def _value(chance: random.Random) -> str:
    return chance.choice(_VALUES)


def in_the_tree(chance: random.Random, xml: str, other: str) -> bytes:
    """Return *xml* with one to three things done to its tree; *other* is another message, for parts."""
    root, more = etree.fromstring(xml), etree.fromstring(other)
    for _ in range(chance.choice([1, 1, 2, 3])):
        root = chance.choice(TREE)(chance, root, more)
    return etree.tostring(root)


# The octets


def in_the_octets(chance: random.Random, xml: str | bytes) -> bytes:
    """Return *xml* with one to four things done to its octets, well-formed or not."""
    octets = bytearray(xml.encode() if isinstance(xml, str) else xml)
    for _ in range(chance.randint(1, 4)):
        at, other = sorted((chance.randrange(len(octets) + 1), chance.randrange(len(octets) + 1)))
        match chance.randrange(8):
            case 0:
                octets[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del octets[at:other]
            case 2:
                octets[at:at] = octets[at:other]
            case 3:
                octets[at:at] = chance.choice(PIECES).encode("utf-8", "surrogatepass")
            case 4:
                octets[at:other] = chance.choice(PIECES).encode("utf-8", "surrogatepass")
            case 5:
                octets = bytearray(bytes(octets).replace(b"https://sp.example/acs", EVIL.encode()))
            case 6:
                if octets:
                    octets[at % len(octets)] ^= 1 << chance.randrange(8)
            case _:
                parts = bytes(octets).split(b'"')
                parts[chance.randrange(len(parts))] = _value(chance).encode()
                octets = bytearray(b'"'.join(parts))
    return bytes(octets)


# What is around them


def packed(octets: bytes, level: int = -1) -> bytes:
    """Return *octets* as raw DEFLATE."""
    packer = zlib.compressobj(level, wbits=-zlib.MAX_WBITS)
    return packer.compress(octets) + packer.flush()


def damaged_deflate(chance: random.Random, octets: bytes) -> bytes:
    """Return *octets* compressed, but not as they should be."""
    whole = bytearray(packed(octets))
    match chance.randrange(8):
        case 0:
            return zlib.compress(octets)
        case 1:
            return bytes(whole[: chance.randrange(len(whole))])
        case 2:
            return bytes(whole) + chance.randbytes(chance.randint(1, 20))
        case 3:
            return packed(bytes(whole))
        case 4:
            return octets
        case 5:
            return packed(bytes(200_000) + octets)
        case 6:
            return packed(octets + b" " * chance.choice([1, 1000, 200_000]))
        case _:
            for _ in range(chance.randint(1, 3)):
                whole[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
            return bytes(whole)


def damaged_base64(chance: random.Random, octets: bytes) -> str:
    """Return *octets* in base64, but not as it should be (line breaks excepted, which a form may have)."""
    whole = base64.b64encode(octets).decode()
    at = chance.randrange(len(whole) + 1)
    match chance.randrange(8):
        case 0:
            return whole[:at] + chance.choice([" ", "\t", "=", "!", "-", "_", "\x00", "é", "\u2028"]) + whole[at:]
        case 1:
            return whole[:at]
        case 2:
            return whole.replace("+", "-").replace("/", "_").rstrip("=")
        case 3:
            return whole + "=" * chance.randint(1, 3)
        case 4:
            return base64.b64encode(whole.encode()).decode()
        case 5:
            return base64.encodebytes(octets).decode()
        case 6:
            return whole + whole
        case _:
            return whole[:at] + chance.choice("AZaz09+/") + whole[at + 1 :]


def damaged_query(chance: random.Random, query: str) -> str:
    """Return *query* (of a redirect, or the body of a form) with its parameters doubled, swapped, renamed or cut."""
    parts = query.split("&")
    for _ in range(chance.choice([1, 1, 2])):
        at = chance.randrange(len(parts))
        name, _, value = parts[at].partition("=")
        match chance.randrange(11):
            case 0:
                parts.insert(chance.randint(0, len(parts)), parts[at])
            case 1:
                parts.insert(chance.randint(0, len(parts)), f"{name}={quote(_value(chance), safe='')}")
            case 2:
                chance.shuffle(parts)
            case 3:
                parts[at] = f"{chance.choice(['SAMLResponse', 'samlrequest', 'SAMLart', 'x', name + '[]', ''])}={value}"
            case 4:
                parts[at] = f"%{ord(name[0]):02x}{name[1:]}={value}" if name else "=" + value
            case 5:
                parts[at] = parts[at].lower() if chance.random() < 0.5 else parts[at].replace("%2B", "+")
            case 6:
                del parts[at]
                if not parts:
                    parts = [""]
            case 7:
                parts[at] = f"{name}={quote(_value(chance), safe='')}"
            case 8:
                parts.append(
                    chance.choice(["RelayState=other", "SAMLEncoding=x", "SigAlg=", "Signature=", "a=b", "%", "&" * 70])
                )
            case 9:
                cut = chance.randrange(len(value) + 1)
                parts[at] = (
                    f"{name}={value[:cut]}{chance.choice(['', '%', '%0', '%zz', '%00', '%ff', '+'])}{value[cut:]}"
                )
            case _:
                parts[at] = f"{name}={quote(value, safe='')}"
    return "&".join(parts)
