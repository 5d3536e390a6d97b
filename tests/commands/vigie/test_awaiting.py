"""What awaits each person, in the menu and in the list: their own, in order, and nothing of others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from bot.conversation.forms import Reply
from bot.conversation.messages import Button, Choice, Message
from bot.conversation.requests import Actor
from bot.onboarding import enrolment
from bot.outbox import rows
from bot.people import persons, roles
from bot.permissions import requests
from bot.permissions.requests import Asking, PermissionSession
from bot.register.registrar import RECEIPT
from bot.reports.filing import Report
from tests.kits.registry import ADMIN
from tests.kits.revision_commands import ALEX, BLAISE, CAMILLE, REVISED, World, command, words, world

VP = Actor("slack", "T1", "UVP")
STRANGER = Actor("discord", "900", "999")
SUBJECT = "Une page pour le club"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


async def awaited(desk: World, actor: Actor, line: str = "vigie") -> list[str]:
    """Return the lines of what awaits someone."""
    return lines(await desk.ask(line, actor))


def lines(reply: Reply) -> list[str]:
    """Return the lines of a message that have a button, but for the notice about what is kept."""
    assert isinstance(reply, Message)
    choices = [element for element in reply.elements if isinstance(element, Choice)]
    return [choice.text for choice in choices if not choice.button.command.startswith("mesdonnees")]


async def appoint(desk: World, actor: Actor, role: str) -> None:
    def give(db: Database) -> None:
        roles.appoint(db, role, persons.known(db, actor), desk.today, replacing=False)
        desk.services.office.registry_changed(db, "")

    await desk.run(give)


async def asks(desk: World, actor: Actor, kind: str, consenter: Actor | None = None) -> str:
    """Have someone ask a permission. Return its identifier."""

    def ask(db: Database) -> str:
        session = PermissionSession(db, desk.services.permission_desk, desk.clock())
        whom = persons.known(db, consenter) if consenter else None
        asking = Asking(kind, SUBJECT, consenter=whom, image="Six personnes")  # type: ignore[arg-type]  # a test's own
        return requests.ask(session, persons.known(db, actor), asking).id

    return await desk.run(ask)


async def test_each_step_awaits_in_turn_then_nothing_does(desk: World) -> None:
    await desk.enters(ALEX)
    assert await awaited(desk, ALEX) == ["La lecture de la PA20"]
    page = await desk.press(await desk.ask("vigie", ALEX), "Commencer", ALEX)
    await desk.press(page, "Suivant", ALEX)
    [reading] = await awaited(desk, ALEX)
    assert reading.startswith("La lecture de la PA20, 1 page sur ")
    await desk.read_all(ALEX)
    assert await awaited(desk, ALEX) == ["Le quiz sur la PA20"]
    introduction = await desk.press(await desk.ask("vigie", ALEX), "Faire le quiz", ALEX)
    await desk.ask(command(introduction, "Commencer"), ALEX)
    [quiz] = await awaited(desk, ALEX)
    assert quiz.startswith("Le quiz sur la PA20, question 1 sur ")
    assert "Question 1 sur" in words(await desk.press(await desk.ask("vigie", ALEX), "Continuer", ALEX))
    await desk.answer_all(ALEX)
    assert await awaited(desk, ALEX) == ["L'attestation de votre lecture de la PA20"]
    await desk.ask("accueil confirmer", ALEX, nom="Camille Roy")
    assert await awaited(desk, ALEX) == []


async def test_the_date_to_aim_for_is_said_once_it_was_given(desk: World) -> None:
    await desk.enters(ALEX)
    await desk.beat()
    [line] = await awaited(desk, ALEX)
    assert line == "La lecture de la PA20. Date visée\u00a0: le 8\u00a0décembre\u00a02026."


async def test_two_persons_see_their_own_and_nothing_of_each_other(desk: World) -> None:
    await desk.enters(ALEX)
    await desk.ask("quiz nouveau -", BLAISE)
    assert await awaited(desk, ALEX) == ["La lecture de la PA20"]
    [quiz] = await awaited(desk, BLAISE)
    assert quiz.startswith("Le quiz sur la PA20, question 1")
    assert await awaited(desk, CAMILLE) == []
    theirs = command(await desk.ask("vigie", BLAISE), "Continuer")
    assert "n'est pas celui de ce compte" in await desk.said(theirs, ALEX)


async def test_what_awaits_a_person_is_the_same_on_both_of_their_platforms(desk: World) -> None:
    await desk.ask("quiz nouveau -", ALEX)
    await desk.run(lambda db: persons.link(db, ALEX, BLAISE))
    await desk.beat()
    assert await awaited(desk, BLAISE) == await awaited(desk, ALEX) != []


async def test_what_one_begins_unasked_awaits_at_once(desk: World) -> None:
    await desk.beat()
    assert await awaited(desk, BLAISE) == []
    page = await desk.ask("accueil lire", BLAISE)
    await desk.press(page, "Suivant", BLAISE)
    [line] = await awaited(desk, BLAISE)
    assert line.startswith("Votre lecture de la PA20, 1 page sur ")
    await desk.read_all(BLAISE)
    assert await awaited(desk, BLAISE) == []


async def test_a_revision_awaits_those_concerned_until_they_open_it(desk: World) -> None:
    await desk.enters(ALEX, CAMILLE)
    await desk.attests(ALEX)
    await desk.ask("quiz nouveau -", BLAISE)
    await desk.approve(REVISED)
    await desk.beat()
    await desk.beat()  # whom something awaits is read at the beginning of a beat
    [line] = await awaited(desk, ALEX)
    assert line.startswith("Ce qui a changé dans la PA20")
    assert (await awaited(desk, CAMILLE))[0].startswith("La lecture de la PA20"), "they read all of it"
    assert not any("changé" in line for line in await awaited(desk, BLAISE)), "it was not announced to them"
    changes = await desk.press(await desk.ask("vigie", ALEX), "Lire", ALEX)
    assert "ce qui a changé" in words(changes)
    await desk.leaves(ALEX)
    assert await awaited(desk, ALEX) == []


async def test_who_is_asked_and_who_decides_see_it_and_nobody_else(desk: World) -> None:
    await appoint(desk, VP, "vp-communications")
    await desk.attests(VP)
    page, image = await asks(desk, CAMILLE, "page"), await asks(desk, CAMILLE, "image", BLAISE)
    decision = "Une demande à décider\u00a0: tenir une page au nom de l'association"
    consent = "On demande votre consentement, pour une image où vous êtes"
    await desk.beat()
    assert await awaited(desk, VP) == [decision]
    assert await awaited(desk, BLAISE) == [consent]
    assert await awaited(desk, CAMILLE) == [], "nothing awaits who asked"
    assert await awaited(desk, ALEX) == []
    assert command(await desk.ask("vigie", VP), "Ouvrir") == f"demande voir {page}"
    assert command(await desk.ask("vigie", BLAISE), "Ouvrir") == f"demande voir {image}"

    for actor, other in ((VP, BLAISE), (BLAISE, VP)):
        line = command(await desk.ask("vigie", actor), "Ouvrir")
        assert SUBJECT in await desk.said(line, actor)
        assert SUBJECT not in await desk.said(line, other)

    def lose(db: Database) -> None:
        roles.dismiss(db, "vp-communications", str(persons.person_of(db, VP)), desk.today)

    await desk.run(lose)
    assert await awaited(desk, VP) == [], "the role is lost"
    assert decision in await awaited(desk, ADMIN), "its fallback decides"


async def test_what_was_decided_awaits_nobody_any_more(desk: World) -> None:
    for actor in (VP, BLAISE):
        await appoint(desk, actor, "vp-communications")
        await desk.attests(actor)
    page = await asks(desk, CAMILLE, "page")
    assert len(await awaited(desk, VP)) == len(await awaited(desk, BLAISE)) == 1
    card = await desk.press(await desk.ask("vigie", VP), "Ouvrir", VP)
    assert SUBJECT in words(card)
    await desk.ask(f"demande refuser {page}", VP, raison="La page existe déjà", nom="Le Quang Vinh")
    assert await awaited(desk, VP) == await awaited(desk, BLAISE) == []


async def test_nothing_awaits_who_was_erased_nor_who_left(desk: World) -> None:
    await desk.enters(CAMILLE)
    await desk.ask("quiz nouveau -", ALEX)
    await asks(desk, CAMILLE, "image", ALEX)
    assert len(await awaited(desk, ALEX)) == 2
    await desk.leaves(CAMILLE)
    assert await awaited(desk, CAMILLE) == []
    await desk.press(await desk.ask("mesdonnees effacer", ALEX), "Effacer", ALEX)
    assert await desk.run(lambda db: persons.person_of(db, ALEX)) is None
    assert await awaited(desk, ALEX) == []
    await desk.beat()
    assert await awaited(desk, ALEX) == []


async def test_looking_writes_nothing_of_someone_unknown(desk: World) -> None:
    def everyone(db: Database) -> list[tuple[str, ...]]:
        return db.conn.execute(
            "SELECT platform, user FROM accounts UNION SELECT 'id', id FROM people"
        ).fetchall()

    before = await desk.run(everyone)
    for line in ("vigie", "attente", "attente 2"):
        assert await awaited(desk, STRANGER, line) == []
    assert await desk.run(everyone) == before


async def test_three_are_shown_in_a_fixed_order_and_the_others_are_a_press_away(desk: World) -> None:
    await appoint(desk, VP, "vp-communications")
    await desk.ask("quiz nouveau -", VP)
    await asks(desk, CAMILLE, "page")
    await asks(desk, CAMILLE, "image", VP)

    def wait(db: Database) -> None:
        """Keep a message of theirs that could not be sent in private."""
        person = persons.person_of(db, VP)
        db.conn.execute(
            """INSERT INTO outbox (id, key, recipient, notice, arguments, state, problem, due_at)
               VALUES ('0123456789abcdef', 'k', ?, 'revision-rappel', '{}', 'sent', ?, '2026-01-01')""",
            (f"person:{person}", rows.WAITING),
        )

    await desk.run(wait)
    menu = await desk.ask("vigie", VP)
    everything = await awaited(desk, VP, "attente")
    assert [line.split(",")[0].split("\u00a0")[0] for line in everything] == [
        "On demande votre consentement",
        "Une demande à décider",
        "La lecture de la PA20",
        "Le quiz sur la PA20",
    ]
    assert await awaited(desk, VP) == everything[:3]
    assert [line for line in words(menu).splitlines() if line][1] == "Ce qui vous attend"
    rest = await desk.press(menu, "Et un autre", VP)
    assert lines(rest) == everything


async def test_a_message_that_could_not_be_sent_awaits_until_it_is_read(desk: World) -> None:
    await desk.enters(ALEX)
    await desk.attests(ALEX)
    await desk.beat()

    def undelivered(db: Database) -> None:
        db.conn.execute("UPDATE outbox SET problem = ? WHERE notice = ?", (rows.WAITING, RECEIPT.name))

    await desk.run(undelivered)
    await desk.beat()
    [line] = await awaited(desk, ALEX)
    assert line.startswith("Un message à lire\u00a0: ")
    button = command(await desk.ask("vigie", ALEX), "Lire")
    assert "n'est pas pour ce compte" in await desk.said(button, BLAISE)
    await desk.ask(button, ALEX)
    assert await awaited(desk, ALEX) == []


async def test_checks_to_review_await_the_administration_alone(desk: World) -> None:
    def waved(db: Database) -> None:
        db.conn.execute("INSERT INTO check_reviews VALUES ('pa20', '2015-12-13', 'logo')")

    await desk.run(waved)
    line = "Avant de publier\u00a0: Une vérification souvent écartée, à revoir (PA20)"
    assert line in await awaited(desk, ADMIN, "attente")
    assert await awaited(desk, ALEX) == []


async def test_the_menu_of_whom_nothing_awaits_is_answered_from_memory(desk: World) -> None:
    await desk.enters(ALEX)
    await desk.beat()
    menu = desk.dispatcher.command("vigie")
    assert menu is not None
    assert menu.instant is not None
    asked = {who: desk.dispatcher.from_command("vigie", actor=who) for who in (ALEX, BLAISE)}
    assert menu.instant(asked[ALEX]) is None
    assert isinstance(menu.instant(asked[BLAISE]), Message)
    await desk.ask("quiz nouveau -", BLAISE)
    assert menu.instant(asked[BLAISE]) is None


async def test_what_changed_for_someone_is_told_at_the_beat_to_pages_that_show_it(desk: World) -> None:
    board = desk.services.awaited
    await desk.beat()
    board.take_changed()
    await desk.ask("quiz nouveau -", BLAISE)
    assert board.take_changed() == set(), "not at each event"
    await desk.beat()
    assert board.take_changed() == {persons.account(BLAISE)}
    await desk.beat()
    assert board.take_changed() == set()
    await desk.run(
        lambda db: enrolment.Onboardings(db, desk.services.course.target()).begin(
            persons.known(db, CAMILLE), desk.clock(), by_hand=True
        )
    )
    await desk.beat()
    assert board.take_changed() == {persons.account(CAMILLE)}


async def test_a_report_changes_nothing_of_what_awaits_anyone(desk: World) -> None:
    await desk.enters(ALEX)
    await desk.beat()
    board = desk.services.awaited
    before, _ = board.matters, board.take_changed()
    report = Report("https://www.facebook.com/ageuqtr/posts/1", "On y dit que l'association vole.")
    await desk.storage.run(lambda: desk.services.reporting.file(report))
    await desk.beat()
    assert board.take_changed() == set()
    assert board.matters == before


async def test_no_two_buttons_of_a_menu_stand_for_the_same_thing(desk: World) -> None:
    await desk.enters(ADMIN)
    menu = await desk.ask("vigie", ADMIN)
    assert isinstance(menu, Message)
    lines = [button.command for button in menu.buttons() if isinstance(button, Button)]
    assert len(lines) == len(set(lines))
