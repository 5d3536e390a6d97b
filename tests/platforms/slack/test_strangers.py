"""Who is served on Slack, by every entry: the people of the workspace, and nobody from another one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import aiohttp
import pytest

from bot.conversation.dispatcher import NOT_YOURS, Welcome
from bot.conversation.requests import Actor
from tests.kits.platforms.fake_slack import FakeSlack, SignedHttp
from tests.kits.platforms.slack import (
    Commands,
    anywhere,
    built,
    direct,
    event,
    mention,
    press,
    press_at_home,
    press_in_window,
    running,
    shortcut,
    slash,
    submission,
)
from tests.kits.platforms.slack_checks import shown
from tests.kits.platforms.slack_people import MEMBERS, OWN, STRANGERS, SlackPerson

pytestmark = pytest.mark.attack("Qui peut faire quoi")

pytest_plugins = ["tests.kits.platforms.slack_fixtures"]

Json = dict[str, Any]
Entry: TypeAlias = Callable[[FakeSlack, SignedHttp, SlackPerson], Awaitable[object]]

CITE = {"action_id": "public-0", "value": "politique 5.10"}
SHARE = {"action_id": "public-1", "value": "partager 5.10"}
PRIVATE = {"action_id": "private-0", "value": "politique 5.10"}
SILENT = {"action_id": "private-0", "value": "taire"}
METADATA = '{"command": "chercher encore", "place": "channel", "channel": "C1", "response_url": "%s"}'

# Every way to speak to the bot, as each kind of person would send it.
ENTRIES: dict[str, Entry] = {
    "a slash command": lambda slack, http, by: http.command(by.slash(slash(slack, "/politique", "5.10"))),
    "an anonymous slash command": lambda slack, http, by: http.command(by.slash(slash(slack, "/taire"))),
    "a button everyone sees": lambda slack, http, by: http.interaction(by.interaction(press(slack, CITE))),
    "a button that shares": lambda slack, http, by: http.interaction(by.interaction(press(slack, SHARE))),
    "an anonymous button": lambda slack, http, by: http.interaction(by.interaction(press(slack, SILENT))),
    "a button in private": lambda slack, http, by: http.interaction(
        by.interaction(press(slack, PRIVATE, channel="D1"))
    ),
    "a button of the home tab": lambda slack, http, by: http.interaction(
        by.interaction(press_at_home(slack, PRIVATE))
    ),
    "a button of a window": lambda slack, http, by: http.interaction(
        by.interaction(press_in_window(slack, PRIVATE))
    ),
    "a form": lambda slack, http, by: http.interaction(
        by.interaction(
            submission(
                {"type": "modal", "callback_id": "form", "private_metadata": METADATA % slack.hook("f")},
                {"mots": "logo", "plus": None},
            )
        )
    ),
    "a shortcut": lambda slack, http, by: http.interaction(
        by.interaction(shortcut(slack, "chercher", "logo"))
    ),
    "an anonymous shortcut": lambda slack, http, by: http.interaction(
        by.interaction(shortcut(slack, "taire", "http://a.exemple"))
    ),
    "a shortcut offered everywhere": lambda slack, http, by: http.interaction(
        by.interaction(anywhere(slack, "chercher"))
    ),
    "a mention": lambda _, http, by: http.event(by.event(mention("5.10"))),
    "a message": lambda _, http, by: http.event(by.event(direct("5.10"))),
    "a message with a file": lambda slack, http, by: http.event(
        by.event(direct("5.10", subtype="file_share", files=[slack.file("pa20.md", b"texte")]))
    ),
    "a mention with a file": lambda slack, http, by: http.event(
        by.event(mention("5.10", subtype="file_share", files=[slack.file("pa20.md", b"texte")]))
    ),
    "the home tab": lambda _, http, by: http.event(
        by.event(event({"type": "app_home_opened", "user": "U1", "channel": "D1", "tab": "home"}))
    ),
}
ANONYMOUS = [name for name in ENTRIES if "anonymous" in name]


@dataclass
class Written:
    """What the adapter has recorded: the events, and the people in groups."""

    events: list[str] = field(default_factory=list)
    members: list[tuple[Actor, str, bool]] = field(default_factory=list)

    async def heard(self, event: str) -> bool:
        self.events.append(event)
        return True

    async def belongs(self, actor: Actor, groups: Collection[str]) -> None:
        raise AssertionError((actor, groups))

    async def changed(self, actor: Actor, group: str, *, inside: bool) -> None:
        self.members.append((actor, group, inside))

    async def gone(self, actor: Actor) -> None:
        raise AssertionError(actor)


@pytest.fixture
def written() -> Written:
    return Written()


@pytest.fixture(params=[{"slack": OWN}, {}], ids=["workspace set", "workspace not set"])
async def http(
    slack: FakeSlack, commands: Commands, written: Written, request: pytest.FixtureRequest
) -> AsyncIterator[SignedHttp]:
    """What speaks as Slack does to a bot that serves one workspace alone: that of its token."""
    with ThreadPoolExecutor(1) as executor:
        welcome = Welcome(request.param)
        adapter = built(slack, commands, executor, welcome, heard=written.heard, members=written)
        async with running(adapter), aiohttp.ClientSession() as session:
            yield SignedHttp(session, f"http://127.0.0.1:{adapter.port}/slack/events")


@pytest.mark.parametrize("by", STRANGERS.values(), ids=STRANGERS)
@pytest.mark.parametrize("entry", ENTRIES)
async def test_someone_from_elsewhere_is_refused_kindly_and_leaves_no_trace(
    slack: FakeSlack, http: SignedHttp, commands: Commands, written: Written, *, entry: str, by: SlackPerson
) -> None:
    await ENTRIES[entry](slack, http, by)
    answer = await slack.said()
    assert shown(answer.body.get("blocks") or answer.body["view"]["blocks"]).startswith(
        "".join(NOT_YOURS.own_words())
    )
    assert answer.body.get("response_type") != "in_channel"
    assert answer.where != "chat.postMessage" or answer.body["channel"] == "D1"
    assert (commands.requests, written.events, slack.fetched) == ([], [], [])
    assert slack.silent()


@pytest.mark.parametrize("by", MEMBERS.values(), ids=MEMBERS)
@pytest.mark.parametrize("entry", ENTRIES)
async def test_someone_of_the_workspace_is_the_same_person_by_every_entry(
    slack: FakeSlack, http: SignedHttp, commands: Commands, entry: str, by: SlackPerson
) -> None:
    await ENTRIES[entry](slack, http, by)
    answer = await slack.said()
    assert "Je suis au service" not in shown(answer.body.get("blocks") or answer.body["view"]["blocks"])
    expected = {None} if entry in ANONYMOUS else {Actor("slack", OWN, by.user)}
    assert {request.actor for request in commands.requests} <= expected
    if entry != "a button that shares":
        assert commands.requests


@pytest.mark.parametrize("team", [{}, {"team": OWN}], ids=["nothing", "the application's workspace"])
async def test_an_event_of_a_shared_channel_that_does_not_say_whose_it_is_is_refused(
    slack: FakeSlack, http: SignedHttp, commands: Commands, team: dict[str, str]
) -> None:
    await http.event(SlackPerson("U0EXT", "", shared=True).event(mention("5.10", **team)))
    assert "Je suis au service" in shown((await slack.said()).body["blocks"])
    assert commands.requests == []


@pytest.mark.parametrize(
    ("by", "inside"),
    [(person, True) for person in MEMBERS.values()] + [(person, False) for person in STRANGERS.values()],
)
async def test_nobody_from_elsewhere_enters_a_followed_group(
    http: SignedHttp, written: Written, by: SlackPerson, *, inside: bool
) -> None:
    joined = {"type": "member_joined_channel", "user": "U1", "channel": "G1", "channel_type": "G"}
    await http.event(by.event(event(joined)))
    assert written.members == ([(Actor("slack", OWN, by.user), "G1", True)] if inside else [])
