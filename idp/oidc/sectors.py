"""
Which clients know a person by one and the same pairwise subject (OpenID Connect Core section 8.1,
Dynamic Client Registration 1.0 section 5).

A sector is a host: that of a client's redirect URIs, or that of a ``sector_identifier_uri``, whose
list must then hold every one of them. So nobody gets into a sector who does not answer for a host of it: neither
by an address that people come back to, nor by one that logout tokens, which name the person, are sent to.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson

from idp.base.errors import IdpError, Invalid
from idp.base.texts import phrase
from idp.oidc import addresses
from idp.oidc.addresses import Kinds
from idp.oidc.metadata import NATIVE, PAIRWISE
from idp.oidc.subjects import PUBLIC

FIELD = "sector_identifier_uri"
LONGEST_BYTES = 256 * 1024
_MOST = 1000


def listed(
    asked: Mapping[str, Any], get: Callable[[str], bytes], *, allow_http_loopback: bool
) -> tuple[str, ...] | None:
    """
    Return the redirect URIs that the ``sector_identifier_uri`` of *asked* lists; None where there is none.

    Call it while no transaction is open, before the client is saved.

    Args:
        get: the guarded way to the outside, at most `LONGEST_BYTES`; it raises an `IdpError` where it got
            no answer.

    Raises:
        Invalid: the address cannot be registered, does not answer, or what is there is no such list.
    """
    address = asked.get(FIELD)
    if not address:
        return None
    found = addresses.fault(address, Kinds(http_loopback=allow_http_loopback))
    if found is not None:
        raise Invalid(found, field=FIELD)
    try:
        said = orjson.loads(get(str(address)))
    except IdpError as error:
        raise Invalid(
            phrase("“%(field)s” could not be read.", field=FIELD),
            field=FIELD,
            advice="It must answer with a JSON list of the redirect URIs of its sector.",
            cause=error.cause,
        ) from error
    except ValueError as error:
        raise _no_list() from error
    if not isinstance(said, list) or len(said) > _MOST or not all(isinstance(uri, str) for uri in said):
        raise _no_list()
    return tuple(said)


def of(registration: Mapping[str, Any], sector_uris: Collection[str] | None) -> str:
    """
    Return the sector of the client of *registration*: a host, or `PUBLIC` where its subjects are public.

    Args:
        sector_uris: what `listed` returned.

    Raises:
        Invalid: the client belongs to no one sector, or not to the one that it names.
    """
    redirect_uris = registration["redirect_uris"]
    address = registration.get(FIELD)
    if address is not None:
        missing = [uri for uri in redirect_uris if uri not in (sector_uris or ())]
        if missing:
            raise Invalid(
                phrase("“%(missing)s” is not in the list at “%(field)s”.", missing=missing[0], field=FIELD),
                field=FIELD,
                advice="The list holds every redirect URI of the client, octet by octet.",
            )
    if registration["subject_type"] != PAIRWISE:
        return PUBLIC
    if not redirect_uris:
        raise Invalid(
            "Pairwise subjects need redirect URIs: they say which sector the client belongs to.", field="subject_type"
        )
    sector = _sector(registration, address)
    _check_told(registration, {sector, *(urlsplit(uri).hostname for uri in redirect_uris)})
    return sector


def _sector(registration: Mapping[str, Any], address: str | None) -> str:
    if address is not None:
        return str(urlsplit(address).hostname)
    hosts = {_host(registration, uri) for uri in registration["redirect_uris"]}
    if len(hosts) != 1 or None in hosts:
        raise Invalid(
            phrase(
                "The redirect URIs are not of one host, so “%(field)s” must say which sector the client belongs to.",
                field=FIELD,
            ),
            field=FIELD,
            advice="It is the address of a JSON list of all of them.",
        )
    return str(hosts.pop())


def _check_told(registration: Mapping[str, Any], hosts: Collection[str | None]) -> None:
    """Back-Channel Logout 1.0 section 2.4: a logout token says ``sub`` and ``sid``, which are the sector's alone."""
    told = registration.get("backchannel_logout_uri")
    if told is not None and urlsplit(told).hostname not in hosts:
        raise Invalid(
            "A client with pairwise subjects is told of logouts at a host of its sector only.",
            field="backchannel_logout_uri",
            advice="It is the host of a redirect URI, or that of the sector_identifier_uri.",
        )


def _host(registration: Mapping[str, Any], uri: str) -> str | None:
    """The host that answers for *uri*; loopback and a private scheme are every native application's."""
    parts = urlsplit(uri)
    if parts.scheme not in ("https", "http") or (registration["application_type"] == NATIVE and parts.scheme == "http"):
        return None
    return parts.hostname


def _no_list() -> Invalid:
    return Invalid(
        phrase("What is at “%(field)s” is no JSON list of redirect URIs.", field=FIELD),
        field=FIELD,
        advice='It looks like ["https://rp.example/callback"].',
    )
