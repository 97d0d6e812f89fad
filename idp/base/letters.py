"""
Letters: what a mail says, as a template and its values; put into words when it is sent, not when it is asked for.

Whoever asks for a mail neither knows nor needs the address that people reach us at: it is of the settings, and
known to the sender alone. So no link in a mail can be built from anything that a request has said (threats A16).
It says in which language it is to be; moments are given as RFC 3339 has them and are put into words here, too.
"""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from babel.dates import format_datetime
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined

from idp.base import catalogues

FOLDER = "mail"
_BREAKING = ("Cc", "Cs", "Zl", "Zp")
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Embeddings, overrides and isolates of bidirectional text; the marks of Arabic and Hebrew writing stay."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A plain-text mail in words."""

    subject: str
    text: str


Writer = Callable[[str, Mapping[str, Any], str], Letter]


def templates_folder() -> Path:
    """Return where our templates are: beside the package in a checkout, inside it when installed."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"


def writer(base_url: str, overlay: Path | None = None) -> Writer:
    """
    Return what puts letters into words: ``write(template, values, language)``.

    The first line of a template is the subject. ``link(path)`` in it is an absolute address, and the filter
    ``at_length`` says a moment in words. A language that there is none of is English.

    Args:
        base_url: the address that people reach us at, of the settings.
        overlay: a folder of templates that are looked at before ours.
    """
    folders = [templates_folder()] if overlay is None else [overlay, templates_folder()]
    loader = ChoiceLoader([FileSystemLoader(folder) for folder in folders])
    speaking: dict[str, Environment] = {}

    def write(template: str, values: Mapping[str, Any], language: str) -> Letter:
        known = language if language in catalogues.LANGUAGES else catalogues.ENGLISH
        if known not in speaking:
            speaking[known] = _environment(loader, known, base_url)
        written = speaking[known].get_template(f"{FOLDER}/{template}.txt").render(**_on_one_line(values))
        subject, _, text = written.strip().partition("\n")
        return Letter(" ".join(subject.split()), text.strip() + "\n")

    return write


def _on_one_line(value: Any) -> Any:
    """
    Return *value* with each text in it on one line and read in one direction.

    Whatever a name holds, it makes no line of a letter that the template has not, and does not turn round what
    stands after it (threats T13).
    """
    if isinstance(value, str):
        return "".join(" " if unicodedata.category(c) in _BREAKING else c for c in value if c not in _TURNING)
    if isinstance(value, Mapping):
        return {name: _on_one_line(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_on_one_line(item) for item in value]
    return value


def _environment(loader: ChoiceLoader, language: str, base_url: str) -> Environment:
    environment = Environment(
        loader=loader,
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 (plain text; nothing of it is ever taken for HTML)
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    catalogue = catalogues.catalogue(language)
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        catalogue.translate, catalogue.translate_counted, newstyle=True
    )
    environment.filters["at_length"] = lambda at: spoken(at, language)
    environment.globals["link"] = lambda path: f"{base_url}{path}"
    environment.globals["base_url"] = base_url
    return environment


def spoken(at: datetime | str, language: str = catalogues.ENGLISH) -> str:
    """
    Return a moment as a letter says it; its reader's zone is not known.

    Args:
        at: in UTC; as text, as RFC 3339 has it. Text that is no moment stays as it is.
    """
    try:
        moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    except ValueError:
        return str(at)  # a release before has put it into words already
    return f"{format_datetime(moment, 'd MMMM yyyy, HH:mm', locale=language)} UTC"
