"""Other associations' texts, given for development only: none of their sentences is kept here."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from bot.answers.bank import BankLine
from bot.policy.annotations import read_annotations
from bot.policy.articles import Number, Version
from bot.policy.library import Library, Policy
from bot.policy.provisions import Kind, Outline, Paragraph, Provision

GIVEN = Path(__file__).resolve().parents[3] / "shared" / "eval" / "politiques"
QUESTIONS = Path(__file__).resolve().parents[1] / "data" / "other_texts"
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

    def lines(self, kind: str) -> list[BankLine]:
        """Return the lines of a file: « questions », or « bank » by another writer."""
        rows = map(json.loads, (QUESTIONS / f"{kind}_{self.name}.jsonl").read_text("utf-8").splitlines())
        return [
            BankLine(
                row["question"],
                row["kind"],
                row["outcome"],
                self._clauses(row["gold"]),
                self._clauses(row["also_ok"]),
            ).in_version(self.version)
            for row in rows
        ]

    def _clauses(self, paths: Iterable[str]) -> tuple[Number, ...]:
        return tuple(dict.fromkeys(self.numbers[path] for path in paths))


def _paragraphs(text: str) -> Sequence[Paragraph]:
    parts = (" ".join(part.replace("*", " ").split()) for part in text.replace("\n- ", "\n\n").split("\n\n"))
    return [Paragraph(part) for part in parts if part]
