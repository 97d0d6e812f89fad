"""The command line, `idp …`: a door like the web. Translates words into verbs and outcomes into words."""

from idp.cli.main import main

__all__ = ["main"]
