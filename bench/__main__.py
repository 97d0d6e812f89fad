"""
Measure the roads of the front door: ``python -m bench [--database URL] [--rounds N] [--seconds S] [--report FILE]``.

Every figure is CPU of the server's processes (and the database's) per request, the median
of several rounds in which the roads take turns. What is compared with the machine's own limits
is compared with those of the same round, and of these comparisons the median counts: a machine
that is shared with others changes its speed from one minute to the next.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench import access, installation, limits, response, server

ROOT = Path(__file__).parent.parent


def measure_road(running: server.Server, road: str, data: dict[str, Any], seconds: float) -> dict[str, float]:
    """Load one road for *seconds*; return CPU seconds per request and latencies."""
    plan = {"port": running.port, "road": road, "seconds": seconds, "data": data}
    loader = subprocess.Popen(
        [sys.executable, "-m", "bench.load"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert loader.stdin is not None
    assert loader.stdout is not None
    loader.stdin.write(json.dumps(plan))
    loader.stdin.close()
    if loader.stdout.readline().strip() != "warm":
        raise SystemExit(f"the road {road} does not work: {loader.stdout.read()}")
    before = running.cpu()
    answer = json.loads(loader.stdout.readline())
    used = running.cpu() - before
    loader.wait()
    return {"cpu": used / answer["count"], "p50": answer["p50"], "p95": answer["p95"], "count": answer["count"]}


def import_seconds() -> float:
    """Return the median CPU seconds of importing the application, its modules compiled before as on any second start."""
    code = "import time; a = time.process_time(); import idp.app; print(time.process_time() - a)"
    command = [sys.executable, "-c", code]
    took = [
        float(
            subprocess.run(
                command, cwd=ROOT, capture_output=True, text=True, check=True, env=server.as_deployed()
            ).stdout
        )
        for _ in range(4)
    ]
    return statistics.median(took[1:])


def run(database_url: str | None, rounds: int, seconds: float) -> dict[str, Any]:
    """Measure everything; return the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        port = server.free_port()
        made = installation.make(folder, port, database_url)
        command = [
            sys.executable,
            "-m",
            "bench.deployed",
            "serve",
            "--config",
            str(made.config),
            "--port",
            str(port),
            "--workers",
            "1",
        ]
        running = server.start(command, port, "/livez", env={"PYTHONPATH": str(ROOT)}, folder=folder)
        running.more = postgres_processes(database_url)
        bare = server.start_empty(folder)
        figures: dict[str, list[dict[str, float]]] = {}
        measured_limits: list[dict[str, float]] = []
        turns: list[response.Turn] = []
        try:
            for _ in range(rounds):
                measured_limits.append(limits.measure())
                figures.setdefault("empty", []).append(measure_road(bare, "empty", {}, seconds))
                for road, data in made.roads.items():
                    figures.setdefault(road, []).append(measure_road(running, road.split()[0], data, seconds))
                turns += response.measure(running, bare, made.roads["saml"])
            memory = running.worker_memory()
        finally:
            running.stop()
            bare.stop()
    median = {
        road: {key: statistics.median(r[key] for r in found) for key in found[0]} for road, found in figures.items()
    }
    machine = {key: statistics.median(m[key] for m in measured_limits) for key in measured_limits[0]}
    return {
        "limits": machine,
        "rounds": [
            {"limits": limits_, "roads": {road: found[number]["cpu"] for road, found in figures.items()}}
            for number, limits_ in enumerate(measured_limits)
        ],
        "roads": median,
        "response": turns,
        "spread": {road: [min(r["cpu"] for r in f), max(r["cpu"] for r in f)] for road, f in figures.items()},
        "ready_seconds": running.ready_seconds,
        "worker_megabytes": memory,
        "import_seconds": import_seconds(),
        "access_seconds": access.measure()["decision"],
        "database": "PostgreSQL" if database_url else "SQLite",
    }


def postgres_processes(database_url: str | None) -> list[int]:
    """Return the process that all processes of the measured PostgreSQL come from, if it runs here."""
    pid = os.environ.get("BENCH_POSTGRES_PID", "")
    return [int(pid)] if database_url and pid else []


def judge(found: dict[str, Any]) -> list[tuple[str, str, str, bool]]:
    """Return (figure, seen, bar, met) rows; bars scale with this machine's own limits."""
    roads, rounds = found["roads"], found["rounds"]
    share = 1.0 if found["database"] == "SQLite" else 0.6
    rows = []
    ratio = response.quotient(found["response"])
    rows.append(
        (
            "signed SAML response, CPU ÷ a request to a view that makes 2 bare RSA signatures",
            f"{ratio:.2f}",
            "≤ 1.60",
            ratio <= 1.6,
        )
    )
    reference = 0.00026 + 0.00015
    scales = [reference / (one["limits"]["RSA-2048 signature"] + one["roads"]["empty"]) for one in rounds]
    scale = statistics.median(scales)
    bars = {
        "client_credentials RS256": 1000,
        "client_credentials ES256": 1600,
        "refresh": 800,
        "authorize": 300,
        "par+authorize+code+dpop": 110,
        "introspection": 1500,
        "userinfo": 1500,
        "jwks": 4000,
        "discovery": 4000,
    }
    for road, bar in bars.items():
        reached = statistics.median(
            1 / one["roads"][road] / (bar * share * of_round) for one, of_round in zip(rounds, scales, strict=True)
        )
        rows.append(
            (
                f"{road}, per CPU-second",
                f"{1 / roads[road]['cpu']:,.0f}, {reached:.0%} of the bar",
                f"≥ {bar * share * scale:,.0f} ({bar * share:,.0f} × {scale:.2f})",
                reached >= 1,
            )
        )
    part = statistics.median(one["limits"]["argon2id hash"] / one["roads"]["password"] for one in rounds)
    rows.append(("password sign-in, share of what argon2id alone allows", f"{part:.0%}", "≥ 85%", part >= 0.85))
    decision = found["access_seconds"]
    rows.append(
        (
            f"decision of contextual access ({access.RULES} rules, {access.NETWORKS:,} networks), CPU ms",
            f"{decision * 1000:.2f}",
            f"< {access.BAR_SECONDS * 1000:g}",
            decision < access.BAR_SECONDS,
        )
    )
    rows.append(
        ("import of the application, CPU s", f"{found['import_seconds']:.2f}", "< 1.2", found["import_seconds"] < 1.2)
    )
    rows.append(("worker memory, MB", f"{found['worker_megabytes']:.0f}", "< 120", found["worker_megabytes"] < 120))
    rows.append(("ready to serve, s", f"{found['ready_seconds']:.2f}", "< 3", found["ready_seconds"] < 3))
    return rows


def report(found: dict[str, Any], rounds: int, seconds: float) -> str:
    """Return the figures as Markdown."""
    lines = [
        f"## {found['database']}",
        "",
        f"Median of {rounds} rounds of {seconds:g} s; Python {platform.python_version()}, {os.cpu_count()} cores.",
        "",
    ]
    lines += ["| limit of the machine | CPU ms |", "|---|---|"]
    lines += [f"| {name} | {value * 1000:.3f} |" for name, value in found["limits"].items()]
    lines += [
        "",
        "| road | CPU ms per request | least–most | per CPU-second | p50 ms | p95 ms |",
        "|---|---|---|---|---|---|",
    ]
    for road, figure in found["roads"].items():
        low, high = found["spread"][road]
        lines.append(
            f"| {road} | {figure['cpu'] * 1000:.3f} | {low * 1000:.3f}–{high * 1000:.3f} | {1 / figure['cpu']:,.0f} "
            f"| {figure['p50'] * 1000:.2f} | {figure['p95'] * 1000:.2f} |"
        )
    lines += ["", "| bar | seen | asked | met |", "|---|---|---|---|"]
    lines += [f"| {name} | {seen} | {bar} | {'yes' if met else 'no'} |" for name, seen, bar, met in judge(found)]
    by_limits = statistics.median(
        one["roads"]["saml"] / (2 * one["limits"]["RSA-3072 signature"] + one["roads"]["empty"])
        for one in found["rounds"]
    )
    lines += [
        "",
        response.report(found["response"])
        + f"By the limits above, which are measured in a loop in another process, the quotient is {by_limits:.2f}.",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", help="URL of an empty PostgreSQL database; SQLite without it")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=0.7)
    parser.add_argument("--report", type=Path, help="append the report to this file too")
    asked = parser.parse_args()
    began = time.monotonic()
    text = report(run(asked.database, asked.rounds, asked.seconds), asked.rounds, asked.seconds)
    print(text)
    print(f"measured in {time.monotonic() - began:.0f} s")
    if asked.report:
        with asked.report.open("a", encoding="utf-8") as out:
            out.write(text + "\n")


if __name__ == "__main__":
    main()
