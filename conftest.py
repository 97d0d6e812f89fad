"""Asserts of what tests share (``tests/support``) hold under ``python -O`` as those of tests do."""

import pytest

pytest.register_assert_rewrite("tests.support")
