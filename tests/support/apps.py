"""What the many applications of a test run share: templates that are compiled, routes that are parsed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from idp.web.door import Door
from idp.web.routes import Route


class _Templates(BytecodeCache):
    """Compiled templates by name and content, for as long as the process lives."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        kept = self._kept.get((bucket.key, bucket.checksum))
        if kept is not None:
            bucket.bytecode_from_string(kept)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


def _parsed_once(parse: Any) -> Any:
    kept: dict[tuple[Any, ...], tuple[Any, ...]] = {}

    def compile_(route: Route) -> None:
        key = (route.rule, str(route.defaults), route.host, route.subdomain, route.merge_slashes, route.strict_slashes)
        found = kept.get(key)
        if found is None:
            parse(route)
            kept[key] = (route._parts, route._trace, route._converters, route.arguments)
            return
        route._parts, route._trace, route._converters, route.arguments = found
        route._build = route._compile_builder(False).__get__(route, None)  # type: ignore[attr-defined]
        route._build_unknown = route._compile_builder(True).__get__(route, None)  # type: ignore[attr-defined]

    return compile_


@contextmanager
def alike() -> Iterator[None]:
    """Let every application that is made meanwhile take what the first one of its kind has worked out."""
    options, parse = Door.jinja_options, Route.compile
    Door.jinja_options = {**options, "bytecode_cache": _Templates()}
    Route.compile = _parsed_once(parse)  # type: ignore[method-assign]
    try:
        yield
    finally:
        Door.jinja_options = options
        Route.compile = parse  # type: ignore[method-assign]
