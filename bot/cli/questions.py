"""The part of the command line that answers questions, and measures how well."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from bot.answers import evaluation, refusals
from bot.answers.engine.scores import ScoredClause
from bot.answers.evaluation import Trial
from bot.answers.guidance import Guidance
from bot.answers.questions import MOST, PolicyAnswer
from bot.app.build import Parts
from bot.cli.base import dump, json_flag, parts, refuse
from bot.policy.articles import Number, PolicyError, Version
from bot.policy.library import Policy
from bot.typesetting.typeset import TypesetError

_POLICY = click.option("--politique", "named", metavar="POLITIQUE", help="Une autre politique que la vôtre.")
_SHARES = ("top1", "top3", "joint")


@click.command(name="question", help="Demander à la politique, dans vos mots.")
@click.argument("question", nargs=-1, required=True, metavar="QUESTION…")
@_POLICY
@json_flag
def question_(question: tuple[str, ...], named: str | None, as_json: bool) -> None:
    """Answer, quoting; exit 1 when the question is declined."""
    bot, policy, version = _about(named)
    _prepare(bot, policy)
    asked = " ".join(question)
    known = bot.guidance.get(policy.id) or Guidance()
    answer = known.settled(bot.engine.answer(policy, version, asked), asked)
    if as_json:
        click.echo(dump(described(answer, version)))
    elif answer.answered:
        click.echo("\n\n".join(_answered(known, answer, policy, version)))
    else:
        click.echo(_declined(known, answer, policy, asked), err=True)
    sys.exit(0 if answer.answered else 1)


@click.command(
    name="evaluer",
    help="Mesurer les réponses à des questions dont on sait les clauses.",
    short_help="Mesurer la justesse des réponses.",
)
@click.argument("fichier", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FICHIER")
@click.option(
    "--image",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="IMAGE.png",
    help="Où dessiner la matrice de confusion (sans --json, confusion.png ici).",
)
@_POLICY
@json_flag
def evaluer(fichier: Path, image: Path | None, named: str | None, as_json: bool) -> None:
    """Measure, and say what failed."""
    bot, policy, version = _about(named)
    try:
        lines = evaluation.load_questions(fichier, version)
    except (PolicyError, UnicodeDecodeError, OSError) as error:
        refuse(
            f"{fichier.name}\u00a0: il n'est pas en UTF-8." if isinstance(error, ValueError) else str(error)
        )
    _prepare(bot, policy)
    trials = evaluation.ask_questions(bot.engine, policy, version, lines)
    found = evaluation.report(trials)
    image = image or (None if as_json else Path("confusion.png"))
    if image:
        _draw(trials, image)
    click.echo(dump(found) if as_json else "\n".join(_told(found, trials, image)))


COMMANDS: tuple[click.Command, ...] = (question_, evaluer)


def described(answer: PolicyAnswer, version: Version) -> dict[str, Any]:
    """Return an answer as the command line gives it in JSON; its shape does not change.

    `clauses`: what comes closest, best first, when it is an answer. `suggestions`: other clauses, to choose
    between, to be read too, or that come closest when the question is declined.
    """
    ranked = answer.ranked[:MOST] if answer.answered else ()
    others = answer.clauses if answer.answered else answer.nearby
    kept = {found.number for found in ranked} if answer.outcome == "answer" else set()
    return {
        "outcome": answer.outcome,
        "clauses": [
            {"id": str(found.number), "score": round(found.score, 4), "text": _text(version, found.number)}
            for found in ranked
        ],
        "suggestions": [str(found.number) for found in others if found.number not in kept],
        "topic": answer.topic,
    }


def _about(named: str | None) -> tuple[Parts, Policy, Version]:
    bot = parts()
    policy = bot.library.policies.get((named or bot.library.default.id).lower())
    if policy is None:
        refuse(f"je ne connais pas la politique «\u00a0{named}\u00a0».")
    return bot, policy, bot.library.current(policy)


def _prepare(bot: Parts, policy: Policy) -> None:
    latest = policy.versions[-1]
    if not bot.shelf.ready(latest):
        click.echo(
            "La banque de questions est apprise d'abord; c'est l'affaire d'une minute ou deux.", err=True
        )
    bot.shelf.prepare(latest)


def _text(version: Version, number: Number) -> str:
    clause = version.clause(number)
    return clause.text if clause else ""


def _quoted(policy: Policy, version: Version, found: Sequence[ScoredClause]) -> Iterator[str]:
    for one in found:
        clause = version.clause(one.number)
        if clause:
            label = policy.label(clause)
            force = f" ({label})" if label else ""
            yield f"{policy.name}, {one.number}{force}\n«\u00a0{clause.text}\u00a0»"


def _answered(known: Guidance, answer: PolicyAnswer, policy: Policy, version: Version) -> Iterator[str]:
    """Yield what is said above the quotations, the quotations, and what the policy says to do next."""
    lead = {"incident": known.incident, "draft": known.draft}.get(answer.topic, "")
    if lead:
        yield lead
    yield from _quoted(policy, version, answer.clauses)
    step = known.step(answer.clauses[0].number)
    if step:
        yield step.says


def _declined(known: Guidance, answer: PolicyAnswer, policy: Policy, asked: str) -> str:
    said = refusals.refusal(policy, known, answer, asked)
    near = ", ".join(str(found.number) for found in answer.nearby[:MOST])
    return f"{said} À lire peut-être\u00a0: {near}." if near and answer.outcome != "out_of_scope" else said


def _draw(trials: Sequence[Trial], image: Path) -> None:
    try:
        image.write_bytes(evaluation.draw_confusion(evaluation.confusion(trials)))
    except TypesetError as error:
        refuse(str(error))
    except OSError as error:
        refuse(f"impossible d'écrire {image} ({error.strerror}).")


def _told(found: dict[str, Any], trials: Sequence[Trial], image: Path | None) -> Iterator[str]:
    """Yield the measures as lines to be read."""
    yield (
        f"{found['n']} questions\u00a0: " + ", ".join(f"{key} {_share(found[key])}" for key in _SHARES) + "."
    )
    latency = found["latency_ms"]
    yield f"Temps de réponse\u00a0: p50 {_number(latency['p50'])} ms, p99 {_number(latency['p99'])} ms."
    for title, key in (("Sorte", "by_kind"), ("Clause", "by_clause")):
        yield f"\n{title:12} {'n':>4} {'top1':>6} {'top3':>6} {'joint':>6}"
        for name, one in found[key].items():
            yield f"{name:12} {one['n']:>4} " + " ".join(f"{_share(one[share]):>6}" for share in _SHARES)
    wrong = [trial for trial in trials if not trial.right]
    if wrong:
        yield f"\nQuestions manquées\u00a0: {len(wrong)}"
    for trial in wrong:
        yield f"- {trial.line.question}\n  {_missed(trial)}"
    if image:
        yield f"\nMatrice de confusion\u00a0: {image}"


def _missed(trial: Trial) -> str:
    wanted = ", ".join(map(str, trial.line.gold)) or "aucune"
    given = ", ".join(str(found.number) for found in trial.answer.ranked[:MOST]) or "aucune"
    how = "" if trial.answer.answered else f" (refusée\u00a0: {trial.answer.outcome})"
    return f"attendue\u00a0: {wanted}; trouvées\u00a0: {given}{how}"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}".replace(".", ",")


def _number(value: float) -> str:
    return f"{value:.1f}".replace(".", ",")
