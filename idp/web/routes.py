"""Routes whose addresses are compiled when one is first built, not when the server starts."""

from collections.abc import Callable

from werkzeug.routing import Rule


class Route(Rule):
    """
    A rule of Werkzeug that makes the code which builds its address when it is first asked for one.

    Werkzeug compiles two functions for each rule as the application is put together: with several hundred
    routes most of the time of a start, and memory in each worker for addresses that nobody builds.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compiled = super()._compile_builder

        def build(route: Rule, /, **values: object) -> tuple[str, str]:
            made = compiled(append_unknown).__get__(route, None)
            setattr(route, "_build_unknown" if append_unknown else "_build", made)
            built: tuple[str, str] = made(**values)
            return built

        return build
