"""The part of the command line about the quiz and the onboarding: questions, statistics, who is where."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click
from sqlite_utils import Database

from bot.app.build import Parts
from bot.cli.base import SUBCOMMAND, as_table, dump, json_flag, one_of, parts
from bot.onboarding import attempts, enrolment, progress
from bot.onboarding.enrolment import Standing
from bot.onboarding.quiz import bank as quiz_bank
from bot.onboarding.quiz import export, review, statistics
from bot.onboarding.quiz.bank import QuizBank
from bot.people import persons
from bot.policy.articles import PolicyError
from bot.storage.database import StorageError, beside
from bot.typesetting.typeset import TypesetError

_FILE: Final = click.Path(path_type=Path, dir_okay=False)
_OUT = click.option(
    "--sortie", "out", type=_FILE, metavar="FICHIER", help="Écrire dans ce fichier, et non à l'écran."
)


@contextmanager
def _database(bot: Parts) -> Iterator[Database]:
    try:
        with beside(bot.settings.database()) as db:
            yield db
    except StorageError as error:
        raise click.ClickException(str(error)) from error


def _path(bot: Parts, given: Path | None) -> Path:
    path = given or quiz_bank.find_questions(bot.folders, bot.library.default.id)
    if path is None or not path.is_file():
        missing = path or f"{bot.library.default.id}/{quiz_bank.FILE}"
        raise click.ClickException(f"il n'y a pas de questions à {missing}.")
    return path


def _bank(bot: Parts, given: Path | None = None) -> QuizBank:
    try:
        return quiz_bank.load_bank(_path(bot, given), bot.course.reading().version)
    except PolicyError as error:
        raise click.ClickException(str(error)) from error


def _write(text: str, out: Path | None) -> None:
    if out is None:
        click.echo(text.rstrip("\n"))
        return
    try:
        out.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise click.ClickException(
            f"{out} ne peut pas être écrit. Vérifiez son dossier et vos droits."
        ) from error
    click.echo(f"Écrit dans {out}.")


def _table(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> str:
    """Return rows as CSV, what a spreadsheet would take for a formula being made plain text."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)
    return written.getvalue()


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value[:1] in tuple("=+-@\t\r") else value


# --- The questions ----------------------------------------------------------------------------


@click.group(
    name="quiz",
    subcommand_metavar=SUBCOMMAND,
    no_args_is_help=False,
    help="Les questions du quiz, et ce que les réponses en disent.",
)
def quiz() -> None:
    """Hold the commands about the questions."""


@quiz.command(
    name="verifier",
    help="Vérifier les questions\u00a0: format, couverture, liens avec les clauses.",
    short_help="Vérifier les questions.",
)
@click.argument("fichier", required=False, type=_FILE)
@json_flag
def _verify(fichier: Path | None, as_json: bool) -> None:
    """Print the review of the questions; exit 1 when something is wrong."""
    bot = parts()
    path = _path(bot, fichier)
    bank = _bank(bot, fichier)
    report = review.report(bank, bot.course.reading().version)
    if as_json:
        click.echo(dump(report))
    else:
        click.echo("\n".join(_told(report, path)))
        if bank.left_out:
            click.echo("Corrigez d'abord\u00a0: la couverture de la politique sera vérifiée ensuite.")
    if report["errors"]:
        raise click.exceptions.Exit(1)


def _told(report: dict[str, Any], path: Path) -> Iterator[str]:
    source = f"{path.parent.name}/{path.name}"
    for one in report["errors"]:
        where = f"{source}, ligne {one['line']}" if one["line"] else source
        name = f" ({one['question']})" if one["question"] else ""
        yield f"{where}{name}\u00a0: {one['problem']}"
    for one in report["stale"]:
        moved = f" Ses mots sont maintenant en {one['moved_to']}." if one["moved_to"] else ""
        yield (
            f"{source}, ligne {one['line']} ({one['question']})\u00a0: la clause {one['clause']} a changé; "
            f"question à revoir, puis vigie quiz lier --revu {one['question']}.{moved}"
        )
    covered = sum(count > 0 for count in report["by_clause"].values())
    kinds = ", ".join(f"{kind} {count}" for kind, count in report["by_type"].items())
    yield f"{report['questions']} questions sur {covered} clauses ({kinds})."
    yield (
        f"{len(report['errors'])} problème{'s' * (len(report['errors']) > 1)}, "
        f"{len(report['stale'])} à revoir."
    )


@quiz.command(
    name="lier",
    help="Lier les questions aux mots de leur clause\u00a0: écrit leur «\u00a0hash\u00a0».",
    short_help="Lier les questions aux mots de leur clause.",
)
@click.argument("fichier", required=False, type=_FILE)
@click.option(
    "--revu",
    "reviewed",
    multiple=True,
    metavar="ID",
    help="Une question relue depuis que sa clause a changé.",
)
def _bind(fichier: Path | None, reviewed: tuple[str, ...]) -> None:
    """Write the hashes in the file, and nothing else."""
    bot = parts()
    path = _path(bot, fichier)
    _bank(bot, fichier)  # a file in another encoding is refused before anything is written
    before = path.read_bytes().decode("utf-8")
    after = quiz_bank.bind(before, bot.course.reading().version, again=reviewed)
    if after != before:
        _write_bytes(path, after.encode())
    new = Counter(after.splitlines()) - Counter(before.splitlines())
    count = sum(new.values())
    bound = f"{count} question{'s' * (count > 1)} liée{'s' * (count > 1)} dans {path}."
    click.echo(bound if count else "Rien à lier.")


def _write_bytes(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise click.ClickException(f"{path} ne peut pas être écrit. Vérifiez vos droits.") from error


@quiz.command(
    name="exporter",
    help="Écrire les questions pour Moodle (XML ou GIFT), en CSV ou en JSON\u00a0: un seul de ces choix.",
    short_help="Écrire les questions, pour Moodle ou un tableur.",
)
@one_of("kind", {"moodle": "Moodle XML.", "gift": "GIFT.", "csv": "CSV.", "json": "JSON."})
@_OUT
def _export(kind: str | None, out: Path | None) -> None:
    """Print the questions in a format, or write them to a file; those that are stale are left out."""
    if kind is None:
        raise click.UsageError("choisissez --moodle, --gift, --csv ou --json.")
    bot = parts()
    bank = _bank(bot)
    _write(export.FORMATS[kind](bank.questions, bot.course.reading().version, bot.library.default.name), out)


@quiz.command(name="statistiques", help="Écrire la facilité et la discrimination de chaque question.")
@as_table
@_OUT
def _statistics(form: str | None, out: Path | None) -> None:
    """Print how each question fares, the hardest first."""
    bot = parts()
    with _database(bot) as db:
        sittings = [one.sitting for one in attempts.finished(db, bot.course.target().policy)]
    found = statistics.by_question(_bank(bot), sittings)
    rows = [_rounded(one) for one in found]
    columns = ["question", "clause", "answers", "facility", "discrimination"]
    if form == "json":
        clauses = [
            {"clause": str(one.clause), "answers": one.answers, "facility": round(one.facility, 3)}
            for one in statistics.by_clause(found)
        ]
        _write(dump({"attempts": len(sittings), "clauses": clauses, "questions": rows}), out)
    elif form == "csv":
        _write(_table(rows, columns), out)
    else:
        lines = [_figures(row) for row in rows]
        _write("\n".join(lines) or "Aucun quiz n'est encore terminé.", out)


def _figures(row: dict[str, Any]) -> str:
    discrimination = "inconnue" if row["discrimination"] is None else row["discrimination"]
    return (
        f"{row['question']}\u00a0: facilité {row['facility']}, discrimination {discrimination}, "
        f"{row['answers']} réponses"
    )


def _rounded(one: statistics.ItemStatistics) -> dict[str, Any]:
    known = one.discrimination
    return {
        "question": one.question,
        "clause": str(one.clause),
        "answers": one.answers,
        "facility": round(one.facility, 3),
        "discrimination": None if known is None else round(known, 3),
    }


# --- The onboardings --------------------------------------------------------------------------


@click.group(
    name="accueil",
    subcommand_metavar=SUBCOMMAND,
    no_args_is_help=False,
    help="Qui en est où dans la lecture, le quiz et l'attestation.",
)
def accueil() -> None:
    """Hold the commands about the onboardings."""


@accueil.command(name="lister", help="Écrire où en est chaque personne.")
@as_table
@_OUT
def _list(form: str | None, out: Path | None) -> None:
    """Print where everyone is, and the numbers."""
    bot = parts()
    with _database(bot) as db:
        found, numbers = _counted(db, bot)
        rows = [_described(db, one, bot) for one in found]
    if form == "json":
        counts: dict[str, int] = dict(numbers.steps)
        steps = {"total": numbers.total, **counts, "late": numbers.late}
        _write(dump({"numbers": steps, "people": rows}), out)
    elif form == "csv":
        _write(_table(rows, ["accounts", "started", "state", *enrolment.STEPS]), out)
    else:
        lines = [
            f"{row['accounts']}\u00a0: {_STATES[row['state']]}, depuis le {row['started']}" for row in rows
        ]
        _write("\n".join([*numbers.lines(), *lines]), out)


_STATES = {"late": "en retard", "active": "en cours", "done": "terminé", "suspended": "arrêté"}


def _counted(db: Database, bot: Parts) -> tuple[list[Standing], progress.Numbers]:
    enrolment.note_delivered(db, bot.course.target(), bot.calendar)
    found = enrolment.standings(db, bot.course.target())
    return found, progress.count_progress(found, bot.course.plan, bot.calendar, bot.today())


def _described(db: Database, one: Standing, bot: Parts) -> dict[str, Any]:
    accounts = persons.accounts_of(db, one.person_id)
    state = "late" if one.late(bot.course.plan, bot.calendar, bot.today()) else "active"
    if not one.active:
        state = "done" if one.done else "suspended"
    return {
        "accounts": ", ".join(map(str, accounts)),
        "started": bot.calendar.day(one.started_at).isoformat(),
        "state": state,
        **{
            step: bot.calendar.day(one.steps[step]).isoformat() if step in one.steps else None
            for step in enrolment.STEPS
        },
    }


@accueil.command(name="image", help="Dessiner la progression dans un fichier PNG.")
@click.argument("fichier", type=_FILE)
def _image(fichier: Path) -> None:
    """Draw the progress, and print the same numbers."""
    bot = parts()
    with _database(bot) as db:
        _, numbers = _counted(db, bot)
    try:
        picture = progress.draw_progress(
            numbers, f"Les accueils sur la {bot.library.default.name}", bot.today()
        )
    except TypesetError as error:
        raise click.ClickException(str(error)) from error
    _write_bytes(fichier, picture)
    click.echo("\n".join(numbers.lines()))


@accueil.command(
    name="commencer",
    help="Commencer l'accueil d'une personne (slack:EQUIPE/MEMBRE, discord:MEMBRE).",
    short_help="Commencer l'accueil d'une personne.",
)
@click.argument("compte")
def _begin(compte: str) -> None:
    """Begin the onboarding of a person; exit 1 when it is begun or done already."""
    bot = parts()
    try:
        account = persons.read_account(compte)
    except ValueError as error:
        raise click.BadParameter(f"«\u00a0{compte}\u00a0» {error}") from error
    with _database(bot) as db:
        person = persons.known(db, account)
        new = enrolment.begin(db, person, bot.course.target(), bot.clock(), by_hand=True, at_once=True)
    click.echo("C'est commencé." if new else "Cet accueil est déjà commencé ou terminé.", err=not new)
    if not new:
        raise click.exceptions.Exit(1)


COMMANDS: Final = (quiz, accueil)
