"""No program is called for a message (what pysaml2 does for each signature takes fifty times as long)."""

import subprocess
import sys
from contextlib import contextmanager

import pytest

from idp.saml import names
from tests.support.saml_world import posted
from tests.support.service_provider import ServiceProvider, encoded

_STARTS = frozenset({"subprocess.Popen", "os.fork", "os.forkpty", "os.exec", "os.posix_spawn", "os.spawn", "os.system"})
_heard: list[str] = []
_listening: list[bool] = []


def _hear(event: str, _: object) -> None:
    if _listening and event in _STARTS:
        _heard.append(event)


sys.addaudithook(_hear)  # for good: nothing takes one away


@contextmanager
def listening():
    """Yield what is started meanwhile."""
    _heard.clear()
    _listening.append(True)
    try:
        yield _heard
    finally:
        _listening.clear()


@pytest.fixture
def sp(world) -> ServiceProvider:
    made = ServiceProvider()
    document = made.metadata(signing=made.pair.der, encryption=made.pair.der)
    world.register(made, document, require_signed_requests=True, encrypt_assertion=True, sign_response=True)
    return made


def test_p15_no_process_is_started_to_verify_a_redirect_to_sign_and_to_encrypt(sp, ann):
    query = sp.query(sp.authn_request(), sign=names.RSA_SHA256)
    with listening() as started:
        answer = ann.sso(query)

    assert started == []
    assert posted(answer).find("//saml:EncryptedAssertion")


def test_p15_no_process_is_started_to_verify_a_signature_in_a_message(sp, ann):
    good, forged = (sp.authn_request() for _ in range(2))
    with listening() as started:
        taken = ann.post(encoded(sp.enveloped(good)))
        refused = ann.post(encoded(sp.enveloped(forged).replace(sp.acs, "https://evil.example/")))

    assert started == []
    assert (taken.status_code, refused.status_code) == (303, 400)


def test_a_process_would_be_noticed():
    with listening() as started:
        subprocess.run([sys.executable, "-c", ""], check=True)

    assert "subprocess.Popen" in started
