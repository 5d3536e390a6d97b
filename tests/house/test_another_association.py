"""An association of another kind has its own bot: nothing that it says comes from the shipped profile."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.app.build import Bot
from bot.app.examples import examples
from bot.app.platforms import web_form
from bot.app.sandbox import personas
from bot.configuration.profile import FILE, TAKEN
from bot.conversation.forms import Reply
from bot.conversation.messages import Message
from bot.conversation.requests import Actor
from bot.onboarding.enrolment import concerned
from bot.people import roles
from bot.platforms.discord.commands import commands_payload
from bot.platforms.slack.manifest import slack_manifest
from bot.reports.queue import ReportQueue, read_queue
from bot.settings import Settings
from tests.house.words import own_words
from tests.kits.office import TEST_DATA, built

ROOT = Path(__file__).resolve().parents[2]
COOPERATIVE = TEST_DATA / "cooperative"
SHIPPED = re.compile(
    r"PA ?20|\bAGE\b|UQTR|\bVigie\b|/vigie|5\.10|(?i:officièr|officier|signal|conseiller|vp-comm|exécutif)"
)
# What would be said of a policy whose name is feminine, or singular.
SINGULAR = re.compile(
    r"\b(?:la|le|du|au|l') ?Statuts|\bles Statuts (?:a|est|dit|ne le précise|attend|vise|révisée?)\b",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def cooperative() -> Iterator[Bot]:
    with built(Settings(vigie_data=COOPERATIVE)) as bot:
        yield bot


@pytest.fixture(scope="module")
def replies(cooperative: Bot) -> dict[str, Reply]:
    return examples(cooperative)


def test_no_message_has_a_word_of_another_association(replies: dict[str, Reply]) -> None:
    wrong = {
        name: lines
        for name, reply in replies.items()
        if (lines := [line for line in own_words(reply).splitlines() if SHIPPED.search(line)])
    }
    assert wrong == {}


def test_every_message_agrees_with_the_plural_name(replies: dict[str, Reply]) -> None:
    words_by_name = {name: own_words(reply) for name, reply in replies.items()}
    wrong = {name: text for name, text in words_by_name.items() if SINGULAR.search(text)}
    assert wrong == {}
    for words in ("les Statuts", "des Statuts", "Les Statuts", "adoptés le 4\u00a0mai\u00a02019", "Boussole"):
        assert any(words in text for text in words_by_name.values()), words


async def ask(bot: Bot, line: str) -> str:
    request = bot.dispatcher.from_text(line, actor=Actor("local", "", "officier"))
    reply = await bot.dispatcher.handle(request)
    assert isinstance(reply, Message)
    return "\n".join(reply.own_words())


async def test_its_bot_answers_under_its_own_command(cooperative: Bot) -> None:
    menu = await ask(cooperative, "/boussole")
    assert "Je suis Boussole." in menu
    assert "je cite les Statuts, adoptés le 4\u00a0mai\u00a02019." in menu
    assert "Je suis Boussole." in await ask(cooperative, "/vigie"), "the buttons carry that line"
    assert "/boussole chercher" in await ask(cooperative, "/boussole aide")
    assert "Article\u00a03\u00a0: Atelier" in (await ask(cooperative, "3.2")).title()


def test_the_menu_s_command_may_not_take_another_s_name(cooperative: Bot) -> None:
    assert {command.name for command in cooperative.dispatcher.commands} - {"boussole"} == TAKEN


async def test_reports_are_not_offered_and_the_command_says_so_in_one_line(cooperative: Bot) -> None:
    assert "signal" not in (await ask(cooperative, "/boussole")).lower()
    for line in ("/signalement", "/signalement https://exemple.ca/1", "/boussole signalement"):
        assert await ask(cooperative, line) == "Les Statuts ne prévoient pas de signalements."
    offered = json.dumps(
        [
            slack_manifest(cooperative.dispatcher.commands, bot="Boussole"),
            commands_payload(cooperative.dispatcher.commands, "boussole"),
        ],
        ensure_ascii=False,
    )
    assert "boussole" in offered
    assert not SHIPPED.search(offered)
    assert web_form(cooperative) is None


async def test_nobody_is_said_to_be_unable_to_receive_a_report(cooperative: Bot) -> None:
    def read() -> ReportQueue:
        with cooperative.storage.transaction() as db:
            return read_queue(db, cooperative.today())

    queue = await cooperative.storage.run(read)
    assert (queue.recipients, queue.vacant, queue.sound) == (0, (), True)


async def test_whoever_holds_a_role_that_reads_is_concerned(cooperative: Bot) -> None:
    def who() -> tuple[set[str], set[str]]:
        with cooperative.storage.transaction() as db:
            today = cooperative.today()
            held = {
                holder for role in ("presidence", "tresorerie") for holder in roles.holders(db, role, today)
            }
            others = set(roles.holders(db, roles.ADMINISTRATION, today))
            everyone = concerned(db, today)
            assert held <= everyone
            return held, others & everyone

    held, others = await cooperative.storage.run(who)
    assert len(held) == 2
    assert others == set(), "the administration as such need not read"


def test_the_personas_of_its_sandbox_are_its_own(cooperative: Bot) -> None:
    titles = {persona.name: persona.role for persona in personas(cooperative.settings.profile)}
    assert titles == {
        "Camille": "Membre",
        "Dominique": "Présidence",
        "Maxime": "Trésorerie",
        "Sacha": "Secrétariat",
    }


def test_the_page_on_profiles_shows_this_one_whole() -> None:
    page = (ROOT / "docs" / "profil.md").read_text("utf-8")
    assert f"```toml\n{(COOPERATIVE / FILE).read_text('utf-8').strip()}\n```" in page
