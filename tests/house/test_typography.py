"""What people read follows the OQLF's spacing: no-break before a colon and inside « », none before ; ! ?"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WRONG = re.compile(r"« | »|\w :(?:\s|$)|\w [;!?](?:\s|$)|\w\u00a0[;!?](?:\s|$)")
# Not `english.toml`, whose keys are compared without that spacing, nor what people are supposed to write.
DATA = sorted(
    path
    for folder in ("bot", "data")
    for path in (ROOT / folder).rglob("*.toml")
    if "modeles" not in path.parts
    and path.name not in {"english.toml", "intents.toml", "profil.exemple.toml", "subjects.toml"}
)
SQL = re.compile(r"\s*(?:SELECT|INSERT|UPDATE|DELETE|CREATE|VACUUM|PRAGMA)\b")


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the string constants of a module with their lines, its docstrings left out."""
    tree = ast.parse(path.read_text())
    docstrings = {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or node in docstrings:
            continue
        if isinstance(node.value, str) and not SQL.match(node.value):
            yield node.lineno, node.value


@pytest.mark.parametrize("path", sorted((ROOT / "bot").rglob("*.py")), ids=lambda path: path.name)
def test_spacing_is_that_of_the_oqlf(path: Path) -> None:
    wrong = [f"line {line}: {text!r}" for line, text in texts(path) if WRONG.search(text)]
    assert not wrong


def values(data: object) -> Iterator[str]:
    """Yield the strings of what a TOML file holds, its keys left out."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict | list):
        for value in data.values() if isinstance(data, dict) else data:
            yield from values(value)


@pytest.mark.parametrize("path", DATA, ids=lambda path: path.name)
def test_spacing_of_what_is_written_as_data_is_that_of_the_oqlf(path: Path) -> None:
    wrong = [text for text in values(tomllib.loads(path.read_text("utf-8"))) if WRONG.search(text)]
    assert not wrong
