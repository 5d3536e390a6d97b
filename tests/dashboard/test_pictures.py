"""The picture of a period: on any screen, with any eyes, or with none."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from itertools import groupby
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import typst
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image
from pypdfium2 import raw

from bot.conversation.messages import DESCRIPTION_LENGTH, capitalized, within_sentence
from bot.dashboard import pictures, words
from bot.dashboard.figures import Board, Figure, Section
from bot.dashboard.pictures import alternative, draw
from bot.language.bands import Band
from bot.typesetting import typeset
from tests.dashboard.boards import MONTH, QUIET, YEAR

INK, SOFT, TRACK, BLUE, WHITE = "1c2024", "565d64", "e4e8eb", "0072b2", "ffffff"
# How people see who lack a kind of cones, in linear RGB: Machado, Oliveira and Fernandes, « A
# Physiologically-based Model for Simulation of Color Vision Deficiency », 2009, at its strongest.
EYES = {
    "any": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


def linear(colour: str) -> list[float]:
    """Return a colour's red, green and blue as light (WCAG 2.2, « relative luminance »)."""
    shares = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    return [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]


def luminance(colour: str, eyes: str) -> float:
    seen = [
        min(1, max(0, sum(weight * light for weight, light in zip(row, linear(colour), strict=True))))
        for row in EYES[eyes]
    ]
    return 0.2126 * seen[0] + 0.7152 * seen[1] + 0.0722 * seen[2]


def contrast(one: str, other: str, eyes: str) -> float:
    low, high = sorted((luminance(one, eyes), luminance(other, eyes)))
    return (high + 0.05) / (low + 0.05)


def pixels(png: bytes) -> tuple[Image.Image, list[str]]:
    """Return a picture, and the colour of each of its pixels, line by line, as « rrggbb »."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    light = str(image.tobytes().hex())
    return image, [light[at : at + 6] for at in range(0, len(light), 6)]


def test_what_it_draws_is_told_apart_whatever_the_eyes() -> None:
    _, colours = pixels(draw(MONTH, "AGE UQTR"))
    assert {colour for colour, count in Counter(colours).items() if count > 400} >= {
        INK,
        SOFT,
        TRACK,
        BLUE,
        WHITE,
    }
    for eyes in EYES:
        for text in (INK, SOFT):
            assert contrast(text, WHITE, eyes) >= 4.5
        for bar in (BLUE, SOFT):
            assert min(contrast(bar, WHITE, eyes), contrast(bar, TRACK, eyes)) >= 3


def test_it_brings_its_own_background_to_a_dark_screen() -> None:
    png = draw(MONTH, "AGE UQTR")
    image, colours = pixels(png)
    assert Image.open(io.BytesIO(png)).convert("RGBA").getchannel("A").getextrema() == (255, 255)
    width = image.width
    assert {*colours[:width], *colours[::width], *colours[width - 1 :: width], *colours[-width:]} == {WHITE}


def test_the_bar_of_before_is_thinner_so_that_neither_needs_its_colour() -> None:
    image, colours = pixels(draw(MONTH, "AGE UQTR"))
    down = colours[44 :: image.width]  # through the beginning of each bar
    thick = {
        colour: max(len(list(run)) for key, run in groupby(down) if key == colour) for colour in (BLUE, SOFT)
    }
    assert thick[BLUE] >= 2 * thick[SOFT]


def test_its_letters_are_eleven_pixels_high_on_a_phone(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[bytes] = []

    def as_pdf(template: Path, data: dict[str, Any], _: str) -> bytes:
        house = Path(typeset.__file__).with_name("house.typ")
        inputs = {"data": json.dumps(data), "house": str(house)}
        written = typst.Compiler(template.read_bytes(), root="/", sys_inputs=inputs).compile(format="pdf")
        assert isinstance(written, bytes)
        drawn.append(written)
        return b""

    monkeypatch.setattr(pictures, "typeset", as_pdf)
    draw(MONTH, "AGE UQTR")
    page = pypdfium2.PdfDocument(drawn[0])[0]
    letters = page.get_textpage()
    sizes = [raw.FPDFText_GetFontSize(letters, at) for at in range(letters.count_chars())]
    assert min(size for size in sizes if size > 1) * 300 / page.get_width() >= 11


def test_who_does_not_see_it_has_every_number() -> None:
    text = alternative(MONTH)
    assert len(text) <= DESCRIPTION_LENGTH
    for section in MONTH.sections:
        for figure in section.figures:
            assert within_sentence(figure.title) in text
    assert "accueils en retard, 5 à 9, en hausse (moins de 5 en août\u00a02026)" in text
    assert "questions restées sans réponse, 15 à 19, en baisse (20 à 24 en août\u00a02026)" in text
    assert "textes relus, 5 à 9." in text
    assert "moins de 5\u00a0: version du 1er septembre 2026." in text


def test_the_sections_that_have_nothing_from_five_are_told_together() -> None:
    few = Figure("x", "X", Band())
    lost = "Leurs clés manquent\u00a0: je ne peux pas les compter."
    sections = [
        Section(title, title, note, figures)
        for title, note, figures in (
            ("Les avis", "", (few,)),
            ("Les clauses", "Aucune clause n'atteint cinq.", ()),
            ("Les textes", "", (few, few)),
            ("Les questions", "Aucune clause n'atteint cinq.", ()),
            ("Les signalements", lost, ()),
        )
    ]
    board = Board(MONTH.period, None, (*MONTH.sections[:1], *sections), "")
    assert list(words.rest(board)) == [
        "moins de 5\u00a0: les avis; les textes.",
        "Aucune clause n'atteint cinq\u00a0: les clauses; les questions.",
        "Leurs clés manquent\u00a0: je ne peux pas les compter (les signalements).",
    ]
    assert all(capitalized(line) in alternative(board) for line in words.rest(board))


def test_a_text_too_long_for_a_picture_says_how_much_is_left() -> None:
    assert re.search(r"\nEt \d autres lignes\.$", alternative(LARGE))
    long = (Section("x", f"{name} {'très ' * 120}", "", (Figure("x", "X", Band(5, 9)),)) for name in "AB")
    assert alternative(Board(MONTH.period, None, tuple(long), "")).endswith("\nEt une autre ligne.")


def test_bands_of_a_year_say_a_change_only_when_they_do_not_meet() -> None:
    assert words.change(Figure("x", "X", Band(10, 58), Band(0, 48))) == ""
    assert words.change(Figure("x", "X", Band(50, 98), Band(0, 48))) == "en hausse"
    assert words.change(Figure("x", "X", Band(0, 48), Band(50, 98))) == "en baisse"


@pytest.mark.parametrize("board", [MONTH, YEAR, QUIET, Board(YEAR.period, None, (), "")])
def test_it_is_as_long_as_its_figures(board: Board) -> None:
    image = Image.open(io.BytesIO(draw(board, "AGE UQTR")))
    assert image.width == 680
    assert image.height < 2_400


HOSTILE = st.one_of(
    st.text(max_size=80),
    st.sampled_from(
        [
            '#panic("non") $x$ `code` *gras* <lien> @ref \\u{41}',
            "﷽ 🦉 \u202emiroir\u0000",
            "x" * 400,
            "é" * 90,
            "",
        ]
    ),
)
BANDS = st.one_of(
    st.integers(0, 10**9).map(Band.of),
    st.builds(lambda low, more: Band(low, low + more), *[st.integers(0, 999)] * 2),
)
FIGURES = st.builds(Figure, HOSTILE, HOSTILE, BANDS, st.none() | BANDS)
SECTIONS = st.builds(Section, HOSTILE, HOSTILE, HOSTILE, st.lists(FIGURES, max_size=40).map(tuple))
BOARDS = st.builds(
    Board,
    st.sampled_from([MONTH.period, YEAR.period]),
    st.sampled_from([None, MONTH.before, YEAR.period.previous]),
    st.lists(SECTIONS, max_size=8).map(tuple),
    HOSTILE,
)

LARGE = Board(
    MONTH.period,
    MONTH.before,
    tuple(
        Section(
            f"quiz:p{n}",
            f"{'Règlement'} {'très' * 40} long {n}",
            "﷽ 🦉 \u202emiroir\u0000 #panic()",
            tuple(
                Figure(f"quiz:p{n}:clause:{at}", f"Clause {'9.' * 30}{at}", Band.of(at), Band())
                for at in range(40)
            ),
        )
        for n in range(4)
    ),
    "",
)


@settings(max_examples=12, deadline=None)
@given(BOARDS)
@example(LARGE)
def test_any_board_is_drawn_and_said(board: Board) -> None:
    assert Image.open(io.BytesIO(draw(board, "L'association"))).format == "PNG"
    assert len(alternative(board)) <= DESCRIPTION_LENGTH
