"""No text names the policy, the association or the bot by itself: another profile changes data only."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import aiohttp
import pytest

from bot.app.build import Bot
from bot.app.examples import examples
from bot.app.notice_titles import NOTICES, notice_title
from bot.app.platforms import chat_platforms
from bot.conversation.forms import Reply
from bot.platforms.slack.adapter import SlackAdapter
from bot.platforms.slack.manifest import slack_manifest
from bot.settings import Settings
from tests.cli.test_main import vigie
from tests.house.words import own_words
from tests.kits.office import TEST_DATA, built, sandbox_of
from tests.kits.platforms.fake_slack import BOT_TOKEN, SIGNING_SECRET, FakeSlack, SignedHttp
from tests.kits.platforms.local_world import Page, events, suggestions
from tests.kits.platforms.slack import anywhere, running

OURS = re.compile(r"PA20|AGE|UQTR|\bVigie\b")
PROFILE = {
    "vigie_data": str(TEST_DATA),
    "vigie_politique": "cr3",
    "vigie_association": "Radio Cité",
    "vigie_nom": "Bavarde",
}
# « le CR3 »: what would be said of a policy whose name is feminine.
FEMININE = re.compile(r"\b[Ll]a CR3|à la CR3|CR3 (?:a été |est )?(?:révisée|adoptée|lue)\b")


def another(**more: object) -> Settings:
    """Return another association's profile: its policy, whose name is masculine, its name, and its bot's."""
    return Settings.model_validate({**PROFILE, **more})


@pytest.fixture(scope="module")
def other() -> Iterator[Bot]:
    """The bot of another association."""
    with built(another()) as bot:
        yield bot


@pytest.fixture(scope="module")
def replies(other: Bot) -> dict[str, Reply]:
    return examples(other)


def test_every_example_follows_the_profile(replies: dict[str, Reply]) -> None:
    words_by_name = {name: own_words(reply) for name, reply in replies.items()}
    wrong = {
        name: [line for line in text.splitlines() if OURS.search(line) or FEMININE.search(line)]
        for name, text in words_by_name.items()
    }
    assert {name: lines for name, lines in wrong.items() if lines} == {}
    assert any("Bavarde" in text for text in words_by_name.values())
    assert any("le CR3" in text for text in words_by_name.values())


def test_the_command_line_names_each_notice_as_the_bot_does(other: Bot) -> None:
    titles = {notice.name: notice_title(notice.name) for notice in NOTICES}
    assert titles == other.notices.titles()
    assert notice_title("inconnu") == "inconnu"


async def test_slack_shows_the_bot_under_its_own_name() -> None:
    async with FakeSlack().serving() as slack:
        tokens = {"slack_bot_token": BOT_TOKEN, "slack_signing_secret": SIGNING_SECRET}
        with built(another(**tokens, slack_api_url=slack.api_url)) as bot:
            adapter = chat_platforms(bot)["slack"]
            assert isinstance(adapter, SlackAdapter)
            adapter.port = 0
            async with running(adapter), aiohttp.ClientSession() as session:
                http = SignedHttp(session, f"http://127.0.0.1:{adapter.port}/slack/events")
                await http.interaction(anywhere(slack, "plus"))
                window = (await slack.said()).body["view"]
            manifest = slack_manifest(bot.dispatcher.commands, bot=bot.settings.profile.bot)
    assert window["title"]["text"] == "Bavarde"
    assert not OURS.search(json.dumps(window, ensure_ascii=False))
    environment = {name.upper(): value for name, value in PROFILE.items()}
    pasted = json.loads(vigie("slack", "manifeste", **environment).stdout)
    assert pasted == manifest
    assert not OURS.search(json.dumps(pasted, ensure_ascii=False))
    assert pasted["features"]["bot_user"]["display_name"] == "Bavarde"


async def test_the_sandbox_shows_the_bot_under_its_own_name(other: Bot) -> None:
    sandbox = sandbox_of(other)
    sandbox.port = 0
    await sandbox.start()
    try:
        async with aiohttp.ClientSession(read_bufsize=2**20) as session:
            page = Page(session, sandbox.address)
            async with session.get(f"{page.url}api/events") as stream:
                received = events(stream)
                shown = [await anext(received), await anext(received)]
            completed = await suggestions(page, "@")
            await page.do("say", text="@bavarde merci")
            answer = (await page.seen())[-1]
            async with session.get(f"{page.url}galerie/{next(iter(sandbox.gallery.by_anchor))}") as group:
                drawn = await group.text()
    finally:
        await sandbox.close()
    assert [each["label"] for each in completed] == ["@Bavarde"]
    assert answer["author"] == "vigie", "it is asked under its own name"
    assert not OURS.search(json.dumps([*shown, answer], ensure_ascii=False))
    assert drawn.count("<strong>Bavarde</strong>") >= 2
    assert "<strong>Vigie</strong>" not in drawn
