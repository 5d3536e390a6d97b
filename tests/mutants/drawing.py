"""Mutants: which changes can be made, and a draw of them by a seed, in proportion to the lines of each file.

The changes are those of cosmic-ray: an operator, a comparison, a number, a condition, a loop, a decorator.
"""

from __future__ import annotations

import ast
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff
from functools import cache
from pathlib import Path

from cosmic_ray import plugins
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Room:
    """Files that are changed, and the tests that look at them first. Both are paths in the repository."""

    name: str
    files: tuple[str, ...]
    tests: tuple[str, ...]


ROOMS = (
    Room(
        "boîte d'envoi",
        ("bot/outbox",),
        ("tests/outbox", "tests/operations", "tests/commands/test_lettres.py"),
    ),
    Room("escalade", ("bot/reports/escalation.py", "bot/reports/routing.py"), ("tests/reports",)),
    Room(
        "réponses",
        (
            "bot/answers/questions.py",
            "bot/answers/engine/rules.py",
            "bot/answers/refusals.py",
            "bot/answers/negative_posts.py",
            "bot/answers/memory.py",
            "bot/conversation/fading.py",
        ),
        ("tests/answers", "tests/commands/test_question.py"),
    ),
    Room(
        "répartiteur",
        ("bot/conversation/dispatcher.py",),
        ("tests/conversation", "tests/commands/vigie/test_menu_and_help.py"),
    ),
    Room("comparaison", ("bot/policy/changes",), ("tests/policy", "tests/commands/test_revision.py")),
    Room("restauration", ("bot/backup",), ("tests/backup", "tests/cli/test_keys_and_copies.py")),
    Room("registre", ("bot/register",), ("tests/register", "tests/cli/test_register.py")),
    Room(
        "rôles et comptes liés",
        ("bot/people", "bot/commands/roles.py", "bot/commands/lier.py"),
        (
            "tests/people",
            "tests/commands/test_registry.py",
            "tests/commands/test_links.py",
            "tests/cli/test_registry.py",
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change to one file. `before` and `after` are the lines that differ, without their indentation."""

    room: str
    path: str
    line: int
    operator: str
    occurrence: int
    before: str
    after: str

    @property
    def key(self) -> str:
        """What is the same for the same change, wherever the lines have moved."""
        return f"{self.path}: {self.before} → {self.after}"

    def code(self) -> str:
        """Return the changed text of the file."""
        text = (ROOT / self.path).read_text("utf-8")
        changed = mutate_code(text, plugins.get_operator(self.operator)(), self.occurrence)
        assert isinstance(changed, str)
        return changed


def draw(seed: int, number: int) -> list[Mutant]:
    """Draw mutants: each file has its share of them by its lines, each place in a file the same chance."""
    drawn_from = files()
    weights = [len((ROOT / path).read_text("utf-8").splitlines()) for _, path in drawn_from]
    chance = random.Random(seed)  # noqa: S311 — the same draw for the same seed
    mutants: dict[tuple[str, str], Mutant] = {}
    while len(mutants) < number:
        [(room, path)] = chance.choices(drawn_from, weights)
        mutant = _one_of(room.name, path, chance)
        if mutant is not None:
            mutants.setdefault((mutant.path, mutant.key), mutant)
    return list(mutants.values())


def files() -> list[tuple[Room, str]]:
    """Return the files that can be changed, each with its room."""
    return [(room, path) for room in ROOMS for path in _python_files(room)]


def _python_files(room: Room) -> list[str]:
    places = [ROOT / name for name in room.files]
    python = [
        file for place in places for file in ([place] if place.is_file() else sorted(place.rglob("*.py")))
    ]
    names = [file.relative_to(ROOT).as_posix() for file in python]
    return [name for name in names if not name.endswith(("__init__.py", "examples.py")) and _places(name)]


def _one_of(room: str, path: str, chance: random.Random) -> Mutant | None:
    """Draw a place of a file, then what to change there. None when nothing that runs is changed."""
    places = _places(path)
    at = chance.choice(sorted(places))
    operator, occurrence = chance.choice(places[at])
    text = (ROOT / path).read_text("utf-8")
    try:
        changed = mutate_code(text, plugins.get_operator(operator)(), occurrence)
    except AttributeError:  # cosmic-ray cannot replace an exception that has a dotted name
        return None
    if changed is None or _running(changed) in {None, _running(text)}:
        return None
    _, _, *lines = unified_diff(text.splitlines(), changed.splitlines(), n=0)
    before, after = (
        " ".join(line[1:].strip() for line in lines if line.startswith(sign)) for sign in ("-", "+")
    )
    return Mutant(room, path, at[0], operator, occurrence, before, after)


@cache
def _places(path: str) -> dict[tuple[int, int], list[tuple[str, int]]]:
    """Return what can be changed in a file, by place: line from 1, column from 0."""
    places = defaultdict(list)
    for operator, occurrence, at in _changes((ROOT / path).read_text("utf-8")):
        places[at].append((operator, occurrence))
    return dict(places)


def _changes(text: str) -> Iterator[tuple[str, int, tuple[int, int]]]:
    nodes = list(ast_nodes(get_ast(text)))
    for name in plugins.operator_names():
        kind = plugins.get_operator(name)
        if kind.arguments():  # those replace a variable that must be named
            continue
        operator = kind()
        positions = [start for node in nodes for start, _ in operator.mutation_positions(node)]
        for occurrence, start in enumerate(positions):
            yield name, occurrence, start


@cache
def _running(text: str) -> str | None:
    """Return what runs of a text, None when it is not Python.

    Annotations, and what `frozen` and `slots` forbid, are watched by mypy rather than by a test.
    """
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant(None)
        elif isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
        elif isinstance(node, ast.Call):
            node.keywords = [word for word in node.keywords if word.arg not in {"frozen", "slots"}]
    return ast.dump(tree)
