"""A file that someone drops: fetched from the platform alone, whole, and never beyond the limit.

From someone who is not served, or who may not give one, it is neither fetched nor read.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import create_autospec

import aiohttp
import discord
import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from bot.conversation.dispatcher import NOT_YOURS, Dispatcher, Welcome
from bot.conversation.forms import Reply
from bot.conversation.messages import Message, Text
from bot.conversation.requests import TAKEN_SIZE, Actor, Command, Received, Request
from bot.platforms.discord.client import Client
from bot.platforms.dropped_files import FILE_TOO_LARGE, UNREACHABLE
from bot.platforms.local.adapter import LocalAdapter
from bot.platforms.local.gallery import Gallery
from bot.platforms.slack.adapter import SlackAdapter
from bot.platforms.slack.link import fetch_file
from bot.settings import BOT
from tests.kits.platforms.discord_world import COMMANDS, living, quote, shown
from tests.kits.platforms.fake_slack import BOT_TOKEN, SIGNING_SECRET, FakeSlack, SignedHttp
from tests.kits.platforms.local_world import Page, quoted
from tests.kits.platforms.slack import direct, running
from tests.kits.platforms.slack_checks import shown as shown_on_slack

Json = dict[str, Any]


@asynccontextmanager
async def slack(
    content: bytes = b"texte", status: int = 200
) -> AsyncIterator[tuple[AsyncWebClient, list[str]]]:
    """Give a client of a Slack that holds one file, and the authorizations that it was shown."""
    shown: list[str] = []

    async def give(request: web.Request) -> web.Response:
        shown.append(request.headers.get("Authorization", ""))
        if status in {301, 302}:
            return web.Response(status=status, headers={"Location": "http://ailleurs.invalid/"})
        return web.Response(body=content, status=status)

    app = web.Application()
    app.router.add_get("/fichier", give)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with aiohttp.ClientSession() as session:
            url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
            yield AsyncWebClient(token="xoxb-essai", base_url=url, session=session), shown
    finally:
        await runner.cleanup()


def described(client: AsyncWebClient, **changes: Json | str | int) -> Json:
    """Return a file as Slack tells of it."""
    url = f"{client.base_url.removesuffix('/api/')}/fichier"
    return {"name": "pa20.md", "size": 5, "url_private_download": url, **changes}


async def test_a_file_of_slack_is_fetched_with_the_token() -> None:
    async with slack() as (client, shown):
        file = await fetch_file(client, described(client))
        assert isinstance(file, Received)
        assert (file.name, file.content, shown) == ("pa20.md", b"texte", ["Bearer xoxb-essai"])
        assert "texte" not in repr(file)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/fichier", "https://files.slack.com.ailleurs.invalid/x", ""]
)
async def test_the_token_goes_to_slack_alone(url: str) -> None:
    async with slack() as (client, shown):
        assert await fetch_file(client, described(client, url_private_download=url)) == UNREACHABLE
        assert shown == []


@pytest.mark.parametrize("status", [302, 403, 500])
async def test_what_slack_does_not_give_is_not_followed_elsewhere(status: int) -> None:
    async with slack(status=status) as (client, _):
        assert await fetch_file(client, described(client)) == UNREACHABLE


async def test_a_file_that_is_too_large_is_refused_before_or_while_it_comes() -> None:
    async with slack(bytes(TAKEN_SIZE + 1)) as (client, shown):
        assert await fetch_file(client, described(client, size=TAKEN_SIZE + 1)) == FILE_TOO_LARGE
        assert shown == []
        assert await fetch_file(client, described(client, size=1)) == FILE_TOO_LARGE


def attachment(size: int = 5) -> discord.Attachment:
    """Return a file as Discord tells of it."""
    made: discord.Attachment = create_autospec(discord.Attachment, instance=True)
    made.size, made.filename = size, "pa20.md"
    made.read.side_effect = discord.DiscordServerError  # type: ignore[attr-defined]  # it is not to be asked for
    return made


async def test_on_discord_what_is_too_large_or_too_many_is_not_fetched() -> None:
    actor = Actor("discord", "1", "2")
    with ThreadPoolExecutor() as executor:
        client = Client(Dispatcher(COMMANDS, executor), quote)
        assert "dépasse" in said(await client._file_reply([attachment(TAKEN_SIZE + 1)], actor))
        assert "un seul fichier" in said(await client._file_reply([attachment(), attachment()], actor))


# --- From whom a file is taken ----------------------------------------------------------------

TEAMS = {"slack": "T1", "discord": "900"}
REFUSED = "".join(NOT_YOURS.own_words())


@dataclass
class Taking:
    """A catalogue whose command takes files; `teams`: whom it serves; `read`: the files that it has read."""

    executor: ThreadPoolExecutor
    for_us_only: bool = False
    teams: dict[str, str] = field(default_factory=lambda: dict(TEAMS))
    read: list[str] = field(default_factory=list)

    def dispatcher(self) -> Dispatcher:
        """Return it at work, for one association only."""
        commands = [
            Command("politique", "Cite", self._answer, slash=True),
            Command("vigie", "Menu", lambda _: Message(Text("Menu")), slash=True),
            Command("reviser", "Révise", self._answer, reads=self._reads, refusal=self._refusal),
        ]
        return Dispatcher(commands, self.executor, welcome=Welcome(self.teams))

    def _reads(self, file: Received) -> Callable[[Request], Reply]:
        self.read.append(file.name)
        return lambda _: Message(Text(f"Lu\u00a0: {file.name}"))

    def _answer(self, request: Request) -> Reply:
        return Message(Text(f"Dit\u00a0: {request.text}"))

    def _refusal(self, _: Request) -> str:
        return "C'est réservé." if self.for_us_only else ""


@pytest.fixture
def taking() -> Iterator[Taking]:
    with ThreadPoolExecutor(1) as executor:
        yield Taking(executor)


def said(reply: Reply) -> str:
    assert isinstance(reply, Message)
    return "".join(reply.own_words())


@pytest.mark.parametrize(("platform", "ours"), TEAMS.items())
async def test_the_dispatcher_takes_a_file_from_those_it_serves_alone(
    taking: Taking, platform: str, ours: str
) -> None:
    dispatcher, file = taking.dispatcher(), Received("pa20.md", b"texte")
    served, stranger, nowhere = (Actor(platform, team, "1") for team in (ours, "T2", ""))
    assert await dispatcher.takes_file(served)
    for actor in (stranger, nowhere):
        assert not await dispatcher.takes_file(actor)
        assert said(await dispatcher.handle_file(file, actor)) == REFUSED
    assert taking.read == []
    assert "Lu\u00a0: pa20.md" in said(await dispatcher.handle_file(file, served))


@asynccontextmanager
async def served_on_slack(taking: Taking) -> AsyncIterator[tuple[FakeSlack, SignedHttp]]:
    """Give a false Slack and what posts its events to a bot that takes files."""
    async with FakeSlack().serving() as slack, aiohttp.ClientSession() as session:
        adapter = SlackAdapter(
            taking.dispatcher(), quote, bot_token=BOT_TOKEN, app_token=None,
            signing_secret=SIGNING_SECRET, bot=BOT, port=0, api_url=slack.api_url,
        )  # fmt: skip
        async with running(adapter):
            yield slack, SignedHttp(session, f"http://127.0.0.1:{adapter.port}/slack/events")


@pytest.mark.parametrize(("team", "taken"), [("T1", True), ("T2", False)])
async def test_on_slack_a_file_from_another_workspace_is_neither_fetched_nor_read(
    taking: Taking, team: str, *, taken: bool
) -> None:
    async with served_on_slack(taking) as (slack, http):
        dropped = direct("", subtype="file_share", files=[slack.file("pa20.md", b"texte")])
        await http.event({**dropped, "team_id": team})
        answer = shown_on_slack((await slack.said()).body["blocks"])
    assert slack.fetched == taking.read == (["pa20.md"] if taken else [])
    assert ("Lu\u00a0: pa20.md" if taken else REFUSED) in answer


@pytest.mark.parametrize("team", ["T1", "T2"])
async def test_on_slack_the_file_of_a_message_that_is_edited_is_never_fetched(
    taking: Taking, team: str
) -> None:
    async with served_on_slack(taking) as (slack, http):
        edited = {"user": "U1", "text": "5.10", "files": [slack.file("pa20.md", b"texte")], "ts": "1.1"}
        change = direct("", subtype="message_changed", message=edited, previous_message=edited)
        await http.event({**change, "team_id": team})
        await http.event({**direct("5.10"), "team_id": team})
        await slack.said()  # of what was written, and of nothing else
        assert slack.silent()
    assert slack.fetched == taking.read == []


@pytest.mark.parametrize(("text", "answer"), [("", "que de l'administration"), ("5.10", "Dit\u00a0: 5.10")])
async def test_on_slack_who_may_not_give_a_file_is_told_so_unless_they_ask_something(
    taking: Taking, text: str, answer: str
) -> None:
    taking.for_us_only = True
    async with served_on_slack(taking) as (slack, http):
        await http.event(direct(text, subtype="file_share", files=[slack.file("capture.png", b"image")]))
        assert answer in shown_on_slack((await slack.said()).body["blocks"])
    assert slack.fetched == taking.read == []


@pytest.mark.parametrize(("text", "answer"), [("", "que de l'administration"), ("5.10", "Dit\u00a0: 5.10")])
async def test_on_discord_who_may_not_give_a_file_is_told_so_unless_they_ask_something(
    taking: Taking, text: str, answer: str
) -> None:
    taking.for_us_only = True

    def client() -> Client:
        return Client(taking.dispatcher(), quote, server=taking.teams["discord"])

    async with living(client(), client) as world:
        taking.teams["discord"] = str(world.alice.guild.id)
        await world.restart()
        channel = world.env.backend.get_dm_channel(world.user.id).id
        files = world.env.backend.store_attachments(channel, [("capture.png", b"image")])
        await world.user.send_dm(text, attachments=files)
        [_, message] = world.env.backend.messages[channel].values()
        assert answer in shown(message)
    assert taking.read == []


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that Discord is asked for."""
    names: list[str] = []

    async def read(file: discord.Attachment) -> bytes:
        names.append(file.filename)
        return b"texte"

    monkeypatch.setattr(discord.Attachment, "read", read)
    return names


@pytest.mark.parametrize("taken", [True, False])
async def test_on_discord_a_file_from_outside_the_server_is_neither_fetched_nor_read(
    taking: Taking, fetched: list[str], *, taken: bool
) -> None:
    def client() -> Client:
        return Client(taking.dispatcher(), quote, server=taking.teams["discord"])

    async with living(client(), client) as world:
        taking.teams["discord"] = str(world.alice.guild.id)
        await world.restart()
        person = world.user if taken else world.env.create_user("mallory")
        channel = world.env.backend.get_dm_channel(person.id).id
        files = world.env.backend.store_attachments(channel, [("pa20.md", b"texte")])
        await person.send_dm("", attachments=files)
        [_, answer] = world.env.backend.messages[channel].values()
        assert ("Lu\u00a0: pa20.md" if taken else REFUSED) in shown(answer)
    assert fetched == taking.read == (["pa20.md"] if taken else [])


@pytest.mark.parametrize("served", [True, False])
async def test_on_discord_the_file_of_a_mention_or_of_an_edited_message_is_never_fetched(
    taking: Taking, fetched: list[str], *, served: bool
) -> None:
    def client() -> Client:
        return Client(taking.dispatcher(), quote, server=taking.teams["discord"])

    async with living(client(), client) as world:
        taking.teams["discord"] = str(world.alice.guild.id) if served else "901"
        await world.restart()
        backend, channel = world.env.backend, world.channel.id
        mention = f"<@{world.env.backend.bot_user.id}>"
        files = [("pa20.md", b"texte")]
        message = await world.alice.send(world.channel, f"{mention} 5.10", attachments=files)
        await world.alice.edit(message, f"{mention} 5.11")
        _, answer = backend.messages[channel].values()
        assert (REFUSED not in shown(answer)) == served
    assert fetched == taking.read == []


@pytest.mark.parametrize(
    ("for_us_only", "size", "answer"),
    [
        (False, 5, "Lu\u00a0: pa20.md"),
        (False, TAKEN_SIZE + 1, "dépasse"),
        (True, 5, "Je ne prends de fichier que de l&#39;administration"),
        (True, TAKEN_SIZE + 1, "Je ne prends de fichier que de l&#39;administration"),
    ],
)
async def test_in_the_sandbox_a_file_from_someone_who_may_not_give_one_is_not_read_at_all(
    taking: Taking, size: int, answer: str, *, for_us_only: bool
) -> None:
    """Nor does its size matter, which would be known by receiving it."""
    taking.for_us_only = for_us_only
    adapter = LocalAdapter(taking.dispatcher(), quoted, port=0, bot=BOT, gallery=Gallery({}, {}, BOT))
    await adapter.start()
    try:
        async with aiohttp.ClientSession() as session:
            page = Page(session, adapter.address, conversation="vigie")
            sent = {"persona": page.persona, "name": "pa20.md"}
            origin = {"Origin": page.url.rstrip("/")}
            url = f"{page.url}api/drop"
            async with session.post(url, params=sent, data=bytes(size), headers=origin) as response:
                assert response.status == 200
            [_, reply] = await page.seen()
    finally:
        await adapter.close()
    assert answer in reply["html"]
    assert taking.read == ([] if for_us_only or size > TAKEN_SIZE else ["pa20.md"])
