"""The rows of the outbox, each written in the transaction that causes it.

A row is one message to one recipient. It holds no text: only a notice's name and arguments, from which the
message is built when it is sent. These functions move a row from state to state, each in the caller's
transaction. `bot.outbox.sending` calls them before and after each send.

    queued → sending → sent           the normal path
    sending → queued                  not sent: retry later, or use the next route
    sending → sending                 delivery unknown: look for the message before sending again
    queued, sending → dead            no route remains, or the row is invalid; an announcement is queued
    dead → queued, cancelled          the administration's decision
    queued → cancelled                the message is no longer needed
    queued → held                     after a restoration (see `bot.backup.restore`), until approved

« sending » is written before the request is made. A row found in that state, at startup or later, may have
been sent by `route` since `claimed_at`. A « sent » row has a `problem` when the message itself was not sent:
« waiting » when an invitation to read it was sent instead, « unreached » when only the administrators were
told.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Generic, Literal

from sqlite_utils import Database

from bot.outbox.notices import ABSENT, DEAD_LETTER, Arguments, DeadLetter, Notice, RowArguments
from bot.people.persons import new_id
from bot.times import iso, utc

ANNOUNCED_TO: Final = "role:administration"

BASE: Final = timedelta(seconds=2)  # the wait before the second attempt, doubled each time
CAP: Final = timedelta(minutes=30)  # the longest wait between two attempts
# Attempts by one route before the next is tried: with the waits above, about three hours of failures.
ATTEMPTS: Final = 16

WAITING: Final = "waiting"  # the problem of a row whose message is opened with a button
# suffix of a row's problem: an abandoned route may have sent the message
DOUBTFUL: Final = "doubtful"
# written as in the partial index, so that SQLite uses it
_UNREAD: Final = f"state = 'sent' AND problem = '{WAITING}'"


@dataclass(frozen=True, slots=True)
class Delivery(Generic[Arguments]):
    """A message to queue. Only the first delivery queued under a `key` is sent.

    `recipient`: « person:<id> », « person:<platform>/<team>/<id> » for one account, « role:<id> » for the
    holders of a role, « role:<id>/<person> » for one of them, or « channel:<platform>/<team>/<id> ».
    `arguments`: the notice's arguments, identifiers and never text. `urgent`: whether to send it outside
    working hours too. `due_at`: when to send it at the earliest, None for now. `asked`: the account that
    asked for the message, « slack:T1/U1 », which is tried first.
    """

    key: str
    recipient: str
    notice: Notice[Arguments]
    arguments: Arguments
    urgent: bool = False
    due_at: datetime | None = None
    asked: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the outbox. `tried`: the abandoned routes, in the format of `routes.write_address`.

    `attempts`: the number of attempts counted on the current `route`. `problem`: the latest error's code, or
    the reason for the row's state. `doubtful`: whether `route` may already have sent the message, since
    `claimed_at`. `unsure`: whether an abandoned route may have sent it.
    """

    id: str
    key: str
    recipient: str
    notice: str
    arguments: RowArguments
    urgent: bool
    asked: str | None
    attempts: int
    route: str | None
    tried: tuple[str, ...]
    claimed_at: datetime | None
    problem: str | None
    doubtful: bool
    unsure: bool


def enqueue(db: Database, delivery: Delivery[Arguments], now: datetime, *, unordered: bool = False) -> bool:
    """Queue a message, in the caller's transaction. Return whether its key is new.

    `unordered`: give the row a random negative number, which does not reveal when it was queued.
    """
    number = -secrets.randbits(62) if unordered else None
    arguments = json.dumps(delivery.notice.to_row(delivery.arguments), ensure_ascii=False)
    due_at = iso(delivery.due_at or now)
    urgent = int(delivery.urgent)
    done = db.conn.execute(
        """INSERT OR IGNORE INTO outbox
             (rowid, id, key, recipient, notice, arguments, urgent, due_at, asked)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            *(number, new_id(), delivery.key, delivery.recipient, delivery.notice.name, arguments),
            *(urgent, due_at, delivery.asked),
        ),
    )
    return done.rowcount == 1


def cancel(db: Database, key: str) -> bool:
    """Cancel a message that has not been sent. Return whether one was cancelled.

    A message that is being sent is not cancelled.
    """
    done = db.conn.execute(
        f"UPDATE outbox SET state = 'cancelled', {_NOWHERE} WHERE key = ? AND state IN ('queued', 'held')",  # noqa: S608 — a constant
        (key,),
    )
    return done.rowcount == 1


def has_reached(state: str, problem: str | None) -> bool:
    """Return whether a row in this state, with this problem, has reached its recipient.

    « dead », « cancelled » and « unreached » rows have not, although nothing more will be sent.
    """
    return state == "sent" and problem in {None, WAITING}


def may_have_arrived(db: Database, key: str) -> bool:
    """Return whether the message queued under `key` was received, is being sent, or may have been sent."""
    row = db.conn.execute("SELECT state, problem FROM outbox WHERE key = ?", (key,)).fetchone()
    if row is None:
        return False
    state, problem = row
    return state == "sending" or has_reached(state, problem) or _in_doubt(problem)


def _in_doubt(problem: str | None) -> bool:
    return (problem or "").endswith(f" {DOUBTFUL}")


def _noted(problem: str | None, *, doubtful: bool) -> str | None:
    """Return a problem as stored in a row: followed by `DOUBTFUL` if `doubtful`."""
    return f"{problem} {DOUBTFUL}" if problem and doubtful else problem


# Clear a settled row's routes, which are no longer needed, so that no account remains in the outbox.
_FORGOTTEN = "tried = '[]', claimed_at = NULL, asked = NULL"
_NOWHERE = f"route = NULL, {_FORGOTTEN}"
_COLUMNS = """id, key, recipient, notice, arguments, urgent, asked, attempts, route, tried, claimed_at,
  problem, state = 'sending' AS doubtful"""


def next_due(db: Database, now: datetime) -> datetime | None:
    """Return the time when the next scheduled message is due, None if there is none."""
    (moment,) = db.conn.execute(
        "SELECT min(due_at) FROM outbox WHERE state = 'queued' AND due_at > ?", (iso(now),)
    ).fetchone()
    return None if moment is None else utc(moment)


# A row whose `claimed_at` is in the future was claimed while the clock was wrong, so its `due_at` is ignored.
_DUE = """((state = 'queued' AND due_at <= :now)
           OR (state = 'sending' AND ((claimed_at < :settled AND due_at <= :now) OR claimed_at > :now)))"""


def due(db: Database, now: datetime, settled: datetime, busy: str, limit: int) -> list[str]:
    """Return the identifiers of the rows to send now, one for each recipient: urgent ones first, then oldest.

    Rows claimed after `settled` are skipped, since their message may still be in transit. `busy`: the
    recipients to skip, as a JSON array. `limit`: the maximum number of rows.
    """
    rows = db.conn.execute(
        f"""SELECT id, min((1 - urgent) || due_at || printf('%012d', rowid)) AS rank FROM outbox
            WHERE {_DUE} AND recipient NOT IN (SELECT value FROM json_each(:busy))
            GROUP BY recipient ORDER BY rank LIMIT :limit""",  # noqa: S608 — constants
        {"now": iso(now), "settled": iso(settled), "busy": busy, "limit": limit},
    )
    return [str(row[0]) for row in rows.fetchall()]


def set_back(db: Database, before: datetime, now: datetime) -> None:
    """Make due `now` the messages and retries that a clock set back from `before` would delay."""
    db.conn.execute(
        """UPDATE outbox SET due_at = :now WHERE state IN ('queued', 'sending') AND due_at > :now
             AND (due_at <= :before OR (attempts > 0 AND due_at <= :again))""",
        {"now": iso(now), "before": iso(before), "again": iso(before + CAP)},
    )


def put_off(db: Database, now: datetime, until: datetime) -> None:
    """Postpone until `until` the queued rows that are due and not urgent."""
    db.conn.execute(
        "UPDATE outbox SET due_at = ? WHERE state = 'queued' AND urgent = 0 AND due_at <= ?",
        (iso(until), iso(now)),
    )


def load_row(db: Database, row_id: str) -> Row:
    """Return a row. Raises `ValueError` or `TypeError` when this version of the bot cannot read the row."""
    cursor = db.conn.execute(f"SELECT {_COLUMNS} FROM outbox WHERE id = ?", (row_id,))  # noqa: S608 — a constant
    names = [column[0] for column in cursor.description]
    row: dict[str, Any] = dict(zip(names, cursor.fetchone(), strict=True))
    row["arguments"], row["tried"] = json.loads(row["arguments"]), tuple(json.loads(row["tried"]))
    row["urgent"], row["doubtful"] = bool(row["urgent"]), bool(row["doubtful"])
    row["unsure"] = _in_doubt(row["problem"])
    row["problem"] = row["problem"] and row["problem"].removesuffix(f" {DOUBTFUL}")
    row["claimed_at"] = utc(row["claimed_at"]) if row["claimed_at"] else None
    return Row(**row)


def load_sent(db: Database, row_id: str) -> tuple[str, str, RowArguments] | None:
    """Return the recipient, notice and arguments of a row that was or is being sent, None for any other."""
    row = db.conn.execute(
        "SELECT recipient, notice, arguments FROM outbox WHERE id = ? AND state IN ('sending', 'sent')",
        (row_id,),
    ).fetchone()
    return (row[0], row[1], json.loads(row[2])) if row else None


def load_due_row(db: Database, row_id: str, now: datetime) -> Row | None:
    """Return a row, or None when it is no longer due. Raises the same errors as `load_row`."""
    due = db.conn.execute(
        f"SELECT 1 FROM outbox WHERE id = :id AND {_DUE}",  # noqa: S608 — a constant
        {"id": row_id, "now": iso(now), "settled": iso(now)},
    )
    return None if due.fetchone() is None else load_row(db, row_id)


def claim(db: Database, row: Row, route: str, now: datetime) -> None:
    """Mark a row as being sent by `route`, and count an attempt.

    `claimed_at` stays the earliest time at which the message may have been sent.
    """
    db.conn.execute(
        """UPDATE outbox SET state = 'sending', route = :route, attempts = attempts + 1,
             claimed_at = CASE WHEN :again THEN claimed_at ELSE :now END WHERE id = :id""",
        {"id": row.id, "route": route, "now": iso(now), "again": row.doubtful},
    )


def mark_sent(db: Database, row: Row, today: str, problem: str | None) -> str | None:
    """Mark a row as sent, keeping only the local day and the platform. Return its current recipient.

    Return None when the row was deleted while its message was being sent. `today`: the local day, in ISO
    format. `problem`: « waiting » or « unreached » when this form was sent in place of the message (see the
    module), None otherwise.
    """
    sent = db.conn.execute(
        f"""UPDATE outbox SET state = 'sent', sent_day = ?, problem = ?, {_FORGOTTEN},
              route = substr(route, instr(route, ':') + 1, instr(route, '/') - instr(route, ':') - 1)
            WHERE id = ? RETURNING recipient""",  # noqa: S608 — a constant
        (today, problem, row.id),
    ).fetchone()
    return str(sent[0]) if sent else None


def unread(db: Database) -> list[str]:
    """Return the identifiers of the « waiting » rows, whose message has not been opened yet."""
    rows = db.conn.execute(f"SELECT id FROM outbox WHERE {_UNREAD}")  # noqa: S608 — a constant
    return [str(row[0]) for row in rows.fetchall()]


def unread_by(db: Database, recipient: str) -> list[tuple[str, str, RowArguments]]:
    """Return the « waiting » rows of one recipient, in order: identifiers, notices and their arguments."""
    rows = db.conn.execute(
        f"SELECT id, notice, arguments FROM outbox WHERE recipient = ? AND {_UNREAD} ORDER BY rowid",  # noqa: S608 — a constant
        (recipient,),
    )
    return [(number, notice, json.loads(arguments)) for number, notice, arguments in rows.fetchall()]


def mark_read(db: Database, row_id: str) -> None:
    """Record that a « waiting » message was opened with its button."""
    db.conn.execute(
        "UPDATE outbox SET problem = NULL WHERE id = ? AND state = 'sent' AND problem = ?", (row_id, WAITING)
    )


def put_back(
    db: Database,
    row: Row,
    due_at: datetime | None = None,
    *,
    problem: str | None = None,
    doubtful: bool,
    counted: bool = False,
) -> None:
    """Return an unsent row to the queue, to be retried at `due_at` or at once.

    `problem`: the error's code, None to keep the previous one. `doubtful`: whether the message may have been
    sent after all. `counted`: whether the attempt counts towards `ATTEMPTS`.
    """
    if due_at and due_at.microsecond:
        due_at += timedelta(seconds=1)  # whole seconds are stored: rounding down would retry too early
    state = "sending" if doubtful else "queued"
    due = due_at and iso(due_at)
    db.conn.execute(
        """UPDATE outbox SET state = :state, due_at = coalesce(:due, due_at),
             problem = coalesce(:problem, problem), attempts = attempts - (NOT :counted),
             claimed_at = CASE WHEN :state = 'queued' THEN NULL ELSE claimed_at END WHERE id = :id""",
        {
            "id": row.id,
            "due": due,
            "problem": _noted(problem, doubtful=row.unsure),
            "state": state,
            "counted": counted,
        },
    )


def note_absent(db: Database, row: Row) -> None:
    """Record that a row has waited too long for a platform and has no other route."""
    problem = _noted(ABSENT, doubtful=row.unsure)
    db.conn.execute("UPDATE outbox SET problem = ? WHERE id = ?", (problem, row.id))


def give_up_route(db: Database, row: Row, route: str, problem: str, *, doubtful: bool) -> None:
    """Mark `route` as tried and requeue the row, to be sent by its next route at once.

    `doubtful`: whether that route may have sent the message after all.
    """
    tried = json.dumps([*row.tried, route], ensure_ascii=False)
    db.conn.execute(
        """UPDATE outbox SET state = 'queued', tried = ?, attempts = 0, problem = ?, claimed_at = NULL
           WHERE id = ?""",
        (tried, _noted(problem, doubtful=doubtful or row.unsure), row.id),
    )


def bury(db: Database, row_id: str, problem: str, now: datetime) -> str:
    """Make a row a dead letter and queue its announcement. Return the name of the row's notice.

    When the row is itself an announcement, no announcement of it is queued: only the log and the metrics show
    its failure.
    """
    notice, state, former = db.conn.execute(
        "SELECT notice, state, problem FROM outbox WHERE id = ?", (row_id,)
    ).fetchone()
    doubtful = state == "sending" or _in_doubt(former)
    db.conn.execute(
        f"UPDATE outbox SET state = 'dead', problem = ?, {_NOWHERE} WHERE id = ?",  # noqa: S608 — a constant
        (_noted(problem, doubtful=doubtful), row_id),
    )
    if notice != DEAD_LETTER.name:
        dead = DeadLetter(row_id, notice, problem)
        key = f"{DEAD_LETTER.name}:{row_id}"
        announcement = Delivery(key, ANNOUNCED_TO, DEAD_LETTER, dead, urgent=True)
        enqueue(db, announcement, now, unordered=True)  # `unordered`, since the row may be about a report
    return str(notice)


_CHOSEN: Final = {
    "held": "state = 'held'",
    "dead": "state = 'dead' AND notice <> :announcement",
    "unreached": "state = 'sent' AND problem = 'unreached' AND notice <> :announcement",
}


def count_by_notice(db: Database, which: Literal["dead", "held", "unreached"]) -> dict[str, int]:
    """Return, by notice name, the number of rows that are held, dead or « unreached » (see the module).

    The announcements of dead letters are counted only when held.
    """
    rows = db.conn.execute(
        f"SELECT notice, count(*) FROM outbox WHERE {_CHOSEN[which]} GROUP BY notice ORDER BY 1",  # noqa: S608 — constants
        {"announcement": DEAD_LETTER.name},
    )
    return dict(rows.fetchall())


def count_unsent(db: Database) -> int:
    """Return the number of rows that are still to be sent, except those that await approval."""
    (count,) = db.conn.execute("SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending')").fetchone()
    return int(count)


def settle_dead(db: Database, now: datetime, *, send: bool, row_id: str | None = None) -> int:
    """Requeue (`send`) or cancel the rows that reached nobody, or only the administration.

    `row_id`: the only row to settle, None for all of them. Return the number of rows changed. The
    announcements of these rows are deleted, so that a row that fails again is announced again.
    """
    state = "queued" if send else "cancelled"
    done = db.conn.execute(
        f"""UPDATE outbox SET state = :state, due_at = max(due_at, :now), attempts = 0,
             problem = CASE WHEN problem LIKE '% ' || :doubtful THEN problem END, sent_day = NULL, {_NOWHERE}
            WHERE (({_CHOSEN["dead"]}) OR ({_CHOSEN["unreached"]})) AND (:row IS NULL OR id = :row)""",  # noqa: S608 — constants
        {
            "state": state,
            "now": iso(now),
            "announcement": DEAD_LETTER.name,
            "row": row_id,
            "doubtful": DOUBTFUL,
        },
    )
    db.conn.execute(
        """DELETE FROM outbox WHERE notice = ? AND state <> 'sending' AND json_valid(arguments)
             AND json_extract(arguments, '$.row') NOT IN (SELECT id FROM outbox WHERE state = 'dead')""",
        (DEAD_LETTER.name,),
    )
    return done.rowcount


def drop(db: Database, row: Row, problem: str) -> None:
    """Cancel a row whose message is no longer needed. `problem`: the reason."""
    db.conn.execute(
        f"UPDATE outbox SET state = 'cancelled', problem = ?, {_NOWHERE} WHERE id = ?",  # noqa: S608 — a constant
        (_noted(problem, doubtful=row.doubtful or row.unsure), row.id),
    )


def share_out(db: Database, row: Row, recipients: Mapping[str, str], now: datetime) -> None:
    """Cancel a row and queue a copy for each recipient. `recipients`: by the suffix of the copy's key.

    If an earlier call already queued a copy, it is left unchanged. The copies of an `unordered` row are
    `unordered` too (see `enqueue`).
    """
    base = row.key.partition("→")[0]
    for end, recipient in recipients.items():
        db.conn.execute(
            """INSERT OR IGNORE INTO outbox (rowid, id, key, recipient, notice, arguments, urgent, due_at)
               SELECT CASE WHEN rowid < 0 THEN ? END, ?, ?, ?, notice, arguments, urgent, ?
               FROM outbox WHERE id = ?""",
            (-secrets.randbits(62), new_id(), f"{base}→{end}", recipient, iso(now), row.id),
        )
    drop(db, row, f"shared out to {len(recipients)}")


def hand_back(db: Database) -> int:
    """Address again to a role the unsent rows of its holders who were erased. Return the number of rows.

    The rows will be shared out among the current holders when they are sent. The caller deletes the rows that
    were sent or cancelled.
    """
    done = db.conn.execute(
        f"""UPDATE outbox SET recipient = substr(recipient, 1, instr(recipient, '/') - 1),
              key = CASE WHEN instr(key, '→') THEN substr(key, 1, instr(key, '→')) ELSE key || '→' END || id,
              state = CASE state WHEN 'held' THEN 'held' ELSE 'queued' END,
              attempts = 0, problem = NULL, {_NOWHERE}
            WHERE recipient LIKE 'role:%/%' AND state IN ('queued', 'sending', 'held')
              AND substr(recipient, instr(recipient, '/') + 1) NOT IN (SELECT id FROM people)"""  # noqa: S608 — a constant
    )
    return done.rowcount


def backoff(attempts: int, chance: float) -> timedelta:
    """Return the wait after `attempts` attempts: exponential, capped, with « equal jitter ».

    `chance`: a random number from 0 to 1, which selects a wait between half of the exponential wait and all
    of it (Brooker, « Exponential Backoff And Jitter », AWS, 2015).
    """
    whole: timedelta = min(CAP, BASE * 2 ** min(attempts - 1, 20))
    return whole * (0.5 + chance / 2)
