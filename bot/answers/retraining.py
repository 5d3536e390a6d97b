"""Training again after the bank of questions was changed from the chat, and saying what came of it.

An errand (see `bot.schedule.clock`): it takes a minute off the storage thread, in a process of its own.
It is harmless when repeated: the same bank gives the same model, and the notice has one key.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

from sqlite_utils import Database

from bot.answers.engine import store
from bot.answers.engine.scores import ModelError
from bot.answers.engine.store import Sources
from bot.conversation.deferred import aside
from bot.conversation.messages import Button, Buttons, Heading, Message, Note, Text
from bot.outbox import rows
from bot.outbox.notices import Notice, NoticeBuilder
from bot.outbox.rows import Delivery
from bot.policy.library import Library
from bot.schedule import clock
from bot.storage.database import Storage
from bot.times import iso

LEARN: Final = "apprendre"  # the errand that learns the bank of questions for the texts at work
ERRAND: Final = "reentrainer"  # in `Work.errands`

Arguments: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Trained:
    """What came of training again.

    `swapped`: the new model answers from now on. `before`, `after`: the share of the gate file's questions
    that each model answers rightly (« joint » in docs/), None when there was no model, or no gate.
    `lines`: how many questions the new model was trained on. `problem`: why it could not be, in French.
    """

    swapped: bool
    before: float | None
    after: float | None
    lines: int
    problem: str = ""


@dataclass(frozen=True, slots=True)
class TrainedNotice:
    """The arguments of the notice that says what came of training a policy's model again."""

    policy: str
    trained: Trained


NOTICE: Final = Notice("reentrainement", "le résultat d'un réentraînement", TrainedNotice)

Retrain: TypeAlias = Callable[[str], Awaitable[Trained]]


def trainer(library: Library, folders: Sequence[Path], models: Path) -> Retrain:
    """Return what trains a policy's model from the folders that hold its banks, in a process of its own."""

    def train(policy: str) -> Trained:
        sources = Sources(tuple(folders), library.policies[policy].versions[-1])
        try:
            verdict = store.make(sources, models)
        except ModelError as error:
            return Trained(swapped=False, before=None, after=None, lines=0, problem=str(error))
        before, after = (score.joint if score else None for score in (verdict.before, verdict.after))
        return Trained(verdict.swapped, before, after, verdict.lines)

    async def retrain(policy: str) -> Trained:
        return await aside(partial(train, policy))

    return retrain


def plan(db: Database, policy: str, person: str, now: datetime) -> None:
    """Have the policy's model trained again, in the caller's transaction, and the person told.

    It begins with the next minute, so that what is added in the same one is trained together, and that
    nothing is added once it has begun.
    """
    due = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    key = f"{ERRAND}:{policy}:{person}:{iso(due)}"
    clock.plan(db, key, ERRAND, due, {"policy": policy, "person": person, "key": key})


async def errand(storage: Storage, retrain: Retrain, arguments: Arguments, now: datetime) -> None:
    """Train, then queue the notice, and have the text to come learn the same; what breaks is tried again."""
    trained = await retrain(arguments["policy"])
    notice = TrainedNotice(arguments["policy"], trained)
    delivery = Delivery(arguments["key"], f"person:{arguments['person']}", NOTICE, notice)

    def queue() -> None:
        with storage.transaction() as db:
            rows.enqueue(db, delivery, now)
            clock.plan(db, f"{LEARN}:{arguments['key']}", LEARN, now)

    await storage.run(queue)


def notice_builders() -> tuple[NoticeBuilder, ...]:
    """Return the notice of a training, to be sent by the outbox."""
    return (NOTICE.built_by(lambda _, notice: said(notice.trained, notice.policy)),)


def said(trained: Trained, policy: str) -> Message:
    """Say what came of training again."""
    if trained.problem:
        text = f"L'exercice n'a pas abouti\u00a0: {trained.problem} Vos ajouts restent dans la banque."
    elif trained.swapped:
        text = "C'est fait\u00a0: je réponds maintenant avec les questions que vous avez ajoutées."
    else:
        text = (
            "Je n'ai pas changé ma façon de répondre\u00a0: avec les nouvelles questions, je répondais moins "
            "bien aux questions d'épreuve. Vos ajouts restent dans la banque, et serviront quand d'autres "
            "les auront complétés."
        )
    return Message(
        Heading("La banque de questions"),
        Text(text),
        Note(_scores(trained)),
        Buttons(Button("Voir la banque", f"banque {policy}:")),
    )


def _scores(trained: Trained) -> str:
    counted = f"{trained.lines} questions dans la banque." if trained.lines else "Rien d'autre n'a changé."
    if trained.after is None:
        return counted
    after = f"Réponses justes aux questions d'épreuve\u00a0: {_percent(trained.after)}"
    before = f" (avant\u00a0: {_percent(trained.before)})" if trained.before is not None else ""
    return f"{after}{before}. {counted}"


def _percent(share: float) -> str:
    return f"{share * 100:.1f}\u00a0%".replace(".", ",")
