"""Logs: one JSON object a line on standard error, with the request's id. No secret has a field here."""

import logging
import sys
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog

from idp.base import clock

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_LEVEL_OF_METHOD = {"exception": "error", "warn": "warning"}
# Libraries that write whole messages, tokens or statements at lower levels (threats T18, P14, Q5).
_CAPPED = ("saml2", "authlib", "sqlalchemy.engine", "sqlalchemy.pool", "httpx", "httpcore", "signxml", "urllib3")


_lines: structlog.BytesLogger | None = None
"""Where lines go that nothing has to be asked for; None: they go by way of a whole logger."""


class JsonLines(logging.Formatter):
    """What libraries log, as one JSON object a line like our own."""

    def format(self, record: logging.LogRecord) -> str:
        """Return *record* as a JSON object."""
        line: dict[str, Any] = {
            "event": record.getMessage(),
            "logger": record.name,
            "level": record.levelname.lower(),
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z"),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return _dumps(line).decode("utf-8")


def configure(level: str) -> None:
    """Write logs of *level* (debug, info, warning, error) and above; call once, when a process starts."""
    structlog.configure(
        processors=[
            _as_line,  # one step: this is done for every request
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )
    global _lines
    _lines = structlog.BytesLogger(sys.stderr.buffer) if _LEVELS[level] <= logging.INFO else None
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=_LEVELS[level], handlers=[handler], force=True)
    cap_libraries()


def write_line(of: str, event: str, **values: Any) -> None:
    """
    Write that *event* of the logger *of* has happened, at the level of information: the line that `structlog` would write.

    For what is written with every request: to go through a logger is twenty calls of functions.
    """
    if _lines is None:
        structlog.get_logger(of).info(event, **values)
        return
    _lines.msg(_dumps({**values, "event": event, "level": "info", "timestamp": clock.now()}))


def to_standard_error() -> None:
    """
    Keep what is logged out of standard output, where the results of a command are; for commands that end soon.

    A traceback is lines of code alone: structlog's own would show the values of variables, tokens among them (T18).
    """
    plain = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.dev.set_exc_info,
            structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False),
            plain,
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def cap_libraries() -> None:
    """Keep libraries that would log messages, tokens or statements at WARNING, whatever our own level."""
    for name in _CAPPED:
        logging.getLogger(name).setLevel(logging.WARNING)


def _as_line(logger: Any, level: str, event: MutableMapping[str, Any]) -> bytes:
    """Return *event* as a line, with its level, its moment, and the text of the exception that it is about."""
    event["level"] = _LEVEL_OF_METHOD.get(level, level)
    if event.get("exc_info"):
        event = structlog.processors.format_exc_info(logger, level, event)
    event["timestamp"] = clock.now()
    return _dumps(event)


def _dumps(event: Any) -> bytes:
    return orjson.dumps(event, str, orjson.OPT_UTC_Z)
