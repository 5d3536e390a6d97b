"""The comparison of engines: that it is fair, and that it says what it promises, whatever the figures."""

from __future__ import annotations

from bot.answers.bank import BankLine
from bot.policy.articles import Number
from tests.bench import engines, on_questions
from tests.bench.on_questions import TIMES, Figures
from tests.bench.whole import Held

PARSE = Number
HELD = Held(90, 170, 175)


def test_a_text_is_copied_under_numbers_of_its_own() -> None:
    version = engines.pa20().versions[-1]
    found = engines.copies(version, 100)
    assert len(found.clauses()) == 3_100
    assert len({clause.number for clause in found.clauses()}) == 3_100
    copied = found.clause(PARSE("12.10"))
    original = version.clause(PARSE("5.10"))
    assert copied
    assert original
    assert copied.text == original.text


def test_engines_without_a_bank_find_a_clause_by_its_words() -> None:
    version = engines.pa20().versions[-1]
    for make in (engines.fts5, engines.bm25, engines.text_alone):
        assert make(version)("usage du logo de l'AGE sans autorisation")[0][0] == PARSE("5.13")
        assert make(version)("«»") == []


def test_a_model_of_copied_clauses_answers_as_the_one_it_is_made_of() -> None:
    version = engines.copies(engines.pa20().versions[-1], 2)
    assert engines.vigie(version)("je peux mettre le logo sur mon profil?")[0][0] in {
        PARSE("5.13"),
        PARSE("12.13"),
    }


def test_quality_is_measured_as_for_vigie_and_a_copy_is_as_good_as_the_clause() -> None:
    lines = [
        BankLine("a", "direct", "answer", (PARSE("5.1"),)),
        BankLine("b", "direct", "answer", (PARSE("5.2"),)),
        BankLine("c", "off_topic", "out_of_scope", ()),
    ]
    ranked = [[(PARSE("12.1"), 3.0)], [(PARSE("5.3"), 1.0), (PARSE("5.2"), 0.5)], [(PARSE("5.3"), 2.0)]]
    assert on_questions.quality(lines, ranked, 7) == (0.5, 1.0, 2 / 3)


def test_a_goal_that_is_not_reached_is_said() -> None:
    good = Figures(31, 0.95, 0.99, 0.94, 5.0, 9.0, 0.9, 150.0)
    assert on_questions.missed(good, HELD) == []
    poor = Figures(31, 0.90, 0.99, 0.94, 5.0, 19.0, 0.9, 150.0)
    assert [line.split(" (")[0] for line in on_questions.missed(poor, Held(90, 250, 251))] == [
        "Cible manquée\u00a0: top1 de 0,900",
        "Cible manquée\u00a0: p99 de 19,0\u00a0ms sur 31 clauses",
        "Cible manquée\u00a0: 251\u00a0Mo de mémoire",
    ]
    slow = Figures(3_100, 0.90, 0.99, 0.94, 5.0, 19.0, 0.9, 150.0)
    [line] = on_questions.missed(good, HELD, slow)
    assert "sur 3100 clauses" in line


def test_the_page_has_both_tables_and_the_memory() -> None:
    one = Figures(31, 0.95, 0.99, 0.94, 5.0, 9.0, 0.9, 150.0)
    figures = on_questions.page_of({(name, times): one for times in TIMES for name in engines.ENGINES}, HELD)
    assert figures.count("| Vigie ") == 4
    assert "90\u00a0Mo au repos, 170\u00a0Mo après la première question, 175\u00a0Mo" in figures
