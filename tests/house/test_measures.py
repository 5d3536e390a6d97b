"""The figures of docs/: nobody writes them by hand, and a run replaces only its own."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from tests.kits import measures
from tests.kits.measures import NONE, Figure, at_least, at_most

QUESTIONS = measures.PAGE.with_name("questions.md")
THREATS = measures.PAGE.with_name("menaces.md")
PLACES = [
    (measures.PAGE, "banc", "tests.bench.__main__"),
    (measures.PAGE, "départ", "tests.bench.start.parts"),
    (measures.PAGE, "foule", "tests.bench.crowd"),
    (measures.PAGE, "instances", "tests.bench.instances"),
    (measures.PAGE, "politiques", "tests.bench.on_policies"),
    (measures.PAGE, "site", "tests.publication.bench"),
    (measures.PAGE, "endurance", "tests.bench.soak"),
    (measures.PAGE, "apprentissage", "tests.bench.training"),
    (measures.PAGE, "torture", "tests.torture.__main__"),
    (measures.PAGE, "signalements", "tests.torture.reports"),
    (measures.PAGE, "révision", "tests.torture.revision"),
    (measures.PAGE, "fuites", "tests.leaks.__main__"),
    (THREATS, "heure", "tests.leaks.clock"),
    (measures.PAGE, "mutants", "tests.mutants.__main__"),
    (measures.PAGE, "attaque", "tests.attacks.__main__"),
    (measures.PAGE, "mots", "tests.house.words"),
    (QUESTIONS, "comparaison", "tests.bench.on_questions"),
    (QUESTIONS, "mesures", "tests.study.__main__"),
]


@pytest.mark.parametrize(
    ("page", "mark"), [place[:2] for place in PLACES], ids=[place[1] for place in PLACES]
)
def test_what_a_run_writes_replaces_what_is_between_its_marks_and_nothing_else(
    page: Path, mark: str, tmp_path: Path
) -> None:
    copy, before = tmp_path / page.name, page.read_text("utf-8")
    copy.write_text(before, "utf-8")
    measures.write("des chiffres", mark, copy)
    beginning, end = measures.marks(mark)
    head, _, rest = before.partition(beginning)
    assert copy.read_text("utf-8") == f"{head}{beginning}\ndes chiffres\n\n{end}{rest.partition(end)[2]}"
    assert len(head) + len(end) < len(before)


@pytest.mark.parametrize("page", ["", "<!-- banc -->\n", "<!-- fin de banc -->\n"])
def test_a_page_without_both_marks_is_refused_and_kept(page: str, tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(page, "utf-8")
    with pytest.raises(ValueError, match="fin de banc"):
        measures.write("des chiffres", "banc", path)
    assert path.read_text("utf-8") == page


def test_figures_stand_beside_what_they_must_be_and_what_is_missed_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.md"
    page.write_text("<!-- essai -->\n<!-- fin de essai -->\n", "utf-8")
    monkeypatch.setattr(measures, "PAGE", page)
    good = [Figure("SIGKILL", 1_000), Figure("Perdus", 0, NONE), Figure("Durée", 12.34, at_most(60), "s")]
    assert measures.told(good, "python -m essai", 75, "essai") == 0
    wrong = measures.told([*good, Figure("Reçus", 0, at_least(1))], "python -m essai", 75, None)
    assert wrong == 1
    assert "Cible manquée\u00a0: Reçus, 0 (il faut ≥\u00a01)." in capsys.readouterr().out
    written = page.read_text("utf-8")
    assert "`python -m essai`, 1\u00a0min 15\u00a0s." in written
    rows = [[cell.strip(" ") for cell in line.strip("|").split("|")] for line in written.splitlines()[-5:-2]]
    assert rows == [
        ["SIGKILL", "1\u00a0000", ""],
        ["Perdus", "0", "0"],
        ["Durée", "12,3\u00a0s", "≤\u00a060"],
    ]


@pytest.mark.parametrize(("page", "mark", "program"), PLACES, ids=[place[2] for place in PLACES])
def test_each_place_has_a_program_that_writes_there(page: Path, mark: str, program: str) -> None:
    module = importlib.import_module(program)
    assert mark == module.MARK
    assert getattr(module, "PAGE", measures.PAGE) == page
    assert "ecrire" in [option.name for option in module.main.params]
