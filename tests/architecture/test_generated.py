"""What is generated from the code is as the code says, and the example configuration can be used."""

import pytest
import yaml
from pydantic import BaseModel

from idp.settings import Settings, resolve
from tests.support.generate import HERE, documents

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
