"""axe-core, a checker of accessibility, in a page that is open in Chromium. `tests.support.node` installs it."""

from functools import cache
from typing import Any

from tests.support import node

# WCAG 2.0 to 2.2, levels A and AA, and what axe calls good practice.
_RUN = """async () => {
    const found = await axe.run(document, { resultTypes: ["violations"] })
    return found.violations.map((one) => [one.id, one.help, one.nodes.map((node) =>
        `${node.target.join(" ")} ${node.html.slice(0, 160)} ${(node.any[0] || node.all[0] || node.none[0]).message}`)])
}"""


@cache
def _source() -> str:
    return (node.installed() / "node_modules" / "axe-core" / "axe.min.js").read_text()


def violations(tab: Any) -> list[str]:
    """Return what axe holds against the page in *tab*, a line for each element."""
    if not tab.evaluate("typeof axe === 'object'"):
        tab.evaluate(_source())
    return [f"{rule}: {element} ({told})" for rule, told, elements in tab.evaluate(_RUN) for element in elements]
