"""Recognising that someone describes a negative post, which is what a report is for.

The engine learns it from its bank (`PolicyAnswer.topic`). The phrases of `data/negative_posts.toml` add
what it misses, serve while there is no model, and rule out good news. Nothing of the text is kept.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from bot.answers.questions import PolicyAnswer
from bot.policy.search import fold_accents

READ: Final = 2_000  # characters


@dataclass(frozen=True, slots=True)
class NegativePosts:
    """The phrases, as patterns on folded text.

    `every`: where, how hostile, about whom; a post is described by one phrase of each, or by a `direct`
    one, without any of `unless` and `praise`.
    """

    every: tuple[re.Pattern[str], ...]
    direct: re.Pattern[str]
    unless: re.Pattern[str]
    praise: re.Pattern[str]

    def describes(self, text: str) -> bool:
        """Tell whether the words alone describe a negative post about the association."""
        plain = _plain(text)
        if self.unless.search(plain) or self.praise.search(plain):
            return False
        return bool(self.direct.search(plain)) or all(pattern.search(plain) for pattern in self.every)

    def settled(self, answer: PolicyAnswer, text: str) -> PolicyAnswer:
        """Return an answer whose topic is « incident » when, and only when, a negative post is described.

        Such an answer reminds people not to comment, offers to report, and is never kept.
        """
        if answer.foreign or answer.topic == "draft":
            return answer
        if self.describes(text):
            return replace(answer, topic="incident", unkind=False)
        if answer.topic == "incident" and self.praise.search(_plain(text)):
            return replace(answer, topic="question")
        return answer


def load_negative_posts(folder: Path) -> NegativePosts:
    """Read the shipped phrases. Raises `OSError` when they cannot be read."""
    data = tomllib.loads((folder / "negative_posts.toml").read_text("utf-8"))
    patterns = {name: re.compile("|".join(f"(?:{phrase})" for phrase in data[name])) for name in data}
    every = (patterns["where"], patterns["hostile"], patterns["us"])
    return NegativePosts(every, patterns["direct"], patterns["unless"], patterns["praise"])


def _plain(text: str) -> str:
    return " ".join(fold_accents(text[:READ]).replace("’", "'").split())
