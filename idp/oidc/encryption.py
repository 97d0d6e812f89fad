"""
What we say to a client alone is encrypted to its own key (OpenID Connect Core sections 10.2 and 16.14).

Signed first, then encrypted. A client that has asked for this never gets plain text instead: where it
has no usable key, it is refused, and its administrator reads why.
"""

from idp.base.texts import joined, phrase, words_of
from idp.oidc import jwe, remote_keys
from idp.oidc.client_facts import ClientFacts
from idp.oidc.errors import CannotEncrypt
from idp.oidc.jose import KnownKey
from idp.oidc.remote_keys import KeysWanted, Wanted


def encrypted(client: ClientFacts, by: tuple[str, str], said: str, *, nested: bool = True) -> str | Wanted:
    """
    Return *said* encrypted to a key of *client*; or which keys must be fetched before that can be done.

    Args:
        by: algorithm and method, as `ClientFacts` has them.
        nested: *said* is a signed JWT.

    Raises:
        CannotEncrypt: the client has no key for that algorithm, or one that is none: of its own making, so that it
            is the client's fault and nobody else's.
    """
    algorithm, method = by
    keys = remote_keys.known(client.keys_at, None, algorithm=algorithm) if client.keys_at else client.keys
    if isinstance(keys, Wanted):
        return keys
    fitting = [key for key in keys if algorithm in key.algorithms]
    if not fitting:
        why = remote_keys.fault(client.keys_at) if client.keys_at else ""
        cause = phrase("no key of the client is for %(algorithm)s", algorithm=algorithm)
        raise CannotEncrypt(cause=joined([cause, why], ": ") if why else cause)
    key = min(fitting, key=_is_for_more)
    try:
        return jwe.encrypt(said.encode("utf-8"), key.key, key.id, algorithm, method, nested=nested)
    except ValueError as error:
        raise CannotEncrypt(
            cause=phrase(
                "nothing can be encrypted to the client's key %(id)s: %(error)s", id=repr(key.id), error=words_of(error)
            )
        ) from error


def demanded(client: ClientFacts, by: tuple[str, str] | None, said: str, *, nested: bool = True) -> str:
    """
    Return *said* as the client wants it: encrypted by *by*, or as it is where that is None.

    Raises:
        CannotEncrypt: as for `encrypted`.
        KeysWanted: the keys of the client must be fetched first; everything is to be done anew then.
    """
    if by is None:
        return said
    found = encrypted(client, by, said, nested=nested)
    if isinstance(found, Wanted):
        raise KeysWanted(found)
    return found


def _is_for_more(key: KnownKey) -> bool:
    """A key that was published for encryption comes before one that may do anything."""
    return not key.algorithms <= set(jwe.ALGORITHMS)
