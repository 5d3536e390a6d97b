"""The bank of questions is sound: every line names clauses that exist, every clause has its questions."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from bot.policy.library import Library
from bot.settings import SEED

KINDS = {"direct", "paraphrase", "colloquial", "scenario", "typo", "keyword", "english"}
DECLINED = {"near_miss", "off_topic", "adversarial"}


@pytest.fixture(scope="module")
def bank() -> list[dict[str, Any]]:
    text = (SEED / "politique/pa20/questions.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


def test_every_line_names_clauses_that_exist_or_a_reason_to_decline(
    bank: list[dict[str, Any]], library: Library
) -> None:
    numbers = {str(clause.number) for clause in library.default.versions[0].clauses()}
    for line in bank:
        assert set(line) == {"question", "kind", "outcome", "gold", "also_ok", "author"}
        assert set(line["gold"] + line["also_ok"]) <= numbers, line
        assert not set(line["gold"]) & set(line["also_ok"]), line
        answered = line["outcome"] in {"answer", "incident", "draft"}
        assert answered == bool(line["gold"]) == (line["kind"] in KINDS), line
        assert answered or line["outcome"] in {"silent", "out_of_scope"}, line
        assert answered or line["kind"] in DECLINED, line


def test_no_question_is_written_twice(bank: list[dict[str, Any]]) -> None:
    asked = Counter(" ".join(line["question"].lower().split()) for line in bank)
    assert [question for question, count in asked.items() if count > 1] == []


def test_the_bank_is_as_large_as_it_must_be(bank: list[dict[str, Any]]) -> None:
    answered = [line for line in bank if line["gold"]]
    by_clause = Counter(number for line in answered for number in line["gold"])
    assert len(answered) >= 1_500
    assert len(bank) - len(answered) >= 500
    assert len(by_clause) == 31
    assert min(by_clause.values()) >= 35
    assert {line["kind"] for line in bank} == KINDS | DECLINED
