"""
What many registered service providers cost: ``python -m bench.providers [--count N] [--rounds N] [--seconds S]``.

An aggregate of N entities is made and imported (time, memory); then two installations, one with a single
service provider and one with N more, take turns: CPU until the server is ready, and CPU per sign-on.
Neither may differ by more than a tenth.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import installation, server
from bench.__main__ import ROOT, measure_road
from tests.support import aggregate

_MOST_SECONDS, _MOST_MEGABYTES, _MOST_SHARE = 60, 300, 1.10


def imported(config: Path, document: Path) -> tuple[float, float, float]:
    """Import *document* with the product's own command; return seconds, CPU seconds and RSS in megabytes."""
    code = (
        "import resource, sys; from idp.cli.main import run; code = run(sys.argv[1:]); "
        "used = resource.getrusage(resource.RUSAGE_SELF); print(code, used.ru_maxrss)"
    )
    command = [
        sys.executable, "-c", code, "application", "import-saml", "--config", str(config), "--site", "bench",
        "--metadata", str(document), "--all", "--everyone", "--release-requested",
    ]  # fmt: skip
    began, before = time.monotonic(), _children()
    done = subprocess.run(command, cwd=ROOT, env=server.as_deployed(), capture_output=True, text=True, check=True)
    seconds, cpu = time.monotonic() - began, _children() - before
    exit_code, kilobytes = done.stdout.split()[-2:]
    if exit_code != "0":
        raise SystemExit(done.stdout + done.stderr)
    return seconds, cpu, int(kilobytes) / 1024


def start(made: installation.Installation, port: int, folder: Path) -> server.Server:
    """Start the server of an installation, as deployed."""
    command = [
        sys.executable, "-m", "idp", "serve", "--config", str(made.config), "--port", str(port), "--workers", "1",
    ]  # fmt: skip
    return server.start(command, port, "/livez", env={"PYTHONPATH": str(ROOT)}, folder=folder)


def ready(made: installation.Installation, port: int, folder: Path) -> float:
    """Return the CPU seconds that the server of an installation takes until it answers."""
    running = start(made, port, folder)
    used = running.cpu()
    running.stop()
    return used


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ports = {"1": server.free_port(), f"{asked.count:,}": server.free_port()}
        few, many = ports
        made = {which: installation.make(folder / which, port, None) for which, port in ports.items()}
        document = aggregate.write(folder / "aggregate.xml", asked.count)
        seconds, cpu, megabytes = imported(made[many].config, document)
        starts: dict[str, list[float]] = {few: [], many: []}
        for _ in range(asked.rounds):
            for which, port in ports.items():
                starts[which].append(ready(made[which], port, folder))
        running = {which: start(made[which], port, folder) for which, port in ports.items()}
        signs: dict[str, list[float]] = {few: [], many: []}
        try:
            for _ in range(asked.rounds):
                for which in ports:
                    road = measure_road(running[which], "saml", made[which].roads["saml"], asked.seconds)
                    signs[which].append(road["cpu"])
        finally:
            for one in running.values():
                one.stop()
    size = f"aggregate of {asked.count:,} entities"
    _say(f"import of an {size}, s (CPU: {cpu:.1f})", f"{seconds:.1f}", seconds < _MOST_SECONDS, f"< {_MOST_SECONDS}")
    _say(f"import of an {size}, MB", f"{megabytes:.0f}", megabytes < _MOST_MEGABYTES, f"< {_MOST_MEGABYTES}")
    for what, found in (("ready to serve, CPU ms", starts), ("signed SAML response, CPU ms", signs)):
        one, other = (statistics.median(found[which]) for which in ports)
        shown = f"{one * 1000:.2f} with {few}, {other * 1000:.2f} with {many} more ({other / one:.3f})"
        _say(what, shown, other / one <= _MOST_SHARE, f"≤ {_MOST_SHARE:.2f}")


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _say(what: str, seen: str, met: bool, bar: str) -> None:
    print(f"| {what} | {seen} | {bar} | {'yes' if met else 'no'} |")


if __name__ == "__main__":
    main()
