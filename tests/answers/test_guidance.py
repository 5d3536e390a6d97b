"""What is said around quotations is data that is checked against the policy."""

from __future__ import annotations

import json

import pytest

from bot.answers import guidance
from bot.answers.engine.scores import ScoredClause
from bot.answers.guidance import Guidance
from bot.people import roles
from bot.policy.articles import Number, PolicyError
from bot.policy.library import Library
from bot.settings import SEED
from tests.kits.people import fresh


@pytest.fixture(scope="module")
def pa20(library: Library) -> Guidance:
    return guidance.load_guidance([SEED], library.policies)["pa20"]


def test_every_clause_has_a_subject_for_its_button(library: Library, pa20: Guidance) -> None:
    assert set(pa20.subjects) == {clause.number for clause in library.default.versions[-1].clauses()}
    assert len(set(pa20.subjects.values())) == len(pa20.subjects)


def test_every_contact_is_a_role_of_the_registry(pa20: Guidance) -> None:
    db = fresh()
    for step in pa20.steps:
        for role in step.contact:
            assert roles.title(db, role)


def test_what_to_do_next_is_said_where_the_policy_says_whom_to_contact(pa20: Guidance) -> None:
    for number in ("1", "5.10", "5.11", "5.16"):
        assert pa20.step(Number(number)), number


@pytest.mark.parametrize(
    ("question", "heard"),
    [
        ("Je me fais harceler par une collègue sur Messenger", True),
        ("on m'intimide dans le groupe", True),
        ("A coworker is harassing me online", True),
        ("Est-ce que je peux critiquer un concurrent?", False),
        ("Le harcèlement en ligne est-il visé?", False),
        ("", False),
    ],
)
def test_who_is_harassed_is_told_who_listens_and_nobody_else(
    pa20: Guidance, question: str, *, heard: bool
) -> None:
    step = pa20.step(Number("5.17"), question)
    assert ("811" in step.says if step else False) is heard


def test_most_silences_of_the_bank_have_a_sentence_of_their_own(pa20: Guidance) -> None:
    lines = [json.loads(line) for line in (SEED / "politique/pa20/questions.jsonl").read_text().splitlines()]
    silent = [
        line["question"] for line in lines if line["outcome"] == "silent" and line["kind"] == "near_miss"
    ]
    assert sum(pa20.silence(question) is not None for question in silent) >= 0.6 * len(silent)


@pytest.mark.parametrize(
    ("question", "closest", "likelihood", "says"),
    [
        ("Quel est le délai pour une page?", "5.16", 0.8, "page"),
        ("Combien de temps mon dossier est-il gardé?", "7.2", 0.2, "conservé"),
        ("Combien de temps nos stories sont-elles conservées?", "5.6", 0.8, ""),
        ("Combien d'avertissements avant une sanction?", "7.2", 0.6, "avertissements"),
        ("Combien d'avertissements avant de bannir quelqu'un?", "5.10", 0.6, ""),
    ],
)
def test_a_sentence_is_for_its_own_subject_only(
    pa20: Guidance, question: str, closest: str, likelihood: float, says: str
) -> None:
    silence = pa20.silence(question, [ScoredClause(Number(closest), likelihood)])
    assert (says in silence.says) if silence and says else (silence is None and not says)


@pytest.mark.parametrize(
    ("question", "unsaid"),
    [
        ("Faut-il un consentement écrit pour une photo?", True),
        ("Le consentement doit-il être écrit, ou donné de vive voix?", True),
        ("Le consentement se donne-t-il par écrit?", True),
        ("Must it be written consent?", True),
        ("Le mandat doit-il être écrit?", True),
        ("Où est-ce écrit qu'il faut le consentement des gens sur une photo?", False),
        ("Ma photo est affichée sans mon consentement : où est-il écrit que c'est permis?", False),
        ("C'est écrit où, qu'il faut un mandat?", False),
    ],
)
def test_where_something_is_written_is_not_whether_it_must_be(
    pa20: Guidance, question: str, *, unsaid: bool
) -> None:
    assert (pa20.silence(question) is not None) is unsaid


def test_no_sentence_says_yes_no_or_forbidden(pa20: Guidance) -> None:
    sentences = [case.says for case in (*pa20.silences, *pa20.elsewhere)] + [step.says for step in pa20.steps]
    for says in sentences:
        assert says.endswith(".")
        assert not {"oui", "non", "interdit", "défendu"} & set(says.lower().strip(".").split())


def test_a_policy_without_guidance_has_none_and_says_so_in_general_words(library: Library) -> None:
    assert guidance.load_guidance([SEED], library.policies)["cr3"] == Guidance()


@pytest.mark.parametrize(
    ("toml", "problem"),
    [
        ('[subject]\n"9.9" = "Rien"', "la clause 9.9 n'existe pas"),
        ('[[silence]]\nsays = "Rien."\nwhen = []', "il faut au moins une ligne"),
        ('[[silence]]\nsays = "Rien."\nwhen = ["?"]', "il faut au moins une ligne"),
        ('[[silence]]\nsays = "Rien."', "il faut une liste"),
        ('[[silence]]\nsay = "Rien."', "la clé «\u00a0say\u00a0» n'existe pas"),
        ('[silence]\nsays = "Rien."', "[[silence]] écrivez [[silence]]"),
        (f'scope = "{"a" * 201}"', "201 caractères"),
        ("scope = ", "ce n'est pas du TOML valide"),
        ('[[next]]\nclauses = ["5.10"]', "[[next]] says"),
        ('[[next]]\nclauses = ["5.10"]\nsays = "Rien."\nwhen = []', "[[next]] when"),
        ('inconnu = "a"', "«\u00a0inconnu\u00a0» n'existe pas"),
    ],
)
def test_what_is_badly_written_is_explained(library: Library, toml: str, problem: str) -> None:
    with pytest.raises(PolicyError) as refused:
        guidance.parse_guidance(toml, library.default.versions[-1], "pa20/answers.toml")
    assert problem in str(refused.value)
    assert "pa20/answers.toml" in str(refused.value)
