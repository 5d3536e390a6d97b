"""`/question`: what the policy says to a question in one's own words, quoted, or an honest no.

Free text comes here too, wherever it is written. A number or a word of the policy stays a look-up
(`bot.commands.politique`); the rest goes to the engine, whose answer is put into words by
`bot.commands.answers`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Protocol

from bot.answers import asked, guidance
from bot.answers.conversations import Conversations, GivenAnswer, Recent
from bot.answers.guidance import Guidance
from bot.answers.negative_posts import NegativePosts
from bot.answers.questions import PolicyAnswer
from bot.commands import answers, politique
from bot.commands.answers import Judged, Telling
from bot.commands.signalement.follow_messages import CODE_SEEN
from bot.conversation.messages import SHORTCUT_LENGTH, Message
from bot.conversation.requests import Request, UserError
from bot.language.masking import Masker
from bot.people.office import Office
from bot.policy import references
from bot.policy.articles import Number, Version
from bot.policy.library import Library, Policy
from bot.policy.reading import Reading
from bot.policy.references import Reference
from bot.policy.search import fold, words
from bot.reports import codes

LOOKED_UP_WORDS: Final = 3  # « altérer sa valeur » is looked up; what is longer is a question
# What may stand between the words of a look-up. Any other small word makes a question of it.
_ARTICLES = frozenset(["l", "la", "le", "les", "d", "de", "du", "des", "sa", "son", "ses", "un", "une", "au"])
_WORD = re.compile(r"[^\W_]+")
_PAGE = re.compile(r"page \d{1,3}")  # of the table of contents


class Answers(Protocol):
    """What answers questions: `bot.answers.questions.Engine`."""

    def answer(
        self, policy: Policy, version: Version, question: str, previous: tuple[Number, ...] = ()
    ) -> PolicyAnswer:
        """Answer a question about a version; never raises."""

    def close(self) -> None:
        """Start no other training."""


@dataclass(frozen=True, slots=True)
class Answering:
    """What it takes to answer: the texts, what is known of them, and what is remembered for minutes.

    `masker`: made when first called, since it reads a whole bank.
    """

    library: Library
    office: Office
    engine: Answers
    guidance: dict[str, Guidance]
    masker: Callable[[], Masker]
    posts: Callable[[], NegativePosts]
    conversations: Conversations
    recent: Recent

    def telling(self, reading: Reading, request: Request) -> Telling:
        """Return what it takes to put an answer about this policy into words."""
        known = self.guidance.get(reading.policy.id) or Guidance()
        return Telling(reading, known, self.office, request.place)


def answer(desk: Answering, request: Request) -> Message:
    """Answer free text, or what follows `/politique`, that `look_up` leaves: a question, by the engine."""
    reading, _ = _opened(desk, request)
    return _answered(desk, reading, request)


def look_up(desk: Answering, request: Request) -> Message | None:
    """Answer free text, or what follows `/politique`, that is a look-up; None to a question.

    It takes neither the engine nor the database. Raises `UserError` as `politique.open_reading` does.
    """
    if _is_code(request.text):
        return CODE_SEEN
    reading, rest = politique.open_reading(desk.library, request.text, pressed=request.pressed)
    text = _question(request, rest)
    reference = politique.reference_in(text, reading.version)
    if not _is_look_up(reading, text, reference):
        return None
    return politique.shown(reading, rest, reference, request)


def ask(desk: Answering, request: Request) -> Message:
    """Answer `/question`; a number is given with what to do next, as the button of a choice asks."""
    if _is_code(request.text):
        return CODE_SEEN
    reading, text = _opened(desk, request)
    if not text:
        return answers.invitation(reading)
    reference = politique.reference_in(text, reading.version)
    if reference is None:
        return _answered(desk, reading, request)
    chosen = _chosen(reading.version, reference)
    if not chosen:
        return politique.show(desk.library, replace(request, command="politique"))
    return _given(desk, reading, chosen, request, None)


def choose(desk: Answering, request: Request, identifier: str, chosen: str) -> Message:
    """Give the reading that was chosen among those of a question, so that the answer can still be judged."""
    reading, text = politique.open_reading(desk.library, chosen, pressed=request.pressed)
    reference = politique.reference_in(text, reading.version)
    numbers = _chosen(reading.version, reference) if reference else ()
    if not numbers:  # it was taken out of the policy since
        return politique.show(desk.library, replace(request, command="politique", text=chosen))
    asked_then = desk.recent.take(identifier)
    judged = Judged(desk.recent.add(replace(asked_then, clauses=numbers))) if asked_then else None
    return _given(desk, reading, numbers, request, judged)


def _is_code(text: str) -> bool:
    """Tell whether a text is the code of a report, which is then neither answered nor kept."""
    return len(text.split()) >= codes.WORDS and codes.read(text) is not None


def shortcut(library: Library) -> str:
    """Return what one chooses in a message's own menu to see which clauses it touches."""
    label = f"Ce qu'en dit la {library.default.name}"
    return label if len(label) <= SHORTCUT_LENGTH else "Voir la politique"


def about(desk: Answering, request: Request) -> Message:
    """Say what the policy says of a message that someone else wrote (a message's own menu).

    Its author asked nothing: nothing of it is kept, remembered or judged.
    """
    if not request.text.strip():
        raise UserError(
            "Il n'y a pas de texte à lire. Écrivez-le après la commande, ou choisissez un message qui en a."
        )
    reading, text = _opened(desk, request)
    if _is_look_up(reading, text, politique.reference_in(text, reading.version)):
        return politique.show(desk.library, request)
    telling, text = desk.telling(reading, request), desk.library.naming.unaddressed(request.text)
    found = desk.engine.answer(reading.policy, reading.version, text)
    return answers.put(telling, guidance.settled(telling.guidance, found, text), text, None)


def _is_look_up(reading: Reading, text: str, reference: Reference | None) -> bool:
    """Tell whether a text, and the clauses that it names, are to be looked up rather than answered.

    Nothing, a page, numbers, a sentence that only names clauses; a word, or two or three that the policy
    all holds. A question mark, a verb's little words or anything longer makes a question.
    """
    if reference is not None:
        return reference.exact or _names_only(reading.version, reference, text)
    typed = [fold(word) for word in _WORD.findall(text)]
    meant = [fold(match[0]) for match in words(text)]
    if not typed or _PAGE.fullmatch(text):
        return True
    if "?" in text or not meant or len(typed) > LOOKED_UP_WORDS or set(typed) - set(meant) - _ARTICLES:
        return False
    index = reading.policy.index(reading.version)
    return len(typed) == 1 or all(index.search(word) for word in meant)


def _names_only(version: Version, reference: Reference, text: str) -> bool:
    """Tell whether a sentence wants the clauses it names: small ones, or nothing else is said of them."""
    small = all(len(version.within(end)) == 1 for span in reference.spans for end in (span.first, span.last))
    said = [match[0] for match in words(text) if not match[0].isdigit()]
    return small or len(said) <= 1  # the one is « article » or « clause »


def _chosen(version: Version, reference: Reference) -> tuple[Number, ...]:
    """Return the clauses that a button of a choice stands for: a few, each of them whole."""
    numbers = [span.first for span in reference.spans]
    whole = all(span.first == span.last and version.clause(span.first) for span in reference.spans)
    return tuple(numbers) if whole and reference.exact and len(numbers) <= answers.MOST else ()


def _opened(desk: Answering, request: Request) -> tuple[Reading, str]:
    """Return the policy that a request names, and what it asks."""
    reading, rest = politique.open_reading(desk.library, request.text, pressed=request.pressed)
    return reading, _question(request, rest)


def _question(request: Request, rest: str) -> str:
    """Return what is left once the policy's name is taken out; a question of which nothing is stays whole.

    So « C'est quoi, la PA20? » is not taken for the policy's mere name.
    """
    return rest or (request.text if "?" in request.text else "")


def _given(
    desk: Answering, reading: Reading, chosen: tuple[Number, ...], request: Request, judged: Judged | None
) -> Message:
    """Give clauses that were chosen; the only one comes with those that it is to be read with."""
    telling = desk.telling(reading, request)
    group = reading.policy.annotations.read_with(chosen[0]) if len(chosen) == 1 else None
    numbers = telling.existing((*chosen, *(group.clauses if group else ())))
    desk.conversations.remember(request.actor, reading.policy.id, numbers)
    return answers.given(telling, numbers, judged)


def _answered(desk: Answering, reading: Reading, request: Request) -> Message:
    policy, text = reading.policy.id, desk.library.naming.unaddressed(request.text)
    previous = desk.conversations.previous(request.actor, policy)
    telling = desk.telling(reading, request)
    found = desk.engine.answer(reading.policy, reading.version, text, previous)
    answer = desk.posts().settled(guidance.settled(telling.guidance, found, text), text)
    if answer.topic != "question":  # such a text leaves no trace: neither it nor that there was one
        desk.conversations.forget(request.actor)
        return answers.put(telling, answer, text, None)
    if answer.outcome == "not_found" and (number := _missing(reading.version, text)):
        return politique.unknown(reading, number)
    if answer.answered:
        numbers = tuple(found.number for found in answer.clauses)
        desk.conversations.remember(request.actor, policy, numbers)
    if answer.foreign or answer.unkind or answer.learning:  # neither judged nor kept: it is not our best
        return answers.put(telling, answer, text, None)
    return answers.put(telling, answer, text, _noted(desk, policy, answer, text))


def _missing(version: Version, text: str) -> Number | None:
    """Return the clause that a text asks for and that does not exist, if it does so."""
    reference = references.read(text)
    if reference is None or not reference.marked:
        return None
    ends = (end for span in reference.spans for end in (span.first, span.last))
    return next((end for end in ends if not version.within(end)), None)


def _noted(desk: Answering, policy: str, answer: PolicyAnswer, text: str) -> Judged:
    """Keep the question, masked, when it has no answer; remember the answer for a while to be judged."""
    question = desk.masker().mask(text)
    numbers = tuple(found.number for found in answer.clauses)
    kept = False
    if answer.outcome in {"not_found", "silent"}:
        with desk.office.storage.transaction() as db:
            problem: asked.Problem = "silent" if answer.outcome == "silent" else "not_found"
            kept = asked.keep(db, policy, question, problem, desk.office.today())
    return Judged(desk.recent.add(GivenAnswer(policy, question, numbers, kept)))
