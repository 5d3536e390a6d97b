"""The cards and forms of roles, and the questions of linked accounts, in full."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.commands import lier
from bot.commands.roles import group_form, person_form, role_form
from bot.conversation.forms import ChoiceField, DateField, Option, TextField
from bot.conversation.messages import Button, Message
from bot.conversation.requests import Actor
from bot.people import persons
from bot.people import roles as registry
from bot.people.roles import Role
from tests.commands.test_registry import accounts, code_of
from tests.kits.people import ALEX, ALEX_ON_DISCORD, BLAISE, DAY
from tests.kits.registry import ADMIN, Desk, desk, pressed, words


@pytest.fixture
def office() -> Iterator[Desk]:
    with desk() as made:
        yield made


def buttons(message: object) -> list[tuple[str, str]]:
    assert isinstance(message, Message)
    return [(button.label, button.command) for button in message.buttons() if isinstance(button, Button)]


def stored(office: Desk, sql: str) -> list[tuple[object, ...]]:
    def read() -> list[tuple[object, ...]]:
        with office.office.storage.transaction() as db:
            return list(db.conn.execute(sql).fetchall())

    return office.office.storage.executor.submit(read).result()


EDIT = [
    ("Nommer une personne", "roles nommer conseil-executif"),
    ("Nommer un groupe", "roles groupe conseil-executif"),
    ("Titre, courriel, relève", "roles fiche conseil-executif"),
]


async def test_the_card_of_a_vacant_role_and_of_one_with_former_present_and_coming_holders(
    office: Desk,
) -> None:
    card = await office.ask("roles voir conseil-executif")
    assert words(card) == (
        "Conseil exécutif\nPersonne ne tient ce rôle aujourd'hui.\nCourriel pour les alertes\u00a0: aucun\n"
        "Relève\u00a0: Administration"
    )
    assert buttons(card) == [*EDIT, ("Tous les rôles", "roles")]
    await office.ask("roles nommer conseil-executif", personne="U1", depuis="2026-11-24")
    await office.ask("roles nommer conseil-executif", personne="U2", depuis="2026-12-01", autres="remplace")
    await office.ask("roles nommer conseil-executif", personne="U3", depuis="2026-12-15", autres="ajoute")
    await office.ask(
        "roles groupe conseil-executif",
        ADMIN,
        plateforme="slack",
        groupe="S0123ABCD",
        depuis="2026-12-24",
        autres="remplace",
    )
    office.wait(days=2)
    card = await office.ask("roles voir conseil-executif")
    lines = words(card).split("\n")
    assert accounts(card) == [("slack", "U1"), ("slack", "U2"), ("slack", "U3")]
    assert [line.partition(", ")[2] for line in lines if line[0].isdigit()] == [
        "depuis le 24\u00a0novembre\u00a02026, jusqu'au 30\u00a0novembre\u00a02026 inclus",
        "à partir du 1er\u00a0décembre\u00a02026",
        "à partir du 15\u00a0décembre\u00a02026",
        (
            "à partir du 24\u00a0décembre\u00a02026. Pas encore lu, ou vide\u00a0: les autres titulaires "
            "restent d'ici là"
        ),
    ]
    assert [label for label, _ in buttons(card)] == [
        *(label for label, _ in EDIT),
        *[f"Retirer la ligne {number}" for number in (1, 2, 3, 4)],
        "Tous les rôles",
    ]
    button = pressed(card, "Retirer la ligne 2")
    assert accounts(await office.ask(button)) == [("slack", "U1"), ("slack", "U3")]


async def test_the_overview_names_six_holders_of_a_role_and_counts_the_others(office: Desk) -> None:
    for user in range(1, 8):
        await office.ask("roles nommer administration", personne=f"U{user}", autres="ajoute")
        shown = await office.said("roles")
        assert ("de plus" in shown) is (user > 5)
    assert " et 2 de plus" in shown
    assert "Vacant. Relève\u00a0: " not in shown.partition("Administration")[2]
    card = await office.ask("roles voir administration")
    assert len([line for line in words(card).split("\n") if line[0].isdigit()]) == 6
    overview = await office.ask("roles")
    assert buttons(overview) == [
        ("Vice-présidence aux communications", "roles voir vp-communications"),
        ("Conseillère ou conseiller à l'exécutif", "roles voir conseiller-executif"),
        ("Suppléance pour les signalements", "roles voir suppleance"),
        ("Conseil exécutif", "roles voir conseil-executif"),
        ("Administration", "roles voir administration"),
        ("Personnes visées", "membres"),
        ("Menu", "vigie"),
    ]


async def test_an_empty_address_and_fallback_are_none(office: Desk) -> None:
    await office.ask(
        "roles fiche conseil-executif", titre="Conseil", courriel="c@d.ca", releve="administration"
    )
    shown = await office.said("roles fiche conseil-executif", titre="Conseil", courriel="", releve="")
    assert shown.endswith("Courriel pour les alertes\u00a0: aucun\nRelève\u00a0: aucune")
    assert stored(office, "SELECT title, email, fallback_id FROM roles WHERE id = 'conseil-executif'") == [
        ("Conseil", None, None)
    ]


def test_the_forms_of_a_role() -> None:
    role = Role("tresorerie", "T" * 60, "t@exemple.ca", "r3")
    others = [role, *(Role(f"r{number}", f"Rôle {number}" + "é" * 90, None) for number in range(30))]
    form = role_form(role, others)
    title, address, fallback = form.fields
    assert isinstance(title, TextField)
    assert isinstance(address, TextField)
    assert (title.value, title.max_length, title.required) == (role.title, 60, True)
    assert (address.value, address.max_length, address.required) == ("t@exemple.ca", 254, False)
    assert isinstance(fallback, ChoiceField)
    assert fallback.value == "r3"
    assert fallback.options[0] == Option("Aucune", "aucune")
    assert [option.value for option in fallback.options[1:]] == [f"r{number}" for number in range(24)]
    assert {len(option.label) for option in fallback.options[1:]} == {75}
    alone = role_form(Role("r", "Rôle"), [Role("r", "Rôle")])
    assert [getattr(field, "value", None) for field in alone.fields] == ["Rôle", "", "aucune"]
    for made, command in ((person_form(role, DAY), "nommer"), (group_form(role, DAY), "groupe")):
        since, beside = made.fields[-2:]
        assert made.command == f"roles {command} tresorerie"
        assert made.fields[0].hint == role.title
        assert isinstance(since, DateField)
        assert isinstance(beside, ChoiceField)
        assert since.value == "2026-11-24"
        assert [option.value for option in beside.options] == ["remplace", "ajoute"]
        assert beside.value == "remplace"


# --- Linked accounts --------------------------------------------------------------------------


async def test_the_code_is_said_in_full_and_typed_in_any_case(office: Desk) -> None:
    reply = await office.ask("lier", ALEX)
    reply_words = words(reply)
    code = reply_words.partition("/vigie lier ")[2][:11]
    assert reply_words == (
        "Lier vos comptes\nDans votre autre compte, celui de Discord ou de Slack, écrivez-moi\u00a0: \n"
        f"/vigie lier {code}\nCe code sert une seule fois, pendant 10 minutes. Ne le donnez à "
        "personne\u00a0: qui s'en sert devient vous à mes yeux."
    )
    assert (len(code), code[5]) == (11, "-")
    asked = await office.ask(f"lier {code.lower()}", ALEX_ON_DISCORD)
    assert words(asked).startswith("Ce code vient d'ici\u00a0: ")
    long = await office.ask(f"lier {code}{'-' * 200}", ALEX_ON_DISCORD)
    assert buttons(long)[0] == ("Oui, c'est le mien", f"lier {code}{'-' * 69} ✓")
    asked = await office.ask(f"lier {code.lower()}", ALEX_ON_DISCORD)
    typed = [command for _, command in buttons(asked)]
    assert typed == [f"lier {code.lower()} ✓", "vigie"]
    await office.press(typed[0], ALEX_ON_DISCORD)
    for wrong in ("zzzzz-zzzzz", "aaaaa-aaaaa", "ici même", "accord"):
        assert await office.said(f"lier {wrong}", BLAISE) == lier.UNKNOWN_CODE
        assert words(await office.press(f"lier {wrong} ✓", BLAISE)) == lier.UNKNOWN_CODE
    assert stored(office, "SELECT urgent, recipient FROM outbox WHERE notice = 'liaison' ORDER BY 2") == [
        (1, "person:discord//111"),
        (1, "person:slack/T1/U1"),
    ]


async def test_a_code_shows_all_the_accounts_of_who_asked_for_it(office: Desk) -> None:
    await office.press(
        pressed(await office.ask(await code_of(office, ALEX), ALEX_ON_DISCORD), "Oui"), ALEX_ON_DISCORD
    )
    asked = await office.ask(await code_of(office, ALEX), BLAISE)
    assert accounts(asked) == [("discord", "111"), ("slack", "U1")]
    assert words(asked).startswith(
        "Ce code vient d'ici\u00a0: compte Discord 111, compte Slack U1. Est-ce bien votre compte?\n"
    )


async def test_a_yes_about_another_account_asks_again(office: Desk) -> None:
    asked = await office.ask(await code_of(office, ADMIN), ALEX_ON_DISCORD)
    waits = await office.press(pressed(asked, "Oui"), ALEX_ON_DISCORD)
    assert words(waits).endswith("Si rien n'y arrive, tapez-y \n/vigie lier")
    [(urgent,)] = stored(office, "SELECT urgent FROM outbox WHERE notice = 'liaison-question'")
    assert urgent == 1
    for other in ("discord:110", "discord:112", "slack:T1/U2"):
        question = await office.press(f"lier accord {other} ✓")
        assert words(question).startswith("Lier vos comptes\nVotre code a été tapé ici\u00a0: ")
        assert buttons(question)[0] == ("Oui, c'est le mien", "lier accord discord:111 ✓")
    assert words(await office.press("lier accord discord:111 ✓")) == words(lier.LINKED)
    assert words(await office.press("lier accord discord:111 ✓")) == lier.UNKNOWN_CODE, "once"


async def test_the_second_yes_is_awaited_ten_minutes(office: Desk) -> None:
    asked = await office.ask(await code_of(office, ADMIN), ALEX_ON_DISCORD)
    office.wait(minutes=9)
    await office.press(pressed(asked, "Oui"), ALEX_ON_DISCORD)
    office.wait(minutes=9, seconds=59)
    assert "Est-ce bien votre compte?" in await office.said("lier")
    office.wait(seconds=1)
    assert "Est-ce bien votre compte?" not in await office.said("lier")


async def test_one_writes_first_where_one_was_last_unless_one_chose(office: Desk) -> None:
    other = Actor("local", "", "alex")

    def run() -> list[list[str]]:
        with office.office.storage.transaction() as db:
            person = persons.known(db, ALEX)
            persons.link(db, ALEX, ALEX_ON_DISCORD)
            persons.link(db, ALEX, other)

            def order() -> list[str]:
                return [account.platform for account in persons.accounts_of(db, person)]

            found = [order()]
            persons.prefer(db, ALEX)
            found.append(order())
            persons.prefer(db, ALEX_ON_DISCORD, chosen=True)
            persons.prefer(db, other)
            found.append(order())
            persons.prefer(db, ALEX, chosen=True)
            found.append(order())
            assert not registry.concerns(db, None, DAY + timedelta(1))
            return found

    assert await office.office.storage.run(run) == [
        ["local", "discord", "slack"],
        ["slack", "discord", "local"],
        ["discord", "local", "slack"],
        ["slack", "local", "discord"],
    ]
