"""
Pictures of what commands print, as docs/operate/policies.md has it (which a test keeps true).

``python -m tests.support.terminal_pictures`` writes them into docs/pictures.
"""

import re
from html import escape
from pathlib import Path

from tests.support import chromium
from tests.support.policy_walk import PAGE

PICTURES = {"explain": "what-if", "replay": "replay"}
"""Marks of the page, and the names of the pictures of what stands there."""
_FOLDER = Path(__file__).resolve().parent.parent.parent / "docs" / "pictures"
_STYLE = """
body { margin: 0; padding: 24px; background: #e9edf2; display: inline-block; }
pre { margin: 0; padding: 20px 24px; border-radius: 8px; background: #14181f; color: #d7dde6;
      font: 14px/1.55 ui-monospace, "DejaVu Sans Mono", monospace; white-space: pre-wrap; max-inline-size: 100ch; }
b { color: #7fd1ae; font-weight: 600; }
i { color: #ffd479; font-style: normal; }
"""


def printed(mark: str) -> str:
    """Return the command and what it prints, from the place of the page that *mark* names."""
    found = re.search(rf"<!-- walk: {mark} -->\n```[a-z]*\n(.*?)```\n", PAGE.read_text(encoding="utf-8"), re.S)
    assert found is not None
    return found[1].rstrip()


def page(text: str) -> str:
    """Return a page that looks like a terminal with *text* in it; what was typed and what was decided stand out."""
    lines = []
    for line in escape(text, quote=False).splitlines():
        if line.startswith("$ "):
            lines.append(f"<b>{line}</b>")
        elif re.match(r"would newly|  (outcome|together):", line):
            lines.append(f"<i>{line}</i>")
        else:
            lines.append(line)
    return f"<!doctype html><meta charset=utf-8><style>{_STYLE}</style><pre>" + "\n".join(lines) + "</pre>"


def main() -> None:
    with chromium.launched() as browser:
        tab = browser.new_page(viewport={"width": 1000, "height": 600}, device_scale_factor=1.5)
        for mark, name in PICTURES.items():
            tab.set_content(page(printed(mark)))
            tab.locator("body").screenshot(path=_FOLDER / f"{name}.png")


if __name__ == "__main__":
    main()
