"""What the outbox does on the last moment before a limit, and on the first one after."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from bot.conversation.messages import Message
from bot.outbox import kept_pictures, routes, rows
from bot.outbox.absences import Absences
from bot.outbox.kept_pictures import KeptPicture, PictureNotice
from bot.outbox.notices import (
    DEAD_LETTER,
    REFUSED,
    DeadLetter,
    Notice,
    Notices,
    Refusal,
    dead_letter,
    is_stuck,
    reason,
    refused,
    unreached,
)
from bot.outbox.routes import Routes
from bot.outbox.sending import Hold
from bot.people import roles
from bot.people.persons import Account
from bot.platforms.contract import AwayError, Destination, LackingError, RefusedError
from tests.kits.outbox import (
    ALICE_ON_DISCORD,
    ALICE_ON_SLACK,
    BOB_ON_SLACK,
    RELAY,
    Office,
    delivery,
    office,
    said,
)
from tests.kits.people import COUNCIL_ROLE

ON_DISCORD = Destination("discord", "9", "C8", "channel")


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path / "vigie.db") as it:
        yield it


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


# Platforms that are away


def absent(
    bureau: Office, notice: str, *, urgent: bool, error: Exception | None, since: float, last: float
) -> tuple[Absences, rows.Row]:
    """Return the absences of Slack, which failed so many minutes ago for the first and the last time."""
    now = bureau.clock()
    bureau.enqueue("un", "person:slack/T1/U1", notice, urgent=urgent)
    absences = Absences(bureau.notices())
    with bureau.storage.transaction() as db:
        row = _row(db)
        for ago in (since, last):
            at = now - minutes(ago)
            absences.note(db, row, "slack", error, (at, at))
    return absences, row


def _row(db: Database) -> rows.Row:
    [(row_id,)] = db.conn.execute("SELECT id FROM outbox WHERE key = 'un'").fetchall()
    return rows.load_row(db, row_id)


AWAY, REFUSAL, LACK = AwayError("x"), RefusedError("invalid_auth"), LackingError("files:write")


@pytest.mark.parametrize(
    ("notice", "urgent", "error", "since", "overdue"),
    [
        ("avis", True, AWAY, 179.9, False),
        ("avis", True, AWAY, 180, True),
        ("avis", False, REFUSAL, 179.9, False),
        ("avis", False, REFUSAL, 180, True),
        ("presse", False, AWAY, 29.9, False),
        ("presse", False, AWAY, 30, True),
        ("presse", False, REFUSAL, 29.9, False),
        ("presse", True, AWAY, 4.9, False),
        ("presse", True, AWAY, 5, True),
        ("presse", True, REFUSAL, 0, True),
        ("inconnu", True, REFUSAL, 30, False),
    ],
)
def test_how_long_a_row_waits_for_a_platform(
    bureau: Office, notice: str, error: Exception, since: float, *, urgent: bool, overdue: bool
) -> None:
    absences, row = absent(bureau, notice, urgent=urgent, error=error, since=since, last=0)
    assert absences.is_away("slack")
    assert absences.overdue(row, "slack", bureau.clock()) is overdue
    assert not absences.overdue(row, "discord", bureau.clock())


@pytest.mark.parametrize(("last", "overdue"), [(4.9, True), (5, False), (5.1, False)])
def test_a_platform_is_tried_again_every_five_minutes(bureau: Office, last: float, *, overdue: bool) -> None:
    absences, row = absent(bureau, "presse", urgent=True, error=AWAY, since=60, last=last)
    assert absences.overdue(row, "slack", bureau.clock()) is overdue


@pytest.mark.parametrize(
    ("seconds", "pause"), [(0, 0.2), (0.1, 0.2), (0.3, 0.3), (5, 5), (10, 10), (10.1, 10)]
)
def test_the_pause_is_as_long_as_the_absence_within_bounds(
    bureau: Office, seconds: float, pause: float
) -> None:
    absences, _ = absent(bureau, "avis", urgent=True, error=AWAY, since=seconds / 60, last=0)
    assert absences.pause("slack").total_seconds() == pytest.approx(pause)
    assert absences.pause("discord").total_seconds() == 0.2


def test_a_message_that_left_before_the_last_failure_proves_nothing(bureau: Office) -> None:
    absences, row = absent(bureau, "avis", urgent=True, error=AWAY, since=10, last=5)
    now = bureau.clock()
    with bureau.storage.transaction() as db:
        absences.note(db, row, "slack", None, (now - minutes(5.1), now))
        assert absences.is_away("slack")
        absences.note(db, row, "slack", None, (now - minutes(5), now))
        assert not absences.is_away("slack")


def test_a_refusal_lasts_through_other_failures_and_a_day_without_one_ends_it(bureau: Office) -> None:
    absences, row = absent(bureau, "presse", urgent=True, error=REFUSAL, since=2, last=1)
    now = bureau.clock()
    with bureau.storage.transaction() as db:
        assert absences.note(db, row, "slack", AWAY, (now, now)) is None
        assert absences.overdue(row, "slack", now), "it still refuses"
        day = now + timedelta(days=1)
        assert absences.note(db, row, "slack", REFUSAL, (day, day)) is None
        again = day + timedelta(days=1, seconds=1)
        assert absences.note(db, row, "slack", REFUSAL, (again, again)) == Refusal("slack", "invalid_auth")
        assert not absences.overdue(row, "slack", again + minutes(5))


def test_a_missing_permission_is_an_absence_for_what_needs_it_alone(bureau: Office) -> None:
    absences, row = absent(bureau, "presse", urgent=True, error=LACK, since=0, last=0)
    now = bureau.clock()
    with bureau.storage.transaction() as db:
        assert absences.note(db, row, "slack", LACK, (now, now)) is None, "it was announced"
        assert not absences.overdue(row, "slack", now)
        db.conn.execute("UPDATE outbox SET problem = ?", (str(LACK),))
        held = _row(db)
        assert absences.overdue(held, "slack", now)
        absences.note(db, held, "slack", None, (now, now))
        missing_again = Refusal("slack", "missing_scope", "files:write")
        assert absences.note(db, row, "slack", LACK, (now, now)) == missing_again
    assert not absences.is_away("slack")


# The clock


@pytest.mark.parametrize(("seconds", "sent"), [(60, 0), (61, 1)])
async def test_a_clock_set_back_by_more_than_a_minute_delays_nothing(
    bureau: Office, seconds: int, sent: int
) -> None:
    await bureau.send()
    bureau.enqueue("un", "person:slack/T1/U1")
    bureau.clock.move(seconds=-seconds)
    await bureau.send()
    assert len(bureau.slack.all()) == sent


def test_a_time_is_rounded_up_to_the_second(bureau: Office) -> None:
    bureau.enqueue("un", "person:slack/T1/U1")
    at = datetime.fromisoformat("2026-11-24T16:00:00Z")
    with bureau.storage.transaction() as db:
        row = _row(db)
        for due, stored in (
            (at, "2026-11-24T16:00:00Z"),
            (at + timedelta(microseconds=1), "2026-11-24T16:00:01Z"),
            (None, "2026-11-24T16:00:01Z"),
        ):
            rows.put_back(db, row, due, doubtful=False)
            [(due_at,)] = db.conn.execute("SELECT due_at FROM outbox").fetchall()
            assert due_at == stored


async def test_a_message_that_cannot_be_made_is_tried_sixteen_times_less_and_less_often(
    bureau: Office,
) -> None:
    bureau.enqueue("un", "person:slack/T1/U1", "brisé")
    waits = []
    for attempt in range(1, 16):
        await bureau.send()
        row = bureau.row("un")
        assert (row["state"], row["problem"], row["attempts"]) == ("queued", "broken", attempt)
        due = datetime.fromisoformat(str(row["due_at"]))
        waits.append((due - bureau.clock()).total_seconds())
        bureau.clock.now = due
    assert waits == [min(2**attempt, 1_800) for attempt in range(1, 16)]
    await bureau.send()
    assert (bureau.row("un")["state"], bureau.row("un")["problem"]) == ("dead", "broken")


# One send


@pytest.mark.parametrize(
    ("outcome", "hold"),
    [
        ("ok", None),
        ("closed", None),
        ("busy", None),
        ("unknown", None),
        ("limited", Hold("person:slack/T1/U1", 30.0)),
        ("limited-all", Hold("slack", 0.01)),
        ("away", Hold("slack", 0.2)),
    ],
)
async def test_what_a_platform_asks_to_wait_is_reported(
    bureau: Office, outcome: str, hold: Hold | None
) -> None:
    bureau.slack.script.append(outcome)  # type: ignore[arg-type]  # one of them
    bureau.enqueue("un", "person:slack/T1/U1")
    [candidate] = await bureau.pump.sender.choose([], 10)
    assert await bureau.pump.sender.send(candidate) == hold
    assert await bureau.pump.sender.send(candidate) is None, "it is not due any more, or sent"


async def test_of_the_chosen_rows_one_is_for_each_recipient_but_for_those_that_are_busy(
    bureau: Office,
) -> None:
    for at in range(1, 4):
        for key in ("un", "deux"):
            bureau.enqueue(f"{key} {at}", f"person:slack/T1/U{at}")
    chosen = await bureau.pump.sender.choose(["person:slack/T1/U2"], 10)
    assert [row.lane for row in chosen] == ["person:slack/T1/U1", "person:slack/T1/U3"]
    assert [row.lane for row in await bureau.pump.sender.choose([], 2)] == [
        "person:slack/T1/U1",
        "person:slack/T1/U2",
    ]


async def test_the_dead_letter_of_a_role_is_chosen_for_an_administrator_in_one_look(bureau: Office) -> None:
    bureau.appoint(COUNCIL_ROLE, bureau.person(Account("ancienne", "", "1")))
    admin = bureau.person(BOB_ON_SLACK)
    bureau.appoint(roles.ADMINISTRATION, admin)
    bureau.enqueue("un", f"role:{COUNCIL_ROLE}", urgent=False)
    [candidate] = await bureau.pump.sender.choose([], 10)
    assert candidate.recipient == f"role:{roles.ADMINISTRATION}/{admin}"
    assert candidate.urgent
    [problem] = {
        row["problem"]
        for row in (bureau.row(f"un→{holder}") for holder in bureau_holders(bureau, COUNCIL_ROLE))
    }
    assert problem == "unreachable"


def bureau_holders(bureau: Office, role: str) -> list[str]:
    with bureau.storage.transaction() as db:
        return roles.holders(db, role, bureau.clock().date())


async def test_what_is_for_a_role_that_is_gone_reaches_nobody(bureau: Office) -> None:
    bureau.enqueue("un", "role:disparu")
    await bureau.send()
    assert (bureau.row("un")["state"], bureau.row("un")["problem"]) == ("dead", "unreachable")


async def test_an_error_of_the_database_buries_nothing(
    bureau: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> list[Destination]:
        raise sqlite3.OperationalError("disk I/O error")

    bureau.enqueue("un", "person:slack/T1/U1")
    with monkeypatch.context() as patch:
        patch.setattr(Routes, "of", breaks)
        await bureau.send()
    assert bureau.failures == 1
    assert bureau.states() == {"queued": 1}
    await bureau.send()
    assert bureau.states() == {"sent": 1}


@pytest.mark.parametrize(
    ("notice", "urgent", "waits"),
    [("presse", True, [0, 60]), ("presse", False, [60, 60]), ("avis", True, [60, 60])],
)
async def test_what_lacks_a_permission_waits_a_minute_unless_it_presses(
    bureau: Office, notice: str, waits: list[int], *, urgent: bool
) -> None:
    bureau.slack.lacking = "chat:write"
    bureau.enqueue("avec", "person:slack/T1/U1", notice, urgent=urgent)
    seen = []
    for _ in waits:
        [candidate] = await bureau.pump.sender.choose([], 10)
        await bureau.pump.sender.send(candidate)
        row = bureau.row("avec")
        assert (row["problem"], row["attempts"]) == (str(LackingError("chat:write")), 0)
        due = datetime.fromisoformat(str(row["due_at"]))
        seen.append((due - bureau.clock()).total_seconds())
        bureau.clock.now = max(due, bureau.clock())
    assert seen == waits


@pytest.mark.parametrize(("last", "alive"), [(59.9, True), (60, False)])
async def test_a_pump_that_looked_within_a_minute_is_alive(
    bureau: Office, monkeypatch: pytest.MonkeyPatch, last: float, *, alive: bool
) -> None:
    bureau.pump._turned = bureau.pump._read = 1_000.0
    monkeypatch.setattr("time.monotonic", lambda: 1_000.0 + last)
    assert (bureau.pump.alive, bureau.pump.reading) == (alive, alive)


# Handing over


async def test_what_a_former_holder_never_opened_goes_to_the_new_one_alone(tmp_path: Path) -> None:
    with office(tmp_path / "vigie.db", relays=(RELAY,)) as bureau:
        alice, bob = bureau.person(ALICE_ON_DISCORD), bureau.person(BOB_ON_SLACK)
        bureau.appoint(COUNCIL_ROLE, alice)
        bureau.discord.closed.add("person:discord//11")
        bureau.enqueue("rôle", f"role:{COUNCIL_ROLE}")
        bureau.enqueue("elle", f"person:{alice}")
        await bureau.send()
        assert len(bureau.discord.received[f"thread:discord/{RELAY}/11"]) == 2
        for _ in range(2):
            with bureau.storage.transaction() as db:
                routes.hand_over(db, bureau.clock().date(), bureau.clock())
            assert bureau.states() == {"sent": 2, "cancelled": 1}, "she still holds it"
        bureau.appoint(COUNCIL_ROLE, bob, bureau.clock().date())
        with bureau.storage.transaction() as db:
            routes.hand_over(db, bureau.clock().date(), bureau.clock())
        await bureau.send()
        assert bureau.slack.received == {"person:slack/T1/U2": ["avis {'n': 'rôle'}"]}
        assert bureau.row(f"rôle→{alice}")["problem"] == "shared out to 1"
        assert bureau.row("elle")["problem"] == rows.WAITING


# What is announced, and its words


async def test_a_dead_letter_and_a_refusal_are_announced_at_any_hour(bureau: Office) -> None:
    bureau.routes = Routes(bureau.posts, (), (ON_DISCORD,))
    bureau.pump = bureau.new_pump()
    bureau.slack.script.append("faulty")
    bureau.enqueue("un", "person:slack/T1/U1", urgent=False)
    [candidate] = await bureau.pump.sender.choose([], 10)
    await bureau.pump.sender.send(candidate)
    await bureau.pump.sender.choose([], 10)
    assert bureau.row(f"{DEAD_LETTER.name}:{bureau.row('un')['id']}")["urgent"] == 1
    bureau.slack.refused = "invalid_auth"
    bureau.enqueue("deux", "person:slack/T1/U1")
    candidates = await bureau.pump.sender.choose([], 10)
    await bureau.pump.sender.send(next(row for row in candidates if row.platform == "slack"))
    [(urgent, recipient)] = _refusals(bureau)
    assert (urgent, recipient) == (1, routes.ADMINISTRATORS)


def _refusals(bureau: Office) -> list[tuple[int, str]]:
    with bureau.storage.transaction() as db:
        return db.conn.execute(
            "SELECT urgent, recipient FROM outbox WHERE notice = ?", (REFUSED.name,)
        ).fetchall()


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        ("closed (50007)", "Ses messages privés sont fermés."),
        ("gone", "Le canal ou le compte n'existe plus."),
        ("unreachable", "Aucun moyen de rejoindre cette personne n'est configuré."),
        ("bizarre", "La plateforme l'a refusé."),
        ("bizarre (1) (2)", "La plateforme l'a refusé."),
        ("", "La plateforme l'a refusé."),
    ],
)
def test_a_code_in_words(problem: str, words: str) -> None:
    assert reason(problem) == words


@pytest.mark.parametrize(
    ("problem", "stuck"),
    [
        ("absent", True),
        ("scope (files:write)", True),
        ("scope", True),
        ("closed (1)", False),
        ("", False),
        (None, False),
        ("exhausted absent", False),
    ],
)
def test_which_rows_wait_for_someone_to_act(problem: str | None, *, stuck: bool) -> None:
    assert is_stuck(problem) is stuck


def test_which_notices_press() -> None:
    notices = Notices()
    assert [notices.pressing(name) for name in (REFUSED.name, DEAD_LETTER.name, "inconnu")] == [
        *[True, False, False]
    ]
    ordinary = Notice("un", "un", Refusal)
    assert not Notices(lambda: [ordinary.built_by(lambda _, __: None)]).pressing("un")
    assert Notice("un", "un", Refusal, pressing=True).built_by(lambda _, __: None).pressing


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (
            unreached("un rappel", "closed (1)"),
            (
                "Un message n'a pas pu être remis C'était\u00a0: un rappel. Ses messages privés sont "
                "fermés. Je ne dis pas ici pour qui. Pour l'envoyer de nouveau, le chemin "
                "rétabli, écrivez-moi en privé «\u00a0lettres\u00a0»; pour voir qui tient quel rôle, "
                "«\u00a0rôles\u00a0»."
            ),
        ),
        (
            dead_letter("un rappel", DeadLetter("r1", "rappel", "gone")),
            (
                "Un message non remis Il n'a pu être remis à personne, par aucun moyen\u00a0: un rappel. Le "
                "canal ou le compte n'existe plus."
            ),
        ),
        (
            refused(Refusal("slack", "invalid_auth")),
            (
                "Slack me refuse Mon accès y est refusé (invalid_auth). Ce qui doit partir par là attend, et "
                "partira dès que l'accès sera rétabli\u00a0: rien n'est perdu. Ce qui presse prend un autre "
                "chemin, s'il en est. Pour savoir quoi faire\u00a0: vigie diagnostic."
            ),
        ),
        (
            refused(Refusal("courriel", "535")),
            (
                "Le courriel me refuse Mon accès y est refusé (535). Ce qui doit partir par là attend, et "
                "partira dès que l'accès sera rétabli\u00a0: rien n'est perdu. Ce qui presse prend un autre "
                "chemin, s'il en est. Pour savoir quoi faire\u00a0: vigie diagnostic."
            ),
        ),
        (
            refused(Refusal("slack", "missing_scope", "files:write")),
            (
                "Il me manque une permission Sur Slack, l'application n'a pas la permission files:write. "
                "Ce qui en a besoin attend, et partira dès qu'elle l'aura. Le reste part comme d'habitude. "
                "Pour savoir quoi faire\u00a0: vigie diagnostic."
            ),
        ),
    ],
)
def test_the_announcements_in_full(message: Message, words: str) -> None:
    assert said(message) == words


# Pictures

PICTURE = Notice("image", "une image", PictureNotice)


async def test_a_picture_is_drawn_queued_once_and_forgotten_the_next_day(bureau: Office) -> None:
    person = bureau.person(ALICE_ON_SLACK, ALICE_ON_DISCORD)
    drawn = KeptPicture(b"png", "3 sur 4", date(2026, 11, 24))

    async def draw(counted: int | None, account: str | None) -> None:
        arguments = {"id": "i1", "person": person, **({"account": account} if account else {})}
        await kept_pictures.draw_and_send(
            bureau.storage,
            PICTURE,
            arguments,
            bureau.clock(),
            count=lambda _: counted,
            draw=lambda number: drawn if number == 3 else KeptPicture(b"", "", date(2026, 1, 1)),
        )

    await draw(None, None)
    assert bureau.states() == {}
    for _ in range(2):
        await draw(3, "discord:11")
    with bureau.storage.transaction() as db:
        [row] = db["outbox"].rows
        assert (row["key"], row["recipient"]) == ("image:i1", f"person:{person}")
        assert (row["urgent"], row["asked"], row["arguments"]) == (1, "discord:11", '{"id": "i1"}')
        assert kept_pictures.find(db, "i1") == drawn
        assert kept_pictures.find(db, "i2") is None
        kept_pictures.forget(db, drawn.day)
        assert kept_pictures.find(db, "i1") == drawn
        kept_pictures.forget(db, drawn.day + timedelta(days=1))
        assert kept_pictures.find(db, "i1") is None


async def test_the_account_that_asked_comes_first_and_accents_are_stored_plainly(bureau: Office) -> None:
    person = bureau.person(ALICE_ON_DISCORD, ALICE_ON_SLACK)
    with bureau.storage.transaction() as db:
        asked = rows.Delivery("é", f"person:{person}", PICTURE, PictureNotice("é"), asked="slack:T1/U1")
        assert rows.enqueue(db, asked, bureau.clock())
        assert db.conn.execute("SELECT arguments FROM outbox").fetchone() == ('{"id": "é"}',)
        today = bureau.clock().date()
        for account, first in (("slack:T1/U1", "slack"), ("discord:11", "discord"), (None, "discord")):
            assert bureau.routes.of(db, f"person:{person}", today, account)[0].platform == first
        assert not rows.enqueue(db, delivery("é", f"person:{person}"), bureau.clock())
