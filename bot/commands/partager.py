"""`partager`: say a clause before everyone in the channel, at the press of a button."""

from __future__ import annotations

from bot.commands import politique
from bot.dispatch import Request, UserError
from bot.messages import Button, Buttons, Message, Note
from bot.policy import references
from bot.policy.library import Library


def share(library: Library, request: Request) -> Message:
    """Return the clause that the request names as a public message; nothing says who shared it."""
    reading, text = politique.open_reading(library, request.text)
    reference = references.read(text)
    clause = reading.version.clause(reference.spans[0].first) if reference else None
    if clause is None:
        raise UserError("Dites quelle clause partager. Exemple\u00a0: /vigie partager 5.10")
    number = clause.number
    return Message(
        reading.quote(number),
        Note(f"{reading.place(number)}\n{reading.revised()}"),
        Buttons(Button("Lire autour", reading.command(number))),
        public=True,
    )


def examples(library: Library) -> dict[str, Message]:
    """Return one of each message that this command can send, by name."""
    return {"Une clause partagée dans un canal": share(library, Request("partager", "5.13"))}
