"""What tests share says no, also under ``python -O``: a check that is optimised away proves nothing."""

from types import SimpleNamespace

import pytest

from tests.support import saml_world


def test_a_shared_check_fails_also_where_asserts_are_optimised_away():
    with pytest.raises(AssertionError):
        saml_world.refused(SimpleNamespace(status_code=200, text="taken"), 400)
