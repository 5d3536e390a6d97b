"""The Discord adapter with simcord in process: a stateful Discord that checks what it is sent."""

from __future__ import annotations

import asyncio
import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import discord
import pytest

from bot.conversation.dispatcher import Dispatcher
from bot.conversation.forms import Reply
from bot.conversation.messages import Message, Text
from bot.conversation.requests import Command, Request
from bot.platforms.contract import Meter
from bot.platforms.discord.client import Client
from tests.kits.effort import PATIENCE
from tests.kits.platforms.discord_world import COMMANDS, TEXTS, WORDS, Late, World, living, menu, quote, shown
from tests.kits.platforms.presses import listened

pytest_plugins = ["tests.kits.platforms.discord_fixtures"]

THINKING = discord.InteractionResponseType.deferred_channel_message.value
UPDATING = discord.InteractionResponseType.deferred_message_update.value


def callbacks(world: World) -> list[int]:
    """Return the types of the first answers given to interactions, in order."""
    sent = [request for request in world.env.http_requests if request.path.endswith("/callback")]
    return [request.json["type"] for request in sent if request.json is not None]


async def test_a_slash_command_is_answered_for_the_person_alone(world: World) -> None:
    result = await world.alice.slash(world.channel, "politique", numero_mots="5.10")
    assert result.response is not None
    assert result.response.ephemeral
    assert WORDS in shown(result.response)


async def test_a_command_without_text_is_answered(world: World) -> None:
    result = await world.alice.slash(world.channel, "vigie")
    assert "Menu" in shown(result.response)


async def test_a_command_without_its_own_slash_is_reached_through_the_menu_command(world: World) -> None:
    result = await world.alice.slash(world.channel, "vigie", commande="politique 5.11")
    assert TEXTS["5.11"] in shown(result.response)


async def test_in_a_private_conversation_the_answer_stays_in_the_history(world: World) -> None:
    result = await world.user.slash("politique", numero_mots="5.10")
    assert not result.response.ephemeral
    assert WORDS in shown(result.response)


async def test_a_button_is_told_from_what_one_types(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = listened(monkeypatch)
    first = await world.alice.slash(world.channel, "politique", numero_mots="5.10")
    assert first.response is not None
    await world.alice.click(first.response, label="Suivante")
    assert seen == [False, True]


async def test_a_button_on_a_private_message_replaces_that_message(world: World) -> None:
    first = await world.alice.slash(world.channel, "politique", numero_mots="5.10")
    assert first.response is not None
    pressed = await world.alice.click(first.response, label="Suivante")
    assert pressed.response is not None
    assert pressed.response.id == first.response.id
    assert TEXTS["5.11"] in shown(pressed.response)


async def test_sharing_shows_a_new_message_to_everyone(world: World) -> None:
    first = await world.alice.slash(world.channel, "politique", numero_mots="5.10")
    assert first.response is not None
    shared = await world.alice.click(first.response, label="Partager")
    assert shared.response is not None
    assert shared.response.id != first.response.id
    assert not shared.response.ephemeral
    assert WORDS in shown(world.channel.last_message)


async def test_a_button_on_a_public_message_is_answered_for_the_person_alone(world: World) -> None:
    me = world.env.backend.bot_user.id
    await world.alice.send(world.channel, f"<@{me}> 5.10")
    public = world.channel.last_message
    assert public is not None
    pressed = await world.alice.click(public, label="Suivante")
    assert pressed.response is not None
    assert pressed.response.id != public.id
    assert pressed.response.ephemeral


async def test_a_button_works_after_a_restart(world: World) -> None:
    first = await world.alice.slash(world.channel, "politique", numero_mots="5.10")
    assert first.response is not None
    await world.restart()
    pressed = await world.alice.click(first.response, label="Suivante")
    assert TEXTS["5.11"] in shown(pressed.response)


async def test_a_button_opens_a_form_whose_answers_come_back_to_the_command(world: World) -> None:
    first = await world.alice.slash(world.channel, "vigie")
    assert first.response is not None
    opened = await world.alice.click(first.response, label="Chercher")
    assert opened.modal is not None
    submitted = await world.alice.submit_modal(opened, {"mots": "logo"})
    assert "Cherché logo (ici)" in shown(submitted.response)
    assert submitted.response is not None
    assert submitted.response.ephemeral


@pytest.mark.parametrize("command", ["vigie", "taire"])  # the second must not know who asks
async def test_a_refused_form_names_the_fault_and_opens_again_as_it_was_filled_in(
    world: World, command: str
) -> None:
    first = await world.alice.slash(world.channel, command)
    assert first.response is not None
    opened = await world.alice.click(first.response, label="Chercher" if command == "vigie" else "Remplir")
    assert opened.modal is not None
    submitted = await world.alice.submit_modal(opened, {"mots": "rien"})
    assert "Ces mots ne disent rien." in shown(submitted.response)
    assert submitted.response is not None
    assert submitted.response.ephemeral
    again = await world.alice.click(submitted.response, label="Corriger")
    assert again.modal is not None
    [label] = [part for part in again.modal["components"] if "component" in part]
    assert label["component"]["value"] == "rien"
    corrected = await world.alice.submit_modal(again, {"mots": "logo"})
    assert "logo" in shown(corrected.response)


async def test_after_a_restart_a_refused_form_opens_empty_and_says_so(world: World) -> None:
    opened = await world.alice.slash(world.channel, "quiz")
    assert opened.modal is not None
    submitted = await world.alice.submit_modal(opened, {"mots": "rien"})
    assert submitted.response is not None
    await world.restart()
    again = await world.alice.click(submitted.response, label="Corriger")
    assert again.modal is not None
    assert "n'est plus là" in str(again.modal)
    assert "rien" not in [part.get("component", {}).get("value") for part in again.modal["components"]]


async def test_a_form_filled_in_before_a_restart_is_still_received(world: World) -> None:
    opened = await world.alice.slash(world.channel, "quiz")
    assert opened.modal is not None
    await world.restart()
    submitted = await world.alice.submit_modal(opened, {"mots": "logo"})
    assert "Cherché logo" in shown(submitted.response)


async def test_a_form_whose_command_is_gone_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = await world.alice.slash(world.channel, "quiz")
    remaining = [command for command in COMMANDS if command.name != "chercher"]
    monkeypatch.setattr("tests.kits.platforms.discord_fixtures.COMMANDS", remaining)
    await world.restart()
    submitted = await world.alice.submit_modal(opened, {"mots": "logo"})
    assert submitted.response is not None
    assert submitted.response.ephemeral
    assert "Ce formulaire vient d'un ancien message" in shown(submitted.response)


async def test_suggestions_are_at_most_25_of_at_most_100_characters(world: World) -> None:
    offered = await world.alice.autocomplete(world.channel, "politique", "numero_mots", "5.1")
    assert len(offered) == 25
    assert all(len(choice["name"]) <= 100 and len(choice["value"]) <= 100 for choice in offered)
    assert offered[0]["value"] == "5.0"


async def test_the_menu_command_suggests_the_others_then_what_they_suggest(world: World) -> None:
    async def offered(text: str) -> list[str]:
        found = await world.alice.autocomplete(world.channel, "vigie", "commande", text)
        return [choice["value"] for choice in found]

    assert await offered("") == ["chercher", "partager", "refuser", "casser"]
    assert await offered("Par") == ["partager"]
    assert (await offered("partager 5"))[:2] == ["partager 5.0", "partager 5.1"]
    assert await offered("rien de connu") == []


async def test_a_message_menu_asks_about_that_message(world: World) -> None:
    asked = await world.alice.send(world.channel, "5.11")
    result = await world.alice.context_menu(world.channel, "Que dit la politique?", asked)
    assert TEXTS["5.11"] in shown(result.response)
    assert result.response is not None
    assert result.response.ephemeral


async def test_a_private_message_is_answered_in_the_conversation(world: World) -> None:
    await world.user.send_dm("5.10")
    assert WORDS in shown(world.user.dm_channel.last_message)


async def test_a_private_message_that_calls_for_a_form_is_answered_with_a_button_that_opens_it(
    world: World,
) -> None:
    await world.user.send_dm("chercher")
    asked = world.user.dm_channel.last_message
    opened = await world.user.click(asked, label="Ouvrir")
    assert opened.modal["title"] == "Chercher"


async def test_a_mention_is_answered_before_all_with_the_quotation_and_buttons_only(world: World) -> None:
    me = world.env.backend.bot_user.id
    asked = await world.alice.send(world.channel, f"<@{me}> 5.10")
    answer = world.channel.last_message
    assert answer is not None
    assert answer.reference is not None
    assert answer.reference.message_id == asked.id
    assert WORDS in shown(answer)
    assert "Voici" not in shown(answer)


async def test_a_reply_that_notifies_the_bot_is_answered_without_a_mention_in_it(world: World) -> None:
    me = world.env.backend.bot_user.id
    await world.alice.send(world.channel, f"<@{me}> 5.10")
    clause = world.channel.last_message
    assert clause is not None
    asked = await world.alice.send(world.channel, "5.11", reply_to=clause)
    answer = world.channel.last_message
    assert answer is not None
    assert answer.reference is not None
    assert answer.reference.message_id == asked.id
    assert TEXTS["5.11"] in shown(answer)


async def test_a_mention_of_the_role_that_bears_the_bots_name_is_answered_and_that_of_another_is_not(
    world: World,
) -> None:
    guild = world.env.backend.guilds[world.alice.guild.id]
    [own] = [role for role in guild.roles.values() if role.managed]
    own.mentionable = True
    await world.alice.send(world.channel, f"<@&{own.id}> 5.10")
    answer = world.channel.last_message
    assert answer is not None
    assert "Écrivez-moi en message privé" in shown(answer)
    other = world.env.backend.create_role(guild.id, name="Officiers", mentionable=True)
    world.env.backend.add_member_role(guild.id, world.env.backend.bot_user.id, other.id)
    before = len(world.channel.history())
    await world.alice.send(world.channel, f"<@&{other.id}> 5.10")
    assert len(world.channel.history()) == before + 1


@pytest.mark.parametrize("late", [False, True])
async def test_where_the_bot_may_not_write_the_answer_comes_in_private_and_says_why(
    executor: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch, *, late: bool
) -> None:
    monkeypatch.setattr("bot.platforms.discord.client.PATIENCE", 0 if late else 1)

    def client() -> Client:
        return Client((Late if late else Dispatcher)(COMMANDS, executor), quote)

    bot = client()
    async with living(bot, client) as world:
        assert bot.user is not None
        denied = discord.PermissionOverwrite(send_messages=False)
        closed = world.alice.guild.create_text_channel("annonces", overwrites={bot.user: denied})
        await world.alice.send(closed, f"<@{bot.user.id}> 5.10")
        [why, answer] = world.env.backend.messages[world.user.dm_channel.id].values()
        assert "Il me manque une permission" in shown(why)
        assert WORDS in shown(answer)
        assert len(closed.history()) == 1


@pytest.mark.parametrize(("status", "code"), [(403, 50001), (400, 160_002), (400, 50_083), (404, 10_003)])
async def test_whatever_stops_a_reply_to_a_mention_it_comes_in_private(
    world: World, status: int, code: int
) -> None:
    """No access, no history to reply to, an archived thread, a channel that is gone."""
    world.env.inject_error("POST", f"/channels/{world.channel.id}/messages", status=status, code=code)
    await world.alice.send(world.channel, f"<@{world.env.backend.bot_user.id}> 5.10")
    assert WORDS in shown(world.user.dm_channel.last_message)


async def test_a_command_that_may_not_be_answered_in_its_channel_is_answered_in_private(world: World) -> None:
    world.env.inject_error("POST", "/interactions/*", status=403, code=50013)
    await world.alice.slash(world.channel, "politique", numero_mots="5.10")
    assert WORDS in shown(world.user.dm_channel.last_message)


async def test_an_anonymous_command_is_never_answered_by_a_message_that_would_stay(world: World) -> None:
    world.env.inject_error("POST", "/interactions/*", status=403, code=50013)
    await world.alice.slash(world.channel, "taire")
    assert not any("channels" in request.path for request in world.env.http_requests)


async def test_a_reply_to_a_mention_that_discord_finds_ill_made_is_an_apology(world: World) -> None:
    world.env.inject_error("POST", "/channels/*/messages", status=400, code=50035)
    await world.alice.send(world.channel, f"<@{world.env.backend.bot_user.id}> 5.10")
    answer = world.channel.last_message
    assert answer is not None
    assert "Pardon" in shown(answer)


async def test_messages_that_say_nothing_to_the_bot_are_left_alone(world: World) -> None:
    before = len(world.channel.history())
    await world.alice.send(world.channel, "Bonjour tout le monde")
    await world.alice.send(world.channel, "@everyone 5.10")
    assert len(world.channel.history()) == before + 2


async def test_nothing_that_is_sent_may_mention_anyone_or_show_a_link_preview(world: World) -> None:
    me = world.env.backend.bot_user.id
    await world.alice.slash(world.channel, "politique", numero_mots="@everyone <@1> https://exemple.ca")
    await world.alice.send(world.channel, f"<@!{me}> 5.10")
    await world.user.send_dm("https://exemple.ca")
    bodies = [request.json for request in world.env.http_requests if request.method == "POST"]
    sent = [body.get("data", body) for body in bodies if isinstance(body, dict)]
    assert len(sent) == 3
    assert all(body["allowed_mentions"] == {"parse": []} for body in sent)
    assert all(body["flags"] & discord.MessageFlags.suppress_embeds.flag for body in sent)


async def test_a_refusal_is_said_and_a_failure_is_an_apology_that_holds_no_secret(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    refused = await world.alice.slash(world.channel, "vigie", commande="refuser")
    broken = await world.alice.slash(world.channel, "vigie", commande="casser")
    assert "C'est réservé à l'administration." in shown(refused.response)
    assert "Pardon" in shown(broken.response)
    assert "secret" not in caplog.text


async def test_a_quotation_too_long_for_discord_is_an_apology_rather_than_silence(world: World) -> None:
    result = await world.alice.slash(world.channel, "politique", numero_mots="long")
    assert "Pardon" in shown(result.response)
    await world.user.send_dm("long")
    assert "Pardon" in shown(world.user.dm_channel.last_message)


async def test_a_late_answer_is_deferred_then_shown(impatient: World) -> None:
    result = await impatient.alice.slash(impatient.channel, "politique", numero_mots="5.10")
    assert callbacks(impatient) == [THINKING]
    assert result.response is not None
    assert result.response.ephemeral
    assert WORDS in shown(result.response)
    pressed = await impatient.alice.click(result.response, label="Suivante")
    assert callbacks(impatient) == [THINKING, UPDATING]
    assert pressed.response is not None
    assert pressed.response.id == result.response.id
    assert TEXTS["5.11"] in shown(pressed.response)


async def test_what_is_counted_is_when_discord_knew_that_the_answer_would_come(
    executor: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    acked: list[float] = []
    meter = Meter(acked=acked.append)
    monkeypatch.setattr("bot.platforms.discord.client.PATIENCE", 0)

    def client() -> Client:
        return Client(Late(COMMANDS, executor), quote, meter=meter)

    async with living(client(), client) as late:
        await late.alice.slash(late.channel, "politique", numero_mots="5.10")
        [asked] = late.env.backend.interactions.values()
    assert acked == [discord.utils.snowflake_time(asked.id).timestamp()]


async def test_a_late_public_answer_is_still_seen_by_all(impatient: World) -> None:
    result = await impatient.alice.slash(impatient.channel, "vigie", commande="partager 5.10")
    assert result.response is not None
    assert result.response.ephemeral
    assert WORDS not in shown(result.response)
    assert [followup.ephemeral for followup in result.followups] == [False]
    assert WORDS in shown(result.followups[0])


async def test_a_command_that_opens_a_form_is_never_deferred(impatient: World) -> None:
    opened = await impatient.alice.slash(impatient.channel, "quiz")
    assert opened.modal is not None


async def test_the_catalogue_is_registered_once_and_only_when_it_changes(
    world: World, executor: ThreadPoolExecutor
) -> None:
    def registrations() -> int:
        return sum(request.method == "PUT" for request in world.env.http_requests)

    assert registrations() == 1
    await world.restart()
    assert registrations() == 1
    fewer = [command for command in COMMANDS if command.name != "quiz"]
    await world.env.restart_bot(Client(Dispatcher(fewer, executor), quote))
    assert registrations() == 2
    assert "quiz" not in world.alice.available_commands(world.channel)


async def test_a_command_that_the_catalogue_no_longer_has_is_still_answered(
    world: World, executor: ThreadPoolExecutor
) -> None:
    world.env.inject_error("PUT", "/applications/*/commands", status=403, code=50001)
    fewer = [command for command in COMMANDS if command.name != "quiz"]
    await world.env.restart_bot(Client(Dispatcher(fewer, executor), quote))
    result = await world.alice.slash(world.channel, "quiz")
    assert "Je ne trouve pas quiz" in shown(result.response)


@pytest.mark.parametrize(("status", "code"), [(404, 10062), (403, 50013), (400, 40060), (500, 0)])
async def test_a_reply_that_discord_refuses_is_one_line_of_log_without_content(
    world: World, status: int, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    world.env.inject_error("POST", "/interactions/*", status=status, code=code, message="ne pas lire")
    await world.alice.slash(world.channel, "politique", numero_mots="mot secret")
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("bot.")]
    assert len(lines) == 1
    assert "secret" not in caplog.text
    assert "ne pas lire" not in caplog.text


async def test_a_payload_that_discord_refuses_is_replaced_by_an_apology(world: World) -> None:
    world.env.inject_error("POST", "/interactions/*", status=400, code=50035)
    result = await world.alice.slash(world.channel, "politique", numero_mots="5.10")
    assert "Pardon" in shown(result.response)


async def test_an_error_of_ours_is_logged_without_content_and_apologised_for(
    world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Request:
        raise RuntimeError("mot secret")

    monkeypatch.setattr(Dispatcher, "from_text", broken)
    monkeypatch.setattr(Dispatcher, "from_command", broken)
    result = await world.alice.slash(world.channel, "politique", numero_mots="5.10")
    await world.user.send_dm("5.10")
    assert "Pardon" in shown(result.response)
    assert "Pardon" in shown(world.user.dm_channel.last_message)
    assert "secret" not in caplog.text
    assert len(world.env.errors) == 2


async def test_nothing_of_what_was_sent_is_kept_in_memory(world: World) -> None:
    first = await world.alice.slash(world.channel, "vigie")
    assert first.response is not None
    await world.alice.click(first.response, label="Chercher")
    client = world.env.bot
    assert not client.persistent_views
    assert not client.cached_messages
    assert client._connection._view_store._modals == {}


async def test_when_leaving_the_request_under_way_is_answered_and_no_other_is_taken(
    executor: ThreadPoolExecutor,
) -> None:
    asked, release = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def slow(_: Request) -> Reply:
        loop.call_soon_threadsafe(asked.set)
        release.wait(PATIENCE)
        return Message(Text("Enfin"))

    commands = (Command("lent", "Lent.", slow, slash=True), Command("vigie", "Menu.", menu, slash=True))
    client = Client(Dispatcher(commands, executor), quote)
    async with living(client, lambda: client) as world:
        asking = asyncio.create_task(world.alice.slash(world.channel, "lent"))
        await asyncio.wait_for(asked.wait(), PATIENCE)
        leaving = asyncio.create_task(client.finish(5))
        release.set()
        await leaving
        answered = await asking
        ignored = await world.alice.slash(world.channel, "lent")
        assert "Enfin" in shown(answered.response)
        assert not ignored.acknowledged
