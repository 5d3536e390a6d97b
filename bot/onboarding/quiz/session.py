"""The quiz, as a pure state machine: a sitting and a press give a sitting and what came of the press.

A sitting is what was drawn (questions, and for each the order of its choices) and what was answered
since; everything else (which question comes now, the score, whether it is over) follows from these.
Answers are only ever added, and a press names its turn and its question, so that one that comes late,
twice, or from another device finds what it was about, and never answers something else.

The first answer to each question counts for the score. A question that was missed comes back after
the others until its answer is right, its choices turned round by one place each time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Literal, TypeAlias

from bot.onboarding.quiz.bank import Question, QuizBank
from bot.policy.articles import Number

SIZE = 12  # questions in a quiz
REFRESHER_SIZE = 3

LETTERS = "ABCD"
_PAIR = 2  # Vrai and Faux, or two choices: turning them round would only confuse


@dataclass(frozen=True, slots=True)
class Item:
    """A question that was drawn: which edition of it, and the file's places of its choices, as lettered.

    `withdrawn`: it was answered, and has been removed from the bank since; it does not count.
    """

    question: str
    edition: str
    order: tuple[int, ...]
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class QuizAnswer:
    """What was answered at one turn; `chosen`: the places of the choices in the file."""

    question: str
    chosen: frozenset[int]
    right: bool


@dataclass(frozen=True, slots=True)
class Sitting:
    """One attempt. `ticked`: what is ticked, not yet submitted, of the question that comes now."""

    items: tuple[Item, ...]
    answers: tuple[QuizAnswer, ...] = ()
    ticked: frozenset[int] = frozenset()

    @property
    def turn(self) -> int:
        """How many answers were given; the question that comes now is asked at this turn."""
        return len(self.answers)


@dataclass(frozen=True, slots=True)
class QuizTurn:
    """A question as it is, or was, asked at a turn: its choices in the order of their letters."""

    item: Item
    turn: int
    order: tuple[int, ...]

    @property
    def letters(self) -> str:
        """The letters that can be pressed."""
        return LETTERS[: len(self.order)]


@dataclass(frozen=True, slots=True)
class Press:
    """A button that was pressed: of which turn and edition, and what it does.

    `action`: « choose » and « tick » or « untick » a letter; « submit » what is ticked.
    """

    turn: int
    edition: str
    action: Literal["choose", "tick", "untick", "submit"]
    letter: str = ""


# answered, ticked: done. empty: nothing is ticked. already: this turn was answered before. changed: the
# question was removed, or is not asked at that turn. over: the quiz has ended. unknown: no such button.
Outcome: TypeAlias = Literal["answered", "ticked", "empty", "already", "changed", "over", "unknown"]


@dataclass(frozen=True, slots=True)
class QuizScore:
    """How many questions were answered right at first, of how many that count."""

    right: int
    total: int

    @property
    def percent(self) -> int:
        """The score per cent, rounded down so that 79.9 does not look like a pass at 80."""
        return self.right * 100 // self.total if self.total else 0

    def reaches(self, mark: int) -> bool:
        """Return whether this is a pass at `mark` per cent."""
        return self.total > 0 and self.right * 100 >= mark * self.total


# --- Drawing ----------------------------------------------------------------------------------


def draw(bank: QuizBank, rng: Random, *, size: int = SIZE, seen: Mapping[str, int] | None = None) -> Sitting:
    """Draw a quiz: a question of each essential subject, every article, then the rest.

    `seen`: how many times each question was asked to that person; those that were least often are
    drawn first, so that another attempt asks other questions. Every article that has questions is
    covered as long as `size` allows; there are fewer questions when the bank has fewer.
    """
    hand = _Hand(bank, rng, seen or {})
    by_clause = bank.by_clause()
    for subject in dict.fromkeys(one.essential for one in bank.questions if one.essential):
        hand.take([one for one in bank.questions if one.essential == subject])
    for article in dict.fromkeys(number.article for number in by_clause):
        if article not in {one.clause.article for one in hand.chosen}:
            hand.take([one for one in bank.questions if one.clause.article == article])
    while len(hand.chosen) < size and hand.take(bank.questions):
        pass
    return hand.dealt(size)


def refresher(
    bank: QuizBank,
    rng: Random,
    missed: Collection[str],
    *,
    size: int = REFRESHER_SIZE,
    seen: Mapping[str, int] | None = None,
) -> Sitting:
    """Draw a few questions from what was missed, then others on the same clauses, then essential ones.

    When nothing was missed there is nothing to refresh, and the sitting has no item.
    """
    hand = _Hand(bank, rng, seen or {})
    again = [one for one in bank.questions if one.id in missed]
    clauses = {one.clause for one in again}
    pools: tuple[Sequence[Question], ...] = (
        again,
        [one for one in bank.questions if one.clause in clauses],
        [one for one in bank.questions if one.essential],
    )
    for pool in pools if again else ():
        while len(hand.chosen) < size and hand.take(pool):
            pass
    return hand.dealt(size)


def about(
    bank: QuizBank,
    rng: Random,
    clauses: Collection[Number],
    *,
    size: int = REFRESHER_SIZE,
    seen: Mapping[str, int] | None = None,
) -> Sitting:
    """Draw a few questions on some clauses, of as many of them as can be; none when there is none."""
    hand = _Hand(bank, rng, seen or {})
    pool = [one for one in bank.questions if one.clause in clauses]
    while len(hand.chosen) < size and hand.take(pool):
        pass
    return hand.dealt(size)


class _Hand:
    """The questions being drawn: the least seen first, then the most varied, then by chance."""

    def __init__(self, bank: QuizBank, rng: Random, seen: Mapping[str, int]) -> None:
        self.chosen: list[Question] = []
        self._bank = bank
        self._rng = rng
        self._seen = seen

    def take(self, pool: Sequence[Question]) -> bool:
        """Take one question of `pool` that was not taken. Return whether there was one."""
        taken = {one.id for one in self.chosen}
        clauses: Counter[Number] = Counter(one.clause for one in self.chosen)
        kinds: Counter[str] = Counter(one.kind for one in self.chosen)
        left = [one for one in pool if one.id not in taken]
        if not left:
            return False
        self._rng.shuffle(left)
        best = min(left, key=lambda q: (self._seen.get(q.id, 0), clauses[q.clause], kinds[q.kind]))
        self.chosen.append(best)
        return True

    def dealt(self, size: int) -> Sitting:
        """Return the sitting, its questions and their choices shuffled."""
        chosen = self.chosen[:size]
        self._rng.shuffle(chosen)
        return Sitting(tuple(_item(question, self._rng) for question in chosen))


def _item(question: Question, rng: Random) -> Item:
    order = list(range(len(question.choices)))
    if question.kind != "vrai-faux":  # Vrai, then Faux, as people expect them
        rng.shuffle(order)
    return Item(question.id, question.edition, tuple(order))


# --- Where one is -----------------------------------------------------------------------------


def current(sitting: Sitting) -> QuizTurn | None:
    """Return the question that comes now, None when the quiz is over."""
    last = {answer.question: (turn, answer.right) for turn, answer in enumerate(sitting.answers)}
    live = [item for item in sitting.items if not item.withdrawn]
    fresh = next((item for item in live if item.question not in last), None)
    missed = [item for item in live if item.question in last and not last[item.question][1]]
    item = fresh or min(missed, key=lambda one: last[one.question][0], default=None)
    return _asked(sitting, item, sitting.turn) if item else None


def answered(sitting: Sitting, turn: int) -> QuizTurn:
    """Return the question as it was asked at a turn that was answered."""
    name = sitting.answers[turn].question
    return _asked(sitting, next(item for item in sitting.items if item.question == name), turn)


def _asked(sitting: Sitting, item: Item, turn: int) -> QuizTurn:
    """Return the item as it is asked at a turn: turned round once for each time it was missed."""
    times = sum(answer.question == item.question for answer in sitting.answers[:turn])
    by = times % len(item.order) if len(item.order) > _PAIR else 0
    return QuizTurn(item, turn, item.order[by:] + item.order[:by])


def first_answers(sitting: Sitting) -> dict[str, QuizAnswer]:
    """Return the first answer to each question that counts."""
    live = {item.question for item in sitting.items if not item.withdrawn}
    found: dict[str, QuizAnswer] = {}
    for answer in sitting.answers:
        if answer.question in live:
            found.setdefault(answer.question, answer)
    return found


def score(sitting: Sitting) -> QuizScore:
    """Return the score: first answers only, over every question that counts."""
    total = sum(not item.withdrawn for item in sitting.items)
    return QuizScore(sum(answer.right for answer in first_answers(sitting).values()), total)


def missed(sitting: Sitting) -> list[str]:
    """Return the questions whose first answer was wrong."""
    return [name for name, answer in first_answers(sitting).items() if not answer.right]


@dataclass(frozen=True, slots=True)
class Progress:
    """Where one is: the `number`-th question of `total`, then `again`, how many are still to come back."""

    number: int
    total: int
    again: int = 0


def progress(sitting: Sitting) -> Progress:
    """Return where one is; past the last question, `number` is above `total`."""
    total = sum(not item.withdrawn for item in sitting.items)
    firsts = first_answers(sitting)
    if len(firsts) < total:
        return Progress(len(firsts) + 1, total)
    last = {answer.question: answer.right for answer in sitting.answers}
    return Progress(total + 1, total, sum(not last[name] for name in firsts))


# --- Playing ----------------------------------------------------------------------------------


def press(sitting: Sitting, bank: QuizBank, button: Press) -> tuple[Sitting, Outcome]:
    """Return what a press makes of the sitting, which must agree with `bank` (see `agreed`)."""
    if 0 <= button.turn < sitting.turn:
        known = answered(sitting, button.turn).item.edition == button.edition
        return sitting, "already" if known else "changed"
    asked = current(sitting)
    if asked is None:
        return sitting, "over"
    question = bank.question(asked.item.question)
    if button.turn != sitting.turn or button.edition != asked.item.edition or question is None:
        return sitting, "changed"
    return _played(sitting, question, asked, button)


def _played(sitting: Sitting, question: Question, asked: QuizTurn, button: Press) -> tuple[Sitting, Outcome]:
    if button.action == "submit":
        if not question.several:
            return sitting, "unknown"
        return (
            (_given(sitting, question, sitting.ticked), "answered") if sitting.ticked else (sitting, "empty")
        )
    if len(button.letter) != 1 or button.letter not in asked.letters:
        return sitting, "unknown"
    place = asked.order[asked.letters.index(button.letter)]
    if (button.action == "choose") == question.several:
        return sitting, "unknown"
    if button.action == "choose":
        return _given(sitting, question, frozenset({place})), "answered"
    ticked = sitting.ticked | {place} if button.action == "tick" else sitting.ticked - {place}
    return replace(sitting, ticked=ticked), "ticked"


def _given(sitting: Sitting, question: Question, chosen: frozenset[int]) -> Sitting:
    answer = QuizAnswer(question.id, chosen, chosen == question.right)
    return Sitting(sitting.items, (*sitting.answers, answer))


def agreed(sitting: Sitting, bank: QuizBank, rng: Random) -> Sitting:
    """Return the sitting made to agree with a bank that may have changed since it was drawn.

    A question that is no longer in it, or not in that edition: answered, it does not count any more;
    not answered, another on the same article takes its place or, when there is none, it is left out.
    """
    if all(_stands(item, bank) for item in sitting.items):
        return sitting
    given = {answer.question for answer in sitting.answers}
    names = {item.question for item in sitting.items}
    items: list[Item] = []
    asked = current(sitting)
    for item in sitting.items:
        if _stands(item, bank):
            items.append(item)
        elif item.question in given:
            items.append(replace(item, withdrawn=True))
        else:
            other = _substitute(item, bank, names, rng)
            if other is not None:
                names.add(other.question)
                items.append(other)
    kept = Sitting(tuple(items), sitting.answers, sitting.ticked)
    now = current(kept)
    same = asked is not None and now is not None and asked.item == now.item
    return kept if same else replace(kept, ticked=frozenset())


def _stands(item: Item, bank: QuizBank) -> bool:
    question = bank.question(item.question)
    return item.withdrawn or (question is not None and question.edition == item.edition)


def _substitute(item: Item, bank: QuizBank, names: Collection[str], rng: Random) -> Item | None:
    """Return the new edition of a question, else another of the same clause, else of the same article."""
    edited = bank.question(item.question)
    if edited is not None:
        return _item(edited, rng)
    number = clause_in(item.question)
    left = [one for one in bank.questions if one.id not in names]
    if number is None or not left:
        return None
    near = [one for one in left if one.clause == number]
    near = near or [one for one in left if one.clause.article == number.article]
    return _item(rng.choice(near), rng) if near else None


def clause_in(name: str) -> Number | None:
    """Return the clause that a question's name begins with, « 5.10-a »: all that is left of one removed."""
    try:
        return Number.parse(name.partition("-")[0])
    except ValueError:
        return None
