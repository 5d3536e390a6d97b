"""The export of the questions to other programs: Moodle XML, GIFT, CSV and JSON.

Formats: docs.moodle.org, « Moodle XML format » and « GIFT format ». Moodle's `question/format/xml/format.php`
and `question/format/gift/format.php` define the accepted input. In a question with several right choices, a
wrong choice costs as much as a right choice earns, so that ticking every choice earns little.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Final, TypeAlias
from xml.etree import ElementTree as ET

from bot.onboarding.quiz.bank import Question, QuizChoice
from bot.onboarding.quiz.session import LETTERS
from bot.platforms.line_breaks import with_breaks
from bot.policy.articles import Version
from bot.storage import spreadsheets

_SPECIAL: Final = str.maketrans({sign: f"\\{sign}" for sign in "\\~=#{}:"} | {"\n": "\\n"})

Write: TypeAlias = Callable[[Sequence[Question], Version, str], str]


def moodle(questions: Sequence[Question], version: Version, name: str) -> str:
    """Return the questions as Moodle XML. `name`: the policy's name, for the category."""
    root = ET.Element("quiz")
    category = ET.SubElement(ET.SubElement(root, "question", type="category"), "category")
    ET.SubElement(category, "text").text = f"$course$/top/{name}"
    for question in questions:
        _moodle_question(root, question, version, name)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _moodle_question(root: ET.Element, question: Question, version: Version, name: str) -> None:
    pair = question.kind == "vrai-faux"
    element = ET.SubElement(root, "question", type="truefalse" if pair else "multichoice")
    ET.SubElement(ET.SubElement(element, "name"), "text").text = f"{name} {question.id}"
    _add_html(element, "questiontext", question.text)
    _add_html(element, "generalfeedback", _quoted(question, version, name))
    settings = {
        "defaultgrade": "1",
        "penalty": "1" if pair else "0.3333333",
        "hidden": "0",
        "idnumber": f"{name}-{question.id}",
    }
    if not pair:
        settings |= {
            "single": "false" if question.several else "true",
            "shuffleanswers": "true",
            "answernumbering": "ABCD",
        }
    for tag, value in settings.items():
        ET.SubElement(element, tag).text = value
    for part in () if pair else ("correctfeedback", "partiallycorrectfeedback", "incorrectfeedback"):
        _add_html(element, part, "")
    for choice in question.choices:
        answer = ET.SubElement(element, "answer", fraction=_fraction(question, choice), format="html")
        words = {"vrai": "true", "faux": "false"}[choice.text.casefold()] if pair else _markup(choice.text)
        ET.SubElement(answer, "text").text = words
        _add_html(answer, "feedback", choice.feedback)


def _add_html(parent: ET.Element, tag: str, text: str) -> None:
    ET.SubElement(ET.SubElement(parent, tag, format="html"), "text").text = _markup(text)


def _markup(text: str) -> str:
    return str(with_breaks(text))


def _fraction(question: Question, choice: QuizChoice) -> str:
    """Return the score of a choice, in per cent, as one of the fractions that Moodle accepts."""
    if not question.several:
        return "100" if choice.right else "0"
    share = f"{100 / len(question.right):.5f}".rstrip("0").rstrip(".")
    return share if choice.right else f"-{share}"


def _quoted(question: Question, version: Version, name: str) -> str:
    clause = version.clause(question.clause)
    words = f"\u00a0: «\u00a0{clause.text}\u00a0»" if clause else ""
    return f"{name}, {question.clause}{words}"


def gift(questions: Sequence[Question], version: Version, name: str) -> str:
    """Return the questions in GIFT. `name`: the policy's name, for the category."""
    blocks = [f"$CATEGORY: $course$/top/{name}"]
    for question in questions:
        head = f"::{_gift_escaped(f'{name} {question.id}')}::{_gift_html(question.text)}"
        why = f"####{_gift_html(_quoted(question, version, name))}"
        if question.kind == "vrai-faux":
            right, wrong = sorted(question.choices, key=lambda choice: not choice.right)
            answer = "TRUE" if right.text.casefold() == "vrai" else "FALSE"
            feedback = f"{_gift_html(wrong.feedback)}#{_gift_html(right.feedback)}"
            blocks.append(f"{head}{{{answer}#{feedback}\n{why}\n}}")
            continue
        lines = [f"{head}{{"]
        for choice in question.choices:
            mark = "=" if choice.right else "~"
            mark = f"~%{_fraction(question, choice)}%" if question.several else mark
            lines.append(f"\t{mark}{_gift_html(choice.text)}#{_gift_html(choice.feedback)}")
        blocks.append("\n".join([*lines, f"\t{why}", "}"]))
    return "\n\n".join(blocks) + "\n"


def _gift_html(text: str) -> str:
    """Return a text as escaped HTML, with the prefix that keeps its start from being read as a GIFT mark."""
    return f"[html]{_gift_escaped(_markup(text))}"


def _gift_escaped(text: str) -> str:
    return text.translate(_SPECIAL)


def as_csv(questions: Sequence[Question], _version: Version, _name: str) -> str:
    """Return the questions as CSV, one row for each question."""
    rows = []
    columns = [f"{part}_{letter.lower()}" for letter in LETTERS for part in ("choix", "retour")]
    for question in questions:
        right = "".join(LETTERS[at] for at in sorted(question.right))
        cells = [cell for choice in question.choices for cell in (choice.text, choice.feedback)]
        cells += [""] * (len(columns) - len(cells))
        essential = "oui" if question.essential else "non"
        rows.append([question.id, question.clause, question.kind, essential, question.text, right, *cells])
    return spreadsheets.as_csv(["id", "clause", "type", "essentielle", "question", "bonnes", *columns], rows)


def as_json(questions: Sequence[Question], version: Version, name: str) -> str:
    """Return the questions as JSON, with the text of their clauses."""
    rows = [
        {
            "id": question.id,
            "clause": str(question.clause),
            "type": question.kind,
            "essential": bool(question.essential),
            "text": question.text,
            "choices": [asdict(choice) for choice in question.choices],
            "quotation": _quoted(question, version, name),
        }
        for question in questions
    ]
    return json.dumps(rows, ensure_ascii=False, indent=2) + "\n"


FORMATS: Final[dict[str, Write]] = {"moodle": moodle, "gift": gift, "csv": as_csv, "json": as_json}
