"""Text of any kind is answered politely: it never pings, injects, misquotes or crashes, on any platform."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any, get_args

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.conversation.dispatcher import Dispatcher
from bot.conversation.forms import Form, Reply
from bot.conversation.messages import Message, Quoter, summary
from bot.conversation.requests import Place
from bot.platforms.discord import render as discord_render
from bot.platforms.local import render as local_render
from bot.platforms.slack import render as slack_render
from tests.kits.effort import MOST_TIMES, figure, times_as_much, times_as_much_awaited
from tests.kits.measures import Check
from tests.kits.platforms import slack_checks
from tests.wire import discord_schema

COMPONENTS_V2 = 1 << 15  # Discord's flag for messages made of components
NO_PING: dict[str, list[str]] = {"parse": []}

HOSTILE = [
    "a" * 10_000,
    "<!channel> <!here> <!everyone> <@U012AB3CD> <#C012AB3CD> <https://evil.example|5.10>",
    "@everyone @here <@123456789012345678> <@&123456789012345678> <#123456789012345678>",
    "**gras** __souligné__ ~~barré~~ ||caché|| `code` ```bloc``` > citation\n# titre\n- liste\n-# petit",
    "<script>alert(1)</script><img src=x onerror=alert(1)>&lt;&amp;",
    "'; DROP TABLE clauses; --",
    'logo AND NEAR(x y) OR "5.10" * ^ : {a b}',
    "\u202e5.10 txet\u202c \u2066x\u2069 \u200f",
    "\x00\x01\x1b[31mrouge\x07 \ud800 \ufeff",
    "5.10" * 2_000,
    "article " * 1_000 + "5",
    "1.2.3.4.5.6.7.8.9 0.0 999.999 -5.10 5..10 5,,10",
    "[clic](javascript:alert(1)) http://evil.example/?5.10",
    "😀" * 500 + "👩‍👩‍👧‍👦🇨🇦",
    "политика 政策 سياسة",
    "%s %d {0} {reference} ${jndi:ldap://x}",
    "\n" * 500 + "5.10",
    "/vigie " * 300,
    "/vigie chercher",
    "/politique article 5 page 999",
    "5.1 à 999.999",
    "article" + " " * 9_900 + "x",
    "article\t\t5.10\u2028art.5.10\x85",
    "me\u0301dias de\u0301sole\u0301",
    ". " * 5_000,
    "5 " * 5_000,
    ", ".join(f"5.{n}" for n in range(1, 19)),
    " et ".join(f"{n}.{m}" for n in range(3, 8) for m in range(1, 4)),
]


class Tags(HTMLParser):
    """The names of the tags and attributes that a browser would see."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}


def texts() -> st.SearchStrategy[str]:
    spiced = st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=60)), max_size=4).map(" ".join)
    return st.one_of(st.text(max_size=400), spiced, st.from_regex(r"[\d.,àet /-]{1,30}", fullmatch=True))


def strings(payload: object) -> Iterator[str]:
    match payload:
        case str():
            yield payload
        case dict():
            for value in payload.values():
                yield from strings(value)
        case list() | tuple():
            for value in payload:
                yield from strings(value)


def check_everywhere(reply: Reply, quote: Quoter) -> None:
    """Render on the three platforms; each payload passes its platform's limits and pings nobody."""
    if isinstance(reply, Form):
        slack_checks.check_view(slack_render.form_window(reply))
        modal = {"type": 9, "data": discord_render.render_form(reply).to_dict()}
        assert not discord_schema.request_problems("POST", "/interactions/1/token/callback", modal)
        local_render.serialize_html(local_render.render_fields(reply))
        return
    slack_checks.check_message(slack_render.render(reply, quote))
    components: list[dict[str, Any]] = discord_render.render(reply, quote).to_components()
    body = {"components": components, "flags": COMPONENTS_V2, "allowed_mentions": NO_PING}
    assert not discord_schema.request_problems("POST", "/channels/1/messages", body)
    tags = Tags()
    tags.feed(local_render.serialize_html(local_render.render(reply, quote)))
    assert "script" not in tags.names
    assert not [name for name in tags.attributes if name.startswith("on")]
    for text in strings(components):
        assert "@everyone" not in text
        assert "@here" not in text
    json.dumps(components)
    assert summary(reply, quote)


@settings(max_examples=150)
@given(text=texts(), place=st.sampled_from(get_args(Place)))
@example(text=HOSTILE[0], place="direct")
@example(text=HOSTILE[1], place="open")
@example(text=HOSTILE[2], place="channel")
async def test_any_text_is_answered_and_shown_safely(
    dispatcher: Dispatcher, quote: Quoter, text: str, place: Place
) -> None:
    reply = await dispatcher.handle(dispatcher.from_text(text, place=place))
    if isinstance(reply, Message):
        assert "Pardon, je n'ai pas pu répondre" not in " ".join(reply.own_words())
    check_everywhere(reply, quote)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("command", ["politique", "vigie", "chercher", "partager", "aide"])
async def test_every_command_survives_every_hostile_text(
    dispatcher: Dispatcher, quote: Quoter, command: str, text: str
) -> None:
    reply = await dispatcher.handle(dispatcher.from_text(f"/vigie {command} {text}", place="channel"))
    if isinstance(reply, Message):
        assert "Pardon, je n'ai pas pu répondre" not in " ".join(reply.own_words())
    check_everywhere(reply, quote)


@pytest.mark.attack("Textes lents")
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
async def test_no_text_holds_the_others_up(dispatcher: Dispatcher, text: str, check: Check) -> None:
    async def ask(read: str) -> None:
        await dispatcher.handle(dispatcher.from_text(read))

    check(figure(await times_as_much_awaited(ask, text, "Est-ce que je peux utiliser le logo? ")))


@pytest.mark.attack("Textes lents")
def test_what_takes_as_the_square_of_a_text_is_seen() -> None:
    assert times_as_much(re.compile("a+$").search, "a" * 8_000 + "b", "mot ") > MOST_TIMES


def test_the_platforms_schemas_are_at_hand() -> None:
    if not discord_schema.PATH.exists():
        pytest.skip("no schemas in ../shared/schemas: payloads were not checked against them")


async def test_every_message_that_the_bot_can_send_passes_on_every_platform(
    replies: dict[str, Reply], quote: Quoter
) -> None:
    for reply in replies.values():
        check_everywhere(reply, quote)


@given(text=texts())
async def test_suggestions_of_any_text_stay_within_limits(dispatcher: Dispatcher, text: str) -> None:
    for suggestion in await dispatcher.suggest("politique", text):
        assert 0 < len(suggestion.label) <= 100
        assert 0 < len(suggestion.text) <= 100
