"""Telling that someone describes a negative post that exists, which is what a report is for.

The engine learns it from its bank (`PolicyAnswer.topic`); the phrases of `data/negative_posts.toml` add
what it misses, serve before its model is there, and take away good news. Nothing of the text is kept.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from bot.answers.questions import PolicyAnswer
from bot.policy.search import fold

FILE: Final = "negative_posts.toml"
READ: Final = 2_000


@dataclass(frozen=True, slots=True)
class NegativePosts:
    """The phrases, ready to be looked for."""

    every: tuple[re.Pattern[str], ...]  # one of each: where, how hostile, about whom
    direct: re.Pattern[str]
    unless: re.Pattern[str]
    praise: re.Pattern[str]

    def describes(self, text: str) -> bool:
        """Tell whether the words alone describe a negative post about the association."""
        told = _plain(text)
        if self.unless.search(told) or self.praise.search(told):
            return False
        return bool(self.direct.search(told)) or all(one.search(told) for one in self.every)

    def settled(self, answer: PolicyAnswer, text: str) -> PolicyAnswer:
        """Return an answer whose topic is « incident » when, and only when, a negative post is described.

        It is then answered with the reminder not to comment and the report's button, and never kept.
        """
        if answer.foreign or answer.topic == "draft":
            return answer
        if self.describes(text):
            return replace(answer, topic="incident", unkind=False)
        if answer.topic == "incident" and self.praise.search(_plain(text)):
            return replace(answer, topic="question")
        return answer


def load(folder: Path) -> NegativePosts:
    """Read the phrases, which are shipped. Raises `OSError` when they cannot be read."""
    data = tomllib.loads((folder / FILE).read_text("utf-8"))
    return NegativePosts(
        tuple(_any(data[name]) for name in ("where", "hostile", "us")),
        *(_any(data[name]) for name in ("direct", "unless", "praise")),
    )


def _any(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{one})" for one in patterns))


def _plain(text: str) -> str:
    return " ".join(fold(text[:READ]).replace("’", "'").split())
