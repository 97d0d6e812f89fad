"""Documents: links lead somewhere, commands exist, and nothing speaks of one machine."""

import re

import pytest

from idp.cli.main import root
from tests.architecture.source import HERE, modules

PAGES = [*sorted(HERE.glob("*.md")), *sorted((HERE / "docs").rglob("*.md")), HERE / "keys" / "README.md"]
TESTS = sorted((HERE / "tests" / "oidc").glob("test_*.py"))
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


def test_every_test_that_the_table_of_standards_names_exists():
    text = (HERE / "docs" / "reference" / "standards.md").read_text(encoding="utf-8")
    file, unknown = "", []
    for named, test in re.findall(r"`(tests/[\w/]+\.py|…)?(?:::(\w+))?`", text):
        file = file if named in ("", "…") else named
        if named == "" and test == "":
            continue
        there = (HERE / file).read_text(encoding="utf-8") if (HERE / file).exists() else None
        if there is None or (test and f"def {test}(" not in there):
            unknown.append(f"{file}::{test}")
    assert unknown == []


SPECIFICATIONS = [
    *("OpenID Connect Core", "OpenID Connect Discovery 1.0", "OpenID Connect Dynamic Client Registration 1.0"),
    *("OpenID Connect RP-Initiated Logout 1.0", "OpenID Connect Session Management 1.0"),
    *("OpenID Connect Front-Channel Logout 1.0", "OpenID Connect Back-Channel Logout 1.0"),
    *("OAuth 2.0 Form Post Response Mode 1.0", "OAuth 2.1", "RFC 6749", "RFC 6750", "RFC 7009", "RFC 7523"),
    *("RFC 7591", "RFC 7592", "RFC 7636", "RFC 7662", "RFC 8252", "RFC 8414", "RFC 8628", "RFC 8707", "RFC 9068"),
    *("RFC 9101", "RFC 9126", "RFC 9207", "RFC 9449", "RFC 9470", "RFC 9700"),
]


@pytest.mark.parametrize("specification", SPECIFICATIONS)
def test_every_specification_has_a_test_file_that_cites_it_in_its_title_and_a_row_in_the_table(specification):
    cited = specification + r"(?!\d)"
    titles = [re.match(r'"""(.*?)"""', file.read_text(encoding="utf-8"), re.S) for file in TESTS]
    table = (HERE / "docs" / "reference" / "standards.md").read_text(encoding="utf-8")

    assert any(title and re.match(r"\s*(The )?" + cited, title[1]) for title in titles)
    assert re.search(f"^## .*{specification.removeprefix('The ')}", table, re.M)


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
