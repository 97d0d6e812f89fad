"""An administrator of Acme in the console."""

import pytest

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
