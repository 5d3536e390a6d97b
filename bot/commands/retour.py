"""`retour`: handling of « Utile », « Pas utile » and the choice between the meanings of a question."""

from typing import Final

from bot.answers import unanswered
from bot.commands import answers, politique, question
from bot.commands.question import Answering
from bot.conversation.messages import Button, Buttons, Message, Text, TooLong
from bot.conversation.requests import Request, UserError
from bot.language.voice import FRENCH, Voice
from bot.policy import references
from bot.policy.addresses import listed

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
    """Record whether an answer was useful. The answer remains visible, and can be rated only once.

    Raises `UserError` for any other text.
    """
    verdict, _, rest = request.text.partition(" ")
    identifier, _, numbers = rest.partition(" ")
    if verdict == CHOSEN and numbers:
        return question.choose(desk, request, identifier, numbers)
    if verdict not in {USEFUL, USELESS} or not identifier:
        raise UserError(HOW)
    given_answer = desk.memory.take(identifier)
    if given_answer is None:
        return _under_answer(desk, request, numbers, LATE, english=False)
    policy = given_answer.policy
    today = desk.office.today()
    stored = False
    english = given_answer.english
    with desk.office.storage.transaction() as db:
        unanswered.count_verdict(db, "useful" if verdict == USEFUL else "useless", today)
        if verdict == USELESS:
            clauses = listed(given_answer.clauses)
            stored = given_answer.stored or unanswered.keep_question(
                db, policy, given_answer.question, "unhelpful", today, clauses=clauses
            )
    return _under_answer(desk, request, numbers, SORRY if stored else THANKS, english=english)


def _under_answer(desk: Answering, request: Request, address: str, text: str, *, english: bool) -> Message:
    """Repeat the answer's clauses under a text, since in private this message replaces the answer."""
    reading, named = politique.open_reading(desk.library, address)
    wording = desk.wording(reading, request).speaking(english=english)
    text = wording.voice(text)
    alone = thanks(text, wording.voice)
    if not address:
        return alone
    reference = references.reference_in(named, reading.version)
    numbers = [s.first for s in reference.spans if reading.version.clause(s.first)] if reference else []
    if not numbers:
        return alone
    try:
        return Message(Text(text), *answers.clauses_message(wording, numbers).elements)
    except TooLong:
        return alone


def thanks(text: str, voice: Voice = FRENCH) -> Message:
    """Return only the thanks, for an answer without clauses."""
    return Message(Text(text), Buttons(Button(voice("Table des matières"), "politique")))
