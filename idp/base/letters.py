"""
Letters: what a mail says, as a template and its values; put into words when it is sent, not when it is asked for.

Whoever asks for a mail neither knows nor needs the address that people reach us at: it is of the settings, and
known to the sender alone. So no link in a mail can be built from anything that a request has said (threats A16).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined

FOLDER = "mail"


@dataclass(frozen=True, slots=True)
class Letter:
    """A plain-text mail in words."""

    subject: str
    text: str


Writer = Callable[[str, Mapping[str, Any]], Letter]


def templates_folder() -> Path:
    """Return where our templates are: beside the package in a checkout, inside it when installed."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"


def writer(base_url: str, overlay: Path | None = None) -> Writer:
    """
    Return what puts letters into words: ``write(template, values)``.

    The first line of a template is the subject. ``link(path)`` in it is an absolute address.

    Args:
        base_url: the address that people reach us at, of the settings.
        overlay: a folder of templates that are looked at before ours.
    """
    folders = [templates_folder()] if overlay is None else [overlay, templates_folder()]
    environment = Environment(
        loader=ChoiceLoader([FileSystemLoader(folder) for folder in folders]),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 (plain text; nothing of it is ever taken for HTML)
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    environment.globals["link"] = lambda path: f"{base_url}{path}"
    environment.globals["base_url"] = base_url

    def write(template: str, values: Mapping[str, Any]) -> Letter:
        written = environment.get_template(f"{FOLDER}/{template}.txt").render(**values)
        subject, _, text = written.strip().partition("\n")
        return Letter(" ".join(subject.split()), text.strip() + "\n")

    return write


def spoken(at: datetime) -> str:
    """Return a moment as a letter says it; its reader's zone is not known."""
    return f"{at.day} {at:%B %Y, %H:%M} UTC"
