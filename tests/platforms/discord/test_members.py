"""Roles on Discord: what the gateway tells of them; the privileged intent only where one is followed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot.conversation.dispatcher import Dispatcher
from bot.conversation.forms import ChoiceField, Form, Option, PersonField
from bot.conversation.messages import File, Message, Text
from bot.conversation.requests import Actor, Command
from bot.people.membership import Source
from bot.platforms.contract import PlatformError
from bot.platforms.discord import members
from bot.platforms.discord.client import Client, form_answers
from tests.kits.platforms.discord_world import COMMANDS, World, living, quote

FORM = Form(
    "former",
    "Former",
    (
        PersonField("personne", "Qui"),
        ChoiceField("choix", "Lequel", (Option("Un", "1"), Option("Deux", "2"))),
    ),
)
OURS = (
    *COMMANDS,
    Command("donner", "Donne", lambda _: Message(Text("Voici"), File("a.json", b"{}", "Vos données"))),
)


@dataclass
class Notes:
    """What the adapter tells of members."""

    told: list[tuple[str, frozenset[str] | None]] = field(default_factory=list)

    async def belongs(self, actor: Actor, groups: Collection[str]) -> None:
        self.told.append((actor.user, frozenset(groups)))

    async def changed(self, actor: Actor, group: str, *, inside: bool) -> None:
        raise AssertionError((actor, group, inside))

    async def gone(self, actor: Actor) -> None:
        self.told.append((actor.user, None))


@pytest.fixture
async def world() -> AsyncIterator[World]:
    with ThreadPoolExecutor(1) as executor:

        def client() -> Client:
            return Client(Dispatcher(OURS, executor), quote)

        async with living(client(), client) as it:
            yield it


def gateway(name: str, **data: object) -> str:
    return json.dumps({"op": 0, "s": 1, "t": name, "d": {"guild_id": "900", "user": {"id": "111"}, **data}})


async def test_all_the_roles_of_someone_whose_roles_change_are_told() -> None:
    notes = Notes()
    with ThreadPoolExecutor(1) as executor:
        client = Client(Dispatcher(COMMANDS, executor), quote, members=notes)
        assert client.intents.members
        await client.on_socket_raw_receive(gateway("GUILD_MEMBER_ADD", roles=[]))
        await client.on_socket_raw_receive(gateway("GUILD_MEMBER_UPDATE", roles=["7", "8"]).encode())
        await client.on_socket_raw_receive(gateway("GUILD_MEMBER_REMOVE"))
        await client.on_socket_raw_receive(gateway("MESSAGE_CREATE", content='"GUILD_MEMBER_UPDATE"'))
    assert notes.told == [("111", frozenset()), ("111", frozenset({"7", "8"})), ("111", None)]


def test_a_bot_is_nobody_and_other_events_are_not_even_read() -> None:
    assert (
        members.member_update(gateway("GUILD_MEMBER_UPDATE", user={"id": "1", "bot": True}, roles=[])) is None
    )
    assert members.member_update("{not json") is None


async def test_without_a_role_to_follow_no_privileged_intent_is_asked_for() -> None:
    with ThreadPoolExecutor(1) as executor:
        client = Client(Dispatcher(COMMANDS, executor), quote)
    assert not client.intents.members
    assert not client._enable_debug_events


async def test_a_file_comes_with_its_message_for_the_person_alone(world: World) -> None:
    result = await world.alice.slash(world.channel, "vigie", commande="donner")
    assert result.response is not None
    assert result.response.ephemeral
    assert [attachment.filename for attachment in result.response.attachments] == ["a.json"]


@pytest.mark.parametrize("picked", [["111", "2"], [None, "2"]])
def test_what_is_picked_in_a_form_is_read(picked: list[str | None]) -> None:
    person, choice = picked
    parts = [
        {"type": 18, "component": {"type": 5, "custom_id": "personne", "values": [person] if person else []}},
        {"type": 18, "component": {"type": 3, "custom_id": "choix", "values": [choice]}},
    ]
    assert form_answers({"components": parts}) == {"personne": person or "", "choix": choice}


@pytest.mark.parametrize("picked", ["2", None])
def test_a_radio_button_that_is_pressed_or_left_is_read(picked: str | None) -> None:
    part = {"type": 18, "component": {"type": 21, "custom_id": "choix", "value": picked}}
    assert form_answers({"components": [part]}) == {"choix": picked or ""}


# --- Who is in the server, and who has a role -----------------------------------------------------


class Api:
    """What Discord answers when asked for a member; `asked`: how many times it was."""

    def __init__(self, *answers: Exception | None) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def get_member(self, server: int, user: int) -> dict[str, object]:
        assert (server, user) == (900, 111)
        self.asked += 1
        answer = self.answers.pop(0)
        if answer is not None:
            raise answer
        return {}


def refused(kind: type[discord.HTTPException], status: int) -> discord.HTTPException:
    response = cast("Any", SimpleNamespace(status=status, reason="no"))
    return kind(response, "no")


async def test_who_is_in_the_server_is_asked_once_a_day_and_who_is_not_again_soon() -> None:
    now = 0.0
    api = Api(refused(discord.NotFound, 404), None, refused(discord.Forbidden, 403))
    client = cast("discord.Client", SimpleNamespace(http=api))
    belonging = members.Belonging("900", lambda: now)
    assert [await belonging.team(client, 111) for _ in range(2)] == ["", ""]
    now += 61
    assert [await belonging.team(client, 111) for _ in range(2)] == ["900", "900"]
    now += 86_401
    assert await belonging.team(client, 111) == ""
    assert api.asked == 3


async def test_when_discord_does_not_say_who_is_in_the_server_they_are_served_and_asked_again() -> None:
    api = Api(refused(discord.HTTPException, 503), TimeoutError(), None)
    client = cast("discord.Client", SimpleNamespace(http=api))
    belonging = members.Belonging("900")
    assert [await belonging.team(client, 111) for _ in range(4)] == ["900"] * 4
    assert api.asked == 3


@pytest.mark.parametrize(
    ("error", "passing", "text"),
    [
        (discord.ClientException("Intents.members must be enabled"), False, "Permettez l'intention"),
        (refused(discord.Forbidden, 403), False, "Permettez l'intention"),
        (refused(discord.NotFound, 404), False, "vigie discord invitation"),
        (refused(discord.HTTPException, 503), True, "n'a pas donné"),
        (TimeoutError(), True, "n'a pas donné"),
    ],
)
async def test_only_what_passes_by_itself_is_tried_again(error: Exception, passing: bool, text: str) -> None:
    class Discord(discord.Client):
        async def fetch_guild(self, *_: object, **__: object) -> discord.Guild:
            raise error

    group = Source("a", "officer", "discord", "900", "discord_role", "7")
    with pytest.raises(PlatformError, match=text) as raised:
        await members.fetch_role_members(Discord(intents=discord.Intents.none()), group)
    assert raised.value.passing == passing
