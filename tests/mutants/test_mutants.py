"""The draw of mutants, and their trial: a change that matters is noticed, and nothing is left of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutants import drawing, reach, touched
from tests.mutants.__main__ import EQUIVALENTS, equivalents, figures
from tests.mutants.drawing import ROOMS, ROOT, Mutant, draw
from tests.mutants.trials import Copy

SEED, NUMBER = 20261127, 120
SOME = 20  # of them, for what takes long
BROKEN = "def half(number: int | None) -> float:\n    return (number or 0) / 2\n"
TRIED = "from bot.halves import half\n\n\ndef test_half() -> None:\n    assert half(4) == 2\n"
IN_A_PROCESS = """import subprocess
import sys


def test_half() -> None:
    subprocess.run([sys.executable, "-c", "from bot.halves import half; half(4)"], check=True)
"""


@pytest.fixture(scope="module")
def mutants() -> list[Mutant]:
    return draw(SEED, NUMBER)


def test_a_seed_always_draws_the_same_mutants(mutants: list[Mutant]) -> None:
    assert draw(SEED, SOME) == mutants[:SOME]
    assert len({mutant.key for mutant in mutants}) == NUMBER
    assert draw(SEED + 1, 5) != mutants[:5]


def test_each_mutant_changes_what_runs_in_one_file_of_its_room(mutants: list[Mutant]) -> None:
    files = {room.name: room.files for room in ROOMS}
    for mutant in mutants[: 2 * SOME]:
        assert mutant.path.startswith(files[mutant.room])
        assert mutant.code() != (ROOT / mutant.path).read_text("utf-8")
        assert mutant.before != mutant.after


def test_no_annotation_is_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "halves.py").write_text(BROKEN, "utf-8")
    monkeypatch.setattr(drawing, "ROOT", tmp_path)
    monkeypatch.setattr(drawing, "ROOMS", (drawing.Room("essai", ("halves.py",), ()),))
    assert {mutant.line for mutant in draw(SEED, 12)} == {2}


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_a_room_s_files_and_tests_exist(room: drawing.Room) -> None:
    for name in (*room.files, *room.tests):
        assert (ROOT / name).exists(), name


def test_a_change_that_matters_is_noticed_and_nothing_is_left_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, copied = tmp_path / "source", tmp_path / "copy"
    (source / "bot").mkdir(parents=True)
    (source / "tests").mkdir()
    for name, text in {"bot/halves.py": BROKEN, "tests/test_halves.py": TRIED, "bot/__init__.py": ""}.items():
        (source / name).write_text(text, "utf-8")
    for module in ("drawing", "trials"):
        monkeypatch.setattr(f"tests.mutants.{module}.ROOT", source)
    monkeypatch.setattr(
        "tests.mutants.trials.tracked_files",
        lambda: ["bot/__init__.py", "bot/halves.py", "tests/test_halves.py"],
    )
    copy = Copy(copied)
    operators = {"core/ReplaceBinaryOperator_Div_Mul": False, "core/ReplaceBinaryOperator_Div_FloorDiv": True}
    for operator, unnoticed in operators.items():
        mutant = Mutant("essai", "bot/halves.py", 2, operator, 0, "", "")
        assert copy.passes(["tests/test_halves.py"], 60, mutant) is unnoticed
        assert (copied / "bot/halves.py").read_text("utf-8") == BROKEN


def test_figures_leave_out_what_has_no_visible_effect(
    mutants: list[Mutant], monkeypatch: pytest.MonkeyPatch
) -> None:
    same, seen, missed, *_ = mutants
    monkeypatch.setattr("tests.mutants.__main__.equivalents", lambda: {same.key: "the same"})
    shown = {
        figure.label: figure.value for figure in figures(mutants, {seen.key: "room", missed.key: "survived"})
    }
    assert shown["Essayés"] == 2
    assert shown["Vus, en tout"] == 50


def test_what_is_listed_without_visible_effect_is_still_in_the_code_with_its_reason() -> None:
    for key, why in equivalents().items():
        path, _, change = key.partition(": ")
        before = change.partition(" → ")[0]
        assert why, key
        assert " ".join(before.split()) in " ".join((ROOT / path).read_text("utf-8").split()), (
            f"{EQUIVALENTS.name}: {key}"
        )


def test_every_room_is_drawn_from(mutants: list[Mutant]) -> None:
    assert {mutant.room for mutant in mutants} == {room.name for room in ROOMS}


def test_only_the_test_files_that_call_a_function_may_notice_a_change_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, copied = tmp_path / "source", tmp_path / "copy"
    files = {
        "bot/__init__.py": "",
        "bot/halves.py": f'"""Halves."""\n\nfrom __future__ import annotations\n\nTWO = 2\n\n\n{BROKEN}',
        "tests/__init__.py": "",
        "tests/mutants/__init__.py": "",
        "tests/mutants/touched.py": Path(touched.__file__).read_text("utf-8"),
        "tests/test_halves.py": TRIED,
        "tests/test_processes.py": IN_A_PROCESS,
        "tests/test_others.py": "def test_nothing() -> None:\n    assert True\n",
        "tests/test_broken.py": f"{TRIED}    assert half(4) == 3\n",
    }
    for name, text in files.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text, "utf-8")
    for module in ("reach", "trials"):
        monkeypatch.setattr(f"tests.mutants.{module}.ROOT", source)
        monkeypatch.setattr(f"tests.mutants.{module}.tracked_files", lambda: list(files))
    monkeypatch.setattr("tests.mutants.reach.CACHE", tmp_path)
    found = reach.measured(["bot/halves.py"], [Copy(copied)])
    within, outside = (Mutant("essai", "bot/halves.py", line, "", 0, "", "") for line in (9, 5))
    assert set(found.tests(within)) == {"tests/test_halves.py", "tests/test_processes.py"}
    assert set(found.tests(outside)) == {*found.tests(within), "tests/test_others.py"}
    assert reach.measured(["bot/halves.py"], []) == found  # kept from one run to the next
    assert (copied / "bot/halves.py").read_text("utf-8") == files["bot/halves.py"]
