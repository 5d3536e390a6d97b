"""A comparison on paper: tagged, with every word of the changes, struck or bold."""

from __future__ import annotations

import io
import re
import subprocess
from dataclasses import replace
from datetime import date

import pikepdf
import pytest

from bot.policy import articles
from bot.policy.changes.comparison import Comparison, compare
from bot.policy.library import Library
from bot.revision import comparison_pdf
from bot.settings import SEED
from bot.typesetting.typeset import TypesetError
from tests.policy.test_identities import NEW, shifted

TEXT = (SEED / "politique/pa20/2015-12-13.md").read_text("utf-8")


def comparison(library: Library, text: str) -> Comparison:
    old = library.default.versions[-1]
    return compare(old, articles.parse(text, policy="pa20", adopted=date(2026, 12, 1)))


def read(content: bytes) -> str:
    done = subprocess.run(["pdftotext", "-raw", "-", "-"], input=content, capture_output=True, check=True)  # noqa: S607 — whichever is installed
    return re.sub(r"\s+", " ", done.stdout.decode().replace("\u00a0", " "))


def test_it_says_what_changed_clause_by_clause(library: Library) -> None:
    text = shifted(TEXT, 5, 3, NEW).replace("nous vous invitons à vous abstenir", "vous devez vous abstenir")
    content = comparison_pdf.make_comparison_pdf(library.default, comparison(library, text))
    words = read(content)
    assert "Ce qui change dans la PA20" in words
    assert "Elle demande aux personnes visées de lire ce qui change." in words
    assert "5.10, devenue 5.11 et modifiée" in words
    assert "5.3 à 5.9 5.4 à 5.10 renumérotation de forme" in words
    assert "Une affiche rappelle le couvre-feu du local." in words


def test_it_is_tagged_in_french_and_made_again_it_is_the_same(library: Library) -> None:
    made = [
        comparison_pdf.make_comparison_pdf(library.default, comparison(library, TEXT + "\nFin."))
        for _ in range(2)
    ]
    assert made[0] == made[1]
    with pikepdf.open(io.BytesIO(made[0])) as pages:
        assert pages.Root.MarkInfo.Marked
        assert str(pages.Root.Lang).startswith("fr")
        assert pages.Root.StructTreeRoot is not None
        assert pages.open_metadata()["pdfuaid:part"] == "1"


def test_whatever_a_text_holds_is_text(library: Library) -> None:
    hostile = '#panic("non") $x$ `code` *gras* <lien> @ref \\u{41} ﷽ 🦉 \u202emiroir'
    content = comparison_pdf.make_comparison_pdf(
        library.default, comparison(library, f"{TEXT}\n\n- 7.4 {hostile}")
    )
    words = read(content)
    assert '#panic("non") $x$' in words
    assert "remplacés par □" in words


def test_nothing_that_changed_and_everything_that_changed_make_pages(library: Library) -> None:
    assert "Aucune clause changée." in read(
        comparison_pdf.make_comparison_pdf(library.default, comparison(library, TEXT))
    )
    other = "\n".join(f"- 1.{at} Une règle toute neuve, la {at}." for at in range(1, 400))
    whole = comparison_pdf.make_comparison_pdf(
        library.default, comparison(library, f"## ARTICLE 1 : RÈGLES\n\n{other}")
    )
    assert "C'est une refonte" in read(whole).replace("’", "'")


def test_a_page_that_cannot_be_made_is_one_sentence(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def data(*_: object) -> dict[str, object]:
        return {"made": "jamais"}

    monkeypatch.setattr(comparison_pdf, "page_data", data)
    with pytest.raises(TypesetError, match="mise en page"):
        comparison_pdf.make_comparison_pdf(library.default, replace(comparison(library, TEXT)))
