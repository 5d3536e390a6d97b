"""The measures are those that are written down, whatever the questions."""

from __future__ import annotations

import io
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from bot.answers import evaluation
from bot.answers.bank import BankLine
from bot.answers.engine.scores import ScoredClause
from bot.answers.evaluation import DECLINED, Measures, Trial
from bot.answers.questions import Outcome, PolicyAnswer
from bot.policy.articles import PolicyError
from tests.kits.answers import scored
from tests.kits.questions import Small, named, small
from tests.kits.quiz import VERSION

__all__ = ["small"]

MEASURES = ("n", "top1", "top3", "joint", "announced", "wrong", "told", "later")
WRONG = (236, 183, 140)
CELL, KEY = 38, 18  # pixels of a side: a cell of the matrix, a square of its key


def trial(gold: tuple[str, ...], also: tuple[str, ...], ranked: tuple[str, ...], outcome: Outcome) -> Trial:
    found = tuple(ScoredClause(number, 0.5) for number in named(*ranked))
    shown = found if outcome in {"answer", "clarify"} else ()
    line = BankLine("?", "direct" if gold else "near_miss", "answer", named(*gold), named(*also))
    line = line.in_version(VERSION)
    return Trial(line, PolicyAnswer(outcome, clauses=shown, ranked=found), 0.004)


TRIALS = [
    trial(("5.1",), (), ("5.1",), "answer"),
    trial(("5.1",), ("5.2",), ("5.2", "5.1"), "clarify"),
    trial(("5",), (), ("5.18",), "answer"),  # a whole article accepts any of its clauses
    trial(("5.1",), (), ("5.10", "5.3", "5.1"), "answer"),  # 5.10 is not 5.1
    trial(("5.1",), (), ("5.1",), "not_found"),  # the right clause, and declined all the same
    trial((), (), ("5.1",), "out_of_scope"),
    trial((), (), ("5.1",), "answer"),
]


def test_top1_top3_and_joint_are_those_of_the_definition() -> None:
    measured = evaluation.measure(TRIALS)
    assert (measured.n, measured.top1, measured.top3, measured.joint) == (7, 0.8, 1.0, round(4 / 7, 4))


def test_what_is_announced_is_counted_right_or_wrong_whatever_the_subject() -> None:
    sure = [replace(one, answer=replace(one.answer, sure=True)) for one in (TRIALS[0], TRIALS[3], TRIALS[6])]
    measured = evaluation.measure([*sure, TRIALS[4]])
    assert (measured.announced, measured.wrong) == (round(2 / 3, 4), round(2 / 3, 4))


def test_a_silence_is_right_when_it_is_told_as_such() -> None:
    line = BankLine("?", "near_miss", "silent", ())
    trials = [
        Trial(line, PolicyAnswer(outcome), 0.004) for outcome in ("silent", "not_found", "out_of_scope")
    ]
    assert evaluation.measure(trials).told == round(1 / 3, 4)


def test_what_follows_in_a_conversation_has_its_own_share() -> None:
    assert evaluation.measure(TRIALS).later is None
    later = [replace(one, turn=1) for one in TRIALS[2:4]]
    assert evaluation.measure([TRIALS[4], *later]).later == 0.5


def test_what_is_asked_of_the_bot_is_right_when_its_intent_answers() -> None:
    line = BankLine("merci", "intent", "help", ())
    for answered, right in ((PolicyAnswer("help", intent="thanks"), True), (PolicyAnswer("silent"), False)):
        assert Trial(line, answered, 0.004, "thanks").right is right


def test_nothing_in_scope_has_no_top1() -> None:
    assert evaluation.measure(TRIALS[-2:]) == Measures(2, None, None, 0.5, None, None, None, None)
    assert evaluation.measure([]) == Measures(0, *[None] * 7)


def test_the_report_has_its_shape_in_every_case() -> None:
    found = evaluation.evaluation_report(TRIALS)
    assert list(found) == [*MEASURES, "by_kind", "by_clause", "latency_ms"]
    assert found["by_kind"]["near_miss"]["joint"] == 0.5
    assert found["by_clause"]["5.1"]["n"] == 4
    assert found["latency_ms"] == {"p50": 4.0, "p99": 4.0}


def test_what_failed_is_told() -> None:
    assert [trial for trial in TRIALS if not trial.right] == [TRIALS[3], TRIALS[4], TRIALS[6]]


def test_confusion_counts_what_was_accepted_as_right() -> None:
    counts = evaluation.confusion(TRIALS)
    assert counts["5.2", "5.2"] == counts["5.18", "5.18"] == counts["5.1", "5.1"] == 1
    assert counts["5.1", "5.10"] == counts["5.1", DECLINED] == counts[DECLINED, "5.1"] == 1
    assert sum(counts.values()) == len(TRIALS)


def test_the_confusion_matrix_is_a_picture_of_what_was_right_and_wrong() -> None:
    image = Image.open(io.BytesIO(evaluation.draw_confusion(evaluation.confusion(TRIALS))))
    assert image.format == "PNG"
    pixels = Counter(image.convert("RGB").get_flattened_data())
    assert round((pixels[WRONG] - KEY**2) / CELL**2) == 3


def test_a_confusion_matrix_of_a_thousand_clauses_keeps_to_the_size_of_a_picture() -> None:
    counts = {(f"{article}.{clause}",) * 2: 1 for article in range(1, 51) for clause in range(1, 21)}
    image = Image.open(io.BytesIO(evaluation.draw_confusion(counts)))
    assert max(image.size) < 9_000


def test_questions_written_by_others_are_read_whatever_their_kinds(small: Small, tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text(
        '{"id": "D1", "question": "Hi?", "kind": "english", "gold": [], "also_ok": []}\n\n'
        '{"id": "D2", "question": "Un?", "kind": "article", "gold": ["1"], "also_ok": ["1.1"]}\n',
        "utf-8",
    )
    conversations = evaluation.load_conversations(path, small.version)
    assert [[asked.line.gold for asked in turns] for turns in conversations] == [[()], [named("1")]]


def test_conversations_and_what_is_asked_of_the_bot_are_read(small: Small, tmp_path: Path) -> None:
    turn = {"question": "Un?", "kind": "direct", "gold": ["1.1"], "also_ok": []}
    lines = [{"turns": [turn, {**turn, "question": "Et deux?"}]}, {"question": "merci", "intent": "thanks"}]
    path = tmp_path / "q.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines), "utf-8")
    (first, second), (thanks,) = evaluation.load_conversations(path, small.version)
    assert (first.line.kind, second.line.kind, second.line.question) == ("direct", "follow_up", "Et deux?")
    assert thanks.intent == "thanks"


HALVES = [{"gold": ["1.1"], "also_ok": [], "outcome": "answer"}, {"gold": [], "outcome": "silent"}]


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        (PolicyAnswer("answer", clauses=scored("1.1"), ranked=scored("1.1"), sure=True), True),
        (PolicyAnswer("answer", clauses=scored("2.1", "1.1"), ranked=scored("2.1", "1.1")), True),
        (PolicyAnswer("answer", clauses=scored("2.1"), ranked=scored("2.1", "1.1"), sure=True), False),
        (PolicyAnswer("silent", ranked=scored("1.1")), False),
        (
            PolicyAnswer(
                "answer",
                clauses=scored("1.1", "2.1"),
                halves=(PolicyAnswer("answer"), PolicyAnswer("answer", sure=True)),
            ),
            False,
        ),
    ],
)
def test_two_questions_at_once_are_right_when_each_is(
    small: Small, tmp_path: Path, answer: PolicyAnswer, *, right: bool
) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text(json.dumps({"question": "Un? Deux?", "halves": HALVES}), "utf-8")
    conversations = evaluation.load_conversations(path, small.version)
    report = evaluation.evaluation_report(evaluation.ask(lambda: lambda _: answer, conversations))
    assert report["by_kind"]["two"]["joint"] == right


@pytest.mark.parametrize(
    "text",
    [
        '{"question": "Un?", "halves": [{"gold": []}]}',
        "",
        "{",
        "[]",
        '{"turns": []}',
        '{"turns": [{"question": "Un?"}]}',
        '{"question": "Un?", "kind": "x", "gold": ["8"], "also_ok": []}',
        '{"question": "Un?"}',
    ],
)
def test_a_file_that_cannot_be_measured_says_why(small: Small, tmp_path: Path, text: str) -> None:
    (tmp_path / "q.jsonl").write_text(text, "utf-8")
    with pytest.raises(PolicyError, match=r"q\.jsonl"):
        evaluation.load_conversations(tmp_path / "q.jsonl", small.version)
