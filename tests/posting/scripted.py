"""Having texts examined in tests: an examiner that finds what it is told to, by its words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from bot.app.build import Bot, Parts
from bot.policy.articles import Number
from bot.posting.checks import Check
from bot.posting.examining import Examiner
from bot.posting.posts import Concern, Extent, Post

Words = Mapping[str, tuple[str, float, bool]]


@dataclass(frozen=True, slots=True)
class ScriptedExaminer:
    """Finds each of its `words` wherever they are written.

    `words`: by what is looked for, the check that it raises, its score, and whether it is certain. `posts`:
    words of a text that looks like one to publish.
    """

    checks: Mapping[str, Check]
    words: Words
    posts: str = "samedi"

    def examine(
        self, post: Post, asked: Sequence[Mapping[str, tuple[Number, ...]]]
    ) -> list[tuple[Concern, ...]]:
        return [self._concerns(post, clauses) for clauses in asked]

    def _concerns(self, post: Post, clauses: Mapping[str, tuple[Number, ...]]) -> tuple[Concern, ...]:
        by_check: dict[str, Concern] = {}
        for words, (name, score, certain) in self.words.items():
            extents, pictured = (_extents(words, text) for text in (post.text, post.image))
            if name not in clauses or not (extents or pictured):
                continue
            before = by_check.get(name)
            by_check[name] = Concern(
                self.checks[name],
                clauses[name],
                score,
                certain,
                (*(before.extents if before else ()), *extents),
                (*(before.image_extents if before else ()), *pictured),
            )
        return tuple(sorted(by_check.values(), key=lambda concern: -concern.score))

    def looks_like_post(self, text: str) -> bool:
        return self.posts in text.lower()


def _extents(words: str, text: str) -> tuple[Extent, ...]:
    return tuple(match.span() for match in re.finditer(re.escape(words), text))


WORDS: Words = {
    "le logo": ("logo", 0.97, True),
    "l'asso dénonce": ("speaking_for", 0.9, True),
    "une photo": ("image_of_others", 0.6, False),
    "je vais te casser": ("threat", 0.55, False),
    "ma job est plate": ("criticism", 0.4, False),
}


def scripted(bot: Bot | Parts, words: Words = WORDS, *, posts: str = "samedi") -> None:
    """Have a bot find `words`, and take for drafts the texts that have `posts`."""
    examiner = ScriptedExaminer(bot.examiner.checks, words, posts)
    bot.examiner = cast("Examiner", examiner)
