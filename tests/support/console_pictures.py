"""Pictures of the journeys of `tests.support.console_journeys`, for `docs/operate/console.md`."""

import tempfile
from pathlib import Path

from tests.support import chromium, console_journeys, name_server
from tests.support.console_journeys import Admin
from tests.support.front import Front, on_sqlite
from tests.support.name_server import NameServer
from tests.support.pictures import Walk

INTO = Path("docs/pictures/console")
_DESK = {"width": 1280, "height": 800}


def take(into: Path = INTO) -> None:
    """Walk every journey, each in an organization of its own; keep the picture of its main page as ``into/NAME.png``."""
    into.mkdir(parents=True, exist_ok=True)

    def keep(name: str, walk: Walk) -> None:
        walk.tab.screenshot(path=into / f"{name}.png")

    with name_server.running() as server, chromium.launched() as browser:
        for name in console_journeys.NAMES:
            with tempfile.TemporaryDirectory() as folder:
                front = on_sqlite(Path(folder), domains=console_journeys.domains_asked_of(server))
                with front.served() as base:
                    walk = Walk(front, browser, base, viewport=_DESK, color_scheme="light")
                    _walk(name, front, Admin(front, walk, keep), server)
                    walk.tab.context.close()


def _walk(name: str, front: Front, admin: Admin, server: NameServer) -> None:
    prepare = console_journeys.BEFORE.get(name)
    if prepare is not None:
        prepare(front)
    journey = getattr(console_journeys, name)
    journey(admin, server) if name == "claim_domain" else journey(admin)


if __name__ == "__main__":
    take()
