"""The command line's table: what each family of errors looks like on a terminal (exit code and words)."""

import sys

import click
import orjson

from idp.base.errors import Conflict, Forbidden, IdpError, Invalid, NotFound, Unavailable
from idp.base.places import PlacesFault
from idp.base.schema import SchemaFault
from idp.keyring.wrapping import KeyFault
from idp.policy.blocklist import BlocklistFault
from idp.settings import SettingsError

CONFIGURATION = 78  # EX_CONFIG of sysexits.h: nothing will work before the configuration is mended
INTERRUPTED = 130

EXIT: dict[type[IdpError], int] = {
    KeyFault: CONFIGURATION,
    PlacesFault: CONFIGURATION,
    SchemaFault: CONFIGURATION,
    BlocklistFault: CONFIGURATION,
    Invalid: 2,
    NotFound: 3,
    Conflict: 4,
    Forbidden: 5,
    Unavailable: 6,
}


def exit_code(error: IdpError) -> int:
    """Return the exit code of *error*'s family (the more special ones first)."""
    return next((code for family, code in EXIT.items() if isinstance(error, family)), 1)


def tell(error: IdpError, *, as_json: bool) -> int:
    """Say on standard error what happened and what to do; return the exit code."""
    if as_json:
        told = {"error": error.code, "message": error.message, "advice": error.advice, "field": error.field}
        _write(orjson.dumps({name: value for name, value in told.items() if value}).decode("utf-8"))
    else:
        _write(f"idp: {error.message}")
        if error.cause and error.cause != error.message:  # whoever holds the machine is the administrator
            _write(f"     Cause: {error.cause}")
        if error.advice:
            _write(f"     {error.advice}")
    return exit_code(error)


def tell_settings(error: SettingsError, *, as_json: bool) -> int:
    """Say on standard error every fault of the configuration; return the exit code."""
    if as_json:
        _write(orjson.dumps({"error": "configuration", "faults": error.faults}).decode("utf-8"))
    else:
        _write("idp: The configuration cannot be used.")
        for fault in error.faults:
            _write(f"     {fault}")
    return CONFIGURATION


def tell_usage(error: click.ClickException, *, as_json: bool) -> int:
    """Say on standard error how the command is to be called; return the exit code."""
    if as_json:
        _write(orjson.dumps({"error": "usage", "message": error.format_message()}).decode("utf-8"))
    else:
        error.show(sys.stderr)
    return error.exit_code


def _write(line: str) -> None:
    click.echo(line, err=True)
