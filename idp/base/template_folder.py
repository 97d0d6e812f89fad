"""
A folder of application templates: data files beside a package, of which each is read when it is first asked for.
"""

from collections.abc import Callable
from importlib import resources
from typing import Generic, TypeVar

import yaml

from idp.base.errors import NotFound
from idp.base.template_files import TemplateFault
from idp.base.texts import phrase

_ENDING = ".yaml"
_T = TypeVar("_T")


class TemplateFolder(Generic[_T]):
    """
    The templates of one protocol.

    Args:
        package: the package that the files lie in.
        make: what makes a template of its name and of what its file says.
    """

    def __init__(self, package: str, make: Callable[[str, object], _T]) -> None:
        self._package, self._make = package, make
        self._names: tuple[str, ...] = ()
        self.known: dict[str, _T] = {}
        """What was read so far, by name."""

    def names(self) -> tuple[str, ...]:
        """Return the names of all templates, in order."""
        if not self._names:
            files = (one.name for one in resources.files(self._package).iterdir())
            self._names = tuple(sorted(name.removesuffix(_ENDING) for name in files if name.endswith(_ENDING)))
        return self._names

    def every(self) -> tuple[_T, ...]:
        """
        Return all templates, in the order of their names.

        Raises:
            TemplateFault: a file is not right.
        """
        return tuple(self._read(name) for name in self.names())

    def find(self, name: str) -> _T:
        """
        Return the template *name*.

        Raises:
            NotFound: there is none of that name.
            TemplateFault: its file is not right.
        """
        if name not in self.names():
            raise NotFound(
                phrase("There is no application template “%(name)s”.", name=name[:80]),
                field="template",
                advice=phrase("There are: %(value)s.", value=", ".join(self.names())),
            )
        return self._read(name)

    def _read(self, name: str) -> _T:
        if name not in self.known:
            text = resources.files(self._package).joinpath(name + _ENDING).read_text(encoding="utf-8")
            try:
                self.known[name] = self._make(name, yaml.safe_load(text))
            except yaml.YAMLError as error:
                raise TemplateFault(f"{name}: {error}") from None
        return self.known[name]
