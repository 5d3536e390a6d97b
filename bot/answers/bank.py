"""The bank of questions: each line is a question that people ask, with the clauses that answer it.

`data/politique/<id>/questions.jsonl` is shipped. The association can add lines of its own, at the same path
under its data folder. One JSON object per line:

    {"question": "…", "kind": "direct", "outcome": "answer", "gold": ["5.10"], "also_ok": [], "author": "a"}

`follow_ups.jsonl`, beside it, has questions that mean little by themselves (« même pour rire? »), each with
the clause shown before: `"after": "5.17"`.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

from bot.conversation.messages import thousands
from bot.policy import addresses
from bot.policy.addresses import as_counted
from bot.policy.annotations import parse_toml
from bot.policy.articles import Number, PolicyError, Version
from bot.policy.changes import identities
from bot.policy.loading import read_utf8
from bot.storage import files

BANK, GATE, FOLLOW_UPS = "questions.jsonl", "questions_gate.jsonl", "follow_ups.jsonl"
ANSWERS = "answers.toml"  # the file of the bot's words around quotations, see `guidance`
ANSWERED_KINDS = ("direct", "paraphrase", "colloquial", "scenario", "typo", "keyword", "article", "english")
DECLINED_KINDS = ("near_miss", "off_topic", "adversarial", "article")  # "article": on a missing article
ANSWERED = ("answer", "incident", "draft")
DECLINED = ("silent", "out_of_scope")
REASONS = ("silent", "near_miss", "off_topic", "adversarial")  # the reasons to decline that a model learns
LONGEST = 2_000  # maximum characters of a question; the longest are pasted drafts
ENOUGH = 5  # minimum answered questions per clause to train a model; with fewer, the text alone does better
# The form of a number: « 5.10 », « titre III, 2 », « préambule ». Whether the clause exists is checked later.
_NUMBER = re.compile(rf"(?=\S)(?=.*[A-Za-z0-9])[^\n]{{1,{addresses.LONGEST}}}(?<=\S)")
_KEYS = ("question", "kind", "outcome", "gold", "also_ok", "author")
_ALLOWED = frozenset({*_KEYS, "id", "version", "after"})

Place: TypeAlias = tuple[str, int]  # a file's short name and a line number


@dataclass(frozen=True, slots=True)
class BankLine:
    """One question. `gold`: the clauses to cite first. `also_ok`: acceptable alternatives.

    Both are empty when the policy does not answer. A whole article, « 5 », stands for its clauses. `version`:
    the key of the version that the numbers refer to, "" for the version of the whole bank. `after`: the
    clause shown just before, for a follow-up. `context`: the subject of that clause. `accepted`: the clauses
    that `gold` and `also_ok` stand for in a version, set by `in_version`.
    """

    question: str
    kind: str
    outcome: str
    gold: tuple[Number, ...]
    also_ok: tuple[Number, ...] = ()
    author: str = ""
    version: str = ""
    after: Number | None = None
    context: str = ""
    accepted: frozenset[Number] = field(default=frozenset(), compare=False)

    @property
    def in_context(self) -> str:
        """The question and its context, as one text for a model."""
        return f"{self.question} {self.context}".strip()

    @property
    def reason(self) -> str:
        """The reason why the policy does not answer, one of `REASONS`, or "" when it answers."""
        if self.gold:
            return ""
        if self.outcome == "silent":
            return "silent"
        return self.kind if self.kind in REASONS else "near_miss"

    @property
    def unsaid(self) -> bool:
        """Whether the policy touches on the subject without answering. A later version may answer."""
        return self.reason in {"silent", "near_miss"}

    def accepts(self, number: Number) -> bool:
        """Return whether a clause may be cited first. A whole article accepts any of its clauses."""
        return number in (self.accepted or (*self.gold, *self.also_ok))

    def in_version(self, version: Version) -> "BankLine":
        """Return the line with the clauses that it accepts in a version."""
        clauses = (clause for number in (*self.gold, *self.also_ok) for clause in version.within(number))
        return replace(self, accepted=frozenset(clause.number for clause in clauses))

    def as_json(self) -> str:
        """Return the line in the bank's JSON format."""
        gold, also_ok = list(map(str, self.gold)), list(map(str, self.also_ok))
        values = (self.question, self.kind, self.outcome, gold, also_ok, self.author)
        others = {"version": self.version, "after": str(self.after or "")}
        fields = dict(zip(_KEYS, values, strict=True)) | {
            key: value for key, value in others.items() if value
        }
        return json.dumps(fields, ensure_ascii=False)


def is_enough(lines: Iterable[BankLine], version: Version) -> bool:
    """Return whether a bank has enough questions to train a model on."""
    return sum(bool(line.gold) for line in lines) >= ENOUGH * len(version.clauses())


def bank_files(folders: Iterable[Path], policy: str, name: str = BANK) -> tuple[Path, ...]:
    """Return the banks of a policy that exist, the shipped one first."""
    paths = (folder / "politique" / policy / name for folder in folders)
    return tuple(path for path in paths if path.is_file())


def spelling_tables(folders: Iterable[Path]) -> tuple[Path, ...]:
    """Return the spelling tables that exist, the shipped one first."""
    return tuple(path for folder in folders if (path := folder / "spelling" / "fr.tsv").is_file())


# --- Reading ------------------------------------------------------------------------------------


def load_bank_lines(paths: Iterable[Path]) -> tuple[BankLine, ...]:
    """Return every line of the banks at `paths`. The existence of their clauses is not checked.

    Raises `PolicyError`, with the file and the line number, at the first line that is invalid or repeats a
    question.
    """
    lines = []
    places: dict[str, Place] = {}
    for path in paths:
        source = f"{path.parent.name}/{path.name}"
        for at, text in enumerate(read_utf8(path).split("\n"), 1):
            if not text.strip():
                continue
            line = parse_bank_line(text, (source, at))
            key = f"{line.after or ''} {normalized_question(line.question)}"
            first, first_at = places.setdefault(key, (source, at))
            if (first, first_at) != (source, at):
                raise PolicyError(source, at, f"cette question est déjà à {first}, ligne {first_at}.")
            lines.append(line)
    return tuple(lines)


def load_follow_ups(folders: Sequence[Path], policy: str) -> tuple[BankLine, ...]:
    """Return a policy's follow-ups, with the subject that `answers.toml` gives their clause as context.

    A follow-up to a clause without a subject is left out. Raises the errors of `load_bank_lines`, and
    `PolicyError` for an invalid `answers.toml`.
    """
    lines = load_bank_lines(bank_files(folders, policy, FOLLOW_UPS))
    answers_files = bank_files(folders, policy, ANSWERS)
    if not (lines and answers_files):
        return ()
    subjects = parse_toml(read_utf8(answers_files[-1]), f"{policy}/{ANSWERS}").get("subject", {})
    return tuple(
        replace(line, context=subject) for line in lines if (subject := subjects.get(str(line.after)))
    )


def load_readable_lines(paths: Iterable[Path]) -> tuple[BankLine, ...]:
    """Return the valid lines of the banks at `paths`. The existence of their clauses is not checked."""
    texts = (text for path in paths for text in path.read_text("utf-8-sig").splitlines())
    return tuple(line for text in texts if (line := _readable(text)))


def _readable(text: str) -> BankLine | None:
    try:
        return parse_bank_line(text, ("", 0))
    except PolicyError:
        return None


def normalized_question(question: str) -> str:
    """Return a question in lower case with single spaces, so that duplicates compare equal."""
    return " ".join(question.lower().split())


def parse_bank_line(text: str, where: Place, *, any_kind: bool = False) -> BankLine:
    """Parse one line. The author and outcome may be missing. The existence of the clauses is not checked.

    `any_kind`: also accept kinds and outcomes that a bank cannot have, for evaluation files.
    Raises `PolicyError`.
    """
    try:
        data = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise PolicyError(*where, "ce n'est pas un objet JSON.") from error
    problem = _shape_problem(data)
    if problem:
        raise PolicyError(*where, problem)
    gold, also_ok = (tuple(map(Number, data[key])) for key in ("gold", "also_ok"))
    line = BankLine(
        data["question"],
        data["kind"],
        data.get("outcome", "answer" if gold else "out_of_scope"),
        gold,
        also_ok,
        data.get("author", ""),
        str(data.get("version", "")),
        Number(data["after"]) if "after" in data else None,
    )
    problem = "" if any_kind else _sense_problem(line)
    if problem:
        raise PolicyError(*where, problem)
    return line


def _shape_problem(data: object) -> str:
    """Return the problem with a line's keys or value types, in French, or "" if there is none."""
    if not isinstance(data, dict):
        return "il faut un objet JSON, entre accolades."
    unknown = [key for key in data if key not in _ALLOWED]
    if unknown:
        return f"la clé «\u00a0{unknown[0]}\u00a0» n'existe pas; il y a\u00a0: {', '.join(_KEYS)}."
    for key in ("question", "kind", "outcome", "author"):
        text = data.get(key, "" if key in {"outcome", "author"} else None)
        if not isinstance(text, str) or (key in {"question", "kind"} and not text.strip()):
            return f"«\u00a0{key}\u00a0»\u00a0: il faut un texte."
    for key in ("gold", "also_ok", "after"):
        numbers = data.get(key) if key != "after" else [data.get(key, "1")]
        if not isinstance(numbers, list) or not all(
            isinstance(n, str) and _NUMBER.fullmatch(n) for n in numbers
        ):
            return (
                f'«\u00a0{key}\u00a0»\u00a0: il faut une liste de numéros entre guillemets, comme ["5.10"].'
            )
    if len(data["question"]) > LONGEST:
        return f"la question a plus de {thousands(LONGEST)} caractères."
    return ""


def _sense_problem(line: BankLine) -> str:
    """Return the inconsistency of a line, in French, or "" if there is none."""
    kinds, outcomes = (ANSWERED_KINDS, ANSWERED) if line.gold else (DECLINED_KINDS, DECLINED)
    means = "a une clause" if line.gold else "n'a pas de clause"
    if line.kind not in kinds:
        return f"une question qui {means} a l'une de ces sortes\u00a0: {', '.join(kinds)}."
    if line.outcome not in outcomes:
        return f"une question qui {means} a l'une de ces issues\u00a0: {', '.join(outcomes)}."
    if line.also_ok and not line.gold:
        return "«\u00a0also_ok\u00a0» demande «\u00a0gold\u00a0»."
    twice = set(line.gold) & set(line.also_ok)
    if twice:
        first = min(twice, key=as_counted)
        return f"la clause {first} est dans «\u00a0gold\u00a0» et dans «\u00a0also_ok\u00a0»."
    return ""


# --- Carrying lines to another version ---------------------------------------------------------


def line_origin(line: BankLine, version: Version) -> Version:
    """Return the version that a line's numbers refer to: `version` or an earlier one."""
    named = (earlier for earlier in identities.chain(version) if line.version == earlier.key)
    return next(named, None) or identities.origin(version)


def carried_lines(lines: Iterable[BankLine], version: Version) -> tuple[BankLine, ...]:
    """Return the lines with their clauses renumbered for a version.

    A line is left out when none of its `gold` clauses remains, since people must decide whether the new text
    answers it.
    """
    carried = []
    # cached, since hundreds of lines are about the same clauses
    clauses: dict[tuple[object, ...], BankLine] = {}
    for line in lines:
        key = (line.version, line.gold, line.also_ok)
        if key not in clauses:
            clauses[key] = _carried(line, version)
        alike = clauses[key]
        if alike.gold or not line.gold:
            carried.append(
                replace(
                    line,
                    gold=alike.gold,
                    also_ok=alike.also_ok,
                    version=alike.version,
                    accepted=alike.accepted,
                )
            )
    return tuple(carried)


def _carried(line: BankLine, version: Version) -> BankLine:
    """Return a line with its clauses renumbered for a version, without those that no longer exist."""
    origin = line_origin(line, version)
    gold = line.gold
    also_ok = line.also_ok
    key = line.version
    if origin is not version:
        fates = identities.fates(origin, version)
        gold = identities.current_numbers(fates, gold)
        also_ok = tuple(n for n in identities.current_numbers(fates, also_ok) if n not in gold)
        key = version.key
    gold = tuple(number for number in gold if version.within(number))
    also_ok = tuple(number for number in also_ok if version.within(number))
    return replace(line, gold=gold, also_ok=also_ok, version=key).in_version(version)


# --- Adding -------------------------------------------------------------------------------------


def add_line(folder: Path, policy: str, line: BankLine) -> None:
    """Write a line to the association's bank, replacing any line that asks the same question.

    The file is replaced atomically. Call this on the storage thread, the only writer. Raises `StorageError`.
    """
    path = folder / "politique" / policy / BANK
    question = normalized_question(line.question)
    with files.explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        texts = path.read_text("utf-8-sig").splitlines() if path.exists() else []
        parsed = [(text, _readable(text)) for text in texts if text.strip()]
        others = [text for text, old in parsed if not (old and normalized_question(old.question) == question)]
        with files.draft(path) as draft:
            draft.write_text("\n".join([*others, line.as_json()]) + "\n", "utf-8")
            files.settle(draft, path)
