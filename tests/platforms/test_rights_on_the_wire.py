"""Who may do what, by each platform's own events: a row of the table of rights for each kind of gate."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import aiohttp
import pytest
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from simcord.env import Env

from bot.conversation.requests import Actor
from bot.platforms.discord.client import Client
from bot.platforms.slack.adapter import SlackAdapter
from bot.settings import BOT
from tests.kits.measures import Check, Figure
from tests.kits.platforms import discord_world, slack
from tests.kits.platforms.fake_slack import BOT_TOKEN, SIGNING_SECRET, FakeSlack, SignedHttp
from tests.kits.platforms.slack_checks import shown
from tests.kits.platforms.slack_people import OWN_ORG, SlackPerson
from tests.kits.registry import TEAMS
from tests.kits.revision_commands import TEXT
from tests.kits.rights import Association, Right, association, begin, load_table

pytestmark = pytest.mark.attack("Qui peut faire quoi")

TABLE = load_table()
FETCHED = "(fichier pris)"
NO_FILE = "Je ne prends de fichier que de l'administration."
REVISED = TEXT.replace("nous vous invitons à vous abstenir", "nous vous demandons de vous abstenir")
SlackWay: TypeAlias = Callable[[Right, SlackPerson], Awaitable[str]]


def sample() -> list[Right]:
    """Return the first row of each combination of gates, and that of a form, which anyone can forge.

    To which are added those that some entry leads to by itself: a shortcut, a file.
    """
    rows = {(right.gates, bool(right.fields)): right for right in reversed(TABLE.rights)}
    own = {"chercher", "viser On dit que la présidente ment", "signalement", "revision"}
    return [
        right for right in TABLE.rights if rows[right.gates, bool(right.fields)] is right or right.line in own
    ]


def wrong(it: Association, right: Right, kind: str, text: str) -> str:
    """Return what is wrong with what a platform was sent, "" if nothing is."""
    refusal, written = it.table.refusal(right, kind), it.written()
    refusals = {gate.refusal for gate in it.table.gates.values()} | {NO_FILE}
    it.put_back()
    if refusal:
        refused = (refusal in text or NO_FILE in text) and FETCHED not in text
        return "" if refused and not written - {"accounts", "people"} else f"{text[:90]!r}, {written}"
    refused = any(each in text for each in refusals)
    return f"refused: {text[:90]!r}" if refused or not text else ""


# --- Slack ------------------------------------------------------------------------------------


@dataclass
class OnSlack:
    """The association on Slack: what it is sent, and what Slack was sent of it."""

    it: Association
    fake: FakeSlack
    http: SignedHttp
    adapter: SlackAdapter

    async def answers(self) -> str:
        """Return all that is shown once every answer is given."""
        while self.adapter._answers:
            await next(iter(self.adapter._answers.copy()))
        texts = []
        while not self.fake.silent():
            body = (await self.fake.said()).body
            texts.append(shown(body.get("blocks") or body.get("view") or {}))
        return "\n".join(texts)

    async def typed(self, right: Right, by: SlackPerson) -> str:
        """Type a line after /vigie, in a channel."""
        await self.http.command(by.slash(slack.slash(self.fake, "/vigie", right.line)))
        return await self.answers()

    async def pressed(self, right: Right, by: SlackPerson) -> str:
        """Press a button of a message that everyone sees."""
        button = {"action_id": "public-0", "value": right.line}
        await self.http.interaction(by.interaction(slack.press(self.fake, button)))
        return await self.answers()

    async def pressed_at_home(self, right: Right, by: SlackPerson) -> str:
        """Press a button of the App Home."""
        button = {"action_id": "private-0", "value": right.line}
        await self.http.interaction(by.interaction(slack.press_at_home(self.fake, button)))
        return await self.answers()

    async def pressed_in_a_window(self, right: Right, by: SlackPerson) -> str:
        """Press a button of a window."""
        button = {"action_id": "private-0", "value": right.line}
        await self.http.interaction(by.interaction(slack.press_in_window(self.fake, button)))
        return await self.answers()

    async def chosen_for_a_message(self, right: Right, by: SlackPerson) -> str:
        """Choose the command in a message's menu."""
        text = right.line.partition(" ")[2]
        await self.http.interaction(by.interaction(slack.shortcut(self.fake, right.command, text)))
        return await self.answers()

    async def chosen_anywhere(self, right: Right, by: SlackPerson) -> str:
        """Choose the command among the shortcuts that Slack offers everywhere."""
        await self.http.interaction(by.interaction(slack.anywhere(self.fake, right.command)))
        return await self.answers()

    async def dropped(self, _: Right, by: SlackPerson) -> str:
        """Drop the text of a revision in one's conversation with the bot."""
        files = [self.fake.file("pa20.md", REVISED.encode())]
        await self.http.event(by.event(slack.direct("", subtype="file_share", files=files)))
        replies, fetched = await self.answers(), self.fake.fetched.copy()
        self.fake.fetched.clear()
        return f"{FETCHED} {replies}" if fetched else replies

    def ways(self, right: Right) -> list[SlackWay]:
        """Return the ways in which a request may come."""
        if right.fields:
            return [self.submitted]
        command = self.it.desk.dispatcher.command(right.command)
        alone = right.line == right.command
        return [
            *(self.typed, self.pressed, self.pressed_at_home, self.pressed_in_a_window),
            *([self.chosen_for_a_message] if command and command.shortcut() else []),
            *([self.chosen_anywhere] if command and command.anywhere and alone else []),
            *([self.dropped] if right.line == "revision" else []),
        ]

    async def submitted(self, right: Right, by: SlackPerson) -> str:
        """Submit a window that was opened for someone else."""
        known = {"command": right.line, "place": "channel", "channel": "C1"}
        view = {
            "type": "modal",
            "callback_id": "form",
            "private_metadata": json.dumps({**known, "response_url": self.fake.hook("f")}),
        }
        answer = await self.http.interaction(by.interaction(slack.submission(view, dict(right.fields))))
        kept_open = await answer.json() if answer.content_type == "application/json" else {}
        return "\n".join([*kept_open.get("errors", {}).values(), await self.answers()]).strip()


@pytest.fixture
async def on_slack(tmp_path: Path) -> AsyncIterator[OnSlack]:
    with association(tmp_path) as it:
        await begin(it)
        async with FakeSlack(team=TEAMS["slack"]).serving() as fake, aiohttp.ClientSession() as session:
            made = {"bot_token": BOT_TOKEN, "app_token": None, "signing_secret": SIGNING_SECRET, "port": 0}
            bot = it.desk.services
            adapter = SlackAdapter(bot.dispatcher, bot.library.quote, bot=BOT, api_url=fake.api_url, **made)  # type: ignore[arg-type]
            async with slack.running(adapter):
                url = f"http://127.0.0.1:{adapter.port}/slack/events"
                yield OnSlack(it, fake, SignedHttp(session, url), adapter)


async def test_slack_serves_and_refuses_as_the_table_says(on_slack: OnSlack, check: Check) -> None:
    faults, count = [], 0
    people = {kind: actor for kind, actor in TABLE.people.items() if actor.platform == "slack"}
    for right in map(on_slack.it.named, sample()):
        for kind, actor in people.items():
            by = SlackPerson(actor.user, actor.team, shared=kind == "stranger")
            if kind == "enterprise":  # Slack names their organisation in place of the workspace
                by = SlackPerson(actor.user, OWN_ORG, OWN_ORG)
            for way in on_slack.ways(right):
                count += 1
                why = wrong(on_slack.it, right, kind, await way(right, by))
                faults += [f"{kind}, {way.__name__}, {right.line}: {why}"] if why else []
    check(Figure("demandes sur Slack", count))
    assert not faults, "\n".join(faults)


# --- Discord ----------------------------------------------------------------------------------


@asynccontextmanager
async def living(path: Path) -> AsyncIterator[tuple[Association, Env, dict[str, MemberActor]]]:
    """Give the association with everyone on Discord, the stranger in another server."""
    with association(path) as it:
        bot = it.desk.services
        env = Env(Client(bot.dispatcher, bot.library.quote, server=TEAMS["discord"]), shard_count=1)
        await env.start()
        try:
            own, other = (env.create_guild(team, id=int(team)) for team in (TEAMS["discord"], "901"))
            people = {
                kind: (other if kind in TABLE.strangers else own).add_member(env.create_user(kind))
                for kind in TABLE.people
            }
            accounts = {
                kind: Actor("discord", str(someone.guild.id), str(someone.id))
                for kind, someone in people.items()
            }
            it.table = replace(it.table, people=accounts)
            await begin(it)
            await env.settle()
            yield it, env, people
        finally:
            await env.shutdown()


async def typed(_: Env, someone: MemberActor, channel: ChannelHandle, right: Right) -> str:
    """Type the line after the slash command of the menu."""
    result = await someone.slash(channel, "vigie", commande=right.line)
    return discord_world.shown(result.response) if result.response else str(result.modal)


async def chosen_for_a_message(env: Env, someone: MemberActor, channel: ChannelHandle, right: Right) -> str:
    """Choose the command in a message's menu."""
    bot = env.bot
    assert isinstance(bot, Client)
    label = next(command.shortcut() for command in bot._dispatcher.commands if command.name == right.command)
    message = await someone.send(channel, right.line.partition(" ")[2] or "https://exemple.ca/1")
    result = await someone.context_menu(channel, label, message)
    return discord_world.shown(result.response) if result.response else str(result.modal)


async def dropped(env: Env, someone: MemberActor, _: ChannelHandle, _right: Right) -> str:
    """Drop the text of a revision in one's conversation with the bot."""
    where = env.backend.get_dm_channel(someone.user.id).id
    files = env.backend.store_attachments(where, [("pa20.md", REVISED.encode())])
    await someone.user.send_dm("", attachments=files)
    return discord_world.shown(list(env.backend.messages[where].values())[-1])


DiscordWay: TypeAlias = Callable[[Env, MemberActor, ChannelHandle, Right], Awaitable[str]]


def discord_ways(it: Association, right: Right) -> list[DiscordWay]:
    """Return the ways in which a request may come."""
    command = it.desk.dispatcher.command(right.command)
    return [
        typed,
        *([chosen_for_a_message] if command and command.shortcut() else []),
        *([dropped] if right.line == "revision" else []),
    ]


async def miscompleted(
    it: Association, someone: MemberActor, channel: ChannelHandle, right: Right, kind: str
) -> list[str]:
    """Return what is wrong with what is offered to someone who types a command's name."""
    command = it.desk.dispatcher.command(right.command)
    offered = await someone.autocomplete(channel, "vigie", "commande", right.command)
    first = next(each for each in TABLE.rights if each.command == right.command)
    refused = bool(command and command.refusal and it.table.refusal(first, kind))
    may = bool(command and command.group and not command.slash and not refused)
    seen = right.command in {choice["value"] for choice in offered}
    if kind in TABLE.strangers:
        return [f"{kind}, completion, {right.command}: {offered}"] if offered else []
    return [] if seen is may else [f"{kind}, completion, {right.command}: {offered}"]


async def test_discord_serves_and_refuses_as_the_table_says(tmp_path: Path, check: Check) -> None:
    faults, count = [], 0
    async with living(tmp_path) as (it, env, people):
        guilds = {someone.guild.id: someone.guild for someone in people.values()}
        channels = {number: guild.create_text_channel("general") for number, guild in guilds.items()}
        await env.settle()
        for right in (it.named(right) for right in sample() if not right.fields):
            for kind, someone in people.items():
                channel = channels[someone.guild.id]
                for way in discord_ways(it, right):
                    count += 1
                    why = wrong(it, right, kind, await way(env, someone, channel, right))
                    faults += [f"{kind}, {way.__name__}, {right.line}: {why}"] if why else []
                faults += await miscompleted(it, someone, channel, right, kind)
    check(Figure("demandes sur Discord", count))
    assert not faults, "\n".join(faults)
