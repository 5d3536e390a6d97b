"""The result of reading a file in any format."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Self

from bot.policy.decisions import Decisions
from bot.policy.markdown import write_markdown
from bot.policy.outline import build_outline
from bot.policy.provisions import Block, Doubt
from bot.revision.reading.clashes import Clash, unsettled
from bot.revision.reading.findings import LintFinding

# The maximum characters of a file. At this size, comparing two almost identical texts takes two seconds.
MOST_CHARACTERS: Final = 400_000


@dataclass(frozen=True, slots=True)
class Document:
    """A file's text in Markdown: as written, or made from a file in another format.

    `words`: the words found by a second, cruder reading, used to detect lost text. `findings`: the
    uncertainties due to the file's format. `blocks`: the blocks that the outline is built from. `doubts`:
    the doubts of the outline. `unit`: what the line numbers of doubts count, such as « Page ». `decisions`: a
    person's decisions about the lines.
    """

    markdown: str
    words: tuple[str, ...]
    findings: tuple[LintFinding, ...] = ()
    blocks: tuple[Block, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    unit: str = "Ligne"
    decisions: Decisions = field(default_factory=dict)

    @classmethod
    def of(
        cls, blocks: Sequence[Block], words: Iterable[str], findings: Iterable[LintFinding], unit: str
    ) -> Self:
        """Return the document made of these blocks, with the Markdown of their outline."""
        outline = build_outline(blocks)
        noted = tuple(dict.fromkeys(findings))
        return cls(write_markdown(outline), tuple(words), noted, tuple(blocks), outline.doubts, unit)

    def decided(self, decisions: Decisions) -> Self:
        """Return the document with a person's decisions about its lines applied.

        If the decisions change the outline, the Markdown is written again from the new outline.
        """
        if not decisions:
            return self
        outline = build_outline(self.blocks, decisions)
        if outline == build_outline(self.blocks):
            return replace(self, decisions=decisions)
        markdown = write_markdown(outline)
        return replace(self, markdown=markdown, doubts=outline.doubts, decisions=decisions)

    def clashes(self) -> list[Clash]:
        """Return the clashes of the document, except on lines that a person decided about."""
        return unsettled(build_outline(self.blocks, self.decisions), self.blocks, self.decisions)

    def all_findings(self) -> tuple[LintFinding, ...]:
        """Return the findings due to the file's format, then the doubts of the outline, as findings."""
        doubts = (LintFinding(doubt.code, "", doubt.placed(self.unit)) for doubt in self.doubts)
        return (*self.findings, *dict.fromkeys(doubts))
