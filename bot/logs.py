"""The log: one JSON object a line, which says where and when, and never what people wrote.

What goes in is chosen (`_fields`); a token that got into a text all the same is struck out by its
shape; of an exception, only its type and the place where it was raised are kept, since its text may
quote what it was given.
"""

from __future__ import annotations

import logging
import re
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final

from pythonjsonlogger.json import JsonFormatter

ROOT = Path(__file__).resolve().parent.parent

# Below INFO these libraries write whole payloads: people's names and words. APScheduler tells of each
# beat at INFO; what people should know of it is said by `bot.schedule.clock`.
LIBRARIES: Final = {
    "aiohttp": logging.INFO,
    "aiosmtplib": logging.INFO,
    "apscheduler": logging.ERROR,
    "asyncio": logging.INFO,
    "discord": logging.INFO,
    "slack_bolt": logging.INFO,
    "slack_sdk": logging.INFO,
    "urllib3": logging.INFO,
}
_REDACTED = "[retiré]"
# The shapes of what opens a door: Slack's tokens (docs.slack.dev/authentication/tokens), Discord's
# (three parts, the first of which spells an identifier), their addresses that carry a token, and
# what follows « Authorization: ».
_SECRET = re.compile(
    r"""
      xox[a-z](?:\.xox[a-z])?-[\w-]+ | xapp-[\w-]+
    | [\w-]{23,}\.[\w-]{6}\.[\w-]{25,}
    | hooks\.slack\.com/[^\s"'<>]+
    | (?<=/webhooks/)\d+/[\w-]+ | (?<=/interactions/)\d+/[\w-]+
    | (?i:(?<=bearer\ ))[\w.~+/=-]{16,}
    """,
    re.VERBOSE,
)
# What asyncio says of an error ends with the text of it, or with what a function was given.
_QUOTING = re.compile(r"[(<\n].*", re.DOTALL)
# What is logged while a request is answered carries its identifier.
request_id: ContextVar[str] = ContextVar("request", default="")


class ExplainedError(Exception):
    """An error whose text is ours: one French line that quotes nobody, and that can be logged."""


def redacted(text: str) -> str:
    """Return `text` without anything that looks like a token or an address that carries one."""
    return _SECRET.sub(_REDACTED, text)


def where(error: BaseException) -> str:
    """Return what can be logged of an error: its type, and where it was raised; never its text."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    file = Path(trace.tb_frame.f_code.co_filename)
    shown = file.relative_to(ROOT) if file.is_relative_to(ROOT) else Path(file.parent.name, file.name)
    return f"{type(error).__name__} at {shown}:{trace.tb_lineno}"


def loggable(error: BaseException) -> str:
    """Return the text of an `ExplainedError`, and for any other error its type and place (see `where`)."""
    return str(error) if isinstance(error, ExplainedError) else where(error)


class _Unquoted(logging.Filter):
    """Keeps of what asyncio says what it is, without the error's text nor what a function was given."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = _QUOTING.sub("", record.getMessage()).rstrip(), ()
        return True


class _Text(logging.Formatter):
    """For a person at a terminal: one line, redacted."""

    def format(self, record: logging.LogRecord) -> str:
        shown = _fields(record)
        head = f"{shown['time']} {shown['level']} {shown['logger']}"
        return " ".join(
            [head, *(f"[{shown[key]}]" for key in ("request", "error") if key in shown), _one(shown)]
        )


def _one(shown: dict[str, Any]) -> str:
    return str(shown["message"]).replace("\n", " ⏎ ")


class _Json(JsonFormatter):
    """For a program: one object a line, redacted."""

    def format(self, record: logging.LogRecord) -> str:
        return self.serialize_log_record(_fields(record))


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    """Return what is kept of a record, and nothing else."""
    shown = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname,
        "logger": record.name,
        "message": redacted(record.getMessage()),
    }
    if identifier := request_id.get():
        shown["request"] = identifier
    if record.exc_info and record.exc_info[1] is not None:
        shown["error"] = where(record.exc_info[1])
    return shown


def configure(level: str, stream: IO[str] | None = None, *, as_json: bool | None = None) -> None:
    """Send the log to `stream` (the standard error output) from `level` up.

    `as_json` None: in JSON, unless a person is reading at a terminal.
    """
    out = stream or sys.stderr
    handler = logging.StreamHandler(out)
    plain = out.isatty() if as_json is None else not as_json
    handler.setFormatter(_Text() if plain else _Json(json_ensure_ascii=False))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name, least in LIBRARIES.items():
        logger = logging.getLogger(name)
        logger.setLevel(max(least, logging.getLevelName(level)))
    asyncio = logging.getLogger("asyncio")
    if not any(isinstance(present, _Unquoted) for present in asyncio.filters):
        asyncio.addFilter(_Unquoted())
