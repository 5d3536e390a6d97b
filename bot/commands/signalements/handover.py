"""`remise`: the administration hands over reports that nobody may read any more, without seeing them."""

from collections.abc import Mapping, Sequence

from bot.conversation.messages import Button, Buttons, Element, Heading, Message, Note, Text, bold, excerpt
from bot.conversation.requests import Request, UserError
from bot.people import persons
from bot.people.office import actor_of, asker
from bot.reports import handovers, routing
from bot.reports.handovers import AGREE, COMMAND
from bot.reports.intake import Reporting
from bot.reports.records import ReportError

_ASK = "demander"


def manage(reporting: Reporting, request: Request) -> Message:
    """Show how many reports nobody may read, ask to hand them over, or confirm a handover already asked.

    Raises `UserError`.
    """
    verb, _, role = request.text.partition(" ")
    by = str(persons.account(actor_of(request)))
    try:
        with reporting.session() as session:
            titles = routing.titles(session.db)
            if verb == _ASK:
                handovers.ask(session, role.strip(), by)
            elif verb == AGREE:
                return done(titles[handovers.finish(session, by)])
            handover = handovers.pending(session)
            person = asker(session.db, request)
            waiting = handovers.other_than(handovers.stranded(session), person)
            choice = handover.role if handover else None
            notified = handover is None or handover.notified_at is not None
            return overview(len(waiting), handovers.takers(session), titles, choice, notified=notified)
    except ReportError as error:
        raise UserError(str(error)) from error


def overview(
    count: int, takers: Sequence[str], titles: Mapping[str, str], taker: str | None, *, notified: bool = True
) -> Message:
    """Show how many reports nobody may read, the roles that may get them, and the pending handover.

    `takers`: the ids of the roles that may get the reports. `titles`: the titles of roles, by id. `taker`:
    the id of the role that would get the reports in the pending handover, None if there is none. `notified`:
    whether everyone who must be told of that handover received the notice.
    """
    if not count:
        return Message(
            Heading("Confier des signalements"),
            Text("Chaque signalement ouvert a quelqu'un qui peut le lire\u00a0: rien n'est à confier."),
            Buttons(Button("Les rôles", "roles"), Button("Menu", "vigie")),
        )
    several = f"{count} signalements ouverts n'ont plus personne qui puisse les lire."
    waiting = "Un signalement ouvert n'a plus personne qui puisse le lire." if count == 1 else several
    elements: list[Element] = [
        Heading("Confier des signalements"),
        Text(f"{waiting} Choisissez un rôle\u00a0: vous n'en verrez rien."),
    ]
    if taker:
        these = "ce signalement" if count == 1 else "ces signalements"
        elements.append(Text(f"On demande de confier {these} à\u00a0: ", bold(titles[taker]), "."))
        if not notified:
            elements.append(Text(_UNTOLD))
        elements.append(Buttons(Button("D'accord", f"{COMMAND} {AGREE}", "primary")))
    if takers:
        labels = {role: excerpt(titles[role], 75) for role in takers[:4]}
        elements.append(
            Buttons(*(Button(label, f"{COMMAND} {_ASK} {role}") for role, label in labels.items()))
        )
    else:
        elements += [Text("Nommez d'abord quelqu'un."), Buttons(Button("Les rôles", "roles", "primary"))]
    return Message(
        *elements,
        Note(
            "Il faut l'accord d'une deuxième personne de l'administration ou, sans elle, 72 heures. Toutes "
            "les personnes qui reçoivent les signalements en sont averties dès la demande."
        ),
    )


_UNTOLD = (
    "Tout le monde n'en a pas encore reçu l'avis\u00a0: les 72 heures ne commencent qu'ensuite. Un avis qui "
    "n'a pu être remis se renvoie par la commande «\u00a0lettres\u00a0». Si quelqu'un ne peut plus être "
    "joint, retirez-lui son rôle."
)


def done(title: str) -> Message:
    """Confirm that the reports were handed over to the role with this title."""
    return Message(Text("C'est confié\u00a0: ", bold(title), ". Ses titulaires sont avertis."))
