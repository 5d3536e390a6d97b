"""What the bot says on its own initiative: rows written with the facts that cause them.

A row is one message to one recipient. It holds no text: the name of a notice and its arguments, of
which the message is made when it is sent. These functions move a row from state to state, each in the
caller's transaction; `bot.outbox.pump` calls them around what it sends.

    queued → sending → sent           the ordinary way
    sending → queued                  it was not sent: later, or by the next route
    sending → sending                 nobody knows whether it was sent: it is looked for first
    queued, sending → dead            no route is left, or it makes no sense; announced
    dead → queued, cancelled          the administration decides
    queued → cancelled                there is nothing to say any more
    queued → held                     set by a restoration (see `bot.backup.restore`), until approved

« sending » is written before the request leaves. A row found in that state, at the start or later, may
have been sent by `route` since `claimed_at`. « sent » with a problem: « waiting », it is to be read with a
button that was sent in its place; « unreached », only the administrators were told.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Generic

from sqlite_utils import Database

from bot.outbox.notices import DEAD_LETTER, Arguments, DeadLetter, Notice, RowArguments
from bot.times import iso, utc

ANNOUNCED_TO: Final = "role:administration"

BASE = timedelta(seconds=2)  # before the second attempt; then twice as long each time
CAP = timedelta(minutes=30)  # between two attempts
# By one route, before the next is tried: with the above, three hours or so of a platform that fails.
ATTEMPTS = 16

WAITING: Final = "waiting"


@dataclass(frozen=True, slots=True)
class Delivery(Generic[Arguments]):
    """What is to be said. `key`: what it is, to whom and where, so that it is said once.

    `recipient`: « person:<id> », « role:<id> » or « channel:<platform>/<team>/<id> ». `arguments`: what the
    message of the `notice` is made of, identifiers and never texts. What is not `urgent` waits for working
    hours. `due_at`: not before then.
    """

    key: str
    recipient: str
    notice: Notice[Arguments]
    arguments: Arguments
    urgent: bool = False
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the outbox, as the pump needs it. `doubtful`: it may already have been sent by `route`."""

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
    """Have something said, in the caller's transaction. Return whether it is new under its key."""
    notice, due_at = delivery.notice, delivery.due_at or now
    arguments = notice.to_row(delivery.arguments)
    return _insert(
        db, delivery.key, delivery.recipient, notice.name, arguments, urgent=delivery.urgent, due_at=due_at
    )


def _insert(
    db: Database,
    key: str,
    recipient: str,
    notice: str,
    arguments: RowArguments,
    *,
    urgent: bool,
    due_at: datetime,
) -> bool:
    written = json.dumps(arguments, ensure_ascii=False)
    done = db.conn.execute(
        """INSERT OR IGNORE INTO outbox (id, key, recipient, notice, arguments, urgent, due_at)
           VALUES (?, ?, ?, ?, ?, ?, ?)""",
        (secrets.token_hex(8), key, recipient, notice, written, int(urgent), iso(due_at)),
    )
    return done.rowcount == 1


def cancel(db: Database, key: str) -> bool:
    """Say it no more, if it was not said. What is already on its way may still arrive.

    Return whether it was still to be said.
    """
    done = db.conn.execute(
        "UPDATE outbox SET state = 'cancelled' WHERE key = ? AND state IN ('queued', 'held')", (key,)
    )
    return done.rowcount == 1


# Where it went is of no more use: no account is kept there.
_FORGOTTEN = "tried = '[]', claimed_at = NULL"
_NOWHERE = f"route = NULL, {_FORGOTTEN}"
_COLUMNS = "id, key, recipient, notice, arguments, urgent, attempts, route, tried, claimed_at, problem, state"


# What is due. What was claimed later than now was so by a clock that was wrong, as is then `due_at`.
_DUE = """((state = 'queued' AND due_at <= :now)
           OR (state = 'sending' AND ((claimed_at < :settled AND due_at <= :now) OR claimed_at > :now)))"""


def due(db: Database, now: datetime, settled: datetime, busy: str, limit: int) -> list[str]:
    """Return what can be taken up now: one row for each recipient, urgent ones first, then the oldest.

    `settled`: what was claimed later may still be on its way, and is left alone. `busy`: recipients
    left out, as a JSON array.
    """
    rows = db.conn.execute(
        f"""SELECT id, min((1 - urgent) || due_at || printf('%012d', rowid)) AS rank FROM outbox
            WHERE {_DUE} AND recipient NOT IN (SELECT value FROM json_each(:busy))
            GROUP BY recipient ORDER BY rank LIMIT :limit""",  # noqa: S608 — constants
        {"now": iso(now), "settled": iso(settled), "busy": busy, "limit": limit},
    )
    return [str(row[0]) for row in rows.fetchall()]


def set_back(db: Database, before: datetime, now: datetime) -> int:
    """Have what was due `before`, by a clock that was set back to `now`, be due still, or tried again soon.

    Return how many rows.
    """
    done = db.conn.execute(
        """UPDATE outbox SET due_at = :now WHERE state IN ('queued', 'sending') AND due_at > :now
             AND (due_at <= :before OR (attempts > 0 AND due_at <= :again))""",
        {"now": iso(now), "before": iso(before), "again": iso(before + CAP)},
    )
    return done.rowcount


def put_off(db: Database, now: datetime, until: datetime) -> int:
    """Put off until working hours what is due and not urgent. Return how many rows."""
    done = db.conn.execute(
        "UPDATE outbox SET due_at = ? WHERE state = 'queued' AND urgent = 0 AND due_at <= ?",
        (iso(until), iso(now)),
    )
    return done.rowcount


def read(db: Database, row_id: str) -> Row:
    """Return a row. Raises `ValueError` or `TypeError` for one that this version did not write."""
    row = db.conn.execute(f"SELECT {_COLUMNS} FROM outbox WHERE id = ?", (row_id,)).fetchone()  # noqa: S608 — a constant
    return _row(row)


def read_due(db: Database, row_id: str, now: datetime) -> Row | None:
    """Return a row that is still to be sent, and due; None otherwise. Raises as `read` does."""
    due = db.conn.execute(
        f"SELECT 1 FROM outbox WHERE id = :id AND {_DUE}",  # noqa: S608 — a constant
        {"id": row_id, "now": iso(now), "settled": iso(now)},
    )
    return None if due.fetchone() is None else read(db, row_id)


def claim(db: Database, row: Row, route: str, now: datetime) -> None:
    """Write that `row` leaves by `route`. From when it may have been sent is kept from the first time."""
    db.conn.execute(
        """UPDATE outbox SET state = 'sending', route = :route, attempts = attempts + 1,
             claimed_at = CASE WHEN :again THEN claimed_at ELSE :now END WHERE id = :id""",
        {"id": row.id, "route": route, "now": iso(now), "again": row.doubtful and row.route == route},
    )


def sent(db: Database, row: Row, today: str, problem: str | None = None) -> None:
    """Write that `row` was sent, or what was sent in its place (see above).

    Of when, only the local day is kept; of where, only the platform.
    """
    db.conn.execute(
        f"""UPDATE outbox SET state = 'sent', sent_day = ?, problem = ?, {_FORGOTTEN},
              route = substr(route, instr(route, ':') + 1, instr(route, '/') - instr(route, ':') - 1)
            WHERE id = ?""",  # noqa: S608 — a constant
        (today, problem, row.id),
    )


def unread(db: Database) -> list[str]:
    """Return what waits to be read with a button."""
    rows = db.conn.execute("SELECT id FROM outbox WHERE state = 'sent' AND problem = ?", (WAITING,))
    return [str(row[0]) for row in rows.fetchall()]


def was_read(db: Database, row_id: str) -> None:
    """Write that what waited was read."""
    db.conn.execute(
        "UPDATE outbox SET problem = NULL WHERE id = ? AND state = 'sent' AND problem = ?", (row_id, WAITING)
    )


def postpone(db: Database, row: Row, due_at: datetime, problem: str, *, doubtful: bool) -> None:
    """Write that `row` is to be taken up again later; `doubtful`: it may have been sent."""
    db.conn.execute(
        """UPDATE outbox SET state = :state, due_at = :due, problem = :problem,
             claimed_at = CASE WHEN :state = 'queued' THEN NULL ELSE claimed_at END WHERE id = :id""",
        {
            "id": row.id,
            "due": _ceiling(due_at),
            "problem": problem,
            "state": "sending" if doubtful else "queued",
        },
    )


def release(db: Database, row: Row, due_at: datetime | None, *, doubtful: bool) -> None:
    """Give back a row that did not leave, until `due_at` if not at once: that was not an attempt."""
    db.conn.execute(
        """UPDATE outbox SET attempts = attempts - 1, state = :state, due_at = coalesce(:due, due_at),
             claimed_at = CASE WHEN :state = 'queued' THEN NULL ELSE claimed_at END WHERE id = :id""",
        {"id": row.id, "due": due_at and _ceiling(due_at), "state": "sending" if doubtful else "queued"},
    )


def give_up_route(db: Database, row: Row, route: str, problem: str) -> None:
    """Write that `row` cannot go by `route`: the next one will be tried at once."""
    tried = json.dumps([*row.tried, route], ensure_ascii=False)
    db.conn.execute(
        """UPDATE outbox SET state = 'queued', tried = ?, attempts = 0, problem = ?, claimed_at = NULL
           WHERE id = ?""",
        (tried, problem, row.id),
    )


def bury(db: Database, row_id: str, problem: str, now: datetime) -> str:
    """Write that a row can be sent to nobody, and have that announced, in the same transaction.

    An announcement that cannot be sent is not announced in its turn: it is in the log and the figures.
    Return the row's notice.
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


def dead(db: Database) -> dict[str, int]:
    """Return how many dead letters there are, by notice, announcements left out."""
    rows = db.conn.execute(
        "SELECT notice, count(*) FROM outbox WHERE state = 'dead' AND notice <> ? GROUP BY notice ORDER BY 1",
        (DEAD_LETTER.name,),
    )
    return dict(rows.fetchall())


def settle_dead(db: Database, now: datetime, *, send: bool, row_id: str | None = None) -> int:
    """Send the dead letters again, or give them up: all of them, or one. Return how many.

    What announced them is forgotten, so that one which dies again is announced again.
    """
    done = db.conn.execute(
        """UPDATE outbox SET state = :state, due_at = max(due_at, :now), attempts = 0, problem = NULL,
             tried = '[]' WHERE state = 'dead' AND notice <> :announcement AND (:row IS NULL OR id = :row)""",
        {
            "state": "queued" if send else "cancelled",
            "now": iso(now),
            "announcement": DEAD_LETTER.name,
            "row": row_id,
        },
    )
    db.conn.execute(
        """DELETE FROM outbox WHERE notice = :announcement AND state <> 'sending'
             AND json_valid(arguments)
             AND json_extract(arguments, '$.row') NOT IN (SELECT id FROM outbox WHERE state = 'dead')""",
        {"announcement": DEAD_LETTER.name},
    )
    return done.rowcount


def drop(db: Database, row: Row, problem: str) -> None:
    """Write that there is nothing to say any more."""
    db.conn.execute(
        f"UPDATE outbox SET state = 'cancelled', problem = ?, {_NOWHERE} WHERE id = ?",  # noqa: S608 — a constant
        (problem, row.id),
    )


def share_out(db: Database, row: Row, recipients: Mapping[str, str], now: datetime) -> None:
    """Replace a row by one for each of `recipients`, given by the end of their key.

    Those that exist already, a former handover having made them, are left as they are.
    """
    base = row.key.partition("→")[0]
    for end, recipient in recipients.items():
        _insert(db, f"{base}→{end}", recipient, row.notice, row.arguments, urgent=row.urgent, due_at=now)
    drop(db, row, f"shared out to {len(recipients)}")


def hand_back(db: Database) -> int:
    """Give back to its role what was for a holder whom the bot does not know any more; return how much.

    It is shared out again among those who hold the role when it is sent. What was said to that holder,
    or given up, is for the caller to delete.
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
    """Return how long to wait after that many attempts; `chance`, from 0 to 1, spreads it over a half.

    Exponential, capped, with « equal jitter » (Brooker, « Exponential Backoff And Jitter », AWS, 2015).
    """
    whole: timedelta = min(CAP, BASE * 2 ** min(attempts - 1, 20))
    return whole * (0.5 + chance / 2)


def _ceiling(moment: datetime) -> str:
    """Write a time that must not come early: the database keeps whole seconds."""
    return iso(moment if moment.microsecond == 0 else moment + timedelta(seconds=1))


def _row(row: tuple[Any, ...]) -> Row:
    known = dict(zip(_COLUMNS.split(", "), row, strict=False))
    return Row(
        known["id"],
        known["key"],
        known["recipient"],
        known["notice"],
        json.loads(known["arguments"]),
        bool(known["urgent"]),
        known["attempts"],
        known["route"],
        tuple(json.loads(known["tried"])),
        utc(known["claimed_at"]) if known["claimed_at"] else None,
        known["problem"],
        known["state"] == "sending",
    )
