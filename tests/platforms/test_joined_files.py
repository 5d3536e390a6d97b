"""A file joined to a form: fetched for a command that takes one alone, and never beyond the limit."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import aiohttp
import pytest

from bot.conversation.dispatcher import Dispatcher
from bot.conversation.forms import FileField, Form, Reply, TextField
from bot.conversation.messages import Button, Buttons, Message, Text
from bot.conversation.requests import TAKEN_SIZE, Command, FieldsError, Request
from bot.platforms.discord.client import Client
from bot.platforms.local.adapter import LocalAdapter
from bot.platforms.local.gallery import Gallery
from bot.platforms.slack.adapter import SlackAdapter
from bot.settings import BOT
from tests.kits.platforms.discord_world import living, quote, shown
from tests.kits.platforms.fake_slack import BOT_TOKEN, SIGNING_SECRET, FakeSlack, SignedHttp
from tests.kits.platforms.local_world import Page, quoted
from tests.kits.platforms.slack import press_at_home, running, submission

FORM = Form("joindre", "Joindre", (TextField("mots", "Mots"), FileField("image", "L'image", required=False)))
PIXELS = b"pixels"
# By case: the command, the file's size, what reaches the command, and what is answered.
CASES = pytest.mark.parametrize(
    ("command", "size", "content", "answer"),
    [
        ("joindre", 6, PIXELS, "Reçu\u00a0: photo.png"),
        ("joindre", TAKEN_SIZE + 1, b"", "dépasse"),
        ("ignorer", 6, b"", "Reçu\u00a0: rien"),
    ],
)


@dataclass
class Joining:
    """A catalogue with two commands of one form, of which « joindre » takes the file that is joined."""

    executor: ThreadPoolExecutor
    asked: list[Request] = field(default_factory=list)

    def dispatcher(self) -> Dispatcher:
        """Return it at work."""
        menu = Message(Text("Menu"), Buttons(Button("joindre", "joindre"), Button("ignorer", "ignorer")))
        commands = [
            Command("politique", "Cite", lambda _: menu, slash=True),
            Command("vigie", "Menu", lambda _: menu, slash=True),
            Command("joindre", "Joint", self._answer, opens_form=True, takes_file=True),
            Command("ignorer", "Ignore", self._answer, opens_form=True),
        ]
        return Dispatcher(commands, self.executor)

    def _answer(self, request: Request) -> Reply:
        if not request.fields:
            return replace(FORM, command=request.command)
        self.asked.append(request)
        if request.file and request.file.problem:
            raise FieldsError({"image": request.file.problem})
        return Message(Text(f"Reçu\u00a0: {request.file.name if request.file else 'rien'}"))

    def taken(self) -> list[tuple[str, bytes]]:
        """Return what was received of each form: the name in its field, and the file's content."""
        files = [(request.fields["image"], request.file) for request in self.asked]
        return [(name, file.content if file else b"") for name, file in files]


@pytest.fixture
def joining() -> Iterator[Joining]:
    with ThreadPoolExecutor(1) as executor:
        yield Joining(executor)


@CASES
async def test_on_slack(joining: Joining, command: str, size: int, content: bytes, answer: str) -> None:
    async with FakeSlack().serving() as slack, aiohttp.ClientSession() as session:
        adapter = SlackAdapter(
            joining.dispatcher(), quote, bot_token=BOT_TOKEN, app_token=None,
            signing_secret=SIGNING_SECRET, bot=BOT, port=0, api_url=slack.api_url,
        )  # fmt: skip
        async with running(adapter):
            http = SignedHttp(session, f"http://127.0.0.1:{adapter.port}/slack/events")
            await http.interaction(press_at_home(slack, {"action_id": "a", "value": command}))
            sent = submission((await slack.said()).body["view"], {"mots": "x"})
            files = [{**slack.file("photo.png", PIXELS), "size": size}]
            sent["view"]["state"]["values"]["image"] = {"value": {"type": "file_input", "files": files}}
            response = await http.interaction(sent)
            refused = await response.json() if "dépasse" in answer else None
            reply_text = str(refused or (await slack.said()).body)
    assert answer in reply_text.replace("\\xa0", "\u00a0")
    assert joining.taken() == [("photo.png", content)]
    assert slack.fetched == (["photo.png"] if content else [])


@CASES
async def test_on_discord(joining: Joining, command: str, size: int, content: bytes, answer: str) -> None:
    def client() -> Client:
        return Client(joining.dispatcher(), quote)

    async with living(client(), client) as world:
        first = await world.alice.slash(world.channel, "vigie")
        assert first.response is not None
        opened = await world.alice.click(first.response, label=command)
        sent = await world.alice.submit_modal(
            opened, {"mots": "x", "image": ("photo.png", PIXELS.ljust(size))}
        )
        assert answer in shown(sent.response)
    assert joining.taken() == [("photo.png", content)]


@CASES
async def test_in_the_sandbox(joining: Joining, command: str, size: int, content: bytes, answer: str) -> None:
    adapter = LocalAdapter(joining.dispatcher(), quoted, port=0, bot=BOT, gallery=Gallery({}, {}, BOT))
    await adapter.start()
    try:
        async with aiohttp.ClientSession() as session:
            page = Page(session, adapter.address, conversation="vigie")
            sent = {"name": "photo.png", "content": base64.b64encode(PIXELS.ljust(size)).decode()}
            fields = {"mots": "x", "image": "photo.png"}
            reply = await page.do("submit", command=command, fields=fields, file=sent)
            reply = reply.get("problems") or (await page.seen())[-1]
            async with await page.post("submit", command=command, fields=fields, file={"name": "x"}) as bad:
                assert bad.status == 400
    finally:
        await adapter.close()
    assert answer in str(reply).replace("\\xa0", "\u00a0")
    assert joining.taken() == [("photo.png", content)]
