"""The habits of many associations, each in a text of its own: every provision is found, and nothing else."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest

from bot.policy import articles
from bot.policy.articles import Version
from bot.policy.markdown import read_markdown, same_text, write_markdown
from bot.policy.outline import build_outline
from bot.policy.provisions import Block, Layout, Outline, Provision
from bot.revision.model_document import write_model
from bot.revision.reading import lint
from bot.revision.reading.docx_document import parse_docx
from tests.kits.docx_files import Writer
from tests.policy.test_outline import words_of, words_of_blocks

HABITS: Final = tomllib.loads(Path("tests/data/outlines.toml").read_text("utf-8"))["habit"]
NAMES: Final = [habit["name"] for habit in HABITS]


def plan(outline: Outline) -> list[str]:
    """Return an outline as the data write it: label, title, first words of its own text, by depth."""
    if outline.cover:
        cover = f"couverture | | {' '.join(outline.cover[0].text.split()[:4])}"
        return [cover, *_lines(outline.provisions, 0)]
    return list(_lines(outline.provisions, 0))


def _lines(provisions: Sequence[Provision], depth: int) -> Iterator[str]:
    for provision in provisions:
        own = " ".join(paragraph.text for paragraph in (*provision.paragraphs, *provision.closing))
        words = " ".join(own.split()[:5])
        yield "  " * depth + f"{provision.label or '·'} | {provision.title} | {words}".rstrip()
        yield from _lines(provision.children, depth + 1)


@pytest.mark.parametrize("habit", HABITS, ids=NAMES)
def test_each_provision_is_found_in_its_place_and_nothing_else(habit: dict[str, Any]) -> None:
    blocks = read_markdown(habit["text"])
    outline = build_outline(blocks)
    assert plan(outline) == habit["plan"].splitlines()
    assert [doubt.code for doubt in outline.doubts] == [*habit.get("left", []), *habit.get("doubts", [])]
    lost = words_of_blocks(blocks) - words_of(outline)
    assert not words_of(outline) - words_of_blocks(blocks)
    assert bool(lost) == bool(habit.get("left"))


@pytest.mark.parametrize("habit", HABITS, ids=NAMES)
def test_each_is_written_to_be_corrected_and_read_again_without_a_doubt(habit: dict[str, Any]) -> None:
    outline = build_outline(read_markdown(habit["text"]))
    again = build_outline(read_markdown(write_markdown(outline)))
    assert same_text(again, outline)
    assert again.doubts == ()


@pytest.mark.parametrize("habit", HABITS, ids=NAMES)
def test_each_is_given_in_word_to_be_revised_and_reads_the_same(habit: dict[str, Any]) -> None:
    outline = build_outline(read_markdown(habit["text"]))
    document = parse_docx(write_model(Version("essai", date(2020, 1, 1), outline)), "modele.docx")
    again = build_outline(document.blocks)
    assert same_text(again, outline)
    assert again.doubts == ()
    assert [
        *lint.lost(
            articles.parse(document.markdown, policy="essai", adopted=date(2020, 1, 1)), document.words
        )
    ] == []


def typed(blocks: Sequence[Block]) -> bytes:
    """Return a Word file in which these blocks are typed: styles for headings, a table, line breaks."""
    writer = Writer()
    words = None
    for block in blocks:
        text = f"{block.number} {block.text}".strip()
        margin = " " * round(block.indent / 6)
        if block.joined and words is not None:
            words.add_run(f"\n{margin}{text}")
        elif block.layout is Layout.ROW:
            cells = text.split("\t")
            row = writer.document.add_table(1, len(cells)).rows[0]
            for cell, word in zip(row.cells, cells, strict=True):
                cell.text = word
        else:
            sign = "\u2022\t" if block.layout is Layout.BULLET else ""
            words = writer.paragraph(margin + sign + text, bold=block.strong)
            if block.level:
                words.style = writer.document.styles[f"Heading {block.level}"]
    return writer.saved()


# Typed without the marks of Markdown, these cannot be told from text, or are no page of Word's.
_MARKDOWN_ONLY: Final = {"notes, puces et liens", "en-tête YAML et titres numérotés"}


@pytest.mark.parametrize(
    "habit",
    [pytest.param(habit, id=habit["name"]) for habit in HABITS if habit["name"] not in _MARKDOWN_ONLY],
)
def test_each_is_read_the_same_when_it_is_typed_in_word(habit: dict[str, Any]) -> None:
    document = parse_docx(typed(read_markdown(habit["text"])), habit["name"])
    assert plan(build_outline(document.blocks)) == habit["plan"].splitlines()
