"""Reading, alone, what could not be sent in private."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.commands import lire
from bot.conversation.messages import Message
from bot.conversation.requests import Actor, Request, UserError
from bot.outbox import routes
from bot.people import office as shared
from bot.times import Calendar
from tests.kits.outbox import ALICE_ON_DISCORD, BOB_ON_SLACK, RELAY, Office, office, said
from tests.kits.people import COUNCIL_ROLE

ALICE, BOB = Actor("discord", "9", ALICE_ON_DISCORD.user), Actor("slack", "T1", BOB_ON_SLACK.user)


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path / "vigie.db", relays=(RELAY,)) as it:
        yield it


def read(bureau: Office, row_id: object, actor: Actor) -> str:
    calendar = Calendar(ZoneInfo("America/Toronto"))
    services = shared.Office(bureau.storage, bureau.clock, calendar)
    reply = lire.read(services, bureau.notices(), Request("lire", str(row_id), actor))
    assert isinstance(reply, Message)
    return said(reply)


@pytest.mark.parametrize("by_role", [False, True])
async def test_the_button_in_the_thread_shows_the_message_to_that_person_alone(
    bureau: Office, *, by_role: bool
) -> None:
    alice = bureau.person(ALICE_ON_DISCORD)
    bureau.person(BOB_ON_SLACK)
    bureau.appoint(COUNCIL_ROLE, alice)
    bureau.discord.script.append("closed")
    bureau.enqueue("un", f"role:{COUNCIL_ROLE}" if by_role else f"person:{alice}")
    await bureau.send()
    assert list(bureau.discord.received) == [f"thread:discord/{RELAY}/11"]
    row = bureau.row(f"un→{alice}" if by_role else "un")
    assert read(bureau, row["id"], ALICE) == "avis {'n': 'un'}"
    for number, actor in ((row["id"], BOB), ("inconnu", ALICE), (row["id"], Actor("slack", "T1", "U9"))):
        with pytest.raises(UserError, match="pas pour ce compte"):
            read(bureau, number, actor)


async def test_who_lost_the_role_reads_no_more_and_what_was_not_read_goes_to_the_new_holder(
    bureau: Office,
) -> None:
    alice, bob = bureau.person(ALICE_ON_DISCORD), bureau.person(BOB_ON_SLACK)
    bureau.appoint(COUNCIL_ROLE, alice)
    for key in ("lu", "pas lu"):
        bureau.discord.script.append("closed")
        bureau.enqueue(key, f"role:{COUNCIL_ROLE}")
        await bureau.send()
    row = bureau.row(f"lu→{alice}")
    assert read(bureau, row["id"], ALICE) == "avis {'n': 'lu'}"
    bureau.appoint(COUNCIL_ROLE, bob, bureau.clock().date())
    with pytest.raises(UserError, match="pas pour ce compte"):
        read(bureau, row["id"], ALICE)
    for _ in range(2):  # at each beat of the clock
        with bureau.storage.transaction() as db:
            routes.hand_over(db, bureau.clock().date(), bureau.clock())
    await bureau.send()
    assert bureau.slack.received == {"person:slack/T1/U2": ["avis {'n': 'pas lu'}"]}
