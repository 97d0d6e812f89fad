"""`idp demo` that is told to end, whenever that is, leaves nothing running and nothing half made."""

import signal
import socket
import subprocess
import sys
import time

import psutil
import pytest

from tests.support import walk

pytestmark = pytest.mark.journey


def of_the_demo(folder, but=None):
    """The processes whose command lines name *folder*."""
    found = []
    for process in psutil.process_iter(["pid", "cmdline"]):
        if process.info["pid"] != but and any(str(folder) in word for word in process.info["cmdline"] or ()):
            found.append(process)
    return found


@pytest.mark.parametrize("stage", ["the server starts", "the first sample starts"])
def test_told_to_end_while_it_starts_it_leaves_no_orphans(tmp_path, stage):
    folder = tmp_path / "demo"
    log = folder / "logs" / {"the server starts": "ostiary.log", "the first sample starts": "wiki.log"}[stage]
    command = [sys.executable, "-m", "idp", "demo", "--folder", str(folder), "--port", str(walk.free_ports())]
    demo = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 240
    while not log.exists() and demo.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    demo.send_signal(signal.SIGTERM)
    said, complained = demo.communicate(timeout=60)

    assert log.exists(), complained
    assert demo.returncode == 130, complained
    assert "Traceback" not in complained
    assert said == "", "it was not ready yet"
    assert of_the_demo(folder) == []


@pytest.mark.parametrize("taken", [0, 2])
def test_a_taken_port_is_said_before_anything_is_made(tmp_path, taken):
    port = walk.free_ports()
    folder = tmp_path / "demo"
    with socket.create_server(("127.0.0.1", port + taken)):
        command = [sys.executable, "-m", "idp", "demo", "--folder", str(folder), "--port", str(port)]
        demo = subprocess.run(command, capture_output=True, text=True, timeout=60)

    assert demo.returncode == 6
    assert f"Cannot listen on 127.0.0.1:{port + taken}" in demo.stderr
    assert not folder.exists(), "another --port can be chosen"
