"""
Node, and the applications that run on it: ``python -m tests.support.node`` installs what that needs.

Its packages are installed once for each lock file, beside the virtual environment, and kept there.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

MISSING = "needs Node 18 or later and npm: `apt-get install nodejs npm`"
SOURCES = Path(__file__).parent.parent / "journeys" / "node"
SERVICE_PROVIDER, RELYING_PARTY = "service_provider.cjs", "relying_party.mjs"


def is_here() -> bool:
    """Say whether this machine has Node and npm."""
    return shutil.which("node") is not None and shutil.which("npm") is not None


def installed() -> Path:
    """Return the folder with the packages of the lock file; install them if that was not done before."""
    names = ("package.json", "package-lock.json", ".npmrc")
    lock = hashlib.sha256(b"".join((SOURCES / name).read_bytes() for name in names)).hexdigest()[:16]
    folder = Path(sys.prefix) / "node" / lock
    if folder.exists():
        return folder
    folder.parent.mkdir(exist_ok=True)
    # Made aside and moved there as a whole: what is there is complete, whoever was interrupted.
    making = Path(tempfile.mkdtemp(dir=folder.parent))
    for name in names:
        shutil.copyfile(SOURCES / name, making / name)
    done = subprocess.run(["npm", "ci"], cwd=making, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        shutil.rmtree(making)
        raise AssertionError(f"npm ci ended with {done.returncode}: {done.stdout}{done.stderr}")
    try:
        making.rename(folder)
    except OSError:  # another process was faster
        shutil.rmtree(making)
    return folder


class Refused(Exception):
    """The program did not take what it was given."""


class Program:
    """The running program. ``call("login", relayState="x")`` calls that function of it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def call(self, name: str, /, **arguments: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"call": name, **arguments}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "error" in answer:
            raise Refused(answer["error"])
        return answer.get("value")


def _beside_its_packages(program: str) -> Path:
    """A module finds packages only in folders above it: it is called by a link in theirs."""
    link = installed() / f"{hashlib.sha256(str(SOURCES).encode()).hexdigest()[:8]}-{program}"
    with suppress(FileExistsError):
        link.symlink_to(SOURCES / program)
    return link


@contextmanager
def running(program: str = SERVICE_PROVIDER) -> Iterator[Program]:
    """The program of that name, until the block ends."""
    process = subprocess.Popen(
        ["node", "--preserve-symlinks-main", str(_beside_its_packages(program))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        with process:
            yield Program(process)
            assert process.stdin is not None
            process.stdin.close()
            process.wait(10)
    finally:
        if process.poll() is None:
            process.kill()


if __name__ == "__main__":
    if not is_here():
        raise SystemExit(MISSING)
    installed()
