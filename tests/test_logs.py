"""The log says where and when, and neither who, nor what they wrote, nor anything that opens a door."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import io
import json
import logging
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import logs

logger = logging.getLogger(__name__)

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def word(least: int, most: int, letters: str = LETTERS) -> st.SearchStrategy[str]:
    return st.text(letters, min_size=least, max_size=most)


# Made up, in the shape that each kind has.
DIGITS, HEX = "0123456789", "0123456789abcdef"
tokens = st.one_of(
    st.builds(
        "{}-{}-{}-{}".format,
        st.sampled_from(["xoxb", "xoxp", "xoxe.xoxb"]),
        word(10, 13, DIGITS),
        word(10, 13, DIGITS),
        word(24, 24),
    ),
    st.builds("xapp-1-{}-{}-{}".format, word(11, 11), word(13, 13, DIGITS), word(64, 64, HEX)),
    st.builds("{}.{}.{}".format, word(24, 28), word(6, 6), word(27, 38, LETTERS + "-_")),
    st.builds("https://hooks.slack.com/commands/T0/{}/{}".format, word(12, 12), word(24, 24)),
    st.builds("https://discord.com/api/v10/webhooks/{}/{}".format, word(18, 19, DIGITS), word(60, 80)),
)


@pytest.fixture
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers, root.level = handlers, level


@pytest.fixture
def written(_restored: None) -> Callable[[], list[dict[str, str]]]:
    """What was logged since, as a program reads it."""
    stream = io.StringIO()
    logs.configure("DEBUG", stream, as_json=True)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_an_object_that_says_when_how_grave_where_and_what(
    written: Callable[[], list[dict[str, str]]],
) -> None:
    logging.getLogger("bot.essai").warning("rate limited for %d s", 3, extra={"body": "ce qu'on a écrit"})
    (line,) = written()
    assert line.pop("time").endswith("+00:00")
    assert line == {"level": "WARNING", "logger": "bot.essai", "message": "rate limited for 3 s"}


def test_what_is_logged_for_a_request_carries_its_identifier(
    written: Callable[[], list[dict[str, str]]],
) -> None:
    token = logs.request_id.set("0f3c9a5b2d1e")
    logger.info("one")
    contextvars.copy_context().run(logger.info, "on another thread")
    logs.request_id.reset(token)
    logger.info("none")
    assert [line.get("request") for line in written()] == ["0f3c9a5b2d1e", "0f3c9a5b2d1e", None]


def test_an_exception_is_its_type_and_its_place_never_its_text(
    written: Callable[[], list[dict[str, str]]],
) -> None:
    try:
        int("ce qu'une personne a écrit")
    except ValueError:
        logger.exception("broke")
    (line,) = written()
    assert line["error"].startswith("ValueError at tests/test_logs.py:")
    assert "personne" not in json.dumps(line)


@given(tokens, st.sampled_from(["{}", "token={}", "Bearer {}", "(<{}>)", "Bot {}\nsuite", '"{}"']))
def test_no_token_is_ever_written_wherever_it_hides(token: str, shape: str) -> None:
    stream = io.StringIO()
    for formatter in (logs._Json(), logs._Text()):
        handler = logging.StreamHandler(stream)
        handler.setFormatter(formatter)
        text = shape.format(token)
        for message, arguments in ((text, ()), ("%s", (text,)), ("%r", ({"a": [text]},))):
            handler.handle(logging.LogRecord("x", logging.ERROR, "f", 1, message, arguments, None))
    secret = token.rsplit("/", 1)[-1].rsplit(".", 1)[-1]
    assert secret not in stream.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        "Slack: no connection, trying again",
        "schedule: retention is postponed: KeyError at bot/schedule/clock.py:12",
        "vigie-2026-11-24.chiffre",
        "https://discord.com/api/v10/users/@me",
        "a-rather-long-name-with-dashes.module.and_a_function_of_it",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert logs.redacted(text) == text


def test_libraries_that_write_payloads_are_never_below_info(
    written: Callable[[], list[dict[str, str]]],
) -> None:
    for library in ("aiohttp", "discord.gateway", "slack_bolt.App", "slack_sdk.web", "aiosmtplib"):
        logging.getLogger(library).debug("a whole payload")
    logging.getLogger("bot").debug("ours")
    assert [line["message"] for line in written()] == ["ours"]


@pytest.mark.usefixtures("_restored")
def test_for_a_person_a_line_is_a_line() -> None:
    stream = io.StringIO()
    logs.configure("INFO", stream, as_json=False)
    token = logs.request_id.set("0f3c9a5b2d1e")
    logging.getLogger("bot.essai").info("deux\nlignes")
    logs.request_id.reset(token)
    (line,) = stream.getvalue().splitlines()
    assert line.endswith("INFO bot.essai [0f3c9a5b2d1e] deux ⏎ lignes")


async def test_asyncio_says_what_broke_without_the_text_of_the_error(
    written: Callable[[], list[dict[str, str]]],
) -> None:
    async def breaks() -> None:
        raise ValueError("ce qu'une personne a écrit")

    def called(_: str) -> None:
        raise ValueError("ce qu'une personne a écrit")

    task = asyncio.get_running_loop().create_task(breaks())
    await asyncio.sleep(0)
    del task
    gc.collect()
    asyncio.get_running_loop().call_soon(called, "une personne")
    await asyncio.sleep(0)
    lines = written()
    assert [line["message"] for line in lines] == [
        "Task exception was never retrieved",
        "Exception in callback test_asyncio_says_what_broke_without_the_text_of_the_error.",
    ]
    assert all(line["error"].startswith("ValueError at tests/test_logs.py:") for line in lines)
    assert "personne" not in json.dumps(lines)
