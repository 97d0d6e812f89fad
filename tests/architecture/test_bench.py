"""What the benchmarks take from the product is still there: nobody runs them with the tests."""

import ast
import importlib

import pytest

from tests.architecture.source import HERE

IMPORTS = sorted(
    {
        (file.name, node.module, name.name)
        for file in (HERE / "bench").glob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in ("idp", "tests")
        for name in node.names
    }
)


@pytest.mark.parametrize(("file", "module", "name"), IMPORTS, ids=lambda part: part)
def test_what_a_benchmark_imports_is_there(file, module, name):
    found = importlib.import_module(module)

    assert hasattr(found, name) or importlib.import_module(f"{module}.{name}")
