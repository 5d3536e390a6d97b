"""The outbox, on a real SQLite file, with a clock that the test moves."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.conversation.messages import Message
from bot.outbox import pump, rows
from bot.outbox.examples import outbox_examples
from bot.outbox.notices import DEAD_LETTER, READ_COMMAND, NoticeContext, Notices
from bot.outbox.pump import SLOTS
from bot.outbox.routes import parse_address, write_address
from bot.outbox.sending import delivery_id
from bot.people import persons, roles
from bot.people.persons import Account
from bot.platforms.contract import Destination
from bot.privacy import personal_data
from bot.storage import state
from bot.times import Calendar
from tests.kits.effort import PATIENCE
from tests.kits.outbox import (
    ADMINISTRATORS,
    ALICE_ON_DISCORD,
    ALICE_ON_SLACK,
    BOB_ON_SLACK,
    MORNING,
    NIGHT,
    RELAY,
    AlwaysWorking,
    Office,
    delivery,
    office,
)
from tests.kits.people import COMMUNICATIONS_ROLE, COUNCIL_ROLE

ALICE_DM = "person:slack/T1/U1"


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path / "vigie.db") as it:
        yield it


@pytest.fixture
def alice(bureau: Office) -> str:
    return f"person:{bureau.person(ALICE_ON_SLACK)}"


# The ordinary way


async def test_what_is_written_with_a_fact_is_sent_once(bureau: Office, alice: str) -> None:
    assert bureau.enqueue("un", alice)
    assert not bureau.enqueue("un", alice)
    await bureau.send()
    await bureau.send()
    assert bureau.slack.received == {ALICE_DM: ["avis {'n': 'un'}"]}
    assert bureau.row("un")["sent_day"] == "2026-11-24"
    assert bureau.row("un")["claimed_at"] is None


async def test_what_is_rolled_back_with_its_fact_is_never_sent(bureau: Office, alice: str) -> None:
    def fact() -> None:
        with bureau.storage.transaction() as db:
            rows.enqueue(db, delivery("un", alice), bureau.clock())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fact()
    await bureau.send()
    assert bureau.slack.all() == []


async def test_nothing_is_sent_before_its_time(bureau: Office, alice: str) -> None:
    bureau.enqueue("un", alice, due_at=bureau.clock() + timedelta(hours=1))
    await bureau.send()
    assert bureau.slack.all() == []
    bureau.clock.move(hours=1)
    await bureau.send()
    assert len(bureau.slack.all()) == 1


async def test_messages_to_one_person_come_one_at_a_time_in_order_and_to_many_all_at_once(
    bureau: Office,
) -> None:
    crowd = [bureau.person(Account("slack", "T1", f"U{n}")) for n in range(10)]
    for message in range(3):
        for person in crowd:
            bureau.enqueue(f"{message} {person}", f"person:{person}")
    bureau.slack.together = asyncio.Barrier(len(crowd))
    async with asyncio.timeout(PATIENCE):
        await bureau.send()
    for n, person in enumerate(crowd):
        texts = bureau.slack.received[f"person:slack/T1/U{n}"]
        assert texts == [f"avis {{'n': '{message} {person}'}}" for message in range(3)]


async def test_what_is_urgent_goes_first(bureau: Office) -> None:
    crowd = [bureau.person(Account("slack", "T1", f"U{n}")) for n in range(40)]
    for person in crowd[:-1]:
        bureau.enqueue(person, f"person:{person}", urgent=False)
    bureau.enqueue("urgent", f"person:{crowd[-1]}")
    await bureau.send()
    assert "'urgent'" in bureau.slack.all()[0]


async def test_there_may_be_nothing_to_say_any_more(bureau: Office, alice: str) -> None:
    bureau.enqueue("un", alice, "rien")
    bureau.enqueue("deux", alice)
    with bureau.storage.transaction() as db:
        assert rows.cancel(db, "deux")
        assert not rows.cancel(db, "deux")
    await bureau.send()
    assert bureau.states() == {"cancelled": 2}


async def test_a_running_pump_sends_what_it_is_woken_for_and_ends_when_told(
    bureau: Office, alice: str
) -> None:
    async with bureau.running():
        await bureau.storage.run(lambda: bureau.enqueue("un", alice))
        bureau.pump.wake()
        await bureau.until_sent(1)


# Waiting


async def test_while_all_is_paused_nothing_is_sent_and_nothing_is_lost(bureau: Office, alice: str) -> None:
    bureau.enqueue("un", alice)
    with bureau.storage.transaction() as db:
        state.hoist(db, state.PAUSED, bureau.clock())
    await bureau.send()
    assert bureau.states() == {"queued": 1}
    with bureau.storage.transaction() as db:
        state.lower(db, state.PAUSED)
    await bureau.send()
    assert len(bureau.slack.all()) == 1


async def test_what_a_restoration_holds_is_not_sent(bureau: Office, alice: str) -> None:
    bureau.enqueue("un", alice)
    with bureau.storage.transaction() as db:
        db.conn.execute("UPDATE outbox SET state = 'held'")
    await bureau.send()
    assert bureau.slack.all() == []


async def test_what_is_not_urgent_waits_for_working_hours(bureau: Office, alice: str) -> None:
    bureau.clock.now = NIGHT
    bureau.calendar = Calendar(ZoneInfo("America/Toronto"))
    bureau.pump = bureau.new_pump()
    bureau.enqueue("pressé", alice, urgent=True)
    bureau.enqueue("tranquille", alice, urgent=False)
    await bureau.send()
    assert bureau.slack.all() == ["avis {'n': 'pressé'}"]
    assert bureau.row("tranquille")["due_at"] == "2026-11-25T14:00:00Z"
    bureau.clock.now = MORNING
    await bureau.send()
    assert len(bureau.slack.all()) == 2


async def test_a_pause_stops_what_was_waiting_for_its_turn_inside_its_platform(bureau: Office) -> None:
    crowd = [bureau.person(Account("slack", "T1", f"U{n}")) for n in range(10)]
    for person in crowd:
        bureau.enqueue(person, f"person:{person}")
    bureau.slack.together = asyncio.Barrier(len(crowd) + 1)
    sending = asyncio.create_task(bureau.send())
    async with asyncio.timeout(PATIENCE):
        while bureau.slack.together.n_waiting < len(crowd):  # noqa: ASYNC110 — a barrier tells of no arrival
            await asyncio.sleep(0.01)
        await bureau.storage.run(lambda: flagged(bureau))
        await bureau.slack.together.wait()
        await sending
    assert bureau.slack.all() == []
    assert {row["attempts"] for row in map(bureau.row, crowd)} == {0}
    bureau.slack.together = None
    with bureau.storage.transaction() as db:
        state.lower(db, state.PAUSED)
    await bureau.send()
    assert bureau.states() == {"sent": len(crowd)}
    assert bureau.slack.looked == 0, "nothing had left, so nothing is in doubt"


def flagged(bureau: Office) -> None:
    with bureau.storage.transaction() as db:
        state.hoist(db, state.PAUSED, bureau.clock())


# Trying again


async def test_a_platform_that_does_not_answer_is_tried_less_and_less_often_then_left(
    bureau: Office, alice: str
) -> None:
    bureau.slack.script.extend(["busy"] * rows.ATTEMPTS)
    bureau.enqueue("un", alice)
    waits = []
    for _ in range(rows.ATTEMPTS):
        assert bureau.states() == {"queued": 1}
        await bureau.send()
        due = datetime.fromisoformat(str(bureau.row("un")["due_at"]))
        waits.append((due - bureau.clock()).total_seconds())
        bureau.clock.now = max(due, bureau.clock())
    assert waits[:5] == [2, 4, 8, 16, 32]
    assert max(waits) == rows.CAP.total_seconds()
    await bureau.send()
    assert bureau.row("un")["state"] == "dead"
    assert bureau.states() == {"dead": 2}  # and its announcement, which reaches nobody


def test_waits_are_spread_between_half_and_the_whole_of_what_they_double_to() -> None:
    for attempts in range(1, 30):
        whole = min(rows.CAP, rows.BASE * 2 ** (attempts - 1))
        assert rows.backoff(attempts, 0.0) == whole / 2
        assert rows.backoff(attempts, 1.0) == whole


async def test_a_limit_is_waited_for_as_long_as_it_says_and_is_no_attempt(bureau: Office, alice: str) -> None:
    bureau.slack.script.append("limited")
    bureau.enqueue("un", alice)
    await bureau.send()
    row = bureau.row("un")
    assert (row["due_at"], row["attempts"], row["state"]) == ("2026-11-24T15:00:30Z", 0, "queued")
    bureau.clock.move(seconds=29)
    await bureau.send()
    assert bureau.slack.all() == []


async def test_a_limit_on_the_whole_platform_holds_what_goes_there_and_nothing_else(bureau: Office) -> None:
    on_slack = [bureau.person(Account("slack", "T1", f"U{n}")) for n in range(60)]
    on_discord = bureau.person(ALICE_ON_DISCORD)
    bureau.slack.script.append("limited-all")
    for person in on_slack:
        bureau.enqueue(person, f"person:{person}")
    bureau.enqueue("autre", f"person:{on_discord}")
    async with bureau.running():
        await bureau.until_sent(61)
    assert sorted(bureau.slack.all()) == sorted(f"avis {{'n': '{person}'}}" for person in on_slack)
    assert len(bureau.discord.all()) == 1


async def test_a_crowd_on_one_platform_does_not_keep_another_waiting(bureau: Office) -> None:
    crowd = [bureau.person(Account("slack", "T1", f"U{n}")) for n in range(300)]
    on_discord = bureau.person(ALICE_ON_DISCORD)
    for person in crowd:
        bureau.enqueue(person, f"person:{person}")
    bureau.enqueue("autre", f"person:{on_discord}")
    bureau.slack.together = asyncio.Barrier(SLOTS + 1)  # so many are under way, and none ends
    async with bureau.running():
        async with asyncio.timeout(PATIENCE):
            await bureau.news.wait()
        assert len(bureau.discord.all()) == 1
        assert bureau.slack.all() == []
        await bureau.pump.close(patience=0)


async def test_a_crowd_that_waits_for_its_platform_hides_nobody_from_another(bureau: Office) -> None:
    crowd = [bureau.person(Account("slack", "T1", f"U{n}")) for n in range(300)]
    on_discord = bureau.person(ALICE_ON_DISCORD)
    bureau.slack.wait = 3_600
    for person in crowd:
        bureau.enqueue(person, f"person:{person}")
    bureau.slack.script.extend(["limited-all"] * 30)
    await bureau.send()
    bureau.enqueue("autre", f"person:{on_discord}")
    await bureau.send()
    assert bureau.states() == {"queued": 300, "sent": 1}


async def test_a_message_that_cannot_be_made_is_put_off_then_announced(bureau: Office, alice: str) -> None:
    bureau.enqueue("un", alice, "brisé")
    for _ in range(rows.ATTEMPTS):
        await bureau.send()
        bureau.clock.move(hours=1)
    assert bureau.row("un")["state"] == "dead"
    assert bureau.row("un")["problem"] == "broken"


async def test_what_is_long_to_make_keeps_nobody_waiting(bureau: Office, alice: str) -> None:
    bureau.enqueue("un", alice, "long")
    bureau.enqueue("deux", f"person:{bureau.person(BOB_ON_SLACK)}")
    sending = asyncio.create_task(bureau.send())
    async with asyncio.timeout(PATIENCE):
        await asyncio.to_thread(bureau.workshop.begun.wait, 5)
        while "deux" not in str(bureau.slack.all()):
            bureau.news.clear()
            await bureau.news.wait()
        assert await bureau.storage.run(lambda: bureau.row("un")["state"]) == "queued"
        bureau.workshop.gate.set()
        await sending
    assert bureau.slack.received[ALICE_DM] == ["long {'n': 'un'}"]
    assert bureau.states() == {"sent": 2}


async def test_what_is_cancelled_while_it_is_being_made_is_not_sent(bureau: Office, alice: str) -> None:
    bureau.enqueue("un", alice, "long")
    sending = asyncio.create_task(bureau.send())
    await asyncio.to_thread(bureau.workshop.begun.wait, 5)
    with bureau.storage.transaction() as db:
        assert rows.cancel(db, "un")
    bureau.workshop.gate.set()
    await sending
    assert (bureau.slack.received, bureau.states()) == ({}, {"cancelled": 1})


async def test_what_cannot_be_made_in_the_end_is_put_off(bureau: Office, alice: str) -> None:
    bureau.workshop.breaks = True
    bureau.workshop.gate.set()
    bureau.enqueue("un", alice, "long")
    await bureau.send()
    assert (bureau.row("un")["state"], bureau.row("un")["problem"]) == ("queued", "broken")


async def test_what_was_being_made_when_the_pump_stopped_did_not_leave(bureau: Office, alice: str) -> None:
    bureau.enqueue("un", alice, "long")
    sending = asyncio.create_task(bureau.send())
    await asyncio.to_thread(bureau.workshop.begun.wait, 5)
    await bureau.die()
    bureau.workshop.gate.set()
    await sending
    assert bureau.row("un")["state"] == "queued"
    await bureau.send()
    assert bureau.slack.received == {ALICE_DM: ["long {'n': 'un'}"]}
    assert bureau.slack.looked == 0


@pytest.mark.parametrize(
    "spoiled",
    [
        "recipient = 'courriel:a@b.c'",
        "recipient = 'channel:slack'",
        "arguments = '{'",
        "tried = '['",
        "state = 'sending', claimed_at = '2026-11-24T14:00:00Z', route = 'ailleurs'",
        "state = 'sending', claimed_at = 'hier'",
    ],
)
async def test_a_row_that_makes_no_sense_is_buried_and_stops_no_other(
    bureau: Office, alice: str, spoiled: str
) -> None:
    bob = bureau.person(BOB_ON_SLACK)
    bureau.enqueue("mauvais", alice)
    bureau.enqueue("bon", f"person:{bob}")
    with bureau.storage.transaction() as db:
        db.conn.execute(f"UPDATE outbox SET {spoiled} WHERE key = 'mauvais'")  # noqa: S608 — our own words
    await bureau.send()
    assert len(bureau.slack.received["person:slack/T1/U2"]) == 1
    problem = "broken doubtful" if "sending" in spoiled else "broken"  # what was being sent may have arrived
    assert (bureau.row("mauvais")["state"], bureau.row("mauvais")["problem"]) == ("dead", problem)
    assert bureau.row(f"{DEAD_LETTER.name}:{bureau.row('mauvais')['id']}")


async def test_an_error_that_nobody_foresaw_does_not_end_the_pump(
    bureau: Office, alice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pump, "POLL_SECONDS", 0.01)
    bureau.enqueue("un", alice)
    once = iter([ZeroDivisionError()])

    def breaks(_: Calendar, moment: datetime) -> datetime:
        for error in once:
            raise error
        return moment

    monkeypatch.setattr(AlwaysWorking, "next_working", breaks)
    async with bureau.running():
        await bureau.until_sent(1)
        assert bureau.failures == 1
        assert bureau.pump.alive


async def test_a_pump_that_can_look_at_nothing_for_long_is_not_alive(
    bureau: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert bureau.pump.alive
    monkeypatch.setattr(pump, "SILENCE", -1)
    assert not bureau.pump.alive


async def test_a_database_that_cannot_be_read_shows_on_the_health_page_and_restarts_nothing(
    bureau: Office, alice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pump, "POLL_SECONDS", 0.01)
    bureau.enqueue("un", alice)
    assert bureau.storage.path
    bureau.storage._db.conn.execute("PRAGMA busy_timeout = 0")
    with closing(sqlite3.connect(bureau.storage.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        long_ago = time.monotonic() - pump.SILENCE
        bureau.pump._turned = bureau.pump._read = long_ago
        async with bureau.running():
            await bureau.until_failed(3)
            assert (bureau.pump.alive, bureau.pump.reading) == (True, False)
            other.execute("ROLLBACK")
            await bureau.until_sent(1)
            assert (bureau.pump.alive, bureau.pump.reading) == (True, True)


async def test_a_platform_that_is_away_for_hours_loses_nothing(bureau: Office, alice: str) -> None:
    for n in range(3):
        bureau.enqueue(str(n), alice)
    for _ in range(24):
        bureau.slack.script.append("away")
        await bureau.send()
        await bureau.die()  # what the pump waits for is real time
        bureau.clock.move(minutes=30)
    assert bureau.states() == {"queued": 3}
    assert bureau.row("0")["attempts"] == 0
    bureau.slack.script.clear()
    await bureau.send()
    assert bureau.states() == {"sent": 3}


async def test_what_is_for_a_platform_that_is_away_for_long_goes_by_the_persons_other_account(
    tmp_path: Path,
) -> None:
    with office(tmp_path / "vigie.db", administrators=True) as bureau:
        both, other = (
            bureau.person(ALICE_ON_DISCORD, ALICE_ON_SLACK),
            bureau.person(Account("discord", "", "12")),
        )
        for person in (both, other):
            bureau.enqueue(person, f"person:{person}")
        bureau.discord.script.extend(["away"] * 100)
        for _ in range(8):
            await bureau.send()
            bureau.pump._held.clear()  # what it waits for is real time
            bureau.clock.move(minutes=30)
        bureau.clock.move(minutes=-28)
        await bureau.send()
        assert bureau.slack.received == {ALICE_DM: [f"avis {{'n': '{both}'}}"]}, (
            "the administrators' channel too"
        )
        assert bureau.row(other)["state"] == "queued"


# A result that never came


@pytest.mark.parametrize("outcome", ["acted-unknown", "unknown"])
async def test_what_may_have_been_sent_is_looked_for_before_it_is_sent_again(
    bureau: Office, alice: str, outcome: str
) -> None:
    bureau.slack.script.append(outcome)  # type: ignore[arg-type]  # one of them
    bureau.enqueue("un", alice)
    await bureau.send()
    assert bureau.row("un")["state"] == "sending"
    bureau.clock.move(minutes=1)
    await bureau.send()
    assert bureau.slack.looked == 1
    assert len(bureau.slack.all()) == 1
    assert bureau.states() == {"sent": 1}


@pytest.mark.parametrize("outcome", ["acted-dead", "dead"])
async def test_what_was_leaving_when_the_process_died_is_looked_for_at_the_next_start(
    bureau: Office, alice: str, outcome: str
) -> None:
    bureau.slack.script.append(outcome)  # type: ignore[arg-type]  # one of them
    bureau.enqueue("un", alice)
    await bureau.send_until_death(bureau.slack)
    assert bureau.row("un")["state"] == "sending"
    bureau.clock.move(seconds=1)
    await bureau.send()
    assert len(bureau.slack.all()) == 1
    assert bureau.states() == {"sent": 1}


async def test_what_is_doubtful_stays_so_until_the_platform_says(bureau: Office, alice: str) -> None:
    bureau.slack.script.extend(["acted-unknown", "busy"])
    bureau.slack.forgetful = True
    bureau.enqueue("un", alice)
    await bureau.send()
    first = bureau.row("un")["claimed_at"]
    bureau.clock.move(minutes=1)
    await bureau.send()  # not found, so sent again, and refused for now
    assert (bureau.row("un")["state"], bureau.row("un")["claimed_at"]) == ("sending", first)
    bureau.slack.forgetful = False
    bureau.clock.move(minutes=1)
    await bureau.send()
    assert len(bureau.slack.all()) == 1


async def test_the_clock_was_ahead_when_it_left_and_it_is_still_found_at_once_when_it_is_right(
    bureau: Office, alice: str
) -> None:
    right = bureau.clock.now
    bureau.slack.clock = lambda: right
    bureau.clock.move(hours=1)
    bureau.slack.script.append("acted-unknown")
    bureau.enqueue("un", alice)
    bureau.enqueue("deux", alice)
    await bureau.send()
    bureau.clock.now = right + timedelta(seconds=10)
    await bureau.send()
    await bureau.send()
    assert bureau.states() == {"sent": 2}
    assert sorted(bureau.slack.all()) == ["avis {'n': 'deux'}", "avis {'n': 'un'}"]


async def test_the_clock_was_ahead_when_it_left_and_right_only_long_after(bureau: Office, alice: str) -> None:
    right = bureau.clock.now
    bureau.slack.clock = lambda: right
    bureau.clock.move(hours=1)
    bureau.slack.script.append("acted-unknown")
    bureau.enqueue("un", alice)
    await bureau.send()
    await bureau.die()
    bureau.clock.now = right + timedelta(hours=3)
    await bureau.send()
    assert len(bureau.slack.all()) == 1


async def test_what_failed_while_the_clock_was_ahead_is_not_put_off_by_an_hour(
    bureau: Office, alice: str
) -> None:
    bureau.clock.move(hours=1)
    bureau.slack.script.append("busy")
    bureau.enqueue("un", alice)
    await bureau.send()
    bureau.clock.move(hours=-1)
    await bureau.send()
    assert bureau.states() == {"sent": 1}


async def test_what_may_have_reached_a_former_holder_is_looked_for_there_and_goes_to_the_new_one(
    bureau: Office,
) -> None:
    alice, bob = bureau.person(ALICE_ON_SLACK), bureau.person(BOB_ON_SLACK)
    for outcome, key in (("unknown", "perdu"), ("acted-unknown", "arrivé")):
        bureau.appoint(COMMUNICATIONS_ROLE, alice, bureau.clock().date())
        bureau.slack.script.append(outcome)  # type: ignore[arg-type]  # one of them
        bureau.enqueue(key, f"role:{COMMUNICATIONS_ROLE}")
        await bureau.send()
        bureau.clock.move(days=1)
        bureau.appoint(COMMUNICATIONS_ROLE, bob, bureau.clock().date())
        await bureau.send()
        bureau.clock.move(days=1)
    assert bureau.slack.received == {
        "person:slack/T1/U2": ["avis {'n': 'perdu'}"],
        ALICE_DM: ["avis {'n': 'arrivé'}"],
    }


# Other ways


async def test_a_closed_conversation_leads_to_the_persons_other_account(bureau: Office) -> None:
    person = bureau.person(ALICE_ON_DISCORD, ALICE_ON_SLACK)
    bureau.discord.script.append("closed")
    bureau.enqueue("un", f"person:{person}")
    await bureau.send()
    assert bureau.slack.received == {ALICE_DM: ["avis {'n': 'un'}"]}


async def test_on_discord_a_private_thread_says_only_that_there_is_a_message(tmp_path: Path) -> None:
    with office(tmp_path / "vigie.db", relays=(RELAY,)) as bureau:
        person = bureau.person(ALICE_ON_DISCORD)
        bureau.discord.script.append("closed")
        bureau.enqueue("un", f"person:{person}")
        await bureau.send()
        [(where, [words])] = bureau.discord.received.items()
        assert where == f"thread:discord/{RELAY}/11"
        assert "J'ai un message pour vous" in words
        assert "avis" not in words


async def test_the_administrators_channel_learns_that_someone_is_not_reached_and_not_what_was_said(
    tmp_path: Path,
) -> None:
    with office(tmp_path / "vigie.db", administrators=True) as bureau:
        person = bureau.person(ALICE_ON_SLACK)
        bureau.slack.script.append("closed")
        bureau.enqueue("secret", f"person:{person}")
        await bureau.send()
        [words] = bureau.slack.received[write_address(ADMINISTRATORS)]
        assert "n'a pas pu être remis" in words
        assert "Je ne dis pas ici pour qui." in words, "« cette personne » would be nobody's"
        assert "«\u00a0lettres\u00a0»" in words
        assert "secret" not in words
        assert bureau.states() == {"sent": 1}
        [[fact]] = [facts for category, facts in held_of(bureau, person).items() if category.id == "messages"]
        assert fact["etat"] == "non remis, l'administration prévenue"


def held_of(bureau: Office, person: str) -> personal_data.Held:
    with bureau.storage.transaction() as db:
        return personal_data.held(db, person)


async def test_of_where_a_message_went_only_the_platform_is_kept(bureau: Office) -> None:
    person = bureau.person(ALICE_ON_DISCORD, ALICE_ON_SLACK)
    bureau.discord.script.extend(["closed", "closed"])
    bureau.slack.script.extend(["ok", "closed"])
    for key in ("un", "deux"):
        bureau.enqueue(key, f"person:{person}")
        await bureau.send()
    assert {bureau.row(key)["state"] for key in ("un", "deux")} == {"sent", "dead"}
    for key in ("un", "deux"):
        assert bureau.row(key)["route"] in {None, "slack", "discord"}  # no account, no channel
        assert bureau.row(key)["tried"] == "[]"


async def test_with_no_way_left_it_is_a_dead_letter_announced_to_the_administration(bureau: Office) -> None:
    lost, admin = bureau.person(ALICE_ON_SLACK), bureau.person(BOB_ON_SLACK)
    bureau.appoint(roles.ADMINISTRATION, admin)
    bureau.slack.script.append("closed")
    bureau.enqueue("un", f"person:{lost}")
    await bureau.send()
    assert bureau.row("un")["state"] == "dead"
    assert bureau.row("un")["problem"] == "closed (50007)"
    [announced] = bureau.slack.received["person:slack/T1/U2"]
    assert DEAD_LETTER.name in announced


async def test_an_announcement_that_reaches_nobody_is_not_announced_for_ever(
    bureau: Office, alice: str
) -> None:
    bureau.slack.script.append("closed")
    bureau.enqueue("un", alice)
    await bureau.send()
    assert bureau.states() == {"dead": 2}


async def test_a_platform_that_is_not_configured_any_more_is_no_way(bureau: Office) -> None:
    person = bureau.person(Account("ancienne", "", "1"), ALICE_ON_SLACK)
    bureau.enqueue("un", f"person:{person}")
    await bureau.send()
    assert len(bureau.slack.all()) == 1


# Roles


async def test_what_is_for_a_role_reaches_each_of_those_who_hold_it(bureau: Office) -> None:
    for account in (ALICE_ON_SLACK, BOB_ON_SLACK):
        bureau.appoint(COUNCIL_ROLE, bureau.person(account), replacing=False)
    bureau.enqueue("un", f"role:{COUNCIL_ROLE}")
    await bureau.send()
    assert {where: len(texts) for where, texts in bureau.slack.received.items()} == {
        ALICE_DM: 1,
        "person:slack/T1/U2": 1,
    }


async def test_a_handover_moves_what_is_not_sent_to_the_new_holder(bureau: Office) -> None:
    alice, bob = bureau.person(ALICE_ON_SLACK), bureau.person(BOB_ON_SLACK)
    bureau.appoint(COMMUNICATIONS_ROLE, alice)
    bureau.slack.script.append("busy")
    bureau.enqueue("un", f"role:{COMMUNICATIONS_ROLE}")
    await bureau.send()
    bureau.appoint(COMMUNICATIONS_ROLE, bob, bureau.clock().date())
    bureau.clock.move(hours=1)
    await bureau.send()
    assert bureau.slack.received == {"person:slack/T1/U2": ["avis {'n': 'un'}"]}


async def test_a_vacant_role_is_replaced_by_the_one_it_falls_back_on(bureau: Office) -> None:
    bureau.appoint(COUNCIL_ROLE, bureau.person(ALICE_ON_SLACK))
    bureau.enqueue("un", f"role:{COMMUNICATIONS_ROLE}")
    await bureau.send()
    assert list(bureau.slack.received) == [ALICE_DM]


async def test_a_role_has_its_e_mail_when_its_holder_cannot_be_reached_or_is_nobody(bureau: Office) -> None:
    with bureau.storage.transaction() as db:
        roles.change(db, roles.Role(COUNCIL_ROLE, "Conseil", "conseil@exemple.ca", roles.ADMINISTRATION))
    bureau.enqueue("vacant", f"role:{COUNCIL_ROLE}")
    await bureau.send()
    bureau.appoint(COUNCIL_ROLE, bureau.person(ALICE_ON_SLACK))
    bureau.slack.script.append("closed")
    bureau.enqueue("tenu", f"role:{COUNCIL_ROLE}")
    await bureau.send()
    assert bureau.mail.received == {
        "person:courriel//conseil@exemple.ca": ["avis {'n': 'vacant'}", "avis {'n': 'tenu'}"]
    }


async def test_two_accounts_that_became_one_person_are_told_once(bureau: Office) -> None:
    alice, bob = bureau.person(ALICE_ON_SLACK), bureau.person(BOB_ON_SLACK)
    for person in (alice, bob):
        bureau.enqueue(person, f"person:{person}", due_at=bureau.clock() + timedelta(hours=1))
    with bureau.storage.transaction() as db:
        db.conn.execute("UPDATE outbox SET arguments = '{}'")
        persons.merge(db, alice, bob)
    bureau.clock.move(hours=1)
    await bureau.send()
    assert len(bureau.slack.all()) == 1


# Details


def test_an_address_is_read_as_it_was_written() -> None:
    for address in (
        ADMINISTRATORS,
        Destination("courriel", "", "a/b@c.ca"),
        Destination("discord", "7", "8", "thread"),
    ):
        assert parse_address(write_address(address)) == address
    for wrong in ("", "person:", "person:slack/T1", "ailleurs:slack/T1/U1", "person://U1"):
        with pytest.raises(ValueError, match=r"address|unpack"):
            parse_address(wrong)


def test_the_mark_of_a_message_fits_discords_nonce_and_differs_by_address() -> None:
    marks = {delivery_id("0f3c9a5be2d14c70", Destination("discord", "", str(n))) for n in range(100)}
    assert len(marks) == 100
    assert {len(mark) for mark in marks} == {16}


def test_a_message_that_a_restoration_marks_says_that_it_may_be_a_repetition(bureau: Office) -> None:
    arguments = {"row": "0", "notice": DEAD_LETTER.name, "problem": "gone"}
    with bureau.storage.transaction() as db:
        context = NoticeContext(db, bureau.clock().date())
        ordinary = Notices().build(context, DEAD_LETTER.name, arguments)
        repeated = Notices().build(context, DEAD_LETTER.name, {**arguments, "repeated": True})
    assert isinstance(ordinary, Message)
    assert isinstance(repeated, Message)
    assert "restaurée" in next(repeated.own_words())
    assert repeated.elements[2:] == ordinary.elements


def test_every_notice_has_a_title_and_a_waiting_message_its_button() -> None:
    assert Notices().title(DEAD_LETTER.name) == "un message non remis"
    assert Notices().title("inconnu") == "inconnu"
    [button] = outbox_examples()["Un message en attente"].buttons()
    assert getattr(button, "command", "").startswith(READ_COMMAND)
