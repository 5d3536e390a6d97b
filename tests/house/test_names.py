"""No text names the policy, the association or the bot by itself: another profile changes data only."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from bot.app.build import Bot
from bot.app.examples import examples
from bot.app.notice_titles import NOTICES, notice_title
from bot.conversation.forms import Reply
from bot.settings import Settings
from tests.house.words import own_words
from tests.kits.office import TEST_DATA, built

OURS = re.compile(r"PA20|AGE|UQTR|\bVigie\b")
# « le CR3 »: what would be said of a policy whose name is feminine.
FEMININE = re.compile(r"\b[Ll]a CR3|à la CR3|CR3 (?:a été |est )?(?:révisée|adoptée|lue)\b")


@pytest.fixture(scope="module")
def other() -> Iterator[Bot]:
    """The bot of another association: its policy, whose name is masculine, its name, and its bot's."""
    settings = Settings(
        _env_file=None,
        vigie_data=TEST_DATA,
        vigie_politique="cr3",
        vigie_association="Radio Cité",
        vigie_nom="Bavarde",
    )
    with built(settings) as bot:
        yield bot


@pytest.fixture(scope="module")
def replies(other: Bot) -> dict[str, Reply]:
    return examples(other)


def test_every_example_follows_the_profile(replies: dict[str, Reply]) -> None:
    said = {name: own_words(reply) for name, reply in replies.items()}
    wrong = {
        name: [line for line in text.splitlines() if OURS.search(line) or FEMININE.search(line)]
        for name, text in said.items()
    }
    assert {name: lines for name, lines in wrong.items() if lines} == {}
    assert any("Bavarde" in text for text in said.values())
    assert any("le CR3" in text for text in said.values())


def test_the_command_line_names_each_notice_as_the_bot_does(other: Bot) -> None:
    titles = {notice.name: notice_title(notice.name) for notice in NOTICES}
    assert titles == other.notices.titles()
    assert notice_title("inconnu") == "inconnu"
