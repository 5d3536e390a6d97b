"""Who may do what, by each platform's own events: a row of the table of rights for each kind of gate."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
import pytest
from simcord.actors import MemberActor
from simcord.env import Env

from bot.conversation.requests import Actor
from bot.platforms.discord.client import Client
from bot.platforms.slack.adapter import SlackAdapter
from bot.settings import BOT
from tests.kits.platforms import discord_world, slack
from tests.kits.platforms.fake_slack import BOT_TOKEN, SIGNING_SECRET, FakeSlack, SignedHttp
from tests.kits.platforms.slack_checks import shown
from tests.kits.platforms.slack_people import SlackPerson
from tests.kits.registry import TEAMS
from tests.kits.rights import Association, Right, association, begin, load_table

pytestmark = pytest.mark.attack("Qui peut faire quoi")

TABLE = load_table()


def sample() -> list[Right]:
    """Return the first row of each combination of gates, and that of a form, which anyone can forge."""
    rows = {(right.gates, bool(right.fields)): right for right in reversed(TABLE.rights)}
    return [right for right in TABLE.rights if rows[right.gates, bool(right.fields)] is right]


def wrong(it: Association, right: Right, kind: str, text: str) -> str:
    """Return what is wrong with what a platform was sent, "" if nothing is."""
    refusal, written = it.table.refusal(right, kind), it.written()
    it.put_back()
    if refusal:
        return "" if refusal in text and not written - {"accounts", "people"} else f"{text[:90]!r}, {written}"
    refused = any(gate.refusal in text for gate in it.table.gates.values())
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


async def test_slack_serves_and_refuses_as_the_table_says(on_slack: OnSlack) -> None:
    faults = []
    people = {kind: actor for kind, actor in TABLE.people.items() if actor.platform == "slack"}
    for right in map(on_slack.it.named, sample()):
        ways = [on_slack.submitted] if right.fields else [on_slack.typed, on_slack.pressed]
        for kind, actor in people.items():
            by = SlackPerson(actor.user, actor.team, shared=kind == "stranger")
            for way in ways:
                why = wrong(on_slack.it, right, kind, await way(right, by))
                faults += [f"{kind}, {way.__name__}, {right.line}: {why}"] if why else []
    assert not faults, "\n".join(faults)


# --- Discord ----------------------------------------------------------------------------------


@asynccontextmanager
async def living(path: Path) -> AsyncIterator[tuple[Association, Env, dict[str, MemberActor]]]:
    """Give the association with everyone on Discord, the stranger in another server."""
    with association(path) as it:
        bot = it.desk.services
        env = Env(Client(bot.dispatcher, bot.library.quote), shard_count=1)
        await env.start()
        try:
            own, other = (env.create_guild(team, id=int(team)) for team in (TEAMS["discord"], "901"))
            people = {
                kind: (other if kind == "stranger" else own).add_member(env.create_user(kind))
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


async def test_discord_serves_and_refuses_as_the_table_says(tmp_path: Path) -> None:
    faults = []
    async with living(tmp_path) as (it, env, people):
        guilds = {someone.guild.id: someone.guild for someone in people.values()}
        channels = {number: guild.create_text_channel("general") for number, guild in guilds.items()}
        await env.settle()
        for right in (it.named(right) for right in sample() if not right.fields):
            for kind, someone in people.items():
                channel = channels[someone.guild.id]
                result = await someone.slash(channel, "vigie", commande=right.line)
                text = discord_world.shown(result.response) if result.response else str(result.modal)
                why = wrong(it, right, kind, text)
                faults += [f"{kind}, {right.line}: {why}"] if why else []
    assert not faults, "\n".join(faults)
