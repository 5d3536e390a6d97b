"""The detection of questions that describe a negative post, which should be reported.

The model learns to detect such questions from its bank (`PolicyAnswer.topic`). The phrases in
`data/negative_posts.toml` catch the questions that the model misses, replace a missing model, and rule out
good news. The text is not stored.
"""

import re
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from bot.answers.questions import PolicyAnswer
from bot.policy.search import fold_accents

NEGATIVE_POST_LENGTH: Final = 2_000  # characters of a text that are searched


@dataclass(frozen=True, slots=True)
class NegativePosts:
    """The phrases, as patterns on folded text.

    `every`: a pattern for the place of the post, one for its hostility and one for its target. A text
    describes a post when it matches all of `every`, or `direct`, and neither `unless` nor `praise`.
    """

    every: tuple[re.Pattern[str], ...]
    direct: re.Pattern[str]
    unless: re.Pattern[str]
    praise: re.Pattern[str]

    def describes(self, text: str) -> bool:
        """Return whether the phrases alone show that a text is about a post against the association."""
        plain = _plain(text)
        if self.unless.search(plain) or self.praise.search(plain):
            return False
        return bool(self.direct.search(plain)) or all(pattern.search(plain) for pattern in self.every)

    def settled(self, answer: PolicyAnswer, text: str) -> PolicyAnswer:
        """Return the answer with its topic corrected from the phrases: "incident" or, for praise, "question".

        An "incident" answer reminds people not to comment and offers to report the post. The question is
        never stored.
        """
        if answer.foreign or answer.topic == "draft":
            return answer
        if self.describes(text):
            return replace(answer, topic="incident", unkind=False)
        if answer.topic == "incident" and self.praise.search(_plain(text)):
            return replace(answer, topic="question")
        return answer


def load_negative_posts(folder: Path) -> NegativePosts:
    """Return the shipped phrases. Raises `OSError` when their file cannot be read."""
    data = tomllib.loads((folder / "negative_posts.toml").read_text("utf-8"))
    patterns = {name: re.compile("|".join(f"(?:{phrase})" for phrase in data[name])) for name in data}
    every = (patterns["where"], patterns["hostile"], patterns["us"])
    return NegativePosts(every, patterns["direct"], patterns["unless"], patterns["praise"])


def _plain(text: str) -> str:
    return " ".join(fold_accents(text[:NEGATIVE_POST_LENGTH]).replace("’", "'").split())
