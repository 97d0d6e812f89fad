"""A storm of mutated messages against the server as deployed: its workers stay who they are, and others are served (X8)."""

import random
import urllib.error
import urllib.request
from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from idp.saml import names
from tests.support import mutations
from tests.support.deployed import deployed
from tests.support.service_provider import ServiceProvider, deflated, encoded, stamp

pytestmark = pytest.mark.journey

MESSAGES = 600


def _status(address: str, data: bytes | None = None) -> int:
    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None

    try:
        with urllib.request.build_opener(Stay).open(urllib.request.Request(address, data), timeout=20) as answer:
            return answer.status
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code


def test_x8_no_worker_falls_over_and_others_are_served_meanwhile(tmp_path):
    """X8: signed messages, mutated, by both bindings at both services."""
    with deployed(tmp_path / "served") as server:
        base = f"{server.base_url}/sites/acme/saml"
        sp = ServiceProvider(idp=base)
        (server.folder / "sp.xml").write_bytes(sp.metadata(signing=sp.pair.der))
        server.command("organization", "create", "acme", "--name", "Acme Global")
        server.command("site", "create", "acme", "--organization", "acme", "--name", "Acme")
        server.command("application", "create-saml", "--site", "acme", "--metadata", "sp.xml", "--everyone")
        before = sorted((one.pid, one.create_time()) for one in server.workers())
        now = stamp(datetime.now(UTC))
        good = sp.enveloped(sp.authn_request(IssueInstant=now))
        leaving = sp.enveloped(sp.logout_request("<saml:NameID>nobody</saml:NameID>", IssueInstant=now))
        chance = random.Random(20300101)
        seen: dict[int, int] = {}

        for number in range(MESSAGES):
            xml, other, to = (good, leaving, "sso") if number % 2 else (leaving, good, "slo")
            mutate = mutations.in_the_octets if number % 3 else lambda c, x, o=other: mutations.in_the_tree(c, x, o)
            octets = mutate(chance, xml)
            if number % 4 < 2:
                status = _status(f"{base}/{to}", f"SAMLRequest={quote(encoded(octets), safe='')}".encode())
            else:
                status = _status(f"{base}/{to}?SAMLRequest={quote(deflated(octets), safe='')}")
            seen[status] = seen.get(status, 0) + 1
            if number % 50 == 0:
                assert _status(f"{base}/metadata") == 200

        # 303: what was changed is not under the signature, so the message was taken, once.
        assert set(seen) <= {400, 303}, seen
        assert seen[400] > MESSAGES * 0.9
        fresh = sp.query(sp.authn_request(IssueInstant=stamp(datetime.now(UTC))), sign=names.RSA_SHA256)
        assert _status(f"{base}/sso?{fresh}") == 303
        assert sorted((one.pid, one.create_time()) for one in server.workers()) == before
        assert b"Traceback" not in (server.folder / "server.log").read_bytes()
