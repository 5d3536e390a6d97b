"""The house: which rooms there are, what stands at its door, and how full a folder may be."""

from __future__ import annotations

import ast
import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = sorted(path.parent.name for path in (ROOT / "bot").glob("*/__init__.py"))
FOLDERS = sorted(path.parent for path in (ROOT / "bot").rglob("__init__.py"))
AT_THE_DOOR = {"__init__.py", "__main__.py", "settings.py", "times.py", "logs.py"}
MOST_FILES = 24


def test_the_table_of_rooms_is_the_folders() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    table = page.partition("## Rooms")[2].partition("\n## ")[0]
    assert sorted(re.findall(r"^\| `(\w+)/` \|", table, re.MULTILINE)) == ROOMS


def test_nothing_else_stands_at_the_door() -> None:
    assert {path.name for path in (ROOT / "bot").glob("*.py")} == AT_THE_DOOR


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_folder_says_what_it_is_for_and_holds_no_code_at_its_door(folder: Path) -> None:
    tree = ast.parse((folder / "__init__.py").read_text("utf-8"))
    says = ast.get_docstring(tree) or ""
    assert says
    if folder.parent == ROOT / "bot":
        assert len(tree.body) == 1
        assert "In: " in says
        assert "Out: " in says


def test_no_folder_holds_too_many_files_side_by_side() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "bot", "tests"],  # noqa: S607 — the git that made this checkout
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    beside = Counter(Path(name).parent.as_posix() for name in tracked.stdout.splitlines())
    assert {folder: count for folder, count in beside.items() if count > MOST_FILES} == {}


def test_the_hops_that_are_written_by_hand_name_files_and_functions_that_exist() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    hops = page.partition("## From a report")[2].partition("\n## Rules")[0]
    file, steps = "", 0
    for name in re.findall(r"`([^`]+)`", hops):
        if name.endswith(".py"):
            file = name
            assert (ROOT / "bot" / file).is_file(), name
        elif re.fullmatch(r"[A-Za-z_.]+", name):
            tree = ast.parse((ROOT / "bot" / file).read_text("utf-8"))
            assert name.rpartition(".")[2] in _names(tree), f"{name} is not in {file}"
            steps += 1
    assert steps > 15


def test_what_the_table_of_changes_names_exists() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    table = page.partition("\nTo change…\n")[2].partition("\n## ")[0]
    files = re.findall(r"`((?:\w+/)*\w+\.\w+)`(?: \(((?:`\w+`(?:, )?)+)\))?", table)
    assert len(files) > 20
    for file, names in files:
        if "/" not in file and file not in AT_THE_DOOR:  # a room's own
            assert list((ROOT / "bot").glob(f"*/{file}")), file
            continue
        text = (ROOT / "bot" / file).read_text("utf-8")
        for name in re.findall(r"\w+", names):
            assert re.search(rf"\b{name}\b", text), f"{name} is not in {file}"


def test_the_rules_and_the_decisions_name_files_that_exist() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    for file in re.findall(r"`((?:\w+/)+\w+\.py)`", page.partition("\n## Rules")[2]):
        assert (ROOT / "bot" / file).is_file() or (ROOT / file).is_file(), file


def _names(tree: ast.Module) -> set[str]:
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds)}


def test_a_public_class_has_a_name_of_its_own() -> None:
    names = Counter(
        node.name
        for path in (ROOT / "bot").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    assert [name for name, count in names.items() if count > 1] == []
