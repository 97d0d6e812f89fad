"""Ostiary as deployed: an installation in a folder, served by its own command with several workers."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parent.parent.parent


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Deployed:
    """An installation in *folder*; commands run as people run them."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def base_url(self) -> str:
        return f"http://localhost:{self.port}"

    def command(self, *words: str, typed: str = "", ok: bool = True) -> Any:
        """Run ``idp`` with *words*; return what it prints as JSON (or its text, where it prints none)."""
        done = subprocess.run(
            [sys.executable, "-m", "idp", *words, "--json"],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            input=typed,
            capture_output=True,
            text=True,
            timeout=60,
        )
        if ok and done.returncode != 0:
            raise AssertionError(f"idp {' '.join(words)} ended with {done.returncode}: {done.stderr}{done.stdout}")
        try:
            return json.loads(done.stdout)
        except json.JSONDecodeError:
            return done.stdout

    def workers(self) -> list[psutil.Process]:
        """Return the server's worker processes: those with the listening socket, but not the first of them."""
        assert self.process is not None
        children = psutil.Process(self.process.pid).children(recursive=True)
        return [p for p in children if "jobs" not in p.cmdline() and "resource_tracker" not in " ".join(p.cmdline())]

    def kill_a_worker(self) -> int:
        """SIGKILL the oldest worker; return its pid."""
        oldest = min(self.workers(), key=lambda p: p.create_time())
        os.kill(oldest.pid, signal.SIGKILL)
        return oldest.pid


@contextmanager
def deployed(folder: Path, *, database_url: str = "", workers: int = 2, settings: str = "") -> Iterator[Deployed]:
    """Make an installation in *folder* with ``idp init`` and serve it until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    database = f"database:\n  url: {database_url}\n" if database_url else ""
    (folder / "config.yaml").write_text(f"base_url: http://localhost:{port}\n{database}{settings}", encoding="utf-8")
    made = Deployed(folder, port)
    made.command("init")
    with (folder / "server.log").open("wb") as log:
        made.process = subprocess.Popen(
            [sys.executable, "-m", "idp", "serve", "--port", str(port), "--workers", str(workers)],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=log,
            stderr=log,
        )
        try:
            _wait(made)
            yield made
        finally:
            made.process.terminate()
            try:
                made.process.wait(20)
            except subprocess.TimeoutExpired:
                made.process.kill()
                made.process.wait()


def _wait(made: Deployed) -> None:
    assert made.process is not None
    end = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(f"{made.base_url}/readyz", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            if made.process.poll() is not None or time.monotonic() > end:
                raise AssertionError((made.folder / "server.log").read_text()[-4000:]) from None
            time.sleep(0.05)
