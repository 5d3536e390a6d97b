"""`lettres`: send again, or discard, the dead letters (messages that could not be delivered)."""

from collections.abc import Mapping

from bot.conversation.messages import Button, Buttons, Heading, Message, Text
from bot.conversation.requests import Request, UserError
from bot.outbox import rows
from bot.outbox.notices import SETTLE, Notices
from bot.people.office import Office

_SEND, _DROP = "envoyer", "annuler"


def settle(office: Office, notices: Notices, request: Request) -> Message:
    """Show the counts of dead letters, or resend or drop one or all of them.

    Raises `UserError` for any other choice, and when there is nothing to settle.
    """
    choice, _, number = request.text.strip().partition(" ")
    with office.storage.transaction() as db:
        if not choice:
            counts = (rows.count_by_notice(db, "dead"), rows.count_by_notice(db, "unreached"))
            return shown(*({notices.title(name): count for name, count in some.items()} for some in counts))
        if choice not in {_SEND, _DROP}:
            raise UserError(f"Écrivez «\u00a0{_SEND}\u00a0» ou «\u00a0{_DROP}\u00a0».")
        send = choice == _SEND
        count = rows.settle_dead(db, office.clock(), send=send, row_id=number.strip() or None)
    if not count:
        raise UserError("Il n'y a plus rien à régler là.")
    return settled(count, send=send)


def shown(dead: Mapping[str, int], unreached: Mapping[str, int]) -> Message:
    """Show how many messages could not be delivered, by title.

    `dead`: those that reached nobody. `unreached`: those whose failure the administration was told of.
    """
    if not dead and not unreached:
        return Message(Heading("Les messages non remis"), Text("Il n'y en a aucun."))
    parts = (
        ("À personne, par aucun moyen\u00a0:", dead),
        ("L'administration en a été prévenue\u00a0:", unreached),
    )
    texts = (
        "\n".join([text, *(f"• {count} × {title}" for title, count in counts.items())])
        for text, counts in parts
        if counts
    )
    return Message(
        Heading("Les messages non remis"),
        *map(Text, texts),
        Buttons(
            Button("Les envoyer de nouveau", f"{SETTLE} {_SEND}", "primary"),
            Button("Annuler ces envois", f"{SETTLE} {_DROP}", "danger"),
            Button("Menu", "vigie"),
        ),
    )


def settled(count: int, *, send: bool) -> Message:
    """Confirm that letters are sent again or discarded."""
    if send:
        return Message(
            Text("Je l'envoie de nouveau." if count == 1 else f"J'envoie de nouveau {count} messages.")
        )
    return Message(Text("C'est annulé." if count == 1 else f"C'est annulé\u00a0: {count} messages."))
