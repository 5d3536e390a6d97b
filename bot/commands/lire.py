"""`lire`: show a message to its recipient alone when it could not be sent in private.

This is not the button « J'ai lu », which is in `nouveautes.py`.
"""

from bot.conversation.requests import Answer, Request, UserError
from bot.outbox import rows
from bot.outbox.notices import NoticeContext, Notices
from bot.people import roles
from bot.people.office import Office, asker

# The same refusal in every case, so that nobody else learns whether a message exists.
_NOTHING = "Ce message n'est pas pour ce compte, ou n'est plus là."


def read(office: Office, notices: Notices, request: Request) -> Answer:
    """Show the outbox message with a given number to its recipient, and to no one else.

    A person may read a message for a role only while they hold the role or act for it. Raises `UserError` for
    anyone else, and when the message is no longer relevant.
    """
    number = request.text.strip()
    today = office.today()
    with office.storage.transaction() as db:
        person = asker(db, request)
        recipients = {f"person:{person}"}
        for role in roles.all_roles(db):
            acting = roles.acting(db, role.id, today)
            if acting and roles.has(db, person, acting, today):
                recipients.add(f"role:{role.id}/{person}")
        sent = rows.load_sent(db, number)
        if person is None or sent is None or sent[0] not in recipients:
            raise UserError(_NOTHING)
        recipient, notice, arguments = sent
        context = NoticeContext(db, today, recipient)
        message = notices.build(context, notice, arguments)
        if message is None:
            raise UserError(_NOTHING)
        rows.mark_read(db, number)
        notices.delivered(context, notice, arguments)
        return message
