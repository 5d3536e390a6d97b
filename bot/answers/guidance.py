"""The bot's words around quotations: next steps, subjects that the policy leaves open, other contacts.

People write `answers.toml` beside the policy, like `annotations.toml`, and it is checked against the text in
the same way. It holds the bot's own words about the policy, never the policy's words.
"""

# ruff: noqa: PLC0415 — guidance is loaded at each start, so modules that only questions need are imported later

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bot.answers.bank import ANSWERS
from bot.language.voice import ENGLISH, FRENCH, Voice, load_english
from bot.policy.annotations import AnnotationReader, parse_toml
from bot.policy.articles import Number, PolicyError, Version
from bot.policy.changes import identities
from bot.policy.library import Policy, SetAside
from bot.policy.loading import read_utf8
from bot.policy.search import fold_accents

if TYPE_CHECKING:
    from bot.answers.engine.scores import ScoredClause
    from bot.answers.questions import PolicyAnswer

SUBJECT_LENGTH: Final = 40  # maximum characters of a subject, so that a button has room for it and a number
SENTENCE_LENGTH: Final = 200
NEAR: Final = 0.35  # the closest clause, if at least this likely, is an unanswered question's subject
_CLOSEST: Final = 2  # how many of the closest clauses a recorded silence may be about
_EXACT: Final = 3  # letters; a word this short must match exactly
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Step:
    """The next step that the policy asks for when one of `clauses` answers. `contact`: roles to contact.

    `asked`: the questions that the step is for, None for all.
    """

    clauses: tuple[Number, ...]
    says: str
    contact: tuple[str, ...]
    asked: GuidanceCase | None = None


@dataclass(frozen=True)
class GuidanceCase:
    """The reply to questions of one kind: those that contain all the words of one of the phrases in `when`.

    A word of more than three letters is matched by its beginning. Words joined by a hyphen must be
    consecutive: « par-ecrit » is not in « où est-ce écrit ».
    """

    says: str
    clauses: tuple[Number, ...]
    when: tuple[str, ...]

    @property
    def of_text(self) -> bool:
        """Whether the reply is about the text itself, such as its date, whatever the closest clause is."""
        return "{" in self.says

    @cached_property
    def _phrases(self) -> tuple[tuple[tuple[str, list[str]], ...], ...]:
        """Each phrase as runs of consecutive words. A run follows its first word, for a quick first test."""
        runs = ([run for part in phrase.split() if (run := _words(part))] for phrase in self.when)
        return tuple(tuple((f" {run[0]}", run) for run in phrase) for phrase in runs)

    def fits(self, words: Sequence[str]) -> bool:
        """Return whether a question is of this kind. `words`: the question's words, folded."""
        sentence = f" {' '.join(words)}"
        return any(
            all(start in sentence and _holds(words, run) for start, run in phrase) for phrase in self._phrases
        )


def _holds(words: Sequence[str], run: Sequence[str]) -> bool:
    return any(
        all(
            word == start or (len(start) > _EXACT and word.startswith(start))
            for word, start in zip(words[at : at + len(run)], run, strict=True)
        )
        for at in range(len(words) - len(run) + 1)
    )


def _words(text: str) -> list[str]:
    return _WORD.findall(fold_accents(text))


def _first(cases: Iterable[GuidanceCase], question: str) -> GuidanceCase | None:
    words = _words(question)
    return next((case for case in cases if case.fits(words)), None)


@dataclass(frozen=True, slots=True)
class Guidance:
    """All the guidance of one policy. Without guidance, general sentences are used.

    `scope`: the subject of the policy, worded to follow « qui traite », or "". `examples`: questions
    suggested to beginners. `subjects`: the subject of each clause, in a few words. `silences`: the subjects
    that the policy leaves open. `lapsed`: silences that a revision may have ended, each with the new clauses
    of that revision. `elsewhere`: contacts for questions outside the policy. `incident`, `draft`: the text
    shown above the clauses for each topic. `incident_clauses`: clauses always quoted for an incident.
    `english`: the English translations of the French words around quotations.
    """

    scope: str = ""
    examples: tuple[str, ...] = ()
    subjects: Mapping[Number, str] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    silences: tuple[GuidanceCase, ...] = ()
    elsewhere: tuple[GuidanceCase, ...] = ()
    incident: str = ""
    incident_clauses: tuple[Number, ...] = ()
    draft: str = ""
    lapsed: tuple[GuidanceCase, ...] = ()
    english: Voice = field(default=FRENCH, compare=False)

    def step(self, number: Number, question: str = "") -> Step | None:
        """Return the next step when this clause answers a question, if any."""
        words = _words(question)
        about = (step for step in self.steps if number in step.clauses)
        return next((step for step in about if step.asked is None or step.asked.fits(words)), None)

    def silence(self, question: str, closest: Sequence[ScoredClause] = ()) -> GuidanceCase | None:
        """Return the first of `silences` that fits a question, if any.

        `closest`: the clauses closest to the question, best first, if they are known. The silence must then
        be about one of the first `_CLOSEST` of them. A silence that names no clause must be about the text
        itself (`of_text`), unless all these clauses score less than `NEAR`.
        """
        numbers = {clause.number for clause in closest[:_CLOSEST]}
        near = any(clause.score >= NEAR for clause in closest)

        def is_near(case: GuidanceCase) -> bool:
            return not numbers.isdisjoint(case.clauses) if case.clauses else case.of_text or not near

        return _first((case for case in self.silences if not closest or is_near(case)), question)

    def referral(self, question: str) -> GuidanceCase | None:
        """Return the recorded contact for a question outside the policy, if any."""
        return _first(self.elsewhere, question)

    def settled_after(
        self, answer: PolicyAnswer, question: str, subject: str, previous: Sequence[Number]
    ) -> PolicyAnswer:
        """Return the answer to a follow-up, corrected by `settled` for the question and `subject` together.

        An answer that only repeats the previous clause becomes "silent" when that clause leaves open what the
        question is about, because the clause's score then comes mostly from the previous subject.
        """
        from bot.answers.engine import rules

        in_context = f"{question} {subject}"
        if answer.outcome == "answer" and answer.topic == "question" and not rules.supposes(question):
            silence = self.silence(in_context)
            if silence and previous[0] in silence.clauses and answer.clauses[0].number == previous[0]:
                return replace(answer, outcome="silent", clauses=(), sure=False)
        return self.settled(answer, in_context)

    def settled(self, answer: PolicyAnswer, question: str) -> PolicyAnswer:
        """Return the answer. A refusal becomes "silent" when one of `silences` fits the question.

        The silence must also be about the closest clause. When a revision may have ended the silence, the new
        clauses of the revision become the answer. A model that was not trained on the whole text cannot
        conclude on its own that the policy is silent.
        """
        from bot.answers.engine.scores import ScoredClause
        from bot.answers.questions import MOST

        if answer.answered or answer.topic != "question" or answer.foreign or answer.unkind:
            return answer
        lapsed = _first(self.lapsed, question)
        if lapsed:
            scores = dict(answer.ranked)
            clauses = tuple(ScoredClause(n, scores.get(n, 0.0)) for n in lapsed.clauses[:MOST])
            return replace(answer, outcome="answer", clauses=clauses)
        silence = self.silence(question, answer.ranked)
        if answer.outcome == "silent":
            return replace(answer, outcome="not_found") if answer.untaught and silence is None else answer
        if silence and answer.ranked and answer.ranked[0].number in silence.clauses:
            return replace(answer, outcome="silent")
        return answer


def carried_guidance(guidance: Guidance, origin: Version, latest: Version) -> Guidance:
    """Return a version's guidance adapted to a later version, with each clause under its new number.

    A clause's step and subject are dropped when its meaning changed. A silence lapses when the meaning of its
    clause changed, or when new text covers its subject.
    """
    fates, new = identities.fates(origin, latest), identities.fresh_clauses(origin, latest)
    fresh = {clause.number: _words(clause.text) for clause in latest.clauses() if clause.number in new}

    def now(case: GuidanceCase) -> GuidanceCase:
        return replace(case, clauses=identities.current_numbers(fates, case.clauses))

    def unchanged(numbers: Iterable[Number]) -> tuple[Number, ...]:
        same = (number for number in numbers if not identities.is_stale(fates, [number]))
        return identities.current_numbers(fates, same)

    silences, lapsed = [], []
    for case in map(now, guidance.silences):
        broken_by = tuple(n for n, words in fresh.items() if n in case.clauses or case.fits(words))
        if broken_by:
            lapsed.append(replace(case, clauses=broken_by))
        else:
            silences.append(case)
    steps = (replace(step, clauses=unchanged(step.clauses)) for step in guidance.steps)
    subjects = guidance.subjects.items()
    return replace(
        guidance,
        subjects={later: subject for number, subject in subjects for later in unchanged([number])},
        steps=tuple(step for step in steps if step.clauses),
        silences=tuple(silences),
        lapsed=tuple(lapsed),
        elsewhere=tuple(map(now, guidance.elsewhere)),
        incident_clauses=identities.current_numbers(fates, guidance.incident_clauses),
    )


# --- The file -----------------------------------------------------------------------------------


def load_guidance(
    folders: Iterable[Path], policies: Mapping[str, Policy], aside: list[SetAside] | None = None
) -> dict[str, Guidance]:
    """Return the guidance of each policy, by id. A later folder's file replaces an earlier one's.

    Raises `PolicyError`, naming the file, when an entry is malformed or names an unknown clause. If `aside`
    is a list, the invalid file is added to it instead, and the file of an earlier folder, or none, is used.
    """
    folders = tuple(folders)
    guidance = {}
    for policy in policies.values():
        files = [path for folder in folders if (path := folder / "politique" / policy.id / ANSWERS).is_file()]
        current = Guidance()
        latest = policy.versions[-1]
        origin = identities.origin(latest)
        for path in reversed(files):
            try:
                current = parse_guidance(read_utf8(path), origin, f"{policy.id}/{ANSWERS}")
            except PolicyError as error:
                if aside is None:
                    raise
                aside.append(SetAside(policy.id, error, latest.adopted))
            else:
                break
        beside_policy = [folder / "politique" / policy.id / ENGLISH for folder in folders]
        english = load_english([*(folder / ENGLISH for folder in folders), *beside_policy])
        current = replace(current, english=Voice(english))
        guidance[policy.id] = current if origin is latest else carried_guidance(current, origin, latest)
    return guidance


def parse_guidance(toml: str, version: Version, source: str) -> Guidance:
    """Parse `toml` and check it against `version`. Raises `PolicyError`, naming `source`."""
    data = parse_toml(toml, source)
    reader = AnnotationReader(source, version)
    allowed = {"scope", "examples", "subject", "next", "incident", "draft", "silence", "elsewhere"}
    reader.check_keys(data, allowed, "la table")
    incident = reader.table(data, "incident", {"clauses", "says"})
    draft = reader.table(data, "draft", {"says"})
    return Guidance(
        scope=_sentence(reader, data["scope"], "scope") if "scope" in data else "",
        examples=reader.texts(data.get("examples", []), "examples"),
        subjects={
            reader.number(key, "subject"): _sentence(reader, value, f"[subject] {key}", SUBJECT_LENGTH)
            for key, value in reader.table(data, "subject").items()
        },
        steps=tuple(_step(reader, table) for table in _tables(reader, data, "next")),
        silences=tuple(_case(reader, table, "silence") for table in _tables(reader, data, "silence")),
        elsewhere=tuple(_case(reader, table, "elsewhere") for table in _tables(reader, data, "elsewhere")),
        incident=_sentence(reader, incident["says"], "[incident] says") if "says" in incident else "",
        incident_clauses=reader.numbers(incident["clauses"], "incident") if "clauses" in incident else (),
        draft=_sentence(reader, draft["says"], "[draft] says") if "says" in draft else "",
    )


def _tables(reader: AnnotationReader, data: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
    tables = data.get(name, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise reader.fail(f"[[{name}]] écrivez [[{name}]] seul sur sa ligne, puis ce qu'il contient dessous.")
    return tables


def _step(reader: AnnotationReader, table: Mapping[str, object]) -> Step:
    reader.check_keys(table, {"clauses", "says", "contact", "when"}, "[[next]] la clé")
    says = _sentence(reader, table.get("says"), "[[next]] says")
    return Step(
        reader.numbers(table.get("clauses"), "next"),
        says,
        reader.texts(table.get("contact", []), "[[next]] contact"),
        GuidanceCase(says, (), _when(reader, table, "next")) if "when" in table else None,
    )


def _case(reader: AnnotationReader, table: Mapping[str, object], name: str) -> GuidanceCase:
    reader.check_keys(table, {"says", "clauses", "when"}, f"[[{name}]] la clé")
    return GuidanceCase(
        _sentence(reader, table.get("says"), f"[[{name}]] says"),
        reader.numbers(table["clauses"], name) if "clauses" in table else (),
        _when(reader, table, name),
    )


def _when(reader: AnnotationReader, table: Mapping[str, object], name: str) -> tuple[str, ...]:
    when = reader.texts(table.get("when"), f"[[{name}]] when")
    if not when or not all(_WORD.search(phrase) for phrase in when):
        raise reader.fail(f"[[{name}]] when\u00a0: il faut au moins une ligne, et un mot dans chacune.")
    return when


def _sentence(reader: AnnotationReader, value: object, where: str, most: int = SENTENCE_LENGTH) -> str:
    text = reader.text(value, where)
    if len(text) > most:
        raise reader.fail(f"{where}\u00a0: {len(text)} caractères, il en faut au plus {most}.")
    return text
