"""An administrator of Acme in the console."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import event

from idp.base.db import Database
from idp.directory import accounts
from tests.support import two_tenants
from tests.support.front import ANN, Front
from tests.support.two_tenants import Tenants
from tests.support.visitor import Visitor
from tests.web.conftest import signed_in


def make_administrator(front, role: str = "organization-administrator", email: str = ANN) -> None:
    """Let somebody administer the organization in *role*."""
    with front.work() as work:
        accounts.grant_role(work, email, role, organization_id=front.organization_id)


@pytest.fixture
def admin(front) -> Visitor:
    """Ann, who administers the organization, signed in with both steps."""
    make_administrator(front)
    return signed_in(front)


@pytest.fixture
def queries_of(front) -> Callable[[Callable[[], object]], int]:
    """Counts the statements that something asks of the database."""

    def count(act: Callable[[], object]) -> int:
        seen: list[str] = []

        def note(_connection, _cursor, statement, *_rest) -> None:
            seen.append(statement)

        event.listen(front.database.engine, "before_cursor_execute", note)
        try:
            act()
        finally:
            event.remove(front.database.engine, "before_cursor_execute", note)
        return len(seen)

    return count


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
