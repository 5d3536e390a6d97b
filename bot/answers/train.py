"""The program that trains a policy's model, and keeps the previous model if it does better.

    python -m bot.answers.train BOT < ORDER

BOT is the id of the bot's process. This program ends when that process ends. The order is a
`store.TrainingOrder` in JSON. The verdict is printed as JSON. Training has a program of its own, so that none
of its data stays in the bot's memory. Both models are compared on held-out questions,
`questions_gate.jsonl` beside the bank, which are never trained on.
"""

import ctypes
import os
import signal
import sys
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

from bot.answers import bank, evaluation
from bot.answers.engine import store, training
from bot.answers.engine.model import Model
from bot.answers.engine.scores import ModelError
from bot.answers.engine.shelf import FixedModel
from bot.answers.engine.store import ModelScore, Sources, Verdict
from bot.answers.evaluation import Asked
from bot.answers.questions import Engine
from bot.policy.articles import PolicyError
from bot.policy.library import Policy
from bot.policy.loading import load_library
from bot.storage import files


def judge_bank(sources: Sources, policy: Policy, models: Path) -> Verdict:
    """Return the verdict on the current bank, training only if there is none yet.

    Raises `PolicyError` for an invalid line, `ModelError` for too few lines, and `OSError`.
    """
    judged = store.find_judged(sources, models)
    key = sources.key()
    if judged and judged[1].bank == key:
        return judged[1]
    del judged  # frees the memory of the previous model for the kernel
    lines = sources.lines()
    if not bank.is_enough(lines, sources.version):
        raise ModelError(store.SMALL_BANK)
    trained = training.fit(lines, sources.version, sources.table, sources.follow_ups())
    verdict = Verdict(key, sources.base(), len(lines), f"{policy.id}-{key}.npz", swapped=True)
    aside = sources.lines(bank.GATE)
    gate = [(Asked(line),) for line in aside]
    if aside and (judged := store.find_judged(sources, models)):
        previous, former = judged

        def score(model: Model) -> ModelScore:
            engine = Engine(sources.folders, FixedModel(model))
            answer = partial(engine.answer, policy, sources.version)
            measures = evaluation.measure(evaluation.ask(lambda: answer, gate))
            return ModelScore(measures.joint or 0.0, measures.top1 or 0.0)

        before, after = score(previous), score(trained)
        verdict = replace(verdict, before=before, after=after)
        if after < before:
            verdict = replace(verdict, swapped=False, model=former.model)
    store.save_verdict(models, policy.id, verdict, trained if verdict.swapped else None)
    return verdict


def main() -> None:
    """Train, and print the verdict as JSON. On failure, exit 1 with a one-line explanation in French."""
    if hasattr(os, "nice"):
        os.nice(5)  # people's questions have priority
    try:
        order = store.order_form().validate_json(sys.stdin.read())
        approved = {order.policy: order.texts} if order.texts else None
        policy = load_library(order.folders, order.policy, lambda: date.max, approved).default
        version = policy.version(order.adopted.isoformat())
        verdict = judge_bank(Sources(order.folders, version), policy, order.models)
    except OSError as error:
        sys.exit(f"{error.filename}\u00a0: {files.reason(error)}.")
    except (PolicyError, ModelError, ValueError, KeyError) as error:
        sys.exit(str(error))
    print(store.VERDICT.dump_json(verdict).decode())  # noqa: T201 — the program's output


def end_with(bot: int) -> None:
    """Make this program end with its parent process, `bot`, or now if that process has already ended."""
    if sys.platform == "linux":  # even if the bot is killed; once restarted, it trains again
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG, see prctl(2)
    if os.getppid() != bot:  # the bot failed to start while this program was loading
        sys.exit("le robot n'est plus là.")


if __name__ == "__main__":
    end_with(int(sys.argv[1]))
    main()
