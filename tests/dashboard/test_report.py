"""The report of a month, on paper and to a screen reader: tagged, short, in bands, in the policy's words."""

from __future__ import annotations

import io
import re
import subprocess
from collections.abc import Sequence
from datetime import date

import pikepdf
import pytest
from hypothesis import example, given, settings

from bot.conversation.messages import Quote
from bot.dashboard import report
from bot.dashboard.figures import Board
from bot.dashboard.periods import month_of, year_from
from bot.policy.library import Library
from tests.dashboard.boards import MONTH, QUIET, YEAR
from tests.dashboard.test_pictures import BOARDS, LARGE


def made(library: Library, *boards: Board) -> bytes:
    return report.make_report(boards, library, "AGE UQTR")


def read(content: bytes) -> str:
    done = subprocess.run(["pdftotext", "-raw", "-", "-"], input=content, capture_output=True, check=True)  # noqa: S607 — whichever is installed
    return re.sub(r"\s+", " ", done.stdout.decode().replace("\u00a0", " "))


def tags(node: pikepdf.Object) -> list[pikepdf.Dictionary]:
    if isinstance(node, pikepdf.Array):
        return [tag for child in node.as_list() for tag in tags(child)]
    if isinstance(node, pikepdf.Dictionary) and "/S" in node:
        return [node, *tags(node.get("/K", pikepdf.Array()))]
    return []


def kind(tag: pikepdf.Dictionary) -> str:
    return str(tag["/S"])[1:]


def test_a_screen_reader_finds_its_way(library: Library) -> None:
    with pikepdf.open(io.BytesIO(made(library, MONTH))) as pages:
        assert str(pages.Root.Lang) == "fr-CA"
        assert pages.Root.MarkInfo.Marked
        assert pages.Root.ViewerPreferences.DisplayDocTitle
        meta = pages.open_metadata()
        assert meta["dc:title"] == "Rapport de septembre\u00a02026"
        assert meta["pdfuaid:part"] == "1"
        all_tags = tags(pages.Root.StructTreeRoot.K)
        headings = [kind(tag) for tag in all_tags if re.fullmatch(r"H\d", kind(tag))]
        assert headings == ["H1", "H2", "H2", *["H3"] * len(MONTH.sections), "H2"]
        tables = [tag for tag in all_tags if kind(tag) == "Table"]
        assert len(tables) == len(MONTH.sections)
        for table in tables:
            heads = [tag for tag in tags(table) if kind(tag) == "TH"]
            assert len(heads) == 4
            assert all("/Column" in str(head["/A"]) for head in heads)
        assert not [tag for tag in all_tags if kind(tag) == "Figure"], (
            "the bars say nothing that words do not"
        )


def test_it_is_short_and_says_what_to_look_at_first(library: Library) -> None:
    content = made(library, MONTH)
    with pikepdf.open(io.BytesIO(content)) as pages:
        assert len(pages.pages) == 2
    words = read(content)
    first, retards = words.index("À regarder d’abord"), words.index("accueils en retard, 5 à 9, en hausse")
    assert first < retards < words.index("Septembre 2026, comparé à août 2026")
    assert "(moins de 5 en août 2026). L’administration peut les relancer." in words
    assert "Ce qui n’est pas compté" in words
    assert MONTH.note in words.replace("’", "'")


def test_the_month_that_ends_a_year_comes_with_the_year_in_four_pages(library: Library) -> None:
    content = made(library, MONTH, YEAR)
    with pikepdf.open(io.BytesIO(content)) as pages:
        assert len(pages.pages) <= 4
    words = read(content)
    assert "Année 2025-2026" in words
    assert "que par les tranches de ses mois" in words
    assert words.count("Ce qui n’est pas compté") == 1


def test_it_quotes_the_clauses_most_misunderstood_in_their_own_words(library: Library) -> None:
    assert "Les clauses dont il est question" not in read(made(library, MONTH))
    data = report.page_data([YEAR], library, "AGE UQTR")
    version = library.reading(library.default).version.key
    quotations = [library.quote(Quote("pa20", version, clause)) for clause in ("5.10", "5.9", "5.14")]
    assert [quotation["caption"] for quotation in data["quotes"]] == [each.caption for each in quotations]
    for quotation, shown in zip(quotations, data["quotes"], strict=True):
        own = ["".join(span.text for span in spans) for spans in quotation.paragraphs]
        assert shown["paragraphs"] == own
    assert re.sub(r"\s+", " ", data["quotes"][0]["paragraphs"][0].replace("\u00a0", " ")) in read(
        made(library, YEAR)
    )


def test_no_figure_is_under_five_nor_exact(library: Library) -> None:
    words = read(made(library, MONTH, YEAR))
    bare = re.sub(
        r"[Mm]oins de \d+|au moins \d+|[Aa]u moins \d+|"
        r"\d+ à \d+|\d+(?:er)? \w+ 20\d\d|\w+ 20\d\d(?:-20\d\d)?|5\.\d+|Page \d de \d|PA20",
        "",
        words,
    )
    assert re.findall(r"\d+", bare) == []


def test_the_same_figures_make_the_same_file(library: Library) -> None:
    assert made(library, MONTH) == made(library, MONTH)


def test_a_year_has_a_word_of_its_own_before_it() -> None:
    titles = [report.title(month_of(date(2026, month, 1))) for month in (4, 8, 9, 10)]
    assert [title.split()[1][:3] for title in titles] == ["d'a", "d'a", "de", "d'o"]
    assert report.title(year_from(date(2025, 9, 1))) == "Rapport de l'année\u00a02025-2026"


@pytest.mark.parametrize(
    ("boards", "quiet"), [([MONTH], False), ([QUIET], True), ([QUIET, QUIET], True), ([QUIET, YEAR], False)]
)
def test_a_month_is_quiet_when_nothing_reaches_five_nor_left_it(boards: Sequence[Board], quiet: bool) -> None:
    assert report.is_quiet(boards) is quiet


def test_a_month_where_nothing_moved_says_so(library: Library) -> None:
    assert report.first_look([QUIET]) == [
        "Aucun nombre ne demande qu'on s'y arrête. Rien n'a changé de tranche depuis août\u00a02026."
    ]
    assert "Aucun nombre ne demande" in read(made(library, QUIET))


@settings(max_examples=5, deadline=None)
@given(board=BOARDS)
@example(board=LARGE)
def test_any_board_makes_pages(library: Library, board: Board) -> None:
    with pikepdf.open(io.BytesIO(made(library, board))) as pages:
        assert len(pages.pages) >= 1
        assert pages.open_metadata()["pdfuaid:part"] == "1"
