"""The ledger of a revision, for the administration: who was told, who opened it, who attested."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from sqlite_utils import Database

from bot.conversation.messages import Button, Buttons, File, Heading, Message, Note, Span, Text, turn_buttons
from bot.outbox import notices
from bot.people import persons
from bot.policy.library import Policy
from bot.register.receipt import PLATFORMS
from bot.revision.audience import Asked, Recipient, State
from bot.revision.revisions import Revision
from bot.times import Calendar, in_words, iso

DRAW: Final = "revision-image"  # the errand that draws the curve
_PAGE = 8  # people on one page

ASKED: dict[Asked, str] = {"nothing": "rien", "changes": "ce qui change", "whole": "tout le texte"}
STATES: dict[State, str] = {
    "queued": "à envoyer",
    "sent": "envoyé",
    "failed": "non remis",
    "left": "n'est plus visée",
}
_PROBLEMS: dict[str, str] = {
    "doubtful": "envoi incertain, à vérifier avant de recommencer",
    "held": "retenu depuis une restauration",
    "waiting": "à lire avec le bouton reçu",
    "unreached": "l'administration a été prévenue",
    "cancelled": "l'envoi a été abandonné",
}


def counted(found: Sequence[Recipient]) -> str:
    """Return the ledger in a few numbers, one a line."""
    states = Counter(one.state for one in found)
    asked = [one for one in found if one.asked != "nothing" and one.state != "left"]
    lines = [f"{STATES[state].capitalize()}\u00a0: {states[state]}" for state in STATES if states[state]]
    lines.append(f"Ouvert\u00a0: {sum(one.opened_at is not None for one in found)}")
    lines.append(f"Attesté\u00a0: {sum(one.attested_at is not None for one in asked)} sur {len(asked)}")
    return "\n".join(lines)


def problem(one: Recipient) -> str:
    """Return why a notice did not arrive, or what there is to know of it, in French; "" for nothing."""
    if one.problem is None:
        return ""
    return _PROBLEMS.get(one.problem) or notices.reason(one.problem.partition(" ")[0])


def page(
    policy: Policy,
    revision: Revision,
    lines: Sequence[tuple[Span, Recipient]],
    number: int,
    calendar: Calendar,
) -> Message:
    """Return one page of the ledger; those whose notice did not arrive come first."""
    order: list[State] = ["failed", "queued", "sent", "left"]
    ranked = sorted(lines, key=lambda line: (order.index(line[1].state), line[1].attested_at is not None))
    pages = max(1, -(-len(ranked) // _PAGE))
    at = min(max(number, 1), pages)
    shown = ranked[(at - 1) * _PAGE : at * _PAGE]
    turns = turn_buttons(at, pages, lambda target: f"revision registre {revision.id} {target}")
    return Message(
        Heading(f"{policy.name}, registre de la révision du {in_words(_day(revision))}"),
        Text(counted([one for _, one in lines])),
        *(Text(bold_name(who), f"\u00a0: {_described(one, calendar)}") for who, one in shown),
        *([] if lines else [Text("Cette révision n'a encore été annoncée à personne.")]),
        Buttons(
            *turns,
            Button("Fichier CSV", f"revision csv {revision.id}"),
            Button("Image", f"revision image {revision.id}"),
            Button("La révision", f"revision voir {revision.id}"),
        ),
    )


def bold_name(who: Span) -> Span:
    """Return a person's name in bold, where it is shown as text."""
    return Span(who.text, "bold", who.account)


def _described(one: Recipient, calendar: Calendar) -> str:
    said = STATES[one.state]
    if one.sent_on:
        said += f" le {in_words(one.sent_on)}" + (f" ({_platform(one)})" if one.platform else "")
    if why := problem(one):
        said += f" ({why.rstrip('.')})"
    opened = f", ouvert le {in_words(calendar.day(one.opened_at))}" if one.opened_at else ""
    attested = f", attesté le {in_words(calendar.day(one.attested_at))}" if one.attested_at else ""
    return f"{said}{opened}{attested}; demandé\u00a0: {ASKED[one.asked]}."


def _platform(one: Recipient) -> str:
    return PLATFORMS.get(one.platform or "", one.platform or "")


def _day(revision: Revision) -> date:
    return revision.effective or revision.adopted or revision.proposed_on


COLUMNS: Final = (
    "compte",
    "demande",
    "etat",
    "probleme",
    "plateforme",
    "mis_en_file",
    "envoye",
    "ouvert",
    "atteste",
)


def rows(db: Database, found: Iterable[Recipient]) -> list[list[str]]:
    """Return the ledger as a table, a line a person, its columns being `COLUMNS`."""
    return [
        [
            _account(db, one.person_id),
            ASKED[one.asked],
            STATES[one.state],
            problem(one),
            one.platform or "",
            one.queued_on.isoformat(),
            one.sent_on.isoformat() if one.sent_on else "",
            iso(one.opened_at) if one.opened_at else "",
            iso(one.attested_at) if one.attested_at else "",
        ]
        for one in found
    ]


def _account(db: Database, person_id: str) -> str:
    accounts = persons.accounts_of(db, person_id)
    return f"{accounts[0].platform}:{accounts[0].user}" if accounts else ""


def as_csv(db: Database, found: Iterable[Recipient]) -> str:
    """Return the ledger as CSV."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows(db, found))
    return written.getvalue()


def as_file(db: Database, policy: Policy, revision: Revision, found: Sequence[Recipient]) -> Message:
    """Give the ledger as a file."""
    return file(policy, revision, as_csv(db, found))


def file(policy: Policy, revision: Revision, content: str) -> Message:
    """Give the ledger as a file."""
    return Message(
        Text(f"Le registre de la révision de la {policy.name}, une personne par ligne."),
        File(f"revision-{_day(revision)}.csv", content.encode("utf-8-sig"), "Le registre de la révision"),
        Buttons(Button("Registre", f"revision registre {revision.id}")),
    )


def drawing(revision: Revision) -> Message:
    """Say that the picture is coming."""
    return Message(
        Note("L'image arrive dans un instant, en message privé."),
        Buttons(Button("Registre", f"revision registre {revision.id}")),
    )
