"""`python -m tests.outlines`: what is read of real associations' documents, against their true outlines, and
what is said of revisions made in them, against what was done.

The documents are public, but not ours: they are kept beside the repository, in `../shared/eval/politiques`,
with the program that scores. Where that folder is not, nothing is measured, and it is said.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, get_args

import click
import docx
from click.testing import CliRunner
from docx.shared import Cm

from bot.cli.main import vigie
from bot.policy.markdown import write_markdown
from bot.policy.outline import build_outline
from bot.revision.reading import formats
from tests.kits import measures, pdf_files
from tests.kits.measures import NONE, Figure, at_least, at_most
from tests.outlines import revisions
from tests.watching import pages

FOLDER: Final = Path(__file__).resolve().parents[3] / "shared" / "eval" / "politiques"
WIDTHS: Final = (12.0, 21.59, 30.0)  # centimetres
OFFICE: Final = shutil.which("soffice")
REVISIONS: Final = "révisions"  # among the forms: what is said of revisions made in each document
SEEDS: Final = range(2)  # of each kind of revision, for each document
LABELS, PHANTOMS = 0.97, 0.01  # the shares of numbers to find at least, and of false ones at most


def given(folder: Path) -> Iterator[tuple[str, str, Path]]:
    """Yield the number of each document, its form, and the file in which it was given.

    Of Word files, PDF are made in `folder`, on pages of three widths: from what is read of them and, where
    LibreOffice is on this machine, by it. Web pages are made too: as Word and a site make them and, where
    no number is lost by it, as a converter of Markdown does and as LibreOffice does.
    """
    for path in sorted((FOLDER / "documents").iterdir()):
        yield path.name[:2], path.suffix[1:], path
        if path.suffix == ".md":
            made = folder / f"{path.stem}-md.html"
            made.write_text(pages.on_a_site(pages.markdown_as_html(path.read_text("utf-8"))), "utf-8")
            yield path.name[:2], "html de Markdown", made
        if path.suffix == ".docx":
            blocks = formats.read_document(path.read_bytes(), path.name).blocks
            for program in get_args(pages.Program):
                made = folder / f"{path.stem}-{program}.html"
                made.write_bytes(pages.blocks_as_html(blocks, program))
                yield path.name[:2], "html", made
            if OFFICE and not any(block.number for block in blocks):
                yield path.name[:2], "html de LibreOffice", convert(path, "html", folder)
            for width in WIDTHS:
                made = folder / f"{path.stem}-{width:.0f}.pdf"
                made.write_bytes(pdf_files.blocks_as_pdf(blocks, width, heads=False))
                yield path.name[:2], "pdf", made
            if OFFICE:
                for made in by_office(path, folder):
                    yield path.name[:2], "pdf de LibreOffice", made


def by_office(path: Path, folder: Path) -> Iterator[Path]:
    """Yield the PDF that LibreOffice makes of a Word file, on pages of three widths."""
    for width in WIDTHS:
        document = docx.Document(str(path))
        for section in document.sections:
            section.page_width, section.page_height = Cm(width), Cm(1.3 * width)
            section.left_margin = section.right_margin = Cm(1.5 if width < WIDTHS[1] else 2.5)
        sized = folder / f"{path.stem}-{width:.0f}-office.docx"
        document.save(str(sized))
        yield convert(sized, "pdf", folder)


def convert(path: Path, form: str, folder: Path) -> Path:
    """Return the file that LibreOffice makes of another, in a folder."""
    profile = f"-env:UserInstallation={(folder / 'office').as_uri()}"
    command = [OFFICE or "", profile, "--headless", "--convert-to", form, "--outdir", str(folder), str(path)]
    subprocess.run(command, capture_output=True, check=True)
    return folder / f"{path.stem}.{form}"


def read(path: Path) -> dict[str, Any] | None:
    """Return the outline that `vigie importer` reads in a file, None when it refuses it."""
    result = CliRunner().invoke(vigie, ["importer", str(path), "--json"])
    return None if result.exit_code else json.loads(result.stdout)


def score(number: str, outline: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return what the program that scores says of an outline."""
    candidate = folder / f"{number}.json"
    candidate.write_text(json.dumps(outline), "utf-8")
    command = [sys.executable, str(FOLDER / "score.py"), number, str(candidate), "--json"]
    done = subprocess.run(command, capture_output=True, check=True, encoding="utf-8")
    scored: dict[str, Any] = json.loads(done.stdout)
    return scored


def line(form: str, scored: Mapping[str, Any]) -> str:
    """Return a document's figures on a line, then what is wrong in it."""
    figures = (
        f"{scored['nn']} {form:5} numéros {scored['recall_labelled']:.3f}, de trop {scored['phantoms']}, "
        f"mots perdus {scored['words_lost']}, doublés {scored['words_doubled']}, "
        f"parents {scored['parent_agrees']}"
    )
    return "\n    ".join([figures, *scored["missed"], *scored["phantom_list"]])


@click.command(help="Mesurer ce qui se lit dans les documents d'autres associations.")
@click.argument("formes", nargs=-1)
def main(formes: tuple[str, ...]) -> None:
    """Score each document in each form, or in those named, and the revisions made in it."""
    if not FOLDER.is_dir():
        click.echo(f"Rien n'est mesuré : {FOLDER.name} n'est pas à côté du dépôt (shared/eval/politiques).")
        return
    totals: dict[str, Counter[str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, form, path in given(Path(folder)):
            if formes and form not in formes:
                continue
            total = totals.setdefault(form, Counter())
            outline = read(path)
            if outline is None:
                total["refused"] += 1
                click.echo(f"{number} {form:5} refusé")
                continue
            scored = score(number, outline, Path(folder))
            click.echo(line(form, scored))
            total["labelled"] += scored["true_labelled"]
            total["found"] += round(scored["recall_labelled"] * scored["true_labelled"])
            total["read"] += scored["candidate_labelled"]
            for name in ("phantoms", "words_lost", "words_doubled", "words_foreign"):
                total[name] += scored[name]
    figures = [figure for form, total in totals.items() for figure in _figures(form, total)]
    if not formes or REVISIONS in formes:
        figures += _understood()
    sys.exit(measures.told(figures, "python -m tests.outlines", 0, None))


def _figures(form: str, total: Counter[str]) -> Iterator[Figure]:
    found, wrong = total["found"] / max(1, total["labelled"]), total["phantoms"] / max(1, total["read"])
    yield Figure(f"{form}, part des numéros trouvés", found, at_least(LABELS))
    yield Figure(f"{form}, part de faux numéros", wrong, at_most(PHANTOMS))
    yield Figure(f"{form}, mots perdus", total["words_lost"], NONE)
    yield Figure(f"{form}, mots doublés", total["words_doubled"] + total["words_foreign"], NONE)
    yield Figure(f"{form}, documents refusés", total["refused"], NONE)


def _understood() -> Iterator[Figure]:
    """Yield, by kind, the share of revisions whose every change is told with its kind and its numbers."""
    outcomes: list[revisions.Outcome] = []
    first = {path.name[:2]: path for path in sorted((FOLDER / "documents").iterdir(), reverse=True)}
    for number, path in sorted(first.items()):
        markdown = write_markdown(build_outline(formats.read_document(path.read_bytes(), path.name).blocks))
        with tempfile.TemporaryDirectory() as folder:
            made = list(revisions.outcomes(markdown, Path(folder), SEEDS))
        outcomes += made
        right = sum(not one.faults for one in made)
        click.echo(f"{number} {REVISIONS} {right} sur {len(made)}")
        for one in made:
            click.echo("".join(f"    {one.kind} {one.seed} : {fault}\n" for fault in one.faults), nl=False)
    for kind, right, every in revisions.by_kind(outcomes):
        yield Figure(f"{REVISIONS}, {kind}\u00a0: part juste de {every}", right / max(1, every), at_least(1))


if __name__ == "__main__":
    main()
