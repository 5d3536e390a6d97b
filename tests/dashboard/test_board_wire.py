"""The figures on both platforms: a month, the one before, its picture; refused to who may not see them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.dashboard import periods
from bot.people.persons import Account
from tests.torture import life
from tests.torture.revision import PROGRAM
from tests.wire.brisk import brisk
from tests.wire.discord_people import Person
from tests.wire.discord_server import DiscordServer
from tests.wire.slack_server import ALICE, BOB, SOCKET_MODE, TEAM, workspace
from tests.wire.test_kept_wire import Kept
from tests.wire.test_quiz_wire import OnDiscord, OnSlack
from tests.wire.test_report_wire import appoint

MONTH = periods.latest_month(datetime.now(ZoneInfo("America/Toronto")).date())
BEFORE = MONTH.previous.title.capitalize()
PNG = b"\x89PNG"


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


async def test_on_discord_the_administration_looks_at_months_and_receives_a_picture(kept: Kept) -> None:
    async with DiscordServer() as server:
        admin, other = (OnDiscord(Person(server, name)) for name in ("vera", "bob"))
        known = {**server.environment, "VIGIE_DISCORD_SERVEUR": str(admin.person.guild.id)}
        settings = kept.settings(known, f"discord:{admin.person.id}")
        async with life.running(settings, program=brisk(PROGRAM)) as bot:
            board = await admin.command("vigie", "tableau")
            assert f"Tableau de bord, {MONTH.title}" in board.words
            assert "Moins de 5" in board.words
            before = await admin.press(board, BEFORE)
            assert f"Tableau de bord, {MONTH.previous.title}" in before.words
            assert "Aucun nombre n'est exact" in (await admin.press(before, "Comment c'est compté")).words
            assert "Cela revient" in (await other.command("vigie", "tableau")).words
            assert "L'image arrive" in (await admin.command("vigie", f"tableau image {MONTH.id}")).words
            [file] = (await admin.hears(f"Le tableau de bord, {MONTH.title}")).whole.attachments
            assert (server.backend.cdn.get(file["url"]) or b"").startswith(PNG)
            assert await bot.stop() == 0


async def test_on_slack_who_holds_a_role_of_the_setting_looks_at_months_and_receives_a_picture(
    kept: Kept,
) -> None:
    async with workspace(SOCKET_MODE) as slack:
        appoint(kept.database, vp_communications=Account("slack", TEAM, BOB))
        known = {**slack.settings, "VIGIE_SLACK_EQUIPE": TEAM, "VIGIE_RAPPORT_ROLES": "vp-communications"}
        settings = kept.settings(known, f"slack:{TEAM}/{ALICE}")
        me = OnSlack(slack, BOB, await slack.direct(BOB), [])
        async with life.running(settings, program=brisk(PROGRAM)) as bot:
            await slack.proxy.socket_opened()
            board = await me.command("/vigie", "tableau", "Tableau de bord")
            assert MONTH.title in board.words
            before = await me.press(board, BEFORE)
            assert MONTH.previous.title in before.words
            await slack.press(board.whole, "Recevoir l'image", user=BOB)
            file = await me.next(lambda one: bool(one.get("files")))
            assert (await slack.download(file)).startswith(PNG)
            assert await bot.stop() == 0
