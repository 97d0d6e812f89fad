"""The options of the command line that say how a service provider is answered."""

from collections.abc import Callable
from datetime import UTC
from typing import Any

import click

from idp.base.errors import Invalid
from idp.saml import contexts, legacy, signing

_Function = Callable[..., Any]

_SWITCHES = (
    click.option("--sign-response/--no-sign-response", default=None, help="Sign the response (default: yes)."),
    click.option("--sign-assertion/--no-sign-assertion", default=None, help="Sign the assertion (default: yes)."),
    click.option(
        "--encrypt-assertion/--no-encrypt-assertion", default=None, help="Encrypt the assertion (default: no)."
    ),
    click.option(
        "--require-signed-requests/--no-require-signed-requests",
        default=None,
        help="Refuse unsigned requests (default: what the metadata says).",
    ),
    click.option(
        "--nameid-format", metavar="URN", help="What the person is named by (default: what the metadata asks)."
    ),
    click.option(
        "--name-id-source",
        metavar="EXPR",
        help="What e-mail, unspecified, Windows, X.509 and chosen persistent names are made of: an attribute or an expression.",
    ),
    click.option(
        "--start-url", metavar="URL", help="Where the tile in the launcher leads (default: to the application)."
    ),
    click.option(
        "--idp-initiated/--no-idp-initiated", default=None, help="May be started from our side (default: no)."
    ),
    click.option(
        "--relay-state",
        "relay_states",
        multiple=True,
        metavar="VALUE",
        help="RelayState that such a start may carry; all of them.",
    ),
    click.option("--no-relay-state", is_flag=True, help="Such a start carries no RelayState."),
    click.option(
        "--signature-algorithm",
        type=click.Choice([*signing.METHODS, *signing.LEGACY_METHODS]),
        help=f"What we sign by (default: {signing.STANDARD}; ecdsa: where the site has an EC key).",
    ),
    click.option("--encrypt-name-id/--no-encrypt-name-id", default=None, help="Encrypt the NameID (default: no)."),
    click.option(
        "--context-says",
        "says",
        multiple=True,
        metavar="STRENGTH=CLASS",
        help=f"The class that attests a strength ({' or '.join(contexts.WORDS)}); replaces the whole map.",
    ),
    click.option(
        "--context-means",
        "means",
        multiple=True,
        metavar="CLASS=STRENGTH",
        help="The strength that a requested class takes; replaces the whole map.",
    ),
    click.option("--standard-contexts", is_flag=True, help="Use the names of the standard and REFEDS MFA again."),
    click.option(
        "--legacy",
        "legacy_algorithms",
        multiple=True,
        type=click.Choice(list(legacy.RISKS)),
        help="Allow an old algorithm to this application, until --legacy-until.",
    ),
    click.option(
        "--legacy-until",
        type=click.DateTime(["%Y-%m-%d"]),
        metavar="YYYY-MM-DD",
        help=f"The first day (UTC) on which it is off again; at most {legacy.LONGEST.days} days away.",
    ),
    click.option("--no-legacy", is_flag=True, help="Allow no old algorithm any more."),
    click.option(
        "--certificate-by-hand/--certificate-by-metadata",
        default=None,
        help="How it gets our certificate: put there by hand, or by reading our metadata (default).",
    ),
)


def switches(command: _Function) -> _Function:
    """Give *command* the options that say how a service provider is answered."""
    for option in reversed(_SWITCHES):
        command = option(command)
    return command


def read_switches(given: dict[str, Any]) -> dict[str, Any]:
    """
    Return the values of these options as fields of `switches.Switches`; what was not said is None.

    Raises:
        Invalid: two of them contradict one another, or one is malformed.
    """
    values = dict(given)
    if values.pop("no_relay_state"):
        if values["relay_states"]:
            raise Invalid("Say --no-relay-state or --relay-state, not both.", field="relay_states")
    else:
        values["relay_states"] = values["relay_states"] or None
    says, means = values.pop("says"), values.pop("means")
    standard, none = values.pop("standard_contexts"), values.pop("no_legacy")
    if standard and (says or means):
        raise Invalid("Say --standard-contexts or a map, not both.", field="context_map")
    if none and (values["legacy_algorithms"] or values["legacy_until"]):
        raise Invalid("Say --no-legacy or --legacy, not both.", field="legacy_algorithms")
    values["context_map"] = {} if standard else _map(says, means)
    values["legacy_algorithms"] = () if none else values["legacy_algorithms"] or None
    if values["legacy_until"] is not None:
        values["legacy_until"] = values["legacy_until"].replace(tzinfo=UTC)
    return values


def _map(says: tuple[str, ...], means: tuple[str, ...]) -> dict[str, Any] | None:
    """Classes are addresses and may hold “=”: the strength is before the first or behind the last one."""
    if not says and not means:
        return None
    said, meant = [one.partition("=") for one in says], [one.rpartition("=") for one in means]
    if not all(sign for _, sign, _ in (*said, *meant)):
        raise Invalid(
            "A map is written STRENGTH=CLASS and CLASS=STRENGTH.",
            field="context_map",
            advice="For example: --context-says second-step=https://refeds.org/profile/mfa",
        )
    return {"says": {word: name for word, _, name in said}, "means": {name: word for name, _, word in meant}}


def warnings(value: dict[str, Any]) -> list[str]:
    """Return what is to be said loudly of an application that is shown."""
    return [f"WARNING: {one}" for one in value["saml"]["warnings"]]
