"""`lire`: see, alone, a message that could not be sent in private."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TypeAlias

from bot.commands.office import Office, actor_of
from bot.dispatch import Request, UserError
from bot.messages import Message
from bot.notices import Arguments, Services
from bot.policy import people

Build: TypeAlias = Callable[[Services, str, Arguments], Message | None]

# The same for everyone and everything: whether a message exists is nobody else's business.
_NOTHING = "Ce message n'est pas pour ce compte, ou n'est plus là."


def read(office: Office, build: Build, request: Request) -> Message:
    """Show the message of the outbox whose number is given, to the person whom it is for and no one else.

    Raises `UserError` for anyone else, and when there is nothing to say any more.
    """
    with office.storage.transaction() as db:
        who = people.person_of(db, actor_of(request), create=False)
        row = db.conn.execute(
            "SELECT recipient, notice, arguments FROM outbox WHERE id = ? AND state IN ('sending', 'sent')",
            (request.text.strip(),),
        ).fetchone()
        if who is None or row is None or not _is_for(row[0], who):
            raise UserError(_NOTHING)
        message = build(Services(db, office.today()), row[1], json.loads(row[2]))
        if message is None:
            raise UserError(_NOTHING)
        return message


def _is_for(recipient: str, person_id: str) -> bool:
    kind, _, who = recipient.partition(":")
    return (kind == "person" and who == person_id) or (kind == "role" and who.partition("/")[2] == person_id)
