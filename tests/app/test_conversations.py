"""Conversations and two questions at once, as the chat would answer them, measured with the real bank."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.answers import evaluation, intents
from bot.answers.engine.shelf import ModelShelf
from bot.answers.questions import PolicyAnswer
from bot.app.build import Parts
from bot.app.rehearsal import rehearsing
from bot.settings import SEED
from tests.kits.cli import parts_over
from tests.kits.questions import MODELS, learnt

__all__ = ["learnt"]

DATA = Path(__file__).resolve().parents[1] / "data"
DEVELOPMENT = Path(__file__).resolve().parents[3] / "shared" / "eval" / "questions_dev.jsonl"
BANKS = [*sorted(SEED.glob("politique/*/questions*.jsonl")), DEVELOPMENT]
# What the banks hold that is said to the bot rather than asked of the policy, such as « Bonjour! ».
SMALL_TALK = {"off_topic", "adversarial"}
NEAREST = 50  # of five thousand; those that resemble what is said to the bot enough for it are among them


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    """The parts that every rehearsal reads: the model and what is said to the bot are read once."""
    parts = parts_over(tmp_path_factory.mktemp("conversations") / "vigie.db")
    parts.shelf = ModelShelf([SEED], MODELS)
    return parts


def measured(parts: Parts, name: str) -> dict[str, Any]:
    """Return the report on what the chat would answer to the questions and conversations of a file."""
    policy = parts.library.default
    conversations = evaluation.load_conversations(DATA / f"{name}.jsonl", policy.versions[-1])
    with rehearsing(parts, policy) as begin:

        def answering() -> Callable[[str], PolicyAnswer]:
            decide = begin()
            return lambda text: decide(text).answer

        return evaluation.evaluation_report(evaluation.ask(answering, conversations))


def test_no_question_about_the_policy_is_answered_as_something_said_to_the_bot(parts: Parts) -> None:
    """None is taken at once; of those that come nearest, the policy's model is sure enough to answer.

    What begins with the name of the command for reports is that command's, lest a report be taken for a
    question.
    """
    rows = [json.loads(line) for path in BANKS if path.is_file() for line in path.open(encoding="utf-8")]
    likeness = {
        row["question"]: parts.intents.closest(parts.library.naming.neutral(row["question"]))[1]
        for row in rows
        if row["kind"] not in SMALL_TALK and not row["question"].startswith("signalement ")
    }
    assert [text for text, likely in likeness.items() if likely >= intents.SURE] == []
    nearest = sorted(likeness, key=likeness.__getitem__)[-NEAREST:]
    with rehearsing(parts, parts.library.default) as begin:
        assert [text for text in nearest if begin()(text).answer.outcome == "help"] == []


@pytest.mark.parametrize(
    ("name", "kind", "least"),
    [
        ("dialogues", "follow_up", 0.93),
        ("two", "two", 0.80),
        ("two_unseen", "two", 0.95),
        ("unseen/two_v", "two", 0.95),
        ("unseen/two_x", "two", 0.90),
        ("unseen/two_z", "two", 0.90),
        ("unseen/two_q", "two", 0.90),
    ],
)
def test_what_follows_and_what_is_asked_twice_are_answered_as_well_as_is_promised(
    parts: Parts, name: str, kind: str, least: float
) -> None:
    assert measured(parts, name)["by_kind"][kind]["joint"] >= least


@pytest.mark.parametrize(
    ("name", "least", "wrong"),
    [
        ("questions_unseen", {"announced": 0.90, "top1": 0.97}, 0.02),
        ("unseen/questions_v", {"announced": 0.95, "top1": 0.97, "told": 0.86}, 0.02),
        ("silences_unseen", {"told": 0.85, "top1": 0.90}, 0.05),  # no silence is announced, of 75
        ("dialogues_unseen", {"later": 0.91}, 0.04),
        # Half of what a writer asked; the other half was learnt from. 20 of 30 silences are told.
        ("unseen/questions_x", {"announced": 0.85, "top1": 0.92, "told": 0.63}, 0.04),
        ("unseen/dialogues_x", {"later": 0.91}, 0.03),
        # Half of what another writer asked. 31 of 37 silences are told.
        ("unseen/questions_z", {"announced": 0.76, "top1": 0.93, "told": 0.80}, 0.03),
        ("unseen/dialogues_z", {"later": 0.80}, 0.05),  # shorter turns, with more left out
        # Half of what a third one asked, from which nothing was learnt.
        ("unseen/questions_q", {"announced": 0.88, "top1": 0.97, "told": 0.83}, 0.04),
        ("unseen/dialogues_q", {"later": 0.82}, 0.05),
    ],
)
def test_people_whose_questions_were_never_learnt_are_answered_nearly_as_well(
    parts: Parts, name: str, least: dict[str, float], wrong: float
) -> None:
    report = measured(parts, name)
    assert {measure: report[measure] for measure, share in least.items() if report[measure] < share} == {}
    assert report["wrong"] <= wrong


UNSEEN = [
    ("unseen/intents", 0.95),
    ("unseen/intents_r", 0.92),
    ("unseen/intents_s", 0.90),
    ("unseen/intents_v", 0.94),
    ("unseen/intents_w", 0.92),
    # Their errors were read, to learn the kinds of remark that no other writer had made.
    ("unseen/intents_x", 0.84),
    ("unseen/intents_z", 0.94),
    ("unseen/intents_q", 0.95),
]


@pytest.mark.parametrize(("name", "least"), UNSEEN)
def test_what_strangers_say_to_the_bot_about_itself_is_mostly_understood(
    parts: Parts, name: str, least: float
) -> None:
    assert measured(parts, name)["joint"] >= least  # 0.95 is aimed for, and reached on one


@pytest.mark.parametrize("shown", ["4.1", "5.10", "logo", "article 4"])
def test_what_precedes_completes_a_question_and_unsays_nothing(parts: Parts, shown: str) -> None:
    asked = {
        "j'ai tu le droit de checker mon Insta su'a job?": "answer",
        "qui peut parler pour l'asso?": "answer",
        "taux hypothécaire 5 ans fixe": "out_of_scope",
        "C'est quoi la météo demain?": "out_of_scope",
    }
    with rehearsing(parts, parts.library.default) as begin:
        for question, outcome in asked.items():
            decide = begin()
            assert decide(shown).answer.answered
            assert decide(question).answer.outcome == outcome, (shown, question)


@pytest.mark.parametrize("shown", ["4.1", "5.10", "logo", "5.5"])
@pytest.mark.parametrize(
    "question",
    [
        "Combien d'amis Facebook je peux avoir parmi mes collègues?",
        "Est-ce que je peux utiliser ChatGPT pour écrire un post de l'asso?",
        "Y a-t-il une liste des comptes officiels de l'association quelque part?",
    ],
)
def test_a_no_to_a_whole_question_says_nothing_of_the_clause_shown_before(
    parts: Parts, shown: str, question: str
) -> None:
    with rehearsing(parts, parts.library.default) as begin:
        alone, decide = begin()(question), begin()
        assert decide(shown).answer.answered
        after = decide(question)
    assert (after.answer.outcome, after.in_context) == (alone.answer.outcome, alone.in_context)
