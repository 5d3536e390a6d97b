"""`retour`: « Utile » or « Pas utile », pressed under an answer, or one of the readings of a question."""

from __future__ import annotations

from typing import Final

from bot.answers import asked
from bot.commands import answers, politique, question
from bot.commands.question import Answering
from bot.conversation.messages import Button, Buttons, Message, Text, TooLong
from bot.conversation.requests import Request, UserError

USEFUL, USELESS, CHOSEN = "oui", "non", "choix"
THANKS: Final = "Merci, c'est noté sans votre nom."
SORRY: Final = (
    "Merci de me le dire. Je garde votre question pour l'administration, sans votre nom, et sans les noms, "
    "les numéros et les adresses que j'y reconnais."
)
LATE: Final = (
    "Merci! Cette réponse a plus d'une heure, ou a déjà été jugée\u00a0: je ne sais plus de quelle question "
    "il s'agissait. Posez-la de nouveau si elle vous importe."
)
HOW: Final = (
    "Pressez «\u00a0Utile\u00a0» ou «\u00a0Pas utile\u00a0» sous une réponse\u00a0: cela m'aide à mieux "
    "répondre."
)


def judge(desk: Answering, request: Request) -> Message:
    """Note that an answer was useful, or not; the answer stays in sight. Each is judged once."""
    verdict, _, rest = request.text.partition(" ")
    identifier, _, shown = rest.partition(" ")
    if verdict == CHOSEN and shown:
        return question.choose(desk, request, identifier, shown)
    if verdict not in {USEFUL, USELESS} or not identifier:
        raise UserError(HOW)
    given = desk.recent.take(identifier)
    if given is None:
        return _with_answer(desk, request, shown, LATE)
    today, useful = desk.office.today(), verdict == USEFUL
    with desk.office.storage.transaction() as db:
        asked.judge(db, "useful" if useful else "useless", today)
        clauses = ", ".join(map(str, given.clauses))
        kept = not useful and (
            given.kept or asked.keep(db, given.policy, given.question, "unhelpful", today, clauses=clauses)
        )
    return _with_answer(desk, request, shown, SORRY if kept else THANKS)


def _with_answer(desk: Answering, request: Request, shown: str, said: str) -> Message:
    """Say `said` under the clauses that were answered: in private, this takes the place of the answer."""
    alone = thanks(said)
    if not shown:
        return alone
    reading, text = politique.open_reading(desk.library, shown)
    reference = politique.reference_in(text, reading.version)
    numbers = (
        [span.first for span in reference.spans if reading.version.clause(span.first)] if reference else []
    )
    if not numbers:
        return alone
    telling = desk.telling(reading, request)
    try:
        return Message(Text(said), *answers.given(telling, numbers).elements)
    except TooLong:
        return alone


def thanks(said: str) -> Message:
    """Return the thanks alone, where no clause had been given."""
    return Message(Text(said), Buttons(Button("Table des matières", "politique")))
