"""Erasure of times and messages that could reveal when a report arrived, at each beat of the clock.

Three kinds of times are replaced with the start of the day: the times of reports, once they have passed; the
due time of a message to holders, once it is due or has left the queue; the time at which such a message was
claimed for sending. A `REFUSED` notice says that a platform refuses the bot. Once it has left the queue, its
due time is replaced too, since the refused message may be one to holders. A message about a case that no
longer exists is deleted.
"""

from typing import Final

from bot.outbox.notices import REFUSED
from bot.outbox.sending import SETTLE
from bot.reports.records import Session
from bot.times import iso

_TIMES: Final = (
    ("report_filings", "appears_at"),
    ("report_messages", "appears_at"),
    ("report_alerts", "due_at"),
)
_DRAWN: Final = "NOT LIKE '%:00:00Z'"  # not yet replaced with the start of a day
# Selects the outbox rows of notices about reports, and the announcements that such a notice reached nobody.
_MESSAGES: Final = """(key >= 'signalement' AND key < 'signalemenu'
  OR key >= 'lettre-morte:' AND key < 'lettre-morte;' AND arguments LIKE '%"signalement%')"""
_CASE, _ROW = (
    f"CASE WHEN json_valid(arguments) THEN json_extract(arguments, '$.{name}') END"
    for name in ("case", "row")
)
_SETTLED: Final = "state NOT IN ('queued', 'sending', 'held')"


def erase(session: Session) -> None:
    """Erase the times and messages above, in the caller's transaction. It is safe to repeat."""
    values = {
        "now": iso(session.now),
        "day": session.at_once,
        "settled": iso(session.now - SETTLE),  # a row claimed later may still be on its way
    }
    for table, column in _TIMES:
        session.execute(
            f"UPDATE {table} SET {column} = :day WHERE {column} <= :now AND {column} {_DRAWN}",  # noqa: S608 — constants
            values,
        )
    session.execute("UPDATE report_alerts SET sealed_due = NULL WHERE state <> 'planned' AND sealed_due > ''")
    session.execute(
        f"""DELETE FROM outbox WHERE {_MESSAGES} AND state <> 'sending' AND (
              {_CASE} IS NOT NULL AND {_CASE} NOT IN (SELECT id FROM report_cases)
              OR {_ROW} NOT IN (SELECT id FROM outbox))"""  # noqa: S608 — constants
    )
    session.execute(
        f"""UPDATE outbox SET due_at = :day
            WHERE ({_MESSAGES} AND ({_SETTLED} OR due_at <= :now) OR notice = '{REFUSED.name}' AND {_SETTLED})
              AND due_at {_DRAWN}""",  # noqa: S608 — constants
        values,
    )
    session.execute(
        f"""UPDATE outbox SET claimed_at = :day
            WHERE {_MESSAGES} AND claimed_at < :settled AND claimed_at {_DRAWN}""",  # noqa: S608 — constants
        values,
    )
