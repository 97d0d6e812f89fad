"""`idp serve` as deployed: several workers, a dead one is replaced, background work beside them, an end in order."""

import http.client
import os
import signal
import socket
import time
import urllib.error
import urllib.request
from contextlib import closing, contextmanager

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


@contextmanager
def _slow_bodies(server, count):
    """Connections that announce a body and never send the whole of it."""
    held = []
    try:
        for _ in range(count):
            connection = socket.create_connection(("127.0.0.1", server.port), timeout=5)
            connection.sendall(
                b"POST /sites/acme/oauth2/token HTTP/1.1\r\nHost: localhost\r\n"
                b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\na=1"
            )
            held.append(connection)
        time.sleep(1)
        yield
    finally:
        for connection in held:
            connection.close()


def test_i8_two_hundred_bodies_that_never_end_hold_up_nobody_else(server):
    token = urllib.request.Request(f"{server.base_url}/sites/nowhere/oauth2/token", data=b"grant_type=none")

    with _slow_bodies(server, 200):
        answered = [_answers(server) for _ in range(20)]
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(token, timeout=5)

    refused.value.close()
    assert all(answered)
    assert refused.value.code == 404  # not 503: a whole body is read and its request looked at


def test_i8_a_body_of_unknown_length_is_read_and_one_that_is_too_long_is_refused(server):
    server.command("organization", "create", "acme", "--name", "Acme")
    server.command("site", "create", "acme", "--organization", "acme", "--name", "Acme")

    def chunked(size):
        with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)) as connection:
            connection.request(
                "POST",
                "/sites/acme/oauth2/token",
                body=iter([b"grant_type=none&x=" + b"y" * size]),
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                encode_chunked=True,
            )
            with connection.getresponse() as answer:
                return answer.status, answer.read()

    status, body = chunked(10)
    assert status == 401
    assert b"invalid_client" in body
    assert chunked(70_000)[0] == 413
