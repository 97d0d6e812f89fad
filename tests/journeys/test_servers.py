"""The same application on more than one server, told of its address by configuration alone."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from tests.support.deployed import ROOT, free_port

pytestmark = pytest.mark.journey


@pytest.fixture
def folder(tmp_path):
    """An initialised installation at https://id.example.org, behind one proxy."""
    (tmp_path / "config.yaml").write_text("base_url: https://id.example.org\nproxy: {trusted_hops: 1}\n")
    _idp(tmp_path, "init")
    _idp(tmp_path, "organization", "create", "acme", "--name", "Acme")
    return tmp_path


def _environment(folder):
    return {**os.environ, "PYTHONPATH": str(ROOT), "OSTIARY_CONFIG": str(folder / "config.yaml")}


def _idp(folder, *words):
    subprocess.run([sys.executable, "-m", "idp", *words], cwd=folder, env=_environment(folder), check=True)


def _get(port, path, **headers):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    opener = urllib.request.build_opener(_Stay)
    try:
        answer = opener.open(request, timeout=10)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        answer.read()
        return answer


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def _wait(port, process):
    until = time.monotonic() + 30
    while time.monotonic() < until and process.poll() is None:
        try:
            if _get(port, "/readyz").status == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server did not start")


GUNICORN = ["-m", "gunicorn", "--workers", "2", "--chdir", str(ROOT), "wsgi:app", "--bind"]
SERVERS = {
    "granian": lambda port: [sys.executable, "-m", "idp", "serve", "--port", str(port)],
    "gunicorn": lambda port: [sys.executable, *GUNICORN, f"127.0.0.1:{port}"],
}


@pytest.mark.parametrize("server", SERVERS)
def test_i2_behind_a_proxy_everything_is_built_from_the_configured_address(folder, server):
    """I2, I3: whatever Host and scheme the proxy's request has, cookies are those of https and links are ours."""
    port = free_port()
    log = (folder / "server.log").open("wb")
    process = subprocess.Popen(SERVERS[server](port), cwd=folder, env=_environment(folder), stdout=log, stderr=log)
    try:
        _wait(port, process)
        answer = _get(port, "/", Host="evil.example", **{"X-Forwarded-Host": "evil.example"})
        cookies = answer.headers.get_all("Set-Cookie")

        assert answer.status == 303
        assert "evil" not in answer.headers["Location"]
        assert all(cookie.startswith("__Host-") and "Secure" in cookie for cookie in cookies)
        assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        log.close()


def test_r15_a_wsgi_server_does_not_start_on_foreign_keys(folder):
    for file in (folder / "keys").iterdir():
        file.unlink()
    (folder / "keys").rmdir()
    ran = subprocess.run(
        [sys.executable, "-c", "import wsgi"], cwd=ROOT, env=_environment(folder), capture_output=True, text=True
    )

    assert ran.returncode != 0
    assert "keyring.yaml is missing" in ran.stderr
