"""The sandbox on the wire: what a page may do, who sees what, and what is refused."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest

from bot.dispatch import Command, Dispatcher, Request, Suggestion
from bot.messages import Button, Buttons, Form, Message, Quotation, Quote, Reply, Span, Text, TextField
from bot.platforms import Address, Platform, PlatformError
from bot.platforms.local_adapter import BODY_SIZE, LocalAdapter
from bot.platforms.local_gallery import Gallery

JSON = {"Content-Type": "application/json"}
CLAUSE = Quote("pa20", "2015-12-13", "5.10")
FORM = Form("demander", "Demander", (TextField("mots", "Vos mots"),))


@dataclass
class Shop:
    """A catalogue of its own.

    `asked` keeps the requests; `attendre` tells that it has begun and ends when the `gate` opens.
    """

    asked: list[Request] = field(default_factory=list)
    begun: threading.Event = field(default_factory=threading.Event)
    gate: threading.Event = field(default_factory=threading.Event)

    def say(self, request: Request) -> Reply:
        self.asked.append(request)
        return Message(
            Text(f"Dit\u00a0: {request.text}"),
            Buttons(Button("Suite", "dire suite"), Button("Partager", "crier"), Button("Former", "demander")),
        )

    def shout(self, request: Request) -> Reply:
        self.asked.append(request)
        return Message(CLAUSE, Buttons(Button("Autour", "dire autour")), public=True)

    def ask(self, request: Request) -> Reply:
        self.asked.append(request)
        return Message(Text(f"Reçu\u00a0: {request.fields['mots']}")) if request.fields else FORM

    def wait(self, _: Request) -> Reply:
        self.begun.set()
        assert self.gate.wait(10)
        return Message(Text("Enfin"))

    def break_(self, request: Request) -> Reply:
        raise RuntimeError(request.text)

    def catalogue(self) -> list[Command]:
        def suggest(typed: str) -> list[Suggestion]:
            return [Suggestion(f"{typed} · Titre", typed + "0")]

        return [
            Command(
                "dire",
                "Dire",
                self.say,
                "[mots]",
                ("un", "deux"),
                slash=True,
                suggest=suggest,
                shortcut="Redire",
            ),
            Command("vigie", "Le menu", lambda _: Message(Text("Menu")), slash=True),
            Command("crier", "Crier", self.shout),
            Command("demander", "Demander", self.ask, opens_form=True),
            Command("attendre", "Attendre", self.wait),
            Command("casser", "Casser", self.break_),
        ]


def quoted(quote: Quote) -> Quotation:
    if quote.clause != "5.10":
        raise KeyError(quote.clause)
    return Quotation("PA20, 5.10", ((Span("« Les mots »"),),))


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
async def sandbox(shop: Shop) -> AsyncIterator[LocalAdapter]:
    with ThreadPoolExecutor(1) as executor:
        gallery = Gallery({"Un message": Message(Text("Un"))}, {})
        adapter = LocalAdapter(Dispatcher(shop.catalogue(), executor), quoted, port=0, gallery=gallery)
        await adapter.start()
        try:
            yield adapter
        finally:
            shop.gate.set()
            await adapter.close()


@dataclass
class Page:
    """A page open as one persona, in one conversation."""

    session: aiohttp.ClientSession
    url: str
    persona: str = "officier"
    conversation: str = "general"

    async def post(self, action: str, **body: object) -> aiohttp.ClientResponse:
        known = {"persona": self.persona, "conversation": self.conversation}
        return await self.session.post(
            f"{self.url}api/{action}", json={**known, **body}, headers={"Origin": self.url.rstrip("/")}
        )

    async def do(self, action: str, **body: object) -> dict[str, Any]:
        async with await self.post(action, **body) as response:
            assert response.status == 200, await response.text()
            answer: dict[str, Any] = await response.json()
            return answer

    async def state(self) -> dict[str, Any]:
        async with self.session.get(f"{self.url}api/events") as stream:
            return await anext(each async for each in events(stream) if each["type"] == "state")

    async def seen(self) -> list[dict[str, Any]]:
        """Return what this persona sees here, without how the channel opens."""
        direct = self.conversation == "vigie"
        return [
            entry
            for entry in (await self.state())["entries"][2:]
            if entry["owner"] == (self.persona if direct else "") and entry["only"] in {"", self.persona}
        ]

    def as_(self, persona: str, conversation: str = "general") -> Page:
        return Page(self.session, self.url, persona, conversation)


async def events(stream: aiohttp.ClientResponse) -> AsyncIterator[dict[str, Any]]:
    async for line in stream.content:
        if line.startswith(b"data: "):
            yield json.loads(line.removeprefix(b"data: "))


@pytest.fixture
async def page(sandbox: LocalAdapter) -> AsyncIterator[Page]:
    timeout = aiohttp.ClientTimeout(total=20)
    async with aiohttp.ClientSession(timeout=timeout, read_bufsize=2**20) as session:
        yield Page(session, sandbox.address)


# --- Asking and being answered ---


async def test_words_in_private_are_answered_in_private(page: Page, shop: Shop) -> None:
    direct = page.as_("officier", "vigie")
    await direct.do("say", text="  5.10 ")
    question, answer = await direct.seen()
    assert (question["author"], question["html"]) == ("officier", '<p dir="auto">5.10</p>')
    assert answer["author"] == "vigie"
    assert "Dit\u00a0: 5.10" in answer["html"]
    assert await page.as_("conseil", "vigie").seen() == []
    request = shop.asked[0]
    assert (request.command, request.text, request.place) == ("dire", "5.10", "direct")
    assert request.actor is not None
    assert (request.actor.platform, request.actor.user) == ("local", "officier")


async def test_words_in_the_channel_are_for_everyone_and_not_for_the_bot(page: Page, shop: Shop) -> None:
    await page.do("say", text="Bonjour à vous")
    assert [entry["author"] for entry in await page.as_("conseil").seen()] == ["officier"]
    assert shop.asked == []


async def test_a_mention_is_read_by_everyone_and_answered_to_one(page: Page, shop: Shop) -> None:
    await page.do("say", text="@vigie, et le logo?")
    assert [entry["only"] for entry in await page.seen()] == ["", "officier"]
    assert len(await page.as_("conseil").seen()) == 1
    assert (shop.asked[0].text, shop.asked[0].place) == ("et le logo?", "channel")


async def test_a_command_in_the_channel_is_seen_by_nobody_else(page: Page) -> None:
    await page.do("say", text="/dire un mot")
    (answer,) = await page.seen()
    assert (answer["only"], answer["asked"]) == ("officier", "/dire un mot")
    assert await page.as_("conseil").seen() == []


async def test_a_command_under_the_menu_is_understood(page: Page, shop: Shop) -> None:
    await page.do("say", text="/vigie crier")
    assert shop.asked[0].command == "crier"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("/crier", "<code>/vigie crier</code>"),
        ("/rien", "<code>/rien</code> n&#x27;existe pas"),
        ("/", "n&#x27;existe pas"),
    ],
)
async def test_a_command_that_platforms_would_not_know_is_explained(
    page: Page, shop: Shop, typed: str, said: str
) -> None:
    await page.do("say", text=typed)
    (answer,) = await page.seen()
    assert said in answer["html"]
    assert answer["only"] == "officier"
    assert shop.asked == []


async def test_a_failure_is_an_apology_and_says_nothing_of_what_was_written(
    page: Page, caplog: pytest.LogCaptureFixture
) -> None:
    await page.do("say", text="/vigie casser un secret")
    (answer,) = await page.seen()
    assert "Désolé" in answer["html"]
    assert "secret" not in caplog.text


async def test_a_quotation_that_cannot_be_had_is_an_apology(sandbox: LocalAdapter, page: Page) -> None:
    await sandbox.deliver(
        Address("local", "", "conseil"), Message(Quote("pa20", "2015-12-13", "9.9")), "essai"
    )
    (answer,) = await page.as_("conseil", "vigie").seen()
    assert "Désolé" in answer["html"]


async def test_the_bot_may_write_first(sandbox: LocalAdapter, page: Page) -> None:
    await sandbox.deliver(
        Address("local", "", "communications"), Message(Text("Un signalement vous attend.")), "essai"
    )
    (notice,) = await page.as_("communications", "vigie").seen()
    assert "Un signalement" in notice["html"]
    assert await page.as_("officier", "vigie").seen() == []


# --- Buttons, forms, the message's own menu ---


async def test_a_button_of_a_private_message_replaces_it(page: Page) -> None:
    entry = (await page.do("say", text="/dire un"))["entry"]
    assert (await page.do("press", entry=entry, command="dire suite"))["entry"] == entry
    (answer,) = await page.seen()
    assert "Dit\u00a0: suite" in answer["html"]


async def test_a_share_is_a_new_message_for_everyone(page: Page) -> None:
    entry = (await page.do("say", text="/dire un"))["entry"]
    await page.do("press", entry=entry, command="crier")
    assert len(await page.seen()) == 2
    (shared,) = await page.as_("administration").seen()
    assert "« Les mots »" in shared["html"]
    assert (shared["author"], shared["only"], shared["asked"]) == ("vigie", "", "")


async def test_a_button_of_a_public_message_is_answered_to_one(page: Page) -> None:
    shared = (await page.do("say", text="/vigie crier"))["entry"]
    other = page.as_("conseil")
    answer = (await other.do("press", entry=shared, command="dire autour"))["entry"]
    assert answer != shared
    assert [entry["only"] for entry in await other.seen()] == ["", "conseil"]
    assert len(await page.seen()) == 1


async def test_a_button_must_be_on_the_message_and_the_message_in_sight(page: Page) -> None:
    entry = (await page.do("say", text="/dire un"))["entry"]
    assert (await page.post("press", entry=entry, command="casser")).status == 404
    assert (await page.as_("conseil").post("press", entry=entry, command="crier")).status == 404
    assert (await page.post("press", entry=1, command="crier")).status == 404
    assert (await page.post("press", entry=999, command="crier")).status == 404


async def test_a_form_opens_at_once_and_its_answers_come_back(page: Page, shop: Shop) -> None:
    form = (await page.do("say", text="/vigie demander"))["form"]
    assert (form["command"], form["title"], form["submit"]) == ("demander", "Demander", "Envoyer")
    assert 'name="mots"' in form["html"]
    await page.do("submit", command=form["command"], fields={"mots": "<b>"})
    (answer,) = await page.seen()
    assert "Reçu\u00a0: &lt;b&gt;" in answer["html"]
    assert shop.asked[-1].fields == {"mots": "<b>"}


async def test_a_form_opens_from_a_button(page: Page) -> None:
    entry = (await page.do("say", text="/dire un"))["entry"]
    assert (await page.do("press", entry=entry, command="demander"))["form"]["title"] == "Demander"


async def test_a_form_that_cannot_open_at_once_is_a_button(page: Page) -> None:
    direct = page.as_("officier", "vigie")
    assert "form" not in await direct.do("say", text="demander")
    assert 'data-command="demander"' in (await direct.seen())[-1]["html"]


async def test_the_menu_of_a_message_reads_its_words(page: Page, shop: Shop) -> None:
    await page.do("shortcut", entry=2, command="dire")
    assert "photo" in shop.asked[0].text
    (answer,) = await page.seen()
    assert (answer["only"], answer["asked"]) == ("officier", "Redire")
    shared = (await page.do("say", text="/vigie crier"))["entry"]
    await page.do("shortcut", entry=shared, command="dire")
    assert "« Les mots »" in shop.asked[-1].text
    assert (await page.post("shortcut", entry=2, command="crier")).status == 404


# --- As one types ---


async def suggestions(page: Page, line: str) -> list[dict[str, str]]:
    query = {"line": line, "conversation": page.conversation}
    async with page.session.get(f"{page.url}api/suggestions", params=query) as response:
        found: list[dict[str, str]] = await response.json()
        return found


async def test_the_catalogue_is_offered_first_then_what_the_command_offers(page: Page) -> None:
    assert [each["line"] for each in await suggestions(page, "/")] == [
        "/dire ",
        "/vigie",
        "/vigie crier",
        "/vigie demander",
        "/vigie attendre",
        "/vigie casser",
    ]
    assert await suggestions(page, "/di") == [{"label": "/dire [mots]", "detail": "Dire", "line": "/dire "}]
    assert await suggestions(page, "/DIRE 5.1") == [
        {"label": "5.1 · Titre", "detail": "", "line": "/DIRE 5.10"}
    ]
    assert [each["line"] for each in await suggestions(page, "/vigie c")] == ["/vigie crier", "/vigie casser"]
    assert await suggestions(page, "/vigie dire 5") == [
        {"label": "5 · Titre", "detail": "", "line": "/vigie dire 50"}
    ]


@pytest.mark.parametrize("line", ["", "bonjour", "/rien", "/rien du tout", "/crier ", "é" * 1_000])
async def test_nothing_is_offered_where_there_is_nothing(page: Page, line: str) -> None:
    assert await suggestions(page, line) == []


async def test_the_mention_is_offered_in_the_channel_only(page: Page) -> None:
    assert [each["line"] for each in await suggestions(page, "Bonjour @v")] == ["Bonjour @Vigie "]
    assert await suggestions(page, "a@v") == []
    assert await suggestions(page.as_("officier", "vigie"), "@v") == []


# --- Following ---


async def test_a_page_hears_what_happens_and_what_is_read(page: Page) -> None:
    async with page.session.get(f"{page.url}api/events") as stream:
        heard = events(stream)
        assert [(await anext(heard))["type"] for _ in range(2)] == ["hello", "state"]
        await page.as_("conseil").do("say", text="Bonjour")
        assert (await anext(heard)) == {"type": "read", "place": "conseil/general", "id": 3}
        assert (await anext(heard))["entry"]["author"] == "conseil"
        await page.do("read", entry=3)
        assert (await anext(heard)) == {"type": "read", "place": "officier/general", "id": 3}


async def test_what_is_read_stays_read_and_cannot_be_ahead(page: Page) -> None:
    await page.do("read", entry=2)
    await page.do("read", entry=1)
    await page.do("read", entry=99)
    assert (await page.state())["read"]["officier/general"] == 2


async def test_everything_is_erased_at_each_start(page: Page, shop: Shop) -> None:
    await page.do("say", text="Bonjour")
    with ThreadPoolExecutor(1) as executor:
        other = LocalAdapter(Dispatcher(shop.catalogue(), executor), quoted, port=0, gallery=Gallery({}, {}))
        await other.start()
        assert await Page(page.session, other.address).seen() == []
        await other.close()


# --- Coming and going ---


async def test_it_is_a_platform(sandbox: LocalAdapter) -> None:
    platform: Platform = sandbox
    assert platform.name == "Bac à sable"
    assert sandbox.address.startswith("http://127.0.0.1:")


async def test_a_port_that_is_taken_is_said_in_one_line(sandbox: LocalAdapter, shop: Shop) -> None:
    port = int(sandbox.address.rstrip("/").rpartition(":")[2])
    with ThreadPoolExecutor(1) as executor:
        other = LocalAdapter(
            Dispatcher(shop.catalogue(), executor), quoted, port=port, gallery=Gallery({}, {})
        )
        with pytest.raises(PlatformError, match=f"le port {port} n'est pas libre") as refusal:
            await other.start()
        assert "\n" not in str(refusal.value)
        await other.close()


async def test_closing_ends_streams_and_lets_answers_end(
    sandbox: LocalAdapter, page: Page, shop: Shop
) -> None:
    async with asyncio.timeout(8), page.session.get(f"{page.url}api/events") as stream:
        assert (await anext(events(stream)))["type"] == "hello"
        answer = asyncio.create_task(page.do("say", text="/vigie attendre"))
        assert await asyncio.to_thread(shop.begun.wait, 5)
        closing = asyncio.create_task(sandbox.close())
        await stream.read()  # ends
        shop.gate.set()
        assert "entry" in await answer
        await closing


async def test_closing_twice_or_before_starting_is_harmless(shop: Shop) -> None:
    with ThreadPoolExecutor(1) as executor:
        other = LocalAdapter(Dispatcher(shop.catalogue(), executor), quoted, port=0, gallery=Gallery({}, {}))
        await other.close()
        await other.start()
        await other.close()
        await other.close()


# --- What is refused ---


@pytest.fixture
def addresses(sandbox: LocalAdapter) -> tuple[str, str]:
    return sandbox.address, sandbox.address.rstrip("/").rpartition(":")[2]


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "localhost.evil:{port}"]
)
@pytest.mark.parametrize(
    "path", ["", "galerie", "static/chat.js", "api/events", "api/suggestions", "nulle-part"]
)
async def test_a_foreign_host_is_refused_everywhere(
    page: Page, addresses: tuple[str, str], host: str, path: str
) -> None:
    url, port = addresses
    async with page.session.get(url + path, headers={"Host": host.format(port=port)}) as response:
        assert response.status == 421
        assert "Vigie" not in await response.text()


async def test_the_name_localhost_is_ours_too(page: Page, addresses: tuple[str, str]) -> None:
    url, port = addresses
    async with page.session.get(url, headers={"Host": f"localhost:{port}"}) as response:
        assert response.status == 200


@pytest.mark.parametrize("action", ["say", "press", "submit", "shortcut", "read"])
@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "http://evil.example",
        "http://127.0.0.1",
        "http://localhost:{port}",
        "https://127.0.0.1:{port}",
    ],
)
async def test_a_post_from_another_origin_is_refused(
    page: Page, addresses: tuple[str, str], action: str, origin: str | None
) -> None:
    url, port = addresses
    headers = {"Origin": origin.format(port=port)} if origin else {}
    body = {"persona": "officier", "conversation": "general", "text": "Bonjour"}
    async with page.session.post(f"{url}api/{action}", json=body, headers=headers) as response:
        assert response.status == 403
    assert await page.seen() == []


@pytest.mark.parametrize(
    "path", ["", "galerie", "static/chat.css", "static/rien", "api/suggestions?line=/", "nulle-part"]
)
async def test_every_answer_is_protected(page: Page, path: str) -> None:
    async with page.session.get(page.url + path) as response:
        policy = response.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; ")
        assert "unsafe" not in policy
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert response.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in response.headers
        assert "aiohttp" not in response.headers["Server"]


@pytest.mark.parametrize(
    "name", ["..%2Flocal_adapter.py", "%2E%2E/local_adapter.py", "rien.js", "", "%00.js", "%2Fetc%2Fpasswd"]
)
async def test_only_the_sandbox_own_files_are_served(page: Page, name: str) -> None:
    async with page.session.get(f"{page.url}static/{name}") as response:
        assert response.status == 404


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ("pas du JSON", 400),
        ("[]", 400),
        ("[" * 100_000, 400),
        ("{}", 400),
        (json.dumps({"persona": "x", "conversation": "general", "text": "a"}), 400),
        (json.dumps({"persona": "officier", "conversation": "ailleurs", "text": "a"}), 400),
        (json.dumps({"persona": "officier", "conversation": "general", "text": 1}), 400),
        (json.dumps({"persona": "officier", "conversation": "general", "text": "  "}), 422),
        (json.dumps({"persona": "officier", "conversation": "general", "text": "a" * 10_001}), 422),
        ("a" * (BODY_SIZE + 1), 413),
    ],
)
async def test_a_body_that_is_not_understood_is_refused(page: Page, data: str, status: int) -> None:
    headers = {**JSON, "Origin": page.url.rstrip("/")}
    async with page.session.post(f"{page.url}api/say", data=data, headers=headers) as response:
        assert response.status == status


async def test_a_body_that_a_form_of_another_page_could_send_is_refused(page: Page) -> None:
    headers = {"Content-Type": "text/plain", "Origin": page.url.rstrip("/")}
    async with page.session.post(f"{page.url}api/say", data="{}", headers=headers) as response:
        assert response.status == 415


async def test_the_longest_texts_are_taken(page: Page) -> None:
    await page.do("say", text="🦉" * 10_000)
    await page.do(
        "submit", command="demander", fields={f"f{n}": "é" * 3_000 for n in range(5)} | {"mots": "x"}
    )
    assert len(await page.seen()) == 2


async def test_nothing_that_is_written_is_logged(page: Page, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        await page.do("say", text="/dire un-secret")
        await suggestions(page, "/dire un-secret")
        await page.post("say", text=" " * 20_000 + "un-secret" * 2_000)
    assert "un-secret" not in caplog.text
