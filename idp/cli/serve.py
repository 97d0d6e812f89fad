"""`idp serve`: the production server, several worker processes, and the background jobs beside them."""

import ctypes
import gc
import os
import socket
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

import click
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from idp.base.errors import Unavailable
from idp.base.places import Places
from idp.cli.context import Command, config_path, open_database, settings
from idp.settings import Settings
from idp.signon import breached

TARGET = "idp.app:serve_factory"
_GRACE_SECONDS = 10
_BACKLOG = 1024
THREADS = 256
_M_ARENA_MAX = -8  # of glibc's <malloc.h>
_STEADY_SECONDS = 20.0
_MOST_SHORT_LIVES = 5


@click.command(cls=Command)
@click.option("--host", metavar="HOST", help="Address to listen on (default: serve.host).")
@click.option("--port", type=click.IntRange(1, 65535), metavar="PORT", help="Port to listen on (default: serve.port).")
@click.option("--workers", type=click.IntRange(1, 64), metavar="N", help="Worker processes (default: serve.workers).")
@click.option("--jobs/--no-jobs", default=True, help="Run background jobs beside the server (default: yes).")
def serve(host: str | None, port: int | None, workers: int | None, jobs: bool) -> None:
    """Serve people and applications until interrupted."""
    path = config_path().resolve()
    of = settings()
    host, port, workers = host or of.serve.host, port or of.serve.port, workers or of.serve.workers
    with open_database(of):  # refuses to start on the wrong keys or schema
        breached.current()  # … or on a damaged list
    Places(of.places.city_file, of.places.asn_file)  # or without the files that are named
    refuse_taken(host, port)
    click.echo(f"Ostiary serves {of.base_url} at {host}:{port} with {workers} workers", err=True)
    if advice := _mismatch(of, port):
        click.echo(advice, err=True)
    os.environ["OSTIARY_CONFIG"] = str(path)
    side = _start_jobs(path) if jobs else None
    try:
        _serve(host, port, workers)
    finally:
        if side is not None:
            _stop(side)


def _serve(host: str, port: int, workers: int) -> None:
    """
    Serve until a signal ends it.

    The server ends by itself when workers die faster than it replaces them; then it is begun
    again, unless that happens over and over.

    Raises:
        Unavailable: workers end as soon as they start.
    """
    import_module(TARGET.partition(":")[0])  # before workers are forked: they share what is there already
    gc.freeze()
    _share_memory()
    short_lives = 0
    while short_lives < _MOST_SHORT_LIVES:
        began = time.monotonic()
        server = Server(
            TARGET,
            factory=True,
            address=host,
            port=port,
            interface=Interfaces.WSGI,
            workers=workers,
            # They gain nothing but that a request which arrives slowly holds up nobody else (idp.web.door); the
            # server makes them as they are needed.
            blocking_threads=THREADS,
            backlog=_BACKLOG,
            websockets=False,
            log_level=LogLevels.warning,
            respawn_failed_workers=True,
            workers_kill_timeout=_GRACE_SECONDS,
        )
        try:
            server.serve()
        except SystemExit:
            short_lives = short_lives + 1 if time.monotonic() - began < _STEADY_SECONDS else 0
            continue
        return
    raise Unavailable(
        "The server's workers end as soon as they start.",
        advice="The lines above say why. Check the configuration with: idp doctor",
    )


def _share_memory() -> None:
    """
    Let all threads of a process allocate from one arena, where glibc gives each its own.

    A password hash takes 19 MiB for a moment, which the arena of its thread keeps: with 256 threads
    a worker would grow to some gigabytes. Workers inherit this.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)


def _start_jobs(config: Path) -> subprocess.Popen[bytes]:
    command = [
        sys.executable,
        "-m",
        "idp",
        "jobs",
        "run",
        "--watch",
        "--parent",
        str(os.getpid()),
        "--config",
        str(config),
    ]
    return subprocess.Popen(command)  # noqa: S603 (our own command line)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def refuse_taken(host: str, port: int) -> None:
    """
    Raises:
        Unavailable: somebody listens there already, or nobody may.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Unavailable(
                f"Cannot listen on {host}:{port}: {error.strerror}.",
                advice="Stop what uses that port, or choose another one with --port.",
            ) from error


def _mismatch(of: Settings, port: int) -> str:
    """Return a hint where people would look for the server at another port than it listens on."""
    if of.secure or of.base_url.endswith(f":{port}"):
        return ""
    return f"Note: base_url is {of.base_url}, but the server listens on port {port}. Links and issuers use base_url."
