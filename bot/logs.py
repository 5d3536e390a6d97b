"""The log: one JSON object per line (or plain text on a terminal), without any text that people wrote.

Only the fields that `_fields` returns are logged. Tokens in a message are recognised by their format and
redacted. Of an exception, only the type and the location are logged, since its text may quote what people
wrote.
"""

import logging
import re
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final

from pythonjsonlogger.json import JsonFormatter

ROOT = Path(__file__).resolve().parent.parent

# Below INFO these libraries log whole payloads, with people's names and texts. APScheduler logs each beat at
# INFO, but `bot.schedule.clock` already logs its problems.
_CHATTY = ("aiohttp", "aiosmtplib", "asyncio", "discord", "slack_bolt", "slack_sdk", "urllib3")
# The library of assistants logs a traceback when a client disconnects, possibly with its request.
LIBRARIES: Final = dict.fromkeys(_CHATTY, logging.INFO) | {
    "apscheduler": logging.ERROR,
    "mcp": logging.CRITICAL,
}
_REDACTED = "[retiré]"
# The formats of secrets: Slack tokens (docs.slack.dev/authentication/tokens), Discord tokens (three parts, of
# which the first encodes an identifier), URLs that contain a token, the value of « Authorization: ».
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
# The part to remove from asyncio's messages, which may end with an error's text or a function's arguments.
_QUOTING = re.compile(r"[(<\n].*", re.DOTALL)
# The identifier of the current request, added to each of its log records.
request_id: ContextVar[str] = ContextVar("request", default="")


class ExplainedError(Exception):
    """An error whose text may be logged: one French line of the program's own, which quotes nobody."""


def redacted(text: str) -> str:
    """Return `text` with every apparent token, or URL that contains one, replaced."""
    return _SECRET.sub(_REDACTED, text)


def where(error: BaseException) -> str:
    """Return an error's type and location, never its text: « KeyError at bot/times.py:12 »."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    file = Path(trace.tb_frame.f_code.co_filename)
    place = file.relative_to(ROOT) if file.is_relative_to(ROOT) else Path(file.parent.name, file.name)
    return f"{type(error).__name__} at {place}:{trace.tb_lineno}"


def loggable(error: BaseException) -> str:
    """Return what may be logged of an error: the text of an `ExplainedError`, otherwise as `where`."""
    return str(error) if isinstance(error, ExplainedError) else where(error)


def _unquote(record: logging.LogRecord) -> bool:
    """Cut an asyncio message before the text that it quotes. Return True, so that the message is logged."""
    record.msg = _QUOTING.sub("", record.getMessage()).rstrip()
    record.args = ()
    return True


class _Text(logging.Formatter):
    """A formatter for terminals: one redacted line per record."""

    def format(self, record: logging.LogRecord) -> str:
        fields = _fields(record)
        marks = [f"[{fields[key]}]" for key in ("request", "error") if key in fields]
        message = str(fields["message"]).replace("\n", " ⏎ ")
        return " ".join([fields["time"], fields["level"], fields["logger"], *marks, message])


class _Json(JsonFormatter):
    """A formatter for programs: one redacted JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        return self.serialize_log_record(_fields(record))


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    """Return the fields to log for a record. Nothing else in it is logged."""
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
    """Write log records of `level` (such as « INFO ») and above to `stream`, by default standard error.

    The format is text on a terminal and JSON elsewhere, unless `as_json` is set.
    """
    out = stream or sys.stderr
    handler = logging.StreamHandler(out)
    plain = out.isatty() if as_json is None else not as_json
    handler.setFormatter(_Text() if plain else _Json(json_ensure_ascii=False))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    hush_libraries(level)
    logging.getLogger("asyncio").addFilter(_unquote)


def hush_libraries(level: str = "WARNING") -> None:
    """Log nothing of a library below its own level in `LIBRARIES`, nor below `level`."""
    for name, least in LIBRARIES.items():
        logging.getLogger(name).setLevel(max(least, logging.getLevelName(level)))
