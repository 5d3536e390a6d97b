"""The questions of the onboarding quiz: read, checked against the policy, all problems told at once.

`quiz.toml` is written by people. It is read block by block, one `[[question]]` at a time, so that a
slip of syntax in one hides no other, and so that each problem has its line: no TOML library for Python
gives the place of a key. A question is bound to the words of its clause by their hash: it follows them
under another number, through corrections too. Once they mean something else, the question is stale:
kept out, and listed for review.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from bot.policy.annotations import parsed
from bot.policy.articles import Clause, Number, PolicyError, Version
from bot.policy.changes import identities

Kind: TypeAlias = Literal["vrai-faux", "choix", "choix-multiples", "situation"]
KINDS: tuple[Kind, ...] = get_args(Kind)

FILE = "quiz.toml"
HASH_LENGTH = 16  # of SHA-256, in hexadecimal: 64 bits, against changes and not against adversaries
LEAST = 90  # questions in all
LEAST_BY_CLAUSE = 2
CHOICES = range(2, 5)  # two to four, lettered A to D
TEXT_LENGTH = 600  # with four choices and their feedback, this fits in one message
CHOICE_LENGTH = 200
FEEDBACK_LENGTH = 350

_QUESTION = re.compile(r"\s*\[\[\s*question\s*\]\]\s*(#.*)?")
_CHOICE = re.compile(r"\s*\[\[\s*question\s*\.\s*choice\s*\]\]\s*(#.*)?")
_ID = re.compile(r"[0-9a-z][0-9a-z.-]{0,31}")
_KEYS = {"id", "clause", "type", "text", "essential", "hash", "choice"}
_CHOICE_KEYS = {"text", "right", "feedback"}


@dataclass(frozen=True, slots=True)
class QuizChoice:
    """One of the answers that are offered, and what is said to whoever chooses it."""

    text: str
    right: bool
    feedback: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it is in the file; `hash`: of the words that it was written about, "" when unbound.

    `essential`: the subject that each quiz has a question of, "" when it need not have this one.
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
        """The places, in the file, of the right choices."""
        return frozenset(at for at, choice in enumerate(self.choices) if choice.right)

    @property
    def several(self) -> bool:
        """Whether several choices are to be ticked."""
        return self.kind == "choix-multiples"

    @property
    def edition(self) -> str:
        """A short hash of all that is shown: another edition is another question."""
        parts = [self.text, self.kind, *(f"{c.right}{c.text}" for c in self.choices)]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """What is wrong, on which line of the file; line 0 is the file as a whole."""

    line: int
    text: str
    question: str = ""


@dataclass(frozen=True, slots=True)
class QuizBank:
    """The questions that can be asked, those whose clause has changed, and what is wrong.

    `left_out`: how many more the file holds, that are wrong.
    """

    questions: tuple[Question, ...] = ()
    stale: tuple[Question, ...] = ()
    problems: tuple[Problem, ...] = ()
    left_out: int = 0
    _by_id: dict[str, Question] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_id", {question.id: question for question in self.questions})

    def question(self, identifier: str) -> Question | None:
        """Return the question of that name, if it can be asked."""
        return self._by_id.get(identifier)

    def by_clause(self) -> dict[Number, list[Question]]:
        """Return the questions that can be asked, by clause, in the order of the text."""
        found: dict[Number, list[Question]] = {}
        for question in sorted(self.questions, key=lambda one: one.clause):
            found.setdefault(question.clause, []).append(question)
        return found


def clause_hash(clause: Clause) -> str:
    """Return the hash of a clause's words, that its questions are bound to."""
    return hashlib.sha256(clause.text.encode()).hexdigest()[:HASH_LENGTH]


def find(folders: Iterable[Path], policy: str) -> Path | None:
    """Return the questions' file of a policy: that of the last folder that has one."""
    paths = [folder / "politique" / policy / FILE for folder in folders]
    return next((path for path in reversed(paths) if path.is_file()), None)


def load(path: Path, version: Version) -> QuizBank:
    """Read the file at `path` and check it. Raises `PolicyError` when it is not text in UTF-8."""
    return read(text_of(path), version)


def text_of(path: Path) -> str:
    """Return what the file at `path` holds. Raises `PolicyError` when it is not text in UTF-8."""
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise PolicyError(
            f"{path.parent.name}/{path.name}", line, "le fichier n'est pas en UTF-8."
        ) from error


def read(text: str, version: Version) -> QuizBank:
    """Read the questions and check each against `version`; one that is wrong is left out and told.

    What concerns the whole (coverage, guessing) is in `bot.onboarding.quiz.review`.
    """
    problems: list[Problem] = []
    blocks = tuple(_blocks(text))
    found = [
        one
        for block in blocks
        for data in [_parsed(block, problems)]
        if data is not None and (one := _question(block, data, problems)) is not None
    ]
    found = _without_twins(found, problems)
    current: list[Question] = []
    stale: list[Question] = []
    for written in found:
        question, same = _followed(written, version)
        clause = version.clause(question.clause)
        if clause is None and not question.hash:
            problems.append(Problem(question.line, f"la clause {question.clause} n'existe pas.", question.id))
        elif clause is None or not same:
            stale.append(question)
        else:
            current.append(question)
            if not question.hash:
                problems.append(
                    Problem(
                        question.line, "il manque «\u00a0hash\u00a0»\u00a0: vigie quiz lier.", question.id
                    )
                )
    left_out = len(blocks) - len(current) - len(stale)
    return QuizBank(tuple(current), tuple(stale), tuple(sorted(problems)), left_out)


def _followed(question: Question, version: Version) -> tuple[Question, bool]:
    """Return a question about the clause where its own now stands, and whether that one says the same still.

    Its own is that of the latest version in which that number had the words that the question is bound to.
    """
    if not question.hash:
        return question, True
    for earlier in reversed(identities.chain(version)):
        clause = earlier.clause(question.clause)
        if clause and clause_hash(clause) == question.hash:
            fate = identities.fates(earlier, version)[question.clause]
            return (replace(question, clause=fate.now[0]) if fate.now else question), fate.same and bool(
                fate.now
            )
    return question, False


def bind(text: str, version: Version, *, again: Sequence[str] = ()) -> str:
    """Return `text` with the hash of its clause in each question that has none, and in those of `again`.

    Nothing else of the file is touched. `again`: identifiers of stale questions that were reviewed.
    """
    lines = text.split("\n")
    for block in reversed(list(_blocks(text))):
        data = _parsed(block, [])
        item = _first(data) if data else None
        clause = _clause_of(item.get("clause"), version) if item else None
        if item is None or clause is None or (item.get("hash") and item.get("id") not in again):
            continue
        written = f'hash = "{clause_hash(clause)}"'
        at = block.key("hash")
        if at is not None:
            lines[at - 1] = written
        else:
            lines.insert(block.key("clause") or block.line, written)
    return "\n".join(lines)


def moved(question: Question, version: Version) -> Number | None:
    """Return where the words that a stale question was written about now stand, if anywhere."""
    return next((one.number for one in version.clauses() if clause_hash(one) == question.hash), None)


# --- Blocks -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Block:
    """The lines of one question; `line` is that of its header, from 1."""

    line: int
    lines: tuple[str, ...]

    def key(self, name: str, choice: int | None = None) -> int | None:
        """Return the line of a key of the question, or of its choice of that place."""
        headers = [at for at, line in enumerate(self.lines) if _CHOICE.fullmatch(line)]
        bounds = [0, *headers, len(self.lines)]
        part = 0 if choice is None else choice + 1
        if part >= len(bounds) - 1:
            return None
        pattern = re.compile(rf"\s*{re.escape(name)}\s*=")
        for at in range(bounds[part], bounds[part + 1]):
            if pattern.match(self.lines[at]):
                return self.line + at
        return self.line + bounds[part] if choice is not None else None


def _blocks(text: str) -> Iterator[_Block]:
    """Yield the file's questions; what precedes the first is a block too, with its header on line 1."""
    lines = text.split("\n")
    starts = [at for at, line in enumerate(lines) if _QUESTION.fullmatch(line)]
    before = lines[: starts[0]] if starts else lines
    if any(line.strip() and not line.lstrip().startswith("#") for line in before):
        starts.insert(0, 0)
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=False):
        yield _Block(start + 1, tuple(lines[start:end]))


def _parsed(block: _Block, problems: list[Problem]) -> dict[str, Any] | None:
    try:
        return parsed("\n".join(block.lines), FILE)
    except PolicyError as error:
        problems.append(Problem(block.line + (error.line or len(block.lines)) - 1, error.problem))
        return None


def _first(data: dict[str, Any]) -> dict[str, Any] | None:
    questions = data.get("question")
    return questions[0] if isinstance(questions, list) and isinstance(questions[0], dict) else None


def _clause_of(value: object, version: Version) -> Clause | None:
    try:
        return version.clause(Number.parse(str(value)))
    except ValueError:
        return None


# --- Questions --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Critic:
    """Notes what is wrong with one question, each problem at its line."""

    block: _Block
    name: str
    problems: list[Problem]

    def wrong(self, key: str, text: str, choice: int | None = None) -> None:
        """Note a problem with a key of the question, or of one of its choices."""
        self.problems.append(Problem(self.block.key(key, choice) or self.block.line, text, self.name))

    def text(self, data: dict[str, Any], key: str, most: int, choice: int | None = None) -> str:
        """Return what `key` holds, on as many lines as it has; note when it is no text or too long."""
        value = data.get(key)
        if not isinstance(value, str) or not value.strip():
            self.wrong(key, f"«\u00a0{key}\u00a0» est un texte, et il est obligatoire.", choice)
            return ""
        if len(value.strip()) > most:
            self.wrong(key, f"«\u00a0{key}\u00a0» a {len(value.strip())} caractères; {most} au plus.", choice)
        return value.strip()

    def keys(self, data: dict[str, Any], expected: set[str], choice: int | None = None) -> None:
        """Note the keys that nothing reads."""
        for key in sorted(set(data) - expected):
            self.wrong(key, f"«\u00a0{key}\u00a0» n'est pas attendu ici.", choice)


def _question(block: _Block, data: dict[str, Any], problems: list[Problem]) -> Question | None:
    item = _first(data)
    if item is None or set(data) != {"question"}:
        problems.append(Problem(block.line, "seules des tables [[question]] sont attendues ici."))
        return None
    name = str(item.get("id", ""))
    mine: list[Problem] = []
    critic = _Critic(block, name, mine)
    critic.keys(item, _KEYS)
    if not _ID.fullmatch(name):
        critic.wrong(
            "id", "«\u00a0id\u00a0» est fait de chiffres, de petites lettres, de points et de traits d'union."
        )
    number = _number(item.get("clause"))
    if number is None:
        critic.wrong("clause", '«\u00a0clause\u00a0» est un numéro entre guillemets, comme "5.10".')
    kind = next((one for one in KINDS if one == item.get("type")), None)
    if kind is None:
        critic.wrong("type", f"«\u00a0type\u00a0» est l'un de\u00a0: {', '.join(KINDS)}.")
    if not isinstance(item.get("essential", False), bool | str):
        critic.wrong(
            "essential",
            "«\u00a0essential\u00a0» est true ou false, ou le nom d'un sujet que des clauses partagent.",
        )
    if not isinstance(item.get("hash", ""), str):
        critic.wrong("hash", "«\u00a0hash\u00a0» est un texte, écrit par vigie quiz lier.")
    text = critic.text(item, "text", TEXT_LENGTH)
    choices = _choices(critic, item.get("choice"))
    if kind is not None and choices:
        _check_kind(critic, kind, choices)
    problems += mine
    if mine or number is None or kind is None:
        return None
    subject = item.get("essential", False)
    essential = subject.strip() if isinstance(subject, str) else str(number) * subject
    return Question(name, number, kind, text, choices, essential, item.get("hash", ""), block.line)


def _number(value: object) -> Number | None:
    try:
        return Number.parse(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _choices(critic: _Critic, items: object) -> tuple[QuizChoice, ...]:
    """Return the choices, none when they cannot be told."""
    if (
        not isinstance(items, list)
        or len(items) not in CHOICES
        or not all(isinstance(i, dict) for i in items)
    ):
        most = CHOICES[-1]
        critic.wrong("choice", f"il faut de {CHOICES[0]} à {most} tables [[question.choice]].")
        return ()
    found = []
    for at, item in enumerate(items):
        critic.keys(item, _CHOICE_KEYS, at)
        if not isinstance(item.get("right", False), bool):
            critic.wrong("right", "«\u00a0right\u00a0» est true ou false.", at)
        text = critic.text(item, "text", CHOICE_LENGTH, at)
        feedback = critic.text(item, "feedback", FEEDBACK_LENGTH, at)
        found.append(QuizChoice(text, item.get("right", False) is True, feedback))
    texts = [choice.text.casefold() for choice in found]
    for at, text in enumerate(texts):
        if text and text in texts[:at]:
            critic.wrong("text", "deux choix disent la même chose.", at)
    return tuple(found)


def _check_kind(critic: _Critic, kind: Kind, choices: Sequence[QuizChoice]) -> None:
    right = sum(choice.right for choice in choices)
    match kind:
        case "vrai-faux":
            if [choice.text.casefold() for choice in choices] != ["vrai", "faux"]:
                critic.wrong(
                    "type",
                    "vrai-faux\u00a0: les deux choix sont «\u00a0Vrai\u00a0», puis «\u00a0Faux\u00a0».",
                )
            elif right != 1:
                critic.wrong("type", "vrai-faux\u00a0: un seul des deux choix est bon.")
        case "choix-multiples":
            if not 2 <= right < len(choices):  # noqa: PLR2004 — one right choice is the type « choix »
                critic.wrong(
                    "type", "choix-multiples\u00a0: au moins deux choix sont bons, et un ne l'est pas."
                )
        case _:
            if right != 1:
                critic.wrong("type", f"{kind}\u00a0: un choix est bon, et un seul ({right} ici).")


def _without_twins(found: Sequence[Question], problems: list[Problem]) -> list[Question]:
    """Return the questions but those whose name, or words, another had before."""
    kept: list[Question] = []
    for question in found:
        twin = next(
            (
                one
                for one in kept
                if one.id == question.id or (one.clause, one.text) == (question.clause, question.text)
            ),
            None,
        )
        if twin is None:
            kept.append(question)
        else:
            what = "le même «\u00a0id\u00a0»" if twin.id == question.id else "le même texte"
            problems.append(Problem(question.line, f"{what} est déjà à la ligne {twin.line}.", question.id))
    return kept
