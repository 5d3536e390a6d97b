"""The bank of questions: read with every problem at its line, bound to the words of its clauses."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.onboarding.quiz import bank as quiz_bank
from bot.onboarding.quiz import review, session
from bot.onboarding.quiz.bank import QuizBank
from bot.onboarding.quiz.files import find_questions
from bot.policy import articles
from bot.policy.articles import Number, PolicyError, Version
from bot.settings import SEED
from tests.kits.quiz import VERSION, WRITTEN, made_up

TEXT = WRITTEN.read_text(encoding="utf-8")
BOUND = quiz_bank.bind(TEXT, VERSION)
SHIPPED = SEED / "politique" / "pa20" / "quiz.toml"


def problems(text: str) -> list[tuple[int, str]]:
    return [(problem.line, problem.text) for problem in quiz_bank.parse_bank(text, VERSION).problems]


def line_of(text: str, words: str) -> int:
    return next(at for at, line in enumerate(text.splitlines(), 1) if words in line)


# --- Reading ----------------------------------------------------------------------------------


def test_a_question_is_read_with_its_choices_and_its_clause() -> None:
    bank = quiz_bank.parse_bank(BOUND, VERSION)
    assert [question.id for question in bank.questions] == ["5.10-a", "3.3-a", "5.17-a", "6.1-a"]
    assert not bank.problems
    question = bank.question("5.10-a")
    assert question is not None
    assert (question.clause, question.kind, question.essential) == (Number("5.10"), "situation", "5.10")
    assert question.right == {1}
    assert bank.question("9-z") is None


@pytest.mark.parametrize(
    ("old", "new", "at", "told"),
    [
        ('id = "3.3-a"', 'id = "É"', 'id = "É"', "petites lettres"),
        ('clause = "3.3"', "clause = 3.3", "clause = 3.3", "un numéro entre guillemets"),
        ('type = "vrai-faux"', 'type = "quizz"', 'type = "quizz"', "l'un de"),
        ('type = "vrai-faux"', 'type = "choix-multiples"', 'type = "choix-multiples"', "au moins deux choix"),
        ('text = "Vrai"', 'text = "Oui"', 'type = "vrai-faux"', "puis «\u00a0Faux\u00a0»"),
        ("right = false", "right = true", 'type = "vrai-faux"', "un seul des deux"),
        ("right = false", 'right = "non"', 'right = "non"', "true ou false"),
        ('text = "Faux"', 'texte = "Faux"', 'texte = "Faux"', "n'est pas attendu ici"),
        ('feedback = "Le mode d\'accès ne change rien."', 'feedback = ""', 'feedback = ""', "obligatoire"),
        ('feedback = "Rien ne le demande."', "", "Supprimer votre compte", "obligatoire"),
        ('text = "Le Code civil"', f'text = "{"x" * 201}"', "xxx", "201 caractères; 200 au plus"),
        ('text = "Les partenaires"', 'text = "Vos Collègues"', "Vos Collègues", "la même chose"),
        ("essential = true", "essential = 1", "essential = 1", "true ou false"),
        ('text = "Le Code civil"', 'text = "Le Code civil', "Le Code civil", "TOML"),
        ('id = "3.3-a"', 'id = "3.3-a"\nid = "3.3-b"', 'id = "3.3-b"', "TOML"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(old: str, new: str, at: str, told: str) -> None:
    assert old in BOUND
    text = BOUND.replace(old, new, 1)
    expected = line_of(text, at) - (not new)  # what lacks a key is told at its header, just above
    assert (expected, told) in [(line, told) for line, words in problems(text) if told in words]


def test_a_name_given_twice_and_a_clause_that_does_not_exist_are_told() -> None:
    twice = BOUND.replace('id = "3.3-a"', 'id = "5.10-a"')
    line = line_of(twice, "téléphone personnel") - 5
    assert problems(twice) == [(line, "le même «\u00a0id\u00a0» est déjà à la ligne 3.")]
    nowhere = TEXT.replace('clause = "3.3"', 'clause = "3.9"')
    assert (line_of(nowhere, '"3.9"') - 2, "la clause 3.9 n'existe pas.") in problems(nowhere)


def test_every_problem_is_told_at_once_even_beside_errors_of_syntax() -> None:
    text = BOUND.replace('"Le Code civil"', '"Le Code').replace("right = false", "right = 2")
    text = text.replace('type = "situation"', 'type = "autre"')
    assert [problem[0] for problem in problems(text)] == sorted(
        [line_of(text, 'type = "autre"'), line_of(text, "right = 2"), line_of(text, '"Le Code')]
    )
    assert [question.id for question in quiz_bank.parse_bank(text, VERSION).questions] == ["5.17-a"]


@pytest.mark.parametrize("text", ["bonjour", "[titre]\na = 1\n", "a = 1\n[[question]]\n"])
def test_a_file_that_is_something_else_is_told_so(text: str) -> None:
    bank = quiz_bank.parse_bank(text, VERSION)
    assert bank.problems
    assert not bank.questions


def test_an_empty_file_is_an_empty_bank() -> None:
    assert quiz_bank.parse_bank("# rien\n", VERSION) == QuizBank()


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    quiz_bank.parse_bank(text, VERSION)
    quiz_bank.parse_bank(BOUND + "\n[[question]]\n" + text, VERSION)
    quiz_bank.bind("[[question]]\n" + text, VERSION)


def test_a_file_in_another_encoding_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "quiz.toml"
    path.write_bytes(b"# ici\n# caf\xe9\n")
    with pytest.raises(PolicyError, match="ligne 2"):
        quiz_bank.load_bank(path, VERSION)


def test_the_association_s_own_file_takes_the_place_of_what_is_shipped(tmp_path: Path) -> None:
    (tmp_path / "politique" / "pa20").mkdir(parents=True)
    own = tmp_path / "politique" / "pa20" / "quiz.toml"
    own.write_text(BOUND, encoding="utf-8")
    assert find_questions((SEED, tmp_path), "pa20") == own
    assert find_questions((tmp_path / "ailleurs",), "pa20") is None
    assert len(quiz_bank.load_bank(own, VERSION).questions) == 4


# --- Bound to the words -----------------------------------------------------------------------


def test_binding_adds_hashes_and_touches_nothing_else() -> None:
    assert [line for line in BOUND.splitlines() if not line.startswith("hash")] == TEXT.splitlines()
    assert BOUND.count("hash = ") == 4
    assert quiz_bank.bind(BOUND, VERSION) == BOUND
    assert [problem for _, problem in problems(TEXT)] == [
        "il manque «\u00a0hash\u00a0»\u00a0: vigie quiz lier."
    ] * 4


def revised(old: str, new: str) -> articles.Version:
    source = (SEED / "politique" / "pa20" / "2015-12-13.md").read_text(encoding="utf-8")
    assert old in source
    return articles.parse(source.replace(old, new), policy="pa20", adopted=VERSION.adopted, source="pa20")


def test_when_a_clause_changes_its_questions_alone_are_stale() -> None:
    version = revised("nous vous invitons à vous abstenir", "nous vous demandons de vous abstenir")
    bank = quiz_bank.parse_bank(BOUND, version)
    assert [one.id for one in bank.stale] == ["5.10-a"]
    assert [question.id for question in bank.questions] == ["3.3-a", "5.17-a", "6.1-a"]
    assert not bank.problems
    assert review.review_report(bank, version)["stale"] == [
        {"line": 3, "question": "5.10-a", "clause": "5.10", "moved_to": None}
    ]
    reviewed = quiz_bank.bind(BOUND, version, again=["5.10-a"])
    assert not quiz_bank.parse_bank(reviewed, version).stale
    assert quiz_bank.bind(BOUND, version) == BOUND


def test_a_clause_that_only_moved_is_said_to_be_elsewhere() -> None:
    version = revised("- 3.3 La présente", "- 3.5 La présente")
    [stale] = review.review_report(quiz_bank.parse_bank(BOUND, version), version)["stale"]
    assert stale["moved_to"] == "3.5"


# --- The whole --------------------------------------------------------------------------------


def test_the_shipped_questions_are_sound_and_cannot_be_guessed() -> None:
    text = quiz_bank.bind(SHIPPED.read_text(encoding="utf-8"), VERSION)
    report = review.review_report(quiz_bank.parse_bank(text, VERSION), VERSION)
    assert report["errors"] == report["stale"] == []
    assert report["questions"] >= 90
    assert set(report["by_type"]) == set(quiz_bank.KINDS)
    assert min(report["by_clause"].values()) >= session.BY_CLAUSE
    assert len(report["by_clause"]) == 31


def test_no_shipped_question_names_its_clause_before_it_is_answered() -> None:
    for question in quiz_bank.load_bank(SHIPPED, VERSION).questions:
        for text in (question.text, *(choice.text for choice in question.choices)):
            assert not re.search(r"\b(clause|article) [\d«]|\d\.\d", text), question.id


def test_every_quiz_has_every_essential_subject_and_in_the_end_every_clause_comes() -> None:
    bank = quiz_bank.load_bank(SHIPPED, VERSION)
    subjects = {question.essential for question in bank.questions if question.essential}
    come = set()
    for seed in range(150):
        drawn = [bank.question(item.question) for item in session.draw_quiz(bank, Random(seed)).items]  # noqa: S311 — a test's own luck
        assert subjects <= {one.essential for one in drawn if one}
        assert {bank.article(one.clause) for one in drawn if one} == {
            article.number for article in VERSION.articles
        }
        come |= {str(one.clause) for one in drawn if one}
    assert len(subjects) < session.SIZE
    assert come == {str(clause.number) for clause in VERSION.clauses()}


def told(bank: QuizBank) -> str:
    return "\n".join(one.text for one in review.review_bank(bank, VERSION))


def test_what_the_whole_lacks_is_told() -> None:
    words = told(quiz_bank.parse_bank(BOUND, VERSION))
    assert "il y a 4 questions; il en faut au moins 12" in words
    assert "5.10\u00a0: 1 question; il en faut au moins 2" in words
    assert told(made_up()) == ""
    bank = made_up()
    plain = QuizBank(tuple(replace(question, essential="") for question in bank.questions))
    assert "aucune question n'est essentielle" in told(plain)
    every = QuizBank(tuple(replace(question, essential=str(question.clause)) for question in bank.questions))
    assert "il y a 31 sujets essentiels, et 0 articles" in told(every)
    few = QuizBank(tuple(question for question in bank.questions if question.kind != "situation"))
    assert "aucune question n'est de type situation" in told(few)


def short(articles_: int) -> Version:
    """Return a text of so many articles, each with a clause of its own."""
    lines = (f"## ARTICLE {at} : TITRE {at}\n\nUn texte du règlement.\n" for at in range(1, articles_ + 1))
    return articles.parse("\n".join(lines), policy="essai", adopted=date(2020, 1, 1))


def test_a_short_text_is_asked_for_what_it_can_bear() -> None:
    version, models = short(6), iter(made_up().questions)
    questions = tuple(
        replace(next(models), id=f"{clause.number}-{turn}", clause=clause.number, hash="", essential="")
        for clause in version.clauses()
        for turn in range(2)
    )
    assert review.review_bank(QuizBank(questions), version) == []
    lacking = [problem.text for problem in review.review_bank(QuizBank(questions[:1]), version)]
    assert lacking[0] == "il y a 1 question; il en faut au moins 12."
    assert len(lacking) == 1 + 6


@pytest.mark.parametrize(("clauses", "size"), [(1, 6), (3, 6), (4, 8), (6, 12), (60, 12)])
def test_a_quiz_has_two_questions_a_clause_from_six_to_twelve(clauses: int, size: int) -> None:
    assert session.longest_quiz(short(clauses)) == size


def longer(bank: QuizBank) -> QuizBank:
    """Return the bank as hurried authors write it: the right choice is the one that says most."""
    return QuizBank(
        tuple(
            replace(
                question,
                choices=tuple(
                    replace(c, text=c.text + " et une précision" * c.right)
                    if question.kind != "vrai-faux"
                    else c
                    for c in question.choices
                ),
            )
            for question in bank.questions
        )
    )


def first(bank: QuizBank) -> QuizBank:
    return QuizBank(
        tuple(
            replace(question, choices=tuple(sorted(question.choices, key=lambda c: not c.right)))
            for question in bank.questions
            if question.kind != "vrai-faux"
        )
    )


def test_right_answers_that_length_or_position_gives_away_are_told() -> None:
    assert "toujours le plus long choix" in told(longer(made_up()))
    assert "toujours le premier choix" in told(first(made_up()))
    true = QuizBank(
        tuple(
            question
            for question in made_up(8).questions
            if question.kind == "vrai-faux" and question.right == {0}
        )
    )
    assert "toujours Vrai" in told(true)


def test_the_law_of_a_player_is_exact() -> None:
    assert review._at_least(0, [0.5, 0.25]) == 1
    assert review._at_least(1, [0.5, 0.25]) == pytest.approx(0.625)
    assert review._at_least(2, [0.5, 0.25]) == pytest.approx(0.125)
    assert review._at_least(3, [0.5, 0.25]) == 0
