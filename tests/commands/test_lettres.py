"""Deciding, in chat, of what could be sent to nobody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.commands import lettres
from bot.conversation.messages import Message
from bot.conversation.requests import Request, UserError
from bot.outbox import rows
from bot.outbox.notices import DEAD_LETTER, NoticeContext, Notices
from bot.people import office as shared
from bot.people import roles
from bot.times import Calendar
from tests.kits.outbox import ALICE_ON_SLACK, BOB_ON_SLACK, Office, office, said


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path / "vigie.db") as it:
        yield it


def asked(bureau: Office, line: str) -> str:
    services = shared.Office(bureau.storage, bureau.clock, Calendar(ZoneInfo("America/Toronto")))
    return said(lettres.settle(services, bureau.notices(), Request("lettres", line)))


async def test_the_buttons_of_the_announcement_send_the_message_again_or_give_it_up(bureau: Office) -> None:
    lost, admin = bureau.person(ALICE_ON_SLACK), bureau.person(BOB_ON_SLACK)
    bureau.appoint(roles.ADMINISTRATION, admin)
    for key in ("un", "deux"):
        bureau.slack.script.append("closed")
        bureau.enqueue(key, f"person:{lost}")
        await bureau.send()
    assert "2 × avis" in asked(bureau, "")
    with bureau.storage.transaction() as db:
        arguments = {"row": bureau.row("un")["id"], "notice": "avis", "problem": "closed"}
        message = Notices().build(NoticeContext(db, bureau.clock().date()), DEAD_LETTER.name, arguments)
    assert isinstance(message, Message)
    again, drop = (str(getattr(button, "command", "")) for button in message.buttons())
    assert "de nouveau" in asked(bureau, again.removeprefix("lettres "))
    await bureau.send()
    assert bureau.slack.received["person:slack/T1/U1"] == ["avis {'n': 'un'}"]
    with pytest.raises(UserError, match="rien à régler"):
        asked(bureau, drop.removeprefix("lettres "))
    assert "annulé" in asked(bureau, "annuler")
    assert bureau.row("deux")["state"] == "cancelled"
    assert "aucun." in asked(bureau, "")
    with pytest.raises(UserError, match="Écrivez"):
        asked(bureau, "n'importe quoi")


async def test_what_dies_again_is_announced_again(bureau: Office) -> None:
    lost, admin = bureau.person(ALICE_ON_SLACK), bureau.person(BOB_ON_SLACK)
    bureau.appoint(roles.ADMINISTRATION, admin)
    bureau.enqueue("un", f"person:{lost}")
    for _ in range(2):
        bureau.slack.script.append("closed")
        await bureau.send()
        with bureau.storage.transaction() as db:
            rows.settle_dead(db, bureau.clock(), send=True)
    assert len(bureau.slack.received["person:slack/T1/U2"]) == 2
