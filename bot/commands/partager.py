"""`partager`: show clauses to the whole channel, at the press of a button."""

from bot.commands import politique
from bot.commands.passages import PAGE_WEIGHT
from bot.conversation.messages import Button, Buttons, Message, Note, weight
from bot.conversation.requests import Request, UserError
from bot.policy import references
from bot.policy.library import Library


def share(library: Library, request: Request) -> Message:
    """Return the requested clauses as a public message that does not name the sharer.

    Raises `UserError` for a text without numbers, or with a number that the policy does not have.
    """
    reading, text = politique.open_reading(library, request.text, pressed=request.pressed)
    reference = references.reference_in(text, reading.version)
    if reference is None:
        example = library.default.example(library.current(library.default))
        raise UserError(f"Dites quelle clause partager, par son numéro. Exemple\u00a0: {example}")
    for number in (end for span in reference.spans for end in (span.first, span.last)):
        if not reading.version.within(number):
            raise UserError(politique.missing(reading.policy, reading.version, number))
    clauses = reading.policy.select(reading.version, text)
    if sum(weight(clause.text) + 100 for clause in clauses) > PAGE_WEIGHT:
        raise UserError("C'est trop long pour un seul message. Partagez une clause à la fois.")
    first = clauses[0].number
    return Message(
        *(reading.quote(clause.number) for clause in clauses),
        Note(f"{reading.place(first)}\n{reading.revised()}"),
        Buttons(Button("Lire autour", reading.command(first))),
        public=True,
    )
