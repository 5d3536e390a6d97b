"""Each policy has its own course: what is read, asked and attested of one says nothing of another."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bot.app import starting
from bot.app.build import Bot, build
from bot.conversation.forms import Form, Reply
from bot.conversation.messages import Message
from bot.conversation.requests import Actor
from bot.onboarding import enrolment, notices, reminders
from bot.onboarding.course import Course
from bot.onboarding.enrolment import Onboardings
from bot.onboarding.quiz.bank import clause_hash
from bot.outbox.notices import NoticeContext
from bot.people import membership, persons
from bot.policy import articles
from bot.policy.articles import Number
from bot.policy.names import GenderedName
from bot.settings import Settings
from bot.storage.database import Storage
from tests.conftest import TEST_DATA
from tests.kits.fake_clock import FakeClock
from tests.kits.onboarding import commands_of, words

ALEX = Actor("discord", "", "1")
QUESTION = """[[question]]
id = "{clause}-{turn}"
clause = "{clause}"
type = "vrai-faux"
text = "La clause {clause} du règlement dit cela, pour la fois numéro {turn}."

[[question.choice]]
text = "Vrai"
right = true
feedback = "Oui."

[[question.choice]]
text = "Faux"
right = false
feedback = "Non."

"""
CLAUSES = ("1.1", "1.2", "2.3", "3.3")


def serving(folder: Path, *, default: str = "pa20", quiz: bool = True) -> Iterator[Bot]:
    """Serve PA20 and CR3, which has a quiz of eight questions if `quiz`."""
    own = folder / "donnees/politique/cr3"
    shutil.copytree(TEST_DATA / "politique/cr3", own)
    if quiz:
        lines = [QUESTION.format(clause=clause, turn=turn) for clause in CLAUSES for turn in (1, 2)]
        (own / "quiz.toml").write_text("".join(lines), encoding="utf-8")
    settings = Settings.model_validate(
        {"discord_token": "x", "vigie_data": str(folder / "donnees"), "vigie_politique": default}
    )
    with closing(Storage(settings.database())) as storage:
        bot = build(settings, storage, FakeClock())
        storage.executor.submit(starting.settle, bot).result()
        yield bot


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[Bot]:
    yield from serving(tmp_path)


async def say(bot: Bot, line: str, **fields: str) -> Reply:
    """Press a button of a private conversation, or type its line."""
    request = bot.dispatcher.from_command(line, actor=ALEX, pressed=True, fields=fields)
    return await bot.dispatcher.handle(request)


def join(bot: Bot) -> None:
    """Have ALEX be an officer."""

    def enter() -> None:
        with bot.storage.transaction() as db:
            membership.enter(db, persons.known(db, ALEX), "officer", membership.BY_HAND, bot.today())
            bot.follow_members(db, at_once=True)

    bot.storage.executor.submit(enter).result()


def rows(bot: Bot, sql: str) -> list[tuple[object, ...]]:
    def read() -> list[tuple[object, ...]]:
        with bot.storage.transaction() as db:
            return list(map(tuple, db.conn.execute(sql).fetchall()))

    return bot.storage.executor.submit(read).result()


async def test_a_quiz_without_a_name_asks_which_and_a_named_one_is_that_policys(bot: Bot) -> None:
    reply = await say(bot, "quiz")
    assert "Quel quiz?" in words(reply)
    assert commands_of(reply)[:2] == ["quiz pa20:", "quiz cr3:"]
    for line in ("quiz cr3:", "quiz CR3"):
        assert "Le quiz sur le CR3" in words(await say(bot, line))
    assert "12 questions" in words(await say(bot, "quiz pa20:"))


async def test_a_quiz_of_a_single_question_is_said_in_the_singular(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Course, "size", lambda _: 1)
    assert "Une question, expliquée. Il faut" in words(await say(bot, "quiz cr3:"))


async def test_a_policy_with_fewer_than_six_questions_has_no_quiz_yet(tmp_path: Path) -> None:
    for made in serving(tmp_path):
        file = tmp_path / "donnees/politique/cr3/quiz.toml"
        first, *others = file.read_text("utf-8").split("[[question]]")
        for count in (5, 6):
            file.write_text("[[question]]".join([first, *others[:count]]), "utf-8")
            course = made.course.on("cr3")
            assert (course.quizzed, course.size()) == (count == 6, 6 if count == 6 else 0)
            assert ("Il n'y a pas de quiz" in words(await say(made, "quiz cr3:"))) == (count == 5)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (GenderedName("PA20"), "la PA20, politique de l'association révisée le"),
        (GenderedName("RA", "masculin"), "le RA, texte de l'association révisé le"),
        (GenderedName("Statuts", "masculin", plural=True), "les Statuts, texte de l'association révisé le"),
    ],
)
def test_the_welcome_agrees_with_the_name_of_the_text(bot: Bot, name: GenderedName, said: str) -> None:
    welcome = words(notices.welcome_message(name, bot.course.on("cr3").reading().version))
    assert said in welcome
    assert f"vous {name.agree('concerne', 'concernent')}" in welcome
    assert f"Voici comment {name.the.partition(' ')[0]} connaître" in welcome


async def test_a_quiz_closes_while_a_revision_leaves_fewer_than_six_questions_of_it(tmp_path: Path) -> None:
    for made in serving(tmp_path):
        course, asked = made.course.on("cr3"), made.course.is_asked
        own = tmp_path / "donnees/politique/cr3"
        version = course.reading().version
        lines = (own / "quiz.toml").read_text("utf-8").split("[[question]]")[1:]
        bound = [
            f'[[question]]\nhash = "{clause_hash(clause)}"{line}'
            for line in lines
            for clause in version.clauses()
            if f'clause = "{clause.number}"' in line
        ]
        assert len(bound) == 8
        (own / "quiz.toml").write_text("".join(bound), "utf-8")
        assert (course.quizzed, asked("cr3")) == (True, True)
        changed = [version.clause(Number(clause)) for clause in CLAUSES[:2]]
        text = version.markdown
        for clause in changed:
            assert clause is not None
            text = text.replace(clause.text, "Tout autre chose se lit désormais ici, mot pour mot.")
        revised = articles.parse(text, policy="cr3", adopted=date(2026, 1, 1))
        assert not course.is_quizzed(revised)
        policy = made.library.policies["cr3"]
        made.library.replace(
            {**made.library.policies, "cr3": replace(policy, versions=(*policy.versions, revised))}
        )
        assert (course.quizzed, course.size(), asked("cr3")) == (False, 0, True)
        assert "Il n'y a pas de quiz" in words(await say(made, "quiz cr3:"))
        join(made)
        assert "Deux choses vous sont demandées" in words(await say(made, "accueil cr3:moi"))


async def test_a_quiz_is_played_to_its_end_and_resumed_without_naming_it(bot: Bot) -> None:
    first = await say(bot, "quiz cr3:")
    assert "8 questions" in words(first), "as many as there are"
    begin = next(command for command in commands_of(first) if "nouveau" in command)
    reply = await say(bot, begin)
    assert "Question 1 sur 8" in words(reply)
    assert "Question 1 sur 8" in words(await say(bot, "quiz")), "the one that is under way"
    for turn in range(8):
        right = next(
            command for command in commands_of(reply) if command.startswith("quiz ") and "." in command
        )
        reply = await say(bot, right)
        assert "Bonne réponse" in words(reply), turn
        onward = next(c for c in commands_of(reply) if "suite" in c or "resultat" in c)
        reply = await say(bot, onward)
    assert "Quiz réussi" in words(reply)
    assert [command for command in commands_of(reply) if command.startswith("accueil")] == [
        "accueil cr3: lire"
    ]
    assert rows(bot, "SELECT DISTINCT policy FROM quiz_attempts") == [("cr3",)]


async def test_letters_answer_the_quiz_that_was_shown(bot: Bot) -> None:
    begin = next(command for command in commands_of(await say(bot, "quiz cr3:")) if "nouveau" in command)
    await say(bot, begin)
    reply = await bot.dispatcher.handle(bot.dispatcher.from_text("vrai", actor=ALEX))
    assert "Bonne réponse" in words(reply)


async def test_letters_answer_the_question_shown_last_of_two_quizzes_under_way(bot: Bot) -> None:
    for policy in ("cr3", "pa20"):
        begin = next(c for c in commands_of(await say(bot, f"quiz {policy}:")) if "nouveau" in c)
        await say(bot, begin)
    shown = await say(bot, "quiz cr3:")
    assert await say(bot, "quiz") == shown
    reply = await bot.dispatcher.handle(bot.dispatcher.from_text("vrai", actor=ALEX))
    assert "Bonne réponse" in words(reply)
    reply = await bot.dispatcher.handle(bot.dispatcher.from_text("vrai", actor=ALEX))
    assert "Répondez maintenant à celle-ci" in words(reply), "the question on screen was answered"
    assert "Question 2 sur 8" in words(reply)
    assert rows(bot, "SELECT DISTINCT policy FROM quiz_attempts JOIN quiz_answers ON attempt_id = id") == [
        ("cr3",)
    ]


async def test_there_is_no_quiz_promised_where_there_is_none(tmp_path: Path) -> None:
    for bot in serving(tmp_path, quiz=False):
        assert "Le quiz sur la PA20" in words(await say(bot, "quiz"))
        reply = await say(bot, "quiz cr3:")
        assert "Il n'y a pas de quiz sur le CR3." in words(reply)
        assert commands_of(reply)[0] == "accueil cr3: lire"


async def test_a_policy_without_a_quiz_is_read_then_attested(tmp_path: Path) -> None:
    for bot in serving(tmp_path, default="cr3", quiz=False):
        assert "Il n'y a pas de quiz sur le CR3." in words(await say(bot, "quiz"))
        assert "quiz" not in commands_of(await say(bot, "vigie"))
        join(bot)
        progress = await say(bot, "accueil moi")
        assert "Deux choses vous sont demandées" in words(progress)
        assert "Quiz" not in words(progress)
        assert "quiz" not in " ".join(commands_of(progress))
        reply = await say(bot, "accueil lire")
        while any(command.startswith("accueil lu ") for command in commands_of(reply)):
            reply = await say(bot, next(c for c in commands_of(reply) if c.startswith("accueil lu ")))
        assert "accueil attester" in commands_of(reply)
        assert isinstance(await say(bot, "accueil attester"), Form)
        assert "C'est attesté" in words(await say(bot, "accueil confirmer", nom="Alex Tremblay"))
        assert rows(bot, "SELECT policy FROM attestations") == [("cr3",)]


async def test_each_policy_is_read_and_attested_by_itself(bot: Bot) -> None:
    join(bot)
    asked = {policy for (policy,) in rows(bot, "SELECT policy FROM onboardings")}
    assert asked == {"pa20", "cr3"}
    overview = await say(bot, "accueil moi")
    assert "Tout est fait" not in words(overview)
    assert "accueil cr3: moi" in commands_of(overview)
    reply = await say(bot, "accueil cr3: lire")
    turned = 0
    while any(" lu " in command for command in commands_of(reply)):
        reply = await say(bot, next(c for c in commands_of(reply) if " lu " in c))
        turned += 1
    assert "Vous avez lu le CR3 en entier." in words(reply)
    assert "quiz cr3:" in commands_of(reply)
    read = rows(bot, "SELECT DISTINCT policy FROM pages_read")
    assert (turned > 1, read) == (True, [("cr3",)])
    assert "1. Lecture\u00a0: à faire" in words(await say(bot, "accueil moi")).replace("\n", "")


async def test_welcomes_and_reminders_lead_to_their_own_policy(bot: Bot) -> None:
    join(bot)

    def built() -> dict[str, list[str]]:
        with bot.storage.transaction() as db:
            for course in bot.course.asked():
                reminders.daily(db, course.target(), course.plan, bot.calendar, bot.clock())
            sent = db.conn.execute("SELECT recipient, notice, arguments FROM outbox").fetchall()
            shown: dict[str, list[str]] = {}
            for recipient, notice, arguments in sent:
                context = NoticeContext(db, bot.today(), recipient)
                message = bot.notices.build(context, notice, json.loads(arguments))
                assert isinstance(message, Message)
                shown.setdefault(" ".join(message.own_words())[:60], []).extend(commands_of(message))
            return shown

    shown = bot.storage.executor.submit(built).result()
    lines = [line for commands in shown.values() for line in commands]
    assert {"accueil lire", "accueil cr3: lire", "accueil moi", "accueil cr3: moi"} <= set(lines)


async def test_attesting_one_policy_leaves_what_waits_about_the_other(bot: Bot) -> None:
    join(bot)

    def hush() -> None:
        with bot.storage.transaction() as db:
            person = persons.known(db, ALEX)
            for course in bot.course.asked():
                Onboardings(db, course.target()).ask_reminder(
                    person, bot.today(), persons.account(ALEX), bot.calendar, bot.clock()
                )
            enrolment.hush(db, person, "pa20")

    bot.storage.executor.submit(hush).result()
    waiting = rows(
        bot,
        "SELECT notice, json_extract(arguments, '$.policy') FROM outbox WHERE state IN ('queued', 'held')",
    )
    assert {policy for _, policy in waiting} == {"cr3"}
    assert {notice for notice, _ in waiting} == {"accueil-bienvenue", "accueil-rappel-demande"}


async def test_the_contents_of_another_policy_say_what_to_type_for_it(bot: Bot) -> None:
    assert "/politique cr3:" in words(await say(bot, "politique cr3:")).replace("\n", " ")
    assert "/politique 5.10" in words(await say(bot, "politique"))
    assert "politique cr3:" in commands_of(await say(bot, "plus"))
