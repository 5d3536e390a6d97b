"""The privacy notice comes with the first exchange, and never makes the bot keep someone who leaves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.app import build
from bot.conversation.messages import Message
from bot.conversation.requests import Actor, Place
from bot.privacy.personal_data import NOTICE_VERSION
from bot.reports import codes
from bot.settings import Settings
from tests.kits.office import built

SAYS_IT = "Ce que je garde de vous"
NEWCOMER = Actor("local", "", "arrivante")


class Life:
    """A bot, which may be started again over the same database."""

    def __init__(self, bot: build.Bot) -> None:
        self.bot = bot

    def restart(self) -> None:
        self.bot = build.build(self.bot.settings, self.bot.office.storage)

    async def said(self, line: str, place: Place = "direct", *, pressed: bool = False) -> str:
        request = self.bot.dispatcher.from_command(line, actor=NEWCOMER, place=place, pressed=pressed)
        reply = await self.bot.dispatcher.handle(request)
        assert isinstance(reply, Message)
        return "\n".join(reply.own_words())

    async def written(self, text: str) -> str:
        reply = await self.bot.dispatcher.handle(self.bot.dispatcher.from_text(text, actor=NEWCOMER))
        assert isinstance(reply, Message)
        return "\n".join(reply.own_words())

    def known(self) -> bool:
        def read() -> bool:
            with self.bot.office.storage.transaction() as db:
                rows = db.conn.execute("SELECT 1 FROM accounts WHERE user = ?", (NEWCOMER.user,))
                return rows.fetchone() is not None

        return self.bot.office.storage.executor.submit(read).result()


@pytest.fixture
def life() -> Iterator[Life]:
    with built(Settings()) as bot:
        yield Life(bot)


async def test_the_notice_is_a_press_away(life: Life) -> None:
    assert "Je recueille l'identifiant de votre compte" in await life.said("mesdonnees avis", pressed=True)
    assert not life.known()


async def test_the_first_question_is_answered_and_the_one_greeting_is_in_the_same_message(life: Life) -> None:
    for line, quoted in (("5.10", "5.10"), ("article 5.5", "5.5")):
        reply = await life.bot.dispatcher.handle(life.bot.dispatcher.from_text(line, actor=NEWCOMER))
        assert isinstance(reply, Message)
        assert [quote.clause for quote in reply.quotes()] == [quoted]
        own_words = [*reply.own_words()]
        greetings = (
            sum("Je suis Vigie" in words for words in own_words),
            sum(SAYS_IT in words for words in own_words),
        )
        assert greetings == ((1, 1) if quoted == "5.10" else (0, 0))
        labels = [button.label for button in reply.buttons()]
        assert labels.count("Lire l'avis") == greetings[1]
        life.restart()


async def test_what_remembers_the_greeting_has_no_moment(life: Life) -> None:
    await life.said("aide")
    assert life.known()

    def read() -> dict[str, object]:
        with life.bot.office.storage.transaction() as db:
            [row] = db.query("SELECT * FROM accounts WHERE user = ?", [NEWCOMER.user])
            return row

    row = life.bot.office.storage.executor.submit(read).result()
    assert {name: row.pop(name) for name in ("platform", "team", "user", "notice_version")} == {
        "platform": "local", "team": "", "user": NEWCOMER.user, "notice_version": NOTICE_VERSION,
    }  # fmt: skip
    assert set(row) == {"person_id", "preferred"}


async def test_to_report_first_greets_nobody_and_writes_nothing(life: Life) -> None:
    dispatcher = life.bot.dispatcher
    for line in ("signalement", "signalement remplir"):
        admission = dispatcher.admit(dispatcher.from_command(line, actor=NEWCOMER, pressed=True))
        reply = await dispatcher.handle(admission.request)
        assert not isinstance(reply, Message) or SAYS_IT not in "".join(reply.own_words())
    assert not life.known()
    assert SAYS_IT in await life.said("aide"), "greeted at the first thing that is not a report"
    assert life.known()


async def test_what_was_erased_is_not_written_again_by_the_answer_that_says_so(life: Life) -> None:
    assert SAYS_IT in await life.said("aide")
    life.restart()
    assert "tout est détruit" in await life.said("mesdonnees effacer ✓", pressed=True)
    assert not life.known()
    assert "Je ne conserve rien" in await life.said("mesdonnees")
    assert not life.known()
    assert SAYS_IT in await life.said("aide")


@pytest.mark.parametrize("line", ["vigie", "bonjour"])
async def test_the_menu_shows_the_notice_and_keeps_nothing_since_it_leads_to_a_report(
    life: Life, line: str
) -> None:
    assert SAYS_IT in await life.written(line)
    assert not life.known()
    assert SAYS_IT not in await life.written(line), "not twice in a row"
    life.restart()
    assert SAYS_IT in await life.written(line)
    life.restart()
    assert SAYS_IT in await life.said("aide")
    assert life.known()


async def test_the_code_of_a_report_typed_by_mistake_keeps_nothing_either(life: Life) -> None:
    assert SAYS_IT in await life.written(codes.new_code())
    assert not life.known()


async def test_to_ask_first_what_is_held_shows_the_notice_and_keeps_nothing(life: Life) -> None:
    reply = await life.said("mesdonnees")
    assert "Je ne conserve rien" in reply
    assert "Je recueille l'identifiant de votre compte" in reply
    assert not life.known()


async def test_on_one_s_own_page_the_notice_is_shown_and_opening_it_keeps_nothing(life: Life) -> None:
    assert SAYS_IT in await life.said("vigie", "home")
    assert not life.known()
    assert SAYS_IT in await life.said("lier", "home")
    assert life.known()
    assert SAYS_IT not in await life.said("vigie", "home")
