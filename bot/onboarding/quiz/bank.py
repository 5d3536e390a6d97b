"""The questions of the quiz, read from `quiz.toml` and checked. All the problems are reported together.

People write `quiz.toml` by hand. It is parsed one `[[question]]` at a time, so that a syntax error in one
question does not hide the others, and so that each problem has a line number: no Python TOML library gives
the position of a key. A question carries the hash of its clause's words, by which the clause is found again
after it is renumbered or corrected. If the clause's meaning changes, the question is stale: it is listed for
review and no longer asked.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from bot.onboarding.quiz.files import FILE
from bot.policy.annotations import parse_toml
from bot.policy.articles import Clause, Number, PolicyError, Version
from bot.policy.changes import identities
from bot.policy.loading import read_utf8

Kind: TypeAlias = Literal["vrai-faux", "choix", "choix-multiples", "situation"]
KINDS: tuple[Kind, ...] = get_args(Kind)

HASH_LENGTH = 16  # hex digits of SHA-256: 64 bits, enough to detect changes but not to stop an attacker
CHOICES = range(2, 5)  # a question has two to four choices, lettered A to D
TEXT_LENGTH = 600  # a text of this length, with four choices and their feedback, fits in one message
CHOICE_LENGTH = 200
FEEDBACK_LENGTH = 350

_QUESTION = re.compile(r"\s*\[\[\s*question\s*\]\]\s*(#.*)?")
_CHOICE = re.compile(r"\s*\[\[\s*question\s*\.\s*choice\s*\]\]\s*(#.*)?")
_ID = re.compile(r"[0-9a-z][0-9a-z.-]{0,31}")
_KEYS = {"id", "clause", "type", "text", "essential", "hash", "choice"}
_CHOICE_KEYS = {"text", "right", "feedback"}

_Fault: TypeAlias = tuple[str, str, int | None]  # a key, its problem in French, the choice's index if any


@dataclass(frozen=True, slots=True)
class QuizChoice:
    """One of the choices of a question, with the feedback for people who choose it."""

    text: str
    right: bool
    feedback: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question as written in the file. `hash`: the hash of its clause's words, "" if not written yet.

    `essential`: the essential subject that the question is about, or "". Every quiz asks a question on each
    essential subject.
    """

    id: str
    clause: Number
    kind: Kind
    text: str
    choices: tuple[QuizChoice, ...]
    essential: str = ""
    hash: str = ""
    line: int = 0

    @property
    def right(self) -> frozenset[int]:
        """The indexes of the right choices, in the file's order."""
        return frozenset(at for at, choice in enumerate(self.choices) if choice.right)

    @property
    def several(self) -> bool:
        """Whether people may tick several choices."""
        return self.kind == "choix-multiples"

    @property
    def edition(self) -> str:
        """A short hash of the question and its choices. When it changes, the question counts as new."""
        parts = [self.text, self.kind, *(f"{c.right}{c.text}" for c in self.choices)]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """A problem with a line of the file, or with the whole file if `line` is 0. `text`: in French."""

    line: int
    text: str
    question: str = ""


@dataclass(frozen=True, slots=True)
class QuizBank:
    """The questions to ask, the stale ones, and the problems of the file.

    `left_out`: the number of invalid questions. `version`: the text that the questions are about.
    """

    questions: tuple[Question, ...] = ()
    stale: tuple[Question, ...] = ()
    problems: tuple[Problem, ...] = ()
    left_out: int = 0
    version: Version | None = field(default=None, compare=False)

    def question(self, identifier: str) -> Question | None:
        """Return the question with this identifier, or None if no such question can be asked."""
        return next((question for question in self.questions if question.id == identifier), None)

    def article(self, clause: Number) -> Number:
        """Return the number of the article that contains a clause, or would contain it if it was removed."""
        article = self.version.article(clause) if self.version else None
        return article.number if article else clause

    def articles(self) -> tuple[Number, ...]:
        """Return the articles that have questions, in the order of the text."""
        numbers = dict.fromkeys(self.article(question.clause) for question in self.questions)
        return tuple(sorted(numbers, key=self.version.position)) if self.version else tuple(numbers)


def clause_hash(clause: Clause) -> str:
    """Return the hash of a clause's words, to store in the questions about the clause."""
    return hashlib.sha256(clause.text.encode()).hexdigest()[:HASH_LENGTH]


def load_bank(path: Path, version: Version) -> QuizBank:
    """Return the bank in the file at `path` (see `parse_bank`). Raises `PolicyError` when it is not UTF-8."""
    return parse_bank(read_utf8(path), version)


def parse_bank(text: str, version: Version) -> QuizBank:
    """Return the bank in `text`, its questions checked against `version`. Invalid ones become problems.

    `bot.onboarding.quiz.review` checks the bank as a whole (coverage, guessing).
    """
    problems: list[Problem] = []
    blocks = list(_blocks(text))
    valid: list[Question] = []
    for question in filter(None, [_question(block, problems) for block in blocks]):
        words = (question.clause, question.text)
        twin = next((q for q in valid if q.id == question.id or (q.clause, q.text) == words), None)
        if twin is None:
            valid.append(question)
        else:
            what = "le même «\u00a0id\u00a0»" if twin.id == question.id else "le même texte"
            problems.append(Problem(question.line, f"{what} est déjà à la ligne {twin.line}.", question.id))
    current: list[Question] = []
    stale: list[Question] = []
    for table in valid:
        question, same = _followed(table, version)
        exists = version.clause(question.clause) is not None
        if question.hash:
            (current if exists and same else stale).append(question)
            continue
        problem = f"la clause {question.clause} n'existe pas."
        if exists:
            current.append(question)
            problem = "il manque «\u00a0hash\u00a0»\u00a0: vigie quiz lier."
        problems.append(Problem(question.line, problem, question.id))
    left_out = len(blocks) - len(current) - len(stale)
    return QuizBank(tuple(current), tuple(stale), tuple(sorted(problems)), left_out, version)


def _followed(question: Question, version: Version) -> tuple[Question, bool]:
    """Return a question with its clause's current number, and whether the clause kept its meaning.

    The clause is looked for, by the question's number and hash, in every version up to `version`.
    """
    if not question.hash:
        return question, True
    for earlier in reversed(identities.chain(version)):
        clause = earlier.clause(question.clause)
        if clause and clause_hash(clause) == question.hash:
            fate = identities.fates(earlier, version)[question.clause]
            return (replace(question, clause=fate.now[0]), fate.same) if fate.now else (question, False)
    return question, False


def bind(text: str, version: Version, *, again: Sequence[str] = ()) -> str:
    """Return `text`, with a clause hash added to each question that has none and no other change.

    `again`: the identifiers of stale questions that were reviewed. Their hash is replaced.
    """
    lines = text.split("\n")
    for block in reversed(list(_blocks(text))):
        table = _table(block, [])
        clause = version.clause(Number(str(table.get("clause")))) if table else None
        if not table or clause is None or (table.get("hash") and table.get("id") not in again):
            continue
        line = f'hash = "{clause_hash(clause)}"'
        at = block.line_of("hash")
        if at is not None:
            lines[at - 1] = line
        else:
            lines.insert(block.line_of("clause") or block.line, line)
    return "\n".join(lines)


# --- Blocks -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Block:
    """The lines of one question. `line`: the number of its first line, the header, in the file, from 1."""

    line: int
    lines: tuple[str, ...]

    def line_of(self, key: str, choice: int | None = None) -> int | None:
        """Return the line number of a key, in the question itself or in one of its choices.

        If the key is missing, return the line number of the choice's header, or None for the question itself.
        """
        headers = [at for at, line in enumerate(self.lines) if _CHOICE.fullmatch(line)]
        bounds = [0, *headers, len(self.lines)]
        part = 0 if choice is None else choice + 1
        if part > len(headers):
            return None
        pattern = re.compile(rf"\s*{re.escape(key)}\s*=")
        for at in range(bounds[part], bounds[part + 1]):
            if pattern.match(self.lines[at]):
                return self.line + at
        return self.line + bounds[part] if choice is not None else None


def _blocks(text: str) -> Iterator[_Block]:
    """Yield the questions of a file. Any text before the first question is a block too, from line 1."""
    lines = text.split("\n")
    starts = [at for at, line in enumerate(lines) if _QUESTION.fullmatch(line)]
    before = lines[: starts[0]] if starts else lines
    if any(line.strip() and not line.lstrip().startswith("#") for line in before):
        starts.insert(0, 0)
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=False):
        yield _Block(start + 1, tuple(lines[start:end]))


def _table(block: _Block, problems: list[Problem]) -> dict[str, Any] | None:
    """Parse a block as one `[[question]]` table, or add a problem to `problems` and return None."""
    try:
        data = parse_toml("\n".join(block.lines), FILE)
    except PolicyError as error:
        problems.append(Problem(block.line + (error.line or len(block.lines)) - 1, error.problem))
        return None
    match data:
        case {"question": [dict(table), *_], **others} if not others:
            return table
    problems.append(Problem(block.line, "seules des tables [[question]] sont attendues ici."))
    return None


# --- Questions --------------------------------------------------------------------------------


def _question(block: _Block, problems: list[Problem]) -> Question | None:
    """Parse a block as a question, or add its problems to `problems` and return None."""
    table = _table(block, problems)
    if table is None:
        return None
    name = str(table.get("id", ""))
    faults = list(question_faults(table))
    problems += [
        Problem(block.line_of(key, choice) or block.line, text, name) for key, text, choice in faults
    ]
    if faults:
        return None
    number = Number(table["clause"])
    subject = table.get("essential", False)
    choices = [
        QuizChoice(choice["text"].strip(), choice.get("right", False), choice["feedback"].strip())
        for choice in table["choice"]
    ]
    return Question(
        name,
        number,
        table["type"],
        table["text"].strip(),
        tuple(choices),
        subject.strip() if isinstance(subject, str) else str(number) * subject,
        table.get("hash", ""),
        block.line,
    )


def question_faults(table: dict[str, Any]) -> Iterator[_Fault]:
    """Yield the problems of a question's table: the key, the problem in French, the choice's index if any."""
    yield from _unexpected(table, _KEYS)
    if not _ID.fullmatch(str(table.get("id", ""))):
        problem = "«\u00a0id\u00a0» est fait de chiffres, de petites lettres, de points et de traits d'union."
        yield "id", problem, None
    clause = table.get("clause")
    if not isinstance(clause, str) or not clause.strip():
        yield "clause", '«\u00a0clause\u00a0» est un numéro entre guillemets, comme "5.10".', None
    if table.get("type") not in KINDS:
        yield "type", f"«\u00a0type\u00a0» est l'un de\u00a0: {', '.join(KINDS)}.", None
    if not isinstance(table.get("essential", False), bool | str):
        problem = "«\u00a0essential\u00a0» est true ou false, ou le nom d'un sujet que des clauses partagent."
        yield "essential", problem, None
    if not isinstance(table.get("hash", ""), str):
        yield "hash", "«\u00a0hash\u00a0» est un texte, écrit par vigie quiz lier.", None
    yield from _text_faults(table, "text", TEXT_LENGTH)
    choices = table.get("choice")
    if (
        not isinstance(choices, list)
        or len(choices) not in CHOICES
        or not all(isinstance(choice, dict) for choice in choices)
    ):
        yield "choice", f"il faut de {CHOICES[0]} à {CHOICES[-1]} tables [[question.choice]].", None
    else:
        yield from _choice_faults(table.get("type"), choices)


def _choice_faults(kind: object, choices: list[dict[str, Any]]) -> Iterator[_Fault]:
    texts: list[str] = []
    for at, choice in enumerate(choices):
        yield from _unexpected(choice, _CHOICE_KEYS, at)
        if not isinstance(choice.get("right", False), bool):
            yield "right", "«\u00a0right\u00a0» est true ou false.", at
        yield from _text_faults(choice, "text", CHOICE_LENGTH, at)
        yield from _text_faults(choice, "feedback", FEEDBACK_LENGTH, at)
        text = choice.get("text")
        texts.append(text.strip().casefold() if isinstance(text, str) else "")
        if texts[at] and texts[at] in texts[:at]:
            yield "text", "deux choix disent la même chose.", at
    right = sum(choice.get("right", False) is True for choice in choices)
    match kind:
        case "vrai-faux" if texts != ["vrai", "faux"]:
            problem = "vrai-faux\u00a0: les deux choix sont «\u00a0Vrai\u00a0», puis «\u00a0Faux\u00a0»."
            yield "type", problem, None
        case "vrai-faux" if right != 1:
            yield "type", "vrai-faux\u00a0: un seul des deux choix est bon.", None
        case "choix-multiples" if not 2 <= right < len(choices):  # noqa: PLR2004 — a question with one right choice is a « choix »
            yield "type", "choix-multiples\u00a0: au moins deux choix sont bons, et un ne l'est pas.", None
        case "choix" | "situation" if right != 1:
            yield "type", f"{kind}\u00a0: un choix est bon, et un seul ({right} ici).", None


def _unexpected(table: dict[str, Any], expected: set[str], choice: int | None = None) -> Iterator[_Fault]:
    for key in sorted(set(table) - expected):
        yield key, f"«\u00a0{key}\u00a0» n'est pas attendu ici.", choice


def _text_faults(
    table: dict[str, Any], key: str, longest: int, choice: int | None = None
) -> Iterator[_Fault]:
    text = table.get(key)
    if not isinstance(text, str) or not text.strip():
        yield key, f"«\u00a0{key}\u00a0» est un texte, et il est obligatoire.", choice
    elif len(text.strip()) > longest:
        yield key, f"«\u00a0{key}\u00a0» a {len(text.strip())} caractères; {longest} au plus.", choice
