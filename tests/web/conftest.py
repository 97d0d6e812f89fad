"""Fixtures for tests of pages."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from idp.base.db import Database
from tests.support import two_tenants
from tests.support.front import ANN, PASSWORD, Front
from tests.support.two_tenants import Tenants
from tests.support.visitor import Visitor


@pytest.fixture(scope="session")
def _front_template(tmp_path_factory, _sqlite_template, vault) -> Path:
    path = tmp_path_factory.mktemp("front") / "front.db"
    shutil.copyfile(_sqlite_template, path)
    database = Database(f"sqlite:///{path}", vault)
    Front(database)
    database.dispose()
    return path


@pytest.fixture
def front(database_kind, request, tmp_path, vault) -> Iterator[Front]:
    """The front door with its people, at noon; ``front.later(minutes=5)`` lets time pass."""
    if database_kind != "sqlite":
        yield Front(request.getfixturevalue("database"))
        return
    path = tmp_path / "front.db"
    shutil.copyfile(request.getfixturevalue("_front_template"), path)
    database = Database(f"sqlite:///{path}", vault, memory_seconds=0)
    yield Front(database)
    database.dispose()


@pytest.fixture
def visitor(front) -> Visitor:
    """Somebody in a fresh browser."""
    return Visitor(front.app.test_client())


@pytest.fixture
def ann(front) -> Visitor:
    """Ann, signed in, at her applications."""
    return signed_in(front)


def signed_in(front: Front, email: str = ANN) -> Visitor:
    """Somebody with an authenticator, signed in just now in a browser of their own."""
    one = Visitor(front.app.test_client())
    one.open("/").submit(username=email, password=PASSWORD).submit(otp=front.code())
    assert one.path == "/"
    return one


@pytest.fixture(scope="session")
def _two_tenants_template(tmp_path_factory, _sqlite_template, vault) -> tuple[Path, list[str]]:
    path = tmp_path_factory.mktemp("two") / "two.db"
    return path, two_tenants.build(path, _sqlite_template, vault)


@pytest.fixture(scope="module")
def tenants(tmp_path_factory, _two_tenants_template, vault) -> Iterator[Tenants]:
    """Two organizations with one of everything each; put back before each test, and by ``tenants.restore()``."""
    template, special = _two_tenants_template
    path = tmp_path_factory.mktemp("tenants") / "two.db"
    shutil.copyfile(template, path)
    database = Database(f"sqlite:///{path}", vault, memory_seconds=0)
    found = Tenants(path, Front(database), special)
    yield found
    found.close()
    database.dispose()
