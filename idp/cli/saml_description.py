"""The options of `idp application saml set` for parts of a description that few service providers need changed."""

from collections.abc import Callable
from typing import Any

import click

from idp.base.errors import Invalid
from idp.cli.saml_metadata import logout_endpoint
from idp.saml import encryption_words
from idp.saml.description import EncryptionMethod, RequestedAttribute
from idp.saml.names import ATTRIBUTE_NAME_FORMATS

_Function = Callable[..., Any]
_ABOUT = ("description", "logo_url", "information_url", "privacy_url")

ENCRYPTION_METHOD = click.option(
    "--encryption-method",
    multiple=True,
    metavar="METHOD",
    help="What it can decrypt, all of it: aes256-gcm, rsa-oaep,digest=sha256,mgf=sha256, …",
)

_OPTIONS = (
    ENCRYPTION_METHOD,
    click.option("--any-encryption-method", is_flag=True, help="It does not say what it can decrypt."),
    click.option(
        "--add-manage-nameid",
        multiple=True,
        metavar="[post=|soap=]URL",
        help="Add an address for name identifier management.",
    ),
    click.option("--remove-manage-nameid", multiple=True, metavar="URL", help="Remove one."),
    click.option(
        "--response-location",
        multiple=True,
        nargs=2,
        metavar="URL ANSWERS",
        help="Where answers go, for an address for logout or name identifier management (empty: to it, too).",
    ),
    click.option(
        "--add-requested-attribute",
        multiple=True,
        metavar="NAME[,friendly=NAME][,format=uri|basic][,required]",
        help="Add an attribute that it would like.",
    ),
    click.option("--remove-requested-attribute", multiple=True, metavar="NAME", help="Remove one."),
    click.option(
        "--name-in", multiple=True, nargs=2, metavar="LANGUAGE NAME", help="Its name in a language (empty: none)."
    ),
    click.option(
        "--valid-until",
        metavar="DAY|none",
        help="Until when all this may be used (UTC). Of metadata from an address: nobody signs on after it.",
    ),
    click.option(
        "--cache-duration",
        metavar="PT12H|none",
        help="For how long its metadata wants to be kept before it is fetched again (ISO 8601).",
    ),
    click.option("--description", metavar="TEXT", help="What it is, for people (empty: nothing)."),
    click.option("--logo-url", metavar="URL", help="Its logo (empty: none)."),
    click.option("--information-url", metavar="URL", help="A page about it (empty: none)."),
    click.option("--privacy-url", metavar="URL", help="Its privacy statement (empty: none)."),
)
NAMES = {
    "encryption_method", "any_encryption_method", "add_manage_nameid", "remove_manage_nameid", "response_location",
    "add_requested_attribute", "remove_requested_attribute", "name_in", "valid_until",
    "cache_duration", *_ABOUT,
}  # fmt: skip


def options(command: _Function) -> _Function:
    """Give *command* these options."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def fields(asked: dict[str, Any]) -> dict[str, Any]:
    """
    Return the values of these options as fields of `editing.Edit`.

    Raises:
        Invalid: two of them contradict one another, or one is malformed.
    """
    return {
        "encryption_methods": _methods(asked),
        "add_name_id": tuple(logout_endpoint(one) for one in asked["add_manage_nameid"]),
        "remove_name_id": asked["remove_manage_nameid"],
        "response_locations": dict(asked["response_location"]),
        "add_requested": tuple(_attribute(one) for one in asked["add_requested_attribute"]),
        "remove_requested": asked["remove_requested_attribute"],
        "about": {name: asked[name] for name in _ABOUT if asked[name] is not None},
        "names_in": dict(asked["name_in"]),
        "valid_until": _or_none(asked["valid_until"]),
        "cache_duration": _or_none(asked["cache_duration"]),
    }


def _or_none(asked: str | None) -> str | None:
    return "" if asked == "none" else asked


def methods(given: tuple[str, ...]) -> tuple[EncryptionMethod, ...]:
    """
    Return the methods that were *given*.

    Raises:
        Invalid: one of them is none.
    """
    return tuple(encryption_words.read(one) for one in given)


def _methods(asked: dict[str, Any]) -> tuple[EncryptionMethod, ...] | None:
    if asked["any_encryption_method"] and asked["encryption_method"]:
        raise Invalid("Say --encryption-method or --any-encryption-method, not both.", field="encryption_method")
    if asked["any_encryption_method"]:
        return ()
    return methods(asked["encryption_method"]) or None


def _attribute(text: str) -> RequestedAttribute:
    """What is behind the name is read from the end: a name may have commas itself."""
    name, values = text, dict[str, Any]()
    while True:
        rest, comma, last = name.rpartition(",")
        word, _, value = last.partition("=")
        if comma and last == "required":
            values["required"] = True
        elif comma and word == "friendly":
            values["friendly_name"] = value
        elif comma and word == "format" and value in ATTRIBUTE_NAME_FORMATS:
            values["name_format"] = ATTRIBUTE_NAME_FORMATS[value]
        else:
            return RequestedAttribute(name, **values)
        name = rest
