"""The files of quiz questions: where they are, and how many questions they have."""

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Final

FILE: Final = "quiz.toml"
FEWEST: Final = 6  # minimum number of questions that make a quiz
_QUESTION: Final = re.compile(rb"^[ \t]*\[\[[ \t]*question[ \t]*\]\]", re.MULTILINE)


def find_questions(folders: Iterable[Path], policy: str) -> Path | None:
    """Return the file of a policy's quiz questions in the last of `folders` that has one, or None."""
    paths = [folder / "politique" / policy / FILE for folder in folders]
    return next((path for path in reversed(paths) if path.is_file()), None)


def count_questions(path: Path | None) -> int:
    """Return how many questions a file has, valid or not, without parsing them. Return 0 for None."""
    if path is None:
        return 0
    stat = path.stat()
    return _count(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=64)
def _count(path: Path, _changed_ns: int, _size: int) -> int:
    return len(_QUESTION.findall(path.read_bytes()))
