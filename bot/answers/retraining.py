"""Retraining after lines are added to the bank from the chat, and the notice of the result.

Retraining is an errand (see `bot.schedule.clock`), since training takes a minute, in a separate process off
the storage thread. It is safe to repeat: the same bank gives the same model, and the notice is queued once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

from sqlite_utils import Database

from bot.answers.bank import ENOUGH
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
from bot.schedule.clock import Arguments
from bot.schedule.names import LEARN, RETRAIN
from bot.storage.database import Storage
from bot.times import iso


@dataclass(frozen=True, slots=True)
class RetrainingResult:
    """The result of retraining a policy's model, as the notice's arguments.

    `swapped`: whether the new model is now in use. `before`, `after`: the share of the held-out questions
    (`bank.GATE`) that each model handles correctly (*joint* in `evaluation`), None without a model or
    held-out questions. `lines`: the number of questions in the bank. `problem`: the reason why there is no
    new model, in French.
    """

    policy: str
    swapped: bool
    before: float | None
    after: float | None
    lines: int
    problem: str = ""


NOTICE: Final = Notice("reentrainement", "le résultat d'un réentraînement", RetrainingResult)


Retrain: TypeAlias = Callable[[str], RetrainingResult]  # takes a policy's id


def retrain(library: Library, folders: Sequence[Path], models: Path, policy: str) -> RetrainingResult:
    """Retrain a policy's model in a separate process, and return the result."""
    try:
        verdict = store.learn(Sources(tuple(folders), library.policies[policy].versions[-1]), models)
    except ModelError as error:
        return RetrainingResult(policy, swapped=False, before=None, after=None, lines=0, problem=str(error))
    before, after = (score.joint if score else None for score in (verdict.before, verdict.after))
    return RetrainingResult(policy, verdict.swapped, before, after, verdict.lines)


def plan_retraining(
    db: Database, policy: str, person: str, now: datetime, account: str | None = None
) -> None:
    """Plan the retraining of a policy's model and a notice to the person, in the caller's transaction.

    Training starts at the next full minute, so that lines added in the same minute are learnt together. A
    line added later is learnt in another run. `account`: where the person asks from, « slack:T1/U1 ».
    """
    due = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    key = f"{RETRAIN}:{policy}:{person}:{iso(due)}"
    clock.plan(db, key, RETRAIN, due, {"policy": policy, "person": person, "account": account, "key": key})


async def retraining_errand(storage: Storage, retrain: Retrain, arguments: Arguments, now: datetime) -> None:
    """Retrain the model, queue the notice, and plan training for scheduled texts. A failure is retried."""
    result = await aside(partial(retrain, arguments["policy"]))
    delivery = Delivery(
        arguments["key"], f"person:{arguments['person']}", NOTICE, result, asked=arguments.get("account")
    )

    def queue() -> None:
        with storage.transaction() as db:
            rows.enqueue(db, delivery, now)
            clock.plan(db, f"{LEARN}:{arguments['key']}", LEARN, now)

    await storage.run(queue)


def notice_builders() -> tuple[NoticeBuilder, ...]:
    """Return the builder of the retraining notice, for the outbox."""
    return (NOTICE.built_by(lambda _, result: result_message(result)),)


def result_message(result: RetrainingResult) -> Message:
    """Return the notice: whether the new model is in use, and the scores of both models."""
    if result.problem == store.SMALL_BANK:
        text = "C'est fait\u00a0: je réponds d'après le texte, et les questions de la banque m'y aident déjà."
    elif result.problem:
        text = f"L'exercice n'a pas abouti\u00a0: {result.problem} Vos ajouts restent dans la banque."
    elif result.swapped:
        text = "C'est fait\u00a0: je réponds maintenant avec les questions que vous avez ajoutées."
    else:
        text = (
            "Je n'ai pas changé ma façon de répondre\u00a0: avec les nouvelles questions, je répondais moins "
            "bien aux questions d'épreuve. Vos ajouts restent dans la banque, et serviront quand d'autres "
            "les auront complétés."
        )
    note = f"{result.lines} questions dans la banque." if result.lines else "Rien d'autre n'a changé."
    if result.problem == store.SMALL_BANK:
        note = f"À partir de {ENOUGH} questions par clause, je les apprendrai toutes ensemble."
    if result.after is not None:
        before = f" (avant\u00a0: {_percent(result.before)})" if result.before is not None else ""
        note = f"Réponses justes aux questions d'épreuve\u00a0: {_percent(result.after)}{before}. {note}"
    return Message(
        Heading("La banque de questions"),
        Text(text),
        Note(note),
        Buttons(Button("Voir la banque", f"banque {result.policy}:")),
    )


def _percent(share: float) -> str:
    return f"{share * 100:.1f}\u00a0%".replace(".", ",")
