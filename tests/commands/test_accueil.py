"""`accueil`: one's own path, and what the administration sees and does; through the dispatcher."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.commands.accueil import accueil, gestion
from bot.commands.accueil.examples import accueil_examples
from bot.commands.quiz.examples import quiz_examples
from bot.configuration.profile import shipped
from bot.conversation.forms import Form, PersonField
from bot.conversation.messages import Message, Quoter
from bot.conversation.requests import Actor, Request
from bot.onboarding import notices, team
from bot.onboarding.enrolment import DueDates, OnboardingPlan, Onboardings
from bot.onboarding.examples import onboarding_examples
from bot.onboarding.quiz import bank as quiz_bank
from bot.onboarding.quiz.bank import Problem, QuizBank
from bot.outbox.notices import NoticeContext
from bot.people import persons
from bot.policy import loading
from bot.settings import SEED
from tests.conftest import TEST_DATA, TODAY
from tests.kits.onboarding import LIBRARY, School, commands_of, course_of, school, words
from tests.kits.people import ALEX, ALEX_ON_DISCORD, BLAISE
from tests.kits.quiz import TARGET, VERSION, made_up
from tests.kits.registry import ADMIN, CALENDAR, pressed
from tests.onboarding.test_quiz_bank import SHIPPED
from tests.platforms.test_hostile_text import check_everywhere

OTHER = "cr3"
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def desk() -> Iterator[School]:
    with school() as made:
        yield made


async def whole_path(desk: School, actor: Actor = ALEX) -> None:
    """Read, take the quiz, attest."""
    await desk.read_all(actor)
    await desk.pass_quiz(actor)
    await desk.ask("accueil confirmer", actor, nom="Alex Tremblay")


# --- One's own path ---------------------------------------------------------------------------


async def test_someone_of_whom_nothing_is_asked_is_told_so_and_may_read_and_play(desk: School) -> None:
    reply = await desk.ask("accueil", ALEX)
    assert "Aucun accueil ne vous est demandé" in words(reply)
    assert commands_of(reply) == ["accueil lire", "quiz", "politique"]
    over = await desk.read_all()
    assert "attest" not in words(over)
    await desk.pass_quiz()
    assert "attest" not in words(await desk.ask("quiz", ALEX)).lower()
    assert "Attestation" not in await desk.said("accueil", ALEX), "nothing is left that they could not do"
    for line in ("accueil attester", "accueil confirmer"):
        assert "Aucun accueil ne vous est demandé" in await desk.said(line, ALEX)
    assert desk.attestations == []


async def test_the_whole_policy_is_read_page_by_page_with_progress(desk: School, quote: Quoter) -> None:
    reply = await desk.ask("accueil lire", ALEX)
    assert isinstance(reply, Message)
    assert words(reply).startswith("Article\u00a01\u00a0: Motifs et objectifs")
    assert "article 1 sur 7" in words(reply)
    assert await desk.facts() == {"opened"}
    quoted: list[str] = []
    while command := next((c for c in commands_of(reply) if c.startswith("accueil lu ")), ""):
        assert isinstance(reply, Message)
        check_everywhere(reply, quote)
        quoted += [quote.clause for quote in reply.quotes()]
        reply = await desk.ask(command, ALEX)
    assert list(dict.fromkeys(quoted)) == [
        str(clause.number) for clause in LIBRARY.default.versions[-1].clauses()
    ]
    assert words(reply).startswith("Lecture terminée")
    assert await desk.facts() == {"opened", "read"}


async def test_reading_is_resumed_where_it_was_and_a_page_turned_twice_is_turned_once(desk: School) -> None:
    first = await desk.ask("accueil lire", ALEX)
    second = await desk.ask(pressed(first, "Suivant"), ALEX)
    assert await desk.ask(pressed(first, "Suivant"), ALEX) == second
    third = await desk.ask(pressed(second, "Suivant"), ALEX)
    assert await desk.ask("accueil lire", ALEX) == third
    assert await desk.ask(pressed(third, "← Précédent"), ALEX) == second
    assert "2 pages sur" in await desk.said("accueil", ALEX)


async def test_what_was_skipped_is_shown_before_reading_is_said_to_be_over(desk: School) -> None:
    last = await desk.ask("accueil page 7/1", ALEX)
    reply = await desk.ask(pressed(last, "Terminer"), ALEX)
    assert words(reply).startswith("Article\u00a01")
    assert "read" not in await desk.facts()
    assert words(await desk.ask("accueil lu 99/9", ALEX)).startswith("Article\u00a01")
    assert words(await desk.ask("accueil page x", ALEX)).startswith("Article\u00a01")


async def test_one_attests_once_having_read_and_passed(desk: School) -> None:
    await desk.enters()
    assert "Trois choses vous sont demandées" in await desk.said("accueil attester", ALEX)
    await desk.read_all()
    assert "Trois choses" in await desk.said("accueil confirmer", ALEX, nom="Alex")
    await desk.pass_quiz()
    form = await desk.form("accueil attester", ALEX)
    assert form.introduction.startswith(TARGET.statement)
    assert form.fields[0].value == ""
    line = Request("accueil", "attester", ALEX, name="Alex T.")
    named = await desk.dispatcher.handle(line)
    assert isinstance(named, Form)
    assert named.fields[0].value == "Alex T.", "the name is filled in as the platform knows it"
    assert "Rien n'est encore attesté" in await desk.said(form.command, ALEX, nom=" \u202e ")
    assert "C'est attesté" in await desk.said(form.command, ALEX, nom="Alex  Tremblay")
    assert "Tout est fait" in await desk.said(form.command, ALEX, nom="Alex Tremblay")
    [attestation] = desk.attestations
    assert (attestation.name, attestation.account.platform, attestation.target) == (
        "Alex Tremblay",
        "slack",
        TARGET,
    )
    audit = await desk.audit()
    assert (audit.entries, audit.faults) == (1, ())
    assert await desk.facts() >= {"opened", "read", "passed", "attested"}
    assert "c'est fait, le 24\u00a0novembre\u00a02026" in await desk.said("accueil", ALEX)


async def test_only_who_has_attested_can_ask_for_their_receipt_again(desk: School) -> None:
    await desk.enters()
    assert "accueil recu" not in commands_of(await desk.ask("accueil moi", ALEX))
    assert "Trois choses" in await desk.said("accueil recu", ALEX)
    assert "Aucun accueil" in await desk.said("accueil recu", BLAISE)
    await desk.read_all()
    await desk.pass_quiz()
    await desk.said("accueil confirmer", ALEX, nom="Alex")
    assert "accueil recu" in commands_of(await desk.ask("accueil moi", ALEX))
    for _ in range(2):
        assert "arrive dans un instant" in await desk.said("accueil recu", ALEX)


async def test_one_goes_on_days_later_on_the_other_platform_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "vigie.db"
    with school(path) as before:
        await before.enters()
        page = await before.ask(pressed(await before.ask("accueil lire", ALEX), "Suivant"), ALEX)

        def link() -> None:
            with before.office.storage.transaction() as db:
                persons.redeem(db, ALEX_ON_DISCORD, persons.issue_code(db, ALEX, before.now), before.now)

        await before.office.storage.run(link)
    with school(path) as after:
        after.wait(days=5)
        assert await after.ask("accueil lire", ALEX_ON_DISCORD) == page
        await whole_path(after, ALEX_ON_DISCORD)
        assert "Tout est fait" in await after.said("accueil", ALEX)


# --- Welcome, reminders, words to the administration ------------------------------------------


async def test_whoever_becomes_an_officer_is_welcomed_once(desk: School) -> None:
    await desk.enters()
    await desk.enters()
    assert await desk.said_unprompted() == [("accueil-bienvenue", "pers")]
    await desk.daily()
    assert await desk.said_unprompted() == [("accueil-bienvenue", "pers")]


async def test_reminders_come_after_three_seven_and_fourteen_days_then_a_word_to_the_administration(
    desk: School,
) -> None:
    await desk.enters()
    await desk.delivers()
    notices: list[tuple[int, str]] = []
    for number in range(1, 40):
        desk.wait(days=1)
        await desk.daily()
        await desk.daily()
        notices += [(number, f"{notice} {to}") for notice, to in await desk.said_unprompted()]
        await desk.delivers()
    # The 24th of November 2026 is a Tuesday: 3, 7 and 14 days later are working days.
    assert notices == [
        (3, "accueil-rappel pers"),
        (7, "accueil-rappel pers"),
        (14, "accueil-rappel pers"),
        (15, "accueil-retards role"),
    ]


async def test_no_reminder_on_a_day_off_and_one_only_after_a_long_stop(desk: School) -> None:
    await desk.enters()
    await desk.delivers()
    desk.wait(days=4)  # a Saturday
    await desk.daily()
    assert await desk.said_unprompted() == []
    desk.wait(days=9)  # a Monday: two reminders are due
    await desk.daily()
    assert await desk.said_unprompted() == [("accueil-rappel", "pers")]


async def test_everything_stops_as_soon_as_it_is_done_and_the_administration_is_told(desk: School) -> None:
    await desk.enters()
    desk.wait(days=3)
    await desk.daily()
    await whole_path(desk)
    assert await desk.said_unprompted() == [("accueil-termine", "role")]
    await desk.delivers()
    for _ in range(20):
        desk.wait(days=1)
        await desk.daily()
    assert await desk.said_unprompted() == []


async def test_a_month_after_passing_what_was_missed_is_proposed_once(desk: School) -> None:
    await desk.enters()
    await desk.read_all()
    await desk.pass_quiz(wrong=1)
    await desk.ask("accueil confirmer", ALEX, nom="Alex")
    await desk.delivers()
    notices = []
    for number in range(1, 60):
        desk.wait(days=1)
        await desk.daily()
        notices += [(number, notice) for notice, _ in await desk.said_unprompted()]
        await desk.delivers()
    assert notices == [(30, "accueil-revision")]


async def test_someone_who_leaves_is_told_nothing_more_and_goes_on_when_they_come_back(desk: School) -> None:
    await desk.enters()
    await desk.read_all()
    desk.wait(days=3)
    await desk.daily()
    await desk.leaves()
    assert await desk.said_unprompted() == []
    assert "plus rien ne vous est demandé" in await desk.said("accueil", ALEX)
    assert "plus rien ne vous est demandé" in await desk.said("accueil confirmer", ALEX, nom="Alex")
    desk.wait(days=60)
    await desk.daily()
    assert await desk.said_unprompted() == []
    await desk.enters()
    assert await desk.said_unprompted() == [("accueil-bienvenue", "pers")]
    assert "c'est fait" in await desk.said("accueil", ALEX)
    await desk.delivers()
    desk.wait(days=2)
    await desk.daily()
    assert await desk.said_unprompted() == []  # the days are counted anew


async def test_a_role_given_back_to_someone_who_has_attested_asks_nothing_again(desk: School) -> None:
    await desk.enters()
    await whole_path(desk)
    await desk.delivers()
    await desk.leaves()
    await desk.enters()
    assert await desk.said_unprompted() == []
    assert "Tout est fait" in await desk.said("accueil", ALEX)


async def test_two_accounts_that_become_one_person_are_reminded_once(desk: School) -> None:
    await desk.enters(ALEX)
    await desk.enters(ALEX_ON_DISCORD)

    def link() -> None:
        with desk.office.storage.transaction() as db:
            persons.redeem(db, ALEX_ON_DISCORD, persons.issue_code(db, ALEX, desk.now), desk.now)

    await desk.office.storage.run(link)
    assert await desk.said_unprompted() == [("accueil-bienvenue", "pers")]
    desk.wait(days=3)
    await desk.daily()
    assert [notice for notice, _ in await desk.said_unprompted()] == ["accueil-bienvenue", "accueil-rappel"]


async def test_every_notice_says_something_that_passes_everywhere(desk: School, quote: Quoter) -> None:
    table = {
        builder.name: builder
        for builder in notices.notice_builders(LIBRARY, DueDates(OnboardingPlan(), CALENDAR))
    }
    for message in onboarding_examples(LIBRARY.default).values():
        check_everywhere(message, quote)

    def build() -> dict[str, str]:
        with desk.office.storage.transaction() as db:
            person = persons.known(db, ALEX)
            Onboardings(db, TARGET).place(person, desk.now)
            team.share(Onboardings(db, TARGET), desk.now)
            services = NoticeContext(db, desk.office.today(), f"person:{person}")
            text, day = {"policy": "pa20", "version": "2015-12-13"}, {"day": "2026-11-30"}
            arguments = {**text, **day, "person": person, "people": [person, "x"]}
            db.conn.execute(
                "INSERT INTO progress_pictures VALUES ('i', ?, 'Ont lu: 3', '2026-11-24')", (PNG,)
            )
            gone = table["accueil-termine"].build(services, {**arguments, "person": "x"})
            assert gone is None
            assert table["accueil-image"].build(services, {"id": "autre"}) is None
            made = {name: notice.build(services, {**arguments, "id": "i"}) for name, notice in table.items()}
            return {name: words(message) for name, message in made.items() if isinstance(message, Message)}

    messages = await desk.office.storage.run(build)
    assert set(messages) == set(table)
    assert "Après les rappels" in messages["accueil-retards"]
    assert "Ont lu: 3" in messages["accueil-image"]


# --- The administration -----------------------------------------------------------------------


@pytest.mark.parametrize("line", [*(f"accueil {verb}" for verb in gestion.VERBS)])
async def test_what_is_the_administration_s_is_refused_to_others(desk: School, line: str) -> None:
    assert "revient au rôle" in await desk.said(line, ALEX)
    await desk.ask(line, ALEX, personne="U2")
    assert await desk.everyone() == []


async def test_the_administration_sees_the_five_facts_none_inferred_from_another(desk: School) -> None:
    await desk.enters(ALEX)
    await desk.enters(BLAISE)
    await desk.pass_quiz(BLAISE)
    reply = await desk.said("accueil gestion")
    assert "Message remis\u00a0: 0 sur 2" in reply
    assert "Lecture commencée\u00a0: 0 sur 2" in reply
    assert "Quiz réussi\u00a0: 1 sur 2" in reply
    await desk.delivers()
    await whole_path(desk)
    reply = await desk.said("accueil gestion")
    assert "Message remis\u00a0: 2 sur 2" in reply
    assert "Lecture attestée\u00a0: 1 sur 2" in reply
    assert "En retard\u00a0: 0 sur 2" in reply


async def test_whoever_is_late_is_named_first(desk: School) -> None:
    await desk.enters(ALEX)
    await desk.delivers()
    desk.wait(days=15)
    await desk.enters(BLAISE)
    reply = await desk.ask("accueil gestion")
    assert "En retard\u00a0: 1 sur 2" in words(reply)
    assert "En retard\u00a0: compte Slack U1." in words(reply)
    people_ = await desk.said("accueil personnes")
    assert people_.index("compte Slack U1") < people_.index("compte Slack U2")
    assert (
        "En retard, date visée le 8\u00a0décembre\u00a02026.\n"
        "Le 24\u00a0novembre\u00a02026\u00a0: accueil commencé, message remis."
    ) in people_
    assert "En cours, aucune date donnée.\nLe 9\u00a0décembre\u00a02026\u00a0: accueil commencé." in people_


async def test_the_list_of_people_says_what_is_under_way_and_is_paged(desk: School) -> None:
    assert "Personne n'a encore d'accueil" in await desk.said("accueil personnes")
    for number in range(20):
        await desk.enters(Actor("slack", "T1", f"U{number + 10}"))
    await desk.ask("quiz nouveau -", Actor("slack", "T1", "U10"))
    first = await desk.ask("accueil personnes")
    assert "quiz (question 1 sur 12)" in words(first)
    second = await desk.ask(pressed(first, "Page suivante"))
    last = await desk.ask(pressed(second, "Page suivante"))
    assert await desk.ask("accueil personnes 99") == last
    assert await desk.ask(pressed(last, "← Page précédente")) == second


async def test_the_administration_begins_an_onboarding_for_anyone_and_stops_it(desk: School) -> None:
    form = await desk.ask("accueil commencer")
    assert isinstance(form, Form)
    assert isinstance(form.fields[0], PersonField)
    assert "Rien n'est commencé" in await desk.said(form.command, personne="")
    assert "recevra dans un instant" in await desk.said(form.command, personne="U2")
    assert "déjà un accueil" in await desk.said(form.command, personne="U2")
    assert await desk.said_unprompted() == [("accueil-bienvenue", "pers")]
    await desk.daily()  # not an officer, and not stopped for that
    assert "Trois choses" in await desk.said("accueil", BLAISE)
    stop = pressed(await desk.ask("accueil personnes"), "Arrêter 1")
    for _ in range(2):
        assert "Arrêté le 24\u00a0novembre\u00a02026" in await desk.said(stop)
    assert "plus rien ne vous est demandé" in await desk.said("accueil", BLAISE)
    assert "recevra dans un instant" in await desk.said(form.command, personne="U2")


async def test_the_questions_show_how_many_know_and_the_least_understood_clauses(desk: School) -> None:
    for number in range(6):
        await desk.pass_quiz(Actor("slack", "T1", f"U{number + 10}"), wrong=number)
    reply = await desk.said("accueil questions")
    assert "Clauses les moins comprises" in reply
    assert "17\u00a0% de bonnes réponses du premier coup, sur 6" in reply
    assert pressed(await desk.ask("accueil questions"), "Page suivante") == "accueil questions 2"


async def test_nobody_s_own_answers_are_guessed_from_the_questions(desk: School) -> None:
    for number in range(5):
        reply = await desk.said("accueil questions")
        assert "Il n'y a encore rien à montrer" in reply
        assert "Clauses les moins comprises" not in reply
        await desk.pass_quiz(Actor("slack", "T1", f"U{number + 10}"), wrong=1)
    assert "de bonnes réponses du premier coup, sur 5" in await desk.said("accueil questions")


async def test_five_answers_of_one_person_are_shown_no_more_than_one(desk: School) -> None:
    for number in range(5):
        await desk.pass_quiz(Actor("slack", "T1", f"U{number + 10}"), wrong=1)

    def give_all_to_the_first() -> None:
        with desk.office.storage.transaction() as db:
            db.conn.execute("UPDATE quiz_attempts SET person_id = (SELECT min(person_id) FROM quiz_attempts)")

    await desk.office.storage.run(give_all_to_the_first)
    assert "Il n'y a encore rien à montrer" in await desk.said("accueil questions")


async def test_what_all_know_is_not_among_the_least_understood(desk: School) -> None:
    for number in range(5):
        await desk.pass_quiz(Actor("slack", "T1", f"U{number + 10}"))
    assert "Clauses les moins comprises" not in await desk.said("accueil questions")


async def test_questions_whose_clause_has_changed_or_that_are_wrong_are_flagged(desk: School) -> None:
    assert "revoir" not in await desk.said("accueil gestion")
    all_ = made_up().questions
    desk.bank = QuizBank(all_[20:], stale=all_[:20], problems=(Problem(3, "x"),))
    reply = await desk.said("accueil gestion")
    assert "leur clause ayant changé\u00a0: 1-a, 1-b" in reply
    assert "et 8 de plus" in reply
    assert "1 problème dans les questions" in reply


async def test_the_picture_is_asked_for_once_and_its_numbers_are_given_at_once(desk: School) -> None:
    await desk.enters()
    for _ in range(2):
        assert "Lecture attestée\u00a0: 0 sur 1" in await desk.said("accueil image")

    def due() -> int:
        with desk.office.storage.transaction() as db:
            (count,) = db.conn.execute(
                "SELECT count(*) FROM due_tasks WHERE task = 'accueil-image'"
            ).fetchone()
            return int(count)

    assert await desk.office.storage.run(due) == 1


async def test_an_administrator_who_is_an_officer_finds_their_own_path_too(desk: School) -> None:
    await desk.enters(ADMIN)
    mine = await desk.ask("accueil")
    assert words(mine).startswith("Votre accueil")
    assert "Trois choses vous sont demandées" in words(mine)
    assert "attente" in commands_of(mine)
    overview = await desk.ask(pressed(mine, "Les accueils"))
    assert words(overview).startswith("Les accueils")
    assert words(await desk.ask(pressed(overview, "Mon accueil"))).startswith("Votre accueil")


async def test_an_administrator_of_whom_nothing_is_asked_finds_their_duties_and_nobody_else_does(
    desk: School,
) -> None:
    mine = await desk.ask("accueil")
    assert "Aucun accueil ne vous est demandé" in words(mine)
    assert {"accueil gestion", "attente"} <= set(commands_of(mine))
    assert not {"accueil gestion", "attente"} & set(commands_of(await desk.ask("accueil", ALEX)))


async def test_every_message_passes_on_every_platform(desk: School, quote: Quoter) -> None:
    course = course_of([desk])
    for reply in accueil_examples(course, shipped()).values():
        check_everywhere(reply, quote)
    long = replace(course, target=lambda: replace(TARGET, statement="J'atteste " + "x" * 100))
    check_everywhere(accueil.name_form(long), quote)


# --- Any policy, any order --------------------------------------------------------------------


async def test_another_policy_without_any_question_gives_every_message_too(desk: School) -> None:
    other = loading.load_library([SEED, TEST_DATA], OTHER, lambda: TODAY)
    version = other.current(other.default)
    target = replace(TARGET, policy=OTHER, version=version.adopted)
    course = replace(course_of([desk]), library=other, target=lambda: target, bank=QuizBank)
    replies = {
        **accueil_examples(course, shipped()),
        **quiz_examples(course, desk.now),
    }
    for reply in replies.values():
        check_everywhere(reply, other.quote)
    quoted = [q.clause for r in replies.values() if isinstance(r, Message) for q in r.quotes()]
    assert list(dict.fromkeys(quoted)) == [str(clause.number) for clause in version.clauses()]


async def test_the_shipped_questions_all_pass_on_every_platform(desk: School, quote: Quoter) -> None:
    bank = quiz_bank.load_bank(SHIPPED, VERSION)
    course = course_of([desk])
    for question in bank.questions:
        replies = quiz_examples(replace(course, bank=partial(QuizBank, (question,))), desk.now)
        for reply in replies.values():
            check_everywhere(reply, quote)


@settings(max_examples=8)
@given(seed=st.integers(0, 10_000))
def test_any_button_ever_shown_can_be_pressed_by_anyone_at_any_time(seed: int) -> None:
    """Two persons, one on two platforms, and the administration press what any of them was ever shown."""
    rng = Random(seed)  # noqa: S311 — a test's own luck
    actors = (ALEX, ALEX_ON_DISCORD, BLAISE, ADMIN)

    async def press() -> None:
        with school() as desk:
            shown = ["quiz", "accueil", "accueil moi", "quiz revision", "accueil lire"]
            for _ in range(150):
                actor = rng.choice(actors)
                await _something(desk, rng, actor)
                recent = shown[-8:] if rng.random() < 0.7 else shown
                fields = {"nom": "Alex", "personne": "U2"} if rng.random() < 0.4 else {}
                reply = await desk.ask(rng.choice(recent), actor, **fields)
                if isinstance(reply, Message):
                    assert "Pardon" not in words(reply)
                    shown += [c for c in commands_of(reply) if c.startswith(("quiz", "accueil"))]
            await desk.daily()

    asyncio.run(press())


async def _something(desk: School, rng: Random, actor: Actor) -> None:
    """Let, now and then, time pass, a role be given or withdrawn, questions be removed or put back."""
    match rng.randrange(12):
        case 0:
            desk.wait(days=rng.randrange(9))
            await desk.daily()
        case 1:
            await desk.enters(actor)
        case 2:
            await desk.leaves(actor)
        case 3:
            desk.bank = QuizBank(tuple(question for question in made_up().questions if rng.random() < 0.8))
        case 4:
            desk.bank = made_up()
        case _:
            pass
