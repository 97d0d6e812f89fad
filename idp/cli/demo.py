"""`idp demo`: an organization to try, two sample applications and a mailbox, everything running on this machine."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import segno

from idp.base.errors import Conflict, Unavailable
from idp.base.work import Work
from idp.cli import demo_people as people_
from idp.cli.context import Command, chosen, open_database, tell, work_on
from idp.cli.demo_people import Person
from idp.cli.init import prepare
from idp.cli.serve import refuse_taken
from idp.directory import accounts, applications, groups, organizations, queries, sites
from idp.directory.sites import issuer
from idp.oidc import clients
from idp.saml import registering
from idp.settings import Settings, load
from idp.signon.factors import password as password_
from idp.signon.factors import totp

ORGANIZATION, SITE = "acme-global", "acme"
_PORT = 8000
_WIKI_PORT, _NOTEBOOK_PORT, _MAILBOX_PORT, _SMTP_PORT = 1, 2, 3, 4  # added to Ostiary's
_PORTS = (0, _WIKI_PORT, _NOTEBOOK_PORT, _MAILBOX_PORT, _SMTP_PORT)
_READY_SECONDS = 60.0
_GRACE_SECONDS = 15

_CONFIG = """\
# A trial installation, made by `idp demo`. Delete this folder to begin anew.
base_url: http://localhost:{port}
serve:
  port: {port}
development:
  # The two sample applications run on this machine without TLS.
  allow_http_loopback_applications: true
mail:
  # The sample mailbox: it shows every mail, and sends none anywhere.
  smtp_url: smtp://localhost:{smtp_port}
  sender: ostiary@acme.example
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the trial lives, and at which addresses."""

    folder: Path
    settings: Settings

    @property
    def config(self) -> Path:
        return self.folder / "config.yaml"

    @property
    def client(self) -> Path:
        return self.folder / "notebook-client.json"

    @property
    def wiki(self) -> str:
        return f"http://localhost:{self.settings.serve.port + _WIKI_PORT}"

    @property
    def notebook(self) -> str:
        return f"http://localhost:{self.settings.serve.port + _NOTEBOOK_PORT}"

    @property
    def mailbox(self) -> str:
        return f"http://localhost:{self.settings.serve.port + _MAILBOX_PORT}"

    @property
    def issuer(self) -> str:
        return issuer(self.settings.base_url, SITE)


@click.command(cls=Command)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo"),
    show_default=True,
    help="Where the trial is kept.",
)
@click.option("--port", type=click.IntRange(1024, 65531), help="Ostiary's port; the samples take the next four.")
def demo(folder: Path, port: int | None) -> None:
    """Try Ostiary: an organization with six people, two applications to sign in to, and a mailbox."""
    place = _place(folder.resolve(), port)
    over = _told_to_end()
    known = people_.load_or_make(place.folder / "people.json")
    prepare(place.settings)
    with open_database(place.settings) as database, work_on(database) as work:
        if not any(one.slug == ORGANIZATION for one in queries.organizations(work)):
            _seed(work, place, known)
    with _running(place, over) as processes:
        told = _as_json(place, known)
        tell(told, _words(place, known))
        if chosen().json:
            sys.stdout.flush()
        _until_interrupted(processes, over)


def _place(folder: Path, port: int | None) -> Place:
    config = folder / "config.yaml"
    if not config.exists():
        _refuse_taken_from(port or _PORT)  # before anything is made that would know these addresses
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        port_ = port or _PORT
        config.write_text(_CONFIG.format(port=port_, smtp_port=port_ + _SMTP_PORT), encoding="utf-8")
    settings = load(config)
    if port is not None and settings.serve.port != port:
        raise Conflict(
            f"The trial in {folder} uses port {settings.serve.port}, and its applications know that address.",
            advice="Leave out --port, or choose another --folder.",
        )
    _refuse_taken_from(settings.serve.port)
    return Place(folder, settings)


def _refuse_taken_from(port: int) -> None:
    for added in _PORTS:
        refuse_taken("127.0.0.1", port + added)


def _seed(work: Work, place: Place, known: people_.People) -> None:
    organizations.create(work, ORGANIZATION, name="Acme Global")
    sites.create(work, SITE, organization=ORGANIZATION, name="Acme")
    sites.edit(work, SITE, support_contact="olga@acme.example")
    sites.create(work, "acme-eu", organization=ORGANIZATION, name="Acme Europe")
    for name in people_.GROUPS:
        groups.create(work, name, organization=ORGANIZATION)
    for person in known.people:
        _add(work, person, totp.read_secret(known.totp_secret))
    wiki = registering.register(work, SITE, _ask_sample(place, "saml"), name="Sample wiki", allow_http_loopback=True)
    applications.grant(work, wiki.application_id, group=people_.STAFF)
    notebook, client, secret = clients.create(
        work,
        SITE,
        json.loads(_ask_sample(place, "oidc")),
        first_party=True,
        base_url=place.settings.base_url,
        allow_http_loopback=True,
    )
    applications.grant(work, notebook.id, group=people_.STAFF)
    place.client.write_text(json.dumps(clients.represent(client, secret), indent=2), encoding="utf-8")


def _add(work: Work, person: Person, totp_secret: bytes) -> None:
    account = accounts.create(work, person.email, organization=ORGANIZATION, name=person.name)
    password_.set_password(work, account.id, person.password, organization_id=account.organization_id)
    if person.has_second_step:
        totp.add(work, account.id, totp_secret, organization_id=account.organization_id, name="Demo")
    if person.role:
        accounts.grant_role(work, account.id, person.role, organization_id=account.organization_id)
    for group in person.groups:
        groups.add(work, group, account.id, organization=ORGANIZATION)
    if person.disabled:
        accounts.disable(work, account.id, organization_id=account.organization_id)


def _sample(place: Place, name: str) -> list[str]:
    own = {
        "saml": ["--address", place.wiki, "--folder", str(place.folder / "wiki")],
        "oidc": ["--address", place.notebook],
        "mailbox": ["--address", place.mailbox, "--smtp-port", str(place.settings.serve.port + _SMTP_PORT)],
    }
    return [sys.executable, "-m", f"idp.samples.{name}", *own[name]]


def _ask_sample(place: Place, protocol: str) -> bytes:
    """Return what a sample wants to be registered with; it is asked as any other application would be."""
    option = {"saml": "--print-metadata", "oidc": "--print-registration"}[protocol]
    command = [*_sample(place, protocol), option]
    # In a session of its own, so that Ctrl-C does not cut its answer short.
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, start_new_session=True).stdout  # noqa: S603 (our own command line)


@contextmanager
def _running(place: Place, over: threading.Event) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """
    Run Ostiary and the samples; stop them, and what they started, at the end of the block.

    Raises:
        Abort: *over* was set while they started.
        Unavailable: one of them did not start.
    """
    logs = place.folder / "logs"
    logs.mkdir(exist_ok=True)
    metadata = f"{place.issuer}/saml/metadata"
    commands = {
        "mailbox": (_sample(place, "mailbox"), place.mailbox),
        "ostiary": ([sys.executable, "-m", "idp", "serve", "--config", str(place.config)], place.settings.base_url),
        "wiki": ([*_sample(place, "saml"), "--identity-provider", metadata], place.wiki),
        "notebook": (
            [*_sample(place, "oidc"), "--issuer", place.issuer, "--client", str(place.client)],
            place.notebook,
        ),
    }
    processes: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, (command, address) in commands.items():
            if over.is_set():
                raise click.Abort
            with (logs / f"{name}.log").open("ab") as log:
                # A session of its own: Ctrl-C reaches us alone, and we end the others in order.
                processes[name] = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)  # noqa: S603
            _wait_for(name, processes[name], f"{address}/livez", logs / f"{name}.log", over)
        yield processes
    finally:
        for process in reversed(processes.values()):
            process.terminate()
        for process in processes.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(_GRACE_SECONDS)
            # One that was ended while it started may have left what it had started itself.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_for(name: str, process: subprocess.Popen[bytes], address: str, log: Path, over: threading.Event) -> None:
    until = time.monotonic() + _READY_SECONDS
    while time.monotonic() < until and process.poll() is None:
        if over.is_set():
            raise click.Abort
        try:
            with urllib.request.urlopen(address, timeout=2):  # noqa: S310 (an address of ours, on loopback)
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise Unavailable(f"{name} did not start.", advice=f"Its log says why: {log}")


def _told_to_end() -> threading.Event:
    """Return what is set once we are told to end. Nothing is cut short by it: whoever started a process ends it."""
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: over.set())
    return over


def _until_interrupted(processes: dict[str, subprocess.Popen[bytes]], over: threading.Event) -> None:
    while not over.wait(0.5):
        for name, process in processes.items():
            if process.poll() is not None:
                raise Unavailable(f"{name} has ended unexpectedly.", advice="See its log in the folder logs.")


def _as_json(place: Place, known: people_.People) -> dict[str, Any]:
    return {
        "address": place.settings.base_url,
        "issuer": place.issuer,
        "wiki": place.wiki,
        "notebook": place.notebook,
        "mailbox": place.mailbox,
        "console": f"{place.settings.base_url}/admin",
        "people": [person.as_json() for person in known.people],
        "totp_secret": known.totp_secret,
        "pid": os.getpid(),
    }


def _words(place: Place, known: people_.People) -> str:
    widest = max(len(person.email) for person in known.people)
    longest = max(len(person.password) for person in known.people)
    rows = [f"  {p.email:<{widest}}  {p.password:<{longest}}  {p.story}" for p in known.people]
    return "\n".join(
        [
            "",
            "Ostiary is running. Begin at one of the two applications, or at your own page:",
            "",
            f"  {place.wiki}  the Sample wiki (SAML)",
            f"  {place.notebook}  the Sample notebook (OpenID Connect)",
            f"  {place.settings.base_url}  Ostiary: the applications you may open, your account",
            f"  {place.settings.base_url}/admin  the console, for Olga (and Arne, who only looks)",
            f"  {place.mailbox}  the Sample mailbox: every mail that Ostiary sends",
            "",
            "People of Acme Global, and their passwords:",
            "",
            *rows,
            "",
            "The second step: scan this with an authenticator app, or type the secret. It serves everyone above.",
            "",
            _qr_code(known.totp_secret),
            f"  {known.totp_secret}",
            "",
            f"Everything is kept in {place.folder}. Ctrl-C stops it all.",
        ]
    )


def _qr_code(secret: str) -> str:
    uri = totp.provisioning_uri(totp.read_secret(secret), email="demo@acme.example", organization="Acme Global")
    drawn = io.StringIO()
    segno.make(uri, error="m").terminal(drawn, compact=True, border=2)
    return drawn.getvalue()
