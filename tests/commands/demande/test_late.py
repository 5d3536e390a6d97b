"""What is pressed too late or at the same moment as another, and what is left of whoever is erased."""

from __future__ import annotations

from itertools import product

import pytest
from sqlite_utils import Database

from bot.conversation.requests import Actor
from bot.people import persons, roles
from bot.permissions.daily import daily
from bot.permissions.requests import PermissionSession
from tests.commands.demande.people import (
    ASKER,
    FRIEND,
    IMAGE,
    VP,
    ask,
    fill,
    grant,
    identifier,
    pressed,
)
from tests.kits.people import COMMUNICATIONS_ROLE
from tests.kits.revision_commands import SECOND, World, filled, words

LATER = Actor("discord", "900", "777")
ANSWER = {"nom": "Blaise", "jusque": "", "conditions": ""}


async def states(desk: World) -> list[str]:
    query = "SELECT state FROM permission_requests ORDER BY rowid"
    return await desk.run(lambda db: [state for (state,) in db.conn.execute(query).fetchall()])


async def hold(desk: World, *actors: Actor) -> None:
    """Have these people, and nobody else, hold the role that decides of pages."""

    def appoint(db: Database) -> None:
        for number, actor in enumerate(actors):
            person = persons.known(db, actor)
            roles.appoint(db, COMMUNICATIONS_ROLE, person, desk.today, replacing=not number)

    await desk.run(appoint)


@pytest.mark.parametrize(
    ("asker", "first", "second"), [(ASKER, VP, SECOND), (ASKER, SECOND, VP), (LATER, SECOND, VP)]
)
async def test_of_two_holders_who_answer_at_once_the_second_reads_who_did_and_one_answer_is_told(
    desk: World, asker: Actor, first: Actor, second: Actor
) -> None:
    await hold(desk, VP, SECOND)
    sent = await ask(desk, "page", asker)
    windows = [filled(await desk.ask(f"demande accorder {identifier(sent)}", who)) for who in (first, second)]
    done = await fill(desk, windows[0].command, first, **ANSWER)
    late = await fill(desk, f"demande refuser {identifier(sent)}", second, raison="Non")
    again = await fill(desk, windows[1].command, second, **ANSWER)
    assert "accordée" in words(done)
    assert "Trop tard" in words(late)
    assert "Trop tard" in words(again)
    assert await states(desk) == ["granted"]
    await desk.beat()
    assert sum("Votre demande est" in text for text in desk.arrived(asker)) == 1


@pytest.mark.parametrize(("asker", "decider"), product((ASKER, LATER), (VP, SECOND)))
async def test_buttons_pressed_once_it_is_over_say_so_and_change_nothing(
    desk: World, asker: Actor, decider: Actor
) -> None:
    await hold(desk, decider)
    sent = await ask(desk, "page", asker)
    await grant(desk, sent, decider, jusque="27 novembre 2026")
    mine = await desk.ask(f"demande voir {identifier(sent)}", asker)
    theirs = await desk.ask(f"demande voir {identifier(sent)}", decider)
    desk.clock.move(hours=96)
    over = "a pris fin le 27\u00a0novembre\u00a02026"
    assert over in words(await desk.press(mine, "Le certificat", asker))
    assert over in words(await desk.press(mine, "Renoncer", asker))
    assert over in words(await desk.ask(f"demande renoncer {identifier(sent)} oui", asker))
    assert over in words(await desk.press(theirs, "Retirer", decider))
    assert over in words(await fill(desk, f"demande retirer {identifier(sent)}", decider, raison="Fini"))
    assert await states(desk) == ["granted"], "the day's task has not come yet"
    assert "renoncez-y d'abord" not in words(await desk.ask("mesdonnees effacer", asker))
    await desk.run(lambda db: daily(PermissionSession(db, desk.services.permission_desk, desk.clock())))
    assert await states(desk) == ["ended"]
    assert over in words(await desk.ask(f"demande voir {identifier(sent)}", asker))


async def test_whoever_asked_is_told_when_nobody_can_consent_any_more(desk: World) -> None:
    sent = await ask(desk, "personne")
    await desk.beat()
    asked = await desk.ask("mesdonnees effacer", FRIEND)
    await pressed(desk, asked, "Effacer", FRIEND)
    assert await states(desk) == ["cancelled"]
    await desk.beat()
    await desk.beat()
    notices = [text for text in desk.arrived(ASKER) if "ne peut plus" in text]
    assert len(notices) == 1, desk.arrived(ASKER)
    assert IMAGE["image"] not in notices[0]
    assert "annulée" in words(await desk.ask(f"demande voir {identifier(sent)}", ASKER))


async def test_windows_open_while_whoever_asked_is_erased_change_nothing(desk: World) -> None:
    sent = await ask(desk)
    form = filled(await desk.ask(f"demande accorder {identifier(sent)}", VP))
    asked = await desk.ask("mesdonnees effacer", ASKER)
    await pressed(desk, asked, "Effacer", ASKER)
    for line, fields in (
        (form.command, ANSWER),
        (f"demande refuser {identifier(sent)}", {"raison": "Non"}),
        (f"demande ecrire {identifier(sent)}", {"mot": "Quoi?"}),
    ):
        assert "ne vous concerne pas" in words(await fill(desk, line, VP, **fields))
    assert await states(desk) == []
    await desk.beat()
    assert not [text for text in desk.arrived(VP) if "à décider" in text]


MARK = "marque-que-rien-ne-garde"


@pytest.mark.parametrize("window", ["page", "personne", "papier"])
@pytest.mark.parametrize("end", ["asked", "refused", "withdrawn"])
async def test_what_was_written_is_nowhere_once_whoever_asked_is_erased(
    desk: World, window: str, end: str, caplog: pytest.LogCaptureFixture
) -> None:
    fields = {"objet": f"objet {MARK}", "nom": f"Alex {MARK}"}
    if window != "page":
        fields["image"] = f"image {MARK}"
    if window == "papier":
        fields["papier"] = f"Zoé {MARK}"
    sent = await ask(desk, window, ASKER, **fields)
    decider = FRIEND if window == "personne" else VP
    await fill(desk, f"demande ecrire {identifier(sent)}", ASKER, mot=f"un mot {MARK}")
    await fill(desk, f"demande ecrire {identifier(sent)}", decider, mot=f"un autre {MARK}")
    await desk.beat()
    if end == "refused":
        await fill(desk, f"demande refuser {identifier(sent)}", decider, raison=f"raison {MARK}")
    if end == "withdrawn":
        conditions = {"conditions": f"conditions {MARK}", "nom": f"Blaise {MARK}", "jusque": ""}
        await fill(desk, f"demande accorder {identifier(sent)}", decider, **conditions)
        done = await fill(desk, f"demande retirer {identifier(sent)}", decider, raison=f"fin {MARK}")
        if decider is FRIEND:
            await pressed(desk, done, "Retirer mon consentement", FRIEND)
    await desk.beat()
    assert await states(desk) == [end]
    assert MARK in await desk.run(lambda db: "\n".join(db.conn.iterdump()))
    await pressed(desk, await desk.ask("mesdonnees effacer", ASKER), "Effacer", ASKER)
    assert await states(desk) == []
    await desk.beat()
    assert MARK not in await desk.run(lambda db: "\n".join(db.conn.iterdump()))
    desk.storage.executor.submit(desk.storage.purge).result()
    files = [path for path in desk.volume.parent.rglob("*") if path.is_file()]
    assert [path for path in files if MARK.encode() in path.read_bytes()] == []
    assert MARK not in caplog.text
