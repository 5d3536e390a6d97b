"""Old buttons and old numbers open the clause that they stood for, after the policy was revised."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.conversation.dispatcher import Dispatcher
from bot.conversation.messages import Button, Message
from bot.policy.library import Library
from tests.kits.office import working
from tests.policy.test_identities import AFTER, LATER, NEW, read, shifted


@pytest.fixture
def revised(tmp_path: Path) -> Library:
    """PA20 with a clause inserted at 5.3, so that 5.10 is 5.11; then 5.18, formerly 5.17, removed."""

    def shorter(text: str) -> str:
        return "\n".join(line for line in text.split("\n") if not line.startswith("- 5.18 "))

    return read(tmp_path, (AFTER, lambda text: shifted(text, 5, 3, NEW)), (LATER, shorter))


@pytest.fixture
def here(revised: Library) -> Iterator[Dispatcher]:
    """The real catalogue on that policy."""
    with working(revised) as dispatcher:
        yield dispatcher


async def ask(dispatcher: Dispatcher, line: str) -> Message:
    reply = await dispatcher.handle(dispatcher.from_text(line))
    assert isinstance(reply, Message)
    return reply


async def press(dispatcher: Dispatcher, line: str) -> Message:
    reply = await dispatcher.handle(dispatcher.from_text(line, pressed=True))
    assert isinstance(reply, Message)
    return reply


def cited(message: Message) -> list[tuple[str, str]]:
    return [(quote.version, quote.clause) for quote in message.quotes()]


def said(message: Message) -> str:
    return "\n".join(message.own_words())


async def test_a_button_of_the_first_text_opens_its_clause_under_its_new_number(here: Dispatcher) -> None:
    reply = await press(here, "politique pa20:5.10")
    assert cited(reply) == [(LATER, "5.11")]
    assert "L'ancienne 5.10 est devenue 5.11." in said(reply)


async def test_a_button_of_a_later_text_is_followed_from_there(here: Dispatcher) -> None:
    assert cited(await press(here, f"politique pa20@{AFTER}:5.11")) == [(LATER, "5.11")]
    assert cited(await press(here, f"politique pa20@{AFTER}:5.19")) == [(LATER, "5.19")]


async def test_buttons_of_today_work_for_ever(here: Dispatcher) -> None:
    reply = await ask(here, "5.11")
    lines = [button.command for button in reply.buttons() if isinstance(button, Button)]
    assert f"politique pa20@{LATER}:5.10" in lines
    assert cited(await press(here, f"politique pa20@{LATER}:5.10")) == [(LATER, "5.10")]


async def test_several_numbers_of_one_button_are_followed(here: Dispatcher) -> None:
    reply = await press(here, "politique pa20:5.10 et 5.11")
    assert cited(reply) == [(LATER, "5.11"), (LATER, "5.12")]


async def test_a_page_of_an_article_is_still_that_page(here: Dispatcher) -> None:
    assert "page 2 sur" in said(await press(here, "politique pa20:5 page 2"))


async def test_a_clause_that_was_removed_is_read_as_it_was(here: Dispatcher) -> None:
    assert cited(await press(here, "politique pa20:5.17")) == [("2015-12-13", "5.17")]


async def test_a_number_that_one_types_is_of_today_and_says_since_when_it_is_gone(here: Dispatcher) -> None:
    reply = await ask(here, "5.18")
    gone = "La clause 5.18 n'existe plus dans la PA20 depuis le 1er\u00a0janvier\u00a02028."
    assert said(reply).startswith(gone)
    assert said(reply).count("2028") == 1
    (old,) = [
        b.command for b in reply.buttons() if isinstance(b, Button) and b.label == "Lire l'ancien texte"
    ]
    assert cited(await press(here, old)) == [(AFTER, "5.18")]


async def test_nothing_is_said_of_a_number_that_did_not_change(here: Dispatcher) -> None:
    assert said(await ask(here, "5.11")).count("Avant le") == 0


async def test_a_policy_that_one_names_is_numbered_as_today(here: Dispatcher) -> None:
    assert cited(await ask(here, "pa20:5.11")) == [(LATER, "5.11")]
    assert cited(await ask(here, "PA20 5.11")) == [(LATER, "5.11")]
