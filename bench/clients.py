"""
What many registered clients cost: ``python -m bench.clients [--count N] [--rounds N] [--seconds S]``.

Two installations, one with a handful of clients and one with N more, take turns: CPU until the server is
ready, and CPU per request of every road of OAuth. None may differ by more than a tenth.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

from bench import installation, server
from bench.__main__ import measure_road
from bench.providers import ready, start
from idp.base import clock
from idp.base.db import Database
from idp.base.work import Actor, HeldRole, Origin, Work
from idp.keyring import wrapping
from idp.oidc import clients
from idp.policy.permissions import OPERATOR

_AT_ONCE = 500
_MOST_SHARE = 1.10
_ROADS = ("client_credentials ES256", "authorize", "refresh", "introspection", "userinfo", "par+authorize+code+dpop")


def fill(made: installation.Installation, count: int) -> None:
    """Register *count* more clients, each open to everyone, with addresses and scopes of its own."""
    of = made.settings
    database = Database(of.database.url, wrapping.load(of.keys.directory))
    operator = Actor("operator", name="bench", roles=(HeldRole(OPERATOR),))
    for first in range(0, count, _AT_ONCE):
        with database.transaction() as tx:
            work = Work(tx, operator, clock.now(), Origin("cli"))
            for number in range(first, min(count, first + _AT_ONCE)):
                asked = {
                    "client_name": f"Client {number}",
                    "redirect_uris": [f"https://rp{number}.bench.example/callback"],
                    "grant_types": ["authorization_code", "refresh_token"],
                    "token_endpoint_auth_method": "none" if number % 3 == 0 else "client_secret_basic",
                }
                clients.create(work, "bench", asked, everyone=True)
    database.dispose()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ports = {"few": server.free_port(), "many": server.free_port()}
        made = {which: installation.make(folder / which, port, None) for which, port in ports.items()}
        fill(made["many"], asked.count)
        seen: dict[str, dict[str, list[float]]] = {}
        for _ in range(asked.rounds):
            for which, port in ports.items():
                took = ready(made[which], port, folder)
                seen.setdefault("ready to serve", {}).setdefault(which, []).append(took)
        running = {which: start(made[which], port, folder) for which, port in ports.items()}
        try:
            for _ in range(asked.rounds):
                for road in _ROADS:
                    for which in ports:
                        found = measure_road(running[which], road.split()[0], made[which].roads[road], asked.seconds)
                        seen.setdefault(road, {}).setdefault(which, []).append(found["cpu"])
        finally:
            for one in running.values():
                one.stop()
    for road, found in seen.items():
        few, many = (statistics.median(found[which]) for which in ports)
        met = "yes" if many / few <= _MOST_SHARE else "no"
        shown = f"{few * 1000:.2f} with few, {many * 1000:.2f} with {asked.count:,} more ({many / few:.3f})"
        print(f"| {road}, CPU ms | {shown} | ≤ {_MOST_SHARE:.2f} | {met} |")


if __name__ == "__main__":
    main()
