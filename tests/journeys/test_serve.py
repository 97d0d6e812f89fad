"""`idp serve` as deployed: several workers, a dead one is replaced, background work beside them, an end in order."""

import os
import signal
import time
import urllib.error
import urllib.request

import psutil
import pytest

from tests.support.deployed import deployed

pytestmark = pytest.mark.journey


@pytest.fixture
def server(tmp_path):
    with deployed(tmp_path / "served") as running:
        yield running


def _answers(server):
    try:
        with urllib.request.urlopen(f"{server.base_url}/readyz", timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def _until(true, seconds=15.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.05)
    return False


def _workers(server):
    """Return the workers that are alive; one that was just killed may still wait to be buried."""
    found = []
    for process in psutil.Process(server.process.pid).children(recursive=True):
        try:
            if process.status() != psutil.STATUS_ZOMBIE and "serve" in process.cmdline():
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return sorted(found, key=lambda process: process.create_time())


def _jobs(server):
    return [p for p in psutil.Process(server.process.pid).children(recursive=True) if "jobs" in p.cmdline()]


def test_r1_a_killed_worker_is_replaced_and_the_other_goes_on(server):
    assert _until(lambda: len(_workers(server)) == 2)
    killed = _workers(server)[0]
    killed.kill()

    assert _until(lambda: _answers(server), 5)
    assert _until(lambda: len([p for p in _workers(server) if p != killed]) == 2)
    assert _answers(server)


def test_r1_the_server_outlives_workers_that_die_again_and_again(server):
    """The server replaces a worker that dies as soon as it was made, instead of giving up."""
    for _ in range(3):
        assert _until(lambda: len(_workers(server)) == 2, 30)
        time.sleep(0.3)
        _workers(server)[-1].kill()

    assert _until(lambda: server.process.poll() is None and _answers(server), 30)


def test_background_work_runs_beside_the_server_and_ends_with_it(server):
    assert _until(lambda: server.command("jobs", "list") == [])
    (beside,) = _jobs(server)

    server.process.terminate()

    assert server.process.wait(20) == 0
    assert not beside.is_running()


def test_background_work_does_not_outlive_a_server_that_was_killed(server):
    assert _until(lambda: len(_jobs(server)) == 1)
    (beside,) = _jobs(server)
    workers = _workers(server)

    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait(10)

    assert _until(lambda: not beside.is_running() or beside.status() == psutil.STATUS_ZOMBIE, 20)
    for worker in workers:
        if worker.is_running():
            worker.kill()


def test_i13_no_answer_speaks_of_our_insides(server):
    """I13: neither a page that is not there nor one that fails shows a trace, a path or a library."""
    request = urllib.request.Request(f"{server.base_url}/nowhere")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=5)

    with refused.value as answer:
        text = answer.read().decode()
        assert answer.status == 404
    assert "Traceback" not in text
    assert "site-packages" not in text
    assert "Werkzeug" not in answer.headers.get("Server", "")
