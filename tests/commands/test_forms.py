"""Forms: each opens again from its own command, which is what lets a refused one be corrected."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.conversation.forms import DateField, Form
from bot.conversation.messages import Message
from tests.kits.revision_commands import REVISED, World, filled, words, world


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


@pytest.mark.parametrize(
    "line",
    [
        "roles nommer administration",
        "roles groupe administration",
        "roles fiche administration",
        "membres suivre",
        "membres ajouter",
        "membres enlever",
        "versions pa20 date",
        "chercher",
        "accueil commencer",
        "banque pa20: ligne",
        "signalement remplir 000",
        "signalement code",
        "revision approuver",
    ],
)
async def test_a_form_opens_again_from_its_own_command(desk: World, line: str) -> None:
    if line == "revision approuver":
        await desk.drop(REVISED)
        line += f" {(await desk.last()).id}"
    form = filled(await desk.ask(line))
    again = filled(await desk.ask(form.command))
    assert (again.command, again.fields) == (form.command, form.fields)


@pytest.mark.parametrize(
    ("line", "answers", "wrong"),
    [
        ("roles nommer administration", {"personne": "", "depuis": "demain"}, "personne"),
        ("roles nommer administration", {"personne": "U1", "depuis": "un jour"}, "depuis"),
        ("roles groupe administration", {"plateforme": "slack", "groupe": "x"}, "groupe"),
        ("roles fiche administration", {"titre": "T", "courriel": "pas une adresse"}, "courriel"),
        ("roles fiche administration", {"titre": " ", "courriel": ""}, "titre"),
        ("membres suivre", {"titre": "officer", "source": "slack_group", "groupe": "x"}, "groupe"),
        ("membres ajouter", {"personne": "", "titre": "officer"}, "personne"),
        ("versions pa20 date", {"jour": "31 février 2020", "demande": "5.10"}, "jour"),
        ("accueil commencer", {"personne": ""}, "personne"),
        ("banque pa20: ligne", {"question": "Et le logo?", "issue": "answer", "clauses": "99.9"}, "clauses"),
        ("signalement revoir 000", {"adresse": "Ici", "propos": " ", "gravite": "serious"}, "propos"),
        ("signalement suivi", {"code": "abeile"}, "code"),
    ],
)
async def test_what_is_wrong_is_said_of_its_field_and_nothing_typed_is_lost(
    desk: World, line: str, answers: dict[str, str], wrong: str
) -> None:
    refused = await desk.ask(line, **answers)
    assert isinstance(refused, Message)
    assert [*refused.problems] == [wrong], words(refused)
    again = await desk.press(refused, "Corriger")
    assert isinstance(again, Form)
    values = {field.name: field.value.strip() for field in again.fields if field.name in answers}
    assert values == {name: text.strip() for name, text in answers.items()}


async def test_a_date_is_asked_in_a_field_of_its_own(desk: World) -> None:
    for line, name in (("roles nommer administration", "depuis"), ("versions pa20 date", "jour")):
        form = filled(await desk.ask(line))
        assert isinstance(next(field for field in form.fields if field.name == name), DateField)
    read = await desk.ask("versions pa20 date", jour="le 20 décembre 2015", demande="5.10")
    assert isinstance(read, Message)
    assert read.quotes()[0].clause == "5.10"
