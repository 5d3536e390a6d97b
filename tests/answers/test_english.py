"""What is said in English says all that is said in French, with the same values."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.answers import guidance as guidances
from bot.answers.guidance import Guidance
from bot.answers.intents import load_intents
from bot.configuration.profile import shipped
from bot.language.voice import ENGLISH, FRENCH, Voice, load_english
from bot.policy.annotations import FORCES
from bot.policy.articles import PolicyError
from bot.policy.library import Library
from bot.settings import SEED

ROOT = Path(__file__).resolve().parents[2]


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def constants() -> Iterator[str]:
    """Yield every text in the code."""
    for path in (ROOT / "bot").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield plain(node.value)


def written(guidance: Guidance, library: Library) -> set[str]:
    """Return what people wrote in French around quotations, and about the bot."""
    policy = library.default
    notes, version = policy.annotations, policy.versions[-1]
    cases = (*guidance.silences, *guidance.elsewhere)
    texts = [
        *(guidance.subjects.values()),
        *(case.says for case in cases),
        *(step.says for step in guidance.steps),
        *(text for group in notes.together for text in (group.reason, group.gist)),
        *(notes.label(clause.number) for clause in version.clauses()),
        *(guidance.scope, guidance.incident, guidance.draft, notes.contact.who if notes.contact else ""),
    ]
    without = load_intents(SEED, reports=False, checks=False, permissions=False)
    for intent in (*load_intents(SEED).every, *without.every):
        texts += [intent.says, intent.serves, *(label for label, _ in (*intent.buttons, *intent.duties))]
    return {plain(text) for text in (*texts, *(role.title for role in shipped().roles), *FORCES) if text}


@pytest.fixture
def guidance(library: Library) -> Guidance:
    return guidances.load_guidance([SEED], library.policies)[library.default.id]


def test_all_that_is_written_beside_the_policy_and_about_the_bot_is_said_in_english(
    guidance: Guidance, library: Library
) -> None:
    english = guidance.english.english or {}
    assert written(guidance, library) - english.keys() == set()


def test_nothing_is_translated_that_is_no_longer_said(guidance: Guidance, library: Library) -> None:
    english = guidance.english.english or {}
    assert english.keys() - written(guidance, library) - set(constants()) == set()


def test_a_translation_has_no_value_that_its_sentence_has_not(guidance: Guidance) -> None:
    def values(text: str) -> set[str]:
        return {name.partition(".")[0] for _, name, _, _ in string.Formatter().parse(text) if name}

    also = {
        "within": {"no"},
        "contact": {"who"},
        "day": {"iso"},
        "of": {"name"},
    }  # the same, as English words it
    for french, english in (guidance.english.english or {}).items():
        known = values(french)
        assert values(english) <= known.union(*(also.get(name, set()) for name in known)), french


def test_what_has_no_translation_is_said_in_french(tmp_path: Path) -> None:
    (tmp_path / ENGLISH).write_text('"Bonjour {nom}." = "Hello {nom}."\n', "utf-8")
    voice = Voice(load_english([tmp_path / ENGLISH, tmp_path / "absent.toml"]))
    assert voice("Bonjour {nom}.", nom="Vigie") == "Hello Vigie."
    assert voice("Bonsoir {nom}.", nom="Vigie") == "Bonsoir Vigie."
    assert FRENCH("Bonjour {nom}.", nom="Vigie") == "Bonjour Vigie."


@pytest.mark.parametrize("words", ["3", '""', '["Hello"]'])
def test_a_translation_that_is_no_text_is_named(tmp_path: Path, words: str) -> None:
    (tmp_path / ENGLISH).write_text(f'"Bonjour" = {words}\n', "utf-8")
    with pytest.raises(PolicyError, match="Bonjour"):
        load_english([tmp_path / ENGLISH])
