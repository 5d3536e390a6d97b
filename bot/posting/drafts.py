"""The texts that people are having examined, kept in memory for ten minutes: never written, never logged.

A draft is found by its author and by a random name that only the buttons of their private messages carry.
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
MOST: Final = 500  # drafts; beyond that, the person who has the most loses their oldest

Waved: TypeAlias = Mapping[str, frozenset[str]]
"""By check, the words about which the author dismissed it."""


@dataclass(frozen=True, slots=True)
class PostDraft:
    """A post under examination, and the findings that its author dismissed."""

    post: Post
    waved: Waved = field(default_factory=dict, repr=False)

    def words(self, concern: Concern) -> tuple[str, ...]:
        """Return the words of the text that raise a concern, then those of the picture's description."""
        return self.post.passages(concern) + self.post.image_passages(concern)

    def is_waved(self, concern: Concern) -> bool:
        """Return whether a concern was dismissed, and its words have not changed since."""
        waved = self.waved.get(concern.check.name)
        return waved is not None and waved.issuperset(self.words(concern))

    def without(self, concern: Concern) -> PostDraft:
        """Return the draft with a concern dismissed."""
        name = concern.check.name
        words = self.waved.get(name, frozenset()).union(self.words(concern))
        return PostDraft(self.post, {**self.waved, name: words})


class PostDrafts:
    """The shelf of drafts."""

    def __init__(self, clock: Clock) -> None:
        self._shelf: Fading[tuple[Actor | None, str], PostDraft] = Fading(clock, KEPT, MOST)
        self._expected: Fading[Actor | None, bool] = Fading(clock, KEPT)

    def store(self, draft: PostDraft, author: Actor | None, name: str = "") -> str:
        """Keep a draft for ten minutes, under `name` or a new name, which is returned."""
        name = name or secrets.token_urlsafe(12)
        self._shelf.put((author, name), draft, author)
        return name

    def get(self, author: Actor | None, name: str) -> PostDraft | None:
        """Return a draft, or None when it expired or is somebody else's."""
        return self._shelf.get((author, name))

    def expect(self, author: Actor | None) -> None:
        """Remember for ten minutes that someone said they have a draft."""
        self._expected.put(author, value=True)

    def expected(self, author: Actor | None) -> bool:
        """Return whether what someone now writes may be the draft that they announced. True only once."""
        return bool(self._expected.drop(author))

    def fade(self) -> None:
        """Drop the expired drafts. The clock calls this, so that none is kept longer."""
        self._shelf.fade()
        self._expected.fade()
