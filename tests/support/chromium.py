"""A real browser for tests and pictures: Chromium as the machine has it, driven by Playwright."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MISSING = "needs Chromium: `apt-get install chromium`, or name yours with CHROMIUM=/path/to/chromium"
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Pictures show what most people see: a face like that of their own system, where one is installed.
_FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <alias binding="strong"><family>system-ui</family><prefer>{faces}</prefer></alias>
  <alias binding="strong"><family>sans-serif</family><prefer>{faces}</prefer></alias>
  <alias binding="strong"><family>sans</family><prefer>{faces}</prefer></alias>
</fontconfig>
"""
_FACES = ("Inter", "Cantarell", "Noto Sans", "Roboto", "Liberation Sans", "DejaVu Sans")


def executable() -> str | None:
    """Return the Chromium of this machine, or None."""
    named = os.environ.get("CHROMIUM", "")
    if named:
        return named if Path(named).exists() else None
    return next((found for name in _NAMES if (found := shutil.which(name))), None)


@contextmanager
def launched() -> Iterator["object"]:
    """Yield a running Chromium (a Playwright ``Browser``)."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder:
        fonts = Path(folder) / "fonts.conf"
        fonts.write_text(_FONTS.format(faces="".join(f"<family>{face}</family>" for face in _FACES)))
        os.environ["FONTCONFIG_FILE"] = str(fonts)
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=executable(), args=_ARGUMENTS)
                yield browser
                browser.close()
        finally:
            del os.environ["FONTCONFIG_FILE"]
