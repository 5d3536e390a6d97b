"""The private thread of a request, between the asker and those who may decide."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlite_utils import Database

from bot.conversation.messages import thousands
from bot.people.persons import new_id
from bot.permissions import queueing
from bot.permissions.requests import Party, PermissionRequestError, PermissionSession, find, recipients

LINE_LENGTH: Final = 1_000
IN_A_ROW: Final = 3  # maximum lines from one side before the other answers
MOST_LINES: Final = 60


@dataclass(frozen=True, slots=True)
class ThreadLine:
    """A line of a thread. `number`: its place in the thread, from 1. `author`: the person who wrote it."""

    number: int
    party: Party
    author: str
    text: str
    said_on: date


def lines(db: Database, request_id: str) -> list[ThreadLine]:
    """Return the lines of a request's thread, in order. The caller must check who reads them (`find`)."""
    rows = db.conn.execute(
        """SELECT number, party, author_id, text, said_on FROM permission_lines
           WHERE request_id = ? ORDER BY number""",
        (request_id,),
    )
    return [
        ThreadLine(number, party, author, text, date.fromisoformat(day))
        for number, party, author, text, day in rows.fetchall()
    ]


def say(session: PermissionSession, request_id: str, person: str, text: str) -> ThreadLine:
    """Add a line to a request's thread, and queue a notice of it for the other parties. Return the line.

    A line that the same person sends twice in a row is stored once. Raises `PermissionRequestError`.
    """
    db, today = session.db, session.today
    request, party = find(db, request_id, person, today)
    if request.state not in {"asked", "granted"}:
        raise PermissionRequestError("Cette demande est close\u00a0: on ne s'y écrit plus.")
    text = text.strip()
    if not 1 <= len(text) <= LINE_LENGTH:
        raise PermissionRequestError(f"Écrivez de 1 à {thousands(LINE_LENGTH)} caractères.", "text")
    earlier = lines(db, request_id)
    if earlier and (earlier[-1].author, earlier[-1].text) == (person, text):
        return earlier[-1]
    mine = [line.party == party for line in earlier[-IN_A_ROW:]]
    if (len(mine) == IN_A_ROW and all(mine)) or len(earlier) >= MOST_LINES:
        raise PermissionRequestError("Attendez une réponse avant d'en écrire davantage.")
    # The number of an erased line is not used again, because its notice was sent under that number.
    number = 1 + max([queueing.last_line(db, request.id), *(line.number for line in earlier)])
    line = ThreadLine(number, party, person, text, today)
    db.conn.execute(
        """INSERT INTO permission_lines (id, request_id, number, author_id, party, text, said_on)
           VALUES (?, ?, ?, ?, ?, ?, ?)""",
        (new_id(), request_id, line.number, person, party, text, today.isoformat()),
    )
    others: list[Party] = ["decider", "consenter"] if party == "asker" else ["asker"]
    to = recipients(db, request, others, today)
    queueing.line(db, request.id, line.number, to, session.now)
    return line
