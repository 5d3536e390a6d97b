"""What someone reads: a policy, in one version, and the quotations and buttons that come of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from bot.conversation.messages import Mark, Quote
from bot.policy import links
from bot.policy.articles import Number, Version
from bot.policy.library import Policy, in_words
from bot.policy.links import FollowedText


@dataclass(frozen=True, slots=True)
class Reading:
    """What one reads: a policy, in one version; `on`: the day that was asked for, if one was.

    `followed`: what an older button asked for.
    """

    policy: Policy
    version: Version
    on: date | None = None
    followed: FollowedText | None = field(default=None, compare=False)

    def quote(
        self, number: Number, marks: tuple[Mark, ...] = (), start: int = 0, end: int | None = None
    ) -> Quote:
        """Return the quotation of a clause, or of its characters `start` to `end`."""
        return Quote(self.policy.id, self.version.key, str(number), start, end, marks)

    def command(self, text: object, name: str = "politique") -> str:
        """Return the command line that a button stands for."""
        day = f" --date {self.on}" if self.on else ""
        return f"{name} {self.policy.id if day else links.named(self.policy, self.version)}:{text}{day}"

    def revised(self) -> str:
        """Say when this version was adopted."""
        revised = f"Version révisée le {in_words(self.version.adopted)}"
        return f"{revised}, en vigueur le {in_words(self.on)}" if self.on else revised

    def place(self, number: Number) -> str:
        """Say where a clause stands: article, title, subheading."""
        clause = self.version.clause(number)
        title = f"Article {number.article}\u00a0: {self.policy.title(number, self.version)}"
        return title + (f" › {clause.heading}" if clause and clause.heading else "")
