"""Logs are one JSON object a line, and libraries cannot write messages or tokens into them."""

import io
import json
import logging
import subprocess
import sys

import pytest

from idp.base.logging import JsonLines

SCRIPT = """
import logging, structlog
from idp.base.logging import configure
configure("debug")
structlog.get_logger("idp").info("started", request_id="req_1", odd=object)
structlog.get_logger("idp").debug("detail")
logging.getLogger("somebody").warning("a library speaks")
for name in ("saml2", "saml2.sigver", "authlib.oauth2", "sqlalchemy.engine", "httpx", "urllib3"):
    logging.getLogger(name).debug("SECRET")
    logging.getLogger(name).info("SECRET")
"""


@pytest.fixture(scope="module")
def lines():
    ran = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, check=True, text=True)
    assert ran.stdout == ""
    return [json.loads(line) for line in ran.stderr.splitlines()]


def test_every_line_is_a_json_object_with_its_level_and_time(lines):
    assert [line["event"] for line in lines] == ["started", "detail", "a library speaks"]
    assert all(line["level"] and line["timestamp"].endswith("Z") for line in lines)


def test_a_line_carries_the_request_id(lines):
    assert lines[0]["request_id"] == "req_1"


def test_t18_p14_libraries_stay_silent_even_at_debug(lines):
    """Q5: pysaml2 logs whole messages, Authlib whole tokens."""
    assert "SECRET" not in json.dumps(lines)


@pytest.mark.parametrize(("level", "written"), [("debug", True), ("info", True), ("warning", False), ("error", False)])
def test_a_line_of_a_request_is_what_a_logger_writes_at_every_level(level, written):
    script = f"""
import structlog
from idp.base import clock, logging
from datetime import UTC, datetime
clock.now = lambda: datetime(2030, 1, 1, 12, 0, 0, 5, UTC)
logging.configure("{level}")
structlog.get_logger("idp.access").info("request", status=200, ip="192.0.2.1", none=None)
logging.write_line("idp.access", "request", status=200, ip="192.0.2.1", none=None)
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True)

    lines = [json.loads(line) for line in ran.stderr.splitlines()]
    assert lines == [lines[0], lines[0]] if written else lines == []


def test_an_exception_of_a_library_is_one_line():
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    logger = logging.Logger("library")
    logger.addHandler(handler)

    try:
        raise ValueError("line\nbreak")
    except ValueError:
        logger.exception("it failed\n{}")

    written = stream.getvalue()
    assert written.count("\n") == 1
    assert "ValueError" in json.loads(written)["exception"]


def test_t18_what_a_command_logs_of_a_failure_shows_no_values_of_variables():
    program = """
import structlog
from idp.base import logging
logging.to_standard_error()
def ask(token):
    raise ValueError("no answer")
try:
    ask("ost_" + "canary")
except ValueError:
    structlog.get_logger("idp").exception("not sent")
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert said.stdout == ""
    assert "no answer" in said.stderr
    assert "ost_canary" not in said.stderr
