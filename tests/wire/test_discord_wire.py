"""The bot on Discord, over the wire: HTTP and gateway as Discord speaks them (see discord_server).

It runs as people run it, in a process of its own that nothing was done to: one for all the tests that do
not end it, in each of which someone new comes.
"""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from simcord.enums import ComponentType

from bot.app.serving import Ending
from bot.reports.records import SEVERITIES
from tests.wire.bot_process import BotProcess, running
from tests.wire.discord_people import Person, text_of
from tests.wire.discord_server import DiscordServer
from tests.wire.policy_words import clause

pytestmark = pytest.mark.asyncio(loop_scope="module")

READY = "Discord\u00a0: prêt."


@asynccontextmanager
async def living(settings: Mapping[str, str]) -> AsyncIterator[BotProcess]:
    """Run the bot until the end of the test, once it says that it is ready."""
    async with running(settings) as bot:
        await bot.until(READY)
        yield bot


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared() -> AsyncIterator[tuple[DiscordServer, BotProcess]]:
    async with DiscordServer() as server:
        server.backend.create_guild("AGE")
        async with living(server.environment) as bot:
            yield server, bot
            assert await bot.stop() == 0
            assert "Traceback" not in bot.log


@pytest.fixture
def server(shared: tuple[DiscordServer, BotProcess]) -> Iterator[DiscordServer]:
    """The server where the bot of all these tests is."""
    it, _ = shared
    yield it
    assert it.problems == []


@pytest.fixture
def bot(shared: tuple[DiscordServer, BotProcess]) -> BotProcess:
    return shared[1]


@pytest_asyncio.fixture(loop_scope="module")
async def alone() -> AsyncIterator[DiscordServer]:
    """A server where no bot is yet."""
    async with DiscordServer() as it:
        yield it


def read(text: str) -> str:
    """Return what a person reads of a text display: without escapes, quotation marks of blocks, or bold."""
    return re.sub(r"\\([^0-9A-Za-z\s])|^(?:> |-# |#+ )|\*\*|\u200b", r"\1", text, flags=re.MULTILINE)


async def test_politique_5_10_reads_word_for_word_for_the_person_alone(alice: Person) -> None:
    answer = await alice.slash("politique", "5.10")
    assert clause("5.10") in read(answer.text)
    assert answer.private


async def test_suggestions_come_as_one_types(alice: Person) -> None:
    numbers = await alice.suggestions("politique", "5.1")
    words = await alice.suggestions("politique", "logo")
    commands = await alice.suggestions("vigie", "")
    assert {"5.1", "5.10", "5.18"} <= {choice["value"] for choice in numbers}
    assert "5.13" in {choice["value"] for choice in words}
    assert "aide" in {choice["value"] for choice in commands}


async def test_next_replaces_the_answer_and_share_shows_the_clause_to_everyone(alice: Person) -> None:
    asked = await alice.slash("politique", "5.10")
    after = await alice.press(asked.message, "5.11 →")
    assert after.message.id == asked.message.id
    assert clause("5.11") in read(after.text)
    shared = await alice.press(after.message, "Partager ici")
    assert not shared.private
    assert shared.message.id != asked.message.id
    assert clause("5.11") in read(shared.text)


async def test_a_button_on_what_was_shared_answers_the_person_who_pressed_it_alone(
    alice: Person, server: DiscordServer
) -> None:
    shared = await alice.slash("vigie", "partager 5.10")
    bob = Person(server, "bob")
    answer = await bob.press(shared.message, "Lire autour")
    assert answer.private
    assert answer.message.id != shared.message.id


async def test_a_text_is_examined_before_it_is_published_and_what_is_not_so_is_waved_away(
    alice: Person,
) -> None:
    form = await alice.slash("vigie", "verifier")
    text = "J'ai imprimé le **logo** de l'AGE sur mes tasses, @everyone: venez!"
    review = await alice.submit(form, texte=text, image="", lieu=["travail"])
    assert review.private
    assert clause("5.13") in read(review.text)
    assert "**logo**" not in review.text, "the draft's formatting is escaped"
    waved = await alice.press(review.message, "Ce n'est pas le cas")
    assert "vous avez écarté le seul point" in waved.text
    again = await alice.press(waved.message, "Revoir le point écarté")
    assert clause("5.13") in read(again.text)
    waved = await alice.press(again.message, "Ce n'est pas le cas")
    left = await alice.press(waved.message, "Corriger le texte")
    [typed] = [
        part["component"] for part in left.form["components"] if part["component"]["custom_id"] == "texte"
    ]
    assert typed["value"] == text
    more = f"{text} Il fera beau."
    corrected = await alice.submit(left, texte=more, image="", lieu=["travail"])
    assert "vous avez écarté le seul point" in corrected.text, "the same words"
    left = await alice.press(corrected.message, "Corriger le texte")
    nothing = await alice.submit(left, texte="Un souper, samedi, au local", image="", lieu=["travail"])
    assert "Je n'ai rien vu, dans ce texte" in nothing.text


async def test_one_s_own_message_is_examined_from_its_menu_and_another_s_is_not(
    alice: Person, server: DiscordServer
) -> None:
    label = "Ce qu'en dit la PA20"
    own = alice.put("J'ai imprimé le logo de l'AGE sur mes tasses", alice.channel)
    examined = await alice.menu(label, own)
    assert "Avant de publier" in examined.text
    assert examined.private
    other = Person(server, "bob").put("J'ai imprimé le logo de l'AGE sur mes tasses", alice.channel)
    assert "Avant de publier" not in (await alice.menu(label, other)).text


async def test_the_menu_opens_a_form_that_finds_the_clause(alice: Person) -> None:
    menu = await alice.slash("vigie")
    opened = await alice.press(menu.message, "Poser une question")
    found = await alice.submit(opened, mots="5.10")
    assert clause("5.10") in read(found.text)
    assert found.private


async def test_a_message_of_someone_else_can_be_looked_up_from_its_own_menu(
    alice: Person, server: DiscordServer
) -> None:
    message = server.backend.create_message(alice.channel, Person(server, "bob").id, "5.10")
    answer = await alice.menu("Ce qu'en dit la PA20", message)
    assert clause("5.10") in read(answer.text)
    assert answer.private


async def test_a_private_message_is_answered_in_the_conversation(alice: Person) -> None:
    answer = await alice.write("l'article cinq point dix", direct=True)
    assert clause("5.10") in read(text_of(answer))


async def test_a_mention_is_answered_with_the_quotation_and_buttons_only(
    alice: Person, server: DiscordServer
) -> None:
    answer = await alice.write(f"<@{server.backend.bot_user.id}> 5.10")
    assert clause("5.10") in read(text_of(answer))
    assert "révisée" not in text_of(answer)


async def test_a_reply_with_its_ping_on_is_answered_without_a_mention_by_a_reply_that_pings_nobody(
    alice: Person, server: DiscordServer
) -> None:
    first = await alice.write(f"<@{server.backend.bot_user.id}> 5.10")
    answer = await alice.write("5.11", to=first)
    assert clause("5.11") in read(text_of(answer))
    assert answer.reference is not None
    asked = server.backend.get_message(alice.channel, int(answer.reference["message_id"]))
    assert (asked.author_id, asked.content) == (alice.id, "5.11")
    assert not answer.ping_user_ids


async def test_a_reply_whose_ping_is_off_is_left_alone(alice: Person, server: DiscordServer) -> None:
    first = await alice.write(f"<@{server.backend.bot_user.id}> 5.10")
    alice.put("5.11", alice.channel, first, ping=False)
    answer = await alice.write("5.12", to=first)
    assert clause("5.12") in read(text_of(answer))
    assert len(alice.said(alice.channel)) == 2


async def test_a_reply_to_the_answer_of_a_command_whose_text_discord_hides_is_told_how_to_ask(
    alice: Person,
) -> None:
    shared = await alice.slash("vigie", "partager 5.10")
    answer = await alice.write("5.11", to=shared.message)
    assert "Écrivez-moi en message privé" in text_of(answer)


async def test_one_of_a_few_choices_is_picked_among_radio_buttons_or_in_the_list_of_an_earlier_form(
    alice: Person,
) -> None:
    first = await alice.slash("signalement")
    opened = await alice.press(first.message, "Continuer")
    kinds = [part["component"]["type"] for part in opened.form["components"] if "component" in part]
    assert kinds == [ComponentType.TEXT_INPUT] * 2 + [ComponentType.RADIO_GROUP, ComponentType.TEXT_INPUT]
    answers = {"adresse": "https://www.facebook.com/exemple/posts/1", "propos": "Des mensonges."}
    pressed = await alice.submit(opened, **answers, gravite="serious")
    assert SEVERITIES["serious"].partition("\u00a0:")[0] in read(pressed.text)
    listed = await alice.submit(opened, **answers, gravite=["light"])
    assert SEVERITIES["light"].partition("\u00a0:")[0] in read(listed.text)


async def test_what_people_write_is_not_in_the_log(bot: BotProcess, alice: Person) -> None:
    await alice.slash("politique", "mot très secret")
    await alice.write("autre mot très secret", direct=True)
    assert "secret" not in bot.log
    assert str(alice.id) not in bot.log


async def test_a_rate_limit_is_waited_for(alice: Person, server: DiscordServer) -> None:
    server.limit("/interactions/*/callback", retry_after=0.3)
    server.limit("/channels/*/messages", retry_after=0.3)
    start = time.monotonic()
    answer = await alice.slash("politique", "5.10")
    assert clause("5.10") in read(answer.text)
    assert clause("5.10") in read(text_of(await alice.write("5.10", direct=True)))
    assert time.monotonic() - start >= 0.6


async def test_a_connection_that_breaks_is_taken_up_where_it_was(
    alice: Person, server: DiscordServer
) -> None:
    before = server.identified, server.resumed
    server.cut()
    missed = await alice.slash("politique", "5.10")  # asked while nobody listens
    await server.ask_to_reconnect()
    answer = await alice.slash("politique", "5.11")
    assert clause("5.10") in read(missed.text)
    assert clause("5.11") in read(answer.text)
    assert (server.identified, server.resumed) == (before[0], before[1] + 2)


async def test_what_is_told_twice_is_answered_once(alice: Person, server: DiscordServer) -> None:
    await alice.write("5.10", direct=True)
    answer = await alice.slash("politique", "5.10")
    server.tell_again("MESSAGE_CREATE")
    server.tell_again("INTERACTION_CREATE")
    other = await alice.slash("politique", "5.11")
    assert clause("5.11") in read(other.text)
    assert len(alice.said(alice.direct)) == 1
    assert [message.id for message in alice.said(alice.channel)] == [answer.message.id, other.message.id]


async def test_after_a_restart_old_buttons_and_forms_work_and_the_commands_are_not_registered_again(
    alone: DiscordServer,
) -> None:
    alice = Person(alone, "alice")
    async with living(alone.environment) as first:
        asked = await alice.slash("politique", "5.10")
        opened = await alice.slash("vigie", "chercher")
        assert alone.count("PUT", "/applications/*/commands") == 1
        assert await first.stop() == 0
    async with living(alone.environment):
        after = await alice.press(asked.message, "5.11 →")
        assert clause("5.11") in read(after.text)
        assert after.message.id == asked.message.id
        assert clause("5.12") in read((await alice.submit(opened, mots="5.12")).text)
        assert alone.count("PUT", "/applications/*/commands") == 1


async def test_told_to_stop_the_bot_leaves_within_10_seconds_even_if_discord_does_not_say_goodbye(
    alone: DiscordServer,
) -> None:
    alice = Person(alone, "alice")
    alone.deaf = True
    async with living(alone.environment) as bot:
        assert (await alice.slash("vigie")).private
        assert await bot.stop(within=10) == 0
        assert "Traceback" not in bot.log


async def test_a_wrong_token_is_one_french_line_that_says_what_to_do(alone: DiscordServer) -> None:
    async with running({**alone.environment, "DISCORD_TOKEN": "faux.jeton.ici"}) as bot:
        assert await bot.ended() == Ending.REFUSED
        lines = [line for line in bot.lines if line.startswith("Discord\u00a0: ")]
        assert lines == [line for line in bot.lines if "jeton" in line]
        assert len(lines) == 1
        assert "DISCORD_TOKEN" in lines[0]
        assert "Traceback" not in bot.log
        assert "faux" not in bot.log
