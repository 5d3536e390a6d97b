"""The rows of the outbox, each written in the transaction of the fact that causes it.

A row is one message to one recipient. It holds no text: only a notice's name and arguments, from which the
message is made when it is sent. These functions move a row from state to state, each in the caller's
transaction; `bot.outbox.sending` calls them around what it sends.

    queued → sending → sent           the ordinary way
    sending → queued                  it was not sent: later, or by the next route
    sending → sending                 nobody knows whether it was sent: it is looked for first
    queued, sending → dead            no route is left, or the row makes no sense; announced
    dead → queued, cancelled          the administration decides
    queued → cancelled                there is nothing left to say
    queued → held                     by a restoration (see `bot.backup.restore`), until approved

« sending » is written before the request leaves. A row found in that state, at the start or later, may
have been sent by `route` since `claimed_at`. « sent » with a problem: « waiting », a button to read the
message was sent in its place; « unreached », only the administrators were told.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Generic, Literal

from sqlite_utils import Database

from bot.outbox.notices import DEAD_LETTER, Arguments, DeadLetter, Notice, RowArguments
from bot.people.persons import new_id
from bot.times import iso, utc

ANNOUNCED_TO: Final = "role:administration"

BASE: Final = timedelta(seconds=2)  # before the second attempt; then twice as long each time
CAP: Final = timedelta(minutes=30)  # between two attempts
# By one route, before the next is tried: with the above, about three hours of a platform that fails.
ATTEMPTS: Final = 16

WAITING: Final = "waiting"  # the problem of a row that is read with a button


@dataclass(frozen=True, slots=True)
class Delivery(Generic[Arguments]):
    """A message to send. Of several with the same `key`, only the first is sent.

    `recipient`: « person:<id> », « role:<id> » or « channel:<platform>/<team>/<id> ». `arguments` of the
    notice: identifiers, never texts. What is not `urgent` waits for working hours. Nothing is sent before
    `due_at`.
    """

    key: str
    recipient: str
    notice: Notice[Arguments]
    arguments: Arguments
    urgent: bool = False
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the outbox. `doubtful`: it may already have been sent by `route`."""

    id: str
    key: str
    recipient: str
    notice: str
    arguments: RowArguments
    urgent: bool
    attempts: int
    route: str | None
    tried: tuple[str, ...]
    claimed_at: datetime | None
    problem: str | None
    doubtful: bool


def enqueue(db: Database, delivery: Delivery[Arguments], now: datetime) -> bool:
    """Queue a message, in the caller's transaction. Return whether its key is new."""
    arguments = json.dumps(delivery.notice.to_row(delivery.arguments), ensure_ascii=False)
    due_at, urgent = iso(delivery.due_at or now), int(delivery.urgent)
    done = db.conn.execute(
        """INSERT OR IGNORE INTO outbox (id, key, recipient, notice, arguments, urgent, due_at)
           VALUES (?, ?, ?, ?, ?, ?, ?)""",
        (new_id(), delivery.key, delivery.recipient, delivery.notice.name, arguments, urgent, due_at),
    )
    return done.rowcount == 1


def cancel(db: Database, key: str) -> bool:
    """Cancel a message that is not sent yet; one already on its way may still arrive.

    Return whether there was something to cancel.
    """
    done = db.conn.execute(
        "UPDATE outbox SET state = 'cancelled' WHERE key = ? AND state IN ('queued', 'held')", (key,)
    )
    return done.rowcount == 1


# Once a row is settled, where it went is of no more use: clearing it leaves no account in the outbox.
_FORGOTTEN = "tried = '[]', claimed_at = NULL"
_NOWHERE = f"route = NULL, {_FORGOTTEN}"
_COLUMNS = """id, key, recipient, notice, arguments, urgent, attempts, route, tried, claimed_at, problem,
  state = 'sending' AS doubtful"""

# A row claimed later than now was claimed by a clock that was wrong, and its `due_at` is wrong too.
_DUE = """((state = 'queued' AND due_at <= :now)
           OR (state = 'sending' AND ((claimed_at < :settled AND due_at <= :now) OR claimed_at > :now)))"""


def due(db: Database, now: datetime, settled: datetime, busy: str, limit: int) -> list[str]:
    """Return the rows to take up now: one for each recipient, urgent ones first, then the oldest.

    A row claimed after `settled` may still be on its way, and is left alone. `busy`: recipients to leave
    out, as a JSON array.
    """
    rows = db.conn.execute(
        f"""SELECT id, min((1 - urgent) || due_at || printf('%012d', rowid)) AS rank FROM outbox
            WHERE {_DUE} AND recipient NOT IN (SELECT value FROM json_each(:busy))
            GROUP BY recipient ORDER BY rank LIMIT :limit""",  # noqa: S608 — constants
        {"now": iso(now), "settled": iso(settled), "busy": busy, "limit": limit},
    )
    return [str(row[0]) for row in rows.fetchall()]


def set_back(db: Database, before: datetime, now: datetime) -> None:
    """Make rows due `now` when they were due or soon retried before the clock was set back from `before`."""
    db.conn.execute(
        """UPDATE outbox SET due_at = :now WHERE state IN ('queued', 'sending') AND due_at > :now
             AND (due_at <= :before OR (attempts > 0 AND due_at <= :again))""",
        {"now": iso(now), "before": iso(before), "again": iso(before + CAP)},
    )


def put_off(db: Database, now: datetime, until: datetime) -> None:
    """Postpone to working hours the rows that are due and not urgent."""
    db.conn.execute(
        "UPDATE outbox SET due_at = ? WHERE state = 'queued' AND urgent = 0 AND due_at <= ?",
        (iso(until), iso(now)),
    )


def load_row(db: Database, row_id: str) -> Row:
    """Return a row. Raises `ValueError` or `TypeError` for one that this version did not write."""
    cursor = db.conn.execute(f"SELECT {_COLUMNS} FROM outbox WHERE id = ?", (row_id,))  # noqa: S608 — a constant
    names = [column[0] for column in cursor.description]
    row: dict[str, Any] = dict(zip(names, cursor.fetchone(), strict=True))
    row["arguments"], row["tried"] = json.loads(row["arguments"]), tuple(json.loads(row["tried"]))
    row["urgent"], row["doubtful"] = bool(row["urgent"]), bool(row["doubtful"])
    row["claimed_at"] = utc(row["claimed_at"]) if row["claimed_at"] else None
    return Row(**row)


def load_due_row(db: Database, row_id: str, now: datetime) -> Row | None:
    """Return a row, or None when it is no longer due. Raises the same errors as `load_row`."""
    due = db.conn.execute(
        f"SELECT 1 FROM outbox WHERE id = :id AND {_DUE}",  # noqa: S608 — a constant
        {"id": row_id, "now": iso(now), "settled": iso(now)},
    )
    return None if due.fetchone() is None else load_row(db, row_id)


def claim(db: Database, row: Row, route: str, now: datetime) -> None:
    """Mark a row as being sent by `route`. `claimed_at` keeps the first time that it may have been sent."""
    db.conn.execute(
        """UPDATE outbox SET state = 'sending', route = :route, attempts = attempts + 1,
             claimed_at = CASE WHEN :again THEN claimed_at ELSE :now END WHERE id = :id""",
        {"id": row.id, "route": route, "now": iso(now), "again": row.doubtful and row.route == route},
    )


def mark_sent(db: Database, row: Row, today: str, problem: str | None = None) -> None:
    """Mark a row as sent; `problem`: what was sent in its place, « waiting » or « unreached » (see above).

    Only the local day and the platform are kept.
    """
    db.conn.execute(
        f"""UPDATE outbox SET state = 'sent', sent_day = ?, problem = ?, {_FORGOTTEN},
              route = substr(route, instr(route, ':') + 1, instr(route, '/') - instr(route, ':') - 1)
            WHERE id = ?""",  # noqa: S608 — a constant
        (today, problem, row.id),
    )


def unread(db: Database) -> list[str]:
    """Return the rows whose button has not been pressed yet."""
    rows = db.conn.execute("SELECT id FROM outbox WHERE state = 'sent' AND problem = ?", (WAITING,))
    return [str(row[0]) for row in rows.fetchall()]


def mark_read(db: Database, row_id: str) -> None:
    """Mark a message as read with its button."""
    db.conn.execute(
        "UPDATE outbox SET problem = NULL WHERE id = ? AND state = 'sent' AND problem = ?", (row_id, WAITING)
    )


def put_back(
    db: Database, row: Row, due_at: datetime | None = None, *, problem: str | None = None, doubtful: bool
) -> None:
    """Put back a row that was not sent, to be retried at `due_at` or at once.

    `doubtful`: it may have been sent after all. Without a `problem`, this does not count as an attempt.
    """
    if due_at and due_at.microsecond:
        due_at += timedelta(seconds=1)  # whole seconds are stored: rounding down would retry too early
    state, due = "sending" if doubtful else "queued", due_at and iso(due_at)
    db.conn.execute(
        """UPDATE outbox SET state = :state, due_at = coalesce(:due, due_at),
             problem = coalesce(:problem, problem), attempts = attempts - (:problem IS NULL),
             claimed_at = CASE WHEN :state = 'queued' THEN NULL ELSE claimed_at END WHERE id = :id""",
        {"id": row.id, "due": due, "problem": problem, "state": state},
    )


def give_up_route(db: Database, row: Row, route: str, problem: str) -> None:
    """Mark `route` as tried, so that the row takes its next route at once."""
    tried = json.dumps([*row.tried, route], ensure_ascii=False)
    db.conn.execute(
        """UPDATE outbox SET state = 'queued', tried = ?, attempts = 0, problem = ?, claimed_at = NULL
           WHERE id = ?""",
        (tried, problem, row.id),
    )


def bury(db: Database, row_id: str, problem: str, now: datetime) -> str:
    """Declare a row a dead letter and queue its announcement. Return the row's notice.

    When the row is itself such an announcement, no other is queued: it shows in the log and the metrics.
    """
    (notice,) = db.conn.execute("SELECT notice FROM outbox WHERE id = ?", (row_id,)).fetchone()
    db.conn.execute(
        f"UPDATE outbox SET state = 'dead', problem = ?, {_NOWHERE} WHERE id = ?",  # noqa: S608 — a constant
        (problem, row_id),
    )
    if notice != DEAD_LETTER.name:
        dead, key = DeadLetter(row_id, notice, problem), f"{DEAD_LETTER.name}:{row_id}"
        enqueue(db, Delivery(key, ANNOUNCED_TO, DEAD_LETTER, dead, urgent=True), now)
    return str(notice)


def count_by_notice(db: Database, state: Literal["dead", "held"]) -> dict[str, int]:
    """Return how many rows are dead or held, by notice; announcements of dead letters are not counted."""
    rows = db.conn.execute(
        """SELECT notice, count(*) FROM outbox WHERE state = ? AND (state <> 'dead' OR notice <> ?)
           GROUP BY notice ORDER BY 1""",
        (state, DEAD_LETTER.name),
    )
    return dict(rows.fetchall())


def settle_dead(db: Database, now: datetime, *, send: bool, row_id: str | None = None) -> int:
    """Send the dead letters again, or give them up: all of them, or one. Return how many.

    Their announcements are deleted, so that a row that fails again is announced again.
    """
    state = "queued" if send else "cancelled"
    done = db.conn.execute(
        """UPDATE outbox SET state = :state, due_at = max(due_at, :now), attempts = 0, problem = NULL,
             tried = '[]' WHERE state = 'dead' AND notice <> :announcement AND (:row IS NULL OR id = :row)""",
        {"state": state, "now": iso(now), "announcement": DEAD_LETTER.name, "row": row_id},
    )
    db.conn.execute(
        """DELETE FROM outbox WHERE notice = ? AND state <> 'sending' AND json_valid(arguments)
             AND json_extract(arguments, '$.row') NOT IN (SELECT id FROM outbox WHERE state = 'dead')""",
        (DEAD_LETTER.name,),
    )
    return done.rowcount


def drop(db: Database, row: Row, problem: str) -> None:
    """Cancel a row that has nothing left to say."""
    db.conn.execute(
        f"UPDATE outbox SET state = 'cancelled', problem = ?, {_NOWHERE} WHERE id = ?",  # noqa: S608 — a constant
        (problem, row.id),
    )


def share_out(db: Database, row: Row, recipients: Mapping[str, str], now: datetime) -> None:
    """Replace a row by one per recipient; each new row's key ends with its key in `recipients`.

    Rows that an earlier handover already made stay as they are.
    """
    base = row.key.partition("→")[0]
    for end, recipient in recipients.items():
        db.conn.execute(
            """INSERT OR IGNORE INTO outbox (id, key, recipient, notice, arguments, urgent, due_at)
               SELECT ?, ?, ?, notice, arguments, urgent, ? FROM outbox WHERE id = ?""",
            (new_id(), f"{base}→{end}", recipient, iso(now), row.id),
        )
    drop(db, row, f"shared out to {len(recipients)}")


def hand_back(db: Database) -> int:
    """Return to the role the unsent rows of holders who were erased; return how many.

    When they are sent, they are shared out among the holders of that day. The caller deletes the rows that
    were sent or given up.
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
    """Return the wait after `attempts` attempts; `chance`, from 0 to 1, spreads it from half to all of it.

    Exponential, capped, with « equal jitter » (Brooker, « Exponential Backoff And Jitter », AWS, 2015).
    """
    whole: timedelta = min(CAP, BASE * 2 ** min(attempts - 1, 20))
    return whole * (0.5 + chance / 2)
