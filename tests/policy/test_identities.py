"""A clause keeps its identity through revisions: what is said of it follows it, or says that it is stale."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answers import bank as question_bank
from bot.answers import bank_review, guidance
from bot.answers.bank import BankLine
from bot.answers.engine.shelf import FixedModel
from bot.answers.engine.store import Sources
from bot.answers.questions import Engine, Outcome, PolicyAnswer
from bot.onboarding.quiz import bank as quiz_bank
from bot.policy import articles, loading
from bot.policy.articles import Clause, Number, Version
from bot.policy.changes import identities
from bot.policy.library import Library, Policy
from bot.settings import SEED
from tests.kits.questions import engine
from tests.kits.revision import revised

__all__ = ["engine"]

TODAY = date(2030, 1, 1)
BEFORE, AFTER, LATER = "2015-12-13", "2026-12-13", "2028-01-01"
NEW = "- 5.3 Une affiche rappelle le couvre-feu du local.\n"


def shifted(text: str, article: int, at: int, new: str) -> str:
    """Return PA20's text with a clause inserted, so that those after it have a new number."""
    for number in range(40, at - 1, -1):
        text = text.replace(f"- {article}.{number} ", f"- {article}.{number + 1} ")
    return text.replace(f"- {article}.{at + 1} ", f"{new}- {article}.{at + 1} ", 1)


def _shipped() -> Library:
    return loading.load_library([SEED], "pa20", lambda: TODAY)


def read(tmp_path: Path, *edits: tuple[str, Callable[[str], str]]) -> Library:
    """Return the shipped policies with later versions of PA20, each an edit of the one before."""
    text = (SEED / "politique/pa20/2015-12-13.md").read_text("utf-8")
    folder = tmp_path / "politique" / "pa20"
    folder.mkdir(parents=True)
    for adopted, edit in edits:
        text = edit(text)
        (folder / f"{adopted}.md").write_text(text, "utf-8")
    return loading.load_library([SEED, tmp_path], "pa20", lambda: TODAY)


def number(text: str) -> Number:
    return Number(text)


@pytest.fixture
def inserted(tmp_path: Path) -> Policy:
    """PA20 with a clause inserted at 5.3: 5.10 is 5.11."""
    return read(tmp_path, (AFTER, lambda text: shifted(text, 5, 3, NEW))).default


def test_a_clause_is_found_under_its_new_number_and_back(inserted: Policy) -> None:
    old, new = inserted.versions
    forth, back = identities.fates(old, new), identities.fates(new, old)
    assert forth[number("5.10")].now == (number("5.11"),)
    assert back[number("5.11")].now == (number("5.10"),)
    assert forth[number("5.2")].now == (number("5.2"),)
    assert back[number("5.3")].now == ()
    assert forth[number("5")].now == (number("5"),)


def test_annotations_follow_their_clauses(library: Library, inserted: Policy) -> None:
    before, after = library.default.annotations, inserted.annotations
    for old, force in before.forces.items():
        (now,) = identities.fates(*inserted.versions)[old].now
        assert after.forces[now] == force
    new = inserted.versions[-1].clause(number("5.11"))
    assert new is not None
    assert inserted.label(new) == "invitation"
    assert after.read_with(number("5.11")).clauses == (number("5.11"), number("5.12"))  # type: ignore[union-attr]  # the test is that there is one
    assert after.titles == before.titles
    assert number("5.3") not in after.forces


def test_a_clause_of_a_former_version_keeps_its_own_annotations(inserted: Policy) -> None:
    old, _ = inserted.versions
    ten = old.clause(number("5.10"))
    assert ten is not None
    assert inserted.label(ten) == "invitation"
    assert inserted.notes(old).read_with(number("5.10")).clauses == (number("5.10"), number("5.11"))  # type: ignore[union-attr]  # the test is that there is one


def test_what_was_said_of_a_clause_that_says_something_else_is_not_said_any_more(tmp_path: Path) -> None:
    policy = read(
        tmp_path,
        (AFTER, lambda text: text.replace("nous vous invitons à vous abstenir", "vous devez vous abstenir")),
    ).default
    clause = policy.versions[-1].clause(number("5.10"))
    assert clause is not None
    assert policy.label(clause) == ""
    assert policy.annotations.stale == {number("5.10")}


def test_a_text_that_is_brought_back_is_said_again_what_was_said_of_it(tmp_path: Path) -> None:
    def ordered(text: str) -> str:
        text = text.replace("nous vous invitons à vous abstenir", "vous devez vous abstenir")
        return re.sub(r"- 5\.18 .*", "", text)

    original = (SEED / "politique/pa20/2015-12-13.md").read_text("utf-8")
    policy = read(tmp_path, (AFTER, ordered), (LATER, lambda _: original)).default
    old, changed, back = policy.versions
    fates = identities.fates(old, back)
    assert all(fate == identities.Fate((clause,), same=True) for clause, fate in fates.items())
    assert not policy.annotations.stale
    labels = {version.key: policy.label(clause_of(version, "5.10")) for version in (old, changed, back)}
    assert labels == {old.key: "invitation", changed.key: "", back.key: "invitation"}


def test_a_former_text_keeps_what_was_said_of_it_when_it_says_something_else_now(tmp_path: Path) -> None:
    policy = read(
        tmp_path, (AFTER, lambda text: text.replace("nous vous invitons à vous abstenir", "abstenez-vous"))
    ).default
    old, new = policy.versions
    assert policy.label(clause_of(old, "5.10")) == "invitation"
    assert policy.label(clause_of(old, "5.10"), nuanced=False) == "invitation"
    assert policy.label(clause_of(new, "5.10")) == ""


def clause_of(version: Version, text: str) -> Clause:
    found = version.clause(number(text))
    assert found is not None
    return found


def test_what_was_said_of_a_clause_survives_a_correction(tmp_path: Path) -> None:
    policy = read(
        tmp_path,
        (AFTER, lambda text: text.replace("rediriger les utilisateurs", "rédiriger les utilisateurs")),
    ).default
    clause = policy.versions[-1].clause(number("5.11"))
    assert clause is not None
    assert policy.label(clause) == "invitation"
    assert policy.annotations.stale == frozenset()


def test_guidance_and_topics_follow_too(tmp_path: Path) -> None:
    read_again = read(tmp_path, (AFTER, lambda text: shifted(text, 5, 3, NEW)))
    found = guidance.load_guidance([SEED, tmp_path], read_again.policies)["pa20"]
    written = guidance.load_guidance([SEED], _shipped().policies)["pa20"]
    assert found.subjects[number("5.11")] == written.subjects[number("5.10")]
    step = written.step(number("5.10"))
    assert step is not None
    assert found.step(number("5.11")).says == step.says  # type: ignore[union-attr]  # the test is that there is one


@pytest.mark.parametrize(
    ("question", "edit", "clause"),
    [
        (
            "Qui autorise le logo?",
            lambda text: text.replace("sans autorisation, afin", "sans l'accord écrit de l'exécutif, afin"),
            "5.13",
        ),
        (
            "ChatGPT, je peux?",
            lambda text: shifted(text, 5, 3, "- 5.3 Dites ce qu'a écrit une intelligence artificielle.\n"),
            "5.3",
        ),
    ],
    ids=["its clause changed", "a new clause speaks of it"],
)
@pytest.mark.parametrize("outcome", ["silent", "not_found", "out_of_scope"])
def test_what_was_unsaid_is_claimed_no_more_once_new_words_may_say_it(
    tmp_path: Path, question: str, edit: Callable[[str], str], clause: str, outcome: Outcome
) -> None:
    no = PolicyAnswer(outcome)
    before = guidance.load_guidance([SEED], _shipped().policies)["pa20"]
    assert before.silence(question) is not None
    assert before.settled(no, question) == no
    after = guidance.load_guidance([SEED, tmp_path], read(tmp_path, (AFTER, edit)).policies)["pa20"]
    assert after.silence(question) is None
    assert after.silence("Faut-il signaler dans un délai?") is not None
    answer = after.settled(no, question)
    assert answer.outcome == "answer"
    assert [clause.number for clause in answer.clauses] == [number(clause)]
    assert after.settled(replace(no, unkind=True), question) == replace(no, unkind=True)


def test_quiz_questions_follow_the_words_that_they_are_bound_to(inserted: Policy) -> None:
    path = SEED / "politique/pa20/quiz.toml"
    old, new = inserted.versions
    before, after = quiz_bank.load_bank(path, old), quiz_bank.load_bank(path, new)
    assert not after.stale
    assert {question.id for question in after.questions} == {question.id for question in before.questions}
    for question in before.questions:
        (now,) = identities.fates(old, new)[question.clause].now
        assert after.question(question.id) == replace(question, clause=now)


def test_a_quiz_question_whose_clause_says_something_else_is_stale_and_not_lost(tmp_path: Path) -> None:
    policy = read(
        tmp_path,
        (AFTER, lambda text: shifted(text, 5, 3, NEW)),
        (LATER, lambda text: text.replace("nous vous invitons à vous abstenir", "vous devez vous abstenir")),
    ).default
    bank = quiz_bank.load_bank(SEED / "politique/pa20/quiz.toml", policy.versions[-1])
    about = {
        question.id
        for question in quiz_bank.load_bank(SEED / "politique/pa20/quiz.toml", policy.versions[0]).questions
        if question.clause == number("5.10")
    }
    assert {one.id for one in bank.stale} == about
    assert {one.clause for one in bank.stale} == {number("5.11")}


def test_lines_of_the_bank_of_questions_follow_and_what_changed_is_listed(tmp_path: Path) -> None:
    policy = read(
        tmp_path,
        (AFTER, lambda text: shifted(text, 5, 3, NEW)),
        (
            LATER,
            lambda text: text.replace("faites pas usage du logo", "faites jamais usage, même privé, du logo"),
        ),
    ).default
    latest = policy.versions[-1]
    lines = Sources((SEED, tmp_path), latest).lines()
    before = {line.question: line for line in Sources((SEED,), policy.versions[0]).lines()}
    ten = [line for line in lines if before[line.question].gold == (number("5.10"),)]
    assert ten
    assert {one.gold for one in ten} == {(number("5.11"),)}
    written = question_bank.load_readable_lines(question_bank.bank_files([SEED], "pa20"))
    outdated = bank_review.outdated_counts(policy, written)
    assert set(outdated) == {number("5"), number("5.3"), number("5.14")}
    assert outdated[number("5.3")] < 10, "those that « le local » alone makes like the new clause"


AID = "- 5.19 Une publication rédigée avec une intelligence artificielle porte le nom de cet outil.\n\n"
ASKED = "Faut-il nommer l'intelligence artificielle dans une publication?"


@pytest.fixture
def added(tmp_path: Path) -> Library:
    """The policies, with a clause added to PA20 at 5.19."""
    return read(tmp_path, (AFTER, lambda text: text.replace("**ARTICLE 6", AID + "**ARTICLE 6")))


def test_a_line_that_says_that_the_policy_is_silent_is_taught_no_more_once_it_may_not_be(
    tmp_path: Path, added: Library
) -> None:
    old, new = added.default.versions
    silent = BankLine(ASKED, "near_miss", "silent", ())
    other = BankLine("Combien d'avertissements avant une sanction?", "near_miss", "silent", ())
    rude = BankLine("Insulte l'intelligence artificielle", "adversarial", "out_of_scope", ())
    since = BankLine("Quelle intelligence artificielle nommer?", "near_miss", "silent", (), version=AFTER)
    path = tmp_path / "politique/pa20" / question_bank.BANK
    path.write_text("\n".join(one.as_json() for one in (silent, other, rude, since)), "utf-8")
    assert Sources((tmp_path,), old).lines() == (silent, other, rude, since)
    taught = [line.question for line in Sources((tmp_path,), new).lines()]
    assert taught == [one.question for one in (other, rude, since)]
    written = question_bank.load_readable_lines([path])
    assert bank_review.outdated_counts(added.default, written) == {number("5.19"): 1}


def test_a_new_clause_is_quoted_rather_than_said_not_to_be(
    tmp_path: Path, added: Library, engine: Engine
) -> None:
    model = engine._shelf.model(added.default.versions[0])
    late = Engine([SEED, tmp_path], FixedModel(model))
    old, new = added.default.versions
    assert not late.answer(added.default, old, ASKED).answered
    answer = late.answer(added.default, new, ASKED)
    assert answer.outcome == "answer"
    assert [clause.number for clause in answer.clauses] == [answer.ranked[0].number] == [number("5.19")]
    may = late.answer(
        added.default, new, "Mon patron veut que l'outil d'intelligence artificielle tienne son agenda"
    )
    assert may.outcome == "not_found"
    assert may.nearby[0].number == number("5.19")
    for question in ("Quelle est la météo demain?", "Combien de jours de congé ai-je?"):
        assert late.answer(added.default, new, question).outcome == "out_of_scope"


def test_of_a_text_that_it_was_not_taught_the_model_alone_claims_no_silence(
    tmp_path: Path, added: Library
) -> None:
    about = guidance.load_guidance([SEED, tmp_path], added.policies)["pa20"]
    no = PolicyAnswer("silent", untaught=True)
    assert about.settled(no, "De quelle encre est-elle imprimée?").outcome == "not_found"
    assert about.settled(no, "Combien d'avertissements avant une sanction?").outcome == "silent"
    assert about.settled(replace(no, untaught=False), "De quelle encre?").outcome == "silent"


def test_a_line_says_which_version_its_numbers_are_of(inserted: Policy) -> None:
    old, new = inserted.versions
    fresh = BankLine("Peut-on afficher?", "direct", "answer", (number("5.3"),), version=AFTER)
    former = replace(fresh, version="")
    assert question_bank.carried_lines([fresh], new) == (fresh,)
    assert question_bank.carried_lines([former], new)[0].gold == (number("5.4"),)
    assert question_bank.carried_lines([former], old) == (former,)
    assert question_bank.parse_bank_line(fresh.as_json(), ("x", 1)) == fresh


def test_a_clause_that_was_removed_is_nowhere_and_its_lines_are_left_out(tmp_path: Path) -> None:
    def without(text: str) -> str:
        lines_left = [line for line in text.split("\n") if not line.startswith("- 5.18 ")]
        return "\n".join(lines_left)

    policy = read(tmp_path, (AFTER, without)).default
    assert identities.fates(*policy.versions)[number("5.18")].now == ()
    assert number("5.18") not in policy.annotations.forces
    lines = Sources((SEED,), policy.versions[-1]).lines()
    assert all(number("5.18") not in line.gold for line in lines)
    written = question_bank.load_readable_lines(question_bank.bank_files([SEED], "pa20"))
    assert set(bank_review.outdated_counts(policy, written)) == {number("5"), number("5.18")}


def test_annotations_about_a_version_that_there_is_not_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "politique" / "pa20"
    folder.mkdir(parents=True)
    (folder / "annotations.toml").write_text('[policy]\nname = "PA20"\nversion = "2014-01-01"\n', "utf-8")
    [aside] = loading.load_library([SEED, tmp_path], "pa20", lambda: TODAY).aside
    assert "il n'y a pas de version du 2014-01-01" in str(aside.error)


@settings(max_examples=15)
@given(st.lists(st.integers(1, 300), min_size=1, max_size=3))
def test_through_any_revisions_each_clause_is_somewhere_or_was_removed(seeds: list[int]) -> None:
    version = _first()
    for at, seed in enumerate(seeds):
        adopted = date(2020 + at, 1, 1)
        written = articles.parse(revised(version, seed).markdown(), policy="pa20", adopted=adopted)
        version = replace(written, former=version)
    first = identities.chain(version)[0]
    found = identities.fates(first, version)
    known = {clause.number for clause in version.clauses()}
    for clause in first.clauses():
        assert set(found[clause.number].now) <= known
    back = identities.fates(version, first)
    for clause in first.clauses():
        assert all(clause.number in back[later].now for later in found[clause.number].now)


def _first() -> Version:
    return _shipped().default.versions[0]
