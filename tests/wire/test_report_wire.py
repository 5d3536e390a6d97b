"""Reports over the wire, with the unmodified bot: from someone who reports to those who receive, and back."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from simcord.backend.models import Message

from bot.people import persons, roles
from bot.people.persons import Account
from bot.storage.database import Storage, beside
from tests.kits.effort import PATIENCE
from tests.kits.platforms.slack_checks import shown
from tests.torture import life
from tests.wire.bot_process import BOT, MODELS, free_port, running
from tests.wire.brisk import brisk
from tests.wire.discord_people import Answer, Person, text_of
from tests.wire.discord_server import DiscordServer
from tests.wire.slack_server import ALICE, BOB, CHANNEL, SOCKET_MODE, TEAM, workspace

Json = dict[str, Any]
POST = "https://m.facebook.com/spotted/posts/123?fbclid=AbC"
SAYS = "On y dit que l'association vole ses membres."
SINCE = date(2026, 1, 1)
APPOINTED = "Qui lit les signalements change"
CLOCKED = brisk(("-m", "tests.torture.clocked"))
HOUR = 3_600
# One place for each hour of the day, without daylight saving time.
PLACES = (
    *("Pacific/Pago_Pago", "Pacific/Honolulu", "Pacific/Gambier", "Pacific/Pitcairn", "America/Phoenix"),
    *("America/Regina", "America/Panama", "America/Puerto_Rico", "America/Sao_Paulo"),
    *("Atlantic/South_Georgia", "Atlantic/Cape_Verde", "Africa/Abidjan", "Africa/Lagos"),
    *("Africa/Johannesburg", "Africa/Nairobi", "Asia/Dubai", "Asia/Karachi", "Asia/Dhaka", "Asia/Bangkok"),
    *("Asia/Singapore", "Asia/Tokyo", "Australia/Brisbane", "Pacific/Noumea", "Pacific/Tarawa"),
)


def appoint(database: Path, **holders: Account) -> None:
    """Have these people hold roles, named as in the registry with underscores."""
    Storage(database).close()
    with beside(database) as db:
        roles.seed(db)
        for role, account in holders.items():
            roles.appoint(db, role.replace("_", "-"), persons.known(db, account), SINCE)


def of_reports(who: Person) -> list[Message]:
    """Return what someone was told in private, but for who now holds a role."""
    return [message for message in who.said(who.direct) if APPOINTED not in text_of(message)]


def by_night() -> str:
    """Return a time zone where it is past midnight: nobody is then welcomed to their role.

    Neither are they for the hours by which the tests move the clock.
    """
    now = datetime.now(UTC)
    return min(PLACES, key=lambda place: now.astimezone(ZoneInfo(place)).hour)


def code_in(text: str) -> str:
    """Return the nine words that a message gives."""
    match = re.search(r"^`?((?:[^\W\d_]+ ){8}[^\W\d_]+)`?$", text, re.MULTILINE)
    assert match, text
    return match[1]


def residue(database: Path, *secrets: str) -> list[str]:
    """Return what is found in the clear in the database's files."""
    content = b"".join(file.read_bytes() for file in database.parent.glob(f"{database.name}*"))
    return [secret for secret in secrets if secret.encode() in content]


async def until_delivered(database: Path) -> None:
    """Wait until it is noted that a holder was told."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with beside(database) as db:
                if db.conn.execute("SELECT delivered_at FROM report_cases").fetchone()[0]:
                    return
            await asyncio.sleep(0.2)  # another process writes: there is no event


async def test_on_discord_a_report_goes_from_one_to_the_next_and_is_followed_to_its_end(
    tmp_path: Path,
) -> None:
    database, shift = tmp_path / "vigie.db", tmp_path / "shift"
    shift.write_text("0", "ascii")
    async with DiscordServer() as server:
        alice, vp, advisor = (Person(server, name) for name in ("alice", "vp", "conseil"))
        appoint(
            database,
            vp_communications=Account("discord", "", str(vp.id)),
            conseiller_executif=Account("discord", "", str(advisor.id)),
        )
        settings = {
            **server.environment,
            "VIGIE_DB": str(database),
            "VIGIE_MODELES": str(MODELS),
            "VIGIE_SANTE_PORT": str(free_port()),
            "VIGIE_DISCORD_SERVEUR": str(alice.guild.id),
            "VIGIE_FUSEAU": by_night(),
        }
        async with life.running(settings, program=(*CLOCKED, str(shift))):
            code = await _report_on_discord(alice)
            await server.until(lambda: len(of_reports(vp)) == 1, within=30)
            alert = of_reports(vp)[0]
            assert "Un nouveau signalement" in text_of(alert)
            assert SAYS not in text_of(alert)
            await until_delivered(database)
            shift.write_text(str(5 * HOUR), "ascii")
            await server.until(lambda: len(of_reports(vp)) == 2, within=30)
            assert "attend d'être ouvert" in text_of(of_reports(vp)[1])
            assert not of_reports(advisor)
        shift.write_text(str(30 * HOUR), "ascii")
        async with life.running(settings, program=(*CLOCKED, str(shift))):
            await server.until(lambda: len(of_reports(advisor)) == 1, within=30)
            assert len(of_reports(vp)) == 2, "once at each level"
            opened = await vp.press(alert, "Ouvrir")
            assert opened.private
            assert opened.message.id != alert.id
            assert SAYS in opened.text
            assert "fbclid" not in opened.text
            page = await _follow_on_discord(alice, code)
            assert "Lu" in page.text
            form = await vp.press(opened.message, "Poser une question")
            await vp.submit(form, texte="De quelle page s'agit-il?")
            page = await _follow_on_discord(alice, code)
            assert "De quelle page s'agit-il?" in page.text
            form = await alice.press(page.message, "Répondre")
            review = await alice.submit(form, texte="De la page principale.")
            assert "C'est ajouté" in (await alice.press(review.message, "Envoyer")).text
            seen = await vp.slash("vigie", "signalements", direct=True)
            assert seen.private, "it is shown for a moment, in a private conversation too"
            wrong = await _follow_on_discord(alice, " ".join(reversed(code.split())))
            assert "n'ouvre aucun signalement" in wrong.text
        assert not residue(database, str(alice.id), SAYS, "spotted", code)
        assert not [one for one in alice.said(alice.channel) if not one.is_ephemeral]
        assert not alice.said(alice.direct)


async def _report_on_discord(who: Person) -> str:
    first = await who.slash("signalement")
    assert first.private
    urgent = await who.press(first.message, "Urgent")
    form = await who.press(urgent.message, "Continuer")
    review = await who.submit(form, adresse=POST, propos=SAYS, nom="")
    assert review.private
    sent = await who.press(review.message, "Envoyer")
    assert sent.private
    return code_in(sent.text)


async def _follow_on_discord(who: Person, code: str) -> Answer:
    first = await who.slash("signalement")
    return await who.submit(await who.press(first.message, "J'ai déjà un code"), code=code)


async def test_on_slack_a_report_is_made_read_and_withdrawn(tmp_path: Path) -> None:
    database = tmp_path / "vigie.db"
    appoint(database, vp_communications=Account("slack", TEAM, BOB))
    async with workspace(SOCKET_MODE) as slack:

        async def next_said() -> Json:
            while APPOINTED in shown((message := await slack.message())["blocks"]):
                pass  # beside what the test is about
            return message

        settings = {
            **slack.settings,
            "VIGIE_DB": str(database),
            "VIGIE_SLACK_EQUIPE": TEAM,
            "VIGIE_FUSEAU": by_night(),
        }
        async with running(settings, program=brisk(BOT)) as bot:
            await bot.until("prêt")
            await slack.command("/signalement")
            first = await next_said()
            assert first["ephemeral_to"] == ALICE
            await slack.press(first, "Urgent")
            urgent = await next_said()
            assert (urgent["changed"], urgent["ephemeral_to"]) == (True, ALICE)
            await slack.press(urgent, "Continuer")
            window = await slack.window()
            assert window is not None
            await slack.submit({"adresse": POST, "propos": SAYS, "nom": ""})
            assert await slack.window() is None
            review = await next_said()
            assert review["ephemeral_to"] == ALICE
            assert SAYS in shown(review["blocks"])
            await slack.press(review, "Envoyer")
            sent = await next_said()
            assert sent["ephemeral_to"] == ALICE
            code = code_in("\n".join(shown(block) for block in sent["blocks"]))
            alert = await next_said()
            assert "Un nouveau signalement" in shown(alert["blocks"])
            assert SAYS not in shown(alert["blocks"])
            assert "ephemeral_to" not in alert
            await slack.press(alert, "Ouvrir", user=BOB)
            opened = await next_said()
            assert (opened["ephemeral_to"], opened["changed"]) == (BOB, False)
            assert SAYS in shown(opened["blocks"])
            await slack.command("/signalement")
            await slack.press(await next_said(), "J'ai déjà un code")
            assert await slack.window() is not None
            await slack.submit({"code": code})
            assert await slack.window() is None
            page = await next_said()
            assert "Lu" in shown(page["blocks"])
            await slack.press(page, "Retirer mon signalement")
            await slack.press(await next_said(), "Le retirer")
            assert "retiré et détruit" in shown((await next_said())["blocks"])
            assert await bot.stop() == 0
        assert not residue(database, ALICE, SAYS, "spotted", code)
        with beside(database) as db:
            assert db.conn.execute("SELECT count(*) FROM report_filings").fetchone() == (0,)
        for unwanted in (ALICE, CHANNEL, SAYS, "signalement"):
            assert unwanted not in bot.log
