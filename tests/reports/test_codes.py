"""The codes of reports: nine words, typed in any way; a wrong one is like one that never was."""

from __future__ import annotations

import math
import secrets
import unicodedata
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.policy.search import fold_accents
from bot.reports import codes as report_codes

KEY = bytes(range(32))
CODE = "académie élargir zoologie abaisser unanime ozone bénéfice fragile imbiber"


def test_a_code_is_nine_words_that_hold_99_bits() -> None:
    codes = [report_codes.new_code() for _ in range(2_000)]
    assert all(len(code.split()) == 9 for code in codes)
    assert len(set(codes)) == len(codes)
    assert len(report_codes._words()) == 2_048
    assert math.log2(len(report_codes._words())) * report_codes.WORDS == 99
    most = Counter(word for code in codes for word in code.split()).most_common(1)[0][1]
    assert most < 40, "18 000 draws among 2 048 words: 8.8 of each, 40 is ten deviations away"


def test_codes_come_from_the_systems_randomness(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []

    def token_bytes(size: int) -> bytes:
        drawn.append(size)
        return bytes(size)

    monkeypatch.setattr(secrets, "token_bytes", token_bytes)
    assert report_codes.new_code() == " ".join(["abaisser"] * 9)
    assert [size * 8 >= 99 for size in drawn] == [True]


@given(st.data())
def test_a_code_is_read_however_it_is_typed(data: st.DataObject) -> None:
    code = report_codes.new_code()
    words = [
        data.draw(
            st.sampled_from(
                [word, word.upper(), word.title(), fold_accents(word), fold_accents(word).upper()]
            )
        )
        for word in code.split()
    ]
    between = data.draw(st.sampled_from([" ", "  ", "-", "\n", " - ", ", ", "\u00a0", "\t", " \u2011 ", ";"]))
    around = data.draw(st.sampled_from(["", " ", "\n\n", "«\u00a0", "."]))
    assert report_codes.read_code(around + between.join(words) + around) == code
    numbered = "\n".join(f"{at}. {word}" for at, word in enumerate(words, 1))
    assert report_codes.read_code(numbered) == code
    assert report_codes.read_code(" ".join(f"{at}){word}" for at, word in enumerate(words, 1))) == code


def test_accents_may_be_written_in_two_characters() -> None:
    assert report_codes.read_code(unicodedata.normalize("NFD", CODE)) == CODE


@pytest.mark.parametrize(
    "text",
    ["", " ", CODE.rsplit(" ", 1)[0], CODE + " zoologie", CODE.replace("ozone", "ozzone"), "x" * 10_000,
     CODE.replace(" ", ""), "1 2 3 4 5 6 7 8 9", "\0" * 9, "😀 " * 9, f"{CODE} " * 60],
)  # fmt: skip
def test_what_is_no_code_is_not_read(text: str) -> None:
    assert report_codes.read_code(text) is None


@pytest.mark.parametrize(
    ("word", "nearest"),
    [
        ("ozzone", "ozone"),
        ("ozon", "ozone"),
        ("osone", "ozone"),
        ("academi", "académie"),
        ("zologie", "zoologie"),
    ],
)
def test_a_word_that_is_not_of_the_list_is_named_and_the_nearest_offered(word: str, nearest: str) -> None:
    right = next(each for each in CODE.split() if each == nearest)
    problem = report_codes.misreading(CODE.replace(right, word))
    assert f"«\u00a0{word}\u00a0» n'en est pas (peut-être «\u00a0{nearest}\u00a0»" in problem


def test_of_many_words_that_are_not_of_the_list_three_are_named() -> None:
    problem = report_codes.misreading("neuf mots que personne n'a jamais reçus")
    assert problem.count("n'en est pas") == 3
    assert problem.endswith("5 autres non plus.")


@given(st.one_of(st.text(max_size=500), st.lists(st.sampled_from(CODE.split()), max_size=12).map(" ".join)))
def test_it_is_said_why_a_text_is_no_code_and_of_a_code_nothing(text: str) -> None:
    assert bool(report_codes.misreading(text)) == (report_codes.read_code(text) is None)


@pytest.mark.parametrize("code", [CODE, " ".join(reversed(CODE.split()))])
def test_of_a_code_nothing_is_said_whether_or_not_it_exists(code: str) -> None:
    assert report_codes.misreading(code.upper().replace(" ", ", ")) == ""


@given(st.text(max_size=500))
def test_whatever_is_typed_is_looked_for_in_the_same_way(text: str) -> None:
    found = report_codes.lookup_hash(text, KEY)
    assert len(found) == 64
    assert found == report_codes.lookup_hash(text, KEY)


def test_what_is_typed_finds_what_was_kept() -> None:
    stored = report_codes.fingerprint(CODE, KEY)
    assert report_codes.lookup_hash(fold_accents(CODE).upper().replace(" ", "-"), KEY) == stored
    assert report_codes.lookup_hash(CODE, bytes(32)) != stored
    assert report_codes.lookup_hash(CODE.replace("ozone", "zoologie"), KEY) != stored


def test_nothing_that_can_be_typed_is_under_the_fingerprint_of_a_wrong_code() -> None:
    wrong = "pas un code"
    assert report_codes.lookup_hash(wrong, KEY) != report_codes.fingerprint(wrong, KEY)
