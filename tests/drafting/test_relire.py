"""`/vigie relire`, as the administration goes through the drafts of a policy: through the dispatcher."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from bot.conversation.forms import Form
from bot.conversation.messages import Button, Buttons, Message
from bot.conversation.requests import CONFIRMED
from bot.drafting import drafts
from bot.policy import articles
from bot.policy.names import GenderedName
from bot.schedule.names import RETRAIN
from tests.drafting.club import TEXT, club
from tests.kits.revision_commands import ALEX, World, assemble, command, commands, filled, words, world


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "donnees" / "politique" / "marche"
    drafts.begin(made, club(), GenderedName("règlement du club", "masculin"), "")
    return made


@pytest.fixture
def at_work(tmp_path: Path, folder: Path) -> Iterator[World]:
    assert folder.is_dir()
    with world(tmp_path) as made:
        yield made


def remaining(folder: Path) -> int:
    return len(drafts.read_drafts(folder, club()))


async def test_drafts_are_kept_one_at_a_time_and_serve_at_once(at_work: World, folder: Path) -> None:
    count = remaining(folder)
    shown = await at_work.ask("relire")
    assert isinstance(shown, Message)
    assert f"Clause 1 sur 9; encore {count} lignes, dont 3 à remplir." in words(shown)
    assert [quote.clause for quote in shown.quotes()] == ["1.1"]
    for _ in range(3):  # the title, the force and the subject of 1.1
        shown = await at_work.press(shown, "Garder")
        assert "Gardée." in words(shown)
    assert remaining(folder) == count - 3
    read = await at_work.ask("politique marche:1.1")
    assert isinstance(read, Message)
    assert "Objet et définitions" in words(read)
    assert (
        at_work.services.library.policies["marche"].annotations.label(club().clauses()[0].number) == "portée"
    )


async def test_a_quiz_opens_at_six_questions_and_the_last_line_read_says_so(
    at_work: World, folder: Path
) -> None:
    quiz = [each for each in drafts.read_drafts(folder, club()) if each.kind == "quiz" and not each.unfilled]
    drafts.write_drafts(folder, quiz[:7])
    shown, openings = await at_work.ask("relire marche"), []
    for _ in range(7):
        shown = await at_work.press(shown, "Garder")
        openings.append(words(shown).partition("Gardée.")[2].partition("\n")[0].strip())
        course = at_work.services.course.on("marche")
        assert course.quizzed == (len(openings) > 5)
        assert course.size() == (len(openings) if course.quizzed else 0), "asked as soon as it is kept"
    assert openings[0] == "Le quiz s'ouvre à 6 questions\u00a0: il en manque 5."
    assert openings[4:] == ["Le quiz s'ouvre à 6 questions\u00a0: il en manque 1.", "Le quiz est ouvert.", ""]


async def test_a_question_that_is_kept_again_after_a_crash_counts_once(at_work: World, folder: Path) -> None:
    quiz = [each for each in drafts.read_drafts(folder, club()) if each.kind == "quiz" and not each.unfilled]
    for _ in "12":
        drafts.write_drafts(folder, quiz[:2])  # as they were before the first was kept
        shown = await at_work.press(await at_work.ask("relire marche"), "Garder")
        assert "il en manque 5." in words(shown)


async def test_a_policy_whose_drafts_can_be_prepared_is_offered_without_its_name(tmp_path: Path) -> None:
    text = tmp_path / "donnees" / "politique" / "marche" / "2024-05-01.md"
    text.parent.mkdir(parents=True)
    text.write_text(TEXT, "utf-8")
    with world(tmp_path) as desk:
        shown = await desk.ask("relire")
        assert isinstance(shown, Message)
        assert "Préparer les brouillons" in [button.label for button in shown.buttons()]


async def test_a_text_that_came_by_chat_leaves_a_profile_to_complete_with_its_drafts(tmp_path: Path) -> None:
    text = tmp_path / "donnees" / "politique" / "marche" / "2024-05-01.md"
    text.parent.mkdir(parents=True)
    text.write_text(TEXT, "utf-8")
    with world(tmp_path) as desk:
        left = tmp_path / "donnees" / "profil.exemple.toml"
        await desk.ask("relire marche")
        assert not left.exists()
        shown = await desk.press(await desk.ask("relire marche"), "Préparer les brouillons")
        assert "profil.exemple.toml dit qui vous êtes" in words(shown)
        assert tomllib.loads(left.read_text("utf-8"))["politique"] == "marche"


async def test_a_draft_is_corrected_in_a_form_filled_with_it(at_work: World, folder: Path) -> None:
    shown = await at_work.ask("relire marche")
    form = filled(await at_work.press(shown, "Corriger"))
    assert [field.value for field in form.fields] == ["Objet et définitions"]
    await at_work.ask(form.command, texte="De quoi il s'agit")
    assert at_work.services.library.policies["marche"].annotations.titles.values()
    assert "Objet et définitions" not in (folder / "annotations.toml").read_text("utf-8")


async def test_numbers_that_have_commas_stay_whole_in_the_form(tmp_path: Path) -> None:
    text = """# Règlement du canot

## Article 1 – Sorties

1 On sort à deux.

2 On prévient la personne de garde.

## Article 2 – Retours

1 On rentre avant la nuit.

2 On sèche le canot, comme le dit l'article 1, al. 2.
"""
    version = articles.parse(text, policy="canot", adopted=date(2024, 5, 1))
    made = tmp_path / "donnees" / "politique" / "canot"
    drafts.begin(made, version, GenderedName("règlement du canot", "masculin"), "")
    drafts.write_drafts(made, [each for each in drafts.read_drafts(made, version) if each.kind == "question"])
    with world(tmp_path) as desk:
        form = filled(await desk.press(await desk.ask("relire canot"), "Corriger"))
        assert [field.value for field in form.fields][1] == "1, 1"
        await desk.ask(form.command, texte="On sort à combien?", clauses="1, 1; 2, 2")
        [line] = (made / "questions.jsonl").read_text("utf-8").splitlines()
        assert json.loads(line)["gold"] == ["1, 1", "2, 2"]
        form = filled(await desk.press(await desk.ask("relire canot"), "Corriger"))
        await desk.ask(form.command, texte="Et de nuit?", clauses="2, 1, 1, 2")
        line = (made / "questions.jsonl").read_text("utf-8").splitlines()[1]
        assert json.loads(line)["gold"] == ["2, 1", "1, 2"]


async def test_what_is_thrown_away_is_never_shown_again_and_later_comes_back(
    at_work: World, folder: Path
) -> None:
    first = await at_work.ask("relire marche")
    count = remaining(folder)
    second = await at_work.press(first, "Plus tard")
    assert remaining(folder) == count
    assert commands(second) != commands(first)
    await at_work.press(second, "Jeter")
    assert remaining(folder) == count - 1
    assert command(await at_work.ask("relire marche"), "Garder") == command(first, "Garder")


async def test_a_button_pressed_twice_or_after_a_restart_does_its_work_once(
    at_work: World, folder: Path
) -> None:
    shown = await at_work.ask("relire marche")
    await at_work.press(shown, "Garder")
    count = remaining(folder)
    again = assemble(at_work.storage, at_work.clock, at_work.volume)
    assert "n'est plus à relire" in words(await again.press(shown, "Garder"))
    assert remaining(folder) == count


async def test_a_whole_clause_is_kept_at_once_but_for_what_must_be_filled(
    at_work: World, folder: Path
) -> None:
    count = remaining(folder)
    shown = await at_work.ask("relire marche")
    together = await at_work.press(shown, "Voir les")
    assert remaining(folder) == count, "nothing is kept before it is shown"
    for draft in drafts.read_drafts(folder, club()):
        if draft.kind == "question":
            assert (draft.value["question"] in words(together)) is (draft.clause == "1.1")
    assert command(await at_work.press(together, "Une à la fois"), "Garder") == command(shown, "Garder")
    await at_work.press(together, "Garder les")
    left = [draft for draft in drafts.read_drafts(folder, club()) if draft.clause == "1.1"]
    assert all(draft.unfilled for draft in left)


async def test_a_text_read_by_clauses_goes_on_so_to_its_end_with_its_progress(
    at_work: World, folder: Path
) -> None:
    shown = await at_work.press(await at_work.ask("relire marche"), "Voir les")
    assert "Clause 1 sur 9; encore" in words(shown)
    later = await at_work.press(shown, "Plus tard")
    assert "Clause 2 sur 9; encore" in words(later)
    assert "Les 7 lignes\u00a0: 1.2" in words(later)
    for _ in club().clauses():
        shown = await at_work.press(shown, "Garder les")
    assert all(draft.unfilled for draft in drafts.read_drafts(folder, club()))


async def test_what_was_guessed_of_a_clause_is_thrown_away_at_once(at_work: World, folder: Path) -> None:
    together = await at_work.press(await at_work.ask("relire marche"), "Voir les")
    after = await at_work.press(together, "Jeter les")
    assert "Jetées\u00a0: " in words(after)
    left = [draft for draft in drafts.read_drafts(folder, club()) if draft.clause == "1.1"]
    assert all(draft.unfilled for draft in left)
    assert not (folder / "questions.jsonl").exists()


async def test_no_more_lines_of_a_clause_are_kept_at_once_than_one_message_shows(
    at_work: World, folder: Path
) -> None:
    """Long words that someone wrote in the folder leave the rest for the next message."""
    bank = folder / "a_relire" / "questions.jsonl"
    [first, *others] = bank.read_text("utf-8").splitlines()
    line = json.loads(first)
    long = [json.dumps(line | {"question": f"Question {at} : {'est-ce permis, ' * 30}?"}) for at in range(20)]
    bank.write_text("\n".join([*long, *others]) + "\n", "utf-8")
    together = await at_work.press(await at_work.ask("relire marche"), "Voir les")
    shown = [at for at in range(20) if f"Question {at} :" in words(together)]
    assert 0 < len(shown) < 20
    await at_work.press(together, "Garder les")
    lines = (folder / "questions.jsonl").read_text("utf-8").splitlines()
    assert len(lines) == len(shown)


@pytest.mark.parametrize("label", ["Garder les", "Jeter les"])
async def test_a_button_about_lines_that_changed_since_shows_those_that_are_left_and_does_nothing(
    at_work: World, folder: Path, label: str
) -> None:
    shown = await at_work.ask("relire marche")
    together = await at_work.press(shown, "Voir les")
    await at_work.press(await at_work.press(shown, "Plus tard"), "Garder")
    count = remaining(folder)
    again = await at_work.press(together, label)
    assert "Rien n'est encore fait" in words(again)
    assert remaining(folder) == count
    await at_work.press(again, label)
    assert all(each.unfilled for each in drafts.read_drafts(folder, club()) if each.clause == "1.1")


@pytest.mark.parametrize(("verb", "label"), [("tout", "Garder les"), ("oter", "Jeter les")])
async def test_a_button_that_does_not_say_which_lines_it_was_below_shows_them(
    at_work: World, folder: Path, verb: str, label: str
) -> None:
    first, count = drafts.read_drafts(folder, club())[0], remaining(folder)
    old = Message(Buttons(Button(label, f"relire marche:{verb} {first.id} {CONFIRMED}")))
    again = await at_work.press(old, label)
    assert "Rien n'est encore fait" in words(again)
    assert remaining(folder) == count
    await at_work.press(again, label)
    assert remaining(folder) < count


@pytest.mark.parametrize("kept", [0, 1])
async def test_a_clause_that_has_fewer_than_two_lines_is_read_one_at_a_time(
    at_work: World, folder: Path, kept: int
) -> None:
    every = drafts.read_drafts(folder, club())
    unfilled = next(each for each in every if each.unfilled)
    others = [each for each in every if each.clause == unfilled.clause and not each.unfilled][:kept]
    drafts.write_drafts(folder, [unfilled, *others])
    for verb in ("tout", "vider"):
        shown = words(await at_work.ask(f"relire marche:{verb} {unfilled.id}"))
        assert "À relire" in shown
        assert not re.search("[Ll]es [01] lignes", shown)


async def test_what_is_kept_before_a_line_that_cannot_be_serves_too(at_work: World, folder: Path) -> None:
    """A subject that someone lengthened in the folder stops « Garder les … » there, and says which line."""
    broken = (folder / "a_relire" / "answers.toml").read_text("utf-8")
    wrong = broken.replace('"1.1" = "', f'"1.1" = "{"trop long " * 9}')
    (folder / "a_relire" / "answers.toml").write_text(wrong, "utf-8")
    shown = await at_work.ask("relire marche")
    refused = await at_work.press(await at_work.press(shown, "Voir les"), "Garder les")
    assert "n'est pas gardée" in words(refused)
    notes = at_work.services.library.policies["marche"].annotations
    assert notes.label(club().clauses()[0].number) == "portée"
    assert "corrigez-la ou jetez-la" in words(refused)


async def test_an_evening_later_everything_is_read(at_work: World, folder: Path) -> None:
    shown = await at_work.ask("relire marche")
    for _ in range(remaining(folder)):
        assert isinstance(shown, Message)
        labels = [button.label for button in shown.buttons() if isinstance(button, Button)]
        shown = await at_work.press(shown, "Garder" if "Garder" in labels else "Jeter")
        assert isinstance(shown, Message)
    assert "Rien de ce que j'ai deviné n'attend plus" in words(shown)
    assert remaining(folder) == 0


async def test_a_quiz_question_is_corrected_choice_by_choice(at_work: World, folder: Path) -> None:
    unfilled = next(draft for draft in drafts.read_drafts(folder, club()) if draft.unfilled)
    form = await at_work.ask(f"relire marche:corriger {unfilled.id}")
    assert isinstance(form, Form)
    refused = await at_work.ask(form.command, texte="Que faites-vous?", choix="Attendre")
    assert isinstance(refused, Message)
    assert "Chaque ligne commence par +" in words(refused)
    await at_work.ask(
        form.command, texte="Que faites-vous?", choix="+ Je préviens | C'est la règle.\n- Rien | Non."
    )
    assert "Je préviens" in (folder / "quiz.toml").read_text("utf-8")
    assert unfilled.id not in {draft.id for draft in drafts.read_drafts(folder, club())}


async def test_nobody_but_the_administration_reads_drafts(at_work: World) -> None:
    refused = await at_work.ask("relire marche", ALEX)
    assert isinstance(refused, Message)
    assert not list(refused.quotes())


async def test_a_name_that_no_policy_has_is_said_to_be_unknown(at_work: World) -> None:
    assert "Je ne connais pas" in words(await at_work.ask("relire chorale"))


async def test_a_few_questions_serve_without_a_training_that_would_fail(at_work: World, folder: Path) -> None:
    question = next(draft for draft in drafts.read_drafts(folder, club()) if draft.kind == "question")
    form = filled(await at_work.ask(f"relire marche:corriger {question.id}"))
    assert "Écrivez des mots" in words(await at_work.ask(form.command, texte="?", clauses="1.1"))
    reply = await at_work.ask(form.command, texte="À quoi sert le règlement?", clauses="1.1; 1.2")
    assert "Gardée." in words(reply)
    assert '"gold": ["1.1", "1.2"]' in (folder / "questions.jsonl").read_text("utf-8")
    planned = await at_work.run(
        lambda db: db.conn.execute("SELECT count(*) FROM due_tasks WHERE task = ?", (RETRAIN,)).fetchone()
    )
    assert planned == (0,)


async def test_what_is_to_fill_in_is_counted_and_thrown_away_at_once(at_work: World, folder: Path) -> None:
    unfilled = [draft for draft in drafts.read_drafts(folder, club()) if draft.unfilled]
    others = remaining(folder) - len(unfilled)
    shown = await at_work.ask("relire marche")
    asked = await at_work.press(shown, f"Jeter les {len(unfilled)} à remplir")
    assert remaining(folder) == others + len(unfilled), "nothing before it is confirmed"
    assert "dont 3 à remplir" in words(await at_work.press(asked, "Ne pas les jeter"))
    shown = await at_work.press(asked, f"Jeter les {len(unfilled)}")
    assert f"Jetées\u00a0: {len(unfilled)} lignes." in words(shown)
    assert remaining(folder) == others
    assert "à remplir" not in words(shown)
    assert not [draft for draft in drafts.read_drafts(folder, club()) if draft.unfilled]


@pytest.mark.parametrize(
    ("choices", "problem"),
    [
        ("+ Oui | Parce que", "Écrivez de 2 à"),
        (
            "+ Oui | Parce que\n+ Non | Parce que",
            "Un choix est bon, et un seul (2 ici). Le bon commence par +.",
        ),
        ("+ Oui | \n- Non | Parce que", "L'explication du choix 1 manque."),
        ("+ Oui | Parce que\n- Oui | Parce que", "Le choix 2\u00a0: deux choix disent la même chose."),
        (f"+ Oui | {'x' * 900}\n- Non | Parce que", "L'explication du choix 1 a 900 caractères"),
    ],
)
async def test_what_is_wrong_in_the_form_is_said_in_its_words(
    at_work: World, folder: Path, choices: str, problem: str
) -> None:
    quiz = (draft for draft in drafts.read_drafts(folder, club()) if draft.kind == "quiz")
    draft = next(draft for draft in quiz if not draft.unfilled and draft.value["type"] == "choix")
    reply = await at_work.ask(f"relire marche:corriger {draft.id}", texte="Que faire?", choix=choices)
    assert isinstance(reply, Message)
    assert problem in reply.problems["choix"]
    assert not set("[]_") & set(reply.problems["choix"])


async def test_a_clause_that_the_text_has_not_is_said_beside_its_field(at_work: World, folder: Path) -> None:
    draft = next(draft for draft in drafts.read_drafts(folder, club()) if draft.kind == "question")
    reply = await at_work.ask(f"relire marche:corriger {draft.id}", texte="Que faire?", clauses="1.1, 99.9")
    assert isinstance(reply, Message)
    assert reply.problems == {"clauses": "Ce texte n'a pas 99.9. Écrivez des numéros qu'il a."}


async def test_a_policy_that_has_no_drafts_is_not_said_to_be_reviewed(at_work: World) -> None:
    shown = await at_work.ask("relire pa20")
    assert isinstance(shown, Message)
    assert "Rien à relire" in words(shown)
    assert "Préparer les brouillons" not in [button.label for button in shown.buttons()]


async def test_what_was_never_guessed_of_a_text_is_from_its_chat(at_work: World, folder: Path) -> None:
    shutil.rmtree(folder / drafts.FOLDER)  # as a text that was dropped in private has none
    shown = await at_work.ask("relire marche")
    assert isinstance(shown, Message)
    prepared = await at_work.press(shown, "Préparer les brouillons")
    assert "Clause 1 sur 9" in words(prepared)
    next_draft = await at_work.press(prepared, "Garder")
    assert "Gardée." in words(next_draft)
    count = remaining(folder)
    await at_work.press(shown, "Préparer les brouillons")
    assert remaining(folder) == count, "a second press guesses nothing again"
