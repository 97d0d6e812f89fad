"""Fixtures for tests of OAuth and OpenID Connect."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from idp.base.db import Database
from idp.oidc import remote_keys
from idp.oidc.authorize import request_uri
from tests.oidc.support import Place, Registered


@pytest.fixture(scope="session")
def _place_template(tmp_path_factory, _sqlite_template, vault) -> Path:
    path = tmp_path_factory.mktemp("place") / "place.db"
    shutil.copyfile(_sqlite_template, path)
    database = Database(f"sqlite:///{path}", vault)
    Place(database)
    database.dispose()
    return path


@pytest.fixture
def place(database_kind, request, tmp_path, vault) -> Iterator[Place]:
    """A provider with people, at noon; ``place.later(minutes=5)`` lets time pass."""
    if database_kind != "sqlite":
        yield Place(request.getfixturevalue("database"))
        return
    path = tmp_path / "place.db"
    shutil.copyfile(request.getfixturevalue("_place_template"), path)
    database = Database(f"sqlite:///{path}", vault, memory_seconds=0)
    yield Place(database)
    database.dispose()


@pytest.fixture
def client(place) -> Registered:
    """A confidential client of the organization's own, open to everyone."""
    return place.register()


@pytest.fixture
def public(place) -> Registered:
    """A public client: an application of scripts in a browser."""
    return place.register(token_endpoint_auth_method="none", client_name="Scripts")


@pytest.fixture
def browser(place):
    """Ann's, signed in by password and authenticator."""
    return place.browser()


@pytest.fixture(autouse=True)
def _nothing_fetched() -> Iterator[None]:
    for room in (remote_keys, request_uri):
        room.forget()
    yield
    for room in (remote_keys, request_uri):
        room.forget()
