"""The result of reading a file in any format."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Self

from bot.policy.markdown import write_markdown
from bot.policy.outline import build_outline
from bot.policy.provisions import Block
from bot.revision.reading.lint import LintFinding

# Of a file, in its text or on its pages. A text that repeats the former one is then compared in two seconds.
MOST_CHARACTERS: Final = 400_000


@dataclass(frozen=True, slots=True)
class Document:
    """A file's text, in Markdown: its own, or the canonical one of what was read in another format.

    `words`: those found by a second, cruder reading, used to detect lost text. `blocks`: what its outline is
    made from.
    """

    markdown: str
    words: tuple[str, ...]
    findings: tuple[LintFinding, ...] = ()
    blocks: tuple[Block, ...] = ()

    @classmethod
    def of(
        cls, blocks: Sequence[Block], words: Iterable[str], findings: Iterable[LintFinding], unit: str
    ) -> Self:
        """Return a document read in blocks, with its canonical Markdown and what is doubtful in its outline.

        `unit`: what the blocks' lines count, « Page ».
        """
        outline = build_outline(blocks)
        doubts = (
            LintFinding(doubt.code, "", f"{unit} {doubt.line}\u00a0: {doubt.message}")
            for doubt in outline.doubts
        )
        noted = dict.fromkeys([*findings, *doubts])
        return cls(write_markdown(outline), tuple(words), tuple(noted), tuple(blocks))
