"""What people type becomes what they mean."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answers import bank
from bot.language import spelling
from bot.language.spelling import Speller, sound
from bot.policy.articles import PolicyError
from bot.settings import SEED

TEXTS = (
    "L'association peut publier une photo de ses collègues sans autorisation.",
    "Est-ce que je peux utiliser Internet pendant les heures de travail?",
)
speller = Speller.of(TEXTS, spelling.load_spelling_table(bank.spelling_tables([SEED])))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("jpeux publié", "je peux publier"),
        ("chu su'a job", "je suis sur la travail"),
        ("pcq tlm le fait", "parce que tout le monde le fait"),
        ("une foto de mes colègues", "une photo de mes collègues"),
        ("san otorisation", "san autorisation"),
        ("lassociassion", "l'association"),
        ("l’AGE UQTR", "l'association"),
        ("le CA décide, ça c'est sûr", "le conseil d'administration décide , ça c'est sûr"),
        ("JPEUX", "je peux"),
        ("Y a-t-il une photo?", "y a -t- il une photo ?"),
        ("t correct", "t'es correct"),
        ("Slack, Zoom pis Pinterest", "slack , zoom puis pinterest"),
    ],
)
def test_a_typed_text_is_written_out(typed: str, meant: str) -> None:
    assert " ".join(speller(typed).split()) == meant


def test_a_word_in_capitals_only_has_its_meaning_in_capitals() -> None:
    assert "administration" not in speller("ca va")


@pytest.mark.parametrize(
    ("one", "other"), [("fonksion", "fonction"), ("foto", "photo"), ("kestion", "question")]
)
def test_two_ways_to_write_a_sound_sound_alike(one: str, other: str) -> None:
    assert sound(one) == sound(other)


@given(st.text())
def test_any_text_is_written_out_and_always_the_same_way(text: str) -> None:
    assert speller(text) == speller(text)


def test_what_is_known_is_left_alone() -> None:
    for text in TEXTS:
        once = speller(text)
        assert speller(once) == once


@pytest.mark.parametrize("line", ["seul", "un\tdeux\ttrois", "\tdeux", "un\t "])
def test_a_line_that_is_not_two_columns_is_said(tmp_path: Path, line: str) -> None:
    (tmp_path / "fr.tsv").write_text(f"# commentaire\n{line}\n", "utf-8")
    with pytest.raises(PolicyError, match="ligne 2"):
        spelling.load_spelling_table([tmp_path / "fr.tsv"])


def test_the_association_may_add_its_own_words(tmp_path: Path) -> None:
    (tmp_path / "spelling").mkdir()
    (tmp_path / "spelling" / "fr.tsv").write_text("cafo\tcafétéria\njob\temploi\n", "utf-8")
    table = spelling.load_spelling_table(bank.spelling_tables([SEED, tmp_path]))
    assert (table["cafo"], table["job"], table["pcq"]) == ("cafétéria", "emploi", "parce que")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("pohtos", "photos"),  # two letters swapped
        ("phtos", "photos"),  # one missing
        ("phottos", "photos"),  # one doubled
        ("phitos", "photos"),  # another's
        ("autoirsaiton", "autorisation"),  # two slips, in a long word
        ("pgae", "pgae"),  # too short to tell
        ("pohtso", "pohtso"),  # two slips, in a short one
    ],
)
def test_a_slip_of_the_fingers_is_corrected_when_the_word_is_long_enough(typed: str, meant: str) -> None:
    assert Speller.of(["une autorisation pour des photos sur ma page"], {})(typed) == meant


def test_a_text_without_a_known_word_is_not_searched_for_long() -> None:
    speller = Speller.of(["des photos"], {})
    text = " ".join(["pohtos"] * (spelling.MOST_SLIPS + 1))
    assert speller(text).split() == ["photos"] * spelling.MOST_SLIPS + ["pohtos"]
