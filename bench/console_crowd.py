"""
Several administrators at once, against the server as deployed (`idp serve`): each in a process of its own opens every page,
in an order of its own, one after the other and without a pause: four of them ask as much as some hundred people who read.

The background jobs do not run beside it: nothing of the installation is changed but for sessions.
"""

import http.client
import multiprocessing
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from bench import server
from bench.console_report import Row

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Turn:
    """What one administrator opens in one round: where, with which session, and in which order."""

    port: int
    host: str
    cookie: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """How one request went: milliseconds from its first byte to the answer's last."""

    path: str
    status: int
    size: int
    took: float


def measure(
    config: Path, base_url: str, paths: Sequence[str], many: int, rounds: int, sessions: Callable[[], list[str]]
) -> tuple[list[Row], float]:
    """
    Let *many* administrators open every page *rounds* times; return what came of each page, and the milliseconds of the
    processor that the server's processes used for a request (without a database's of its own).

    Args:
        sessions: makes new sessions, one for each, before every round (pages that ask for a second step of just now).
    """
    host, dice = urlsplit(base_url).netloc, random.Random(1)
    found: list[Answer] = []
    with tempfile.TemporaryDirectory() as folder, multiprocessing.get_context("spawn").Pool(many) as pool:
        port = server.free_port()
        command = [sys.executable, "-m", "bench.deployed", "serve", "--config", str(config.resolve())]
        command += ["--port", str(port), "--no-jobs"]
        env = {"PYTHONPATH": str(ROOT)}
        running = server.start(command, port, "/livez", env=env, folder=Path(folder), patience=120)
        try:
            before = 0.0
            for number in range(rounds + 1):
                turns = [Turn(port, host, one, tuple(dice.sample(paths, len(paths)))) for one in sessions()]
                answers = pool.map(visit, turns)
                if number:  # at first every worker compiles what it compiles once
                    found += [answer for some in answers for answer in some]
                else:
                    before = running.cpu()
            busy = (running.cpu() - before) * 1000 / len(found)
        finally:
            running.stop()
    return [_row([answer for answer in found if answer.path == path]) for path in paths], busy


def visit(turn: Turn) -> list[Answer]:
    """Open pages, one after the other, on one connection; say how each request went."""
    connection = http.client.HTTPConnection("127.0.0.1", turn.port, timeout=60)
    headers = {"Host": turn.host, "Cookie": f"ostiary_session={turn.cookie}"}
    found = []
    for path in turn.paths:
        began = time.perf_counter()
        connection.request("GET", quote(path, safe="/?=&@:,"), headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        found.append(Answer(path, answer.status, len(body), (time.perf_counter() - began) * 1000))
    connection.close()
    return found


def _row(answers: Sequence[Answer]) -> Row:
    wrong = next((answer for answer in answers if answer.status != 200), answers[0])
    return Row(wrong.path, wrong.status, max(one.size for one in answers), tuple(one.took for one in answers))
