"""The part of the command line about revisions: what a file would change, and what to look at in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
from sqlite_utils import Database

from bot.app.build import Parts
from bot.cli import revisions
from bot.cli.base import dump, json_flag, kept_parts, parts, refuse, storage_refusals
from bot.people import roles
from bot.policy.articles import PolicyError
from bot.policy.changes.comparison import Comparison
from bot.policy.library import Policy
from bot.revision import comparison_pdf, upkeep
from bot.revision.comparison_pdf import KINDS, NATURES
from bot.revision.reading import formats
from bot.revision.reading.formats import ReadDocument
from bot.revision.reading.lint import LintFinding, NamedRole
from bot.storage.database import reader
from bot.times import in_words
from bot.typesetting.typeset import TypesetError


@click.command(
    name="reviser",
    short_help="Voir ce qu'une révision change.",
    help="Comparer une révision (Markdown, DOCX ou PDF) au texte qu'elle remplace, et vérifier son texte. "
    "Rien n'est envoyé ni mis en vigueur; avec --proposer, la révision est soumise à l'administration.",
)
@click.argument("fichier", type=click.Path(path_type=Path), metavar="FICHIER")
@click.option(
    "--politique", "policy", metavar="NOM", help="La politique révisée (par défaut, celle des réglages)."
)
@click.option(
    "--adoptee",
    "adopted",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="AAAA-MM-JJ",
    required=True,
    help="Le jour de l'adoption.",
)
@click.option(
    "--pdf", type=click.Path(path_type=Path), metavar="SORTIE", help="Écrire la comparaison en PDF."
)
@click.option("--proposer", is_flag=True, help="Soumettre la révision à l'administration.")
@json_flag
def reviser(
    fichier: Path, policy: str | None, adopted: datetime, pdf: Path | None, *, proposer: bool, as_json: bool
) -> None:
    """Print what a file would change."""
    bot = parts()
    reading = read(bot, fichier, policy, adopted.date())
    if as_json:
        click.echo(dump(described(reading)))
    else:
        click.echo("\n".join(_report(bot, reading)))
    if pdf:
        _write(pdf, bot.library.policies[reading.comparison.old.policy], reading.comparison)
    if proposer:
        if not reading.adoptable:
            raise SystemExit(1)
        click.echo(revisions.propose(kept_parts(), reading), err=as_json)


def read(bot: Parts, file: Path, policy: str | None, adopted: date) -> ReadDocument:
    """Return what a file would change of the text that it replaces; end with one line when it cannot be read.

    That text is the last one adopted before that day or, before all of them, the first.
    """
    revised = bot.library.policies.get(policy.lower()) if policy else bot.library.default
    if revised is None:
        known = ", ".join(bot.library.policies)
        refuse(f"je ne connais pas la politique «\u00a0{policy}\u00a0» (connues\u00a0: {known}).")
    earlier = [version for version in revised.versions if version.adopted < adopted]
    old = earlier[-1] if earlier else revised.versions[0]
    try:
        content = file.read_bytes()
    except OSError:
        refuse(f"{file} ne se lit pas.")
    try:
        return formats.review_file(content, file.name, old, adopted, _named_roles(bot))
    except PolicyError as error:
        click.echo(f"vigie\u00a0: {error}", err=True)
        raise SystemExit(1) from error


def _named_roles(bot: Parts) -> tuple[NamedRole, ...]:
    """Return the roles and whether they are held: as in the database or, without one, as if they were."""
    path = bot.settings.database()
    if bot.settings.sandboxed() or not path.is_file():
        return tuple(NamedRole(title, held=True) for title in roles.titles())
    with storage_refusals(), closing(reader(path).conn) as conn:
        db = Database(conn)
        return tuple(
            NamedRole(role.title, bool(roles.holders(db, role.id, bot.today())))
            for role in roles.all_roles(db)
        )


def _write(file: Path, policy: Policy, comparison: Comparison) -> None:
    """Write a comparison as a PDF; end with one line when it cannot be made or written."""
    try:
        file.write_bytes(comparison_pdf.make_comparison_pdf(policy, comparison))
    except TypesetError as error:
        click.echo(f"vigie\u00a0: {error}", err=True)
        raise SystemExit(1) from error
    except OSError:
        refuse(f"{file} ne s'écrit pas.")


def described(reading: ReadDocument) -> dict[str, Any]:
    """Return a reading as the command line writes it in JSON."""
    return {
        "changes": [
            {"kind": one.kind, "old": list(one.old), "new": list(one.new), "nature": one.nature}
            for one in reading.comparison.changes
        ],
        "lint": [
            {"code": one.code, "clause": one.clause, "message": one.message} for one in reading.findings
        ],
        "nature": reading.comparison.nature,
    }


def _report(bot: Parts, reading: ReadDocument) -> Iterator[str]:
    comparison = reading.comparison
    policy = bot.library.policies[comparison.old.policy]
    yield f"{policy.name}, du {in_words(comparison.old.adopted)} au {in_words(comparison.new.adopted)}"
    yield ""
    yield from _table(comparison)
    yield ""
    if reading.findings:
        yield "À vérifier\u00a0:"
        yield from (_remark(one) for one in reading.findings)
    else:
        yield "Rien à vérifier dans le texte."
    if left := upkeep.upkeep_after(policy, comparison.old, comparison.new, bot.folders):
        yield f"\nÀ revoir une fois ce texte adopté\u00a0: {'; '.join(left.lines_in_french())}."
    if not reading.adoptable:
        yield "\nCe texte ne peut pas être adopté tel quel\u00a0: ses numéros ne sont pas sûrs."


def _table(comparison: Comparison) -> Iterator[str]:
    if not comparison.changes:
        yield "Rien n'a changé."
        return
    rows = [
        (_numbers(one.old), _numbers(one.new), KINDS[one.kind], NATURES[one.nature])
        for one in comparison.changes
    ]
    head = ("Avant", "Après", "Clause", "Nature")
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(len(head))]
    for row in (head, *rows):
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    yield ""
    yield f"Nature de la révision\u00a0: {NATURES[comparison.nature]}."


def _numbers(numbers: Iterable[str]) -> str:
    return ", ".join(numbers) or "–"


def _remark(finding: LintFinding) -> str:
    return f"- {finding.clause}\u00a0: {finding.message}" if finding.clause else f"- {finding.message}"
