"""The commands for the quiz and the onboarding: questions, statistics and each person's progress."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click
from sqlite_utils import Database

from bot.app.build import Parts
from bot.cli import base
from bot.cli.progress import working
from bot.onboarding import attempts, enrolment, progress
from bot.onboarding.course import Course
from bot.onboarding.enrolment import Onboardings, Standing
from bot.onboarding.quiz import bank as quiz_bank
from bot.onboarding.quiz import review, statistics
from bot.onboarding.quiz.bank import QuizBank
from bot.onboarding.quiz.files import FILE, find_questions
from bot.people import persons
from bot.policy.counts import counted
from bot.storage.database import beside

_STATES = {"late": "en retard", "active": "en cours", "done": "terminé", "suspended": "arrêté"}
_ITEM_COLUMNS = ("question", "clause", "answers", "facility", "discrimination")
_PERSON_COLUMNS = ("accounts", "started", "due", "state", *enrolment.STEPS)


def _course(bot: Parts, name: str | None) -> Course:
    return bot.course.on(bot.library.find(name.lower()).id) if name else bot.course


def _question_file(bot: Parts, course: Course, chosen: Path | None) -> Path:
    path = chosen or find_questions(bot.folders, course.policy.id)
    if path is None or not path.is_file():
        missing = path or f"{course.policy.id}/{FILE}"
        raise click.ClickException(f"il n'y a pas de questions à {missing}.")
    return path


def _load_bank(bot: Parts, course: Course, path: Path | None = None) -> QuizBank:
    return quiz_bank.load_bank(_question_file(bot, course, path), course.reading().version)


def _write(text: str, out: Path | None) -> None:
    if out is None:
        click.echo(text.rstrip("\n"))
        return
    base.write(out, text.encode())
    click.echo(f"Écrit dans {out}.")


# --- The questions ----------------------------------------------------------------------------


quiz = base.CommandGroup("quiz", help="Les questions du quiz, et ce que les réponses en disent.")


@quiz.command(
    name="verifier",
    help="Vérifier les questions\u00a0: format, couverture, liens avec les clauses.",
    short_help="Vérifier les questions.",
)
@click.argument("fichier", required=False, type=base.FILE)
@base.policy_option
@base.json_flag
def _verify(fichier: Path | None, name: str | None, as_json: bool) -> None:
    """Print the review of the questions. Exit with code 1 when something is wrong."""
    bot = base.parts()
    course = _course(bot, name)
    path = _question_file(bot, course, fichier)
    bank = _load_bank(bot, course, path)
    report = review.review_report(bank, course.reading().version)
    if as_json:
        click.echo(base.dump(report))
    else:
        click.echo("\n".join(_report_lines(report, f"{path.parent.name}/{path.name}")))
        if bank.left_out:
            click.echo("Corrigez d'abord\u00a0: la couverture de la politique sera vérifiée ensuite.")
    if report["errors"]:
        raise click.exceptions.Exit(1)


def _report_lines(report: dict[str, Any], source: str) -> Iterator[str]:
    for error in report["errors"]:
        where = f"{source}, ligne {error['line']}" if error["line"] else source
        name = f" ({error['question']})" if error["question"] else ""
        yield f"{where}{name}\u00a0: {error['problem']}"
    for stale in report["stale"]:
        moved = f" Ses mots sont maintenant en {stale['moved_to']}." if stale["moved_to"] else ""
        yield (
            f"{source}, ligne {stale['line']} ({stale['question']})\u00a0: la clause {stale['clause']} a "
            f"changé; question à revoir, puis vigie quiz lier --revu {stale['question']}.{moved}"
        )
    covered = sum(count > 0 for count in report["by_clause"].values())
    kinds = ", ".join(f"{kind} {count}" for kind, count in report["by_type"].items())
    yield f"{counted(report['questions'], 'question')} sur {counted(covered, 'clause')} ({kinds})."
    yield f"{counted(len(report['errors']), 'problème')}, {len(report['stale'])} à revoir."


@quiz.command(
    name="lier",
    help="Lier les questions aux mots de leur clause\u00a0: écrit leur «\u00a0hash\u00a0».",
    short_help="Lier les questions aux mots de leur clause.",
)
@click.argument("fichier", required=False, type=base.FILE)
@click.option(
    "--revu",
    "reviewed",
    multiple=True,
    metavar="ID",
    help="Une question relue depuis que sa clause a changé.",
)
@base.policy_option
def _bind(fichier: Path | None, reviewed: tuple[str, ...], name: str | None) -> None:
    """Write in the question file the hash of each clause that a question is about. Change nothing else."""
    bot = base.parts()
    course = _course(bot, name)
    path = _question_file(bot, course, fichier)
    _load_bank(bot, course, path)  # so that a file that is not in UTF-8 is refused before anything is written
    before = path.read_bytes().decode("utf-8")
    after = quiz_bank.bind(before, course.reading().version, again=reviewed)
    if after != before:
        base.write(path, after.encode())
    count = (Counter(after.splitlines()) - Counter(before.splitlines())).total()
    bound = f"{count} question{'s' * (count > 1)} liée{'s' * (count > 1)} dans {path}."
    click.echo(bound if count else "Rien à lier.")


@quiz.command(
    name="exporter",
    help="Écrire les questions pour Moodle (XML ou GIFT), en CSV ou en JSON\u00a0: un seul de ces choix.",
    short_help="Écrire les questions, pour Moodle ou un tableur.",
)
@base.one_of("kind", {"moodle": "Moodle XML.", "gift": "GIFT.", "csv": "CSV.", "json": "JSON."})
@base.policy_option
@base.output_option
def _export(kind: str | None, name: str | None, out: Path | None) -> None:
    """Print or write the questions whose clauses have not changed."""
    from bot.onboarding.quiz import export  # noqa: PLC0415 — htpy takes 2 MB, which only an export needs

    if kind is None:
        raise click.UsageError("choisissez --moodle, --gift, --csv ou --json.")
    bot = base.parts()
    course = _course(bot, name)
    questions = _load_bank(bot, course).questions
    with working("J'écris les questions"):
        content = export.FORMATS[kind](questions, course.reading().version, course.name)
    _write(content, out)


@quiz.command(name="statistiques", help="Écrire la facilité et la discrimination de chaque question.")
@base.policy_option
@base.as_table
@base.output_option
def _statistics(name: str | None, form: str | None, out: Path | None) -> None:
    """Print the statistics of each question, the hardest question first."""
    bot = base.parts()
    course = _course(bot, name)
    with beside(bot.settings.database()) as db:
        sittings = [attempt.sitting for attempt in attempts.finished(db, course.policy.id)]
    items = statistics.by_question(_load_bank(bot, course), sittings)
    rows = [
        {
            "question": item.question,
            "clause": str(item.clause),
            "answers": item.answers,
            "facility": round(item.facility, 3),
            "discrimination": None if item.discrimination is None else round(item.discrimination, 3),
        }
        for item in items
    ]
    clauses = [
        {"clause": str(group.clause), "answers": group.answers, "facility": round(group.facility, 3)}
        for group in statistics.by_clause(items)
    ]
    lines = [
        f"{row['question']}\u00a0: facilité {row['facility']}, discrimination "
        f"{'inconnue' if row['discrimination'] is None else row['discrimination']}, "
        f"{row['answers']} réponses"
        for row in rows
    ]
    value = {"attempts": len(sittings), "clauses": clauses, "questions": rows}
    text = "\n".join(lines) or "Aucun quiz n'est encore terminé."
    _write(base.table(form, value, _ITEM_COLUMNS, rows, text), out)


# --- The onboardings --------------------------------------------------------------------------


accueil = base.CommandGroup("accueil", help="Qui en est où dans la lecture, le quiz et l'attestation.")


@accueil.command(name="lister", help="Écrire où en est chaque personne.")
@base.policy_option
@base.as_table
@base.output_option
def _list(name: str | None, form: str | None, out: Path | None) -> None:
    """Print each person's progress, and the totals."""
    bot = base.parts()
    with beside(bot.settings.database()) as db:
        standings, progression = _progression(db, bot, _course(bot, name))
        rows = [_person_row(db, standing, bot) for standing in standings]
    steps: dict[str, int] = dict(progression.steps)
    numbers = {"total": progression.total, **steps, "late": progression.late}
    people = [f"{row['accounts']}\u00a0: {_STATES[row['state']]}, depuis le {row['started']}" for row in rows]
    text = "\n".join([*progression.lines(), *people])
    _write(base.table(form, {"numbers": numbers, "people": rows}, _PERSON_COLUMNS, rows, text), out)


def _progression(db: Database, bot: Parts, course: Course) -> tuple[list[Standing], progress.Numbers]:
    Onboardings(db, course.target()).note_delivered(bot.calendar)
    standings = Onboardings(db, course.target()).standings()
    return standings, progress.count_progress(standings, bot.today())


def _person_row(db: Database, standing: Standing, bot: Parts) -> dict[str, Any]:
    state = "late" if standing.late(bot.today()) else "active"
    if not standing.active:
        state = "done" if standing.done else "suspended"
    days = {step: bot.calendar.day(at) for step, at in standing.steps.items()}
    return {
        "accounts": ", ".join(map(str, persons.accounts_of(db, standing.person_id))),
        "started": bot.calendar.day(standing.started_at),
        "due": standing.due_on,
        "state": state,
        **{step: days.get(step) for step in enrolment.STEPS},
    }


@accueil.command(name="image", help="Dessiner la progression dans un fichier PNG.")
@click.argument("fichier", type=base.FILE)
@base.policy_option
def _image(fichier: Path, name: str | None) -> None:
    """Draw a picture of everyone's progress, and print the same numbers."""
    bot = base.parts()
    course = _course(bot, name)
    with beside(bot.settings.database()) as db:
        _, progression = _progression(db, bot, course)
    title = f"Les accueils sur {course.name.the}"
    base.write(fichier, progress.draw_progress(progression, title, bot.today()))
    click.echo("\n".join(progression.lines()))


@accueil.command(
    name="commencer",
    help="Commencer l'accueil d'une personne (slack:EQUIPE/MEMBRE, discord:MEMBRE).",
    short_help="Commencer l'accueil d'une personne.",
)
@click.argument("compte")
@base.policy_option
def _begin(compte: str, name: str | None) -> None:
    """Begin a person's onboarding. Exit with code 1 if it has already begun or ended."""
    bot = base.parts()
    try:
        account = persons.read_account(compte)
    except ValueError as error:
        raise click.BadParameter(f"«\u00a0{compte}\u00a0» {error}") from error
    with beside(bot.settings.database()) as db:
        person = persons.known(db, account)
        new = Onboardings(db, _course(bot, name).target()).begin(
            person, bot.clock(), by_hand=True, at_once=True
        )
    base.conclude(new, "C'est commencé.", "Cet accueil est déjà commencé ou terminé.")


COMMANDS: Final = (quiz, accueil)
