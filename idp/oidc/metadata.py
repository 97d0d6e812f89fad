"""
Client metadata (RFC 7591 section 2, OpenID Connect Dynamic Client Registration 1.0 section 2).

What we do not know is ignored, as RFC 7591 asks; what we know and do not offer is refused in
plain words, because whoever asks for encryption must not get plain text instead.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

from idp.base.errors import Invalid
from idp.base.texts import phrase
from idp.directory import names
from idp.oidc import addresses, jose, jwe
from idp.oidc.addresses import LONGEST, RESPONSE_PARAMETERS, Kinds

AUTHORIZATION_CODE, REFRESH_TOKEN, CLIENT_CREDENTIALS = "authorization_code", "refresh_token", "client_credentials"
IMPLICIT, DEVICE_CODE = "implicit", "urn:ietf:params:oauth:grant-type:device_code"
GRANT_TYPES = (AUTHORIZATION_CODE, REFRESH_TOKEN, CLIENT_CREDENTIALS, DEVICE_CODE, IMPLICIT)
CODE, TOKEN, ID_TOKEN = "code", "token", "id_token"
LEGACY_RESPONSE_TYPES = ("id_token", "id_token token", "code id_token", "code token", "code id_token token")
"""What RFC 9700 section 2.1.2 advises against: tokens in an address. Per client, never by default."""
RESPONSE_TYPES = (CODE, *LEGACY_RESPONSE_TYPES)
UNSIGNED = "none"
ENCRYPTION_ALGORITHMS, ENCRYPTION_METHODS = jwe.ALGORITHMS, jwe.METHODS
DEFAULT_ENCRYPTION_METHOD = "A128CBC-HS256"  # OpenID Connect Dynamic Client Registration 1.0 section 2
PUBLIC, PAIRWISE = "public", "pairwise"
SUBJECT_TYPES = (PUBLIC, PAIRWISE)
SECRET_BASIC, SECRET_POST = "client_secret_basic", "client_secret_post"
PRIVATE_KEY_JWT, NONE = "private_key_jwt", "none"
AUTHENTICATION_METHODS = (SECRET_BASIC, SECRET_POST, PRIVATE_KEY_JWT, NONE)
WEB, NATIVE = "web", "native"

MOST_SCOPES = 50
LONGEST_SCOPE = 1024
_SCOPE_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")  # RFC 6749 section 3.3
_MOST_TEXTS = 50
_MADE_HERE = (
    "client_id",
    "client_secret",
    "client_id_issued_at",
    "client_secret_expires_at",
    "registration_access_token",
    "registration_client_uri",
)
_PAGES = ("client_uri", "logo_uri", "policy_uri", "tos_uri")
_START_PARAMETERS = ("iss", "login_hint", "target_link_uri")  # OpenID Connect Core section 4
_TEXTS = ("software_id", "software_version")
_NOT_OFFERED = {
    "request_object_encryption_alg": "Encrypted request objects",
    "request_object_encryption_enc": "Encrypted request objects",
    "tls_client_certificate_bound_access_tokens": "Certificate-bound tokens",
    "authorization_signed_response_alg": "Signed authorization responses (JARM)",
    "authorization_encrypted_response_alg": "Encrypted authorization responses (JARM)",
    "authorization_encrypted_response_enc": "Encrypted authorization responses (JARM)",
    "introspection_signed_response_alg": "Signed introspection answers",
    "introspection_encrypted_response_alg": "Encrypted introspection answers",
    "backchannel_token_delivery_mode": "Sign-on without a browser (CIBA)",
}


def scopes(value: str) -> tuple[str, ...]:
    """
    Return the tokens of a scope, each once, in order (RFC 6749 section 3.3; O20).

    Raises:
        ValueError: too long, too many, or malformed; the message is one of ours.
    """
    if len(value) > LONGEST_SCOPE:
        raise ValueError("The scope is too long.")
    found = tuple(dict.fromkeys(token for token in value.split(" ") if token))
    if len(found) > MOST_SCOPES:
        raise ValueError("The scope has too many parts.")
    if not all(_SCOPE_TOKEN.fullmatch(token) for token in found):
        raise ValueError("The scope has characters that a scope cannot have.")
    return found


def read(metadata: Mapping[str, Any], *, allow_http_loopback: bool) -> dict[str, Any]:
    """
    Return the registration that *metadata* asks for: checked, with the defaults filled in.

    Raises:
        Invalid: something in it cannot be registered; ``field`` names it.
    """
    metadata = {name: value for name, value in metadata.items() if value is not None}  # RFC 7592 section 2.2
    for name in _MADE_HERE:
        if name in metadata:
            raise Invalid(phrase("“%(name)s” is made here. Leave it out.", name=name), field=name)
    for name, what in _NOT_OFFERED.items():
        if metadata.get(name):
            raise Invalid(
                phrase("%(what)s are not offered here. Leave out “%(name)s”.", what=what, name=name), field=name
            )
    made: dict[str, Any] = {}
    made["token_endpoint_auth_method"] = _one_of(
        metadata, "token_endpoint_auth_method", AUTHENTICATION_METHODS, SECRET_BASIC
    )
    _read_flows(metadata, made)
    answers_browsers = bool(made["response_types"])
    signs_people_on = answers_browsers or DEVICE_CODE in made["grant_types"]
    made["application_type"] = _one_of(metadata, "application_type", (WEB, NATIVE), _likely_type(metadata, made))
    _check_grants(made)
    _read_addresses(metadata, made, answers_browsers, allow_http_loopback=allow_http_loopback)
    made["client_name"] = _name(metadata, made)
    _read_keys(metadata, made, allow_http_loopback=allow_http_loopback)
    _read_scope(metadata, made, signs_people_on)
    _read_tokens(metadata, made)
    _read_encryption(metadata, made)
    _read_subjects(metadata, made, allow_http_loopback=allow_http_loopback)
    _read_requests(metadata, made, allow_http_loopback=allow_http_loopback)
    _read_sign_on(metadata, made)
    for name in _TEXTS:
        if metadata.get(name):
            made[name] = _text(metadata, name)
    if metadata.get("contacts"):
        made["contacts"] = _texts(metadata, "contacts")
    return made


def _name(metadata: Mapping[str, Any], made: dict[str, Any]) -> str:
    """The name that people read; one that has none is called by its host (RFC 7591 section 2)."""
    if "client_name" in metadata:
        return names.name(_text(metadata, "client_name"), field="client_name")
    hosts = (urlsplit(address).hostname for address in (made.get("client_uri", ""), *made["redirect_uris"]))
    return next((host for host in hosts if host), "Application without a name")


def canonical_response_type(value: str) -> str:
    """Return *value* with its parts in the order of `RESPONSE_TYPES`; order means nothing (RFC 6749 section 3.1.1)."""
    if value == CODE:
        return value
    parts = sorted(value.split(" "), key=lambda part: (part != "code", part != "id_token", part))
    return " ".join(parts)


def legacy(response_types: Collection[str]) -> tuple[str, ...]:
    """Return those of *response_types* that answer with a token in an address (RFC 9700 section 2.1.2)."""
    return tuple(one for one in response_types if one in LEGACY_RESPONSE_TYPES)


def _read_flows(metadata: Mapping[str, Any], made: dict[str, Any]) -> None:
    """Response types and grant types; where only one of the two is said, the other follows from it."""
    said = metadata.get("response_types")
    stated = said
    if isinstance(said, list):
        stated = [canonical_response_type(one) if isinstance(one, str) else one for one in said]
    types = _some_of({"response_types": stated} if said is not None else {}, "response_types", RESPONSE_TYPES, [CODE])
    follows = [AUTHORIZATION_CODE] if any(CODE in one.split() for one in types) else []
    follows += [IMPLICIT] if any(one != CODE for one in types) else []
    made["grant_types"] = _some_of(metadata, "grant_types", GRANT_TYPES, follows or [AUTHORIZATION_CODE])
    if said is None and AUTHORIZATION_CODE not in made["grant_types"]:
        types = []
    made["response_types"] = types


def _check_grants(made: dict[str, Any]) -> None:
    grants, method, types = made["grant_types"], made["token_endpoint_auth_method"], made["response_types"]
    if any(CODE in one.split() for one in types) != (AUTHORIZATION_CODE in grants):
        raise Invalid(
            "The response type “code” and the grant type “authorization_code” go together.", field="response_types"
        )
    if any(one != CODE for one in types) != (IMPLICIT in grants):
        raise Invalid(
            "The grant type “implicit” goes with the response types that answer with a token in the address.",
            field="grant_types",
        )
    if REFRESH_TOKEN in grants and not {AUTHORIZATION_CODE, DEVICE_CODE} & {*grants}:
        raise Invalid(
            "Refresh tokens come with the grant type “authorization_code” or that of devices only.", field="grant_types"
        )
    if CLIENT_CREDENTIALS in grants and method == NONE:
        raise Invalid(
            "A public client (method “none”) has no credentials, so it cannot use “client_credentials”.",
            field="grant_types",
        )


def _likely_type(metadata: Mapping[str, Any], made: dict[str, Any]) -> str:
    """A public client with an address that only a native application can have is one (RFC 8252)."""
    if made["token_endpoint_auth_method"] != NONE:
        return WEB
    uris = metadata.get("redirect_uris")
    listed = [u for u in uris if isinstance(u, str)] if isinstance(uris, list) else []
    return NATIVE if any(not u.startswith(("https:", "http:")) or _on_loopback(u) for u in listed) else WEB


def _on_loopback(address: str) -> bool:
    return address.startswith(("http://127.0.0.1:", "http://127.0.0.1/", "http://[::1]:", "http://[::1]/"))


def _read_addresses(
    metadata: Mapping[str, Any], made: dict[str, Any], answers_browsers: bool, *, allow_http_loopback: bool
) -> None:
    native = made["application_type"] == NATIVE
    kinds = Kinds(http_loopback=allow_http_loopback, http_loopback_addresses=native, private_schemes=native)
    made["redirect_uris"] = _addresses(metadata, "redirect_uris", kinds, RESPONSE_PARAMETERS)
    if answers_browsers and not made["redirect_uris"]:
        raise Invalid("Name at least one address to come back to.", field="redirect_uris")
    made["post_logout_redirect_uris"] = _addresses(metadata, "post_logout_redirect_uris", kinds, ("state",))
    pages = Kinds(http_loopback=allow_http_loopback)
    for name in _PAGES:
        if metadata.get(name):
            made[name] = _address(metadata[name], name, pages, ())
    start = metadata.get("initiate_login_uri")
    if start:
        made["initiate_login_uri"] = _address(start, "initiate_login_uri", pages, _START_PARAMETERS)
    _read_logout(metadata, made, pages)


def _read_logout(metadata: Mapping[str, Any], made: dict[str, Any], kinds: Kinds) -> None:
    """
    OpenID Connect Back-Channel Logout 1.0 section 2.2, Front-Channel Logout 1.0 section 2.

    Every logout token has a sid, so wanting one costs nothing. The front channel adds ``iss`` and ``sid``, to an
    address with scheme, host and port of a redirect URI.
    """
    for channel, reserved in (("backchannel", ()), ("frontchannel", ("iss", "sid"))):
        address, wants_sid = f"{channel}_logout_uri", f"{channel}_logout_session_required"
        if metadata.get(address):
            made[address] = _address(metadata[address], address, kinds, reserved)
        if metadata.get(wants_sid) is not None:
            made[wants_sid] = _flag(metadata, wants_sid)
    framed = made.get("frontchannel_logout_uri")
    if framed and addresses.origin(framed) not in map(addresses.origin, made["redirect_uris"]):
        raise Invalid(
            "The address for front-channel logout must have scheme, host and port of a redirect URI.",
            field="frontchannel_logout_uri",
        )


def _read_keys(metadata: Mapping[str, Any], made: dict[str, Any], *, allow_http_loopback: bool) -> None:
    jwks, jwks_uri = metadata.get("jwks"), metadata.get("jwks_uri")
    if jwks and jwks_uri:
        raise Invalid("Give the keys themselves or their address, not both.", field="jwks")
    if jwks:
        if not isinstance(jwks, dict):
            raise Invalid("“jwks” is an object with a list “keys”.", field="jwks")
        try:
            keys = jose.client_keys(jwks)
        except jose.UnusableKeys as error:
            raise Invalid(str(error), field="jwks") from error
        if made["token_endpoint_auth_method"] == PRIVATE_KEY_JWT and not _fitting(keys, jose.CLIENT_ALGORITHMS):
            raise Invalid("“private_key_jwt” needs a key for signatures; these are for encryption only.", field="jwks")
        made["jwks"] = jwks
    if jwks_uri:
        made["jwks_uri"] = _address(jwks_uri, "jwks_uri", Kinds(http_loopback=allow_http_loopback), ())
    if made["token_endpoint_auth_method"] == PRIVATE_KEY_JWT:
        if not jwks and not jwks_uri:
            raise Invalid("“private_key_jwt” needs the client's public keys: “jwks” or “jwks_uri”.", field="jwks")
        stated = "token_endpoint_auth_signing_alg"
        if metadata.get(stated):
            made[stated] = _one_of(metadata, stated, jose.CLIENT_ALGORITHMS, jose.RS256)


def _fitting(keys: Collection[jose.KnownKey], algorithms: Collection[str]) -> bool:
    return any(not key.algorithms.isdisjoint(algorithms) for key in keys)


def _read_scope(metadata: Mapping[str, Any], made: dict[str, Any], signs_people_on: bool) -> None:
    default = "openid profile email address phone groups" if signs_people_on else ""
    if signs_people_on and REFRESH_TOKEN in made["grant_types"]:
        default += " offline_access"
    try:
        made["scope"] = " ".join(scopes(_text(metadata, "scope") if metadata.get("scope") else default))
    except ValueError as error:
        raise Invalid(str(error), field="scope") from error


def _read_tokens(metadata: Mapping[str, Any], made: dict[str, Any]) -> None:
    ours = tuple(jose.SIGNING_ALGORITHMS)
    made["id_token_signed_response_alg"] = _one_of(metadata, "id_token_signed_response_alg", ours, jose.RS256)
    made["access_token_signed_response_alg"] = _one_of(metadata, "access_token_signed_response_alg", ours, jose.ES256)
    if metadata.get("userinfo_signed_response_alg"):
        made["userinfo_signed_response_alg"] = _one_of(metadata, "userinfo_signed_response_alg", ours, jose.RS256)
    if metadata.get("dpop_bound_access_tokens") is not None:  # RFC 9449 section 5.2
        made["dpop_bound_access_tokens"] = _flag(metadata, "dpop_bound_access_tokens")
        if made["dpop_bound_access_tokens"] and any("token" in one.split() for one in made["response_types"]):
            raise Invalid(
                "Access tokens that come in an address cannot be bound to a key.",
                field="dpop_bound_access_tokens",
                advice="Leave out “dpop_bound_access_tokens”, or the response types with “token”.",
            )


def _read_encryption(metadata: Mapping[str, Any], made: dict[str, Any]) -> None:
    """OpenID Connect Dynamic Client Registration 1.0 section 2: a method of encryption needs an algorithm, and keys."""
    for what in ("id_token", "userinfo"):
        algorithm, method = f"{what}_encrypted_response_alg", f"{what}_encrypted_response_enc"
        if metadata.get(algorithm):
            made[algorithm] = _one_of(metadata, algorithm, ENCRYPTION_ALGORITHMS, ENCRYPTION_ALGORITHMS[0])
            made[method] = _one_of(metadata, method, ENCRYPTION_METHODS, DEFAULT_ENCRYPTION_METHOD)
            if "jwks" not in made and "jwks_uri" not in made:
                raise Invalid(
                    phrase(
                        "“%(algorithm)s” needs the client's public keys: “jwks” or “jwks_uri”.", algorithm=algorithm
                    ),
                    field="jwks",
                )
            if "jwks" in made and not _fitting(jose.client_keys(made["jwks"]), [made[algorithm]]):
                raise Invalid(
                    phrase("None of the client's keys is for “%(made)s”.", made=made[algorithm]), field="jwks"
                )
        elif metadata.get(method):
            raise Invalid(
                phrase("“%(method)s” goes with “%(algorithm)s” only.", method=method, algorithm=algorithm), field=method
            )


def _read_subjects(metadata: Mapping[str, Any], made: dict[str, Any], *, allow_http_loopback: bool) -> None:
    """OpenID Connect Core section 8: how the client knows people. What the sector's address says is read by `sectors`."""
    made["subject_type"] = _one_of(metadata, "subject_type", SUBJECT_TYPES, PUBLIC)
    if metadata.get("sector_identifier_uri"):
        kinds = Kinds(http_loopback=allow_http_loopback)
        made["sector_identifier_uri"] = _address(metadata["sector_identifier_uri"], "sector_identifier_uri", kinds, ())


def _read_requests(metadata: Mapping[str, Any], made: dict[str, Any], *, allow_http_loopback: bool) -> None:
    """How authorization requests may come: by request objects (RFC 9101 section 10.5), pushed (RFC 9126 section 6)."""
    if metadata.get("request_object_signing_alg"):
        known = (UNSIGNED, *jose.CLIENT_ALGORITHMS)
        made["request_object_signing_alg"] = _one_of(metadata, "request_object_signing_alg", known, jose.RS256)
    for name in ("require_signed_request_object", "require_pushed_authorization_requests"):
        if metadata.get(name) is not None:
            made[name] = _flag(metadata, name)
    if metadata.get("request_uris"):
        kinds = Kinds(http_loopback=allow_http_loopback)
        listed = _texts(metadata, "request_uris")
        for address in listed:  # a fragment is the hash of what is found there (OpenID Connect Core section 6.2)
            _address(address.partition("#")[0], "request_uris", kinds, ())
        made["request_uris"] = list(dict.fromkeys(listed))
    if made.get("require_signed_request_object"):
        if made.get("request_object_signing_alg") == UNSIGNED:
            raise Invalid(
                "Signed request objects are required, but the algorithm is “none”.", field="request_object_signing_alg"
            )
        if "jwks" not in made and "jwks_uri" not in made:
            raise Invalid("Signed request objects need the client's public keys: “jwks” or “jwks_uri”.", field="jwks")


def _flag(metadata: Mapping[str, Any], name: str) -> bool:
    if not isinstance(metadata[name], bool):
        raise Invalid(phrase("“%(name)s” is true or false.", name=name), field=name)
    return bool(metadata[name])


def _read_sign_on(metadata: Mapping[str, Any], made: dict[str, Any]) -> None:
    age = metadata.get("default_max_age")
    if age is not None:
        if isinstance(age, bool) or not isinstance(age, int) or not 0 <= age <= 10**8:
            raise Invalid("“default_max_age” is a number of seconds.", field="default_max_age")
        made["default_max_age"] = age
    if metadata.get("require_auth_time") is not None:
        made["require_auth_time"] = _flag(metadata, "require_auth_time")
    if metadata.get("default_acr_values"):
        made["default_acr_values"] = _texts(metadata, "default_acr_values")


def _text(metadata: Mapping[str, Any], name: str) -> str:
    value = metadata.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST:
        raise Invalid(phrase("“%(name)s” is a text.", name=name), field=name)
    return value


def _texts(metadata: Mapping[str, Any], name: str) -> list[str]:
    value = metadata.get(name)
    if not isinstance(value, list) or not all(isinstance(v, str) and len(v) <= LONGEST for v in value):
        raise Invalid(phrase("“%(name)s” is a list of texts.", name=name), field=name)
    if len(value) > _MOST_TEXTS:
        raise Invalid(
            phrase("“%(name)s” has at most %(most_texts)s entries.", name=name, most_texts=_MOST_TEXTS), field=name
        )
    return value


def _one_of(metadata: Mapping[str, Any], name: str, known: tuple[str, ...], default: str) -> str:
    value = metadata.get(name, default)
    if value not in known:
        raise Invalid(
            phrase("“%(name)s” cannot be “%(value)s” here.", name=name, value=str(value)[:80]),
            field=name,
            advice=phrase("Choose among %(value)s.", value=", ".join(known)),
        )
    return str(value)


def _some_of(metadata: Mapping[str, Any], name: str, known: tuple[str, ...], default: list[str]) -> list[str]:
    value = metadata.get(name, default)
    if not isinstance(value, list):
        raise Invalid(phrase("“%(name)s” is a list.", name=name), field=name)
    odd = [v for v in value if v not in known]
    if odd:
        raise Invalid(
            phrase("“%(name)s” cannot hold “%(value)s” here.", name=name, value=str(odd[0])[:80]),
            field=name,
            advice=phrase("Choose among %(value)s.", value=", ".join(known)),
        )
    return [v for v in known if v in value]


def _address(value: object, name: str, kinds: Kinds, reserved: Collection[str]) -> str:
    found = addresses.fault(value, kinds, reserved=reserved)
    if found is not None:
        raise Invalid(found, field=name)
    return str(value)


def _addresses(metadata: Mapping[str, Any], name: str, kinds: Kinds, reserved: Collection[str]) -> list[str]:
    listed = _texts(metadata, name) if metadata.get(name) else []
    return [_address(value, name, kinds, reserved) for value in dict.fromkeys(listed)]
