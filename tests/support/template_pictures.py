"""
Pictures for the pages about application templates: the sign-in page and the tile of each.

    python -m tests.support.template_pictures [--only NAME]

Registers the application of every template at the front door with its known people, asks for a sign-on
as the vendor does, and writes docs/pictures/applications/<template>-sign-in.png and -tile.png.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from idp.saml import templates
from idp.saml.templates.model import Template
from tests.support import chromium, template_world
from tests.support.front import ANN, Front, on_sqlite
from tests.support.pictures import Walk
from tests.support.small_png import smaller

INTO = Path("docs/pictures/applications")
_SIZE = {"width": 460, "height": 560}


def take(into: Path, *, only: str = "") -> None:
    """Take the pictures of all templates, or of those whose name begins with *only*, into the folder *into*."""
    into.mkdir(parents=True, exist_ok=True)
    chosen = [of for of in templates.every() if of.name.startswith(only)]
    for of in chosen:  # a front door for each: some have one title, and one entity ID
        with tempfile.TemporaryDirectory() as folder, chromium.launched() as browser:
            front = on_sqlite(Path(folder))
            with front.work() as work:
                template_world.register(work, of)
            with front.served() as base:
                walk = Walk(front, browser, base, viewport=_SIZE, color_scheme="light")
                _sign_in(of, walk, into)
                _tile(of, front, walk, into)


def _sign_in(of: Template, walk: Walk, into: Path) -> None:
    sp = template_world.far_end(of)
    if of.idp_initiated:
        walk.open(f"/sites/acme/saml/start?sp={sp.entity_id}")
    else:
        walk.open("/sites/acme/saml/sso?" + template_world.request(of, sp))
    assert of.title in walk.tab.locator("main").inner_text()
    _write(into / f"{of.name}-sign-in.png", walk.tab.screenshot())


def _tile(of: Template, front: Front, walk: Walk, into: Path) -> None:
    token = front.sign_in_elsewhere(ANN, "Chromium", "203.0.113.7")
    walk.tab.context.add_cookies([{"name": "ostiary_session", "value": token, "url": walk.base}])
    walk.open("/")
    tile = walk.tab.locator("[data-tile]", has=walk.tab.get_by_text(of.title, exact=True))
    _write(into / f"{of.name}-tile.png", tile.screenshot())


def _write(path: Path, png: bytes) -> None:
    path.write_bytes(smaller(png))
    sys.stdout.write(f"{path} {path.stat().st_size}\n")


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--only", default="", metavar="NAME")
    asked = arguments.parse_args()
    if chromium.executable() is None:
        sys.stderr.write(f"pictures {chromium.MISSING}\n")
        return 2
    take(INTO, only=asked.only)
    return 0


if __name__ == "__main__":
    sys.exit(main())
