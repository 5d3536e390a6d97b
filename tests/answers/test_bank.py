"""The bank of questions is sound, and says where it is not."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answers import bank
from bot.answers.bank import BankLine
from bot.answers.engine import model_files
from bot.policy.articles import PolicyError, Version
from bot.policy.library import Library
from bot.settings import SEED
from tests.kits.questions import TEXT, Small, named, small, version_of

__all__ = ["small"]

LINE = '{"question": "Un chien?", "kind": "direct", "outcome": "answer", "gold": ["2.2"], "also_ok": []}'


@pytest.fixture(scope="module")
def version(library: Library) -> Version:
    return library.default.versions[-1]


@pytest.fixture(scope="module")
def shipped() -> tuple[BankLine, ...]:
    return bank.load_bank_lines(bank.bank_files([SEED], "pa20"))


def test_every_line_that_is_shipped_is_sound(version: Version) -> None:
    paths = [*bank.bank_files([SEED], "pa20"), *bank.bank_files([SEED], "pa20", bank.GATE)]
    for line in bank.load_bank_lines(paths):
        assert all(version.within(number) for number in (*line.gold, *line.also_ok))


def test_no_question_set_aside_is_in_the_bank(shipped: tuple[BankLine, ...], version: Version) -> None:
    aside = bank.load_bank_lines(bank.bank_files([SEED], "pa20", bank.GATE))
    assert not {bank.normalized_question(line.question) for line in aside} & {
        bank.normalized_question(line.question) for line in shipped
    }
    assert not {line.author for line in aside} & {line.author for line in shipped}
    assert len(aside) >= 200
    assert {number for line in aside for number in line.gold} >= {c.number for c in version.clauses()}


def test_each_follow_up_has_a_context_and_clauses_that_exist(version: Version) -> None:
    lines = bank.load_follow_ups([SEED], "pa20")
    assert len(lines) == len(bank.load_bank_lines(bank.bank_files([SEED], "pa20", bank.FOLLOW_UPS)))
    for line in lines:
        assert line.after is not None
        assert version.clause(line.after)
        assert line.in_context == f"{line.question} {line.context}"
        assert all(version.within(number) for number in (*line.gold, *line.also_ok))
    assert bank.parse_bank_line(lines[0].as_json(), ("", 0)).after == lines[0].after


def test_the_bank_is_as_large_as_it_must_be(shipped: tuple[BankLine, ...], version: Version) -> None:
    answered = [line for line in shipped if line.gold]
    by_clause = Counter(number for line in answered for number in line.gold)
    assert len(answered) >= 1_500
    assert len(shipped) - len(answered) >= 500
    assert len(version.clauses()) == 31
    assert min(by_clause[clause.number] for clause in version.clauses()) >= 35
    assert {line.kind for line in shipped} == {*bank.ANSWERED_KINDS, *bank.DECLINED_KINDS}
    assert {line.outcome for line in shipped} == {*bank.ANSWERED, *bank.DECLINED}


def test_a_line_reads_back_as_it_was_written(shipped: tuple[BankLine, ...]) -> None:
    for line in shipped[::50]:
        assert bank.parse_bank_line(line.as_json(), ("", 0)) == line


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"gold": [5.1]}, "liste de numéros"),
        ({"gold": "5.1"}, "liste de numéros"),
        ({"gold": [" "]}, "liste de numéros"),
        ({"after": "5\n"}, "liste de numéros"),
        ({"gold": ["²"]}, "liste de numéros"),
        ({"also_ok": ["2.2"]}, "dans «\u00a0gold\u00a0» et dans"),
        ({"gold": []}, "l'une de ces sortes"),
        ({"gold": [], "kind": "near_miss"}, "l'une de ces issues"),
        ({"gold": [], "kind": "near_miss", "outcome": "silent", "also_ok": ["1.1"]}, "demande «\u00a0gold"),
        ({"kind": "blague"}, "l'une de ces sortes"),
        ({"outcome": "silent"}, "l'une de ces issues"),
        ({"question": "  "}, "il faut un texte"),
        ({"question": "x" * 2_001}, "plus de 2\u00a0000 caractères"),
        ({"auteur": "a"}, "la clé «\u00a0auteur\u00a0» n'existe pas"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(small: Small, changed: dict[str, object], said: str) -> None:
    wrong = json.dumps(json.loads(LINE) | changed)
    small.own_bank.write_text(f"{LINE}\n\n{wrong}\n", "utf-8")
    with pytest.raises(PolicyError, match="ligne 3") as caught:
        bank.load_bank_lines([small.own_bank])
    assert said in str(caught.value)


def test_the_same_question_twice_is_said_with_both_places(small: Small) -> None:
    first = Small.lines(("Que dit-on de: {}?",))[0]
    small.own_bank.write_text(
        LINE + "\n" + first.as_json().upper().replace('"QUESTION"', '"question"'), "utf-8"
    )
    small.write(small.own_bank, [bank.parse_bank_line(LINE, ("", 0)), first])
    with pytest.raises(PolicyError) as problem:
        bank.load_bank_lines(bank.bank_files(small.folders, "petite"))
    assert (
        str(problem.value)
        == "petite/questions.jsonl, ligne 2\u00a0: cette question est déjà à petite/questions.jsonl, ligne 1."
    )


def test_a_file_in_another_encoding_is_said(small: Small) -> None:
    small.own_bank.write_bytes(f"{LINE}\n".encode() + "é".encode("latin-1"))
    with pytest.raises(PolicyError, match=r"ligne 2\u00a0: .*UTF-8"):
        bank.load_bank_lines([small.own_bank])


def test_a_file_may_begin_with_the_mark_of_some_editors(small: Small) -> None:
    small.own_bank.write_text(LINE, "utf-8-sig")
    (line,) = bank.load_bank_lines([small.own_bank])
    assert (line,) == bank.load_readable_lines([small.own_bank])
    bank.add_line(small.own_bank.parents[2], "petite", replace(line, author="b"))
    assert bank.load_bank_lines([small.own_bank]) == (replace(line, author="b"),)


@given(st.text() | st.recursive(st.none() | st.text(), st.lists).map(json.dumps))
def test_any_text_is_a_line_or_a_problem(text: str) -> None:
    with pytest.raises(PolicyError) as caught:  # neither can hold the six keys
        bank.parse_bank_line(text, ("x", 1))
    assert caught.value.line == 1


def test_lines_that_name_a_clause_that_is_gone_are_left_out() -> None:
    old = replace(version_of(TEXT), key="avant")
    new = version_of(TEXT.replace("en laisse", "chez lui").replace("- 1.2 Le piano se joue le soir.\n", ""))
    lines = [BankLine("?", "direct", "answer", named(number)) for number in ("1.1", "1.2", "2.1", "2.2", "1")]
    later = replace(new, former=old, interpreted=old.key)
    assert [line.gold for line in bank.carried_lines(lines, later)] == [
        named("1.1"),
        named("2.1"),
        named("2.2"),
        named("1"),
    ]
    assert bank.carried_lines(lines, new) == tuple(line for line in lines if line.gold != named("1.2"))


def test_the_association_adds_to_what_is_shipped(small: Small) -> None:
    small.own_bank.write_text(LINE, "utf-8")
    lines = small.sources.lines()
    assert lines[-1].question == "Un chien?"
    assert len(lines) == len(Small.lines(("a", "b", "c"))) + 1


def test_a_fingerprint_depends_on_where_each_part_ends() -> None:
    assert model_files.fingerprint([b"ab", b"c"]) != model_files.fingerprint([b"a", b"bc"])


def test_the_seed_is_where_it_is_said_to_be() -> None:
    assert bank.bank_files([SEED, Path("/nulle/part")], "pa20") == (SEED / "politique/pa20/questions.jsonl",)
