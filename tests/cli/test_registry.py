"""The registry from the command line, on a file, in French."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result

from bot.cli import registry
from bot.people import roles
from bot.storage.database import Storage, beside
from tests.kits.cli import command_group, invoke, parts_over
from tests.kits.people import DAY

Vigie = Callable[..., Result]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "vigie.db"
    storage = Storage(path)

    def first() -> None:
        with storage.transaction() as db:
            roles.seed(db)

    storage.executor.submit(first).result()
    storage.close()
    return path


@pytest.fixture
def vigie(database: Path) -> Vigie:
    return lambda *words, **more: invoke(
        parts_over(database), command_group(*registry.COMMANDS), *words, given=more.get("input", "")
    )


def holders(vigie: Vigie, role: str) -> list[str]:
    report = json.loads(vigie("roles", "lister", "--json").output)
    return [holder["holder"] for holder in next(r for r in report if r["id"] == role)["holders"]]


def test_a_role_is_given_and_taken_back(vigie: Vigie) -> None:
    named = vigie("roles", "nommer", "administration", "slack:T0123ABCD/U0123ABCD").output
    assert named.startswith("C'est noté. Prend effet le ")
    assert holders(vigie, "administration") == ["slack:T0123ABCD/U0123ABCD"]
    assert vigie("roles", "nommer", "administration", "discord:123456789012345678", "--aussi").exit_code == 0
    assert set(holders(vigie, "administration")) == {
        "slack:T0123ABCD/U0123ABCD",
        "discord:123456789012345678",
    }
    assert vigie("roles", "retirer", "administration", "slack:T0123ABCD/U0123ABCD").exit_code == 0
    assert vigie("roles", "retirer", "administration", "slack:T0123ABCD/U0123ABCD").exit_code == 1
    assert holders(vigie, "administration") == ["discord:123456789012345678"]


def test_who_may_read_reports_waits_for_the_next_day_and_stays_in_the_history(vigie: Vigie) -> None:
    assert vigie("roles", "historique").output == "Personne n'a encore été nommé.\n"
    vigie("roles", "nommer", "vp-communications", "slack:T0123ABCD/U0123ABCD")  # the very first: at once
    tomorrow = (DAY + timedelta(days=1)).isoformat()
    vigie("roles", "nommer", "vp-communications", "slack:T0123ABCD/U0123ABCE")
    vigie("roles", "retirer", "vp-communications", "slack:T0123ABCD/U0123ABCE")
    rows = json.loads(vigie("roles", "historique", "--json").output)
    assert [(row["account"][-1], row["able"], row["by"]) for row in rows] == [
        ("D", True, "machine"),
        ("E", True, "machine"),
        ("D", False, "machine"),
        ("E", False, "machine"),
    ]
    assert {row["effective_on"] for row in rows[1:]} == {tomorrow}
    assert "slack:T0123ABCD/U0123ABCE peut lire" in vigie("roles", "historique").output


def test_a_handover_is_planned_for_a_day(vigie: Vigie) -> None:
    vigie("roles", "nommer", "administration", "slack:T0123ABCD/U0123ABCD")
    later = (DAY + timedelta(days=7)).isoformat()
    vigie("roles", "nommer", "administration", "slack:T0123ABCD/U0123ABCE", "--depuis", later)
    [now, then] = next(
        r for r in json.loads(vigie("roles", "lister", "--json").output) if r["id"] == "administration"
    )["holders"]
    assert (now["until"], then["since"]) == (later, later)


def test_a_group_is_given_a_role(vigie: Vigie) -> None:
    for group in ("slack:T0123ABCD/S0123ABCD", "discord:123456789012345670/123456789012345671"):
        vigie("roles", "nommer", "conseil-executif", group, "--aussi")
    assert set(holders(vigie, "conseil-executif")) == {
        "slack:T0123ABCD/S0123ABCD",
        "discord:123456789012345670/123456789012345671",
    }
    assert json.loads(vigie("roles", "membres", "--json").output)["sources"][0]["kind"] == "holder"


def test_a_group_that_is_given_a_role_is_read_at_once_and_what_that_takes_is_said(
    vigie: Vigie, database: Path
) -> None:
    vigie("roles", "nommer", "administration", "slack:T0123ABCD/U0123ABCD")
    output = vigie(
        "roles", "nommer", "administration", "discord:123456789012345670/123456789012345671"
    ).output
    assert "les titulaires actuels restent" in output
    assert "redémarrez-moi" in output
    assert set(holders(vigie, "administration")) == {
        "slack:T0123ABCD/U0123ABCD",
        "discord:123456789012345670/123456789012345671",
    }
    with beside(database) as db:
        assert db.conn.execute("SELECT task FROM due_tasks").fetchall() == [("appartenance",)]
    assert (
        "discord:123456789012345670/123456789012345671\u00a0: pas encore lu"
        in vigie("roles", "membres").output
    )


def test_to_take_a_role_from_an_unknown_account_makes_nobody_known(vigie: Vigie, database: Path) -> None:
    result = vigie("roles", "retirer", "administration", "slack:T0123ABCD/U0UNKNOWN")
    assert (result.exit_code, result.output) == (1, "Ce compte ne tenait pas ce rôle.\n")
    with beside(database) as db:
        assert db.conn.execute("SELECT count(*) FROM people").fetchone() == (0,)


@pytest.mark.parametrize("words", [("confidentialite", "lister"), ("roles", "lister")])
def test_a_folder_that_is_not_there_is_one_line(words: tuple[str, ...], tmp_path: Path) -> None:
    bot = parts_over(tmp_path / "absent" / "vigie.db")
    result = invoke(bot, command_group(*registry.COMMANDS), *words)
    assert result.exit_code == 2
    assert len(result.output.splitlines()) == 1


def test_a_roles_title_address_and_fallback_are_changed(vigie: Vigie) -> None:
    vigie(
        "roles",
        "modifier",
        "vp-communications",
        "--titre",
        "Coordination",
        "--courriel",
        "a@b.ca",
        "--releve",
        "-",
    )
    words = vigie("roles", "lister").output
    assert "vp-communications\u00a0: Coordination (vacant)" in words
    assert "courriel\u00a0: a@b.ca; relève\u00a0: aucune" in words


def test_a_change_that_changes_nothing_is_not_said_to_be_noted(vigie: Vigie) -> None:
    result = vigie("roles", "modifier", "vp-communications")
    assert result.exit_code == 2
    assert "--titre, --courriel ou --releve" in result.output


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (("roles", "nommer", "tresorerie", "slack:T0123ABCD/U0123ABCD"), "n'existe pas"),
        (("roles", "nommer", "administration", "moi"), "doit commencer par"),
        (("roles", "nommer", "administration", "discord:alice"), "en chiffres"),
        (("roles", "nommer", "administration", "slack:U0123ABCD"), "l'espace puis la personne"),
        (("roles", "nommer", "administration", "slack:T1/Salon"), "un groupe de Slack"),
        (("roles", "nommer", "administration", "discord:900/moi"), "un rôle de Discord"),
        (("roles", "retirer", "tresorerie", "slack:T0123ABCD/U0123ABCD"), "n'existe pas"),
        (("roles", "modifier", "administration", "--courriel", "non"), "pas une adresse"),
    ],
)
def test_a_mistake_is_explained_and_changes_nothing(
    vigie: Vigie, words: tuple[str, ...], answer: str
) -> None:
    result = vigie(*words)
    assert result.exit_code != 0
    assert answer in result.output


def test_what_is_kept_and_destroyed_can_be_read(vigie: Vigie) -> None:
    assert "Rien n'a été détruit." in vigie("donnees", "certificat").output
    assert json.loads(vigie("donnees", "certificat", "--json").output) == []
    assert "Conservation" in vigie("donnees", "inventaire").output
    [first, *_] = json.loads(vigie("donnees", "inventaire", "--json").output)
    assert set(first) == {"id", "title", "purpose", "retention"}


def test_an_incident_is_written_by_answering_questions(vigie: Vigie, database: Path) -> None:
    answers = [
        "Adresses",
        "Mauvais canal",
        "hier",
        "2026-11-24",
        "12, dont 12",
        "n",
        "Peu sensibles",
        "Retiré",
    ]
    result = vigie("confidentialite", "ajouter", input="\n".join([*answers, ""]))
    assert "Incident 1 inscrit." in result.output
    assert (
        "Mesures prises pour diminuer les risques\u00a0: Retiré" in vigie("confidentialite", "lister").output
    )
    [incident] = json.loads(vigie("confidentialite", "lister", "--json").output)
    assert incident["known_on"] == "2026-11-24"
    assert database.with_name("vigie.db.incidents").is_file()


def test_an_incident_says_once_whether_the_risk_is_serious(vigie: Vigie) -> None:
    given = [
        *("--renseignements=a", "--circonstances=b", "--periode=c", "--connu-le=2026-11-24"),
        *("--personnes=d", "--raisons=e", "--mesures=f", "--avis-commission=2026-11-24"),
    ]
    both = vigie("confidentialite", "ajouter", *given, "--risque-serieux", "--sans-risque-serieux")
    assert both.exit_code == 2
    assert "--risque-serieux et --sans-risque-serieux s'excluent" in both.output
    for flag in ("--risque-serieux", "--sans-risque-serieux"):
        assert vigie("confidentialite", "ajouter", *given, flag).exit_code == 0
    report = json.loads(vigie("confidentialite", "lister", "--json").output)
    assert [one["serious_risk"] for one in report] == [True, False]


def test_without_a_database_the_answer_says_so(tmp_path: Path) -> None:
    result = invoke(parts_over(tmp_path / "rien.db"), command_group(*registry.COMMANDS), "roles", "lister")
    assert result.exit_code == 2
    assert "il n'y a pas de base" in result.output
