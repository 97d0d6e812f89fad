"""The command line as people and scripts use it: words in; exit code, words and JSON out."""

import io
import json
import shutil
from dataclasses import dataclass
from typing import Any

import pytest

from idp.app import create
from idp.cli.context import open_database
from idp.cli.main import run
from idp.settings import load
from tests.support.visitor import Visitor


@dataclass(frozen=True)
class Outcome:
    """What a command left behind: its exit code, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        return json.loads(self.err)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder, which is the current one."""
    folder = tmp_path / "installation"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def idp(here, capfd, monkeypatch):
    """Return a function that runs ``idp`` with words, in the empty folder."""

    def call(*words: str, stdin: str = "") -> Outcome:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8"))
        capfd.readouterr()
        code = run(list(words))
        written = capfd.readouterr()
        return Outcome(code, written.out, written.err)

    return call


@pytest.fixture(scope="session")
def _initialized(tmp_path_factory):
    folder = tmp_path_factory.mktemp("initialized")
    assert run(["init", "--config", str(folder / "config.yaml")]) == 0
    return folder


@pytest.fixture
def installed(here, idp, _initialized):
    """The same, in the folder of an installation that was initialised."""
    shutil.copytree(_initialized, here, dirs_exist_ok=True)
    return idp


@pytest.fixture
def at_the_door(acme, here):
    """The pages of the same installation, for somebody in a fresh browser."""
    with open_database(load(here / "config.yaml")) as database:
        yield Visitor(create(load(here / "config.yaml"), database=database).test_client())


@pytest.fixture
def acme(installed):
    """The same, with an organization, a site, and Ann."""
    installed("organization", "create", "acme", "--name", "Acme Global")
    installed("site", "create", "acme", "--organization", "acme", "--name", "Acme")
    made = installed(
        "account", "create", "ann@acme.example", "--organization", "acme", "--name", "Ann", "--password-stdin",
        stdin="a quiet garden gate 7\n",
    )  # fmt: skip
    assert made.code == 0, made.err
    return installed
