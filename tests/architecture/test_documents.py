"""Documents: links lead somewhere, commands exist, and nothing speaks of one machine."""

import re

import pytest

from idp.cli.main import root
from tests.architecture.source import HERE, modules

PAGES = [*sorted(HERE.glob("*.md")), *sorted((HERE / "docs").rglob("*.md")), HERE / "keys" / "README.md"]
IDS = [str(page.relative_to(HERE)) for page in PAGES]
OF_ONE_MACHINE = re.compile(r"/(?:work|root|home|Users)/[a-z]|\b(?:TODO|FIXME|XXX)\b")


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_link_leads_somewhere(page):
    text = page.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#\s]+)", text) + re.findall(r"(?:src|srcset)=\"([^\"]+)\"", text)

    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_command_that_is_shown_exists(page):
    for line in re.findall(r"(?:^|`|\| )idp ((?:[a-z-]+ ?)+)", page.read_text(encoding="utf-8"), re.M):
        command = root
        for word in line.split():
            if not hasattr(command, "commands"):
                break
            assert word in command.commands, f"idp {line}"
            command = command.commands[word]


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_no_page_speaks_of_one_machine(page):
    assert OF_ONE_MACHINE.search(page.read_text(encoding="utf-8")) is None


def test_no_module_speaks_of_one_machine():
    assert [str(f) for f in modules() if OF_ONE_MACHINE.search(f.read_text(encoding="utf-8"))] == []


def test_i15_every_requirement_is_locked_with_a_hash_and_names_no_host():
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (HERE / name).read_text(encoding="utf-8")
        pinned = re.findall(r"^([a-z0-9.-]+(?:\[[a-z,]+\])?)==[^\s;]+(?: ; [^\\]+)? \\$", text, re.M)
        named = re.findall(r"^[a-z0-9.-]+", text, re.M)

        assert len(pinned) == len(named)
        assert "--hash=sha256:" in text
        assert "://" not in text
        assert "--index-url" not in text


def test_i15_the_lock_holds_every_dependency():
    import tomllib

    project = tomllib.loads((HERE / "pyproject.toml").read_text(encoding="utf-8"))
    locked = (HERE / "requirements.lock").read_text(encoding="utf-8")
    for dependency in project["project"]["dependencies"]:
        name = re.match(r"[A-Za-z0-9.-]+", dependency).group()
        assert re.search(rf"^{re.escape(name.lower())}(\[[a-z,]+\])?==", locked, re.M), name
