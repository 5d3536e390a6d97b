"""A consent asked of someone who is on the other platform alone, by the code that they get there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlite_utils import Database

from bot.conversation.messages import Message
from bot.conversation.requests import Actor
from bot.people import persons
from bot.permissions import daily
from bot.permissions.requests import PermissionSession
from tests.commands.demande.people import (
    ASKER,
    DECIDERS,
    IMAGE,
    VP,
    ask,
    fill,
    grant,
    identifier,
    pressed,
    restarted,
)
from tests.kits.revision_commands import World, command, filled, words, world

ELSEWHERE = Actor("discord", "900", "999")
PICTURE = {name: words for name, words in IMAGE.items() if name != "personne"}


async def code_of(desk: World, actor: Actor = ELSEWHERE) -> str:
    """Have someone ask for the code by which they can be asked for their consent."""
    shown = re.search(r"\b\w{5}-\w{5}\b", words(await desk.ask("demande code", actor)))
    assert shown
    return shown[0]


async def states(desk: World) -> list[str]:
    rows = await desk.run(lambda db: db.conn.execute("SELECT state FROM permission_requests").fetchall())
    return [state for (state,) in rows]


async def test_they_are_asked_where_they_are_and_say_yes_then_no_more(desk: World) -> None:
    choice = await desk.ask("demande image", ASKER)
    assert "/vigie demande code" in words(choice)
    form = filled(await desk.press(choice, "Oui, par son code", ASKER))
    typed = (await code_of(desk)).lower().replace("-", " ")
    confirm = await fill(desk, form.command, ASKER, **PICTURE, code=typed)
    assert "La demande ira à la personne dont vous avez le code, sur Discord." in words(confirm)
    again = filled(await desk.press(confirm, "Corriger", ASKER))
    confirm = await fill(desk, again.command, ASKER, **{**PICTURE, "objet": "Le journal"}, code="")
    sent = await pressed(desk, confirm, "Envoyer", ASKER)
    assert "à la personne dont vous avez le code, sur Discord" in words(sent)
    assert "999" not in words(sent)
    await desk.beat()
    [notice] = [text for text in desk.arrived(ELSEWHERE) if "voudrait publier" in text]
    assert "Alex Roy (sur Slack) voudrait publier une image où vous êtes" in notice
    shown = await pressed(desk, await desk.ask("demande", ELSEWHERE), "Répondre", ELSEWHERE)
    assert "Alex Roy (sur Slack) a demandé" in words(shown)
    assert "Le journal" in words(shown)
    await fill(desk, command(shown, "Poser une question"), ELSEWHERE, mots="Puis-je la voir?")
    await desk.beat()
    [question] = [text for text in desk.arrived(ASKER) if "Puis-je la voir?" in text]
    assert "La personne dont vous avez le code (sur Discord) vous écrit" in question
    answer = {"nom": "Noé", "jusque": "31 décembre 2026", "conditions": ""}
    accepted = await fill(desk, command(shown, "J'accepte"), ELSEWHERE, **answer)
    assert await states(desk) == ["granted"]

    mine = await desk.ask(f"demande voir {identifier(sent)}", ASKER)
    longer = filled(await desk.press(mine, "Demander de prolonger", ASKER))
    confirm = await fill(desk, longer.command, ASKER, **PICTURE, code="")
    assert "La demande ira à la personne dont vous avez le code, sur Discord." in words(confirm)

    sure = await pressed(desk, accepted, "Retirer mon consentement", ELSEWHERE)
    await pressed(desk, sure, "Retirer mon consentement", ELSEWHERE)
    assert await states(desk) == ["withdrawn"]
    await desk.beat()
    assert any("Un consentement est retiré" in text for text in desk.arrived(ASKER))
    assert not any(ASKER.user in text for text in desk.arrived(ELSEWHERE))
    assert not any(ELSEWHERE.user in text for text in desk.arrived(ASKER))


@pytest.mark.parametrize("typed", ["", "K7PMQ-3TXDW", "élan", "U0FRIEND", "999"])
async def test_a_code_that_nobody_was_given_reaches_nobody(desk: World, typed: str) -> None:
    await code_of(desk)
    refused = await fill(desk, "demande ailleurs", ASKER, **PICTURE, code=typed)
    assert "Son code\u00a0: Ce code n'est pas bon, ou ne l'est plus" in words(refused)
    filled(await desk.press(refused, "Corriger", ASKER))
    assert await states(desk) == []


async def test_a_code_is_good_for_a_day_and_until_a_restart(desk: World) -> None:
    code = await code_of(desk)
    desk.clock.move(hours=23)
    assert "Est-ce bien" in words(await fill(desk, "demande ailleurs", ASKER, **PICTURE, code=code))
    after = await fill(restarted(desk), "demande ailleurs", ASKER, **PICTURE, code=code)
    assert "Ce code n'est pas bon" in words(after)
    desk.clock.move(hours=2)
    late = await fill(desk, "demande ailleurs", ASKER, **PICTURE, code=code)
    assert "Ce code n'est pas bon" in words(late)


async def test_one_s_own_code_asks_nothing_of_oneself(desk: World) -> None:
    await ask(desk)
    code = await code_of(desk, ASKER)
    refused = await fill(desk, "demande ailleurs", ASKER, **PICTURE, code=code)
    assert "C'est votre propre image" in words(refused)


async def test_who_does_not_answer_is_reminded_of_who_asks_by_name(desk: World) -> None:
    code = await code_of(desk)
    confirm = await fill(desk, "demande ailleurs", ASKER, **PICTURE, code=code)
    await pressed(desk, confirm, "Envoyer", ASKER)

    def remind(db: Database) -> None:
        daily.daily(PermissionSession(db, desk.services.permission_desk, desk.clock()))

    await desk.beat()
    desk.clock.move(hours=24 * 8)
    await desk.run(remind)
    await desk.beat()
    assert any("Alex Roy (sur Slack) attend de savoir" in text for text in desk.arrived(ELSEWHERE))


async def test_a_new_code_replaces_the_one_before(desk: World) -> None:
    before = await code_of(desk)
    code = await code_of(desk)
    assert "Ce code n'est pas bon" in words(
        await fill(desk, "demande ailleurs", ASKER, **PICTURE, code=before)
    )
    assert "Est-ce bien" in words(await fill(desk, "demande ailleurs", ASKER, **PICTURE, code=code))


async def test_who_erases_themselves_is_no_longer_reached_by_their_code(desk: World) -> None:
    await desk.run(lambda db: persons.known(db, ELSEWHERE))
    code = await code_of(desk)
    confirm = await fill(desk, "demande ailleurs", ASKER, **PICTURE, code=code)
    await pressed(desk, await desk.ask("mesdonnees effacer", ELSEWHERE), "Effacer", ELSEWHERE)
    after = await fill(desk, "demande ailleurs", ASKER, **PICTURE, code=code)
    assert "Ce code n'est pas bon" in words(after)
    assert "Ce brouillon n'est plus là" in words(await pressed(desk, confirm, "Envoyer", ASKER))
    assert await desk.run(lambda db: persons.person_of(db, ELSEWHERE)) is None


async def test_a_window_filled_in_from_a_draft_that_expired_says_so(desk: World) -> None:
    code = await code_of(desk)
    confirm = await fill(desk, "demande ailleurs", ASKER, **PICTURE, code=code)
    again = filled(await desk.press(confirm, "Corriger", ASKER))
    desk.clock.move(minutes=11)
    late = await fill(desk, again.command, ASKER, **PICTURE, code="")
    assert "Ce brouillon n'est plus là" in words(late)
    assert "n'est pas bon" not in words(late)
    assert "n'est pas bon" in words(await fill(desk, again.command, ASKER, **PICTURE, code="K7PMQ-3TXDW"))
    assert "Est-ce bien" in words(await fill(desk, again.command, ASKER, **PICTURE, code=code))


async def test_where_there_is_one_platform_alone_no_code_is_spoken_of(tmp_path: Path) -> None:
    (tmp_path / "seule").mkdir()
    with world(tmp_path / "seule", deciders=DECIDERS, vigie_discord_serveur=None) as alone:
        choice = await alone.ask("demande image", ASKER)
        assert isinstance(choice, Message)
        assert [button.label for button in choice.buttons()][:2] == ["Oui, la choisir", "Non, sur papier"]
        assert "plateforme" not in words(choice)
        assert "Cela ne se demande pas par ici" in words(await alone.ask("demande code", ASKER))


async def test_who_decides_on_the_other_platform_and_who_asks_them_read_names(desk: World) -> None:
    sent = await ask(desk)
    await grant(desk, sent, VP)
    assert "Réponse de Blaise (sur Discord), pour le rôle" in words(
        await desk.ask(f"demande voir {identifier(sent)}", ASKER)
    )
    assert "Alex Roy (sur Slack)" in words(await desk.ask("demande registre", VP))
    await desk.beat()
    [answer] = [text for text in desk.arrived(ASKER) if "est accordée" in text]
    assert "Réponse de Blaise (sur Discord)" in answer
