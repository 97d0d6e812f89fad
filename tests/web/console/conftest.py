"""An administrator of Acme in the console."""

from collections.abc import Callable

import pytest
from sqlalchemy import event

from idp.directory import accounts
from tests.support.front import ANN
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
