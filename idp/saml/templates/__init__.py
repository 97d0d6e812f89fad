"""
Application templates: what the applications of real vendors want, as data files beside this one.

A file is read when its template is first asked for; nothing of it is imported at start-up or on a
sign-on (`idp.saml.from_template` and the command line ask).
"""

from functools import lru_cache
from importlib import resources

import yaml

from idp.base.errors import NotFound
from idp.base.template_files import TemplateFault
from idp.base.texts import phrase
from idp.saml.templates.model import Template
from idp.saml.templates.reading import template

_ENDING = ".yaml"


@lru_cache(maxsize=1)
def names() -> tuple[str, ...]:
    """Return the names of all templates, in order."""
    files = (one.name for one in resources.files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(_ENDING) for name in files if name.endswith(_ENDING)))


def every() -> tuple[Template, ...]:
    """
    Return all templates, in the order of their names.

    Raises:
        TemplateFault: a file is not right.
    """
    return tuple(_read(name) for name in names())


def find(name: str) -> Template:
    """
    Return the template *name*.

    Raises:
        NotFound: there is none of that name.
        TemplateFault: its file is not right.
    """
    if name not in names():
        raise NotFound(
            phrase("There is no application template “%(name)s”.", name=name[:80]),
            field="template",
            advice=phrase("There are: %(value)s.", value=", ".join(names())),
        )
    return _read(name)


@lru_cache(maxsize=64)
def _read(name: str) -> Template:
    text = resources.files(__name__).joinpath(name + _ENDING).read_text(encoding="utf-8")
    try:
        return template(name, yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise TemplateFault(f"{name}: {error}") from None
