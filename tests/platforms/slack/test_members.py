"""Groups of Slack: what its events tell, what its API answers, and files sent to one person."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from bot.conversation.dispatcher import Dispatcher
from bot.conversation.messages import File, Message, Text
from bot.conversation.requests import Actor, Command
from bot.platforms.contract import PlatformError
from bot.platforms.slack import members
from bot.platforms.slack.adapter import SlackAdapter
from bot.settings import BOT
from tests.kits.effort import PATIENCE
from tests.kits.platforms.fake_slack import BOT_TOKEN, SIGNING_SECRET, FakeSlack, SignedHttp
from tests.kits.platforms.slack import direct, event, press_at_home, quote, running, slash

pytest_plugins = ["tests.kits.platforms.slack_fixtures"]


@dataclass
class Notes:
    """What the adapter tells of members."""

    told: list[tuple[str, str, bool]] = field(default_factory=list)

    async def belongs(self, actor: Actor, groups: Collection[str]) -> None:
        raise AssertionError((actor, groups))

    async def changed(self, actor: Actor, group: str, *, inside: bool) -> None:
        assert actor.platform == "slack"
        self.told.append((f"{actor.team}/{actor.user}", group, inside))

    async def gone(self, actor: Actor) -> None:
        raise AssertionError(actor)


@dataclass(frozen=True)
class Group:
    team: str
    source: str
    source_id: str


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
async def http(slack: FakeSlack, notes: Notes) -> AsyncIterator[SignedHttp]:
    commands = [
        Command("vigie", "Menu", lambda _: Message(Text("Menu")), slash=True),
        Command("donner", "Donne", lambda _: Message(Text("Voici"), File("a.json", b"{}", "Vos données"))),
    ]
    with ThreadPoolExecutor(1) as executor:
        adapter = SlackAdapter(
            Dispatcher(commands, executor),
            quote,
            bot_token=BOT_TOKEN,
            app_token=None,
            signing_secret=SIGNING_SECRET,
            bot=BOT,
            port=0,
            api_url=slack.api_url,
            members=notes,
        )
        async with running(adapter), aiohttp.ClientSession() as session:
            yield SignedHttp(session, f"http://127.0.0.1:{adapter.port}/slack/events")


async def test_a_change_in_a_user_group_is_told_person_by_person(http: SignedHttp, notes: Notes) -> None:
    await http.event(
        event(
            {
                "type": "subteam_members_changed",
                "subteam_id": "S1",
                "team_id": "T1",
                "added_users": ["U1", "U2"],
                "added_users_count": "2",
                "removed_users": ["U3"],
                "removed_users_count": "1",
            }
        )
    )
    assert notes.told == [("T1/U1", "S1", True), ("T1/U2", "S1", True), ("T1/U3", "S1", False)]


async def test_an_event_sent_again_is_told_once(http: SignedHttp, notes: Notes) -> None:
    change = event({"type": "subteam_members_changed", "subteam_id": "S1", "added_users": ["U1"]})
    await http.event(change)
    await http.event(change)
    assert len(notes.told) == 1


async def test_to_enter_and_leave_a_private_channel_is_told_and_a_public_one_is_not(
    http: SignedHttp, notes: Notes
) -> None:
    for kind, type_ in (
        ("G", "member_joined_channel"),
        ("G", "member_left_channel"),
        ("C", "member_joined_channel"),
    ):
        await http.event(event({"type": type_, "user": "U1", "channel": f"{kind}1", "channel_type": kind}))
    assert notes.told == [("T1/U1", "G1", True), ("T1/U1", "G1", False)]


async def test_to_arrive_in_the_workspace_is_nothing(http: SignedHttp, notes: Notes) -> None:
    await http.event(event({"type": "team_join", "user": {"id": "U1"}}))
    assert notes.told == []


# --- What its API answers ---------------------------------------------------------------------


@dataclass
class Lists:
    """Slack's lists: what each method answers, page by page where there are several."""

    answers: dict[str, list[dict[str, Any]]]
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        self.asked.append(
            (method, dict(request.query) | {k: str(v) for k, v in (await request.post()).items()})
        )
        return web.json_response(self.answers[method].pop(0))


async def asked(group: Group, **answers: list[dict[str, Any]]) -> set[Actor]:
    lists = Lists({name.replace("_", "."): pages for name, pages in answers.items()})
    app = web.Application()
    app.router.add_route("*", "/api/{method}", lists.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        client = AsyncWebClient(token=BOT_TOKEN, base_url=f"http://127.0.0.1:{runner.addresses[0][1]}/api/")
        return await members.fetch_group_members(client, group, "U0BOT")
    finally:
        await runner.cleanup()


async def test_a_user_group_is_read_whole() -> None:
    found = await asked(
        Group("T1", "slack_group", "S1"), usergroups_users_list=[{"ok": True, "users": ["U1", "U2"]}]
    )
    assert found == {Actor("slack", "T1", "U1"), Actor("slack", "T1", "U2")}


async def test_a_private_channel_is_read_page_by_page_without_the_bot_itself() -> None:
    found = await asked(
        Group("T1", "slack_channel", "G1"),
        conversations_info=[{"ok": True, "channel": {"is_private": True}}],
        conversations_members=[
            {"ok": True, "members": ["U1", "U0BOT"], "response_metadata": {"next_cursor": "x"}},
            {"ok": True, "members": ["U2"], "response_metadata": {"next_cursor": ""}},
        ],
    )
    assert {actor.user for actor in found} == {"U1", "U2"}


async def test_a_public_channel_makes_nobody_an_officer() -> None:
    with pytest.raises(PlatformError, match="public"):
        await asked(
            Group("T1", "slack_channel", "C1"),
            conversations_info=[{"ok": True, "channel": {"is_private": False}}],
        )


@pytest.mark.parametrize("how", ["is_ext_shared", "is_org_shared"])
async def test_a_channel_shared_with_another_workspace_makes_nobody_an_officer(how: str) -> None:
    shared = {"is_private": True, "is_shared": True, how: True}
    with pytest.raises(PlatformError, match="autre espace"):
        await asked(Group("T1", "slack_channel", "G1"), conversations_info=[{"ok": True, "channel": shared}])


async def test_a_list_that_slack_refuses_is_an_explained_error() -> None:
    with pytest.raises(PlatformError, match="missing_scope") as refused:
        await asked(
            Group("T1", "slack_group", "S1"), usergroups_users_list=[{"ok": False, "error": "missing_scope"}]
        )
    assert not refused.value.passing


# --- Files ------------------------------------------------------------------------------------


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> asyncio.Queue[dict[str, object]]:
    """What is asked of the client's own way of giving a file, which takes three requests."""
    asked: asyncio.Queue[dict[str, object]] = asyncio.Queue()

    async def upload(_: AsyncWebClient, **how: object) -> None:
        asked.put_nowait(how)

    monkeypatch.setattr(AsyncWebClient, "files_upload_v2", upload)
    return asked


async def test_a_file_goes_to_the_persons_own_conversation(
    slack: FakeSlack, http: SignedHttp, given: asyncio.Queue[dict[str, object]]
) -> None:
    await http.event(direct("donner", channel="D7"))
    assert (await slack.said()).where == "chat.postMessage"
    sent = await asyncio.wait_for(given.get(), PATIENCE)
    assert sent == {
        "channel": "D7",
        "filename": "a.json",
        "content": b"{}",
        "title": "Vos données",
        "alt_txt": None,
    }

    await http.command(slash(slack, "/vigie", "donner"))
    assert (await slack.said()).where == "hook/a"
    assert (await asyncio.wait_for(given.get(), PATIENCE))["channel"] == "D1"


async def test_a_file_asked_for_in_the_app_home_goes_there_too(
    slack: FakeSlack, http: SignedHttp, given: asyncio.Queue[dict[str, object]]
) -> None:
    await http.interaction(press_at_home(slack, {"action_id": "private-0", "value": "donner"}))
    assert (await slack.said()).where == "views.publish"
    assert (await asyncio.wait_for(given.get(), PATIENCE))["filename"] == "a.json"
