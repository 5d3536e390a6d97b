"""A guest who means harm, through the dispatcher: floods, pressure, and answers that no window would send."""

from __future__ import annotations

import pytest
from sqlite_utils import Database

from bot.conversation.requests import Actor
from bot.people import persons, roles
from bot.permissions import requests
from bot.register import certificates
from bot.register.certificates import Content
from tests.commands.demande.people import (
    ASKER,
    FRIEND,
    IMAGE,
    PAGE,
    PAPER,
    VP,
    ask,
    fill,
    grant,
    identifier,
    pressed,
)
from tests.kits.people import COMMUNICATIONS_ROLE
from tests.kits.registry import ADMIN
from tests.kits.revision_commands import SECOND, World, command, filled, words


async def asked_and_cancelled(desk: World, window: str, **fields: str) -> None:
    """Ask, let it be told, then cancel, which makes room for another."""
    sent = await ask(desk, window, ASKER, **fields)
    await desk.beat()
    sure = await pressed(desk, sent, "Annuler la demande", ASKER)
    await pressed(desk, sure, "Annuler la demande", ASKER)


async def test_who_asks_and_cancels_in_a_loop_is_stopped_until_the_next_day(desk: World) -> None:
    for number in range(requests.MOST_A_DAY):
        await asked_and_cancelled(desk, "page", objet=f"La page {number}")
    refused = await fill(desk, "demande page", ASKER, **PAGE)
    assert "Reprenez demain" in words(refused)
    arrived = sum("Une demande à décider" in text for text in desk.arrived(VP))
    assert arrived == requests.MOST_A_DAY
    desk.clock.move(hours=24)
    assert "Est-ce bien" in words(await fill(desk, "demande page", ASKER, **PAGE))


async def test_nobody_is_pressed_to_consent_by_the_same_person_over_and_over(desk: World) -> None:
    sent = await ask(desk, "personne")
    await fill(desk, f"demande refuser {identifier(sent)}", FRIEND, raison="")
    for number in range(requests.MOST_PRESSING - 1):
        await asked_and_cancelled(desk, "personne", objet=f"Encore {number}")
    refused = await fill(desk, "demande personne", ASKER, **IMAGE)
    assert list(refused.problems) == ["personne"]
    assert "Un oui ne se presse pas" in words(refused)
    desk.clock.move(hours=24 * requests.PRESSING.days)
    assert "Est-ce bien" in words(await fill(desk, "demande personne", ASKER, **IMAGE))


async def test_who_says_yes_is_asked_for_as_many_pictures_as_they_like(desk: World) -> None:
    for number in range(requests.MOST_PRESSING + 2):
        sent = await ask(desk, "personne", ASKER, objet=f"La photo {number}")
        await grant(desk, sent, FRIEND)


async def test_a_line_written_after_one_that_was_erased_arrives(desk: World) -> None:
    def appoint_second(db: Database) -> None:
        who = persons.known(db, SECOND)
        roles.appoint(db, COMMUNICATIONS_ROLE, who, desk.today, replacing=False)

    await desk.run(appoint_second)
    sent = await ask(desk)
    await fill(desk, f"demande ecrire {identifier(sent)}", SECOND, mots="Où serait-elle?")
    await desk.beat()

    def dismiss_second(db: Database) -> None:
        roles.dismiss(db, COMMUNICATIONS_ROLE, persons.known(db, SECOND), desk.today)

    await desk.run(dismiss_second)
    await pressed(desk, await desk.ask("mesdonnees effacer", SECOND), "Effacer", SECOND)
    await fill(desk, f"demande ecrire {identifier(sent)}", VP, mots="Qui la tiendra?")
    await desk.beat()
    assert any("Qui la tiendra?" in text for text in desk.arrived(ASKER))


async def test_a_reason_of_invisible_characters_is_no_reason(desk: World) -> None:
    sent = await ask(desk)
    await grant(desk, sent)
    for line in ("retirer", "refuser"):
        sent = sent if line == "retirer" else await ask(desk)
        refused = await fill(desk, f"demande {line} {identifier(sent)}", VP, raison="\u202e \x00")
        assert list(refused.problems) == ["raison"]


async def test_a_certificate_bears_no_name_beyond_what_who_decides_was_shown(desk: World) -> None:
    sent = await ask(desk, "page", ASKER, nom=f"Alex Roy {'x' * 68}, présidente de l'association")
    form = filled(await desk.ask(f"demande accorder {identifier(sent)}", VP))
    await fill(desk, form.command, VP, nom=f"Blaise {'x' * 200}", jusque="", conditions="")
    names = await desk.run(lambda db: requests.names(db, identifier(sent)))
    assert names["asker"][0] in form.introduction
    assert max(len(name) for name, _ in names.values()) <= requests.NAME_LENGTH


@pytest.mark.parametrize(("window", "field"), [("page", "nom"), ("papier", "papier")])
async def test_a_name_is_confirmed_as_it_will_be_certified_however_long(
    desk: World, window: str, field: str
) -> None:
    known = PAGE if window == "page" else PAPER
    confirm = await fill(desk, f"demande {window}", ASKER, **{**known, field: "Zoé " + "&" * 5_000})
    assert not confirm.problems
    sent = await pressed(desk, confirm, "Envoyer", ASKER)
    names = await desk.run(lambda db: requests.names(db, identifier(sent)))
    name, _ = names["asker" if field == "nom" else "signer"]
    assert len(name) == requests.NAME_LENGTH
    assert f"{name}&" not in words(confirm)
    assert name in words(confirm)


@pytest.mark.parametrize("user", ["!everyone", "U0\nADMIN", "<!channel>", "x" * 10_000, "222", " "])
async def test_only_an_account_can_be_asked_to_consent(desk: World, user: str) -> None:
    refused = await fill(desk, "demande personne", ASKER, **{**IMAGE, "personne": user})
    assert list(refused.problems) == ["personne"]


async def test_who_links_the_account_that_decides_does_not_decide_of_what_they_asked(desk: World) -> None:
    page, picture = await ask(desk), await ask(desk, "personne")
    forms: list[tuple[Actor, str]] = []
    for actor, sent in ((VP, page), (FRIEND, picture)):
        form = filled(await desk.ask(f"demande accorder {identifier(sent)}", actor))
        forms.append((actor, form.command))

    def link(db: Database) -> None:
        for actor in (VP, FRIEND):
            persons.merge(db, persons.known(db, actor), persons.known(db, ASKER))

    await desk.run(link)
    for actor, line in forms:
        await fill(desk, line, actor, nom="Moi", jusque="", conditions="")
    for sent in (page, picture):
        shown = await desk.ask(f"demande voir {identifier(sent)}", ASKER)
        assert "attend une réponse" in words(shown)
        assert command(shown, "Annuler la demande")


async def test_empty_lines_push_nothing_off_the_page_of_a_certificate(desk: World) -> None:
    far = "\n \n\t" * 300
    sent = await ask(desk, "page", ASKER, objet=f"Une page{far}au nom de tout le monde")
    await grant(desk, sent, conditions=f"Oui{far}si")

    def certified(db: Database) -> Content | None:
        return certificates.certificates_of(db, identifier(sent))[0].content

    content = await desk.run(certified) or {}
    assert content["subject"] == "Une page\n\nau nom de tout le monde"
    assert content["conditions"] == "Oui\n\nsi"


@pytest.mark.parametrize("blank", ["\u200b", "\u3164", "\u2800\u3164", "\u0301", "\u00ad", "."])
async def test_nobody_is_granted_anything_under_a_name_that_cannot_be_read(desk: World, blank: str) -> None:
    refused = await fill(desk, "demande papier", ASKER, objet=blank, image=blank, papier=blank, nom=blank)
    assert set(refused.problems) == {"objet", "image", "papier", "nom"}
    sent = await ask(desk)
    refused = await grant(desk, sent, nom=blank)
    assert list(refused.problems) == ["nom"]


async def test_who_asked_with_one_account_and_granted_with_another_is_seen_once_they_link_them(
    desk: World,
) -> None:
    sent = await ask(desk)
    await grant(desk, sent)
    assert "avec deux comptes" not in words(await desk.ask("demande registre", ADMIN))
    await desk.run(lambda db: persons.merge(db, persons.known(db, VP), persons.known(db, ASKER)))
    assert "La même personne l'a demandée et accordée" in words(await desk.ask("demande registre", ADMIN))


async def test_erasing_oneself_makes_no_room_for_more_requests_that_day(desk: World) -> None:
    for number in range(requests.MOST_A_DAY + 3):
        if number and number % 3 == 0:
            await pressed(desk, await desk.ask("mesdonnees effacer", ASKER), "Effacer", ASKER)
        confirm = await fill(desk, "demande personne", ASKER, **{**IMAGE, "objet": f"Encore {number}"})
        last = await pressed(desk, confirm, "Envoyer", ASKER)
        await desk.beat()
    assert "Reprenez demain" in words(last)
    arrived = sum("On vous demande votre consentement" in text for text in desk.arrived(FRIEND))
    assert arrived == requests.MOST_A_DAY
