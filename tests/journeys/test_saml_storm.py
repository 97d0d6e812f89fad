"""Ten thousand mutated messages to the server as deployed: its workers stay who they are, and others are served meanwhile."""

import os
import random
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from idp.base import clock
from idp.base.db import Database
from idp.keyring import wrapping
from idp.settings import load
from tests.support.deployed import Deployed, deployed
from tests.support.plain_http import Served
from tests.support.saml_world import World, fill
from tests.support.storm import PATHS, Sent, Storm, told

pytestmark = pytest.mark.journey

MESSAGES = int(os.environ.get("FUZZ_MESSAGES", "10000"))
SEED = int(os.environ.get("FUZZ_SEED", "20300101"))
AT_ONCE = 8
OF_AN_AGE = 1000
"""So many messages later the good ones among them are made anew: they may be a few minutes old."""
MOST_CPU_SECONDS = 0.02
"""For one message, on the average."""
MOST_SECONDS = 5.0
"""Until any one message, or whoever asks meanwhile, is answered, on a machine that does other things as well."""
SETTINGS = "throttling: {sign_ons_per_minute: 1000000}\nlog: {level: warning}\n"


@contextmanager
def world_of(server: Deployed):
    """Acme and its people in the installation of that server."""
    of = load(server.folder / "config.yaml")
    database = Database(of.database.url, wrapping.load(of.keys.directory))
    world = World(Served(server.base_url), database, now=clock.now())
    with world.work() as work:
        fill(work)
    yield world
    database.dispose()


def answered(storm: Storm, sent: Sent):
    """Return the answer to *sent*, and how long it took."""
    began = time.monotonic()
    answer = storm.answered(sent)
    return answer, time.monotonic() - began


def alive(world: World) -> float:
    """Ask whether the server is alive, which somebody does all the time; return how long it took to say so."""
    began = time.monotonic()
    assert world.app.test_client().get("/livez").status_code == 200
    return time.monotonic() - began


def cpu_seconds(server: Deployed) -> float:
    return sum(sum(one.cpu_times()[:2]) for one in server.workers())


def test_x8_the_deployed_server_takes_none_of_ten_thousand_mutated_messages_and_serves_others_meanwhile(tmp_path):
    """X8, X28: on every road, eight at once; no worker dies, no message is slow, nothing is taken that was not said."""
    with deployed(tmp_path / "served", settings=SETTINGS) as server, world_of(server) as world:
        storm = Storm(world, random.Random(SEED), idp=f"{server.base_url}/sites/acme/saml", at_once=True)
        before = sorted((one.pid, one.create_time()) for one in server.workers())
        used = cpu_seconds(server)
        took: list[float] = []

        with ThreadPoolExecutor(AT_ONCE + 1) as pool:
            for number in range(0, MESSAGES, AT_ONCE):
                world.now = clock.now()
                if number % OF_AN_AGE < AT_ONCE and number:
                    storm.renew()
                batch = [storm.next() for _ in range(min(AT_ONCE, MESSAGES - number))]
                others = pool.submit(alive, world)
                for sent, (answer, seconds) in zip(
                    batch, pool.map(lambda one: answered(storm, one), batch), strict=True
                ):
                    with told(SEED, number, sent):
                        storm.judge(sent, answer)
                    took.append(seconds)
                took.append(others.result())

        used = cpu_seconds(server) - used
        assert sorted((one.pid, one.create_time()) for one in server.workers()) == before
        assert b"Traceback" not in (server.folder / "server.log").read_bytes()
        assert storm.counts["sent"] == MESSAGES
        assert all(storm.counts[kind] and storm.counts[f"{kind} refused"] for kind in PATHS), storm.counts
        assert used / MESSAGES < MOST_CPU_SECONDS, used
        assert max(took) < MOST_SECONDS, sorted(took)[-20:]
        assert world.alive(storm.ann)
        assert world.alive(storm.ben)
