"""The log: one JSON object a line, which says where and when, and never what people wrote.

Its fields are chosen (`_fields`); a token that got into a text all the same is struck out by its shape. Of an
exception, only the type and the place where it was raised are logged, since its text may quote its input.
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

# Below INFO these libraries write whole payloads: people's names and words. APScheduler logs each beat at
# INFO; `bot.schedule.clock` logs what matters of it.
_CHATTY = ("aiohttp", "aiosmtplib", "asyncio", "discord", "slack_bolt", "slack_sdk", "urllib3")
LIBRARIES: Final = dict.fromkeys(_CHATTY, logging.INFO) | {"apscheduler": logging.ERROR}
_REDACTED = "[retiré]"
# The shapes of secrets: Slack's tokens (docs.slack.dev/authentication/tokens), Discord's (three parts, the
# first of which spells an identifier), their addresses that carry a token, the value of « Authorization: ».
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
# asyncio's messages end with the text of an error, or with a function's arguments.
_QUOTING = re.compile(r"[(<\n].*", re.DOTALL)
# What is logged while a request is answered carries its identifier.
request_id: ContextVar[str] = ContextVar("request", default="")


class ExplainedError(Exception):
    """An error whose text is ours: one French line that quotes nobody and can be logged."""


def redacted(text: str) -> str:
    """Return `text` without anything that looks like a token or an address that carries one."""
    return _SECRET.sub(_REDACTED, text)


def where(error: BaseException) -> str:
    """Return an error's type and place, never its text: « KeyError at bot/times.py:12 »."""
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


def _unquote(record: logging.LogRecord) -> bool:
    """Cut asyncio's messages before the error's text or the function's arguments."""
    record.msg, record.args = _QUOTING.sub("", record.getMessage()).rstrip(), ()
    return True


class _Text(logging.Formatter):
    """For a person at a terminal: one line, redacted."""

    def format(self, record: logging.LogRecord) -> str:
        fields = _fields(record)
        marks = [f"[{fields[key]}]" for key in ("request", "error") if key in fields]
        message = str(fields["message"]).replace("\n", " ⏎ ")
        return " ".join([fields["time"], fields["level"], fields["logger"], *marks, message])


class _Json(JsonFormatter):
    """For a program: one object a line, redacted."""

    def format(self, record: logging.LogRecord) -> str:
        return self.serialize_log_record(_fields(record))


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    """Return what is logged of a record, and nothing else."""
    fields = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname,
        "logger": record.name,
        "message": redacted(record.getMessage()),
    }
    if identifier := request_id.get():
        fields["request"] = identifier
    if record.exc_info and record.exc_info[1] is not None:
        fields["error"] = where(record.exc_info[1])
    return fields


def configure(level: str, stream: IO[str] | None = None, *, as_json: bool | None = None) -> None:
    """Send the log to `stream` (the standard error output) from `level` up.

    In JSON, unless a terminal shows it or `as_json` says otherwise.
    """
    out = stream or sys.stderr
    handler = logging.StreamHandler(out)
    plain = out.isatty() if as_json is None else not as_json
    handler.setFormatter(_Text() if plain else _Json(json_ensure_ascii=False))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name, least in LIBRARIES.items():
        logging.getLogger(name).setLevel(max(least, logging.getLevelName(level)))
    logging.getLogger("asyncio").addFilter(_unquote)
