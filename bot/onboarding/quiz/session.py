"""The quiz as a pure state machine: from a sitting and a press to the next sitting and an outcome.

A sitting holds the questions drawn, the order of their choices, and the answers so far. The current question,
the score and the end are derived from these. Answers are only ever added, and a button carries its turn and
question, so a press that is late, repeated or from another device never answers the wrong question.

The first answer to each question counts for the score. A missed question returns after the others until it is
answered correctly, with its choices rotated by one place each time.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Literal, TypeAlias

from bot.onboarding.quiz.bank import Question, QuizBank
from bot.onboarding.quiz.files import FEWEST
from bot.policy.addresses import extends
from bot.policy.articles import Number, Version

SIZE = 12  # maximum number of questions in a quiz
BY_CLAUSE = 2  # questions for each clause: the minimum in a bank, the maximum in a quiz on a short text
REFRESHER_SIZE = 3

LETTERS = "ABCD"
_PAIR = 2  # with two choices, such as Vrai and Faux, rotation would only confuse


@dataclass(frozen=True, slots=True)
class Item:
    """A drawn question. `order`: the indexes of its choices, in the order of their letters.

    `edition`: the question's `Question.edition` when it was drawn. `withdrawn`: whether it was answered and
    then changed or removed in the bank, so that it no longer counts.
    """

    question: str
    edition: str
    order: tuple[int, ...]
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class QuizAnswer:
    """The answer given at one turn. `chosen`: the indexes of the chosen choices, in the file's order."""

    question: str
    chosen: frozenset[int]
    right: bool


@dataclass(frozen=True, slots=True)
class Sitting:
    """The questions and answers of one attempt. `ticked`: the indexes of choices ticked but not submitted."""

    items: tuple[Item, ...]
    answers: tuple[QuizAnswer, ...] = ()
    ticked: frozenset[int] = frozenset()

    @property
    def turn(self) -> int:
        """The number of answers so far, which is also the turn of the current question."""
        return len(self.answers)


@dataclass(frozen=True, slots=True)
class QuizTurn:
    """A question as asked at one turn. `order`: the indexes of its choices, in the order of their letters."""

    item: Item
    turn: int
    order: tuple[int, ...]

    @property
    def letters(self) -> str:
        """The letters of the question's choices: « ABC » for three."""
        return LETTERS[: len(self.order)]


Action: TypeAlias = Literal["choose", "tick", "untick", "submit"]


@dataclass(frozen=True, slots=True)
class Press:
    """A pressed button. `turn`: the turn of its question. `edition`: the question's `Question.edition`.

    `action`: "choose", "tick" or "untick" a letter, or "submit" the ticked choices.
    """

    turn: int
    edition: str
    action: Action
    letter: str = ""


# answered, ticked: success. empty: nothing was ticked. already: this turn already has an answer. changed: the
# question was changed or removed, or is not asked at that turn. over: the quiz has ended. unknown: no such
# button.
Outcome: TypeAlias = Literal["answered", "ticked", "empty", "already", "changed", "over", "unknown"]


@dataclass(frozen=True, slots=True)
class QuizScore:
    """The number of right first answers, out of the `total` questions that were not withdrawn."""

    right: int
    total: int

    @property
    def percent(self) -> int:
        """The score in per cent, rounded down so that 79.9 does not look like a pass at 80."""
        return self.right * 100 // self.total if self.total else 0

    def reaches(self, mark: int) -> bool:
        """Return whether the score is at least `mark` per cent."""
        return self.total > 0 and self.right * 100 >= mark * self.total


# --- Drawing ----------------------------------------------------------------------------------


def longest_quiz(version: Version) -> int:
    """Return the maximum length of a quiz on a text: two questions per clause, from `FEWEST` to `SIZE`."""
    return min(max(BY_CLAUSE * len(version.clauses()), FEWEST), SIZE)


def draw_quiz(
    bank: QuizBank, rng: Random, *, seen: Mapping[str, int] | None = None, size: int = SIZE
) -> Sitting:
    """Draw and return a quiz of `size` questions, or fewer if the bank has fewer.

    The draw takes one question on each essential subject, then one on each remaining article, then any
    question. `seen`: how many times this person was asked each question. The least asked are drawn first, so
    that a new attempt has new questions.
    """
    hand = _Hand(rng, seen)
    for subject in dict.fromkeys(question.essential for question in bank.questions if question.essential):
        hand.take([question for question in bank.questions if question.essential == subject])
    for article in bank.articles():
        about = [question for question in bank.questions if bank.article(question.clause) == article]
        if not any(question in about for question in hand.drawn):
            hand.take(about)
    hand.fill(bank.questions, size)
    return hand.dealt(size)


def draw_refresher(
    bank: QuizBank, rng: Random, missed: Collection[str], *, seen: Mapping[str, int] | None = None
) -> Sitting:
    """Draw and return a refresher of `REFRESHER_SIZE` questions, or none if no question was missed.

    The draw takes missed questions, then others on the same clauses, then questions on essential subjects.
    """
    hand = _Hand(rng, seen)
    again = [question for question in bank.questions if question.id in missed]
    clauses = {question.clause for question in again}
    same_clauses = [question for question in bank.questions if question.clause in clauses]
    essential = [question for question in bank.questions if question.essential]
    for pool in (again, same_clauses, essential) if again else ():
        hand.fill(pool, REFRESHER_SIZE)
    return hand.dealt(REFRESHER_SIZE)


def draw_about(
    bank: QuizBank, rng: Random, clauses: Collection[Number], *, seen: Mapping[str, int] | None
) -> Sitting:
    """Draw and return up to `REFRESHER_SIZE` varied questions on some clauses."""
    hand = _Hand(rng, seen)
    hand.fill([question for question in bank.questions if question.clause in clauses], REFRESHER_SIZE)
    return hand.dealt(REFRESHER_SIZE)


def count_about(bank: QuizBank, clauses: Collection[Number]) -> int:
    """Return how many questions `draw_about` would draw."""
    return min(REFRESHER_SIZE, sum(question.clause in clauses for question in bank.questions))


class _Hand:
    """The questions drawn so far. A draw prefers questions asked less, then clauses and kinds drawn less."""

    def __init__(self, rng: Random, seen: Mapping[str, int] | None) -> None:
        self.drawn: list[Question] = []
        self._rng = rng
        self._seen = seen or {}

    def take(self, pool: Sequence[Question]) -> bool:
        """Draw a question from `pool`, among those not drawn yet. Return False if there is none."""
        clauses = Counter(question.clause for question in self.drawn)
        kinds = Counter(question.kind for question in self.drawn)
        names = {question.id for question in self.drawn}
        left = [question for question in pool if question.id not in names]
        if not left:
            return False
        self._rng.shuffle(left)
        self.drawn.append(
            min(left, key=lambda q: (self._seen.get(q.id, 0), clauses[q.clause], kinds[q.kind]))
        )
        return True

    def fill(self, pool: Sequence[Question], size: int) -> None:
        """Draw questions from `pool` until `size` questions are drawn in all, or the pool is exhausted."""
        while len(self.drawn) < size and self.take(pool):
            pass

    def dealt(self, size: int) -> Sitting:
        """Return a sitting of the first `size` questions, shuffled, with their choices shuffled too."""
        drawn = self.drawn[:size]
        self._rng.shuffle(drawn)
        return Sitting(tuple(_shuffled(question, self._rng) for question in drawn))


def _shuffled(question: Question, rng: Random) -> Item:
    order = list(range(len(question.choices)))
    if question.kind != "vrai-faux":  # keep Vrai before Faux, as people expect
        rng.shuffle(order)
    return Item(question.id, question.edition, tuple(order))


# --- The current place ------------------------------------------------------------------------


def current(sitting: Sitting) -> QuizTurn | None:
    """Return the current question, or None when the quiz is over."""
    last = {answer.question: (turn, answer.right) for turn, answer in enumerate(sitting.answers)}
    live = [item for item in sitting.items if not item.withdrawn]
    fresh = next((item for item in live if item.question not in last), None)
    missed = [item for item in live if item.question in last and not last[item.question][1]]
    item = fresh or min(missed, key=lambda item: last[item.question][0], default=None)
    return _asked_at(sitting, item, sitting.turn) if item else None


def answered(sitting: Sitting, turn: int) -> QuizTurn:
    """Return the question as asked at a past turn."""
    name = sitting.answers[turn].question
    return _asked_at(sitting, next(item for item in sitting.items if item.question == name), turn)


def _asked_at(sitting: Sitting, item: Item, turn: int) -> QuizTurn:
    """Return a question as asked at a turn, its choices rotated by one place for each earlier answer."""
    times = sum(answer.question == item.question for answer in sitting.answers[:turn])
    by = times % len(item.order) if len(item.order) > _PAIR else 0
    return QuizTurn(item, turn, item.order[by:] + item.order[:by])


def first_answers(sitting: Sitting) -> dict[str, QuizAnswer]:
    """Return the first answer to each question, by the question's id, except withdrawn questions."""
    live = {item.question for item in sitting.items if not item.withdrawn}
    firsts: dict[str, QuizAnswer] = {}
    for answer in sitting.answers:
        if answer.question in live:
            firsts.setdefault(answer.question, answer)
    return firsts


def score(sitting: Sitting) -> QuizScore:
    """Return the score, from the first answers to the questions that were not withdrawn."""
    total = sum(not item.withdrawn for item in sitting.items)
    return QuizScore(sum(answer.right for answer in first_answers(sitting).values()), total)


def is_lost(sitting: Sitting, mark: int) -> bool:
    """Return whether `mark` per cent is out of reach, even if every remaining answer were right."""
    now = score(sitting)
    left = now.total - len(first_answers(sitting))
    return not QuizScore(now.right + left, now.total).reaches(mark)


def missed(sitting: Sitting) -> list[str]:
    """Return the ids of the questions whose first answer was wrong."""
    return [name for name, answer in first_answers(sitting).items() if not answer.right]


@dataclass(frozen=True, slots=True)
class Progress:
    """The place in a quiz: question `number` of `total`. `again`: how many missed questions will return."""

    number: int
    total: int
    again: int = 0

    def __str__(self) -> str:
        """Return « question 3 sur 8 » or, once every question was asked, « à revoir : 2 questions »."""
        if self.number > self.total:
            return "à revoir\u00a0: " + ("une question" if self.again == 1 else f"{self.again} questions")
        return f"question {self.number} sur {self.total}"


def progress(sitting: Sitting) -> Progress:
    """Return the place in the quiz. Once every question was asked, `number` exceeds `total`."""
    total = sum(not item.withdrawn for item in sitting.items)
    firsts = first_answers(sitting)
    if len(firsts) < total:
        return Progress(len(firsts) + 1, total)
    last = {answer.question: answer.right for answer in sitting.answers}
    return Progress(total + 1, total, sum(not last[name] for name in firsts))


# --- Playing ----------------------------------------------------------------------------------


def press(sitting: Sitting, bank: QuizBank, button: Press) -> tuple[Sitting, Outcome]:
    """Return the sitting after a button is pressed, and the outcome. Call `agreed` on `sitting` first."""
    if 0 <= button.turn < sitting.turn:
        same_edition = answered(sitting, button.turn).item.edition == button.edition
        return sitting, "already" if same_edition else "changed"
    turn = current(sitting)
    if turn is None:
        return sitting, "over"
    question = bank.question(turn.item.question)
    if button.turn != sitting.turn or button.edition != turn.item.edition or question is None:
        return sitting, "changed"
    return _play(sitting, question, turn, button)


def _play(sitting: Sitting, question: Question, turn: QuizTurn, button: Press) -> tuple[Sitting, Outcome]:
    if (button.action == "choose") == question.several:
        return sitting, "unknown"
    if button.action == "submit":
        if not sitting.ticked:
            return sitting, "empty"
        return _answer(sitting, question, sitting.ticked), "answered"
    if len(button.letter) != 1 or button.letter not in turn.letters:
        return sitting, "unknown"
    place = turn.order[turn.letters.index(button.letter)]
    if button.action == "choose":
        return _answer(sitting, question, frozenset({place})), "answered"
    ticked = sitting.ticked | {place} if button.action == "tick" else sitting.ticked - {place}
    return replace(sitting, ticked=ticked), "ticked"


def _answer(sitting: Sitting, question: Question, chosen: frozenset[int]) -> Sitting:
    answer = QuizAnswer(question.id, chosen, chosen == question.right)
    return Sitting(sitting.items, (*sitting.answers, answer))


def agreed(sitting: Sitting, bank: QuizBank, rng: Random) -> Sitting:
    """Return a sitting updated to agree with `bank`, which may have changed since the sitting was drawn.

    A question that was changed in the bank or removed from it no longer counts if it was answered. If it was
    not, its new edition replaces it or, failing that, another question on the same article. If there is none,
    the question is dropped.
    """
    before = current(sitting)
    answered_names = {answer.question for answer in sitting.answers}
    names = {item.question for item in sitting.items}
    items: list[Item] = []
    for item in sitting.items:
        question = bank.question(item.question)
        if item.withdrawn or (question is not None and question.edition == item.edition):
            items.append(item)
        elif item.question in answered_names:
            items.append(replace(item, withdrawn=True))
        elif substitute := question or _substitute(item, bank, names, rng):
            names.add(substitute.id)
            items.append(_shuffled(substitute, rng))
    if tuple(items) == sitting.items:
        return sitting
    changed = Sitting(tuple(items), sitting.answers, sitting.ticked)
    after = current(changed)
    same = before is not None and after is not None and before.item == after.item
    return changed if same else replace(changed, ticked=frozenset())


def _substitute(item: Item, bank: QuizBank, names: Collection[str], rng: Random) -> Question | None:
    """Return a question in place of `item`, on the same clause or else on the same article, or None."""
    # A removed question leaves only its id, « 5.10-a », which begins with its clause's number.
    number = Number(item.question)
    left = [question for question in bank.questions if question.id not in names]
    clauses = [question.clause for question in left if extends(item.question, str(question.clause))]
    clause = max(clauses, key=lambda clauses: len(str(clauses)), default=None)
    near = [question for question in left if question.clause == clause]
    near = near or [question for question in left if bank.article(question.clause) == bank.article(number)]
    return rng.choice(near) if near else None
