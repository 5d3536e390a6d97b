"""`python -m tests.study.on_texts`: what the chat answers of other associations' texts.

`--aussi DOSSIER` adds the questions `NOM02.jsonl`, `NOM05.jsonl`… of a folder: `02` and `05` are texts of
`../shared/eval/politiques`, where they all are. `--ecrire` writes the table in `docs/questions.md`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from bot.answers import evaluation
from bot.answers.evaluation import Trial
from tests.answers.other_texts import ABSENT, GIVEN, QUESTIONS, TEXTS, trials_of
from tests.kits import measures

PAGE = Path(__file__).resolve().parents[2] / "docs" / "questions.md"
MARK = "textes"
HEADINGS = ("Questions", "n", "top1", "top3", "joint", "répondues", "annoncées", "hors sujet refusé", "tues")
_FILE = re.compile(r"([a-z]+)(\d\d)\.jsonl")


def row(label: str, trials: Sequence[Trial]) -> tuple[str, ...]:
    """Return the figures of some questions. The last counts what is said to be told by no clause."""
    measured = evaluation.measure(trials)
    inside = [trial for trial in trials if trial.line.gold]
    away = [trial for trial in trials if trial.line.kind == "off_topic"]
    shares = (
        measured.top1 or 0.0,
        measured.top3 or 0.0,
        measured.joint or 0.0,
        sum(trial.answer.answered for trial in inside) / len(inside),
        measured.announced or 0.0,
        sum(not trial.answer.answered for trial in away) / len(away),
    )
    silent = sum(trial.answer.outcome == "silent" for trial in trials)
    return (label, str(len(trials)), *(f"{share:.3f}".replace(".", ",") for share in shares), str(silent))


def rows(folders: Sequence[Path]) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the table: each text, then all those of a writer."""
    yield from _of("q", {name: QUESTIONS / f"questions_{name}.jsonl" for name in TEXTS})
    banks = {name: QUESTIONS / f"bank_{name}.jsonl" for name in TEXTS}
    yield from _of("q, petite banque", {name: QUESTIONS / f"questions_{name}.jsonl" for name in TEXTS}, banks)
    for folder in folders:
        files = [(match, path) for path in sorted(folder.iterdir()) if (match := _FILE.fullmatch(path.name))]
        for writer in sorted({match[1] for match, _ in files}):
            asked = {match[2]: path for match, path in files if match[1] == writer}
            yield from _of(writer, asked)
            if asked.keys() <= banks.keys():
                yield from _of(f"{writer}, petite banque", asked, banks)


def _of(
    writer: str, asked: dict[str, Path], banks: dict[str, Path] | None = None
) -> Iterator[tuple[str, ...]]:
    trials: list[Trial] = []
    for name, path in asked.items():
        some = trials_of(name, path, banks[name] if banks else None)
        yield row(f"{writer}, texte {name}", some)
        trials += some
    yield row(f"**{writer}**", trials)


@click.command()
@click.option(
    "--aussi", "folders", type=click.Path(path_type=Path, exists=True, file_okay=False), multiple=True
)
@click.option("--ecrire", "writing", is_flag=True)
def main(folders: Sequence[Path], *, writing: bool) -> None:
    """Measure, print and write."""
    if not GIVEN.is_dir():
        click.echo(ABSENT)
        sys.exit(0)
    figures = measures.table(HEADINGS, rows(folders))
    click.echo(figures)
    if writing:
        measures.write(f"Machine\u00a0: {measures.machine()}\n\n{figures}", MARK, PAGE)


if __name__ == "__main__":
    main()
