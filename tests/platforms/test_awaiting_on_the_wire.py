"""What awaits each person, by each platform's own events: two people who see their own, and Slack's Home."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from simcord.env import Env

from bot.conversation.requests import Actor
from bot.platforms.discord.client import Client
from bot.platforms.slack.adapter import SlackAdapter
from bot.settings import BOT
from tests.commands.vigie.test_awaiting import appoint, asks
from tests.kits.platforms import discord_world, slack
from tests.kits.platforms.fake_slack import BOT_TOKEN, SIGNING_SECRET, FakeSlack, SignedHttp
from tests.kits.platforms.slack_checks import shown
from tests.kits.platforms.slack_people import SlackPerson
from tests.kits.registry import TEAMS
from tests.kits.revision_commands import ALEX, CAMILLE, SECOND, World, world

READING, QUIZ = "La lecture de la PA20", "Le quiz sur la PA20, question 1 sur "
STRANGER = Actor("slack", "T1", "U9")
HOME = {"type": "app_home_opened", "channel": "D1", "tab": "home"}


@dataclass
class OnSlack:
    """A bot on Slack, and the Home of each person as Slack was last given it."""

    desk: World
    fake: FakeSlack
    http: SignedHttp
    adapter: SlackAdapter

    async def homes(self) -> dict[str, str]:
        """Return what each Home that was published since the last call shows, by person."""
        while self.adapter._answers:
            await next(iter(self.adapter._answers.copy()))
        pages = {}
        while not self.fake.silent():
            body: dict[str, Any] = (await self.fake.said()).body
            if body.get("view", {}).get("type") == "home":
                pages[body["user_id"]] = shown(body["view"])
        return pages

    async def opens_home(self, actor: Actor) -> str:
        person = SlackPerson(actor.user, actor.team)
        await self.http.event(person.event(slack.event({**HOME, "user": actor.user})))
        return (await self.homes())[actor.user]

    async def beat(self) -> dict[str, str]:
        """Let the clock beat, and return the Homes that it published."""
        await self.desk.schedule.tick()
        changed = self.desk.services.awaited.take_changed()
        self.adapter.refresh_homes([Actor(own.platform, own.team, own.user) for own in changed])
        return await self.homes()


@pytest.fixture
async def on_slack(tmp_path: Path) -> AsyncIterator[OnSlack]:
    with world(tmp_path) as desk:
        async with FakeSlack(team=TEAMS["slack"]).serving() as fake, aiohttp.ClientSession() as session:
            made = {"bot_token": BOT_TOKEN, "app_token": None, "signing_secret": SIGNING_SECRET, "port": 0}
            bot = desk.services
            adapter = SlackAdapter(bot.dispatcher, bot.library.quote, bot=BOT, api_url=fake.api_url, **made)  # type: ignore[arg-type]  # all of one type to mypy
            async with slack.running(adapter):
                url = f"http://127.0.0.1:{adapter.port}/slack/events"
                yield OnSlack(desk, fake, SignedHttp(session, url), adapter)


async def test_each_home_of_slack_shows_its_own_and_follows_at_the_beat(on_slack: OnSlack) -> None:
    desk = on_slack.desk
    await desk.enters(ALEX)
    await desk.ask("quiz nouveau -", CAMILLE)
    await on_slack.beat()
    first, other = await on_slack.opens_home(ALEX), await on_slack.opens_home(CAMILLE)
    assert READING in first
    assert QUIZ not in first
    assert QUIZ in other
    assert READING not in other

    await desk.read_all(ALEX)
    assert await on_slack.homes() == {}, "not at each event"
    pages = await on_slack.beat()
    assert list(pages) == [ALEX.user]
    assert "Le quiz sur la PA20" in pages[ALEX.user]
    assert await on_slack.beat() == {}


async def test_a_home_that_shows_something_else_is_left_alone(on_slack: OnSlack) -> None:
    desk, person = on_slack.desk, SlackPerson(ALEX.user, ALEX.team)
    await desk.enters(ALEX)
    await on_slack.beat()
    await on_slack.opens_home(ALEX)
    button = {"action_id": "private-0", "value": "accueil lire"}
    await on_slack.http.interaction(person.interaction(slack.press_at_home(on_slack.fake, button)))
    assert "page 1 sur" in (await on_slack.homes())[ALEX.user]
    await desk.leaves(ALEX)
    assert await on_slack.beat() == {}
    assert READING not in await on_slack.opens_home(ALEX), "they left"


async def test_who_decides_and_who_is_asked_see_their_own_at_home(on_slack: OnSlack) -> None:
    desk = on_slack.desk
    await appoint(desk, CAMILLE, "vp-communications")
    await desk.attests(CAMILLE)
    page = await asks(desk, SECOND, "page")
    await asks(desk, SECOND, "image", ALEX)
    await on_slack.beat()
    decision, consent = "Une demande à décider", "On demande votre consentement"
    homes = {actor: await on_slack.opens_home(actor) for actor in (CAMILLE, ALEX, STRANGER)}
    assert [decision in homes[actor] for actor in homes] == [True, False, False]
    assert [consent in homes[actor] for actor in homes] == [False, True, False]
    await desk.ask(f"demande refuser {page}", CAMILLE, raison="La page existe déjà", nom="Camille Roy")
    pages = await on_slack.beat()
    assert list(pages) == [CAMILLE.user]
    assert decision not in pages[CAMILLE.user]


async def test_each_person_on_discord_sees_their_own(tmp_path: Path) -> None:
    with world(tmp_path) as desk:
        bot = desk.services
        env = Env(Client(bot.dispatcher, bot.library.quote, server=TEAMS["discord"]), shard_count=1)
        await env.start()
        try:
            guild = env.create_guild(TEAMS["discord"], id=int(TEAMS["discord"]))
            officer, player = (guild.add_member(env.create_user(name)) for name in ("officer", "player"))
            channel = guild.create_text_channel("general")
            await env.settle()
            await desk.enters(Actor("discord", TEAMS["discord"], str(officer.id)))
            await desk.ask("quiz nouveau -", Actor("discord", TEAMS["discord"], str(player.id)))
            await asks(desk, ALEX, "image", Actor("discord", TEAMS["discord"], str(officer.id)))
            await desk.beat()
            menus = []
            for someone in (officer, player):
                result = await someone.slash(channel, "vigie")
                assert result.response is not None
                assert result.response.ephemeral, "nobody else sees it"
                menus.append(discord_world.shown(result.response))
        finally:
            await env.shutdown()
    first, other = menus
    consent = "On demande votre consentement"
    assert consent in first
    assert consent not in other
    assert READING in first
    assert QUIZ not in first
    assert QUIZ in other
    assert READING not in other
