"""Logs: one JSON object a line on standard error, with the request's id. No secret has a field here."""

import logging
import sys
from typing import Any

import orjson
import structlog

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
# Libraries that write whole messages or tokens at lower levels (threats T18, P14, Q5).
_CAPPED = ("saml2", "authlib", "sqlalchemy.engine", "httpx", "httpcore", "signxml")


def configure(level: str) -> None:
    """Write logs of *level* (debug, info, warning, error) and above; call once, when a process starts."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=_dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=_LEVELS[level], stream=sys.stderr, format="%(message)s", force=True)
    cap_libraries()


def cap_libraries() -> None:
    """Keep libraries that would log messages, tokens or statements at WARNING, whatever our own level."""
    for name in _CAPPED:
        logging.getLogger(name).setLevel(logging.WARNING)


def _dumps(event: Any, **_: Any) -> bytes:
    return orjson.dumps(event, default=str)
