"""Fixtures for tests in a real browser. Skipped, with a sentence saying what to install, where there is none."""

from dataclasses import dataclass, field

import pytest

from tests.support import chromium
from tests.support.front import ANN, PASSWORD
from tests.support.pictures import Walk
from tests.web.conftest import _front_template, front

__all__ = ["_front_template", "front"]


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.parent.name != "browser":
            continue
        item.add_marker(pytest.mark.browser)
        if chromium.executable() is None:
            item.add_marker(pytest.mark.skip(reason=chromium.MISSING))


@pytest.fixture(scope="module")
def chrome():
    """Chromium, one for a module (Playwright allows one at a time); every test has its own cookies in it."""
    with chromium.launched() as browser:
        yield browser


@pytest.fixture
def base(front):
    """The address of the front door, served."""
    with front.served() as address:
        yield address


@dataclass
class Complaints:
    """What a browser complained about: violated policies, errors of scripts, dialogs that opened."""

    heard: list[str] = field(default_factory=list)

    def listen(self, tab) -> None:
        tab.on("pageerror", lambda error: self.heard.append(f"error: {error}"))
        tab.on("console", self._console)
        tab.on("dialog", self._dialog)

    def _console(self, message) -> None:
        if "Content Security Policy" in message.text or "violates" in message.text:
            self.heard.append(message.text)

    def _dialog(self, dialog) -> None:
        self.heard.append(f"dialog: {dialog.message}")
        dialog.dismiss()


@pytest.fixture
def complaints():
    """Asserts at the end that no browser of this test complained."""
    complaints = Complaints()
    yield complaints
    assert complaints.heard == []


@pytest.fixture
def walk(front, base, chrome, complaints):
    """A person in a fresh browser; ``walk(javascript=False)`` and the like for other kinds."""
    opened = []

    def start(**options) -> Walk:
        one = Walk(front, chrome, base, **options)
        complaints.listen(one.tab)
        opened.append(one)
        return one

    yield start
    for one in opened:
        one.tab.context.close()


@pytest.fixture
def ann(walk):
    """Ann, signed in, at her applications."""
    return signed_in(walk())


def signed_in(walk: Walk) -> Walk:
    """Sign Ann in."""
    walk.open("/")
    walk.password(ANN, PASSWORD)
    walk.code()
    assert walk.heading == "Your applications"
    return walk
