"""Acme, its people and service providers, for tests of SAML; made once and copied for each test."""

from pathlib import Path

import pytest

from idp.base import schema
from idp.base.db import Database
from idp.base.work import Origin, Work
from idp.directory import organizations
from tests.support import people
from tests.support.saml_world import ANN, NOON, Browser, World, fill
from tests.support.service_provider import ServiceProvider


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory, vault) -> Path:
    path = tmp_path_factory.mktemp("saml") / "template.db"
    database = Database(f"sqlite:///{path}", vault)
    schema.migrate(database)
    with database.transaction() as tx:
        fill(Work(tx, people.OPERATOR_ACTOR, NOON, Origin("cli")))
    database.dispose()
    return path


@pytest.fixture
def world(app, database) -> World:
    """The installation at noon, with Acme in it and no application yet."""
    made = World(app, database)
    with made.work() as work:
        if organizations.by_slug(work, "acme") is None:
            fill(work)
    return made


@pytest.fixture
def sp() -> ServiceProvider:
    """A service provider that signs nothing unless told to."""
    return ServiceProvider()


@pytest.fixture
def registered(world, sp) -> str:
    """That service provider, registered at Acme for everyone with its signing certificate."""
    return world.register(sp)


@pytest.fixture
def ann(world) -> Browser:
    """Ann's browser; she signed in with both steps just now."""
    return world.browser(ANN)
