"""The unmodified bot in its own process, against local-slack, in Socket Mode and over signed HTTP."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio

from bot.app.serving import Ending
from bot.conversation.dispatcher import NOT_YOURS
from tests.kits.platforms.slack_checks import shown
from tests.kits.platforms.slack_people import OTHER, OTHER_ORG, OWN_ORG, SlackPerson
from tests.kits.platforms.slack_rules import ADDRESS_SECONDS, TRIGGER_SECONDS
from tests.wire.bot_process import ROOT, STOP_TIME, BotProcess, running
from tests.wire.slack_server import (
    ALICE,
    APP_TOKEN,
    BOB,
    BOT,
    BOT_TOKEN,
    CAROL,
    CHANNEL,
    DANA,
    HTTP_MODE,
    SIGNING_SECRET,
    SOCKET_MODE,
    LocalSlack,
    buttons,
    workspace,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

Json = dict[str, Any]

POLICY = ROOT / "data" / "politique" / "pa20" / "2015-12-13.md"
HOSTILE = (
    "<!channel> <!here> <@U00002BOB> @everyone",
    "logo & <script>alert(1)</script> *gras* `code`",
    "'; DROP TABLE clauses; -- NEAR(a b) \"* OR 1=1",
    "\u202e\u2066 logo \u200f\x00\x1b[31m",
    "logo " * 2_000,
    "é" * 10_000,
)


def words_of(number: str) -> str:
    """Return a clause as the policy's file has it, on one line."""
    match = re.search(rf"{re.escape(number)}[.\s]+(?P<words>\w.+)", POLICY.read_text(encoding="utf-8"))
    assert match, number
    return " ".join(match["words"].split())


def said(message: Json) -> str:
    """Return what a message shows, on one line."""
    return " ".join(shown(message["blocks"]).split())


@asynccontextmanager
async def bot_on(slack: LocalSlack) -> AsyncIterator[BotProcess]:
    """Run the bot until the end of the context, then have it stop as a service manager does."""
    async with running(slack.settings) as bot:
        await bot.until("prêt")
        yield bot
        assert await bot.stop(STOP_TIME) == 0, bot.log
        for unwanted in ("Traceback", "ERROR", BOT_TOKEN, APP_TOKEN, SIGNING_SECRET, ALICE, CHANNEL):
            assert unwanted not in bot.log


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=[SOCKET_MODE, HTTP_MODE])
async def shared(request: pytest.FixtureRequest) -> AsyncIterator[LocalSlack]:
    async with workspace(request.param) as running_slack, bot_on(running_slack):
        yield running_slack


@pytest.fixture
def slack(shared: LocalSlack) -> Iterator[LocalSlack]:
    """The workspace where the bot of all these tests is; each hears all that it says."""
    yield shared
    shared.proxy.people.clear()
    assert shared.messages.empty()
    assert shared.windows.empty()
    assert shared.homes.empty()
    assert shared.proxy.problems == []


@pytest_asyncio.fixture(loop_scope="module", params=[SOCKET_MODE, HTTP_MODE])
async def own_slack(request: pytest.FixtureRequest) -> AsyncIterator[LocalSlack]:
    """A workspace where no bot is yet."""
    async with workspace(request.param) as running_slack:
        yield running_slack


@pytest_asyncio.fixture(loop_scope="module")
async def socket_slack() -> AsyncIterator[LocalSlack]:
    async with workspace(SOCKET_MODE) as running_slack:
        yield running_slack


async def test_a_clause_is_read_word_for_word_in_private_then_the_next_then_shared(slack: LocalSlack) -> None:
    await slack.command("/politique", "5.10")
    first = await slack.message()
    assert words_of("5.10") in said(first)
    assert first["ephemeral_to"] == ALICE
    await slack.press(first, "5.11 →")
    following = await slack.message()
    assert words_of("5.11") in said(following)
    assert (following["changed"], following["ts"]) == (True, first["ts"])
    await slack.press(following, "Partager ici")
    shared = await slack.message()
    assert words_of("5.11") in said(shared)
    assert not shared["changed"]
    assert "ephemeral_to" not in shared
    await slack.press(shared, "Lire autour", user=BOB)
    beside = await slack.message()
    assert beside["ephemeral_to"] == BOB
    assert not beside["changed"]


async def test_a_message_to_the_bot_is_answered_there_and_its_buttons_replace_it(slack: LocalSlack) -> None:
    await slack.write("article cinq point dix", user=CAROL, channel=CAROL)
    answer = await slack.message()
    assert words_of("5.10") in said(answer)
    assert answer["channel"] != CHANNEL
    assert "ephemeral_to" not in answer
    assert "Poser une question" in said(answer), "the first answer shows what one can do"
    await slack.press(answer, "← 5.9", user=CAROL)
    before = await slack.message()
    assert words_of("5.9") in said(before)
    assert before["changed"]


async def test_a_mention_is_answered_to_the_person_alone(slack: LocalSlack) -> None:
    await slack.write(f"<@{BOT}> 5.10")
    answer = await slack.message()
    assert words_of("5.10") in said(answer)
    assert (answer["channel"], answer["ephemeral_to"]) == (CHANNEL, ALICE)


async def test_a_form_is_filled_in_a_window(slack: LocalSlack) -> None:
    await slack.command("/vigie", "chercher")
    window = await slack.window()
    assert window is not None
    assert window["title"]["text"] == "Poser une question"
    await slack.submit({"mots": "art. 5,10"})
    assert await slack.window() is None
    answer = await slack.message()
    assert words_of("5.10") in said(answer)
    assert answer["ephemeral_to"] == ALICE


async def test_the_shortcut_opens_a_window_to_ask_with_the_menu_below(slack: LocalSlack) -> None:
    await slack.shortcut("chercher")
    window = await slack.window()
    assert window is not None
    assert window["title"]["text"] == "Poser une question"
    assert [button["text"]["text"] for button in buttons(window["blocks"])] == ["Menu"]
    await slack.submit({"mots": "art. 5,10"})
    answer = await slack.window()
    assert answer is not None, "it shows the answer rather than close"
    assert words_of("5.10") in said(answer)


async def test_the_shortcut_that_comes_too_late_is_a_private_message_that_opens_the_window(
    slack: LocalSlack,
) -> None:
    slack.proxy.rules.late["views.open"] = TRIGGER_SECONDS + 1
    await slack.shortcut("chercher")
    offer = await slack.message()
    assert offer["channel"] == await slack.direct(ALICE)
    await slack.press(offer, "Ouvrir")
    assert await slack.window() is not None


async def test_a_text_to_publish_is_examined_and_corrected_in_its_window(
    slack: LocalSlack,
) -> None:
    await slack.command("/vigie", "verifier")
    assert await slack.window() is not None
    typed = {
        "texte": "J'ai imprimé le *logo* de l'AGE sur mes tasses & <!channel>",
        "image": "",
        "lieu": "page",
    }
    await slack.submit(typed, chosen="lieu")
    assert await slack.window() is None
    review = await slack.message()
    assert review["ephemeral_to"] == ALICE
    assert words_of("5.13") in said(review)
    await slack.press(review, "Ce n'est pas le cas")
    waved = await slack.message()
    assert "vous avez écarté le seul point" in said(waved)
    await slack.press(waved, "Corriger le texte")
    window = await slack.window()
    assert window is not None
    [field] = [block for block in window["blocks"] if block.get("block_id") == "texte"]
    assert field["element"]["initial_value"] == typed["texte"]
    await slack.submit({**typed, "texte": " "}, chosen="lieu")
    [refused] = (await slack.refusal()).values()
    assert refused.startswith("Il n'y a rien à relire.")
    await slack.submit({**typed, "texte": "Un souper, samedi, au local"}, chosen="lieu")
    assert await slack.window() is None
    assert "Je n'ai rien vu, dans ce texte" in said(await slack.message())


async def test_the_home_tab_shows_the_menu_and_answers_in_place(slack: LocalSlack) -> None:
    await slack.open_home()
    menu = await slack.home()
    await slack.press_at_home(menu, "Plus…")
    await slack.press_at_home(await slack.home(), "Table des matières")
    contents = await slack.home()
    assert "Article 5" in said(contents)
    await slack.press_at_home(contents, "Menu")
    assert buttons((await slack.home())["blocks"]) == buttons(menu["blocks"])


async def test_a_button_sent_before_a_restart_still_works(own_slack: LocalSlack) -> None:
    slack = own_slack
    async with bot_on(slack):
        await slack.command("/politique", "5.10")
        old = await slack.message()
    async with bot_on(slack):
        await slack.press(old, "5.11 →")
        answer = await slack.message()
        assert words_of("5.11") in said(answer)
        assert (answer["changed"], answer["ts"]) == (True, old["ts"])


async def test_a_window_opened_before_a_restart_is_answered_where_it_was_asked(own_slack: LocalSlack) -> None:
    slack = own_slack
    async with bot_on(slack):
        await slack.command("/vigie", "chercher")
        assert await slack.window() is not None
    async with bot_on(slack):
        await slack.submit({"mots": "art. 5,10"})
        assert await slack.window() is None
        answer = await slack.message()
        assert words_of("5.10") in said(answer)
        assert answer["ephemeral_to"] == ALICE


async def test_everything_one_may_ask_passes_slacks_limits(slack: LocalSlack) -> None:
    for text in (
        "",
        "article 5",
        "article 5 page 2",
        "logo",
        "5.19",
        "5.9 et 5.10",
        "harselement",
        "pa20:7.2",
    ):
        await slack.command("/politique", text)
        assert said(await slack.message())
    for text in ("", "aide", "partager 5.13", "chercher logo"):
        await slack.command("/vigie", text)
        assert said(await slack.message())


async def test_text_of_any_kind_is_answered_politely(slack: LocalSlack) -> None:
    for text in HOSTILE:
        await slack.write(text, channel=ALICE)
        answer = await slack.message()
        assert "Pardon" not in said(answer)
        assert "<!" not in answer["text"]
        assert "<@" not in answer["text"]


async def test_an_event_delivered_twice_is_answered_once(socket_slack: LocalSlack) -> None:
    slack = socket_slack
    slack.proxy.twice = True
    async with bot_on(slack):
        await slack.write("5.10", channel=ALICE)
        await slack.message()
        await slack.write("5.11", channel=ALICE)
        assert words_of("5.11") in said(await slack.message())
        assert slack.messages.empty()


STRANGERS = {
    "another company": SlackPerson(DANA, OTHER, shared=True),
    "another organisation": SlackPerson(DANA, OTHER_ORG, OWN_ORG, shared=True),
}


@pytest.mark.parametrize("dana", STRANGERS.values(), ids=STRANGERS)
async def test_someone_of_another_company_is_refused_wherever_they_ask(
    slack: LocalSlack, dana: SlackPerson
) -> None:
    await slack.command("/vigie", "partager 5.10")
    shared = await slack.message()
    assert "ephemeral_to" not in shared
    slack.proxy.people[DANA] = dana
    for ask in (
        slack.press(shared, "Lire autour", user=DANA),
        slack.command("/politique", "5.10", user=DANA),
        slack.command("/signalement", user=DANA),
        slack.write(f"<@{BOT}> 5.10", user=DANA),
    ):
        await ask
        answer = await slack.message()
        assert said(answer) == "".join(NOT_YOURS.own_words())
        assert answer["ephemeral_to"] == DANA
    await slack.write("5.10", user=DANA, channel=DANA)
    assert said(await slack.message()) == "".join(NOT_YOURS.own_words())
    await slack.shortcut("chercher", user=DANA)
    window = await slack.window()
    assert window is not None
    assert said(window).startswith("".join(NOT_YOURS.own_words()))


async def test_someone_whom_slack_knows_by_their_organisation_is_served(slack: LocalSlack) -> None:
    slack.proxy.people[DANA] = SlackPerson(DANA, OWN_ORG, OWN_ORG)
    await slack.command("/politique", "5.10", user=DANA)
    clause = await slack.message()
    assert words_of("5.10") in said(clause)
    await slack.press(clause, "5.11 →", user=DANA)
    assert words_of("5.11") in said(await slack.message())
    await slack.write(f"<@{BOT}> 5.10", user=DANA)
    assert words_of("5.10") in said(await slack.message())


async def test_a_window_that_comes_too_late_is_offered_by_a_button(slack: LocalSlack) -> None:
    slack.proxy.rules.late["views.open"] = TRIGGER_SECONDS + 1
    await slack.command("/vigie", "chercher")
    offer = await slack.message()
    await slack.press(offer, "Ouvrir")
    window = await slack.window()
    assert window is not None
    await slack.submit({"mots": "art. 5,10"})
    assert await slack.window() is None
    assert words_of("5.10") in said(await slack.message())


async def test_a_form_filled_in_after_half_an_hour_is_answered_in_private(slack: LocalSlack) -> None:
    await slack.command("/vigie", "chercher")
    assert await slack.window() is not None
    slack.proxy.rules.pass_time(ADDRESS_SECONDS + 1)
    await slack.submit({"mots": "art. 5,10"})
    assert await slack.window() is None
    answer = await slack.message()
    assert words_of("5.10") in said(answer)
    assert answer["channel"] == await slack.direct(ALICE)


async def test_an_answer_that_slack_shows_and_then_fails_is_shown_once(slack: LocalSlack) -> None:
    slack.proxy.act_then_fail("chat.postMessage")
    await slack.write("5.10", channel=ALICE)
    await slack.message()
    await slack.write("5.11", channel=ALICE)
    assert words_of("5.11") in said(await slack.message())


async def test_a_person_is_answered_again_once_the_token_is_given_back(slack: LocalSlack) -> None:
    slack.proxy.refused = "token_revoked"
    await slack.command("/politique", "5.10")
    assert words_of("5.10") in said(await slack.message()), "this address needs no token"
    slack.proxy.refused = ""
    await slack.write("5.11", channel=ALICE)
    assert words_of("5.11") in said(await slack.message())


async def test_a_rate_limit_is_waited_for(slack: LocalSlack) -> None:
    before = slack.proxy.calls.count("/api/chat.postMessage")
    slack.proxy.limit("chat.postMessage", 1)
    await slack.write("5.10", channel=ALICE)
    assert words_of("5.10") in said(await slack.message())
    assert slack.proxy.calls.count("/api/chat.postMessage") == before + 2


async def test_a_lost_socket_is_opened_again(socket_slack: LocalSlack) -> None:
    slack = socket_slack
    async with bot_on(slack):
        await slack.proxy.socket_opened()
        slack.proxy.cut()
        await slack.proxy.socket_opened()
        await slack.command("/politique", "5.10")
        assert words_of("5.10") in said(await slack.message())


async def test_a_socket_that_slack_asks_to_change_is_changed(socket_slack: LocalSlack) -> None:
    slack = socket_slack
    async with bot_on(slack):
        await slack.proxy.socket_opened()
        await slack.proxy.ask_to_change_socket()
        await slack.proxy.socket_opened()
        await slack.command("/politique", "5.10")
        assert words_of("5.10") in said(await slack.message())


@pytest.mark.parametrize(
    ("method", "setting"), [("auth.test", "SLACK_BOT_TOKEN"), ("apps.connections.open", "SLACK_APP_TOKEN")]
)
async def test_a_refused_token_is_one_line_that_says_what_to_do(
    socket_slack: LocalSlack, method: str, setting: str
) -> None:
    socket_slack.proxy.refuse(method, "invalid_auth")
    async with running(socket_slack.settings) as bot:
        assert await bot.ended() == Ending.REFUSED
        [line] = [line for line in bot.lines if line.startswith("Slack")]
        assert line.startswith(f"Slack\u00a0: {setting} est refusé (invalid_auth). Copiez-le de nouveau")
        assert "Traceback" not in bot.log
