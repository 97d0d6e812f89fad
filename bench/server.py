"""A server under measurement: started as deployed, its processes' CPU and memory read from the kernel."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from idp.cli import serve


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """A running server and how long it took until it answered."""

    process: subprocess.Popen[bytes]
    port: int
    ready_seconds: float
    more: list[int] = field(default_factory=list)

    def cpu(self) -> float:
        """Return the CPU seconds that all its processes (and *more*: the database's) have used."""
        total = 0.0
        for process in self._all():
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system + times.children_user + times.children_system
        return total

    def thread_times(self) -> dict[int, int]:
        """Return the CPU nanoseconds of each thread that lives, by its id: finer than `cpu`, which counts hundredths."""
        found = {}
        for process in self._all():
            for file in Path(f"/proc/{process.pid}/task").glob("*/schedstat"):
                try:
                    found[int(file.parent.name)] = int(file.read_text(encoding="ascii").split()[0])
                except OSError:  # the thread has ended
                    continue
        return found

    def worker_memory(self) -> float:
        """Return the largest worker's own and shared memory (RSS) in megabytes."""
        return max(p.memory_info().rss for p in psutil.Process(self.process.pid).children(recursive=True)) / 1e6

    def _all(self) -> list[psutil.Process]:
        found = [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]
        for pid in self.more:
            found += [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        return found

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def as_deployed() -> dict[str, str]:
    """Return this environment without the switch that keeps Python from storing compiled modules."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def start(
    command: list[str], port: int, path: str, *, env: dict[str, str], folder: Path, patience: float = 30
) -> Server:
    """Start *command* in *folder* and wait until *path* answers on *port*, at most *patience* seconds."""
    began = time.monotonic()
    log = (folder / f"server-{port}.log").open("wb")
    process = subprocess.Popen(command, cwd=folder, env={**as_deployed(), **env}, stdout=log, stderr=log)
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=1):
                return Server(process, port, time.monotonic() - began)
        except (urllib.error.URLError, OSError):
            if process.poll() is not None or time.monotonic() - began > patience:
                process.kill()
                raise RuntimeError(f"{command[0]} did not start: see {log.name}") from None
            time.sleep(0.02)


def start_empty(folder: Path) -> Server:
    """Start the floors (`bench.empty`) on the product's server, as the product has it."""
    port = free_port()
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", "1", "--blocking-threads", str(serve.THREADS),
        "--host", "127.0.0.1", "--port", str(port), "--no-ws", "--log-level", "error", "bench.empty:app",
    ]  # fmt: skip
    return start(command, port, "/", env={"PYTHONPATH": str(Path(__file__).parent.parent)}, folder=folder)
