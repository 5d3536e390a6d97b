"""A consent asked of someone who is on the other platform alone, by the code that they get there."""

from __future__ import annotations

import re

import pytest

from bot.conversation.requests import Actor
from tests.commands.demande.people import (
    ASKER,
    IMAGE,
    ask,
    fill,
    identifier,
    pressed,
    restarted,
)
from tests.kits.revision_commands import World, command, filled, words

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
    assert "La demande ira à compte Discord 999" in words(confirm)
    again = filled(await desk.press(confirm, "Corriger", ASKER))
    confirm = await fill(desk, again.command, ASKER, **{**PICTURE, "objet": "Le journal"}, code="")
    sent = await pressed(desk, confirm, "Envoyer", ASKER)
    await desk.beat()
    assert any("voudrait publier une image où vous êtes" in text for text in desk.arrived(ELSEWHERE))
    shown = await pressed(desk, await desk.ask("demande", ELSEWHERE), "Répondre", ELSEWHERE)
    assert "Le journal" in words(shown)
    answer = {"nom": "Noé", "jusque": "31 décembre 2026", "conditions": ""}
    accepted = await fill(desk, command(shown, "J'accepte"), ELSEWHERE, **answer)
    assert await states(desk) == ["granted"]

    mine = await desk.ask(f"demande voir {identifier(sent)}", ASKER)
    longer = filled(await desk.press(mine, "Demander de prolonger", ASKER))
    confirm = await fill(desk, longer.command, ASKER, **PICTURE, code="")
    assert "La demande ira à compte Discord 999" in words(confirm)

    sure = await pressed(desk, accepted, "Retirer mon consentement", ELSEWHERE)
    await pressed(desk, sure, "Retirer mon consentement", ELSEWHERE)
    assert await states(desk) == ["withdrawn"]
    await desk.beat()
    assert any("Un consentement est retiré" in text for text in desk.arrived(ASKER))


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
