"""`/quiz`, as people take it: through the dispatcher, button by button."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.commands.quiz.examples import quiz_examples
from bot.conversation.messages import Message, Quoter
from bot.conversation.requests import Actor
from bot.onboarding.quiz import bank as quiz_bank
from bot.onboarding.quiz.bank import QuizBank
from bot.onboarding.quiz.sentences import sentence_at_stake
from bot.people import persons
from tests.kits.onboarding import School, commands_of, course_of, school, words
from tests.kits.people import ALEX, ALEX_ON_DISCORD, BLAISE, NOW
from tests.kits.quiz import VERSION, letters
from tests.kits.registry import pressed
from tests.onboarding.test_quiz_bank import SHIPPED
from tests.platforms.test_hostile_text import check_everywhere


@pytest.fixture
def desk() -> Iterator[School]:
    with school() as made:
        yield made


async def on_a(desk: School, kind: str, actor: Actor = ALEX) -> Message:
    """Begin a quiz and go on until a question of that type comes, and return it."""
    reply = await desk.ask("quiz nouveau -", actor)
    for _ in range(12):
        asked = await desk.asked(actor)
        assert asked is not None
        question = desk.bank.question(asked.item.question)
        assert question is not None
        if question.kind == kind:
            assert isinstance(reply, Message)
            return reply
        await desk.answer(actor)
        reply = await desk.ask("quiz", actor)
    raise AssertionError(kind)


async def test_the_quiz_says_what_it_is_then_asks_lettered_questions_with_short_buttons(desk: School) -> None:
    first = await desk.ask("quiz", ALEX)
    assert "80\u00a0%" in words(first)
    question = await desk.ask(pressed(first, "Commencer"), ALEX)
    reply_words = words(question)
    assert reply_words.startswith("Question 1 sur 12")
    assert "A. " in reply_words or "Vrai" in str(question)
    assert isinstance(question, Message)
    labels = [button.label for button in question.buttons()]
    assert labels[-1] == "Arrêter ici"
    assert all(len(label) <= len("Arrêter ici") for label in labels)


async def test_an_answer_is_explained_and_quotes_its_clause(desk: School, quote: Quoter) -> None:
    reply = await on_a(desk, "choix")
    asked = await desk.asked()
    assert asked
    question = desk.bank.question(asked.item.question)
    assert question
    right = letters(desk.bank, asked, right=True)
    good = await desk.ask(pressed(reply, right), ALEX)
    assert words(good).startswith("✅ Bonne réponse")
    assert "✅ Votre choix\u00a0: " in words(good)
    assert isinstance(good, Message)
    assert [quote.clause for quote in good.quotes()] == [str(question.clause)]
    check_everywhere(good, quote)


async def test_a_wrong_answer_tells_the_right_one_and_comes_back(desk: School) -> None:
    await desk.ask("quiz nouveau -", ALEX)
    for number in range(12):
        bad = await desk.answer(right=number != 0)
        if number == 0:
            assert words(bad).startswith("❌ Ce n'est pas la bonne réponse")
            assert "❌ Votre choix" in words(bad)
            assert "✅ La bonne réponse" in words(bad) or "✅ Bon aussi" in words(bad)
            assert "Cette question reviendra" in words(bad)
    assert words(await desk.ask("quiz", ALEX)).startswith("À revoir\u00a0: une question")
    assert "2. Quiz\u00a0: à revoir\u00a0: une question" in words(await desk.ask("accueil", ALEX))
    await desk.answer(right=False)
    assert words(await desk.ask("quiz", ALEX)).startswith("À revoir")
    over = await desk.answer()
    result = await desk.ask(pressed(over, "Voir mon résultat"), ALEX)
    assert words(result).startswith("🎉 Quiz réussi\nBravo! 11 bonnes réponses sur 12")
    assert "À relire" in words(result)
    assert "passed" in await desk.facts()


def test_the_sentence_at_stake_is_whole_and_short_for_every_shipped_question() -> None:
    shipped = quiz_bank.load_bank(SHIPPED, VERSION).questions
    question = next(one for one in shipped if one.id == "5.6-c")
    clause = VERSION.clause(question.clause)
    assert clause is not None
    start, end = sentence_at_stake(clause.text, question)
    assert clause.text[start:end] == "Le contenu que vous placez en ligne demeure votre responsabilité."
    for one in shipped:
        clause = VERSION.clause(one.clause)
        assert clause is not None
        start, end = sentence_at_stake(clause.text, one)
        assert start == 0 or clause.text[start - 1].isspace()
        assert end == len(clause.text) or clause.text[end].isspace()
        assert end - start <= 320, "it leaves room for the next question's button on a phone"


async def test_failing_is_known_at_once_and_one_goes_on_or_starts_again(desk: School) -> None:
    await desk.ask("quiz nouveau -", ALEX)
    replies = [await desk.answer(right=False) for _ in range(4)]
    assert ["hors de portée" in words(reply) for reply in replies] == [False, False, True, False]
    assert ["Recommencer" in str(reply) for reply in replies] == [False, False, True, True]
    lost = replies[2]
    assert words(await desk.ask(pressed(lost, "Question suivante"), ALEX)).startswith("Question 5")
    again = pressed(lost, "Recommencer")
    fresh = await desk.ask(again, ALEX)
    assert words(fresh).startswith("Question 1 sur 12")
    assert await desk.ask(again, ALEX) == fresh, "a second press begins nothing"
    assert words(await desk.ask(pressed(lost, "Question suivante"), ALEX)).startswith("Quiz terminé")
    assert "passed" not in await desk.facts()


async def test_a_quiz_that_can_be_passed_is_not_given_up(desk: School) -> None:
    question = await desk.ask("quiz nouveau -", ALEX)
    identifier = commands_of(question)[0].split()[1].partition(".")[0]
    assert await desk.ask(f"quiz recommencer {identifier}", ALEX) == question


async def test_stopping_is_offered_at_first_after_a_wrong_answer_and_at_the_half(desk: School) -> None:
    first = await desk.ask("quiz nouveau -", ALEX)
    assert "C'est gardé" in await desk.said(pressed(first, "Arrêter ici"), ALEX)
    offered = []
    for number in range(1, 13):
        reply = await desk.answer(right=number != 4)
        offered += [number] if "Arrêter ici" in str(reply) else []
        shown = await desk.ask("quiz", ALEX)
        assert "Arrêter ici" not in str(shown)
    assert offered == [4, 6]


async def test_the_result_has_a_button_for_each_clause_that_was_missed(desk: School) -> None:
    await desk.pass_quiz(wrong=3)
    result = await desk.ask("quiz", ALEX)
    reread = [command for command in commands_of(result) if command.startswith("politique ")]
    assert len(reread) == 3


async def test_several_choices_are_ticked_unticked_then_submitted(desk: School) -> None:
    question = await on_a(desk, "choix-multiples")
    assert "Cochez au moins un choix" in words(await desk.ask(pressed(question, "Valider"), ALEX))
    ticked = await desk.ask(pressed(question, "A"), ALEX)
    assert "A (coché)" in str(ticked)
    again = await desk.ask(pressed(question, "A"), ALEX)  # the same press, delivered twice
    assert again == ticked
    unticked = await desk.ask(pressed(ticked, "A (coché)"), ALEX)
    assert "(coché)" not in str(unticked)
    asked = await desk.asked()
    assert asked
    reply = unticked
    for letter in letters(desk.bank, asked, right=True):
        reply = await desk.ask(pressed(reply, letter), ALEX)
    assert words(await desk.ask(pressed(reply, "Valider"), ALEX)).startswith("✅ Bonne réponse")


async def test_what_was_left_out_is_told_from_what_was_wrong(desk: School) -> None:
    question = await on_a(desk, "choix-multiples")
    asked = await desk.asked()
    assert asked
    right = letters(desk.bank, asked, right=True)
    ticked = await desk.ask(pressed(question, right[0]), ALEX)
    reply_words = words(await desk.ask(pressed(ticked, "Valider"), ALEX))
    assert reply_words.startswith(f"❌ Presque\u00a0: il manquait {len(right) - 1} choix")
    assert reply_words.count("✅ Votre choix") == 1
    assert reply_words.count("✅ Bon aussi") == len(right) - 1
    assert "Cette question reviendra" in reply_words


async def test_a_button_pressed_twice_shows_the_same_answer(desk: School) -> None:
    question = await desk.ask("quiz nouveau -", ALEX)
    button = commands_of(question)[0]
    while button.endswith("+A"):
        await desk.answer()
        question = await desk.ask("quiz", ALEX)
        button = commands_of(question)[0]
    once = await desk.ask(button, ALEX)
    assert await desk.ask(button, ALEX) == once
    other = await desk.ask(button[:-1] + "B", ALEX)
    assert "c'est votre première réponse qui compte" in words(other)


async def test_two_devices_go_on_together_and_neither_answers_what_it_did_not_show(desk: School) -> None:
    old = await desk.ask("quiz nouveau -", ALEX)
    await desk.answer()
    await desk.answer()
    for button in commands_of(old):
        reply = await desk.ask(button, ALEX)
        assert any(word in words(reply) for word in ("réponse", "Question", "gardé"))
    asked = await desk.asked()
    assert asked is not None
    assert asked.turn == 2


async def test_beginning_twice_begins_once_and_another_attempt_asks_other_questions(desk: School) -> None:
    first = await desk.ask("quiz nouveau -", ALEX)
    assert await desk.ask("quiz nouveau -", ALEX) == first
    await desk.pass_quiz(wrong=9)
    result = await desk.ask("quiz", ALEX)
    assert words(result).startswith("Quiz terminé")
    assert "passed" not in await desk.facts()
    again = pressed(result, "Recommencer")
    second = await desk.ask(again, ALEX)
    assert words(second).startswith("Question 1 sur 12")
    assert await desk.ask(again, ALEX) == second
    assert words(await desk.ask(commands_of(first)[0], ALEX)) != words(second)


async def test_a_button_pressed_once_the_quiz_is_over_shows_the_result_or_its_answer(desk: School) -> None:
    await desk.ask("quiz nouveau -", ALEX)
    last = await desk.ask("quiz", ALEX)
    while await desk.asked():
        last = await desk.ask("quiz", ALEX)
        await desk.answer()
    assert "réponse" in words(await desk.ask(commands_of(last)[0], ALEX))
    identifier = commands_of(last)[0].split()[1].partition(".")[0]
    edition = commands_of(last)[0].split(".")[2]
    assert "Quiz réussi" in words(await desk.ask(f"quiz {identifier}.12.{edition}.A", ALEX))


async def test_a_question_removed_while_someone_is_on_it_is_replaced_and_they_are_told(desk: School) -> None:
    question = await desk.ask("quiz nouveau -", ALEX)
    asked = await desk.asked()
    assert asked
    desk.bank = QuizBank(
        tuple(question for question in desk.bank.questions if question.id != asked.item.question)
    )
    reply = await desk.ask(commands_of(question)[0], ALEX)
    assert "Une question a été retirée ou modifiée entre-temps" in words(reply)
    assert "Question 1 sur 12" in words(reply)
    while await desk.asked():
        await desk.answer()
    assert "12 bonnes réponses sur 12" in await desk.said("quiz", ALEX)


async def test_when_no_question_is_left_it_is_said_and_nothing_breaks(desk: School) -> None:
    question = await desk.ask("quiz nouveau -", ALEX)
    desk.bank = QuizBank()
    for line in ("quiz", "quiz nouveau -", commands_of(question)[0], "quiz a"):
        assert "Le quiz n'est pas prêt" in await desk.said(line, ALEX)


async def test_someone_else_s_buttons_are_refused(desk: School) -> None:
    question = await desk.ask("quiz nouveau -", ALEX)
    for line in (commands_of(question)[0], "quiz suite 0123456789abcdef", "quiz resultat x"):
        assert "n'est pas celui de ce compte" in await desk.said(line, BLAISE)


async def test_the_same_question_with_the_same_order_comes_after_a_restart_on_either_platform(
    tmp_path: Path,
) -> None:
    path = tmp_path / "vigie.db"
    with school(path) as before:
        await before.ask("quiz nouveau -", ALEX)
        await before.answer()
        shown = await before.ask("quiz", ALEX)

        def link() -> None:
            with before.office.storage.transaction() as db:
                code = persons.issue_code(db, ALEX, NOW)
                persons.redeem(db, ALEX_ON_DISCORD, code, NOW)

        await before.office.storage.run(link)
    with school(path) as after:
        after.wait(hours=72)
        assert await after.ask("quiz", ALEX_ON_DISCORD) == shown
        assert await after.ask("quiz", ALEX) == shown


async def test_what_was_done_with_two_accounts_is_one_once_they_are_linked(desk: School) -> None:
    await desk.pass_quiz(ALEX_ON_DISCORD)
    await desk.ask("quiz nouveau -", ALEX)
    await desk.answer(ALEX)

    def link() -> None:
        with desk.office.storage.transaction() as db:
            persons.redeem(db, ALEX_ON_DISCORD, persons.issue_code(db, ALEX, NOW), NOW)

    await desk.office.storage.run(link)
    assert "passed" in await desk.facts(ALEX)
    assert "Question 2 sur 12" in await desk.said("quiz", ALEX_ON_DISCORD)


async def test_letters_answer_the_question_shown_last_of_two_attempts_that_were_linked(desk: School) -> None:
    """Neither the more advanced one nor another kind takes an answer to a question that it did not ask."""
    await desk.ask("quiz nouveau -", ALEX_ON_DISCORD)
    await desk.answer(ALEX_ON_DISCORD)
    await desk.ask("quiz", ALEX_ON_DISCORD)
    shown = await desk.ask("quiz nouveau -", ALEX)

    def link() -> None:
        with desk.office.storage.transaction() as db:
            persons.redeem(db, ALEX_ON_DISCORD, persons.issue_code(db, ALEX, NOW), NOW)

    def advanced() -> list[tuple[object, ...]]:
        with desk.office.storage.transaction() as db:
            return db.conn.execute(
                "SELECT ticked, count(*) FROM quiz_attempts JOIN quiz_answers ON attempt_id = id GROUP BY id"
                " ORDER BY started_at, quiz_attempts.rowid LIMIT 1"
            ).fetchall()

    await desk.office.storage.run(link)
    before = await desk.office.storage.run(advanced)
    assert await desk.ask("quiz", ALEX) == shown
    await desk.ask("quiz A", ALEX)
    assert await desk.office.storage.run(advanced) == before
    assert await desk.ask("quiz", ALEX) != shown


async def test_the_refresher_asks_three_questions_on_what_was_missed_and_is_done_once(desk: School) -> None:
    assert "80\u00a0%" in await desk.said("quiz revision", ALEX)
    await desk.pass_quiz(wrong=2)
    reply = await desk.ask("quiz revision", ALEX)
    assert words(reply).startswith("Révision, question 1 sur 3")
    assert await desk.ask("quiz", ALEX) == reply
    while await desk.asked(kind="refresher"):
        await desk.answer(kind="refresher")
    assert "Révision terminée" in await desk.said("quiz revision", ALEX)
    assert "Quiz réussi" in await desk.said("quiz", ALEX)


async def test_whoever_missed_nothing_has_nothing_to_refresh(desk: School) -> None:
    await desk.pass_quiz()
    assert "rien à réviser" in await desk.said("quiz revision", ALEX)


@pytest.mark.parametrize("line", ["quiz n'importe quoi", "quiz 12", "quiz ABCDE", "quiz ...", "quiz b"])
async def test_anything_else_shows_where_one_is(desk: School, line: str) -> None:
    assert "Le quiz sur la PA20" in await desk.said(line, ALEX)


async def test_every_message_of_the_quiz_passes_on_every_platform(desk: School, quote: Quoter) -> None:
    replies = quiz_examples(course_of([desk]), NOW)
    assert len(replies) >= 16
    for reply in replies.values():
        check_everywhere(reply, quote)


# --- Letters written alone --------------------------------------------------------------------


_AROUND = [
    "{}",
    "{}.",
    " {}! ",
    "la {} je pense",
    "Je dirais {}",
    "c'est {}",
    "Selon moi, c’est {}.",
    "réponse {}",
    "le {} je pense",
    "le choix {} svp",
    "euh, l'option {}!!",
]


@pytest.mark.parametrize("write", _AROUND)
async def test_a_letter_written_alone_in_private_answers_the_question_one_is_at(
    desk: School, write: str
) -> None:
    await on_a(desk, "choix")
    asked = await desk.asked()
    assert asked
    right = letters(desk.bank, asked, right=True)
    reply = await desk.writes(write.format(right.lower()))
    assert reply.startswith("✅ Bonne réponse")


@pytest.mark.parametrize("write", _AROUND)
@pytest.mark.parametrize("right", [True, False])
async def test_the_words_of_two_buttons_written_alone_answer_as_they_do(
    desk: School, write: str, *, right: bool
) -> None:
    asked = await on_a(desk, "vrai-faux")
    turn = await desk.asked()
    assert turn
    place = turn.order[turn.letters.index(letters(desk.bank, turn, right=right))]
    question = desk.bank.question(turn.item.question)
    assert question
    word = question.choices[place].text
    assert word in [button.label for button in asked.buttons()]
    reply = await desk.writes(write.format(word.lower()))
    assert reply.startswith("✅ Bonne réponse" if right else "❌ Ce n'est pas la bonne réponse")
    assert f"Votre choix\u00a0: {word}" in reply, "named as on its button, which has no letter"


@pytest.mark.parametrize("kind", ["choix", "choix-multiples"])
@pytest.mark.parametrize("text", ["vrai", "aa"])
async def test_what_is_no_choice_of_a_lettered_question_is_read_as_ever(
    desk: School, kind: str, text: str
) -> None:
    await on_a(desk, kind)
    assert await desk.writes(text) == "Menu"


async def test_letters_written_alone_answer_a_question_with_several(desk: School) -> None:
    await on_a(desk, "choix-multiples")
    asked = await desk.asked()
    assert asked
    right = letters(desk.bank, asked, right=True)
    reply = await desk.writes(f"{', '.join(right[:-1])} et {right[-1].lower()}")
    assert reply.startswith("✅ Bonne réponse")


async def test_a_letter_alone_ticks_one_choice_of_several(desk: School) -> None:
    await on_a(desk, "choix-multiples")
    reply = await desk.writes("b")
    assert reply.startswith("Question")
    shown = await desk.ask("quiz", ALEX)
    assert isinstance(shown, Message)
    assert [button.label for button in shown.buttons() if "(coché)" in button.label] == ["B (coché)"]


async def test_a_letter_written_before_the_next_question_is_seen_answers_nothing(desk: School) -> None:
    await on_a(desk, "choix")
    asked = await desk.asked()
    assert asked
    right = letters(desk.bank, asked, right=True)
    await desk.writes(right)
    reply = await desk.writes(right)  # written twice
    assert reply.startswith("Voici la question où vous en êtes.")
    after = await desk.asked()
    assert after
    assert after.turn == asked.turn + 1
    assert (await desk.writes(letters(desk.bank, after, right=True)[0])) != reply


@pytest.mark.parametrize("text", ["suivante", "La suivante svp", "ok next", "Question suivante!"])
async def test_the_next_question_is_asked_for_in_writing_once_an_answer_is_explained(
    desk: School, text: str
) -> None:
    await on_a(desk, "choix")
    assert await desk.writes(text) == "Menu", "this question comes first"
    asked = await desk.asked()
    assert asked
    await desk.writes(letters(desk.bank, asked, right=True))
    assert (await desk.writes(text)).startswith("Question")
    assert await desk.writes(text) == "Menu"


@pytest.mark.parametrize(
    "text",
    [
        "CA",
        "AB",
        "bac",
        "AA",
        "bonjour",
        "face",
        "y",
        "la",
        "je pense",
        "c'est vrai que c'est long",
        "est-ce que c'est B?",
    ],
)
async def test_what_is_no_answer_to_that_question_is_read_as_ever(desk: School, text: str) -> None:
    await on_a(desk, "vrai-faux")
    assert await desk.writes(text) == "Menu"


async def test_only_who_is_at_a_question_answers_it_and_only_in_private(desk: School) -> None:
    assert await desk.writes("B") == "Menu"
    await on_a(desk, "choix")
    assert await desk.writes("B", BLAISE) == "Menu"
    assert await desk.writes("B", place="channel") == "Menu"
    assert "message privé" in await desk.writes("B", place="open")
    assert await desk.writes("vigie B") == "Menu", "what names a command is for that command"
    while await desk.asked():
        await desk.answer()
    assert await desk.writes("B") == "Menu"


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("vrai-faux", "D", "Cette question se répond par «\u00a0vrai\u00a0» ou «\u00a0faux\u00a0»."),
        ("vrai-faux", "oui", "Cette question se répond par"),
        ("vrai-faux", "1", "Cette question se répond par"),
        ("vrai-faux", "E", "Cette question se répond par"),
        ("choix", "E", "Répondez par une seule lettre, de A à "),
        ("choix", "la h, je pense", "Répondez par une seule lettre"),
        ("choix", "2", "Répondez par une seule lettre"),
        ("choix", "A et C", "Répondez par une seule lettre"),
        ("choix", "A ou B", "Répondez par une seule lettre"),
        ("choix-multiples", "F", "Répondez par une lettre ou plusieurs, de A à "),
        ("choix-multiples", "A, E", "Répondez par une lettre ou plusieurs"),
        ("choix-multiples", "1 et 2", "Répondez par une lettre ou plusieurs"),
    ],
)
async def test_an_answer_that_is_no_choice_shows_the_question_again_and_says_what_is(
    desk: School, kind: str, text: str, said: str
) -> None:
    question = await on_a(desk, kind)
    reply = await desk.writes(text)
    assert reply.startswith(said)
    assert words(question) in reply
    assert (await desk.ask("quiz", ALEX)) == question, "nothing was answered"


@pytest.mark.parametrize(
    ("write", "place"),
    [
        ("la première", 0),
        ("Le 2e choix", 1),
        ("je pense la deuxième", 1),
        ("c'est la troisième, je crois", 2),
    ],
)
async def test_a_choice_may_be_named_by_its_place(desk: School, write: str, place: int) -> None:
    await on_a(desk, "choix")
    turn = await desk.asked()
    assert turn
    right = letters(desk.bank, turn, right=True) == "ABCD"[place]
    reply = await desk.writes(write)
    assert reply.startswith("✅ Bonne réponse" if right else "❌ Ce n'est pas la bonne réponse")


@pytest.mark.parametrize("text", ["E", "2", "oui", "la deuxième"])
async def test_what_is_no_choice_is_read_as_ever_when_no_question_is_on_screen(
    desk: School, text: str
) -> None:
    await on_a(desk, "vrai-faux")
    await desk.answer()
    assert await desk.writes(text) == "Menu"


@pytest.mark.parametrize(("right", "wrong"), [("v", "f"), ("true", "false")])
async def test_true_and_false_may_be_written_short_or_in_english(
    desk: School, right: str, wrong: str
) -> None:
    await on_a(desk, "vrai-faux")
    turn = await desk.asked()
    assert turn
    answer = letters(desk.bank, turn, right=True)
    reply = await desk.writes(right if answer == "A" else wrong)
    assert reply.startswith("✅ Bonne réponse")


async def test_the_next_question_comes_before_what_one_may_reread(desk: School) -> None:
    await desk.ask("quiz nouveau -", ALEX)
    reply = await desk.answer(right=False)
    assert isinstance(reply, Message)
    kinds = [type(element).__name__ for element in reply.elements]
    assert kinds.index("Buttons") < kinds.index("Quote"), "a phone shows it without scrolling"
    assert pressed(reply, "Question suivante").startswith("quiz suite")
