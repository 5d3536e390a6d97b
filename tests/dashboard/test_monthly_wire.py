"""The report of the month on both platforms: a file, once, to who holds the roles, whatever is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from bot.dashboard import monthly
from bot.people import persons
from bot.people.persons import Account
from bot.storage.database import beside
from tests.kits.office import CALENDAR
from tests.torture import life
from tests.torture.revision import PROGRAM
from tests.wire.brisk import brisk
from tests.wire.discord_people import Person
from tests.wire.discord_server import DiscordServer
from tests.wire.slack_server import ALICE, BOB, SOCKET_MODE, TEAM, workspace
from tests.wire.test_kept_wire import Kept
from tests.wire.test_quiz_wire import OnDiscord, OnSlack
from tests.wire.test_report_wire import appoint

ROLES: Final = ("vp-communications", "conseiller-executif")
MONTH: Final = monthly.latest_due(CALENDAR.day(datetime.now(UTC)), CALENDAR)
REPORT: Final = "À regarder d'abord"
PDF: Final = b"%PDF"
PEOPLE, UNANSWERED = 6, 12


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


def count_a_month(kept: Kept) -> None:
    """Have counted since the month before the report's, of which there is something to say."""
    before = MONTH.previous
    with beside(kept.database) as db:
        for number in range(PEOPLE):
            persons.known(db, Account("discord", "", str(number)))
        days = (before.first, before.last, MONTH.first)
        db.conn.execute("INSERT INTO counted_periods VALUES (?, ?, ?)", [day.isoformat() for day in days])
        db.conn.execute(
            "INSERT INTO nameless_counts VALUES ('unanswered', 'pa20', '', ?, ?)", (MONTH.id, UNANSWERED)
        )


def queue(kept: Kept) -> None:
    """Queue what is due, as the first working day does."""
    with beside(kept.database) as db:
        monthly.queue_reports(db, ROLES, CALENDAR, datetime.now(UTC))


async def test_on_slack_its_file_and_its_message_come_once_though_slack_asks_to_wait(kept: Kept) -> None:
    async with workspace(SOCKET_MODE) as slack:
        bob = Account("slack", TEAM, BOB)
        appoint(kept.database, vp_communications=bob, conseiller_executif=bob)
        count_a_month(kept)
        own = {**slack.settings, "VIGIE_SLACK_EQUIPE": TEAM, "VIGIE_RAPPORT_ROLES": ", ".join(ROLES)}
        settings = kept.settings(own, f"slack:{TEAM}/{ALICE}")
        me = OnSlack(slack, BOB, await slack.direct(BOB), [])
        async with life.running(settings, program=brisk(PROGRAM)) as bot:
            await me.hears("Bienvenue!")
            for _ in "12":
                slack.proxy.limit("chat.postMessage", 1)
            queue(kept)
            file = await me.next(lambda one: bool(one.get("files")))
            assert (await slack.download(file)).startswith(PDF)
            assert "sans réponse" in (await me.hears(REPORT)).words
            await bot.kill()
        queue(kept)
        async with life.running(settings, program=brisk(PROGRAM)) as bot:
            await slack.proxy.socket_opened()
            board = await me.command("/vigie", f"tableau {MONTH.id}", "Tableau de bord")
            assert MONTH.title in board.words
            assert await bot.stop() == 0
        assert not [one for one in me.heard if one.get("files")]
        assert slack.proxy.calls.count("/api/files.completeUploadExternal") == 1
        assert slack.proxy.repeated() == []


async def test_on_discord_it_comes_once_to_each_holder_and_who_cannot_receive_it_is_told_of(
    kept: Kept,
) -> None:
    async with DiscordServer() as server:
        vera, noe = (OnDiscord(Person(server, name)) for name in ("vera", "noe"))
        first, second = (Account("discord", "", str(one.person.id)) for one in (vera, noe))
        appoint(kept.database, vp_communications=first, conseiller_executif=second)
        count_a_month(kept)
        own = {"VIGIE_DISCORD_SERVEUR": str(vera.person.guild.id), "VIGIE_RAPPORT_ROLES": ", ".join(ROLES)}
        settings = kept.settings(server.environment | own, f"discord:{first.user}")
        async with life.running(settings, program=brisk(PROGRAM)) as bot:
            for holder in (vera, noe):
                await holder.hears("Bienvenue!")
            server.limit(f"/channels/{vera.person.direct}/messages", retry_after=0.2, times=2)
            server.refuse(f"/channels/{noe.person.direct}/messages", status=403, code=50007)
            queue(kept)
            [file] = (await vera.hears(REPORT)).whole.attachments
            assert (server.backend.cdn.get(file["url"]) or b"").startswith(PDF)
            assert "le rapport du mois" in (await vera.hears("fermés")).words
            await bot.kill()
        queue(kept)
        async with life.running(settings, program=brisk(PROGRAM)) as bot:
            assert MONTH.title in (await noe.command("vigie", f"tableau {MONTH.id}")).words
            assert await bot.stop() == 0
        assert len(vera.told(REPORT)) == 1
