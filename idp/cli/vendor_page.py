"""What a vendor is to be given, as JSON values and as words for a terminal."""

from typing import Any

from idp.saml.vendor_values import Page


def represent(page: Page) -> dict[str, Any]:
    """Return the page as JSON values."""
    return {
        "where": page.where,
        "values": [{"label": label, "value": value} for label, value in page.values],
        "steps": list(page.steps),
    }


def words(page: Page, vendor: str) -> str:
    """Return the page as lines; what has several lines itself (a certificate) stands last, ready to be copied."""
    width = max(len(label) for label, _ in page.values)
    lines = [f"at {vendor}: {_plain(page.where)}"]
    below: list[str] = []
    for label, value in page.values:
        if "\n" in value:
            lines.append(f"  {label:<{width}}  (below)")
            below += ["", f"{label}:", value]
        else:
            lines.append(f"  {label:<{width}}  {value}")
    lines += [f"  {number}. {_plain(step)}" for number, step in enumerate(page.steps, 1)]
    return "\n".join([*lines, *below])


def _plain(text: str) -> str:
    """Return Markdown of one line as a terminal shows it."""
    return text.replace("**", "").replace("`", "")
