"""Which test files call which function: those that never call it cannot notice a change to it."""

from __future__ import annotations

import ast
import hashlib
import json
import shutil
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.mutants import touched
from tests.mutants.drawing import ROOT, Mutant
from tests.mutants.trials import LONG, Copy, tracked_files

CACHE = ROOT / ".cache" / "mutants"


@dataclass(frozen=True, slots=True)
class Reach:
    """`calls`: the test files that call each function, "path:line". `seconds`: what each test file takes.

    Only files whose tests pass as they are have a duration.
    """

    calls: dict[str, list[str]]
    seconds: dict[str, float]

    def tests(self, mutant: Mutant, among: Sequence[str] = ("tests/",)) -> list[str]:
        """Return the test files that may notice a mutant, in folders or files, the quickest first."""
        function = function_at((ROOT / mutant.path).read_text("utf-8"), mutant.line)
        calling = (
            {touched.EVERY} if function is None else set(self.calls.get(f"{mutant.path}:{function}", ()))
        )
        return sorted(
            (
                file for file in self.seconds
                if (touched.EVERY in calling or file in calling) and file.startswith(tuple(among))
            ),
            key=self.seconds.__getitem__,
        )  # fmt: skip


def measured(paths: Iterable[str], copies: Sequence[Copy]) -> Reach:
    """Run the tests once in copies where the functions of `paths` say that they are called. Kept on disk."""
    names = tracked_files()
    digest = hashlib.sha256()
    for name in names:
        if name.endswith((".py", ".toml", ".jsonl", ".md")) and (ROOT / name).is_file():
            digest.update((ROOT / name).read_bytes())
    cache = CACHE / f"reach-{digest.hexdigest()[:12]}.json"
    if cache.is_file():
        return Reach(**json.loads(cache.read_text("utf-8")))
    files = [name for name in names if Path(name).match("test_*.py") and not name.startswith(LONG)]
    calls: dict[str, set[str]] = defaultdict(set)
    seconds: dict[str, float] = defaultdict(float)
    failed: set[str] = set()
    parts = [files[number :: len(copies)] for number in range(len(copies))]
    with ThreadPoolExecutor(len(copies)) as pool:
        list(pool.map(lambda part: _run_told(part[0], part[1], list(paths)), zip(copies, parts, strict=True)))
    for copy in copies:
        folder = copy.folder / touched.FOLDER.name
        for line in (folder / touched.CALLS.name).read_text("utf-8").splitlines():
            function, file = line.split("\t")
            calls[function].add(file)
        for line in (folder / touched.FILES.name).read_text("utf-8").splitlines():
            file, duration, outcome = line.split("\t")
            seconds[file] += float(duration)
            failed |= {file} if outcome == "failed" else set()
        shutil.rmtree(folder)
    reach = Reach(
        {function: sorted(called) for function, called in calls.items()},
        {file: duration for file, duration in seconds.items() if file not in failed},
    )
    cache.parent.mkdir(parents=True, exist_ok=True)
    cache.write_text(json.dumps(asdict(reach)), "utf-8")
    return reach


def function_at(text: str, line: int) -> int | None:
    """Return the line of the innermost function whose body holds a line. None for what runs at import."""
    holding = [
        node.lineno for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body[0].lineno <= line <= (node.end_lineno or 0)
    ]  # fmt: skip
    return max(holding, default=None)


def saying_so(text: str, path: str) -> str:
    """Return a file's text, where each function first says that it is called."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.body.insert(
                int(ast.get_docstring(node) is not None), _statement(f"_touch('{path}:{node.lineno}')")
            )
    after = sum(
        isinstance(node, ast.Expr) or (isinstance(node, ast.ImportFrom) and node.module == "__future__")
        for node in tree.body[:2]
    )
    tree.body.insert(after, _statement("from tests.mutants.touched import touch as _touch"))
    return ast.unparse(ast.fix_missing_locations(tree))


def _statement(text: str) -> ast.stmt:
    return ast.parse(text).body[0]


def _run_told(copy: Copy, files: Sequence[str], paths: Sequence[str]) -> None:
    (copy.folder / touched.FOLDER.name).mkdir()
    for path in paths:
        (copy.folder / path).write_text(saying_so((ROOT / path).read_text("utf-8"), path), "utf-8")
    try:
        copy.run(files, 3_600, "-p", "tests.mutants.touched")
    finally:
        for path in paths:
            shutil.copy2(ROOT / path, copy.folder / path)
