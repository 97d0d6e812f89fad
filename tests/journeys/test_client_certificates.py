"""A client certificate that is presented directly, to a real server that verifies it."""

import datetime
import ssl
import subprocess
import sys
import time
import urllib.request

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.deployed import ROOT, free_port

pytestmark = pytest.mark.journey
TELLS = """
from idp.settings import ProxySettings
from idp.web.context import certificate_of


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    hops = int(environ["QUERY_STRING"] or 0)
    return [certificate_of(environ, ProxySettings(trusted_hops=hops)).encode()]
"""


class _Authority:
    """Signs certificates for one test."""

    def __init__(self, folder, name):
        self.folder, self.key = folder, ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(
            self._signed(self.name, self.key, authority=True).public_bytes(serialization.Encoding.PEM)
        )

    def issue(self, common_name):
        """Return the file with the certificate and the key of *common_name*."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Acme, Global"),
                x509.NameAttribute(NameOID.COMMON_NAME, common_name),
            ]
        )
        made = self.folder / f"{common_name}.pem"
        made.write_bytes(
            self._signed(name, key).public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return made

    def _signed(self, name, key, *, authority=False):
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .sign(self.key, hashes.SHA256())
        )


@pytest.fixture
def served(tmp_path):
    """A gunicorn that asks for certificates of one authority and demands none; ``served(file, query)`` asks it."""
    devices, port = _Authority(tmp_path, "devices"), free_port()
    (tmp_path / "tells.py").write_text(TELLS)
    own = devices.issue("localhost")
    tls = ["--certfile", own, "--keyfile", own, "--ca-certs", devices.file, "--cert-reqs", "1"]
    command = [sys.executable, "-m", "gunicorn", "--chdir", tmp_path, "--bind", f"127.0.0.1:{port}", *tls, "tells:app"]
    with (tmp_path / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [str(word) for word in command], env={"PYTHONPATH": str(ROOT)}, stdout=log, stderr=log
        )

    def ask(presented=None, hops=0):
        context = ssl.create_default_context(cafile=str(devices.file))
        if presented is not None:
            context.load_cert_chain(presented)
        with urllib.request.urlopen(f"https://localhost:{port}/?{hops}", context=context, timeout=10) as answer:
            return answer.read().decode()

    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            ask()
            break
        except OSError:
            time.sleep(0.1)
    ask.issue = devices.issue
    yield ask
    process.terminate()
    process.wait(10)


def test_the_subject_of_a_verified_certificate_is_known_without_a_proxy(served):
    assert served(served.issue("laptop-17")) == r"CN=laptop-17,O=Acme\, Global"


def test_who_presents_none_has_none(served):
    assert served() == ""


def test_i1_behind_a_proxy_the_certificate_of_the_connection_is_the_proxys_and_says_nothing_of_the_device(served):
    assert served(served.issue("proxy"), hops=1) == ""


def test_a_certificate_of_another_authority_is_refused_by_the_server(served, tmp_path):
    (tmp_path / "other").mkdir()
    with pytest.raises(OSError):
        served(_Authority(tmp_path / "other", "others").issue("laptop-17"))
