"""The sandbox on the wire: what a page may do, and who sees what."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from bot.conversation.dispatcher import Dispatcher
from bot.conversation.messages import Message, Quote, Text
from bot.platforms.contract import Destination, Platform, PlatformError
from bot.platforms.local.adapter import LocalAdapter
from bot.platforms.local.gallery import Gallery
from bot.platforms.local.render import render_words, serialize_html
from bot.platforms.local.room import ENTRIES_KEPT, Room, real_time
from bot.settings import BOT
from tests.kits.effort import PATIENCE
from tests.kits.platforms.local_world import Page, Shop, events, quoted, suggestions
from tests.kits.platforms.presses import listened

pytest_plugins = ["tests.kits.platforms.local_fixtures"]

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
        ("/rien", "<code>/rien</code> n&#39;existe pas"),
        ("/", "n&#39;existe pas"),
        ("/criez 5.10", ">/vigie crier</button>"),
        ("/cri", "n&#39;existe pas"),
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
    assert "Pardon" in answer["html"]
    assert "secret" not in caplog.text


async def test_a_quotation_that_cannot_be_had_is_an_apology(sandbox: LocalAdapter, page: Page) -> None:
    await sandbox.deliver(
        Destination("local", "", "conseil"), Message(Quote("pa20", "2015-12-13", "9.9")), "essai"
    )
    (answer,) = await page.as_("conseil", "vigie").seen()
    assert "Pardon" in answer["html"]


async def test_the_bot_may_write_first(sandbox: LocalAdapter, page: Page) -> None:
    await sandbox.deliver(
        Destination("local", "", "communications"), Message(Text("Un signalement vous attend.")), "essai"
    )
    (notice,) = await page.as_("communications", "vigie").seen()
    assert "Un signalement" in notice["html"]
    assert await page.as_("officier", "vigie").seen() == []


# --- Buttons, forms, the message's own menu ---


async def test_a_button_is_told_from_what_one_types(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = listened(monkeypatch)
    entry = (await page.do("say", text="/dire un"))["entry"]
    await page.do("press", entry=entry, command="dire suite")
    assert seen == [False, True]


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


async def test_a_refused_form_stays_open_and_says_what_is_wrong(page: Page) -> None:
    answer = await page.do("submit", command="demander", fields={"mots": "rien"})
    assert answer == {"problems": {"mots": "Ces mots ne disent rien."}}
    assert await page.seen() == []
    assert "entry" in await page.do("submit", command="demander", fields={"mots": "logo"})


async def test_a_form_whose_command_is_gone_says_so(page: Page, shop: Shop) -> None:
    await page.do("submit", command="disparue un", fields={"mots": "deux"})
    (answer,) = await page.seen()
    assert "Ce formulaire vient d&#39;un ancien message" in answer["html"]
    assert (answer["only"], shop.asked) == ("officier", [])


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


async def test_the_menu_of_one_s_own_message_may_ask_something_else(page: Page, shop: Shop) -> None:
    await page.do("say", text="dire mon texte")
    [own] = [entry["id"] for entry in await page.seen() if entry["author"] == "officier"]
    await page.do("shortcut", entry=own, command="dire")
    assert (shop.asked[-1].command, shop.asked[-1].text) == ("cacher", "dire mon texte")


# --- As one types ---


async def test_the_catalogue_is_offered_first_then_what_the_command_offers(page: Page) -> None:
    assert [each["line"] for each in await suggestions(page, "/")] == [
        "/vigie",
        "/dire ",
        "/vigie crier",
        "/vigie demander",
        "/vigie attendre",
        "/vigie casser",
        "/vigie passer",
    ]
    [whole] = await suggestions(page, "/di")
    assert whole == {"label": "/dire [mots]", "detail": "Dire", "line": "/dire ", "group": "Essais"}
    assert await suggestions(page, "/DIRE 5.1") == [
        {"label": "5.1 · Titre", "detail": "", "line": "/DIRE 5.10", "group": ""}
    ]
    assert [each["line"] for each in await suggestions(page, "/vigie c")] == ["/vigie crier", "/vigie casser"]
    assert [each["line"] for each in await suggestions(page, "/vigie dire 5")] == ["/vigie dire 50"]


async def test_only_what_one_may_do_is_offered(page: Page) -> None:
    for persona, offered in {"officier": [], "administration": ["/vigie gouverner"]}.items():
        assert [each["line"] for each in await suggestions(page.as_(persona), "/gou")] == offered
        assert [each["line"] for each in await suggestions(page.as_(persona), "/vigie gou")] == offered
    assert await suggestions(page.as_("administration"), "/cach") == [], "the help does not name it"


@pytest.mark.parametrize("line", ["", "bonjour", "/rien", "/rien du tout", "/crier ", "é" * 1_000])
async def test_nothing_is_offered_where_there_is_nothing(page: Page, line: str) -> None:
    assert await suggestions(page, line) == []


async def test_the_mention_is_offered_in_the_channel_only(page: Page) -> None:
    assert [each["line"] for each in await suggestions(page, "Bonjour @v")] == ["Bonjour @Vigie "]
    assert await suggestions(page, "a@v") == []
    assert await suggestions(page.as_("officier", "vigie"), "@v") == []


# --- What does not stay ---


async def state_since(page: Page, since: str = "") -> dict[str, Any]:
    """Return the state of a page that was just loaded or, with `since`, that comes back."""
    async with page.session.get(f"{page.url}api/events", params={"since": since}) as stream:
        return await anext(each async for each in events(stream) if each["type"] == "state")


def shown(state: dict[str, Any]) -> list[str]:
    return [entry["html"] for entry in state["entries"][2:]]


async def test_what_one_person_alone_saw_in_a_channel_is_gone_once_the_page_is_reloaded(page: Page) -> None:
    loaded = await state_since(page)
    await page.do("say", text="Bonjour")
    entry = (await page.do("say", text="/dire un mot"))["entry"]
    back = await state_since(page, loaded["since"])
    assert len(shown(back)) == 2, "a page that was hidden for a while shows what it had"
    assert back["since"] == loaded["since"]
    assert back["entries"][-1]["fleeting"]
    assert shown(await state_since(page)) == ['<p dir="auto">Bonjour</p>']
    await page.do("press", entry=entry, command="dire suite")
    assert len(shown(await state_since(page, loaded["since"]))) == 2


async def test_in_private_what_the_other_platforms_would_not_keep_is_gone_too(page: Page) -> None:
    direct = page.as_("officier", "vigie")
    await direct.do("say", text="/dire un")
    await direct.do("say", text="/vigie passer")
    assert [entry["fleeting"] for entry in await direct.seen()] == [False, False, True, True]
    assert len(shown(await state_since(page))) == 2


async def test_a_fleeting_answer_takes_the_place_of_no_message_that_stays(page: Page) -> None:
    direct = page.as_("officier", "vigie")
    menu = (await direct.do("say", text="/dire un"))["entry"]
    passing = (await direct.do("press", entry=menu, command="passer"))["entry"]
    assert passing != menu
    assert (await direct.do("press", entry=passing, command="dire suite"))["entry"] == passing
    assert [entry["fleeting"] for entry in await direct.seen()] == [False, False, True]


async def test_a_page_of_the_process_before_shows_all_there_is(page: Page) -> None:
    await page.do("say", text="/dire un mot")
    for since in ("0", "0.99", "rien"):
        assert len(shown(await state_since(page, since))) == 1


# --- The clock ---


async def test_the_clock_cannot_be_advanced_unless_it_is_the_sandbox_s_own(page: Page) -> None:
    assert (await page.post("clock", to="lundi")).status == 404
    assert (await page.post("clock", to="hier")).status == 400


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
        other = LocalAdapter(
            Dispatcher(shop.catalogue(), executor), quoted, port=0, bot=BOT, gallery=Gallery({}, {}, BOT)
        )
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
            Dispatcher(shop.catalogue(), executor), quoted, port=port, bot=BOT, gallery=Gallery({}, {}, BOT)
        )
        with pytest.raises(PlatformError, match=f"le port {port} n'est pas libre") as refusal:
            await other.start()
        assert "\n" not in str(refusal.value)
        await other.close()


async def test_closing_ends_streams_and_lets_answers_end(
    sandbox: LocalAdapter, page: Page, shop: Shop
) -> None:
    async with asyncio.timeout(PATIENCE), page.session.get(f"{page.url}api/events") as stream:
        assert (await anext(events(stream)))["type"] == "hello"
        answer = asyncio.create_task(page.do("say", text="/vigie attendre"))
        assert await asyncio.to_thread(shop.begun.wait, PATIENCE)
        closing = asyncio.create_task(sandbox.close())
        await stream.read()  # ends
        shop.gate.set()
        assert "entry" in await answer
        await closing


async def test_closing_twice_or_before_starting_is_harmless(shop: Shop) -> None:
    with ThreadPoolExecutor(1) as executor:
        other = LocalAdapter(
            Dispatcher(shop.catalogue(), executor), quoted, port=0, bot=BOT, gallery=Gallery({}, {}, BOT)
        )
        await other.close()
        await other.start()
        await other.close()
        await other.close()


def test_what_is_remembered_is_bounded() -> None:
    room = Room(real_time, "Vigie")
    for number in range(ENTRIES_KEPT + 5):
        room.post(author="officier", html=render_words(str(number)), text=str(number))
    with room.followed() as events:
        entries = events.get_nowait()["entries"]
    assert len(entries) == ENTRIES_KEPT
    assert room.entry(1, "officier") is None
    assert entries[-1]["html"] == serialize_html(render_words(str(ENTRIES_KEPT + 4)))
