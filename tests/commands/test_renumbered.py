"""What cites the clause on negative posts, once a revision gave it another number, without a restart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from sqlite_utils import Database

from bot.conversation.forms import Form
from bot.conversation.messages import Message
from bot.people import persons, roles
from bot.platforms.discord.client import command_line
from bot.platforms.discord.commands import commands_payload
from bot.platforms.slack.manifest import slack_manifest
from bot.reports.checks import check_reports
from bot.reports.figures import digest, export
from bot.settings import BOT
from bot.web.form import WebForm
from tests.kits.people import COMMUNICATIONS_ROLE
from tests.kits.reports.chat import FIELDS, REPORTER, VP, code_in, pressed
from tests.kits.revision_commands import TEXT, World, words, world
from tests.policy.test_identities import shifted

ALBUM = "- 5.10 Un album de photographies rappelle les activités de l'association.\n"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


async def renumber(desk: World) -> None:
    """Put in force a text where a clause was inserted before 5.10."""
    await desk.approve(shifted(TEXT, 5, 10, ALBUM), "2026-11-20", desk.today.isoformat())
    await desk.beat()
    assert desk.services.library.default.versions[-1].key == "2026-11-20"


async def test_a_report_rests_on_the_same_clause_under_its_new_number(desk: World) -> None:
    assert await _clause(desk) == "5.10"
    await renumber(desk)
    assert await _clause(desk) == "5.11"


async def _clause(desk: World) -> str:
    first = await desk.ask("signalement", REPORTER)
    assert isinstance(first, Message)
    return first.quotes()[0].clause


async def test_the_web_form_quotes_the_same_words(desk: World) -> None:
    form = WebForm(desk.services.reporting, port=0)
    before = form._quotation()
    await renumber(desk)
    after = form._quotation()
    assert before.caption.startswith("PA20, 5.10 (")
    assert after.caption.startswith("PA20, 5.11 (")
    assert before.paragraphs == after.paragraphs


async def test_what_is_pasted_into_slack_and_what_discord_holds_stay_true(desk: World) -> None:
    """Nothing has to be pasted or registered again: no number is in it."""
    commands = desk.dispatcher.commands

    def written() -> tuple[object, object]:
        return slack_manifest(commands, bot=BOT), commands_payload(commands, "vigie")

    before = written()
    assert "Signaler (PA20)" in str(before[0])
    assert "Signaler (PA20)" in str(before[1])
    await renumber(desk)
    assert written() == before


async def test_help_follows_the_number(desk: World) -> None:
    await renumber(desk)
    assert "/politique 5.11" not in words(await desk.ask("aide", REPORTER))


@pytest.mark.parametrize("label", ["Signaler (PA20)", "Signaler (PA20, 5.10)", "Signaler"])
async def test_a_menu_that_discord_still_shows_under_a_former_label_reports_all_the_same(
    desk: World, label: str
) -> None:
    """Otherwise its post would be asked as a question, by someone who has a name."""
    await renumber(desk)
    post = {"content": "https://www.facebook.com/spotted/posts/123"}
    data = {"type": 3, "name": label, "target_id": "1", "resolved": {"messages": {"1": post}}}
    assert command_line(data, desk.dispatcher.commands).startswith("signalement ")


async def test_what_reporters_and_holders_read_cites_the_new_number(
    desk: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def appoint(db: Database) -> None:
        roles.appoint(db, COMMUNICATIONS_ROLE, persons.known(db, VP), desk.today)

    await desk.run(appoint)
    form = await desk.ask(pressed(await desk.ask("signalement", REPORTER), "Continuer"), REPORTER)
    assert isinstance(form, Form)
    review = await desk.ask(form.command, REPORTER, **FIELDS)
    code = code_in(await desk.ask(pressed(review, "Envoyer"), REPORTER))
    await renumber(desk)
    desk.clock.move(hours=2)
    await desk.beat()
    case = await desk.ask(pressed(await desk.ask("signalements", VP), "Ouvrir"), VP)
    closing = await desk.ask(pressed(case, "Clore"), VP)
    assert "Hors du sujet de la clause 5.11" in str(closing)
    assert isinstance(closing, Form)
    closed = await desk.ask(closing.command, VP, issue="off_topic", texte="Ce n'est pas notre affaire.")
    assert "Hors du sujet de la clause 5.11" in words(closed)
    assert "Hors du sujet de la clause 5.11" in await desk.said("signalement suivi", REPORTER, code=code)

    records = desk.services.records
    subtitles: list[str] = []

    def draw(_: Path, data: Mapping[str, str], _format: str) -> bytes:
        subtitles.append(data["subtitle"])
        return b""

    monkeypatch.setattr(digest, "typeset", draw)
    await digest.send_digests(desk.storage, records, {}, desk.clock())
    assert subtitles == ["PA20, 5.11, le 24\u00a0novembre\u00a02026"]

    def documents(db: Database) -> tuple[str, list[str]]:
        [[case_id]] = db.conn.execute("SELECT id FROM report_cases").fetchall()
        findings = check_reports(db, desk.volume / "cles", desk.today, records.ground())
        exported = export.export(records.at(db), case_id, "AGE")
        return str(exported["subtitle"]), [finding.text for finding in findings]

    subtitle, findings = await desk.run(documents)
    assert subtitle.startswith("PA20, 5.11. ")
    assert "un destinataire de la clause 5.11 au moins n'est pas nommé (vigie roles lister)." in findings
