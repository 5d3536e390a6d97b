"""Answers from a revision's own words, in the bot that was running when it took effect."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.answers.engine import store, texts
from bot.answers.engine.scores import ModelError
from bot.app import build
from bot.conversation.forms import Reply
from bot.conversation.messages import Message, Quotation
from bot.conversation.requests import Actor, Received
from bot.schedule.clock import Schedule, Work
from bot.schedule.names import ANNOUNCE, LEARN
from bot.settings import Settings
from tests.kits.fake_clock import FakeClock
from tests.kits.office import CALENDAR, built
from tests.kits.revision_commands import TEXT, command

ADMIN, OFFICER = Actor("local", "", "administration"), Actor("local", "", "officier")
TOOLS = "- 5.19 Une publication rédigée avec une intelligence artificielle porte le nom de cet outil.\n\n"
ADDED = TEXT.replace("**ARTICLE 6", f"{TOOLS}**ARTICLE 6")
REWORDED = TEXT.replace("de façon éthique et dans le respect des lois", "sans jamais imiter une montgolfière")


@dataclass
class Bot:
    """The sandbox's bot, as it is built, with a clock that the test moves."""

    bot: build.Bot
    clock: FakeClock
    schedule: Schedule

    async def ask(self, text: str, actor: Actor = OFFICER) -> Message:
        """Write to the bot in private."""
        reply = await self.bot.dispatcher.handle(self.bot.dispatcher.from_text(text, actor=actor))
        assert isinstance(reply, Message)
        return reply

    async def quoted(self, text: str) -> dict[str, Quotation]:
        """Return what is quoted in answer to a text, by the number of the clause."""
        return {quote.clause: self.bot.library.quote(quote) for quote in (await self.ask(text)).quotes()}

    async def adopt(self, text: str, effective: str = "2026-11-24") -> None:
        """Have the administration adopt a text from a file, in force from a day on."""
        assert await self.bot.dispatcher.takes_file(ADMIN)
        dropped = await self.bot.dispatcher.handle_file(Received("pa20.md", text.encode()), ADMIN)
        reply: Reply = dropped
        for label in ("Une révision", "C'est juste"):
            pressed = self.bot.dispatcher.from_command(command(reply, label), actor=ADMIN, pressed=True)
            reply = await self.bot.dispatcher.handle(pressed)
        asked = self.bot.dispatcher.from_command(command(reply, "Approuver"), actor=ADMIN)
        await self.bot.dispatcher.handle(replace(asked, fields={"adoptee": "2026-11-20", "effet": effective}))
        await self.schedule.tick()


@pytest.fixture
def bot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bot]:
    """A bot whose bank of questions is never learnt, and that reads no text ahead: its words alone answer."""

    def unlearnt(*_: object) -> None:
        raise ModelError("rien n'est appris ici.")

    clock = FakeClock()
    monkeypatch.setattr(store, "learn", unlearnt)
    monkeypatch.setattr(texts, "make_index", unlearnt)
    settings = Settings.model_validate({"vigie_data": str(tmp_path), "vigie_modeles": str(tmp_path / "m")})

    async def learn(*_: object) -> None:
        """Learn nothing."""

    with built(settings, clock) as made:
        work = Work({ANNOUNCE: made.archive.announce}, {LEARN: learn})
        yield Bot(made, clock, Schedule(made.office.storage, work, CALENDAR, clock))


def said(quotation: Quotation) -> str:
    return "".join(span.text for paragraph in quotation.paragraphs for span in paragraph)


async def test_a_word_of_the_new_text_finds_its_clause_and_one_that_it_holds_no_more_finds_none(
    bot: Bot,
) -> None:
    assert await bot.quoted("montgolfière") == {}
    assert "5.18" in await bot.quoted("éthique")
    await bot.adopt(REWORDED)
    quotes = await bot.quoted("montgolfière")
    assert "imiter une montgolfière" in said(quotes["5.18"])
    assert "5.18" not in await bot.quoted("éthique")


async def test_a_question_is_answered_from_the_new_words_and_no_more_from_the_former(bot: Bot) -> None:
    new, former = (
        "Peut-on imiter une montgolfière?",
        "Doit-on agir de façon éthique, dans le respect des lois?",
    )
    assert "5.18" not in await bot.quoted(new)
    assert "5.18" in await bot.quoted(former)
    await bot.adopt(REWORDED)
    quotes = await bot.quoted(new)
    assert "imiter une montgolfière" in said(quotes["5.18"])
    assert "5.18" not in await bot.quoted(former)


async def test_what_the_policy_did_not_say_is_no_longer_said_to_be_missing_once_it_does(bot: Bot) -> None:
    asked = "ChatGPT, j'ai le droit?"
    assert "5.19" not in await bot.quoted(asked)
    await bot.adopt(ADDED)
    quotes = await bot.quoted(asked)
    assert "porte le nom de cet outil" in said(quotes["5.19"])


async def test_until_its_day_a_revision_answers_nothing_and_from_that_day_it_does(bot: Bot) -> None:
    await bot.adopt(REWORDED, effective="2026-12-01")
    bot.clock.set("2026-12-01T04:59:59Z")  # a second before midnight in Québec
    await bot.schedule.tick()
    assert await bot.quoted("montgolfière") == {}
    assert "5.18" not in await bot.quoted("Peut-on imiter une montgolfière?")
    bot.clock.set("2026-12-01T05:00:00Z")
    await bot.schedule.tick()
    assert "5.18" in await bot.quoted("montgolfière")
    assert "5.18" in await bot.quoted("Peut-on imiter une montgolfière?")


async def test_a_clause_quoted_before_is_quoted_after_as_one_of_a_former_version(bot: Bot) -> None:
    before = (await bot.quoted("/politique 5.18"))["5.18"]
    await bot.adopt(REWORDED)
    now = (await bot.quoted("/politique 5.18"))["5.18"]
    former = (await bot.quoted("/politique 5.18 --date 2020-01-01"))["5.18"]
    assert "de façon éthique" in said(before)
    assert said(former) == said(before)
    assert "montgolfière" in said(now)
    assert former.caption == f"{before.caption}, version du 13\u00a0décembre\u00a02015"
    assert "version" not in now.caption
