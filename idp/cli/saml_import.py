"""`idp application import-saml` and `… saml list-entities`: service providers out of metadata of many."""

import io
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import IO

import click

from idp.base import clock
from idp.base.errors import Invalid
from idp.cli import saml_metadata
from idp.cli.context import Command, open_database, settings, tell, tell_all, work_on
from idp.saml import aggregates, importing
from idp.saml.aggregate_signatures import verified_copy
from idp.saml.aggregates import Entity
from idp.saml.certificates import known_keys
from idp.saml.errors import MessageRefused
from idp.saml.importing import Came, Outcome

_SAY_EVERY = 1000
_FEW = 10


@dataclass
class _Result:
    """What came of an import so far."""

    made: list[Outcome] = field(default_factory=list)
    already: int = 0
    no_service_provider: int = 0
    faults: list[Outcome] = field(default_factory=list)
    not_found: list[str] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        if outcome.came is Came.FAULTY:
            self.faults.append(outcome)
        elif outcome.came is Came.ALREADY:
            self.already += 1
        else:
            self.made.append(outcome)

    @property
    def registered(self) -> int:
        """How many were registered."""
        return len(self.made)


@click.command("import-saml", cls=Command)
@click.option("--site", required=True, metavar="SITE", help="Site to register them at.")
@click.option("--metadata", required=True, metavar="FILE|URL|-", help="Metadata of one or many (large: only a FILE).")
@click.option("--entity", "entities", multiple=True, metavar="ENTITY_ID", help="Register this one; several times.")
@click.option("--all", "every", is_flag=True, help="Register every service provider in it.")
@click.option("--signed-by", metavar="FILE", help="The certificate that it must be signed with as a whole.")
@click.option("--everyone", is_flag=True, help="Let everyone of the organization open them at once.")
@click.option("--release-requested", is_flag=True, help="Release to each what it asks for, and no more.")
def import_saml(
    site: str,
    metadata: str,
    entities: tuple[str, ...],
    every: bool,
    signed_by: str | None,
    everyone: bool,
    release_requested: bool,
) -> None:
    """
    Register service providers from metadata of many entities.

    What is registered already stays as it is, so that an import which was broken off is simply begun again.
    Those that come from an address are looked for there again, as idp application saml refresh does.
    What is wrong with one is said at the end, and the others go on. Exit code 2: something was wrong.
    """
    if every == bool(entities):
        raise Invalid(
            "Say which: --entity ENTITY_ID, or --all.",
            field="entity",
            advice="See what is in it with: idp application saml list-entities FILE",
        )
    of = settings()
    key = None if signed_by is None else saml_metadata.one_certificate(signed_by)
    result = _Result()
    with _document(metadata, key) as (file, size), open_database(of) as database:
        wanted = _wanted(file, frozenset(entities), result)
        with _Progress(file, size) as progress:
            loopback = of.development.allow_http_loopback_applications
            while batch := list(islice(wanted, importing.AT_ONCE)):
                with work_on(database) as work:
                    there = importing.registered(work, site, [one.entity_id for one in batch])
                result.already += len(there)
                new = [one for one in batch if one.entity_id not in there]
                read = [importing.read(one, now=clock.now(), allow_http_loopback=loopback) for one in new]
                with work_on(database) as work:
                    came = importing.register(
                        work, site, read, everyone=everyone, release_requested=release_requested,
                        metadata_url=metadata if saml_metadata.is_address(metadata) else "",
                        metadata_key=key or "",
                    )  # fmt: skip
                for outcome in came:
                    result.add(outcome)
                progress.moved(result)
    tell(_as_json(result), "\n".join(_words(result, site, everyone=everyone)))
    if result.faults or result.not_found:
        click.get_current_context().exit(2)


@click.command("list-entities", cls=Command)
@click.argument("metadata", metavar="FILE|URL|-")
@click.option("--search", default="", metavar="WORD", help="Only those whose entity ID or name has it.")
def list_entities(metadata: str, search: str) -> None:
    """List the service providers in metadata of many entities; nothing is registered."""
    word = search.casefold()
    found = []
    with _document(metadata, None) as (file, _):
        for one in _entities(file):
            if one.is_service_provider and word in f"{one.entity_id}\n{one.name}".casefold():
                found.append({"entity_id": one.entity_id, "name": one.name})
    tell_all(found, lambda one: f"{one['entity_id']}  {one['name']}".rstrip(), none="No service provider is in it.")


@contextmanager
def _document(source: str, key: str | None) -> Iterator[tuple[IO[bytes], int]]:
    """Open what the metadata is read from; with a key, what its signature covers and nothing else."""
    if source == "-" or saml_metadata.is_address(source):
        document, _ = saml_metadata.read(source)
        raw: IO[bytes] = io.BytesIO(document)
        with _proven(raw, key) as found:
            yield found
        return
    with saml_metadata.opened(source) as file, _proven(file, key) as found:
        yield found


@contextmanager
def _proven(file: IO[bytes], key: str | None) -> Iterator[tuple[IO[bytes], int]]:
    if key is None:
        yield file, _size(file)
        return
    with tempfile.TemporaryFile() as covered:
        try:
            verified_copy(file, known_keys((key,)), covered)
        except MessageRefused as error:
            raise Invalid(
                "The metadata is not proven to be what it claims to be; nothing was registered.",
                field="signed_by",
                code="saml-metadata",
                advice="Fetch it again, and compare the certificate with the one that its publisher names.",
                cause=error.cause,
            ) from None
        covered.seek(0)
        yield covered, _size(covered)


def _size(file: IO[bytes]) -> int:
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    return size


def _entities(file: IO[bytes]) -> Iterator[Entity]:
    try:
        yield from aggregates.entities(file)
    except MessageRefused as error:
        raise Invalid(
            "The metadata cannot be read to its end.",
            field="metadata",
            code="saml-metadata",
            advice="What was registered before stays; mend the file and begin again.",
            cause=error.cause,
        ) from None


def _wanted(file: IO[bytes], chosen: frozenset[str], result: _Result) -> Iterator[Entity]:
    """Yield those to register; what is twice in the file is taken once, and said."""
    seen: set[str] = set()
    for one in _entities(file):
        if chosen and one.entity_id not in chosen:
            continue
        if one.entity_id in seen:
            result.add(
                Outcome(one.entity_id, Came.FAULTY, cause="It is in the file more than once; the first is taken.")
            )
            continue
        seen.add(one.entity_id)
        if one.is_service_provider:
            yield one
        else:
            result.no_service_provider += 1
    result.not_found = sorted(chosen - seen)


class _Progress:
    """How far an import has come: a bar on a terminal, else a line for every thousand."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file, self._at, self._said = file, 0, 0
        self._bar = click.progressbar(length=size, label="importing", file=sys.stderr) if sys.stderr.isatty() else None

    def __enter__(self) -> "_Progress":
        if self._bar is not None:
            self._bar.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)

    def moved(self, result: _Result) -> None:
        """Say how far it is."""
        at = self._file.tell()
        if self._bar is not None:
            self._bar.update(at - self._at)
        elif (done := result.registered + result.already + len(result.faults)) // _SAY_EVERY > self._said:
            self._said = done // _SAY_EVERY
            click.echo(f"{done} read, {result.registered} registered", err=True)
        self._at = at


def _as_json(result: _Result) -> dict[str, object]:
    return {
        "registered": result.registered,
        "applications": [{"id": one.application_id, "entity_id": one.entity_id} for one in result.made],
        "already_registered": result.already,
        "no_service_provider": result.no_service_provider,
        "faults": [{"entity_id": one.entity_id, "cause": one.cause} for one in result.faults],
        "not_found": result.not_found,
    }


def _words(result: _Result, site: str, *, everyone: bool) -> Iterator[str]:
    yield f"registered {result.registered}"
    yield from _made(result.made, site, everyone=everyone)
    if result.already:
        yield f"  {result.already} were registered already and stay as they are"
    if result.no_service_provider:
        yield f"  {result.no_service_provider} are no service providers"
    for one in result.faults:
        yield f"  not registered: {one.entity_id[:200]}: {one.cause}"
    for entity_id in result.not_found:
        yield f"  not in the file: {entity_id[:200]}"


def _made(made: list[Outcome], site: str, *, everyone: bool) -> Iterator[str]:
    """Few are named; of many it is said where they can be seen."""
    if not made:
        return
    if len(made) <= _FEW:
        yield from (f"  {one.application_id}  {one.entity_id}" for one in made)
    else:
        yield f"  To see them: idp application list --site {site} --limit 100000"
    if everyone:
        yield (
            "  Everyone of the organization may open them."
            if len(made) > 1
            else ("  Everyone of the organization may open it.")
        )
        return
    yield "  Nobody may open them yet." if len(made) > 1 else "  Nobody may open it yet."
    which = made[0].application_id if len(made) == 1 else "APP"
    yield f"  Give access with: idp application grant {which} --everyone (or --group, --account)"
