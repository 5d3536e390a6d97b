"""The bank of questions: what people ask, and the clauses that answer, as lines that anyone can review.

`data/politique/<id>/questions.jsonl` is shipped; the association's own lines, in the same place under
its data folder, add to them. One JSON object a line:

    {"question": "…", "kind": "direct", "outcome": "answer", "gold": ["5.10"], "also_ok": [], "author": "a"}
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeAlias

from bot.policy.articles import Number, PolicyError, Version
from bot.policy.changes import identities

BANK, GATE = "questions.jsonl", "questions_gate.jsonl"
ANSWERED_KINDS = ("direct", "paraphrase", "colloquial", "scenario", "typo", "keyword", "article", "english")
DECLINED_KINDS = ("near_miss", "off_topic", "adversarial", "article")  # an article that does not exist
ANSWERED, DECLINED = ("answer", "incident", "draft"), ("silent", "out_of_scope")
REASONS = (
    "silent",
    "near_miss",
    "off_topic",
    "adversarial",
)  # why a question is declined, as a model learns it
LONGEST = 2_000  # characters; a pasted draft is the longest thing that people write
_KEYS = ("question", "kind", "outcome", "gold", "also_ok", "author")

Place: TypeAlias = tuple[str, int]  # a file's short name, and a line in it


@dataclass(frozen=True, slots=True)
class BankLine:
    """One question. `gold`: what to cite first; `also_ok`: what may be cited instead.

    Both are empty when the policy does not answer. A whole article, « 5 », stands for its clauses.
    `version`: the adoption of the text whose numbers these are, "" for that of the whole bank.
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
        """Why it is declined, "" when it is answered."""
        if self.gold:
            return ""
        if self.outcome == "silent":
            return "silent"
        return self.kind if self.kind in REASONS else "near_miss"

    def accepts(self, number: Number) -> bool:
        """Tell whether a clause may be cited first; a whole article accepts any of its clauses."""
        return any(number.within(one) for one in (*self.gold, *self.also_ok))

    def written(self) -> str:
        """Return the line as it stands in a bank."""
        values = (
            self.question,
            self.kind,
            self.outcome,
            list(map(str, self.gold)),
            list(map(str, self.also_ok)),
            self.author,
        )
        known = dict(zip(_KEYS, values, strict=True)) | ({"version": self.version} if self.version else {})
        return json.dumps(known, ensure_ascii=False)


def files(folders: Iterable[Path], policy: str, name: str = BANK) -> tuple[Path, ...]:
    """Return the banks of a policy that exist, the shipped one first."""
    paths = (folder / "politique" / policy / name for folder in folders)
    return tuple(path for path in paths if path.is_file())


def tables(folders: Iterable[Path]) -> tuple[Path, ...]:
    """Return the spelling tables that exist, the shipped one first."""
    return tuple(path for folder in folders if (path := folder / "spelling" / "fr.tsv").is_file())


def fingerprint(parts: Iterable[bytes]) -> str:
    """Return a short name for some contents; any change of them gives another."""
    digest = sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:16]


def read(paths: Iterable[Path], version: Version | None) -> tuple[BankLine, ...]:
    """Read banks, and check every line, against a version if there is one.

    Raises `PolicyError`, naming the file and the line, at the first thing that is wrong; `problems`
    gives them all.
    """
    lines = []
    for line, problem in _checked(paths, version):
        if problem:
            raise problem
        lines.append(line)
    return tuple(line for line in lines if line is not None)


def problems(paths: Iterable[Path], version: Version) -> list[PolicyError]:
    """Return everything that is wrong in some banks, in order."""
    return [problem for _, problem in _checked(paths, version) if problem]


def read_json(text: str, where: Place, version: Version | None = None, *, any_kind: bool = False) -> BankLine:
    """Read one line, with or without its author and its outcome. Raises `PolicyError`.

    `any_kind`: whether the kind and the outcome may be what no bank has, for questions to be measured.
    """
    source, at = where
    try:
        data = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise PolicyError(source, at, "ce n'est pas un objet JSON.") from error
    if not isinstance(data, dict):
        raise PolicyError(source, at, "il faut un objet JSON, entre accolades.")
    problem = _shape_problem(data)
    if problem:
        raise PolicyError(source, at, problem)
    gold, also_ok = (tuple(map(Number.parse, data[key])) for key in ("gold", "also_ok"))
    outcome = data.get("outcome", "answer" if gold else "out_of_scope")
    version_of = str(data.get("version", ""))
    line = BankLine(
        data["question"], data["kind"], outcome, gold, also_ok, data.get("author", ""), version_of
    )
    problem = "" if any_kind else _sense_problem(line, version)
    if problem:
        raise PolicyError(source, at, problem)
    return line


def origin(line: BankLine, version: Version) -> Version:
    """Return the version whose numbers a line names."""
    said = (one for one in identities.chain(version) if line.version == one.key)
    return next(said, None) or identities.origin(version)


def carried(lines: Iterable[BankLine], version: Version) -> tuple[BankLine, ...]:
    """Return lines with the numbers that their clauses have in a version.

    What names none any more is left out: whether the new text answers it is for people to say.
    """
    kept = []
    for line in lines:
        about = origin(line, version)
        if about is version:
            kept.append(line)
            continue
        found = identities.fates(about, version)
        gold = identities.now(found, line.gold)
        if gold or not line.gold:
            also_ok = tuple(one for one in identities.now(found, line.also_ok) if one not in gold)
            kept.append(replace(line, gold=gold, also_ok=also_ok, version=version.key))
    return tuple(kept)


def without_missing(lines: Iterable[BankLine], version: Version) -> tuple[BankLine, ...]:
    """Return the lines that a version can still be asked: each names only clauses that exist.

    What names none any more is left out: whether the new text answers it is for people to say.
    """
    kept = []
    for line in lines:
        gold = tuple(number for number in line.gold if version.within(number))
        if gold or not line.gold:
            also_ok = tuple(number for number in line.also_ok if version.within(number))
            kept.append(replace(line, gold=gold, also_ok=also_ok))
    return tuple(kept)


def same(question: str) -> str:
    """Return what makes two questions one: their words, whatever the case and the spaces."""
    return " ".join(question.lower().split())


def _checked(
    paths: Iterable[Path], version: Version | None
) -> Iterator[tuple[BankLine, None] | tuple[None, PolicyError]]:
    seen: dict[str, Place] = {}
    for path in paths:
        source = f"{path.parent.name}/{path.name}"
        for at, text in enumerate(_text(path, source).split("\n"), 1):
            if not text.strip():
                continue
            try:
                line = read_json(text, (source, at), version)
            except PolicyError as error:
                yield None, error
                continue
            first, first_at = seen.setdefault(same(line.question), (source, at))
            if (first, first_at) == (source, at):
                yield line, None
            else:
                yield None, PolicyError(source, at, f"cette question est déjà à {first}, ligne {first_at}.")


def _text(path: Path, source: str) -> str:
    content = path.read_bytes()
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise PolicyError(source, line, "le fichier n'est pas en UTF-8.") from error


def _shape_problem(data: dict[str, Any]) -> str:
    """Say what is wrong with the keys and their types, "" when nothing is."""
    unknown = [key for key in data if key not in {*_KEYS, "id", "version"}]
    if unknown:
        return f"la clé «\u00a0{unknown[0]}\u00a0» n'existe pas; il y a\u00a0: {', '.join(_KEYS)}."
    for key in ("question", "kind"):
        if not isinstance(data.get(key), str) or not data[key].strip():
            return f"«\u00a0{key}\u00a0»\u00a0: il faut un texte."
    for key in ("outcome", "author"):
        if not isinstance(data.get(key, ""), str):
            return f"«\u00a0{key}\u00a0»\u00a0: il faut un texte."
    for key in ("gold", "also_ok"):
        if not _are_numbers(data.get(key)):
            return (
                f'«\u00a0{key}\u00a0»\u00a0: il faut une liste de numéros entre guillemets, comme ["5.10"].'
            )
    if len(data["question"]) > LONGEST:
        return f"la question a plus de {LONGEST} caractères."
    return ""


def _are_numbers(values: object) -> bool:
    return isinstance(values, list) and all(
        isinstance(value, str) and all(part.isdecimal() and len(part) < 4 for part in value.split("."))  # noqa: PLR2004 — no clause has a thousand before it
        for value in values
    )


def _sense_problem(line: BankLine, version: Version | None) -> str:
    """Say what does not hold together, "" when all does."""
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
    missing = [number for number in (*line.gold, *line.also_ok) if version and not version.within(number)]
    if missing and version:
        return f"la clause {missing[0]} n'existe pas dans la version du {version.adopted}."
    return ""


def content(paths: Sequence[Path]) -> Iterator[bytes]:
    """Yield the contents of some files, for `fingerprint`."""
    for path in paths:
        yield path.read_bytes()
