"""The commands that ask the policy a question as in the chat, and that measure the answers."""

import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

import click

from bot.answers import evaluation, refusals
from bot.answers.engine import model_files, store
from bot.answers.engine.scores import ModelError
from bot.answers.engine.store import Sources
from bot.answers.evaluation import Trial
from bot.answers.guidance import Guidance
from bot.answers.questions import MOST, PolicyAnswer
from bot.app.build import Parts
from bot.app.rehearsal import Conversation, rehearsing
from bot.cli import base
from bot.cli.lines import answer_lines
from bot.cli.progress import working
from bot.commands.answers import Speaker, perhaps
from bot.commands.question import Decision
from bot.conversation.requests import UserError
from bot.language.voice import FRENCH, Voice
from bot.people import roles
from bot.policy.addresses import listed
from bot.policy.articles import PolicyError
from bot.policy.library import Policy
from bot.posting.examining import WEIGHTS
from bot.settings import SEED

_FEW: Final = 3  # policies; if there are more, each is read at the first question that it may answer
_SHARES: Final = ("top1", "top3", "joint", "announced", "wrong", "told", "later")
_CONTENTS: Final = "La table des matières (vigie politique)."


def _open(name: str | None) -> tuple[Parts, Policy]:
    bot = base.parts()
    return bot, bot.library.find(name.lower()) if name else bot.library.default


@contextmanager
def _rehearsing(
    bot: Parts, policy: Policy, *, alone: bool, learn: bool
) -> Iterator[Callable[[], Conversation]]:
    """Yield a function that begins a conversation, of which nothing is stored.

    `alone`: whether to ask that policy only. `learn`: whether to train the policy's model first, if it has
    none.
    """
    version = policy.versions[-1]
    if learn and not bot.shelf.is_learnt(version):
        with _learning(policy):
            bot.shelf.prepare(version)
    with conversations(bot, policy, alone=alone) as begin:
        yield begin


@contextmanager
def conversations(
    bot: Parts, policy: Policy | None = None, *, alone: bool = False
) -> Iterator[Callable[[], Conversation]]:
    """Yield a function that begins a conversation, of which nothing is stored.

    `policy`: the policy to ask, the default one if None. `alone`: whether to ask no other policy. If the
    policy's bank is not learnt, a warning says so, and the answers come from the text alone.
    """
    policy = policy or bot.library.default
    if not bot.shelf.is_learnt(policy.versions[-1]):
        bot.shelf.close()
        click.echo(
            f"La banque {policy.name.of} n'est pas encore apprise\u00a0: je réponds sans elle. "
            "Pour l'apprendre\u00a0: vigie apprendre.",
            err=True,
        )
    served = list(bot.library.policies.values())
    policies = [policy] if alone or len(served) > _FEW else served
    for version in (candidate.versions[-1] for candidate in policies):
        if bot.shelf.model(version) is None:
            bot.shelf.read(version)
    with rehearsing(bot, policy if alone else None) as begin:
        yield begin


def _learning(policy: Policy) -> AbstractContextManager[None]:
    return working(f"J'apprends la banque {policy.name.of} (une minute au plus)")


@click.command(
    name="apprendre",
    help="Apprendre les banques de questions qui ne le sont pas encore, comme le robot le fait au démarrage.",
    short_help="Apprendre les banques de questions.",
)
@click.option(
    "--livrer", "ship", is_flag=True, hidden=True, help="Celles que la version porte, à leur place."
)
def apprendre(*, ship: bool) -> None:
    """Train a model on every bank that has none. Exit with code 1 when a bank could not be learnt."""
    bot, learnt = base.parts(), True
    folders = (SEED,) if ship else tuple(bot.folders)
    policies = base.shipped_policies() if ship else list(bot.library.policies.values())
    models = SEED / model_files.SHIPPED if ship else bot.settings.models()
    banks = {policy: Sources(folders, policy.versions[-1]) for policy in policies}
    if ship and not all(store.is_learnt(sources, models) for sources in banks.values()):
        shutil.rmtree(models, ignore_errors=True)  # so that the same banks give the same models
    for policy, sources in banks.items():
        try:
            if not store.is_learnt(sources, models):
                with _learning(policy):
                    store.learn(sources, models)
            click.echo(_learnt(policy, sources))
        except ModelError as error:
            click.echo(f"La banque {policy.name.of} n'est pas apprise\u00a0: {error}", err=True)
            learnt = False
    if ship:
        from bot.answers.engine import encoder  # noqa: PLC0415 — numpy, for those who ship
        from bot.posting import model  # noqa: PLC0415 — as above

        for derived in (encoder.ARRAYS, model.network_of(SEED / WEIGHTS)):
            derived.ship(models)
        for path in models.iterdir():
            path.chmod(0o644)  # the accounts that run the program must read it
    sys.exit(0 if learnt else 1)


def _learnt(policy: Policy, sources: Sources) -> str:
    """Return in French whether a policy's questions are answered from its bank or from its text."""
    if not sources.banks():
        return f"Aucune banque pour {policy.name.the}\u00a0: je réponds d'après le texte."
    if store.is_small(sources):
        return (
            f"La banque {policy.name.of} est encore trop courte pour être apprise\u00a0: je réponds d'après "
            "le texte, et elle m'y aide."
        )
    return f"La banque {policy.name.of} est apprise."


@click.command(
    name="question",
    help="Demander à la politique, dans vos mots\u00a0: ce que Vigie répondrait en privé, sans rien garder.",
    short_help="Demander à la politique, dans vos mots.",
)
@click.argument("question", nargs=-1, metavar="QUESTION…")
@click.option(
    "--lot",
    "many",
    is_flag=True,
    help="Répondre aux questions de l'entrée standard, une chaîne JSON par ligne; "
    "une liste de chaînes est une conversation.",
)
@base.policy_option
@base.json_flag
def question_(question: tuple[str, ...], many: bool, name: str | None, as_json: bool) -> None:
    """Answer as the chat would in private. Exit with code 1 when the question gets no answer."""
    if many == bool(question):
        raise click.UsageError("donnez une question, ou --lot et des questions sur l'entrée standard.")
    bot, first = _open(name)
    with _rehearsing(bot, first, alone=name is not None, learn=many) as begin:
        if many:
            answer_lines(lambda value: _answered_line(begin, value, first))
            return
        decision = begin()(" ".join(question))
        answer, policy = decision.answer, decision.reading.policy
        guidance = bot.guidance.get(policy.id) or Guidance()
        voice = guidance.english if answer.english else FRENCH
        if decision.other and not as_json:
            warning = base.point_to_other_words(
                decision.reading, decision.other, decision.other_numbers(), voice
            )
            click.echo(f"{warning}\n", err=not answer.answered)
        if as_json:
            click.echo(base.dump(answer_json(decision, first)))
        elif answer.answered:
            paragraphs = [
                paragraph
                for part in (decision, *decision.rivals)
                for paragraph in _answer_paragraphs(bot, part, voice)
            ]
            click.echo("\n\n".join([*paragraphs, *declined_halves(bot, decision)]))
        elif answer.outcome in {"help", "lookup"}:
            click.echo(spoken(bot, decision))
        else:
            refusal = spoken(bot, decision)
            nearby = listed(match.number for match in answer.nearby[:MOST])
            if nearby and answer.outcome != "out_of_scope":
                refusal += voice(" À lire peut-être\u00a0: {nearby}.", nearby=nearby)
            click.echo(refusal, err=True)
    sys.exit(0 if answer.answered or answer.outcome in {"lookup", "help"} else 1)


def spoken(bot: Parts, decision: Decision) -> str:
    """Return the sentence that introduces the quotations or replaces them, "" for none."""
    answer, policy = decision.answer, decision.reading.policy
    guidance = bot.guidance.get(policy.id) or Guidance()
    voice = guidance.english if answer.english else FRENCH
    if answer.answered:
        if lead := {"incident": guidance.incident, "draft": guidance.draft}.get(answer.topic):
            return voice(lead)
        return "" if answer.sure else perhaps(policy, voice)
    if answer.outcome == "help":
        administration = bot.settings.profile.role(roles.ADMINISTRATION).title
        speaker = Speaker(decision.reading, bot.settings.profile.bot, administration, voice)
        return speaker.answer(bot.intents.named(answer.intent))
    if answer.outcome == "lookup":
        return _CONTENTS
    return refusals.refusal(decision.reading, guidance, answer, decision.text, voice)


def declined_halves(bot: Parts, decision: Decision) -> list[str]:
    """Return the sentence that declines one of two questions, when only the other is answered."""
    guidance = bot.guidance.get(decision.reading.policy.id) or Guidance()
    voice = guidance.english if decision.answer.english else FRENCH
    return [
        voice("Pour l'autre partie de votre question, {within}", within=f"{no[0].lower()}{no[1:]}", no=no)
        for half in decision.halves
        if not half.answer.answered
        for no in [refusals.refusal(decision.reading, guidance, half.answer, half.in_context, voice)]
    ]


def _answered_line(begin: Callable[[], Conversation], value: object, first: Policy) -> object:
    """Return the answer to the value on a line: an object, a list for a conversation, or an error."""
    alone = isinstance(value, str)
    texts = [value] if alone else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        return {"error": "il faut une chaîne de caractères, ou une liste de chaînes."}
    decide = begin()
    answers = []
    for text in texts:
        try:
            decision = decide(text)
        except UserError as error:
            answers.append({"error": str(error)})
        else:
            answers.append(answer_json(decision, first))
    return answers[0] if alone else answers


def answer_json(decision: Decision, first: Policy) -> dict[str, Any]:
    """Return an answer in the stable JSON form that the command line prints.

    `first`: the policy asked, or the default one. A clause of another policy also has a « policy » key.
    `clauses`: the answer's clauses, best first. For two questions or two policies, the best clause of each
    comes first. `suggestions`: other clauses, to choose from or to read too, or the closest ones if the
    question gets no answer.
    """
    answer = decision.answer
    clauses = []
    suggestions = []
    for decided in (decision, *decision.rivals):
        policy = decided.reading.policy
        version = decided.reading.version
        part = decided.answer
        whose = {} if policy.id == first.id else {"policy": policy.id}
        ranked = part.ranked[: MOST * max(1, len(part.halves))] if part.answered else ()
        quoted = set() if part.outcome == "clarify" else {match.number for match in ranked}
        clauses.append(
            [
                {
                    "id": str(match.number),
                    "score": round(match.score, 4),
                    "text": clause.text if (clause := version.clause(match.number)) else "",
                    **whose,
                }
                for match in ranked
            ]
        )
        others = part.clauses if part.answered else part.nearby
        suggestions += [{"id": str(match.number), **whose} for match in others if match.number not in quoted]
    return {
        "outcome": answer.outcome,
        "sure": answer.sure,
        "clauses": [clause for rank in zip_longest(*clauses) for clause in rank if clause],
        "suggestions": suggestions,
        "topic": answer.topic,
        "intent": answer.intent or None,
    }


def _answer_paragraphs(bot: Parts, decision: Decision, voice: Voice) -> Iterator[str]:
    """Yield the sentence before the quotations, the quotations, and the next step."""
    answer = decision.answer
    policy = decision.reading.policy
    version = decision.reading.version
    guidance = bot.guidance.get(policy.id) or Guidance()
    if lead := spoken(bot, decision):
        yield lead
    for match in answer.clauses:
        if clause := version.clause(match.number):
            label = policy.label(clause)
            force = f" ({voice(label)})" if label else ""
            yield f"{policy.name}, {match.number}{force}\n«\u00a0{clause.text}\u00a0»"
    if step := guidance.step(answer.clauses[0].number, decision.text):
        yield voice(step.says)


@click.command(
    name="evaluer",
    help="Mesurer les réponses à des questions dont on sait les clauses.",
    short_help="Mesurer la justesse des réponses.",
)
@click.argument("fichier", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FICHIER")
@click.option(
    "--image",
    type=base.FILE,
    metavar="IMAGE.png",
    help="Où dessiner la matrice de confusion (sans --json, confusion.png ici).",
)
@base.policy_option
@base.json_flag
def evaluer(fichier: Path, image: Path | None, name: str | None, as_json: bool) -> None:
    """Measure the answers to a file of questions, and list the wrong ones."""
    bot, policy = _open(name)
    try:
        conversations = evaluation.load_conversations(fichier, policy.versions[-1])
    except UnicodeDecodeError:
        base.refuse(f"{fichier.name}\u00a0: il n'est pas en UTF-8.")
    except (PolicyError, OSError) as error:
        base.refuse(str(error))
    with _rehearsing(bot, policy, alone=True, learn=True) as begin:

        def answering() -> Callable[[str], PolicyAnswer]:
            decide = begin()
            return lambda text: decide(text).answer

        with working("Je pose les questions"):
            trials = evaluation.ask(answering, conversations)
    report = evaluation.evaluation_report(trials)
    image = image or (None if as_json else Path("confusion.png"))
    if image:
        base.write(image, evaluation.draw_confusion(evaluation.confusion(trials)))
    click.echo(base.dump(report) if as_json else "\n".join(_report_lines(report, trials)))
    if image and not as_json:
        click.echo(f"\nMatrice de confusion\u00a0: {image}")


def _report_lines(report: dict[str, Any], trials: Sequence[Trial]) -> Iterator[str]:
    shares = ", ".join(f"{share} {_decimal(report[share], 3)}" for share in _SHARES)
    yield f"{report['n']} question{'s' * (report['n'] > 1)}\u00a0: {shares}."
    p50, p99 = (_decimal(report["latency_ms"][centile], 1) for centile in ("p50", "p99"))
    yield f"Temps de réponse\u00a0: p50 {p50} ms, p99 {p99} ms."
    for title, key in (("Sorte", "by_kind"), ("Clause", "by_clause")):
        yield f"\n{title:12} {'n':>4} {'top1':>6} {'top3':>6} {'joint':>6}"
        for name, row in report[key].items():
            cells = " ".join(f"{_decimal(row[share], 3):>6}" for share in _SHARES)
            yield f"{name:12} {row['n']:>4} {cells}"
    wrong = [trial for trial in trials if not trial.right]
    if wrong:
        yield f"\nQuestions manquées\u00a0: {len(wrong)}"
    for trial in wrong:
        wanted = listed(trial.line.gold) or "aucune"
        ranked = listed(match.number for match in trial.answer.ranked[:MOST]) or "aucune"
        declined = "" if trial.answer.answered else f" (refusée\u00a0: {trial.answer.outcome})"
        yield f"- {trial.line.question}\n  attendue\u00a0: {wanted}; trouvées\u00a0: {ranked}{declined}"


def _decimal(value: float | None, places: int) -> str:
    return "" if value is None else f"{value:.{places}f}".replace(".", ",")


COMMANDS: Final = (question_, evaluer, apprendre)
