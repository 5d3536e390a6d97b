"""What is said around quotations, as data beside the policy: what to do next, what it does not say.

`answers.toml` is written by people, like `annotations.toml`, and checked against the text in the same
way. It holds the bot's own words about the policy, never the policy's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Final

from bot.answers.questions import MOST, Found, PolicyAnswer
from bot.policy.annotations import Reader, parsed
from bot.policy.articles import Number, PolicyError, Version
from bot.policy.changes import identities
from bot.policy.library import Library
from bot.policy.search import fold

FILE: Final = "answers.toml"
SUBJECT_LENGTH: Final = 40  # so that it fits on a button behind a number and a few words
SAID_LENGTH: Final = 200
_EXACT: Final = 3  # letters: a shorter beginning would stand for too many words
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Step:
    """What the policy says to do next, once one of `clauses` answers; `contact`: the roles to turn to."""

    clauses: tuple[Number, ...]
    says: str
    contact: tuple[str, ...]


@dataclass(frozen=True)
class GuidanceCase:
    """What to say to questions of some kind: those that hold every word of one of the phrases `when`.

    Words joined by a hyphen must follow one another: « par-ecrit » is not in « où est-ce écrit ».
    """

    says: str
    clauses: tuple[Number, ...]
    when: tuple[str, ...]

    @cached_property
    def _phrases(self) -> tuple[tuple[tuple[str, ...], ...], ...]:
        return tuple(
            tuple(tuple(run) for part in phrase.split() if (run := _WORD.findall(fold(part))))
            for phrase in self.when
        )

    def fits(self, words: Sequence[str]) -> bool:
        """Tell whether a question, given as its folded words, is of this kind."""
        return any(all(_holds(words, run) for run in phrase) for phrase in self._phrases)


def _holds(words: Sequence[str], run: Sequence[str]) -> bool:
    """Tell whether some words hold those of a run, one after the other."""
    places = range(len(words) - len(run) + 1)
    return any(all(map(_begins, words[at : at + len(run)], run)) for at in places)


def _begins(word: str, start: str) -> bool:
    return word == start or (len(start) > _EXACT and word.startswith(start))


@dataclass(frozen=True, slots=True)
class Guidance:
    """All of it, for one policy. A policy that has none is answered with general sentences.

    `scope`: what the policy is about, after « qui traite »; "" when that was not written.
    `subjects`: what each clause is about, in a few words.
    `lapsed`: what was unsaid and is not any more, for all one knows, with the new words that may say it.
    `incident`, `draft`: what to say above the clauses; `incident_clauses`: those that are always given.
    """

    scope: str = ""
    subjects: Mapping[Number, str] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    silences: tuple[GuidanceCase, ...] = ()
    elsewhere: tuple[GuidanceCase, ...] = ()
    incident: str = ""
    incident_clauses: tuple[Number, ...] = ()
    draft: str = ""
    lapsed: tuple[GuidanceCase, ...] = ()

    def step(self, number: Number) -> Step | None:
        """Return what to do next when this clause answers."""
        return next((step for step in self.steps if number in step.clauses), None)

    def silence(self, question: str) -> GuidanceCase | None:
        """Return what the policy leaves unsaid that this question is about, if that was written."""
        return _first(self.silences, question)

    def other(self, question: str) -> GuidanceCase | None:
        """Return where to turn with a question that is not the policy's, if that was written."""
        return _first(self.elsewhere, question)


def settled(guidance: Guidance, answer: PolicyAnswer, question: str) -> PolicyAnswer:
    """Return an answer, a no made « silent » when what is left unsaid was written down.

    Words alone would not do: the clause that comes closest must be one that the silence is about. Where
    a revision may have said since what was left unsaid, no silence is claimed: its words are the answer.
    Nor is one claimed on the model's word alone when it was not taught all that the text says.
    """
    if not answer.answered and answer.topic == "question" and not (answer.foreign or answer.unkind):
        lapsed = _first(guidance.lapsed, question)
        if lapsed:
            given = tuple(_found(answer, number) for number in lapsed.clauses[:MOST])
            return replace(answer, outcome="answer", clauses=given)
    if answer.outcome == "silent" and answer.untaught and guidance.silence(question) is None:
        return replace(answer, outcome="not_found")
    if answer.outcome not in {"not_found", "out_of_scope"} or answer.topic != "question" or not answer.nearby:
        return answer
    case = guidance.silence(question)
    if case is None or answer.nearby[0].number not in case.clauses:
        return answer
    return replace(answer, outcome="silent")


def _found(answer: PolicyAnswer, number: Number) -> Found:
    return next((one for one in answer.ranked if one.number == number), Found(number, 0.0))


def _first(cases: Iterable[GuidanceCase], question: str) -> GuidanceCase | None:
    words = _WORD.findall(fold(question))
    return next((case for case in cases if case.fits(words)), None)


def load(folders: Iterable[Path], library: Library) -> dict[str, Guidance]:
    """Read what is beside each policy, a later folder's file standing in for an earlier one's.

    Raises `PolicyError`, naming the file, for what is not well written or points to no clause.
    """
    folders = tuple(folders)
    found = {}
    for policy in library.policies.values():
        files = [path for folder in folders if (path := folder / "politique" / policy.id / FILE).is_file()]
        source = f"{policy.id}/{FILE}"
        latest = policy.versions[-1]
        about = identities.origin(latest)
        written = read(_text(files[-1], source), about, source) if files else Guidance()
        found[policy.id] = carried(written, about, latest) if about is not latest else written
    return found


def carried(guidance: Guidance, about: Version, latest: Version) -> Guidance:
    """Return guidance about a version as it holds of a later one: what was said of a clause follows it.

    What was said to do next after a clause, or about it, is left out once the clause says something else.
    A silence lapses when its clause says something else, or when new words hold what it is about.
    """
    found, new = identities.fates(about, latest), identities.fresh(about, latest)
    fresh = [clause for clause in latest.clauses() if clause.number in new]

    def filling(one: GuidanceCase) -> tuple[Number, ...]:
        own = identities.now(found, one.clauses)
        return tuple(
            clause.number
            for clause in fresh
            if clause.number in own or one.fits(_WORD.findall(fold(clause.text)))
        )

    def case(one: GuidanceCase) -> GuidanceCase:
        return replace(one, clauses=identities.now(found, one.clauses))

    def same(numbers: Iterable[Number]) -> tuple[Number, ...]:
        return identities.now(found, (one for one in numbers if not identities.stale(found, [one])))

    steps = (replace(step, clauses=same(step.clauses)) for step in guidance.steps)
    return replace(
        guidance,
        subjects={
            later: subject for number, subject in guidance.subjects.items() for later in same([number])
        },
        steps=tuple(step for step in steps if step.clauses),
        silences=tuple(case(one) for one in guidance.silences if not filling(one)),
        lapsed=tuple(replace(one, clauses=filled) for one in guidance.silences if (filled := filling(one))),
        elsewhere=tuple(map(case, guidance.elsewhere)),
        incident_clauses=identities.now(found, guidance.incident_clauses),
    )


def _text(path: Path, source: str) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise PolicyError(source, 0, "le fichier n'est pas en UTF-8.") from error


_TABLES = {"scope", "subject", "next", "incident", "draft", "silence", "elsewhere"}


def read(toml: str, version: Version, source: str) -> Guidance:
    """Read `toml` and check it against `version`. Raises `PolicyError`, naming `source`."""
    data = parsed(toml, source)
    reader = Reader(source, version)
    reader.check_keys(data, _TABLES, "la table")
    incident = reader.table(data, "incident", {"clauses", "says"})
    draft = reader.table(data, "draft", {"says"})
    return Guidance(
        scope=_said(reader, data["scope"], "scope") if "scope" in data else "",
        subjects={
            reader.number(key, "subject"): _said(reader, value, f"[subject] {key}", SUBJECT_LENGTH)
            for key, value in reader.table(data, "subject").items()
        },
        steps=tuple(_step(reader, one) for one in _tables(reader, data, "next")),
        silences=tuple(_case(reader, one, "silence") for one in _tables(reader, data, "silence")),
        elsewhere=tuple(_case(reader, one, "elsewhere") for one in _tables(reader, data, "elsewhere")),
        incident=_said(reader, incident["says"], "[incident] says") if "says" in incident else "",
        incident_clauses=reader.numbers(incident["clauses"], "incident") if "clauses" in incident else (),
        draft=_said(reader, draft["says"], "[draft] says") if "says" in draft else "",
    )


def _tables(reader: Reader, data: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
    tables = data.get(name, [])
    if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
        raise reader.fail(f"[[{name}]] écrivez [[{name}]] seul sur sa ligne, puis ce qu'il contient dessous.")
    return tables


def _step(reader: Reader, table: Mapping[str, object]) -> Step:
    reader.check_keys(table, {"clauses", "says", "contact"}, "[[next]] la clé")
    return Step(
        reader.numbers(table.get("clauses"), "next"),
        _said(reader, table.get("says"), "[[next]] says"),
        reader.texts(table.get("contact", []), "[[next]] contact"),
    )


def _case(reader: Reader, table: Mapping[str, object], name: str) -> GuidanceCase:
    reader.check_keys(table, {"says", "clauses", "when"}, f"[[{name}]] la clé")
    when = reader.texts(table.get("when"), f"[[{name}]] when")
    if not when or not all(_WORD.search(phrase) for phrase in when):
        raise reader.fail(f"[[{name}]] when\u00a0: il faut au moins une ligne, et un mot dans chacune.")
    return GuidanceCase(
        _said(reader, table.get("says"), f"[[{name}]] says"),
        reader.numbers(table["clauses"], name) if "clauses" in table else (),
        when,
    )


def _said(reader: Reader, value: object, where: str, most: int = SAID_LENGTH) -> str:
    text = reader.text(value, where)
    if len(text) > most:
        raise reader.fail(f"{where}\u00a0: {len(text)} caractères, il en faut au plus {most}.")
    return text
