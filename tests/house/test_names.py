"""No text names the policy, the association or the bot by itself: another profile changes data only."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.app.build import Bot
from bot.app.notice_titles import NOTICES, notice_title
from bot.settings import Settings
from tests.kits.office import TEST_DATA, built


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


def test_the_command_line_names_each_notice_as_the_bot_does(other: Bot) -> None:
    titles = {notice.name: notice_title(notice.name) for notice in NOTICES}
    assert titles == other.notices.titles()
    assert notice_title("inconnu") == "inconnu"
