"""`lire`: see, alone, a message that could not be sent in private."""

from __future__ import annotations

import json
from datetime import date

from sqlite_utils import Database

from bot.conversation.requests import Answer, Request, UserError
from bot.outbox import rows
from bot.outbox.notices import NoticeContext, Notices
from bot.people import roles
from bot.people.office import Office, asker

# The same for everyone and everything: whether a message exists is nobody else's business.
_NOTHING = "Ce message n'est pas pour ce compte, ou n'est plus là."


def read(office: Office, notices: Notices, request: Request) -> Answer:
    """Show the message of the outbox whose number is given, to the person whom it is for and no one else.

    Raises `UserError` for anyone else, and when there is nothing to say any more.
    """
    number = request.text.strip()
    with office.storage.transaction() as db:
        who = asker(db, request)
        row = db.conn.execute(
            "SELECT recipient, notice, arguments FROM outbox WHERE id = ? AND state IN ('sending', 'sent')",
            (number,),
        ).fetchone()
        if who is None or row is None or not _is_for(db, row[0], who, office.today()):
            raise UserError(_NOTHING)
        message = notices.build(NoticeContext(db, office.today(), row[0]), row[1], json.loads(row[2]))
        if message is None:
            raise UserError(_NOTHING)
        rows.mark_read(db, number)
        return message


def _is_for(db: Database, recipient: str, person_id: str, today: date) -> bool:
    """Return whether a message is for a person, and still is: a role may have passed to someone else."""
    kind, _, who = recipient.partition(":")
    if kind == "person":
        return who == person_id
    role, _, holder = who.partition("/")
    if kind != "role" or holder != person_id:
        return False
    try:
        acting = roles.acting(db, role, today)
    except roles.RoleError:  # it exists no more
        return False
    return acting is not None and roles.has(db, person_id, acting, today)
