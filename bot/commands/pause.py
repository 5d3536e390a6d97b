"""`pause`: stop at once every message that Vigie sends on its own initiative, and resume."""

from bot.conversation.messages import Button, Buttons, Element, Heading, Message, Note, Text, excerpt
from bot.conversation.requests import Request
from bot.outbox import rows
from bot.people.office import Office
from bot.storage import state
from bot.storage.state import Flag
from bot.times import Calendar

_LIFT = "lever"
_STOP = "maintenant"


def pause(office: Office, request: Request) -> Message:
    """Show whether sending is paused, pause it (« maintenant », or a reason), or resume (« lever »)."""
    with office.storage.transaction() as db:
        if request.text == _LIFT:
            return resumed(rows.count_unsent(db)) if state.lower(db, state.PAUSED) else RUNNING
        if request.text:
            reason = "" if request.text == _STOP else excerpt(request.text, 200).rstrip(".")
            state.hoist(db, state.PAUSED, office.clock(), reason)
        flag = state.flag(db, state.PAUSED)
        return RUNNING if flag is None else paused(flag, rows.count_unsent(db), office.calendar)


RUNNING = Message(
    Heading("Les envois"),
    Text(
        "J'envoie les avis et les rappels comme d'habitude. Je peux tout arrêter à l'instant\u00a0: rien "
        "n'est perdu."
    ),
    Buttons(Button("Arrêter tous les envois", f"pause {_STOP}", "danger"), Button("Menu", "vigie")),
)


def paused(flag: Flag, count: int, calendar: Calendar) -> Message:
    """Report when sending was paused, why, and how many messages are waiting."""
    why = f" Raison\u00a0: {flag.reason}." if flag.reason else ""
    return Message(
        Heading("Les envois sont arrêtés"),
        Text(f"Depuis le {calendar.in_words(flag.since)}, je n'envoie plus rien de moi-même.{why}"),
        Text(f"{_counted(count)} Je réponds toujours à ce qu'on me demande."),
        Buttons(Button("Reprendre les envois", f"pause {_LIFT}", "primary"), Button("Menu", "vigie")),
    )


def resumed(count: int) -> Message:
    """Confirm that sending resumes."""
    return Message(Text(f"Les envois reprennent. {_counted(count)}"))


def banner(office: Office) -> tuple[Element, ...]:
    """Return the elements to add to the administration's menu while sending is paused, else ()."""
    with office.storage.transaction() as db:
        flag = state.flag(db, state.PAUSED)
    return () if flag is None else stopped(flag, office.calendar)


def stopped(flag: Flag, calendar: Calendar) -> tuple[Element, ...]:
    """Return elements that report when sending was paused, with a button to resume."""
    return (
        Note(f"Les envois sont arrêtés depuis le {calendar.in_words(flag.since)}."),
        Buttons(Button("Reprendre les envois", f"pause {_LIFT}")),
    )


def _counted(count: int) -> str:
    if count == 0:
        return "Aucun message n'attend."
    return "Un message attend." if count == 1 else f"{count} messages attendent."
