"""A post: a text that someone means to publish, and the concerns that it raises."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, TypeAlias

from bot.conversation.requests import UserError
from bot.policy.articles import Number
from bot.posting.checks import Check, Venue

LONGEST: Final = 10_000  # maximum characters

Extent: TypeAlias = tuple[int, int]
"""The start and end (excluded) of some words, in code points of the original text."""


class PostError(UserError):
    """A post cannot be examined. The text is one French line that says what to do."""


@dataclass(frozen=True, slots=True)
class Post:
    """A text to publish.

    `image`: a description of its picture. `venue`: where it will appear, "" if unknown.
    """

    text: str = field(repr=False)
    image: str = field(default="", repr=False)
    venue: Venue = ""

    def passages(self, concern: Concern) -> tuple[str, ...]:
        """Return the words of the text that raise a concern."""
        return tuple(self.text[start:end] for start, end in concern.extents)

    def image_passages(self, concern: Concern) -> tuple[str, ...]:
        """Return the words of the picture's description that raise a concern."""
        return tuple(self.image[start:end] for start, end in concern.image_extents)


@dataclass(frozen=True, slots=True)
class Concern:
    """A check that a post raises. `clauses`: the clause concerned, then those to read with it.

    `score`: a likelihood, from 0 to 1. `certain`: whether the concern is shown without « peut-être ».
    `extents`, `image_extents`: where the words that raised the check are, in the text and in the picture's
    description, in order.
    """

    check: Check
    clauses: tuple[Number, ...]
    score: float
    certain: bool
    extents: tuple[Extent, ...] = ()
    image_extents: tuple[Extent, ...] = ()
