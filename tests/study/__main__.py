"""`python -m tests.study`: what was tried to answer questions, measured again, in `docs/questions.md`."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path

import click
import numpy as np

from bot.answers import bank, evaluation
from bot.answers.bank import BankLine
from bot.answers.engine import training
from bot.answers.engine.features import FAMILIES
from bot.answers.engine.shelf import FixedModel
from bot.answers.evaluation import Asked
from bot.answers.questions import Engine
from bot.language.spelling import Speller, load_spelling_table
from bot.policy import loading
from bot.policy.articles import Version
from bot.policy.library import Policy
from bot.settings import SEED
from tests.kits import measures
from tests.kits.measures import machine
from tests.study.laboratory import EMBEDDING, STRAIGHT, Laboratory, Result, Rows, refitted, shared

PAGE = Path(__file__).resolve().parents[2] / "docs" / "questions.md"
MARK = "mesures"
EVERYTHING = (*FAMILIES, EMBEDDING)
ASIDE = "l'épreuve"
SHARES = (0.1, 0.2, 0.4, 0.6, 0.8, 1.0)

_WITHOUT = {
    "sans l'enchâssement de phrases": FAMILIES,
    "enchâssement comparé en ligne droite, sans noyau gaussien": (*FAMILIES, STRAIGHT),
    "sans les racines": ("words", "sounds", "letters", EMBEDDING),
    "sans les mots": ("stems", "sounds", "letters", EMBEDDING),
    "sans les sons": ("stems", "words", "letters", EMBEDDING),
    "sans les suites de lettres": ("stems", "words", "sounds", EMBEDDING),
    "l'enchâssement seul": (EMBEDDING,),
    "les racines seules": ("stems",),
    "les suites de lettres seules": ("letters",),
}


def sections(
    policy: Policy, lines: Sequence[BankLine], asked: Mapping[str, Sequence[BankLine]]
) -> Iterator[str]:
    """Yield the page's parts, each as soon as it is measured."""
    version = policy.versions[-1]
    table = load_spelling_table(bank.spelling_tables([SEED]))
    yield _described(lines, asked[ASIDE])
    yield _final(policy, lines, asked)
    whole = Laboratory.of(lines, version, training.speller_of(lines, version, table))
    authors = list(whole.groups(_author).values())
    yield _by_author(whole, lines, version)
    yield _by_kind(whole)
    yield _ablation(whole, lines, version, authors)
    yield _learning(whole)
    yield _in_turn(lines, version)


def _author(line: BankLine) -> str:
    return line.author


def _described(lines: Sequence[BankLine], aside: Sequence[BankLine]) -> str:
    kinds, set_aside = (Counter((line.kind, bool(line.gold)) for line in some) for some in (lines, aside))
    rows = [
        [
            kind,
            "oui" if answered else "non",
            str(count),
            str(set_aside[kind, answered]),
        ]
        for (kind, answered), count in sorted(kinds.items(), key=lambda pair: (not pair[0][1], pair[0][0]))
    ]
    answered = sum(bool(line.gold) for line in lines)
    return (
        f"## Les questions\n\n{len(lines)} questions dans la banque, écrites à la main par "
        f"{len({line.author for line in lines})} personnes\u00a0: {answered} auxquelles une clause répond, "
        f"{len(lines) - answered} qu'il faut refuser. {len(aside)} autres, d'une autre main, ne servent qu'à "
        "mesurer («\u00a0épreuve\u00a0»).\n\n" + _table(["Sorte", "Répondue", "Banque", "Épreuve"], rows)
    )


def _final(policy: Policy, lines: Sequence[BankLine], asked: Mapping[str, Sequence[BankLine]]) -> str:
    version = policy.versions[-1]
    table = load_spelling_table(bank.spelling_tables([SEED]))
    model = training.fit(lines, version, table)
    parts = ["## Le robot, sur des questions jamais vues\n"]
    engine = Engine([SEED], FixedModel(model))
    for name, some in asked.items():
        engine.answer(policy, version, "bonjour")
        answer = partial(engine.answer, policy, version)
        trials = evaluation.ask(partial(partial, answer), [(Asked(line),) for line in some])
        found = evaluation.evaluation_report(trials)
        rows = [
            [kind, str(one["n"]), *(_share(one[key]) for key in ("top1", "top3", "joint"))]
            for kind, one in (*found["by_kind"].items(), ("**toutes**", found))
        ]
        parts.append(f"Sur {name}\u00a0:\n\n" + _table(["Sorte", "n", "top1", "top3", "joint"], rows) + "\n")
    return "\n".join(parts)


def _by_author(whole: Laboratory, lines: Sequence[BankLine], version: Version) -> str:
    groups = whole.groups(_author)
    scores = whole.apart(EVERYTHING, list(groups.values()))
    rows = [[str(name), *_cells(whole.judge(scores, tested=group))] for name, group in groups.items()]
    rows.append(["**toutes**", *_cells(whole.judge(scores))])
    table = load_spelling_table(bank.spelling_tables([SEED]))
    hardest = min(groups, key=lambda name: whole.judge(scores, tested=groups[name]).top1)
    lines_left, model = refitted(lines, version, table, str(hardest))
    asked = [line for line in lines_left if line.gold]
    scored = [model.score(line.question) for line in asked]
    best = [scores.numbers[int(scores.values.argmax())] for scores in scored]
    first = [line.accepts(number) for line, number in zip(asked, best, strict=True)]
    return (
        "## Chaque personne, apprise des autres\n\nLa résolution exacte donne, sans réapprendre, ce que "
        "chaque question obtient d'un modèle qui n'a rien vu de la personne qui l'a écrite (sauf le "
        "vocabulaire et la rareté des mots).\n\n"
        + _table(["Personne", "n", "top1", "top3", "joint"], rows)
        + f"\n\nPour vérifier, un modèle vraiment appris sans {hardest}\u00a0: "
        f"top1 {_share(float(np.mean(first)))}."
    )


def _by_kind(whole: Laboratory) -> str:
    groups = whole.groups(lambda line: line.kind)
    scores = whole.apart(EVERYTHING, list(groups.values()))
    authors = whole.apart(EVERYTHING, list(whole.groups(_author).values()))
    rows = [
        [
            str(name),
            *_cells(whole.judge(scores, tested=group)),
            _share(whole.judge(authors, tested=group).joint),
        ]
        for name, group in groups.items()
    ]
    return (
        "## Chaque sorte, apprise des autres\n\nLa dernière colonne est la mesure quand c'est la "
        "personne, et non la sorte, qui est laissée de côté. Ce qui se refuse ne s'apprend pas d'autre "
        "chose, et les articles se trouvent par leur numéro, non par le modèle.\n\n"
        + _table(["Sorte", "n", "top1", "top3", "joint", "joint, par personne"], rows)
    )


def _ablation(whole: Laboratory, lines: Sequence[BankLine], version: Version, authors: Sequence[Rows]) -> str:
    full = whole.judge(whole.apart(EVERYTHING, authors))
    rows = [["tout", *_cells(full), ""]]

    def add(label: str, found: Result) -> None:
        gap = f"{100 * (found.top1 - full.top1):+.1f}".replace(".", ",")
        rows.append([label, *_cells(found), gap])

    for label, names in _WITHOUT.items():
        add(label, whole.judge(whole.apart(names, authors)))
    table = load_spelling_table(bank.spelling_tables([SEED]))
    spellings: dict[str, Callable[[str], str]] = {
        "sans aucune correction de l'orthographe": str.lower,
        "le tableau d'abréviations seul": Speller(table, frozenset(), {}).expand,
        "la correction des mots inconnus seule": training.speller_of(lines, version, {}),
    }
    for label, spell in spellings.items():
        other = Laboratory.of(lines, version, spell)
        add(label, other.judge(other.apart(EVERYTHING, authors)))
    return (
        "## Ce que chaque partie ajoute\n\nMesuré en laissant de côté chaque personne à son tour. Un écart "
        "de moins d'un point de top1 est du bruit.\n\n"
        + _table(["Modèle", "n", "top1", "top3", "joint", "écart de top1"], rows)
    )


def _learning(whole: Laboratory) -> str:
    rows = []
    for share in SHARES:
        among = shared(whole.lines, share)
        groups = list(whole.groups(_author, among).values())
        found = whole.judge(whole.apart(EVERYTHING, groups, among), among)
        rows.append([f"{share:.0%}".replace("%", "\u00a0%"), *_cells(found)])
    return "## Courbe d'apprentissage\n\nMesuré de même, avec une part des questions.\n\n" + _table(
        ["Part", "n", "top1", "top3", "joint"], rows
    )


def _in_turn(lines: Sequence[BankLine], version: Version) -> str:
    """Measure on the last author what one, two, three of the others teach."""
    names = sorted({line.author for line in lines if line.gold})
    table = load_spelling_table(bank.spelling_tables([SEED]))
    rows = []
    for count in range(1, len(names)):
        taught = names[:count]
        some = [line for line in lines if line.author in {*taught, names[-1]}]
        part = Laboratory.of(some, version, training.speller_of(some, version, table))
        groups = part.groups(lambda line: line.author == names[-1])
        scores = part.apart(EVERYTHING, [groups[True]])
        rows.append([" + ".join(taught), *_cells(part.judge(scores, tested=groups[True]))])
    return f"## Ce qu'une personne de plus apporte\n\nMesuré sur les questions de {names[-1]}.\n\n" + _table(
        ["Apprises de", "n", "top1", "top3", "joint"], rows
    )


def _cells(found: Result) -> list[str]:
    return [str(found.n), _share(found.top1), _share(found.top3), _share(found.joint)]


def _share(value: float | None) -> str:
    return "" if value is None or np.isnan(value) else f"{value:.3f}".replace(".", ",")


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    rule = [":" + "-" * (widths[0] - 1), *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in (headings, rule, *rows)
    )


@click.command(help="Refaire les mesures de docs/questions.md (quelques minutes).")
@click.option("--ecrire", is_flag=True, help="Les mettre dans docs/questions.md.")
@click.option(
    "--aussi",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    metavar="FICHIER.jsonl",
    help="D'autres questions à mesurer.",
)
def main(ecrire: bool, aussi: tuple[Path, ...]) -> None:
    """Measure, print and, if asked to, write."""
    policy = loading.load_library([SEED], "pa20", date.today).default
    version = policy.versions[-1]
    lines = bank.load_bank_lines(bank.bank_files([SEED], policy.id))
    asked = {ASIDE: bank.load_bank_lines(bank.bank_files([SEED], policy.id, bank.GATE))}
    asked |= {
        path.name: tuple(asked.line for (asked, *_) in evaluation.load_conversations(path, version))
        for path in aussi
    }
    parts = [f"Machine\u00a0: {machine()}."]
    for part in sections(policy, lines, asked):
        click.echo(part + "\n")
        parts.append(part.strip())
    if ecrire:
        measures.write("\n\n".join(parts), MARK, PAGE)


if __name__ == "__main__":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    sys.exit(main())
