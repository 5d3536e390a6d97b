"""The exports are read back by the rules of Moodle's own readers, written here from these rules alone."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.onboarding.quiz import bank as quiz_bank
from bot.onboarding.quiz import export
from bot.onboarding.quiz.bank import Question, QuizChoice
from tests.kits.quiz import VERSION, WRITTEN, made_up
from tests.onboarding.test_quiz_bank import SHIPPED

# The fractions that Moodle knows, question/engine/bank.php: any other is refused when imported.
FRACTIONS = {
    *(100, 90, 83.33333, 80, 75, 70, 66.66667, 60, 50, 40, 33.33333, 30, 25, 20, 16.66667, 14.28571),
    *(12.5, 11.11111, 10, 5, 0),
}
BANKS = {
    "shipped": quiz_bank.parse_bank(SHIPPED.read_text(encoding="utf-8"), VERSION).questions,
    "test": quiz_bank.parse_bank(WRITTEN.read_text(encoding="utf-8"), VERSION).questions,
    "made up": made_up().questions,
}
HOSTILE = "a=b ~ c#d {e} f:g \\n h\\ 50% [x] <b>&amp;</b> // i\n\n::j:: $CATEGORY: k -> &&058;"


def plain(markup: str) -> str:
    """Return the text of the markup that is written."""
    return html.unescape(markup.replace("<br>", "\n"))


@dataclass
class Read:
    """A question as Moodle would have it."""

    name: str
    text: str
    single: bool
    general: str
    answers: list[tuple[str, float, str]]  # text, fraction per cent, feedback


def check(found: list[Read], questions: tuple[Question, ...]) -> None:
    """Check that nothing was lost or changed, and that grades are fair."""
    assert [one.name for one in found] == [f"PA20 {question.id}" for question in questions]
    for read, question in zip(found, questions, strict=True):
        assert read.text == question.text
        assert read.general.startswith(f"PA20, {question.clause}\u00a0: «\u00a0")
        clause = VERSION.clause(question.clause)
        assert clause
        assert clause.text in read.general
        assert read.single is not question.several
        assert [(text, feedback) for text, _, feedback in read.answers] == [
            (choice.text, choice.feedback) for choice in question.choices
        ]
        fractions = [fraction for _, fraction, _ in read.answers]
        assert {abs(fraction) for fraction in fractions} <= FRACTIONS
        assert {at for at, fraction in enumerate(fractions) if fraction > 0} == question.right
        assert sum(f for f in fractions if f > 0) == pytest.approx(100, abs=0.001)
        assert (max(fractions) == 100) is read.single


# --- Moodle XML -------------------------------------------------------------------------------


def from_moodle(text: str) -> list[Read]:
    """Read Moodle XML as `format.php` does; a missing or unknown part is an error."""
    root = ET.fromstring(text)  # noqa: S314 — what we have just written
    assert root.tag == "quiz"
    first, *others = list(root)
    assert first.attrib == {"type": "category"}
    assert first.findtext("category/text") == "$course$/top/PA20"
    return [_from_moodle(item) for item in others]


def _from_moodle(item: ET.Element) -> Read:
    kind = item.get("type")
    assert kind in {"multichoice", "truefalse"}
    for part in ("questiontext", "generalfeedback"):
        result = item.find(part)
        assert result is not None
        assert result.get("format") == "html"
    assert 0 <= float(item.findtext("penalty") or "x") <= 1
    assert float(item.findtext("defaultgrade") or "x") == 1
    assert item.findtext("hidden") == "0"
    answers = [
        (
            plain(answer.findtext("text") or ""),
            float(answer.get("fraction") or "x"),
            plain(answer.findtext("feedback/text") or ""),
        )
        for answer in item.findall("answer")
    ]
    if kind == "truefalse":
        assert [text for text, _, _ in answers] == ["true", "false"]
        names = {"true": "Vrai", "false": "Faux"}
        answers = [(names[text], fraction, feedback) for text, fraction, feedback in answers]
    else:
        assert item.findtext("shuffleanswers") == "true"
        assert item.findtext("answernumbering") in {"abc", "ABCD", "123", "iii", "IIII", "none"}
    return Read(
        item.findtext("name/text") or "",
        plain(item.findtext("questiontext/text") or ""),
        kind == "truefalse" or item.findtext("single") == "true",
        plain(item.findtext("generalfeedback/text") or ""),
        answers,
    )


@pytest.mark.parametrize("bank", BANKS)
def test_moodle_reads_every_question_from_the_xml(bank: str) -> None:
    check(from_moodle(export.moodle(BANKS[bank], VERSION, "PA20")), BANKS[bank])


# --- GIFT -------------------------------------------------------------------------------------

_ESCAPES = {f"\\{char}": chr(0xE000 + at) for at, char in enumerate(":#={}~n")}
_BACK = {chr(0xE000 + at): "\n" if char == "n" else char for at, char in enumerate(":#={}~n")}
_WEIGHT = re.compile(r"%(-?[0-9]{1,2}\.?[0-9]*)%")  # two figures at most before the point


def from_gift(text: str) -> list[Read]:
    """Read GIFT: questions are parted by blank lines, marks count unless a backslash is before them."""
    first, *blocks = re.split(r"\n\s*\n", text.strip())
    assert first == "$CATEGORY: $course$/top/PA20"
    return [_from_gift(block) for block in blocks]


def _from_gift(block: str) -> Read:
    lines = [line for line in block.split("\n") if not line.strip().startswith("//")]
    text = "\n".join(lines).replace("\\\\", "\ue100")
    for escaped, place in _ESCAPES.items():
        text = text.replace(escaped, place)
    text = text.replace("\ue100", "\\")
    assert text.startswith("::")
    name, text = text[2:].split("::", 1)
    assert (text.count("{"), text.count("}"), text[-1]) == (1, 1, "}")
    question, body = text[:-1].split("{")
    body, general = body.rsplit("####", 1)
    answers, single = _answers(body.strip())
    return Read(_text(name), _formatted(question), single, _formatted(general), answers)


def _answers(body: str) -> tuple[list[tuple[str, float, str]], bool]:
    if "~" not in body and "=" not in body:
        answer, wrong, right = body.split("#", 2)
        assert answer in {"TRUE", "FALSE"}
        true = answer == "TRUE"
        feedback = (_formatted(right), _formatted(wrong))
        return [
            ("Vrai", 100.0 * true, feedback[not true]),
            ("Faux", 100.0 * (not true), feedback[true]),
        ], True
    return list(_choices(body)), "=" in body


def _choices(body: str) -> Iterator[tuple[str, float, str]]:
    assert "->" not in body
    for answer in body.replace("=", "~=").split("~")[1:]:
        answer = answer.strip()  # noqa: PLW2901 — as the reader does
        if not answer:
            continue
        weight = 0.0
        if answer[0] == "=":
            weight, answer = 100.0, answer[1:]  # noqa: PLW2901 — as above
        elif found := _WEIGHT.match(answer):
            weight, answer = float(found[1]), answer[found.end() :]  # noqa: PLW2901 — as above
        text, feedback = answer.split("#", 1)
        yield _formatted(text), weight, _formatted(feedback)


def _formatted(text: str) -> str:
    assert text.strip().startswith("[html]")
    return plain(_text(text.strip().removeprefix("[html]")))


def _text(text: str) -> str:
    return "".join(_BACK.get(char, char) for char in text).strip()


@pytest.mark.parametrize("bank", BANKS)
def test_moodle_reads_every_question_from_gift(bank: str) -> None:
    check(from_gift(export.gift(BANKS[bank], VERSION, "PA20")), BANKS[bank])


# --- Any text ---------------------------------------------------------------------------------

WORDS = st.one_of(
    st.just(HOSTILE), st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1)
)


@given(WORDS, WORDS, st.sampled_from([question.id for question in BANKS["test"]]))
def test_any_words_come_back_as_they_were(words: str, others: str, identifier: str) -> None:
    question = next(one for one in BANKS["test"] if one.id == identifier)
    pair = question.kind == "vrai-faux"
    choices = tuple(
        QuizChoice(one.text if pair else f"{words}{at}", one.right, f"{others}.")
        for at, one in enumerate(question.choices)
    )
    changed = (replace(question, text=f"{others}?", choices=choices),)
    check(from_moodle(export.moodle(changed, VERSION, "PA20")), changed)
    check(from_gift(export.gift(changed, VERSION, "PA20")), changed)


def test_csv_and_json_hold_everything() -> None:
    questions = BANKS["shipped"]
    rows = list(csv.DictReader(io.StringIO(export.as_csv(questions, VERSION, "PA20"))))
    assert [row["id"] for row in rows] == [question.id for question in questions]
    assert all(row[f"choix_{letter.lower()}"] for row in rows for letter in row["bonnes"])
    report = json.loads(export.as_json(questions, VERSION, "PA20"))
    assert [one["text"] for one in report] == [question.text for question in questions]
    assert all("«\u00a0" in one["quotation"] for one in report)
