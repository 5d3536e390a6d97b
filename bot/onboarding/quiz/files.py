"""Where the questions of the quiz are."""

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Final

FILE: Final = "quiz.toml"
FEWEST: Final = 6  # questions in a quiz
_QUESTION: Final = re.compile(rb"^[ \t]*\[\[[ \t]*question[ \t]*\]\]", re.MULTILINE)


def find_questions(folders: Iterable[Path], policy: str) -> Path | None:
    """Return the path of a policy's questions in the last folder that has them, if any."""
    paths = [folder / "politique" / policy / FILE for folder in folders]
    return next((path for path in reversed(paths) if path.is_file()), None)


def count_questions(path: Path | None) -> int:
    """Return how many questions a file has, whatever they are worth: they are read at the first quiz."""
    if path is None:
        return 0
    stat = path.stat()
    return _count(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=64)
def _count(path: Path, _changed_ns: int, _size: int) -> int:
    return len(_QUESTION.findall(path.read_bytes()))
