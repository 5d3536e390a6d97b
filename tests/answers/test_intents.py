"""What people say to the bot about itself is recognised in any voice; a question on the policy is not."""

from __future__ import annotations

import json
from functools import partial

import pytest

from bot.answers import intents, intents_training
from bot.conversation.dispatcher import Dispatcher
from bot.policy.library import Library
from bot.settings import SEED
from tests.conftest import TEST_DATA
from tests.kits.effort import calls

INTENTS = intents.load_intents(SEED)
NAMES = """
    greeting thanks approval who_are_you what_can_you_do human confused undo start_quiz resume_quiz stop_quiz
    remaining_questions quiz_result receipt report_how report_follow report_withdraw privacy my_data progress
    deadline reminders whats_new read_policy link_accounts language wrong_answer bot_or_human goodbye insult
    name_role who_is_where broken distress ask_permission check_post
""".split()  # noqa: SIM905 — a list of words reads better as lines
SAID = [json.loads(line) for line in (TEST_DATA / "intents.jsonl").read_text("utf-8").splitlines()]


def named(text: str, least: float = intents.SURE) -> str:
    intent = INTENTS.find(text, least=least)
    return intent.name if intent else ""


def test_the_intents_are_those_that_are_measured() -> None:
    assert [intent.name for intent in INTENTS.every] == NAMES


def test_the_weights_were_made_from_these_phrases() -> None:
    import numpy as np  # noqa: PLC0415 — as the bot does

    with np.load(SEED / intents.WEIGHTS) as file:
        assert file["phrases"] == intents_training.fingerprint(SEED), "python -m bot.answers.intents_training"


def test_what_is_said_is_recognised_in_any_register() -> None:
    """Phrasings by another writer, most of which were not learnt."""
    assert len(SAID) >= 150
    wrong = [
        line["question"] for line in SAID if named(line["question"], intents.UNSURE) != (line["intent"] or "")
    ]
    assert len(wrong) <= 0.05 * len(SAID), wrong


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("je veux arrêter", "stop_quiz"),
        ("reprendre le quiz", "resume_quiz"),
        ("Mon reçu", "receipt"),
        ("MERCI!!!", "thanks"),
        ("👍🏽", "approval"),
        (":+1:", "approval"),
        ("👍👍🏽", "approval"),
        ("🍕🤔", "confused"),
        ("b", "confused"),
        ("a", "confused"),
        ("A+", "goodbye"),
        ("+1", "approval"),
        ("Une autre question!", "greeting"),
        ("j'ai une autre question", "greeting"),
        ("Z?", "confused"),
        ("membres", ""),
        ("révisions", "whats_new"),
        ("signalements", "report_how"),
        ("4.2?", ""),
        ("je comprends rien", "confused"),
        ("Bonjour, quel est mon résultat au quiz?", "quiz_result"),
        ("Bonjour, puis-je publier une photo du comité?", ""),
        ("Peut-on arrêter de publier sur la page de l'association?", ""),
        ("", ""),
        ("🍕", ""),
        ("merci " * 200, ""),
    ],
)
def test_what_is_said_has_its_intent_and_what_is_asked_has_none(text: str, name: str) -> None:
    assert named(text) == name


def test_a_text_is_compared_without_reading_anything_again() -> None:
    texts = [line["question"] for line in SAID[:100]]
    for text in texts:  # the weights, and the words that were not met
        named(text)
    assert max(calls(partial(named, text)) for text in texts) < 20_000  # 14,000 when this was written


def test_a_question_on_the_policy_is_told_from_what_is_said_without_its_embedding(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def embedded(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(intents, "embedded", embedded)
    asked = "Faut-il le consentement des membres pour publier des photos de la soirée sur la page du comité?"
    assert named(asked, intents.UNSURE) == ""


def test_nothing_that_strangers_say_is_unlikely_by_its_words_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [
        json.loads(line)["question"]
        for path in (TEST_DATA / "unseen").glob("intents*.jsonl")
        for line in path.read_text("utf-8").splitlines()
    ]
    by_words_first = [named(text, intents.UNSURE) for text in texts]
    monkeypatch.setattr(intents, "UNLIKELY", float("-inf"))
    embedded = [named(text, intents.UNSURE) for text in texts]
    assert sum(first != name for first, name in zip(by_words_first, embedded, strict=True)) <= 1


def test_each_button_is_a_command_that_everyone_may_use(dispatcher: Dispatcher) -> None:
    for intent in INTENTS.every:
        for _, line in intent.buttons:
            command = dispatcher.command(line.partition(" ")[0])
            assert command is not None
            assert command.refusal is None


def test_each_command_written_alone_has_a_meaning(dispatcher: Dispatcher) -> None:
    meant = {command.name: INTENTS.meant_by(command.name).name for command in dispatcher.commands}
    assert meant["quiz"] == "start_quiz"
    assert meant["accueil"] == "progress"
    assert meant["lire"] == "what_can_you_do"


def test_no_answer_names_the_policy_the_association_or_the_bot(library: Library) -> None:
    for intent in INTENTS.every:
        assert "Vigie" not in intent.says
        assert not any(name in intent.says for policy in library.policies.values() for name in policy.names())
