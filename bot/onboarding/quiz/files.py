"""Where the questions of the quiz are."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

FILE: Final = "quiz.toml"


def find_questions(folders: Iterable[Path], policy: str) -> Path | None:
    """Return the path of a policy's questions in the last folder that has them, if any."""
    paths = [folder / "politique" / policy / FILE for folder in folders]
    return next((path for path in reversed(paths) if path.is_file()), None)
