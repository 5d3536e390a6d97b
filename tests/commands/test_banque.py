"""`/banque`, as the administration uses it: through the dispatcher."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bot.answers import bank as question_bank
from bot.answers import bank_review
from bot.answers.questions import PolicyAnswer
from bot.commands import banque
from bot.commands.banque import BankEditing
from bot.commands.examples import banque_examples
from bot.conversation.forms import ChoiceField, Form, Reply, TextField
from bot.conversation.messages import Message, Quoter
from bot.policy import loading
from bot.policy.articles import Number
from bot.policy.library import Library
from bot.settings import SEED
from tests.conftest import TODAY
from tests.kits.answers import OFFICER, Counter, counter, labels, words
from tests.kits.registry import ADMIN, pressed
from tests.platforms.test_hostile_text import check_everywhere

ASKED = ["Peut-on filmer une assemblée?", "On peut-tu filmer l'assemblée?", "Peut-on filmer les assemblées?"]


@pytest.fixture
def desk(library: Library, tmp_path: Path) -> Iterator[Counter]:
    with counter(library, tmp_path) as made:
        yield made


async def unanswered(desk: Counter, *questions: str) -> Message:
    """Ask what has no answer; return what the administration then sees."""
    for question in questions:
        await desk.say(question)
    return said(await desk.press("banque", ADMIN))


def said(reply: Reply) -> Message:
    assert isinstance(reply, Message)
    assert "Pardon" not in words(reply)
    return reply


async def form(desk: Counter, line: str) -> Form:
    reply = await desk.press(line, ADMIN)
    assert isinstance(reply, Form)
    return reply


def values(form: Form) -> dict[str, str]:
    return {field.name: field.value for field in form.fields if isinstance(field, TextField | ChoiceField)}


def own_lines(desk: Counter) -> list[dict[str, object]]:
    path = desk.own / "politique/pa20/questions.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


async def test_it_is_for_the_administration_alone(desk: Counter) -> None:
    assert "réservée" in words(said(await desk.press("banque", OFFICER)))


async def test_like_questions_are_shown_as_one_with_how_many_and_since_when(desk: Counter) -> None:
    reply = await unanswered(desk, *ASKED, "Le café est-il équitable?")
    assert labels(reply).count("En faire une ligne") == 2
    assert (
        "Posée 3 fois (sans réponse\u00a0: 3), la dernière dans la semaine du 23\u00a0novembre\u00a02026."
        in words(reply)
    )
    group = said(await desk.press(pressed(reply, "Voir"), ADMIN))
    assert words(group).count("filmer") == 3


async def test_nothing_to_show_says_so(desk: Counter) -> None:
    assert "Aucune question n'attend." in words(said(await desk.press("banque", ADMIN)))


async def test_a_question_becomes_a_line_of_the_associations_bank_and_is_no_longer_kept(
    desk: Counter,
) -> None:
    reply = await unanswered(desk, *ASKED)
    line = pressed(reply, "En faire une ligne")
    asked = values(await form(desk, line))
    assert asked["question"] in ASKED
    filled = asked | {
        "question": "Puis-je filmer une assemblée?",
        "clauses": "5.5 et 5.14",
        "sorte": "direct",
    }
    done = said(await desk.press(line, ADMIN, **filled))
    assert "Ajoutée\u00a0: «\u00a0Puis-je filmer une assemblée?\u00a0» (5.5, 5.14)." in words(done)
    assert own_lines(desk) == [
        {
            "question": "Puis-je filmer une assemblée?",
            "kind": "direct",
            "outcome": "answer",
            "gold": ["5.5", "5.14"],
            "also_ok": [],
            "author": "association",
            "version": "2015-12-13",
        }
    ]
    assert desk.rows("SELECT * FROM asked_questions") == []
    assert desk.rows("SELECT task, due_at FROM due_tasks") == [("reentrainer", "2026-11-24T15:01:00Z")]


@pytest.mark.parametrize(
    ("answer", "kind", "outcome"),
    [
        ("silent", "near_miss", "silent"),
        ("near_miss", "near_miss", "out_of_scope"),
        ("off_topic", "off_topic", "out_of_scope"),
    ],
)
async def test_a_question_can_be_one_that_the_policy_does_not_answer(
    desk: Counter, answer: str, kind: str, outcome: str
) -> None:
    reply = await unanswered(desk, "Le café est-il équitable?")
    line = pressed(reply, "En faire une ligne")
    await desk.press(line, ADMIN, **(values(await form(desk, line)) | {"issue": answer}))
    (written,) = own_lines(desk)
    assert (written["kind"], written["outcome"], written["gold"]) == (kind, outcome, [])


async def test_what_is_added_can_be_read_with_what_is_shipped(desk: Counter, library: Library) -> None:
    for question in ("Le café est-il équitable?", "Le thé est-il équitable?"):
        line = pressed(await unanswered(desk, question), "En faire une ligne")
        await desk.press(line, ADMIN, **(values(await form(desk, line)) | {"issue": "off_topic"}))
    paths = question_bank.bank_files([SEED, desk.own], "pa20")
    lines = question_bank.load_bank_lines(paths)
    assert all(library.default.versions[-1].within(number) for line in lines for number in line.gold)
    assert len(own_lines(desk)) == 2


async def test_several_lines_in_a_minute_are_one_training(desk: Counter) -> None:
    for question in ("Le café est-il équitable?", "Le thé est-il équitable?"):
        line = pressed(await unanswered(desk, question), "En faire une ligne")
        await desk.press(line, ADMIN, **(values(await form(desk, line)) | {"issue": "off_topic"}))
    assert len(desk.rows("SELECT * FROM due_tasks")) == 1


@pytest.mark.parametrize(
    ("filled", "refusal"),
    [
        ({"clauses": ""}, "Donnez les numéros des clauses"),
        ({"clauses": "5.99"}, "Donnez les numéros des clauses"),
        ({"clauses": "au hasard"}, "Donnez les numéros des clauses"),
        ({"question": "Et [nom]?", "clauses": "5.5"}, "Remplacez ce qui est entre crochets"),
        ({"question": " ", "clauses": "5.5"}, "il faut un texte"),
        ({"clauses": "5.5", "sorte": "ancienne"}, "l'une de ces sortes"),
        ({"issue": "incident"}, "l'une de ces sortes"),
        ({"question": "sa sert a koi la pa20 svp", "clauses": "1"}, "déjà dans la banque"),
    ],
)
async def test_what_does_not_hold_together_is_refused_and_changes_nothing(
    desk: Counter, filled: dict[str, str], refusal: str
) -> None:
    line = pressed(await unanswered(desk, *ASKED), "En faire une ligne")
    reply = said(await desk.press(line, ADMIN, **(values(await form(desk, line)) | filled)))
    assert refusal in words(reply)
    assert "Rien n'est ajouté." in words(reply)
    assert own_lines(desk) == []
    assert len(desk.rows("SELECT * FROM asked_questions")) == 3
    assert desk.rows("SELECT * FROM due_tasks") == []


async def test_what_was_masked_is_proposed_in_neutral_words(desk: Counter) -> None:
    reply = await unanswered(desk, "Est-ce que Marie Tremblay peut filmer 12 personnes?")
    asked = values(await form(desk, pressed(reply, "En faire une ligne")))
    assert asked["question"] == "Est-ce que quelqu'un peut filmer un nombre personnes?"


async def test_a_group_is_erased_and_pressing_again_changes_nothing(desk: Counter) -> None:
    reply = await unanswered(desk, *ASKED)
    for _ in range(2):
        assert "Aucune question n'attend." in words(said(await desk.press(pressed(reply, "Effacer"), ADMIN)))
    assert desk.rows("SELECT * FROM asked_questions") == []


async def test_many_groups_are_read_page_by_page(desk: Counter, quote: Quoter) -> None:
    things = "vélo chat four piano sapin tambour violon bateau canard fromage tracteur sushi".split()  # noqa: SIM905 — words
    reply = await unanswered(desk, *(f"Où ranger un {thing} dehors?" for thing in things))
    seen: list[str] = []
    for _ in range(9):
        check_everywhere(reply, quote)
        seen += [line for line in words(reply).splitlines() if line.startswith("«")]
        following = [b for b in labels(reply) if b.startswith("Page suivante")]
        if not following:
            break
        reply = said(await desk.press(pressed(reply, "Page suivante"), ADMIN))
    assert len(seen) == len(set(seen)) == 12


async def test_without_a_folder_of_its_own_nothing_can_be_added(desk: Counter, library: Library) -> None:
    bank = BankEditing(library, desk.desk.office, SEED, None)
    command = desk.dispatcher.command("banque")
    assert command
    desk.dispatcher._by_name["banque"] = replace(command, run=lambda request: banque.manage(bank, request))
    assert "Réglez d'abord VIGIE_DATA" in words(said(await desk.press("banque pa20:ligne 0f3c", ADMIN)))


async def test_a_silence_is_told_from_a_question_not_found(desk: Counter) -> None:
    desk.engine.answers[ASKED[0]] = PolicyAnswer("silent")
    assert "sans réponse\u00a0: 1, non précisé par la politique\u00a0: 1" in words(
        await unanswered(desk, ASKED[0], ASKED[0].replace("une", "les"))
    )


def revised(folder: Path) -> Library:
    """Return PA20 with a later version, where 5.10 is changed and 7.3 is gone."""
    text = (SEED / "politique/pa20/2015-12-13.md").read_text()
    text = text.replace("nous vous invitons à vous abstenir de commenter", "abstenez-vous de commenter")
    text = text[: text.index("- 7.3")]
    (folder / "politique/pa20").mkdir(parents=True)
    (folder / "politique/pa20/2026-01-15.md").write_text(text)
    notes = (SEED / "politique/pa20/annotations.toml").read_text().replace('"7.3" = "portée"\n', "")
    (folder / "politique/pa20/annotations.toml").write_text(notes)
    return loading.load_library([SEED, folder], "pa20", lambda: TODAY)


async def test_a_new_version_shows_which_lines_point_to_changed_clauses(
    desk: Counter, tmp_path: Path
) -> None:
    later = revised(tmp_path / "later")
    lines = question_bank.load_readable_lines(question_bank.bank_files([SEED], "pa20"))
    counts = bank_review.outdated_counts(later.default, lines)
    assert {str(number) for number in counts} == {"5", "5.10", "7", "7.3"}
    pointing = {number: sum(number in (*line.gold, *line.also_ok) for line in lines) for number in counts}
    changed = Number("5.10")
    assert counts.pop(changed) > pointing.pop(changed), "and those said to be without answer that it may have"
    assert counts == pointing
    bank = BankEditing(later, desk.desk.office, SEED, desk.own)
    command = desk.dispatcher.command("banque")
    assert command
    desk.dispatcher._by_name["banque"] = replace(command, run=lambda request: banque.manage(bank, request))
    first = said(await desk.press("banque", ADMIN))
    shown = words(said(await desk.press(pressed(first, "Lignes à revoir"), ADMIN)))
    assert "• 5.10, nouvelle ou modifiée\u00a0: " in shown
    assert "• 7.3, retirée\u00a0: " in shown


async def test_with_one_version_no_line_is_to_be_reviewed(desk: Counter) -> None:
    assert "Aucune ligne" in words(said(await desk.press("banque pa20:revoir", ADMIN)))


def test_every_message_passes_on_every_platform(library: Library, quote: Quoter) -> None:
    assert library.default.versions[0].adopted == date(2015, 12, 13)
    for reply in banque_examples(library).values():
        check_everywhere(reply, quote)
