"""Examines a post: which checks of a policy it raises, and by which words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.language.detection import SmallWords, detect, load_small_words, tables
from bot.policy.articles import Number
from bot.posting.checks import Check, load_checks
from bot.posting.posts import LONGEST, Concern, Extent, Post, PostError
from bot.posting.segments import fold, segments

_LONG = 25  # words


@dataclass(frozen=True, slots=True)
class Examiner:
    """What examines posts, whatever the policy."""

    checks: Mapping[str, Check]
    small_words: SmallWords

    def examine(self, post: Post, clauses: Mapping[str, tuple[Number, ...]]) -> tuple[Concern, ...]:
        """Return what a post touches, the surest first.

        `clauses`: those of each check that the policy asks for (`Annotations.checks`). Raises `PostError` for
        a post that cannot be examined.
        """
        if not post.text.strip() and not post.image.strip():
            raise PostError("Il n'y a pas de texte à relire. Collez celui que vous voulez publier.")
        if len(post.text) > LONGEST:
            raise PostError("Ce texte a plus de 10\u00a0000 caractères. Donnez-m'en un morceau à la fois.")
        if detect(post.text, self.small_words) != "fr":
            raise PostError("Ce texte n'est pas en français, et je ne relis que le français.")
        concerns = []
        for name, numbers in clauses.items():
            check = self.checks[name]
            extents, image_extents = _raising(check, post.text), _raising(check, post.image)
            if extents or image_extents:
                concerns.append(
                    Concern(check, numbers, 0.6, certain=False, extents=extents, image_extents=image_extents)
                )
        return tuple(sorted(concerns, key=lambda concern: -concern.score))

    def looks_like_post(self, text: str) -> bool:
        """Return whether a text written in private looks like one to publish: long, and no question."""
        return len(text.split()) >= _LONG and "?" not in text and detect(text, self.small_words) == "fr"


def _raising(check: Check, text: str) -> tuple[Extent, ...]:
    folded = fold(text)
    return tuple(
        (start, end)
        for start, end in segments(text)
        if any(sign.search(folded, start, end) for sign in check.signs)
        and not any(word.search(folded, start, end) for word in check.unless)
    )


def load_examiner(seed: Path, folders: Sequence[Path]) -> Examiner:
    """Return the examiner of posts. Raises `OSError`, and `PolicyError` for a malformed table."""
    return Examiner(load_checks(seed), load_small_words(tables(folders)))
