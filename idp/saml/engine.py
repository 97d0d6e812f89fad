"""
The only file that imports pysaml2: its classes read a service provider's metadata.

Imported where it is needed and not before, because importing it takes as long as a hundred
sign-ons. Nothing of pysaml2 comes out, and nothing goes in that has not passed the gate: of its
security it is asked nothing (threats, "Library traps").
"""

import re
from typing import Any

from lxml import etree
from saml2 import SAMLError, md
from saml2.extension import mdui
from saml2.saml import NameIDType_

from idp.saml.description import (
    About,
    EncryptionKey,
    EncryptionMethod,
    Endpoint,
    RequestedAttribute,
    SpDescription,
)
from idp.saml.gate import Tree
from idp.saml.instants import read_duration, read_instant
from idp.saml.names import DS, MDUI, SAMLP, XENC11

_SPACE = re.compile(r"\s+")
_SIGNING, _ENCRYPTION = "signing", "encryption"


class NotUnderstood(Exception):
    """The document is no metadata of one service provider; the message is one of ours."""


def describe(root: Tree) -> SpDescription:
    """
    Return what the EntityDescriptor *root*, which has passed the gate, says of its service provider.

    Nothing is judged here: addresses and certificates are as they were written.

    Raises:
        NotUnderstood: it describes no service provider of SAML 2.0.
    """
    document = etree.tostring(root, method="c14n", exclusive=True)
    try:
        entity = md.entity_descriptor_from_string(document)
    except (SAMLError, AttributeError, KeyError, TypeError, ValueError):
        entity = None
    if entity is None:
        raise NotUnderstood("The document is no metadata of one entity.")
    roles = [role for role in entity.spsso_descriptor if SAMLP in (role.protocol_support_enumeration or "").split()]
    if not roles:
        raise NotUnderstood("The metadata describes no service provider of SAML 2.0.")
    role = roles[0]
    service = _attribute_service(role.attribute_consuming_service)
    info = _user_interface(role)
    keys = [(key.use, certificate, key) for key in role.key_descriptor for certificate in _certificates(key)]
    return SpDescription(
        entity_id=entity.entity_id or "",
        display_name=_display_name(info, service) or _organization(role) or _organization(entity),
        assertion_consumers=tuple(_indexed(endpoint) for endpoint in role.assertion_consumer_service),
        logout_endpoints=tuple(_endpoint(endpoint) for endpoint in role.single_logout_service),
        # No use means both (SAML Metadata 2.0 section 2.4.1.1).
        signing_certificates=tuple(dict.fromkeys(der for use, der, _ in keys if use != _ENCRYPTION)),
        encryption_keys=tuple(EncryptionKey(der, _methods(key)) for use, der, key in keys if use != _SIGNING),
        nameid_formats=tuple(text for text in (_text(format_) for format_ in role.name_id_format) if text),
        requested_attributes=_requested(service),
        authn_requests_signed=_is_true(role.authn_requests_signed),
        want_assertions_signed=_is_true(role.want_assertions_signed),
        valid_until=_earliest(entity.valid_until, role.valid_until),
        about=_about(info),
        cache_seconds=_shortest(entity.cache_duration, role.cache_duration),
        name_id_endpoints=tuple(_endpoint(endpoint) for endpoint in role.manage_name_id_service),
    )


def _indexed(found: Any) -> Endpoint:
    index = (found.index or "").strip()
    return Endpoint(
        binding=found.binding or "",
        location=found.location or "",
        index=int(index) if index.isdecimal() and index.isascii() and len(index) <= 5 else None,
        is_default=None if found.is_default is None else _is_true(found.is_default),
    )


def _endpoint(found: Any) -> Endpoint:
    return Endpoint(found.binding or "", found.location or "", found.response_location or "")


def _certificates(key: Any) -> list[str]:
    data = key.key_info.x509_data if key.key_info is not None else []
    found = [item.x509_certificate for item in data]
    each = [one for item in found for one in (item if isinstance(item, list) else [item]) if one is not None]
    return [_SPACE.sub("", one.text or "") for one in each]


def _methods(key: Any) -> tuple[EncryptionMethod, ...]:
    """Digest and mask function stand inside of EncryptionMethod, where pysaml2 knows of no children."""
    found = []
    for method in key.encryption_method:
        inside = {
            (child.namespace, child.tag): child.attributes.get("Algorithm", "") for child in method.extension_elements
        }
        found.append(
            EncryptionMethod(
                method.algorithm or "", inside.get((DS, "DigestMethod"), ""), inside.get((XENC11, "MGF"), "")
            )
        )
    return tuple(found)


def _attribute_service(services: list[Any]) -> Any:
    return next((s for s in services if _is_true(s.is_default)), services[0] if services else None)


def _requested(service: Any) -> tuple[RequestedAttribute, ...]:
    if service is None:
        return ()
    return tuple(
        RequestedAttribute(one.name or "", one.friendly_name or "", _is_true(one.is_required), one.name_format or "")
        for one in service.requested_attribute
    )


def _display_name(info: Any, service: Any) -> str:
    """The name that the service provider gives itself: of its user interface, else of its attribute service."""
    names: list[Any] = list(info.display_name) if info is not None else []
    if not names and service is not None:
        names = list(service.service_name)
    return _english(names)


def _user_interface(role: Any) -> Any:
    for extension in role.extensions.extension_elements if role.extensions is not None else []:
        if (extension.namespace, extension.tag) == (MDUI, "UIInfo"):
            return mdui.ui_info_from_string(extension.to_string())
    return None


def _about(info: Any) -> About:
    if info is None:
        return About()
    return About(
        names=tuple((name.lang or "", _text(name)) for name in info.display_name),
        description=_english(info.description),
        logo_url=_text(info.logo[0]) if info.logo else "",
        information_url=_english(info.information_url),
        privacy_url=_english(info.privacy_statement_url),
    )


def _organization(of: Any) -> str:
    return "" if of.organization is None else _english(of.organization.organization_display_name)


def _english(names: list[Any]) -> str:
    chosen = next((name for name in names if (name.lang or "").startswith("en")), names[0] if names else None)
    return "" if chosen is None else _text(chosen)


def _text(node: NameIDType_) -> str:
    return _SPACE.sub(" ", node.text or "").strip()


def _is_true(value: Any) -> bool:
    return str(value).strip().lower() in ("true", "1")


def _earliest(*instants: str | None) -> Any:
    known = [read_instant(one) for one in instants if one]
    return min(known) if known else None


def _shortest(*durations: str | None) -> int | None:
    known = [read_duration(one) for one in durations if one]
    return min(known) if known else None
