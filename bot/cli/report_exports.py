"""The part of the command line that takes reports out: a case as a PDF, and figures in bands of five."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

import click

from bot.cli.base import as_table, dump, json_flag, kept, refuse, storage_refusals
from bot.reports import keys, records
from bot.reports.figures import export as report_export
from bot.reports.figures import statistics as report_statistics
from bot.reports.figures.export import Export
from bot.reports.keys import SealError
from bot.reports.records import Records, ReportError, Session
from bot.settings import Settings
from bot.storage import files
from bot.storage.database import StorageError, beside
from bot.typesetting.typeset import TypesetError, typeset

Result = TypeVar("Result")

_SHORTEST: Final = 6  # of what is given of an identifier
_FILE: Final = click.Path(path_type=Path, dir_okay=False)
_COLUMNS: Final = ("table", "label", "at_least", "at_most")


def _read(config: Settings, work: Callable[[Session], Result]) -> Result:
    """Do `work` over the records, while a bot runs or not; end with the one line of what goes wrong."""
    with storage_refusals(), beside(config.database()) as db:
        try:
            # Without a report there may be no key yet, and nothing to open.
            ring = keys.keyring(config.keys()) if records.any_report(db) else keys.new_keyring()
            return work(Records(lambda _: ring, config.calendar()).at(db))
        except (ReportError, SealError) as error:
            refuse(str(error))


@click.command(name="exporter", help="Écrire le dossier d'un signalement en PDF, et son empreinte.")
@click.argument("signalement")
@click.option(
    "--sortie", "out", type=_FILE, metavar="FICHIER", help="Où l'écrire (par défaut, ici, sous son numéro)."
)
@json_flag
def export(signalement: str, out: Path | None, as_json: bool) -> None:
    """Write the file for its owner alone; what is there already is left as it is."""
    config = kept()
    case_id, found = _read(config, lambda session: _found(session, signalement, config.vigie_association))
    try:
        content = typeset(report_export.TEMPLATE, found.data, "pdf")
    except TypesetError as error:
        refuse(str(error))
    path = out or Path(f"signalement-{case_id[:_SHORTEST]}.pdf")
    _write(path, content)
    digest = hashlib.sha256(content).hexdigest()
    if as_json:
        click.echo(dump({"file": str(path), "sha256": digest, "content_sha256": found.digest}))
        return
    click.echo(f"Écrit dans {path}.")
    click.echo(f"SHA-256 du fichier\u00a0: {digest}\nSHA-256 du contenu\u00a0: {found.digest}")


def _found(session: Session, written: str, association: str) -> tuple[str, Export]:
    """Return a case from what identifies it, or the beginning of it. Raises `ReportError`."""
    start = written.strip().lower()
    rows = session.execute(
        "SELECT id FROM report_cases WHERE substr(id, 1, ?) = ?", (len(start), start)
    ).fetchall()
    if len(start) < _SHORTEST or len(rows) != 1:
        raise ReportError(f"aucun signalement ne commence par «\u00a0{written[:40]}\u00a0».")
    return str(rows[0][0]), report_export.export(session, str(rows[0][0]), association)


def _write(path: Path, content: bytes) -> None:
    if path.exists():
        refuse(f"{path} existe déjà. Choisissez un autre nom.")
    try:
        with files.explained(path), files.draft(path) as draft:
            draft.write_bytes(content)
            files.settle(draft, path)
    except StorageError as error:
        refuse(str(error))


@click.command(
    name="statistiques",
    help="Compter les signalements, par tranches de cinq\u00a0: aucun nombre ne désigne personne.",
    short_help="Compter les signalements, par tranches de cinq.",
)
@as_table
@click.option(
    "--sortie", "out", type=_FILE, metavar="FICHIER", help="Écrire dans ce fichier, et non à l'écran."
)
def statistics(form: str | None, out: Path | None) -> None:
    """Print how many there are, of all those that someone was told of."""
    config = kept()
    tables = _read(
        config, lambda session: report_statistics.tables(session, report_statistics.visible(session))
    )
    rows = report_statistics.rows(tables)
    if form == "json":
        text = dump({"band": report_statistics.BAND, "figures": rows})
    elif form == "csv":
        written = io.StringIO()
        writer = csv.writer(written, lineterminator="\n")
        writer.writerows([_COLUMNS, *([row[column] for column in _COLUMNS] for row in rows)])
        text = written.getvalue().rstrip("\n")
    else:
        text = "\n".join(report_statistics.lines(tables))
    if out is None:
        click.echo(text)
    else:
        _write(out, f"{text}\n".encode())
        click.echo(f"Écrit dans {out}.")


SUBCOMMANDS: Final = (export, statistics)
