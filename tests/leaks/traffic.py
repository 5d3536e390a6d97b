"""What the bot sends, to whom, and whether only they see it: outgoing payloads, as they were on the wire."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Payload:
    """One thing that was sent. `whose`: whose private reply it is, "" when it is nobody's."""

    where: str
    content: bytes = field(repr=False)
    whose: str = ""


@dataclass
class Traffic:
    """All of it, on one platform."""

    sent: list[Payload] = field(default_factory=list)

    def note(self, where: str, content: bytes, whose: str = "") -> None:
        """Keep what was sent."""
        self.sent.append(Payload(where, content, whose))
