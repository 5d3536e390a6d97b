"""Roles, members, linking, personal data, pause: asked for as people do, through the dispatcher."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from itertools import permutations

import pytest

from bot.commands import mesdonnees, pause
from bot.commands.examples import (
    people_examples,
    roles_examples,
    sending_examples,
)
from bot.conversation.forms import ChoiceField, DateField, Form, PersonField, Reply
from bot.conversation.messages import File, Message, Quoter
from bot.conversation.requests import Actor, Request
from bot.outbox.routes import Routes
from bot.people import appointments, membership, persons
from bot.people import roles as registry
from bot.policy.library import Library
from bot.privacy import personal_data
from bot.storage import state
from bot.times import iso
from tests.kits.outbox import Post
from tests.kits.people import ALEX, ALEX_ON_DISCORD, BLAISE, COUNCIL_ROLE, NOW
from tests.kits.registry import ADMIN, CALENDAR, Desk, desk, pressed, words
from tests.platforms.test_hostile_text import check_everywhere

SECOND = Actor("slack", "T1", "U0SECOND")
ALEX_LOCALLY = Actor("local", "", "alex")


@pytest.fixture
def office() -> Iterator[Desk]:
    with desk() as made:
        yield made


def accounts(reply: Reply) -> list[tuple[str, str]]:
    """Return the persons that a message shows."""
    assert isinstance(reply, Message)
    spans = [span for element in reply.elements for span in getattr(element, "spans", ())]
    return [span.account for span in spans if span.account]


# --- Roles ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line", ["roles", "roles nommer administration", "membres", "membres ajouter", "pause"]
)
async def test_what_is_reserved_to_the_administration_is_refused_to_others(office: Desk, line: str) -> None:
    assert "revient au rôle «\u00a0Administration\u00a0»" in await office.said(line, ALEX)


async def test_a_form_that_comes_back_from_someone_else_changes_nothing(office: Desk) -> None:
    await office.said("roles nommer administration", ALEX, personne="U1", depuis="", autres="remplace")
    assert accounts(await office.ask("roles voir administration")) == [("slack", "U0ADMIN")]


async def test_the_registry_shows_who_holds_what_and_what_is_vacant(office: Desk) -> None:
    reply = await office.ask("roles")
    words = await office.said("roles")
    assert accounts(reply) == [("slack", "U0ADMIN")]
    assert "Vice-présidence aux communications\nVacant. Personne n'assure la relève." in words


async def test_the_registry_says_who_really_receives_reports_in_place_of_a_vacant_role(office: Desk) -> None:
    """Never the administration as such, and the alternates before a fallback that reports do not follow."""
    vacant = "Vice-présidence aux communications\nVacant. "
    await office.ask("roles nommer conseil-executif", personne="U1", autres="remplace")
    assert f"{vacant}Relève\u00a0: Conseil exécutif." in await office.said("roles")
    await office.ask("roles nommer suppleance", personne="U2", autres="remplace")
    office.wait(days=1)
    assert f"{vacant}Relève\u00a0: Suppléance pour les signalements." in await office.said("roles")
    await office.ask("roles nommer conseiller-executif", personne="U3", autres="remplace")
    office.wait(days=1)
    assert f"{vacant}Relève\u00a0: Conseillère ou conseiller à l'exécutif." in await office.said("roles")


async def test_a_person_is_picked_in_a_form_and_holds_the_role_that_day(office: Desk) -> None:
    form = await office.form("roles nommer vp-communications")
    assert [type(field) for field in form.fields] == [PersonField, DateField]  # there is nobody to replace
    values = {field.name: field.value for field in form.fields if not isinstance(field, PersonField)}
    reply = await office.ask(form.command, personne="U1", **values)
    assert accounts(reply) == [("slack", "U1")]
    assert "depuis aujourd'hui" in await office.said("roles voir vp-communications")
    form = await office.form("roles nommer vp-communications")
    assert [type(field) for field in form.fields] == [PersonField, DateField, ChoiceField]


async def test_whoever_is_appointed_while_the_form_of_a_vacant_role_is_open_stays(office: Desk) -> None:
    first, second = [await office.form("roles nommer conseil-executif") for _ in "12"]
    for form, user in ((first, "U1"), (second, "U2")):
        values = {field.name: field.value for field in form.fields if not isinstance(field, PersonField)}
        await office.ask(form.command, personne=user, **values)
    office.wait(days=1)
    assert accounts(await office.ask("roles voir conseil-executif")) == [("slack", "U1"), ("slack", "U2")]


async def test_on_a_handover_the_former_holder_loses_access_at_midnight_here(office: Desk) -> None:
    await office.ask("roles nommer administration", personne="U1", depuis="2026-11-26", autres="remplace")
    assert "Les rôles" in await office.said("roles")
    office.wait(hours=33)  # 26 November, midnight UTC: still the 25th here
    assert "Les rôles" in await office.said("roles")
    office.wait(hours=5)
    assert "Cela revient" in await office.said("roles")
    assert "Les rôles" in await office.said("roles", ALEX)


async def test_one_may_hold_a_role_beside_others(office: Desk) -> None:
    for user in ("U1", "U2"):
        await office.ask("roles nommer conseil-executif", personne=user, depuis="", autres="ajoute")
    assert accounts(await office.ask("roles voir conseil-executif")) == [("slack", "U1"), ("slack", "U2")]


async def test_a_line_is_withdrawn_and_pressed_twice_changes_nothing_more(office: Desk) -> None:
    reply = await office.ask("roles nommer vp-communications", personne="U1", autres="remplace")
    button = pressed(reply, "Retirer la ligne 1")
    for _ in "12":
        assert "jusqu'au 24\u00a0novembre\u00a02026 inclus" in await office.said(button)
    office.wait(days=1)
    assert "Personne ne tient ce rôle" in await office.said("roles voir vp-communications")
    assert "Les rôles" in await office.said(button)


# --- Who may read reports ---------------------------------------------------------------------


async def month_later(office: Desk) -> None:
    """Have a holder for each recipient of 5.10 and a second administrator, for a month already."""
    for role, user in (("vp-communications", "U0VP"), ("conseiller-executif", "U0CONS")):
        await office.ask(f"roles nommer {role}", personne=user)
    await office.ask("roles nommer administration", personne=SECOND.user, autres="ajoute")
    office.wait(days=30)
    await office.office.storage.run(lambda: empty(office))


def empty(office: Desk) -> None:
    with office.office.storage.transaction() as db:
        db.conn.execute("UPDATE outbox SET state = 'sent'")


async def able(office: Desk, role: str = "vp-communications") -> set[str]:
    """Return which accounts may read the reports of a role today."""

    def read() -> set[str]:
        with office.office.storage.transaction() as db:
            return appointments.effective(db, role, office.office.today())

    return await office.office.storage.run(read)


async def test_to_name_oneself_is_told_at_once_to_those_whom_it_concerns_and_waits_a_day(
    office: Desk,
) -> None:
    await month_later(office)
    card = await office.ask("roles nommer vp-communications", personne=ADMIN.user, autres="ajoute")
    assert "à partir du 25\u00a0décembre\u00a02026" in words(card)
    assert "sont avertis dès maintenant" in words(card)
    everyone = ("U0ADMIN", "U0CONS", "U0VP")  # both recipients of 5.10 too
    assert sorted(office.queued()) == [(f"person:slack/T1/{user}", "nomination") for user in everyone]
    assert await able(office) == {"slack:T1/U0VP"}
    office.wait(days=1)
    assert await able(office) == {"slack:T1/U0VP", "slack:T1/U0ADMIN"}


async def test_to_step_down_the_same_day_leaves_a_trace_and_never_reads(office: Desk) -> None:
    await month_later(office)
    await office.ask("roles nommer vp-communications", personne=ADMIN.user, autres="remplace")
    card = await office.ask("roles voir vp-communications")
    await office.ask(pressed(card, "Retirer la ligne 2"))
    await office.ask("roles nommer vp-communications", personne="U0VP", autres="remplace")
    for _ in range(3):
        assert await able(office) == {"slack:T1/U0VP"}
        office.wait(days=1)

    def rows() -> list[tuple[str, bool]]:
        with office.office.storage.transaction() as db:
            return [
                (row.account, row.able)
                for row in appointments.rows_after(db, "0")
                if row.role == "vp-communications"
            ]

    assert await office.office.storage.run(rows) == [
        ("slack:T1/U0VP", True),
        ("slack:T1/U0ADMIN", True),
        ("slack:T1/U0VP", False),
        ("slack:T1/U0ADMIN", False),
        ("slack:T1/U0VP", True),
    ]


async def test_a_second_administrator_confirms_with_a_button_and_the_first_cannot(office: Desk) -> None:
    await month_later(office)
    card = await office.ask("roles nommer vp-communications", personne="U1", autres="remplace")
    assert "Confirmer" not in str(card)
    assert "une autre personne que celle qui" in await office.said("roles confirmer vp-communications")
    seen = await office.ask("roles voir vp-communications", SECOND)
    reply = await office.press(pressed(seen, "Confirmer pour aujourd'hui"), SECOND)
    assert accounts(reply) == [("slack", "U1")]
    assert await able(office) == {"slack:T1/U1"}


async def test_what_nobody_decided_is_not_said_to_await_a_second_person(office: Desk) -> None:
    await month_later(office)
    card = await office.ask("roles nommer vp-communications", personne="U1", autres="ajoute")
    assert "Une autre personne de l'administration peut le confirmer" in words(card)
    office.wait(days=1)
    vp = Actor("slack", "T1", "U0VP")
    button = pressed(await office.ask(await code_of(office, ALEX_ON_DISCORD), vp), "Oui")
    await office.press(button, vp)
    await office.press(pressed(await office.ask("lier", ALEX_ON_DISCORD), "Oui"), ALEX_ON_DISCORD)
    card = await office.ask("roles voir vp-communications")
    assert "Un changement prend effet" in words(card)
    assert "Une autre personne" not in words(card)


async def test_while_sending_is_paused_nobody_who_was_not_told_of_reads(office: Desk) -> None:
    await month_later(office)
    await office.ask("pause maintenant")
    await office.ask("roles nommer vp-communications", personne=ADMIN.user, autres="ajoute")
    office.wait(days=5)
    assert await able(office) == {"slack:T1/U0VP"}
    await office.ask("pause lever")
    assert await able(office) == {"slack:T1/U0VP", "slack:T1/U0ADMIN"}


async def test_a_fallback_and_an_address_are_told_too(office: Desk) -> None:
    await month_later(office)
    await office.ask(
        "roles fiche suppleance", titre="Suppléance", courriel="s@exemple.ca", releve="conseil-executif"
    )
    assert {notice for _, notice in office.queued()} == {"nomination"}


async def test_a_link_to_the_account_of_a_recipient_is_told_to_the_other(office: Desk) -> None:
    await month_later(office)
    vp = Actor("slack", "T1", "U0VP")
    button = pressed(await office.ask(await code_of(office, ALEX_ON_DISCORD), vp), "Oui")
    await office.press(button, vp)
    await office.press(pressed(await office.ask("lier", ALEX_ON_DISCORD), "Oui"), ALEX_ON_DISCORD)
    recipients = {recipient for recipient, notice in office.queued() if notice == "nomination"}
    assert recipients == {"person:discord//111", "person:slack/T1/U0VP", "person:slack/T1/U0CONS"}
    assert await able(office) == {"slack:T1/U0VP"}


async def test_the_administration_is_never_left_to_nobody(office: Desk) -> None:
    button = pressed(await office.ask("roles voir administration"), "Retirer la ligne 1")
    assert "Il faut que quelqu'un tienne l'administration" in await office.said(button)
    assert accounts(await office.ask("roles voir administration")) == [("slack", "U0ADMIN")]


async def test_a_group_may_take_the_administration_and_is_read_at_once(office: Desk) -> None:
    await office.ask(
        "roles groupe administration", plateforme="discord", groupe="123456789012345671", autres="remplace"
    )
    card = await office.ask("roles voir administration")
    assert accounts(card) == [("slack", "U0ADMIN")]
    assert "les autres titulaires restent d'ici là" in await office.said("roles voir administration")

    def planned() -> list[tuple[str, str]]:
        with office.office.storage.transaction() as db:
            return list(db.conn.execute("SELECT task, due_at FROM due_tasks").fetchall())

    assert office.office.storage.executor.submit(planned).result() == [("appartenance", iso(NOW))]


async def test_a_group_may_hold_a_role(office: Desk) -> None:
    form = await office.form("roles groupe conseil-executif")
    words = await office.said(form.command, plateforme="slack", groupe="S0123ABCD", autres="remplace")
    assert "Groupe d'utilisateurs de Slack S0123ABCD" in words
    assert "la permission facultative usergroups:read" in words
    for wrong in ("", "@conseil", "S0123 ABCD", "é"):
        assert "Rien n'est changé" in await office.said(form.command, plateforme="slack", groupe=wrong)
    assert "la plateforme" in await office.said(form.command, plateforme="local", groupe="x")


async def test_titles_addresses_and_fallbacks_are_edited(office: Desk) -> None:
    form = await office.form("roles fiche vp-communications")
    assert form.fields[0].value == "Vice-présidence aux communications"
    words = await office.said(
        form.command, titre="Coordination", courriel="com@exemple.ca", releve="administration"
    )
    assert "Coordination" in words
    assert "com@exemple.ca\nRelève\u00a0: Administration" in words
    assert "pas une adresse" in await office.said(form.command, titre="X", courriel="non", releve="aucune")
    assert "tournerait en rond" in await office.said(
        "roles fiche administration", titre="Administration", releve="vp-communications"
    )


@pytest.mark.parametrize(
    ("line", "fields", "answer"),
    [
        ("roles nommer tresorerie", {}, "n'existe pas"),
        ("roles voir tresorerie", {}, "n'existe pas"),
        ("roles nommer administration", {"personne": "", "depuis": ""}, "Choisissez une personne"),
        ("roles nommer administration", {"personne": "U1", "depuis": "un jour"}, "pas une date"),
        (
            "roles nommer administration",
            {"personne": "U1", "depuis": "04/03/2027"},
            "le 3\u00a0avril\u00a02027",
        ),
        ("roles n'importe quoi", {}, "Les rôles"),
    ],
)
async def test_a_mistake_is_explained(office: Desk, line: str, fields: dict[str, str], answer: str) -> None:
    assert answer in await office.said(line, **fields)


# --- Members ----------------------------------------------------------------------------------


async def test_a_group_is_followed_then_no_longer(office: Desk) -> None:
    form = await office.form("membres suivre")
    words = await office.said(form.command, titre="officer", source="slack_group", groupe="S0123ABCD")
    assert "C'est noté. Officières et officiers\u00a0: Groupe d'utilisateurs de Slack S0123ABCD" in words
    button = pressed(await office.ask("membres"), "Ne plus suivre 1")
    assert "Aucun groupe n'est suivi" in await office.said(button)
    assert "Aucun groupe n'est suivi" in await office.said(button)


async def test_a_list_is_kept_by_hand(office: Desk) -> None:
    await office.ask("membres ajouter", personne="U1", titre="officer")
    assert "Officières et officiers\u00a0: 1" in await office.said("membres")
    await office.ask("membres enlever", personne="U1", titre="officer")
    assert "Officières et officiers\u00a0: 0" in await office.said("membres")


@pytest.mark.parametrize(
    "fields",
    [
        {"titre": "holder", "source": "slack_group", "groupe": "S0123ABCD"},
        {"titre": "officer", "source": "ailleurs", "groupe": "S0123ABCD"},
        {"titre": "officer", "source": "slack_group", "groupe": "<@U1>"},
        {"titre": "officer", "source": "slack_group", "groupe": "officiers"},
        {"titre": "officer", "source": "discord_role", "groupe": "officiers"},
    ],
)
async def test_a_source_that_makes_no_sense_is_refused(office: Desk, fields: dict[str, str]) -> None:
    assert "Rien n'est changé" in await office.said("membres suivre", **fields)


# --- Linking ----------------------------------------------------------------------------------


async def code_of(office: Desk, actor: Actor) -> str:
    """Ask for a code; return the line to type elsewhere."""
    return (await office.said("lier", actor)).splitlines()[2]


async def test_accounts_are_linked_with_a_code_once_confirmed(office: Desk) -> None:
    line = await code_of(office, ALEX)
    asked = await office.ask(line, ALEX_ON_DISCORD)
    assert accounts(asked) == [("slack", "U1")]
    button = pressed(asked, "Oui")
    assert "C'est fait" in words(await office.press(button, ALEX_ON_DISCORD))
    assert "C'est fait" in words(await office.press(button, ALEX_ON_DISCORD))  # the same press, twice
    assert "n'est pas bon" in words(await office.press(button, BLAISE))
    assert "n'est pas bon" in await office.said(line, BLAISE)


async def test_both_accounts_are_told_of_their_link_each_in_private(office: Desk) -> None:
    asked = await office.ask(await code_of(office, ALEX), ALEX_ON_DISCORD)
    assert office.queued() == []
    await office.press(pressed(asked, "Oui"), ALEX_ON_DISCORD)
    assert sorted(office.queued()) == [("person:discord//111", "liaison"), ("person:slack/T1/U1", "liaison")]


async def link_accounts(office: Desk, requester: Actor, other: Actor) -> None:
    """Ask for a code with one account and type it in the other."""
    asked = await office.ask(await code_of(office, requester), other)
    await office.press(pressed(asked, "Oui"), other)


async def written_to(office: Desk) -> str:
    """Return the platform where the person is written to first."""

    def first() -> str:
        with office.office.storage.transaction() as db:
            person = persons.known(db, ALEX)
            first, *_ = Routes(dict.fromkeys(("slack", "discord", "local"), Post(""))).of(
                db, f"person:{person}", office.office.today()
            )
        return first.platform

    return await office.office.storage.run(first)


async def test_one_is_written_to_by_the_account_that_linked_unless_one_chooses(office: Desk) -> None:
    await link_accounts(office, ALEX_ON_DISCORD, ALEX)
    assert await written_to(office) == "slack"
    reply = await office.said("lier ici", ALEX_ON_DISCORD)
    assert "je vous écrirai d'abord en message privé, sur Discord" in reply
    assert await written_to(office) == "discord"

    def attests() -> None:
        with office.office.storage.transaction() as db:
            persons.prefer(db, ALEX)

    await office.office.storage.run(attests)
    assert await written_to(office) == "discord", "what one chose stays"


@pytest.mark.parametrize("chosen", [*permutations((ALEX, ALEX_ON_DISCORD)), (ALEX,), (ALEX_ON_DISCORD,)])
@pytest.mark.parametrize("linked", [*permutations((ALEX, ALEX_ON_DISCORD))])
async def test_of_two_accounts_chosen_before_they_were_linked_the_last_to_be_linked_is_written_to(
    office: Desk, chosen: tuple[Actor, ...], linked: tuple[Actor, Actor]
) -> None:
    for actor in chosen:
        await office.said("lier ici", actor)
    await link_accounts(office, *linked)
    expected = linked[1] if len(chosen) == 2 else chosen[0]
    assert await written_to(office) == expected.platform
    for actor in linked:
        await office.said("lier ici", actor)
        assert await written_to(office) == actor.platform, "and one may still choose"


@pytest.mark.parametrize("linked", [*permutations((ALEX_ON_DISCORD, ALEX_LOCALLY))])
async def test_a_person_of_two_accounts_who_chose_is_written_to_where_the_last_to_be_linked_chose(
    office: Desk, linked: tuple[Actor, Actor]
) -> None:
    """The account that one links with need not be the one that one chose."""
    await link_accounts(office, ALEX, ALEX_ON_DISCORD)
    await office.said("lier ici", ALEX)
    await office.said("lier ici", ALEX_LOCALLY)
    await link_accounts(office, *linked)
    assert await written_to(office) == ("local" if linked[1] is ALEX_LOCALLY else "slack")


@pytest.mark.parametrize(
    "form", ["/vigie lier oui {}", "/vigie lier oui oui {}", "/vigie lier {} oui", "/vigie lier {} ✓"]
)
async def test_a_yes_that_is_typed_with_the_code_asks_the_question_or_does_nothing(
    office: Desk, form: str
) -> None:
    line = await code_of(office, ALEX)
    for _ in range(2):
        typed = form.format(line.removeprefix("/vigie lier "))
        reply = await office.ask(typed, ALEX_ON_DISCORD)
        assert "C'est fait" not in words(reply)
    assert office.queued() == []
    assert "Ce code vient d'ici" in await office.said(line, ALEX_ON_DISCORD)


async def test_the_yes_of_someone_who_was_not_asked_asks_them_instead(office: Desk) -> None:
    button = pressed(await office.ask(await code_of(office, ALEX), ALEX_ON_DISCORD), "Oui")
    asked = await office.press(button, BLAISE)
    assert "Ce code vient d'ici" in words(asked)
    assert "Ce code vient d'ici" in words(await office.press(button, ALEX_ON_DISCORD))
    assert "Ce code vient d'ici" in words(await office.press(pressed(asked, "Oui"), BLAISE))


async def test_a_code_expires_and_is_not_for_the_account_it_was_given_in(office: Desk) -> None:
    line = await code_of(office, ALEX)
    assert "Tapez-le dans l'autre" in await office.said(line, ALEX)
    office.wait(minutes=10)
    assert "n'est pas bon" in await office.said(line, ALEX_ON_DISCORD)


@pytest.mark.parametrize("holder", ["issuer", "other", "later", "group", "group later"])
async def test_for_someone_who_holds_a_role_each_account_confirms(office: Desk, holder: str) -> None:
    issuer, other = (ADMIN, ALEX_ON_DISCORD) if holder == "issuer" else (ALEX_ON_DISCORD, ADMIN)
    if holder in {"later", "group", "group later"}:
        issuer, other = ALEX, ALEX_ON_DISCORD
        since = "2027-01-10" if holder == "later" else ""
        if holder == "later":
            await office.ask("roles nommer conseil-executif", personne="U1", depuis=since)
        else:
            await office.office.storage.run(lambda: in_a_group(office, days=1 if "later" in holder else 0))
    asked = await office.ask(await code_of(office, issuer), other)
    assert "poser la même question dans" in words(await office.press(pressed(asked, "Oui"), other))
    assert [notice for _, notice in office.queued()].count("liaison-question") == 1
    assert "liaison" not in [notice for _, notice in office.queued()]
    question = await office.ask("lier", issuer)  # what the notice asks is there too
    assert "Est-ce bien votre compte?" in words(question)
    button = pressed(question, "Oui")
    assert "Est-ce bien votre compte?" in await office.said(button, issuer)  # typed, it asks
    assert "n'est pas bon" in words(await office.press(button, other))
    assert "C'est fait" in words(await office.press(button, issuer))
    assert [notice for _, notice in office.queued()].count("liaison") == 2


def in_a_group(office: Desk, days: int) -> None:
    with office.office.storage.transaction() as db:
        group = registry.Group("slack", "T1", "S1")
        registry.appoint(db, COUNCIL_ROLE, group, office.office.today() + timedelta(days))
        membership.reconcile(db, registry.source_of(db, group), [ALEX], office.office.today())


async def test_roles_follow_a_person_to_their_other_account(office: Desk) -> None:
    elsewhere = Actor("discord", "900", "55")
    assert "Cela revient" in await office.said("roles", elsewhere)
    await office.press(pressed(await office.ask(await code_of(office, ADMIN), elsewhere), "Oui"), elsewhere)
    assert "Cela revient" in await office.said("roles", elsewhere)
    await office.press(pressed(await office.ask("lier"), "Oui"))
    reply = await office.ask("roles", elsewhere)
    assert accounts(reply) == [("discord", "55")]


# --- Personal data ----------------------------------------------------------------------------


async def test_one_of_whom_nothing_is_known_is_told_so_and_stays_unknown(office: Desk) -> None:
    assert "Je ne conserve rien" in await office.said("mesdonnees", ALEX)
    assert "Je ne conserve rien" in words(await office.press("mesdonnees effacer ✓", ALEX))


async def test_what_is_held_is_shown_and_given_as_a_file(office: Desk) -> None:
    shown = await office.ask("mesdonnees")
    assert isinstance(shown, Message)
    assert "• Administration, depuis le 24\u00a0novembre\u00a02026" in "\n".join(shown.own_words())
    reply = await office.ask(pressed(shown, "Recevoir"))
    assert isinstance(reply, Message)
    [file] = reply.files()
    assert file.name == "mes-donnees-2026-11-24.json"
    assert set(json.loads(file.content)["renseignements"]) == {"comptes", "roles", "nominations"}


async def test_erasure_is_confirmed_then_done_but_for_what_a_duty_keeps(office: Desk) -> None:
    asked = await office.ask("mesdonnees effacer")
    assert "Vos rôles\u00a0: vous tenez ce rôle" in await office.said("mesdonnees effacer")
    assert "ce qui pouvait l'être est détruit" in words(await office.press(pressed(asked, "Effacer")))
    assert "Les rôles" in await office.said("roles")
    await office.ask("membres ajouter", personne="U1", titre="officer")
    await office.ask("membres enlever", personne="U1", titre="officer")
    for typed in ("mesdonnees effacer oui", "mesdonnees effacer ✓"):
        assert "C'est sans retour" in await office.said(typed, ALEX)
    assert "tout est détruit" in words(await office.press("mesdonnees effacer ✓", ALEX))
    assert "Je ne conserve rien" in await office.said("mesdonnees", ALEX)


async def test_who_could_read_reports_is_shown_it_once_erased_and_nobody_else_hears_of_it(
    office: Desk,
) -> None:
    lasting = "Cette inscription-là ne s'efface pas."
    assert lasting not in await office.said("mesdonnees", ALEX)
    await office.ask("roles nommer conseil-executif", personne="U1")
    await office.ask("roles retirer conseil-executif", personne="U1")

    def erase() -> None:
        with office.office.storage.transaction() as db:
            persons_id = persons.person_of(db, ALEX)
            assert persons_id
            db.conn.execute("DELETE FROM role_holders WHERE person_id = ?", (persons_id,))
            db.conn.execute("DELETE FROM accounts WHERE person_id = ?", (persons_id,))

    await office.office.storage.run(erase)
    shown = await office.said("mesdonnees", ALEX)
    assert lasting in shown
    assert "peut lire" in shown
    assert "Je ne conserve rien d'autre à votre sujet." in shown


def test_more_than_a_message_can_hold_is_said_to_be_in_the_file(office: Desk) -> None:
    fact = {"nom": "a" * 60}
    held = {category: [fact] * 30 for category in personal_data.CATEGORIES}
    words = "\n".join(mesdonnees.shown(office.office, held, {}, str).own_words())
    assert "et 22 de plus, dans le fichier" in words
    assert "Le reste est dans le fichier." in words


async def test_the_notice_is_shown_once(office: Desk) -> None:
    asked = Request("vigie", actor=ALEX)
    work = office.office

    def first() -> tuple[bool, bool]:
        due = bool(mesdonnees.notice(work, asked))
        mesdonnees.noticed(work, [ALEX])
        return due, bool(mesdonnees.notice(work, asked))

    assert await work.storage.run(first) == (True, False)
    assert not mesdonnees.notice(work, Request("vigie"))


# --- Pause ------------------------------------------------------------------------------------


async def test_sending_stops_at_once_says_why_and_is_taken_up_again(office: Desk) -> None:
    button = pressed(await office.ask("pause"), "Arrêter")
    assert "Depuis le 24\u00a0novembre\u00a02026 à 10\u00a0h\u00a000" in await office.said(button)
    office.wait(hours=1)
    again = await office.said("pause une erreur dans l'avis")
    assert "à 10\u00a0h\u00a000" in again  # it was stopped already
    assert "Les envois reprennent" in await office.said(pressed(await office.ask("pause"), "Reprendre"))
    assert "Raison\u00a0: une erreur." in await office.said("pause une erreur.")
    assert "Les envois reprennent. Aucun message n'attend." in await office.said("pause lever")
    assert "comme d'habitude" in await office.said("pause lever")


async def test_the_menu_of_the_administration_says_that_sending_is_stopped(office: Desk) -> None:
    work = office.office
    assert await work.storage.run(lambda: pause.banner(work)) == ()
    await office.ask("pause maintenant")
    assert await work.storage.run(lambda: len(pause.banner(work))) == 2

    def flagged() -> bool:
        with work.storage.transaction() as db:
            return state.flag(db, state.PAUSED) is not None

    assert await work.storage.run(flagged)


# --- Every message ----------------------------------------------------------------------------


async def test_every_message_passes_on_every_platform(office: Desk, library: Library, quote: Quoter) -> None:
    work = office.office
    replies = {
        **await work.storage.run(lambda: roles_examples(work, ADMIN)),
        **people_examples(library, office.office),
        **sending_examples(library, office.office, CALENDAR, NOW),
    }
    assert any(isinstance(reply, Form) for reply in replies.values())
    assert any(isinstance(e, File) for r in replies.values() if isinstance(r, Message) for e in r.elements)
    for reply in replies.values():
        check_everywhere(reply, quote)


async def test_a_registry_full_of_people_still_fits(office: Desk, quote: Quoter) -> None:
    work = office.office

    def fill() -> None:
        with work.storage.transaction() as db:
            for role in registry.all_roles(db):
                registry.change(db, registry.Role(role.id, "É" * 60, f"{'a' * 240}@b.ca", role.fallback_id))
                for number in range(30):
                    person = persons.known(db, Actor("slack", "T1", f"U{number:010}"))
                    registry.appoint(db, role.id, person, work.today(), replacing=False)

    await work.storage.run(fill)
    for line in ("roles", *(f"roles voir {role}" for role in ("administration", "vp-communications"))):
        reply = await office.ask(line)
        check_everywhere(reply, quote)
        assert "Pardon" not in await office.said(line)
