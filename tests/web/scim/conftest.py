"""A directory of somebody else that writes into Acme, whose domain is proven."""

import pytest

from tests.support.scim import Peer, prove


@pytest.fixture
def peer(front) -> Peer:
    prove(front)
    return Peer(front)
