"""Other associations' texts, given for development only: none of their sentences is kept here."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bot.answers import evaluation
from bot.answers.bank import BANK, BankLine
from bot.answers.engine.shelf import ModelShelf
from bot.answers.evaluation import Asked, Trial
from bot.answers.questions import PolicyAnswer
from bot.app.rehearsal import rehearsing
from bot.policy.annotations import read_annotations
from bot.policy.articles import Number, Version
from bot.policy.library import Library, Policy
from bot.policy.provisions import Kind, Outline, Paragraph, Provision
from bot.settings import SEED
from tests.kits.cli import parts_over
from tests.kits.questions import MODELS

GIVEN = Path(__file__).resolve().parents[3] / "shared" / "eval" / "politiques"
QUESTIONS = Path(__file__).resolve().parents[1] / "data" / "other_texts"
TEXTS = ("02", "11", "14")
ABSENT = f"{GIVEN} n'est pas là : ces textes ne sont pas livrés."


@dataclass(frozen=True)
class OtherText:
    """A text with its true outline. `numbers`: the clause of each of its paths, items included."""

    name: str
    version: Version
    numbers: dict[str, Number]

    @classmethod
    def of(cls, name: str) -> OtherText:
        """Build the text from its truth."""
        sys.path.insert(0, str(GIVEN))
        try:
            score: Any = importlib.import_module("score")
        finally:
            sys.path.remove(str(GIVEN))
        nodes = score.as_candidate(score.truth(name))["nodes"]
        made: dict[tuple[str, ...], Provision] = {}

        def build(above: tuple[str, ...]) -> tuple[Provision, ...]:
            provisions = []
            for node in nodes:
                path = tuple(node["path"])
                if path[:-1] != above and not (above == () and path[:-1] not in paths):
                    continue
                made[path] = Provision(
                    Kind(node["kind"]),
                    node["label"],
                    title=node["title"] or "",
                    paragraphs=tuple(_paragraphs(node["text"])),
                    children=build(path),
                )
                provisions.append(made[path])
            return tuple(provisions)

        paths = {tuple(node["path"]) for node in nodes}
        version = Version(f"t{name}", date(2024, 1, 1), Outline((), build(())))
        places = {id(version.provision(number)): number for number in version.numbers()}
        numbers = {}
        for path in made:
            around = path
            while around and (id(made[around]) not in places or made[around].kind is Kind.ITEM):
                around = around[:-1]
            numbers[" > ".join(path)] = places[id(made[around])]
        return cls(name, version, numbers)

    @property
    def library(self) -> Library:
        """A library with this policy only."""
        annotations = read_annotations({}, self.version, self.name)
        policy = Policy(self.version.policy, (self.version,), self.version, annotations)
        return Library({policy.id: policy}, policy.id, date.today)

    def lines(self, path: Path) -> list[BankLine]:
        """Return the lines of a file, whose clauses are paths of the outline."""
        rows = map(json.loads, path.read_text("utf-8").splitlines())
        return [
            BankLine(
                row["question"],
                row["kind"],
                row["outcome"],
                gold := self._clauses(row["gold"]),
                tuple(number for number in self._clauses(row["also_ok"]) if number not in gold),
            ).in_version(self.version)
            for row in rows
        ]

    def _clauses(self, paths: Iterable[str]) -> tuple[Number, ...]:
        return tuple(dict.fromkeys(self.numbers[path] for path in paths))


def trials_of(name: str, questions: Path, bank: Path | None = None) -> list[Trial]:
    """Return what the chat decides on questions about a text, with a small bank or without."""
    text = OtherText.of(name)
    with TemporaryDirectory(prefix="vigie-textes-") as folder:
        own = Path(folder) / "donnees"
        path = own / "politique" / text.version.policy / BANK
        path.parent.mkdir(parents=True)
        if bank:
            path.write_text("".join(f"{line.as_json()}\n" for line in text.lines(bank)), "utf-8")
        parts = parts_over(Path(folder) / "vigie.db")
        parts.library, parts.folders = text.library, (SEED, own)
        parts.shelf = ModelShelf(parts.folders, MODELS)
        assert not parts.shelf.prepare(text.version), "its bank is too small for a model of its own"
        assert parts.shelf.read(text.version)
        with rehearsing(parts, parts.library.default) as begin:

            def answering() -> Callable[[str], PolicyAnswer]:
                decide = begin()
                return lambda question: decide(question).answer

            return evaluation.ask(answering, [(Asked(line),) for line in text.lines(questions)])


def _paragraphs(text: str) -> Sequence[Paragraph]:
    parts = (" ".join(part.replace("*", " ").split()) for part in text.replace("\n- ", "\n\n").split("\n\n"))
    return [Paragraph(part) for part in parts if part]
