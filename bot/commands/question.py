"""`/question`: what the policy says to a question in one's own words, quoted, or an honest no.

Free text comes here too, wherever it is written. A number or a word of the policy stays a look-up
(`bot.commands.politique`); the rest goes to the engine, whose answer is put into words by
`bot.commands.answers`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

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
from bot.policy.library import Library, Policy, Reading
from bot.policy.references import Reference


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
    """Answer by the engine a question, which `politique.look_up` leaves."""
    reading, _ = _opened(desk, request)
    return _answered(desk, reading, request)


def ask(desk: Answering, request: Request) -> Message:
    """Answer `/question`; a number is given with what to do next, as the button of a choice asks."""
    if politique.is_report_code(request.text):
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
    if politique.is_look_up(reading, text, politique.reference_in(text, reading.version)):
        return politique.show(desk.library, request)
    telling, text = desk.telling(reading, request), desk.library.naming.unaddressed(request.text)
    found = desk.engine.answer(reading.policy, reading.version, text)
    return answers.put(telling, guidance.settled(telling.guidance, found, text), text, None)


def _chosen(version: Version, reference: Reference) -> tuple[Number, ...]:
    """Return the clauses that a button of a choice stands for: a few, each of them whole."""
    numbers = [span.first for span in reference.spans]
    whole = all(span.first == span.last and version.clause(span.first) for span in reference.spans)
    return tuple(numbers) if whole and reference.exact and len(numbers) <= answers.MOST else ()


def _opened(desk: Answering, request: Request) -> tuple[Reading, str]:
    """Return the policy that a request names, and what it asks."""
    reading, rest = politique.open_reading(desk.library, request.text, pressed=request.pressed)
    return reading, politique.without_name(request, rest)


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
    reference = references.parse_reference(text)
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
