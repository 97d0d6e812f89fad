"""What is generated from the code is as the code says, and the example configuration can be used."""

import re

import pytest
import yaml
from pydantic import BaseModel

from idp.settings import Settings, resolve
from tests.support.generate import HERE, answers, documents

GENERATED = documents()


@pytest.mark.parametrize("path", GENERATED, ids=lambda p: str(p.relative_to(HERE)))
def test_is_fresh(path):
    assert path.exists(), "run: make docs"
    assert path.read_text(encoding="utf-8") == GENERATED[path], "stale; run: make docs"


def test_the_example_is_the_defaults(tmp_path):
    values = yaml.safe_load((HERE / "config.example.yaml").read_text(encoding="utf-8"))

    assert resolve(values, tmp_path) == resolve({}, tmp_path)


def test_every_setting_is_in_the_example():
    values = yaml.safe_load((HERE / "config.example.yaml").read_text(encoding="utf-8"))

    def names(of, above=""):
        for name, value in of.items():
            yield from names(value, f"{above}{name}.") if isinstance(value, dict) else [f"{above}{name}"]

    def wanted(model, above=""):
        for name, field in model.model_fields.items():
            default = field.get_default(call_default_factory=True)
            yield from (
                wanted(type(default), f"{above}{name}.") if isinstance(default, BaseModel) else [f"{above}{name}"]
            )

    assert sorted(names(values)) == sorted(wanted(Settings))


def test_every_attack_on_saml_has_a_row_with_tests():
    """Thirty on the protocol; fifteen that a library would let through."""
    page = GENERATED[HERE / "docs" / "threats.md"]

    rows = re.findall(r"^\| ([XP]\d+) \| [^|]+ \| `\S+::test_\w+`", page, re.M)

    assert rows == [f"X{number}" for number in range(1, 31)] + [f"P{number}" for number in range(1, 16)]


def test_a_test_is_listed_for_what_it_says_itself_and_not_for_what_its_file_is_about(tmp_path):
    file = tmp_path / "test_some.py"
    file.write_text(
        '"""About X1 and P1."""\n'
        "def test_of_nothing(): ...\n"
        "def test_x2_p3_of_two(): ...\n"
        "def test_of_one():\n"
        '    """X4: in words."""\n'
    )

    assert list(answers(file)) == [("test_x2_p3_of_two", "P3"), ("test_x2_p3_of_two", "X2"), ("test_of_one", "X4")]
