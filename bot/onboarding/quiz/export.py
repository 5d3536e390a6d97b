"""The questions for other programs: Moodle XML, GIFT, CSV and JSON.

Formats: docs.moodle.org, « Moodle XML format » and « GIFT format »; what their readers accept is in
Moodle's `question/format/xml/format.php` and `question/format/gift/format.php`. A question of several
choices takes away for a wrong one what it gives for a right one, so that ticking everything earns little.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias
from xml.etree import ElementTree as ET

from bot.onboarding.quiz.bank import Question, QuizChoice
from bot.platforms.line_breaks import with_breaks
from bot.policy.articles import Version

_LETTERS: Final = "ABCD"
_SPECIAL: Final = str.maketrans({one: f"\\{one}" for one in "\\~=#{}:"} | {"\n": "\\n"})

Write: TypeAlias = Callable[[Sequence[Question], Version, str], str]


def moodle(questions: Sequence[Question], version: Version, name: str) -> str:
    """Return the questions as Moodle XML. `name`: the policy's, for the category."""
    root = ET.Element("quiz")
    category = ET.SubElement(ET.SubElement(root, "question", type="category"), "category")
    ET.SubElement(category, "text").text = f"$course$/top/{name}"
    for question in questions:
        _moodle_question(root, question, version, name)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _moodle_question(root: ET.Element, question: Question, version: Version, name: str) -> None:
    pair = question.kind == "vrai-faux"
    item = ET.SubElement(root, "question", type="truefalse" if pair else "multichoice")
    ET.SubElement(ET.SubElement(item, "name"), "text").text = f"{name} {question.id}"
    _html(item, "questiontext", question.text)
    _html(item, "generalfeedback", _quoted(question, version, name))
    ET.SubElement(item, "defaultgrade").text = "1"
    ET.SubElement(item, "penalty").text = "1" if pair else "0.3333333"
    ET.SubElement(item, "hidden").text = "0"
    ET.SubElement(item, "idnumber").text = f"{name}-{question.id}"
    if not pair:
        ET.SubElement(item, "single").text = "false" if question.several else "true"
        ET.SubElement(item, "shuffleanswers").text = "true"
        ET.SubElement(item, "answernumbering").text = "ABCD"
        for part in ("correctfeedback", "partiallycorrectfeedback", "incorrectfeedback"):
            _html(item, part, "")
    for choice in question.choices:
        answer = ET.SubElement(item, "answer", fraction=_fraction(question, choice), format="html")
        text = {"vrai": "true", "faux": "false"}[choice.text.casefold()] if pair else _markup(choice.text)
        ET.SubElement(answer, "text").text = text
        _html(answer, "feedback", choice.feedback)


def _html(parent: ET.Element, tag: str, text: str) -> None:
    ET.SubElement(ET.SubElement(parent, tag, format="html"), "text").text = _markup(text)


def _markup(text: str) -> str:
    return str(with_breaks(text))


def _fraction(question: Question, choice: QuizChoice) -> str:
    """Return what a choice earns, per cent, as one of the fractions that Moodle knows."""
    if not question.several:
        return "100" if choice.right else "0"
    share = f"{100 / len(question.right):.5f}".rstrip("0").rstrip(".")
    return share if choice.right else f"-{share}"


def _quoted(question: Question, version: Version, name: str) -> str:
    clause = version.clause(question.clause)
    words = f"\u00a0: «\u00a0{clause.text}\u00a0»" if clause else ""
    return f"{name}, {question.clause}{words}"


def gift(questions: Sequence[Question], version: Version, name: str) -> str:
    """Return the questions in GIFT. `name`: the policy's, for the category."""
    blocks = [f"$CATEGORY: $course$/top/{name}"]
    blocks += [_gift_question(question, version, name) for question in questions]
    return "\n\n".join(blocks) + "\n"


def _gift_question(question: Question, version: Version, name: str) -> str:
    head = f"::{_gift(f'{name} {question.id}')}::{_marked(question.text)}"
    why = f"####{_marked(_quoted(question, version, name))}"
    if question.kind == "vrai-faux":
        [right], [wrong] = (
            [c for c in question.choices if c.right],
            [c for c in question.choices if not c.right],
        )
        answer = "TRUE" if right.text.casefold() == "vrai" else "FALSE"
        return f"{head}{{{answer}#{_marked(wrong.feedback)}#{_marked(right.feedback)}\n{why}\n}}"
    lines = [
        f"\t{_mark(question, choice)}{_marked(choice.text)}#{_marked(choice.feedback)}"
        for choice in question.choices
    ]
    return "\n".join([f"{head}{{", *lines, f"\t{why}", "}"])


def _mark(question: Question, choice: QuizChoice) -> str:
    if question.several:
        return f"~%{_fraction(question, choice)}%"
    return "=" if choice.right else "~"


def _marked(text: str) -> str:
    """Return a text that says its own format, so that nothing at its beginning is taken for a mark."""
    return f"[html]{_gift(_markup(text))}"


def _gift(text: str) -> str:
    return text.translate(_SPECIAL)


def as_csv(questions: Sequence[Question], _version: Version, _name: str) -> str:
    """Return the questions as CSV, a line each."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    places = [f"{part}_{letter.lower()}" for letter in _LETTERS for part in ("choix", "retour")]
    writer.writerow(["id", "clause", "type", "essentielle", "question", "bonnes", *places])
    for one in questions:
        right = "".join(_LETTERS[at] for at in sorted(one.right))
        cells = [cell for choice in one.choices for cell in (choice.text, choice.feedback)]
        row = [one.id, one.clause, one.kind, "oui" if one.essential else "non", one.text, right]
        writer.writerow([*row, *cells, *[""] * (len(places) - len(cells))])
    return written.getvalue()


def as_json(questions: Sequence[Question], version: Version, name: str) -> str:
    """Return the questions as JSON, with the words of the clauses of each."""
    found: list[dict[str, Any]] = [
        {
            "id": one.id,
            "clause": str(one.clause),
            "type": one.kind,
            "essential": bool(one.essential),
            "text": one.text,
            "choices": [
                {"text": choice.text, "right": choice.right, "feedback": choice.feedback}
                for choice in one.choices
            ],
            "quotation": _quoted(one, version, name),
        }
        for one in questions
    ]
    return json.dumps(found, ensure_ascii=False, indent=2) + "\n"


FORMATS: Final[dict[str, Write]] = {"moodle": moodle, "gift": gift, "csv": as_csv, "json": as_json}
