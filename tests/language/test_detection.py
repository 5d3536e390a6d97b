"""French and English are read; the others are recognised, and French is never taken for one of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answers import bank
from bot.answers.bank import BankLine
from bot.language import detection
from bot.policy.articles import PolicyError
from bot.settings import SEED

words = detection.load_small_words(detection.tables([SEED]))


@pytest.fixture(scope="module")
def lines() -> tuple[BankLine, ...]:
    paths = (*bank.bank_files([SEED], "pa20"), *bank.bank_files([SEED], "pa20", bank.GATE))
    return bank.load_bank_lines(paths)


def test_no_question_of_the_bank_is_refused_for_its_language(lines: tuple[BankLine, ...]) -> None:
    assert [x.question for x in lines if x.gold and detection.detect(x.question, words) == "other"] == []


def test_english_is_recognised(lines: tuple[BankLine, ...]) -> None:
    english = [line.question for line in lines if line.kind == "english"]
    found = sum(detection.detect(question, words) == "en" for question in english)
    assert found / len(english) > 0.98


def test_french_is_hardly_ever_taken_for_english(lines: tuple[BankLine, ...]) -> None:
    french = [x.question for x in lines if x.kind not in {"english", "article"} and x.gold]
    assert sum(detection.detect(question, words) == "en" for question in french) / len(french) < 0.01


@pytest.mark.parametrize(
    "text",
    [
        "¿Puedo usar Facebook durante las horas de trabajo?",
        "cuales son las sanciones",
        "¿Está prohibido criticar a la asociación en internet?",
        "Posso usar o Instagram durante o trabalho?",
        "Chi può usare il logo dell'associazione?",
        "Darf ich während der Arbeitszeit Instagram benutzen?",
        "Mag ik tijdens het werk op Facebook?",
        "هل يمكنني استخدام فيسبوك أثناء العمل؟",
        "我可以在工作时间使用脸书吗?",
        "Можно ли пользоваться Фейсбуком на работе?",
        "Pot să folosesc Facebook la serviciu?",
        "Czy mogę korzystać z Facebooka w pracy?",
        "Èske mwen ka itilize Facebook nan travay la?",
        "Får jag använda Facebook på jobbet?",
    ],
)
def test_other_languages_are_recognised(text: str) -> None:
    assert detection.detect(text, words) == "other"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?",
        "5.10",
        "logo",
        "Facebook",
        "ki peu mètre la foto de kelkun",
        "señor Pedro peut-il publier?",
        "x" * 3_000,
    ],
)
def test_what_proves_nothing_is_french(text: str) -> None:
    assert detection.detect(text, words) == "fr"


@given(st.text())
def test_any_text_has_a_language(text: str) -> None:
    assert detection.detect(text, words) in {"fr", "en", "other"}


def test_a_line_without_words_is_said(tmp_path: Path) -> None:
    (tmp_path / "langues.tsv").write_text("fr\tle la\nes\t\n", "utf-8")
    with pytest.raises(PolicyError, match="ligne 2"):
        detection.load_small_words([tmp_path / "langues.tsv"])
