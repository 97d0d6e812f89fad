"""
Measure what signatures and encryption of SAML cost: ``python -m bench.saml [--database URL] [--rounds N] [--seconds S]``.

As `bench` does it: the server as deployed, CPU of its processes, the median of rounds in which the
roads take turns. Two limits: a signed AuthnRequest by POST costs less than 1.5 ms beyond an
unsigned one; a Response with an encrypted assertion at most 1.5 times a plain one. All service providers have
the same release rules. One has everything else switched on that goes without encryption: its cost beyond the
plain one is what the front door's figure for a signed response has to bear with.
"""

import argparse
import base64
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from bench import installation, server
from bench.installation import RULES, Installation
from idp.base import clock
from idp.base.db import Database
from idp.base.work import Actor, HeldRole, Origin, Work
from idp.directory import policies, queries
from idp.keyring import keyring, wrapping
from idp.policy.permissions import OPERATOR
from idp.saml import names, registering
from idp.saml.key_change import rollover, rotating

ROOT = Path(__file__).parent.parent
MOST_MILLISECONDS = 1.5
MOST_TIMES = 1.5
_ALL = {
    "nameid_format": names.EMAIL,
    "name_id_source": "lower(email)",
    "idp_initiated": True,
    "relay_states": ("https://all.bench.example/start",),
    "context_map": {"says": {"second-step": "https://all.bench.example/mfa"}},
    "signature_algorithm": "rsa-sha256",
}
_MD, _DS = "urn:oasis:names:tc:SAML:2.0:metadata", "http://www.w3.org/2000/09/xmldsig#"
_PROTOCOL, _POST = "urn:oasis:names:tc:SAML:2.0:protocol", "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"


def _pair() -> tuple[str, str]:
    """Return a private key (PEM) and its certificate (DER in base64)."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bench")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(clock.now())
        .not_valid_after(clock.now() + timedelta(days=1))
        .sign(private, hashes.SHA256())
    )
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return pem, base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()


def _metadata(host: str, use: str, certificate: str) -> bytes:
    return (
        f'<md:EntityDescriptor xmlns:md="{_MD}" xmlns:ds="{_DS}" entityID="https://{host}/metadata">'
        f'<md:SPSSODescriptor protocolSupportEnumeration="{_PROTOCOL}"><md:KeyDescriptor use="{use}"><ds:KeyInfo>'
        f"<ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
        f'</md:KeyDescriptor><md:AssertionConsumerService index="0" isDefault="true" Binding="{_POST}" '
        f'Location="https://{host}/acs"/></md:SPSSODescriptor></md:EntityDescriptor>'
    ).encode()


@contextmanager
def _operating(database: Database) -> Iterator[Work]:
    with database.transaction() as tx:
        yield Work(tx, Actor("operator", name="bench", roles=(HeldRole(OPERATOR),)), clock.now(), Origin("cli"))


def roads(made: Installation) -> dict[str, tuple[str, dict[str, Any]]]:
    """Register a service provider that signs and one that wants encryption; return the roads: name, driver and data."""
    key, certificate = _pair()
    plain = made.roads["saml"]

    def of(host: str, **more: Any) -> dict[str, Any]:
        return {**plain, "entity_id": f"https://{host}/metadata", "acs": f"https://{host}/acs", **more}

    database = Database(made.settings.database.url, wrapping.load(made.settings.keys.directory))
    with _operating(database) as work:
        for host, use, switches in (
            ("signs.bench.example", "signing", {}),
            ("hides.bench.example", "encryption", {"encrypt_assertion": True}),
            ("all.bench.example", "signing", _ALL),
        ):
            document = _metadata(host, use, certificate)
            last = registering.register(work, "bench", document, everyone=True, allow_http_loopback=False, **switches)
            policies.set_application_rules(work, last.application_id, RULES)
        rotating.rotate(work, queries.site(work, "bench"), purpose=keyring.SAML_SIGNING)
    with _operating(database) as work:
        # A change of keys is going on, and the last one has been switched to the new key: it is watched.
        rollover.switch(work, last.application_id, anyway=True)
    database.dispose()
    return {
        "AuthnRequest by POST, unsigned": ("posted", of("signs.bench.example", key="")),
        "AuthnRequest by POST, signed": ("posted", of("signs.bench.example", key=key, certificate=certificate)),
        "Response": ("saml", plain),
        "Response, encrypted": ("saml", of("hides.bench.example")),
        "Response, everything else switched on": ("saml", of("all.bench.example")),
    }


def measure(running: server.Server, road: str, data: dict[str, Any], seconds: float) -> float:
    """Load one road for *seconds*; return the server's CPU seconds per request."""
    command = [sys.executable, "-m", "bench.saml_load"]
    loader = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert loader.stdin is not None
    assert loader.stdout is not None
    loader.stdin.write(json.dumps({"port": running.port, "road": road, "seconds": seconds, "data": data}))
    loader.stdin.close()
    if loader.stdout.readline().strip() != "warm":
        raise SystemExit(f"the road {road} does not work: {loader.stdout.read()}")
    before = running.cpu()
    count = json.loads(loader.stdout.readline())["count"]
    used = running.cpu() - before
    loader.wait()
    return used / float(count)


def run(database_url: str | None, rounds: int, seconds: float) -> dict[str, list[float]]:
    """Return CPU seconds per request of every round, by road."""
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), server.free_port()
        made = installation.make(folder, port, database_url)
        every = roads(made)
        command = [sys.executable, "-m", "idp", "serve", "--config", str(made.config), "--port", str(port)]
        command += ["--workers", "1"]
        running = server.start(command, port, "/livez", env={"PYTHONPATH": str(ROOT)}, folder=folder)
        figures: dict[str, list[float]] = {road: [] for road in every}
        try:
            for _ in range(rounds):
                for road, (driver, data) in every.items():
                    figures[road].append(measure(running, driver, data, seconds))
        finally:
            running.stop()
        return figures


def report(figures: dict[str, list[float]]) -> str:
    """Return the figures as Markdown."""
    lines = ["| road | CPU ms per request | least–most |", "|---|---|---|"]
    for road, found in figures.items():
        middle, low, high = (1000 * value for value in (statistics.median(found), min(found), max(found)))
        lines.append(f"| {road} | {middle:.3f} | {low:.3f}–{high:.3f} |")
    unsigned, signed, plain, hidden, everything = figures.values()
    # Of each round its own difference: whatever else the machine did in it, it did to both.
    beyond = statistics.median(1000 * (b - a) for a, b in zip(unsigned, signed, strict=True))
    times = statistics.median(b / a for a, b in zip(plain, hidden, strict=True))
    more = statistics.median(b / a for a, b in zip(plain, everything, strict=True))
    kept = (beyond < MOST_MILLISECONDS, times <= MOST_TIMES)
    lines += ["", "| bar | seen | asked | met |", "|---|---|---|---|"]
    lines.append(
        f"| signed AuthnRequest by POST beyond an unsigned one, CPU ms | {beyond:.2f} | < {MOST_MILLISECONDS} "
        f"| {'yes' if kept[0] else 'no'} |"
    )
    lines.append(f"| encrypted Response ÷ plain one | {times:.2f} | ≤ {MOST_TIMES} | {'yes' if kept[1] else 'no'} |")
    lines += ["", f"With everything else switched on, a Response costs {more:.3f} times the plain one."]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", help="URL of an empty PostgreSQL database; SQLite without it")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    asked = parser.parse_args()
    print(report(run(asked.database, asked.rounds, asked.seconds)))


if __name__ == "__main__":
    main()
