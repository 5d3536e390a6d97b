"""The bank of questions: what people ask, and the clauses that answer, as lines that anyone can review.

`data/politique/<id>/questions.jsonl` is shipped; the association's own lines, in the same place under its
data folder, add to them. One JSON object a line:

    {"question": "…", "kind": "direct", "outcome": "answer", "gold": ["5.10"], "also_ok": [], "author": "a"}
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from bot.policy.articles import Number, PolicyError, Version
from bot.policy.changes import identities
from bot.policy.loading import read_utf8
from bot.storage import files

BANK, GATE = "questions.jsonl", "questions_gate.jsonl"
ANSWERED_KINDS = ("direct", "paraphrase", "colloquial", "scenario", "typo", "keyword", "article", "english")
DECLINED_KINDS = ("near_miss", "off_topic", "adversarial", "article")  # an article that does not exist
ANSWERED, DECLINED = ("answer", "incident", "draft"), ("silent", "out_of_scope")
REASONS = ("silent", "near_miss", "off_topic", "adversarial")  # to decline, that a model learns
LONGEST = 2_000  # characters; a pasted draft is the longest thing that people write
_NUMBER = re.compile(r"\d{1,3}(?:\.\d{1,3})*")
_KEYS = ("question", "kind", "outcome", "gold", "also_ok", "author")

Place: TypeAlias = tuple[str, int]  # a file's short name, and a line in it


@dataclass(frozen=True, slots=True)
class BankLine:
    """One question. `gold`: the clauses to cite first; `also_ok`: those that may be cited instead.

    Both are empty when the policy does not answer. A whole article, « 5 », stands for its clauses.
    `version`: the key of the text whose numbers these are, "" for the one that the whole bank is about.
    """

    question: str
    kind: str
    outcome: str
    gold: tuple[Number, ...]
    also_ok: tuple[Number, ...] = ()
    author: str = ""
    version: str = ""

    @property
    def reason(self) -> str:
        """Why the policy does not answer, one of `REASONS`; "" when it does."""
        if self.gold:
            return ""
        if self.outcome == "silent":
            return "silent"
        return self.kind if self.kind in REASONS else "near_miss"

    @property
    def unsaid(self) -> bool:
        """Whether the policy, though close to the subject, does not answer: a later text may."""
        return self.reason in {"silent", "near_miss"}

    def accepts(self, number: Number) -> bool:
        """Tell whether a clause may be cited first; a whole article accepts any of its clauses."""
        return any(number.within(accepted) for accepted in (*self.gold, *self.also_ok))

    def as_json(self) -> str:
        """Return the line as it is written in a bank."""
        gold, also_ok = list(map(str, self.gold)), list(map(str, self.also_ok))
        values = (self.question, self.kind, self.outcome, gold, also_ok, self.author)
        version = {"version": self.version} if self.version else {}
        return json.dumps(dict(zip(_KEYS, values, strict=True)) | version, ensure_ascii=False)


def bank_files(folders: Iterable[Path], policy: str, name: str = BANK) -> tuple[Path, ...]:
    """Return the banks of a policy that exist, the shipped one first."""
    paths = (folder / "politique" / policy / name for folder in folders)
    return tuple(path for path in paths if path.is_file())


def spelling_tables(folders: Iterable[Path]) -> tuple[Path, ...]:
    """Return the spelling tables that exist, the shipped one first."""
    return tuple(path for folder in folders if (path := folder / "spelling" / "fr.tsv").is_file())


# --- Reading ------------------------------------------------------------------------------------


def load_bank_lines(paths: Iterable[Path]) -> tuple[BankLine, ...]:
    """Read banks, and check every line, but not whether its clauses exist.

    Raises `PolicyError`, with the file and the line, at the first line that is wrong or repeats a question.
    """
    lines = []
    places: dict[str, Place] = {}
    for path in paths:
        source = f"{path.parent.name}/{path.name}"
        for at, text in enumerate(read_utf8(path).split("\n"), 1):
            if not text.strip():
                continue
            line = parse_bank_line(text, (source, at))
            first, first_at = places.setdefault(normalized_question(line.question), (source, at))
            if (first, first_at) != (source, at):
                raise PolicyError(source, at, f"cette question est déjà à {first}, ligne {first_at}.")
            lines.append(line)
    return tuple(lines)


def load_readable_lines(paths: Iterable[Path]) -> tuple[BankLine, ...]:
    """Read the lines of banks that can be read, whether or not their clauses still exist."""
    texts = (text for path in paths for text in path.read_text("utf-8").splitlines())
    return tuple(line for text in texts if (line := _readable(text)))


def _readable(text: str) -> BankLine | None:
    try:
        return parse_bank_line(text, ("", 0))
    except PolicyError:
        return None


def normalized_question(question: str) -> str:
    """Return a question in lower case with single spaces, to tell whether two are the same."""
    return " ".join(question.lower().split())


def parse_bank_line(text: str, where: Place, *, any_kind: bool = False) -> BankLine:
    """Parse one line, whose author and outcome may be missing, without checking that its clauses exist.

    `any_kind`: accept kinds and outcomes that no bank has, for questions to be measured.
    Raises `PolicyError`.
    """
    try:
        data = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise PolicyError(*where, "ce n'est pas un objet JSON.") from error
    problem = _shape_problem(data)
    if problem:
        raise PolicyError(*where, problem)
    gold, also_ok = (tuple(map(Number.parse, data[key])) for key in ("gold", "also_ok"))
    line = BankLine(
        data["question"],
        data["kind"],
        data.get("outcome", "answer" if gold else "out_of_scope"),
        gold,
        also_ok,
        data.get("author", ""),
        str(data.get("version", "")),
    )
    problem = "" if any_kind else _sense_problem(line)
    if problem:
        raise PolicyError(*where, problem)
    return line


def _shape_problem(data: object) -> str:
    """Return what is wrong with a line's keys and their types, in French; "" when nothing is."""
    if not isinstance(data, dict):
        return "il faut un objet JSON, entre accolades."
    unknown = [key for key in data if key not in {*_KEYS, "id", "version"}]
    if unknown:
        return f"la clé «\u00a0{unknown[0]}\u00a0» n'existe pas; il y a\u00a0: {', '.join(_KEYS)}."
    for key in ("question", "kind", "outcome", "author"):
        text = data.get(key, "" if key in {"outcome", "author"} else None)
        if not isinstance(text, str) or (key in {"question", "kind"} and not text.strip()):
            return f"«\u00a0{key}\u00a0»\u00a0: il faut un texte."
    for key in ("gold", "also_ok"):
        numbers = data.get(key)
        if not isinstance(numbers, list) or not all(
            isinstance(n, str) and _NUMBER.fullmatch(n) for n in numbers
        ):
            return (
                f'«\u00a0{key}\u00a0»\u00a0: il faut une liste de numéros entre guillemets, comme ["5.10"].'
            )
    if len(data["question"]) > LONGEST:
        return f"la question a plus de {LONGEST} caractères."
    return ""


def _sense_problem(line: BankLine) -> str:
    """Return what is inconsistent, in French; "" when nothing is."""
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
        return f"la clause {min(twice)} est dans «\u00a0gold\u00a0» et dans «\u00a0also_ok\u00a0»."
    return ""


# --- Another version ----------------------------------------------------------------------------


def line_origin(line: BankLine, version: Version) -> Version:
    """Return the version, among `version` and those before it, whose numbers a line names."""
    named = (earlier for earlier in identities.chain(version) if line.version == earlier.key)
    return next(named, None) or identities.origin(version)


def carried_lines(lines: Iterable[BankLine], version: Version) -> tuple[BankLine, ...]:
    """Return lines with the numbers that their clauses have in a version.

    A line is left out once none of its `gold` clauses remains: people decide whether the new text answers it.
    """
    carried = []
    for line in lines:
        origin = line_origin(line, version)
        gold, also_ok, key = line.gold, line.also_ok, line.version
        if origin is not version:
            fates = identities.fates(origin, version)
            gold = identities.current_numbers(fates, gold)
            also_ok = tuple(n for n in identities.current_numbers(fates, also_ok) if n not in gold)
            key = version.key
        gold = tuple(number for number in gold if version.within(number))
        also_ok = tuple(number for number in also_ok if version.within(number))
        if gold or not line.gold:
            carried.append(replace(line, gold=gold, also_ok=also_ok, version=key))
    return tuple(carried)


# --- Adding -------------------------------------------------------------------------------------


def add_line(folder: Path, policy: str, line: BankLine) -> None:
    """Write a line in the association's bank, replacing the one that asks the same question.

    The file is written whole or not at all. Call it on the storage thread, the only writer. Raises
    `StorageError` when the disk refuses.
    """
    path = folder / "politique" / policy / BANK
    question = normalized_question(line.question)
    with files.explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        texts = path.read_text("utf-8").splitlines() if path.exists() else []
        parsed = [(text, _readable(text)) for text in texts if text.strip()]
        others = [text for text, old in parsed if not (old and normalized_question(old.question) == question)]
        with files.draft(path) as draft:
            draft.write_text("\n".join([*others, line.as_json()]) + "\n", "utf-8")
            files.settle(draft, path)
