"""Trains a policy's model, and has it serve unless it answers the questions set aside worse than before.

    python -m bot.answers.train --politique pa20 --adoptee 2015-12-13 --modeles DOSSIER
        --dossier data [--dossier …] < TEXTES

The text of the version and of those before it come on the standard input, in JSON, since the files need
not hold what was approved; where none comes, they are read from them. A program of its own, run by
`question_store.make`, so that nothing of what training needs stays in the bot. The questions set aside,
`questions_gate.jsonl` beside the bank, are never trained on.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

from bot.answers import bank, evaluation
from bot.answers.bank import BankLine
from bot.answers.engine import model as question_model
from bot.answers.engine import store, training
from bot.answers.engine.model import Model
from bot.answers.engine.scores import ModelError
from bot.answers.engine.shelf import FixedModel
from bot.answers.engine.store import ModelScore, Sources, Verdict
from bot.answers.evaluation import Measures
from bot.answers.questions import Engine
from bot.policy import loading
from bot.policy.articles import PolicyError
from bot.policy.library import Policy

_PARENT_DEATH_SIGNAL = 1  # prctl(2): PR_SET_PDEATHSIG

TOO_SMALL = "la banque n'a pas encore assez de questions pour cette politique."


def retrain(sources: Sources, policy: Policy, models: Path) -> Verdict:
    """Return the verdict on the bank as it is now, training only if it has none.

    Raises `PolicyError` when a line of the bank is wrong, `ModelError` when they are too few, OSError.
    """
    current = store.verdict(sources, models)
    previous = _loaded(models, current) if current else None
    key = sources.key()
    if current and previous and current.bank == key:
        return current
    lines = sources.lines()
    if not store.is_enough(lines, sources.version):
        raise ModelError(TOO_SMALL)
    trained = training.model_of(sources)
    name = f"{policy.id}-{key}.npz"
    found = Verdict(key, sources.base(), len(lines), name, swapped=True)
    aside = sources.lines(bank.GATE)
    if current and previous and aside:
        before, after = (_score(sources, policy, model, aside) for model in (previous, trained))
        found = replace(found, before=before, after=after)
        if is_worse(after, before):
            found = replace(found, swapped=False, model=current.model)
    if found.swapped:
        store.put(trained, models, name)
    store.settle(models, policy.id, found)
    return found


def is_worse(after: ModelScore, before: ModelScore) -> bool:
    """Tell whether fewer questions are right or, when as many are, fewer have the right clause first."""
    return (after.joint, after.top1) < (before.joint, before.top1)


def _loaded(models: Path, found: Verdict) -> Model | None:
    try:
        return question_model.load(models / found.model)
    except ModelError:
        return None


def _score(sources: Sources, policy: Policy, model: Model, lines: Sequence[BankLine]) -> ModelScore:
    engine = Engine(sources.folders, Path(), FixedModel(model))
    measured = Measures.of(evaluation.run(engine, policy, sources.version, lines))
    return ModelScore(measured.top1 or 0.0, measured.top3 or 0.0, measured.joint or 0.0)


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="python -m bot.answers.train")
    parser.add_argument("--politique", required=True)
    parser.add_argument("--adoptee", required=True)
    parser.add_argument("--dossier", type=Path, action="append", required=True)
    parser.add_argument("--modeles", type=Path, required=True)
    return parser


def _policy(name: str, folders: Sequence[Path], texts: str) -> Policy:
    approved = [
        loading.Adopted(
            date.fromisoformat(one["adopted"]),
            date.fromisoformat(one["effective"]) if one["effective"] else None,
            one["text"],
        )
        for one in json.loads(texts or "[]")
    ]
    return loading.load_library(
        folders, name, lambda: date.max, {name: approved} if approved else None
    ).default


def _end_with_parent() -> None:
    """Have this program end when the bot does, however it ends: a bot that is started again trains anew."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)


def main(arguments: Sequence[str]) -> int:
    """Train; print the verdict as JSON, or one French line of what is wrong."""
    _end_with_parent()
    options = _parser().parse_args(arguments)
    folders = tuple(options.dossier)
    if hasattr(os, "nice"):
        os.nice(5)  # whoever asks the bot something meanwhile goes first
    try:
        policy = _policy(options.politique, folders, sys.stdin.read())
        found = retrain(Sources(folders, policy.version(options.adoptee)), policy, options.modeles)
    except OSError as error:
        print(f"{error.filename}\u00a0: {os.strerror(error.errno or 0)}.", file=sys.stderr)  # noqa: T201 — a program's own output
        return 1
    except (PolicyError, ModelError, ValueError, KeyError) as error:
        print(error, file=sys.stderr)  # noqa: T201 — same
        return 1
    print(json.dumps(asdict(found)))  # noqa: T201 — same
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
