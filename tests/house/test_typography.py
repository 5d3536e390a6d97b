"""What people read follows the OQLF's spacing: no-break before a colon and inside « », none before ; ! ?"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WRONG = re.compile(r"« | »|\w :(?:\s|$)|\w [;!?](?:\s|$)|\w\u00a0[;!?](?:\s|$)")
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
