"""A token that a platform refuses for a while, on the wire: from the health pages to what people then get."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.app.serving import Ending
from bot.outbox.notices import DEAD_LETTER
from bot.outbox.rows import Delivery, enqueue
from bot.people.persons import Account
from bot.storage.database import beside
from tests.kits.effort import PATIENCE
from tests.kits.platforms.slack_checks import shown
from tests.wire.bot_process import BOT, running
from tests.wire.brisk import brisk
from tests.wire.discord_people import Person, text_of
from tests.wire.discord_server import DiscordServer
from tests.wire.slack_server import (
    ALICE,
    BOB,
    CAROL,
    CHANNEL,
    HTTP_MODE,
    OFFICERS,
    SOCKET_MODE,
    TEAM,
    LocalSlack,
    workspace,
)
from tests.wire.test_kept_wire import WORD, Kept

DEAD = "Un message non remis"  # what `Kept.cause` has said
READY = 'vigie_platform_ready{platform="%s"} %s'


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


def settings(kept: Kept, slack: LocalSlack, server: DiscordServer, alice: Person) -> dict[str, str]:
    """Return the settings of a bot on both, with a channel of the administration on each."""
    guild, channel = alice.guild.id, alice.channel
    own = {
        "VIGIE_SLACK_EQUIPE": TEAM,
        "VIGIE_DISCORD_SERVEUR": str(guild),
        "VIGIE_CANAUX_ADMIN": f"slack/{TEAM}/{OFFICERS}, discord/{guild}/{channel}",
    }
    return kept.settings({**slack.settings, **server.environment, **own}, f"slack:{TEAM}/{CAROL}")


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for what another process does, of which there is no event here."""
    async with asyncio.timeout(PATIENCE):
        while not await condition():  # noqa: ASYNC110 — another process
            await asyncio.sleep(0.1)


async def ready(kept: Kept, platform: str, *, expected: bool) -> None:
    """Wait until the pages of health say whether a platform is ready."""

    async def said() -> bool:
        (status, _), (_, metrics) = await kept.look("/readyz"), await kept.look("/metrics")
        return (status == 200) == expected and READY % (platform, "1.0" if expected else "0.0") in metrics

    await until(said)


def in_channel(server: DiscordServer, channel: int) -> list[str]:
    return [text_of(message) for message in server.backend.messages[channel].values()]


async def test_slack_refuses_the_token_over_http_then_accepts_it(kept: Kept) -> None:
    async with workspace(HTTP_MODE) as slack, DiscordServer() as server:
        alice = Person(server, "alice")
        async with running(settings(kept, slack, server, alice), program=brisk(BOT)) as bot:
            for name in ("Slack", "Discord"):
                await bot.until(f"{name}\u00a0: prêt.")
            await ready(kept, "slack", expected=True)
            slack.proxy.refused = "token_revoked"
            await ready(kept, "slack", expected=False)
            for user in (ALICE, BOB):
                kept.cause(user, Account("slack", TEAM, user))
            await server.until(lambda: in_channel(server, alice.channel))
            slack.proxy.refused = ""
            shown_texts = [shown((await slack.message())["blocks"]) for _ in range(2)]
            assert all(DEAD in words for words in shown_texts)
            await ready(kept, "slack", expected=True)
            assert await bot.stop() == 0
        [words] = in_channel(server, alice.channel)
        assert "Slack me refuse" in words
        assert bot.log.count("token_revoked") == 1
        assert slack.messages.empty()


@pytest.mark.parametrize("hang_up", [False, True])
async def test_discord_refuses_the_token_then_accepts_it(kept: Kept, *, hang_up: bool) -> None:
    async with workspace(SOCKET_MODE) as slack, DiscordServer() as server:
        alice = Person(server, "alice")
        async with running(settings(kept, slack, server, alice), program=brisk(BOT)) as bot:
            for name in ("Slack", "Discord"):
                await bot.until(f"{name}\u00a0: prêt.")
            await server.revoke(hang_up=hang_up)
            kept.cause("un", Account("discord", "", str(alice.id)))
            assert "Discord me refuse" in shown((await slack.message())["blocks"])
            await ready(kept, "discord", expected=False)
            server.restore()
            await server.until(lambda: DEAD in str(in_channel(server, alice.direct)))
            await ready(kept, "discord", expected=True)
            assert await alice.slash("politique", "5.10")
            assert await bot.stop() == 0
        assert slack.messages.empty()
        assert "refuse" not in str(in_channel(server, alice.channel))


@pytest.mark.parametrize("told", [True, False])
async def test_a_bot_put_out_of_its_discord_server_says_nothing_of_anyone(kept: Kept, *, told: bool) -> None:
    async with workspace(SOCKET_MODE) as slack, DiscordServer() as server:
        alice = Person(server, "alice")
        async with running(settings(kept, slack, server, alice), program=brisk(BOT)) as bot:
            for name in ("Slack", "Discord"):
                await bot.until(f"{name}\u00a0: prêt.")
            server.expel(alice.guild.id, told=told)
            kept.cause("un", Account("discord", "", str(alice.id)))
            assert "Discord me refuse" in shown((await slack.message())["blocks"])
            server.invite(alice.guild.id)
            await server.until(lambda: DEAD in str(in_channel(server, alice.direct)))
            await ready(kept, "discord", expected=True)
            assert await bot.stop() == 0
        assert slack.messages.empty()


async def test_a_token_refused_at_the_start_is_tried_again_and_what_waits_then_leaves(kept: Kept) -> None:
    async with workspace(SOCKET_MODE) as slack, DiscordServer() as server:
        alice = Person(server, "alice")
        slack.proxy.refused = "org_login_required"
        async with running(settings(kept, slack, server, alice), program=brisk(BOT)) as bot:
            await bot.until("Discord\u00a0: prêt.")
            await bot.until("Slack\u00a0: Slack refuse la connexion (org_login_required)")
            kept.cause("un", Account("slack", TEAM, ALICE))
            await server.until(lambda: "Slack me refuse" in str(in_channel(server, alice.channel)))
            slack.proxy.refused = ""
            assert DEAD in shown((await slack.message())["blocks"])
            await bot.until("Slack\u00a0: prêt.")
            assert await bot.stop() == 0


async def test_the_bot_does_not_start_for_another_workspace(kept: Kept) -> None:
    async with workspace(SOCKET_MODE) as slack:
        wrong = {**slack.settings, "VIGIE_SLACK_EQUIPE": "T0AUTRE"}
        async with running(kept.settings(wrong, f"slack:T0AUTRE/{ALICE}")) as bot:
            assert await bot.ended() == Ending.MISSET
        [line] = [line for line in bot.lines if line.startswith("Slack\u00a0:")]
        assert f"le jeton est celui de l'espace {TEAM}, pas de VIGIE_SLACK_EQUIPE" in line


@pytest.mark.parametrize("failing", [["chat.postMessage"], ["chat.postMessage", "conversations.open"]])
async def test_what_slack_tells_a_person_and_then_denies_comes_once(kept: Kept, failing: list[str]) -> None:
    async with workspace(SOCKET_MODE) as slack:
        settings = kept.settings({**slack.settings, "VIGIE_SLACK_EQUIPE": TEAM}, f"slack:{TEAM}/{CAROL}")
        async with running(settings, program=brisk(BOT)) as bot:
            await bot.until("Slack\u00a0: prêt.")
            for method in failing:
                slack.proxy.act_then_fail(method)
            kept.cause("un", Account("slack", TEAM, ALICE))
            await kept.until_sent(1)
            assert await bot.stop() == 0
        assert slack.messages.qsize() == 1
        assert slack.proxy.calls.count("/api/chat.postMessage") == 1
        assert slack.proxy.calls.count("/api/conversations.open") == len(failing), "it was looked for"


@pytest.mark.parametrize("readable", [True, False])
async def test_an_announcement_that_slack_makes_and_then_denies_comes_once_where_history_can_be_read(
    kept: Kept, *, readable: bool
) -> None:
    async with workspace(SOCKET_MODE) as slack:
        if readable:
            slack.proxy.rules.granted.add("channels:history")
        async with running(
            kept.settings({**slack.settings, "VIGIE_SLACK_EQUIPE": TEAM}, f"slack:{TEAM}/{ALICE}"),
            program=brisk(BOT),
        ) as bot:
            await bot.until("Slack\u00a0: prêt.")
            slack.proxy.act_then_fail("chat.postMessage")
            with beside(kept.database) as db:
                to = f"channel:slack/{TEAM}/{CHANNEL}"
                enqueue(db, Delivery("un", to, DEAD_LETTER, WORD, urgent=True), datetime.now(UTC))
            await kept.until_sent(1)
            assert await bot.stop() == 0
        assert slack.messages.qsize() == (1 if readable else 2), "docs/exploitation.md says so"
