"""The texts under examination, kept in memory for ten minutes, and never stored or logged.

A draft is looked up by its author and by a random name, which only the buttons in the author's private
messages carry.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final, TypeAlias

from bot.conversation.fading import Fading

if TYPE_CHECKING:
    from bot.conversation.requests import Actor
    from bot.posting.posts import Concern, Post
    from bot.times import Clock

KEPT: Final = timedelta(minutes=10)
MOST: Final = 500  # maximum drafts; beyond that, the person with the most drafts loses their oldest

Waved: TypeAlias = Mapping[str, frozenset[str]]
"""By name of a dismissed check, the words of the post that had raised the check."""


@dataclass(frozen=True, slots=True)
class PostDraft:
    """A post under examination, and the checks that its author dismissed."""

    post: Post
    waved: Waved = field(default_factory=dict, repr=False)

    def words(self, concern: Concern) -> tuple[str, ...]:
        """Return the words of the text that raise a concern, then those of the picture's description."""
        return self.post.passages(concern) + self.post.image_passages(concern)

    def is_waved(self, concern: Concern) -> bool:
        """Return whether a concern was dismissed and is still raised by the same words."""
        waved = self.waved.get(concern.check.name)
        return waved is not None and waved.issuperset(self.words(concern))

    def without(self, concern: Concern) -> PostDraft:
        """Return the draft with a concern dismissed."""
        name = concern.check.name
        words = self.waved.get(name, frozenset()).union(self.words(concern))
        return PostDraft(self.post, {**self.waved, name: words})


class PostDrafts:
    """The drafts in memory, by author and name."""

    def __init__(self, clock: Clock) -> None:
        self._shelf: Fading[tuple[Actor | None, str], PostDraft] = Fading(clock, KEPT, MOST)
        self._expected: Fading[Actor | None, bool] = Fading(clock, KEPT)

    def store(self, draft: PostDraft, author: Actor | None, name: str = "") -> str:
        """Keep a draft for ten minutes, under `name` or a new name. Return the name."""
        name = name or secrets.token_urlsafe(12)
        self._shelf.put((author, name), draft, author)
        return name

    def get(self, author: Actor | None, name: str) -> PostDraft | None:
        """Return a draft, or None when it expired or is somebody else's."""
        return self._shelf.get((author, name))

    def expect(self, author: Actor | None) -> None:
        """Remember for ten minutes that someone said that they would send a draft."""
        self._expected.put(author, value=True)

    def expected(self, author: Actor | None) -> bool:
        """Return whether someone said, within ten minutes, that they would send a draft. True only once."""
        return bool(self._expected.drop(author))

    def fade(self) -> None:
        """Drop the expired drafts. The clock calls this, so that no draft is kept longer."""
        self._shelf.fade()
        self._expected.fade()
