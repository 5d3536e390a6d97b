"""The command line, as a person at a terminal meets it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import click
import pytest

from bot import cli
from bot.cli import main
from bot.outbox.rows import bury, enqueue
from bot.storage.database import Storage, beside
from tests.kits import forked_cli
from tests.kits.outbox import delivery

ROOT = Path(__file__).resolve().parents[2]


def vigie(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the unmodified command line in a process of its own."""
    return forked_cli.run(words, forked_cli.machine_environment() | environment)


def test_a_process_that_is_forked_says_what_one_started_from_nothing_says() -> None:
    for words in (("politique", "5.10"), ("politique", "5.99"), ("--help",)):
        started = subprocess.run(
            [sys.executable, "-m", "bot", "--reglages", os.devnull, *words],
            cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        forked = vigie(*words)
        assert (forked.returncode, forked.stdout, forked.stderr) == (
            started.returncode,
            started.stdout,
            started.stderr,
        )


def test_a_database_that_is_not_read_for_want_of_a_token_is_said(tmp_path: Path) -> None:
    database = tmp_path / "vigie.db"
    assert vigie("politique", "5.10", VIGIE_DB=str(database)).stderr == ""
    Storage(database).close()
    for words in (("politique", "5.10"), ("publier", str(tmp_path / "site")), ("mcp",)):
        errors = vigie(*words, VIGIE_DB=str(database)).stderr
        assert errors.count(f"la base de l'association ({database}) n'est pas lue") == 1
    assert vigie("--essai", "politique", "5.10", VIGIE_DB=str(database)).stderr == ""
    assert vigie("politique", "5.10", VIGIE_DB=str(database), DISCORD_TOKEN="x").stderr == ""


def test_no_command_quotes_the_files_when_the_texts_of_the_database_cannot_be_read(tmp_path: Path) -> None:
    """They may be former words, or a policy's before it was revised."""
    database = tmp_path / "vigie.db"
    database.write_bytes(b"ceci n'est pas une base" * 100)
    for words in (("politique", "5.10"), ("question", "le logo?"), ("verifier",)):
        done = vigie(*words, VIGIE_DB=str(database), DISCORD_TOKEN="x")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == f"vigie\u00a0: {database} n'est pas une base de Vigie. Vérifiez VIGIE_DB.\n"


def test_a_clause_as_json_has_the_promised_shape() -> None:
    done = vigie("politique", "5.10", "--json")
    answer = json.loads(done.stdout)
    assert done.returncode == 0
    assert set(answer) == {"policy", "version", "clauses", "around"}
    assert (answer["policy"], answer["version"]) == ("pa20", "2015-12-13")
    (clause,) = answer["clauses"]
    assert set(clause) == {"id", "identity", "article", "heading", "force", "text", "items"}
    assert (clause["id"], clause["article"], clause["force"]) == ("5.10", "5", "invitation")
    assert clause["heading"] == "Ne pas agir à titre de porte-parole ou mandataire"
    assert clause["text"].startswith("S'il est porté à votre connaissance")


def test_a_clause_is_printed_between_guillemets_with_its_force() -> None:
    done = vigie("politique", "5.13")
    lines = done.stdout.splitlines()
    assert lines[0] == "PA20, 5.13 (interdiction, sauf autorisation)"
    assert lines[2].startswith("«\u00a0Ne faites pas usage")


def test_a_clause_is_printed_with_where_it_stands_and_the_date_of_its_version() -> None:
    lines = vigie("politique", "5.10").stdout.splitlines()
    assert lines[1] == (
        "Article\u00a05\u00a0: Lignes directrices visant l'utilisation en dehors des heures de travail"
        " › Ne pas agir à titre de porte-parole ou mandataire"
    )
    assert lines[-1] == "Version révisée le 13\u00a0décembre\u00a02015"


def test_several_words_are_one_request() -> None:
    done = vigie("politique", "5.9", "et", "5.10", "--json")
    assert [clause["id"] for clause in json.loads(done.stdout)["clauses"]] == ["5.9", "5.10"]


def test_the_whole_policy_is_printed_when_nothing_is_asked() -> None:
    assert len(json.loads(vigie("politique", "--json").stdout)["clauses"]) == 31


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("politique", "5.19"), "La clause 5.19 n'existe pas dans la PA20. Cherchiez-vous 5.9 ou 5.18?"),
        (("politique", "5.10, 99"), "L'article\u00a099 n'existe pas dans la PA20."),
        (
            ("politique", "stationnement"),
            "Je n'ai rien trouvé pour «\u00a0stationnement\u00a0» dans la PA20.",
        ),
        (
            ("politique", "5.10", "--date", "2014-01-01"),
            "Je n'ai aucune version de la PA20 en vigueur le 1er\u00a0janvier\u00a02014.",
        ),
    ],
)
def test_the_answer_no_is_one_line_and_exit_code_1(words: tuple[str, ...], said: str) -> None:
    done = vigie(*words)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert said in done.stderr


def test_the_answer_no_as_json_is_empty_and_exit_code_1() -> None:
    done = vigie("politique", "5.10", "--date", "2015-12-01", "--json")
    assert (done.returncode, json.loads(done.stdout)["clauses"]) == (1, [])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("truc",), "la commande «\u00a0truc\u00a0» n'existe pas. Voyez «\u00a0vigie --help\u00a0»."),
        (
            ("politiqe",),
            "n'existe pas. Vouliez-vous dire «\u00a0politique\u00a0»?",
        ),
        (("diagnostc",), "n'existe pas. Vouliez-vous dire «\u00a0diagnostic\u00a0»?"),
        (("installe",), "«\u00a0installer\u00a0»"),
        (("Évaluer",), "il manque l'argument «\u00a0FICHIER\u00a0». Voyez"),
        (("slack",), "il manque une commande. Voyez «\u00a0vigie slack --help\u00a0»."),
        (("registre",), "il manque une commande. Voyez «\u00a0vigie registre --help\u00a0»."),
        (("reviser", "/", "--adoptee", "2026-01-05"), "«\u00a0/\u00a0» est un dossier."),
        (("politique", "--truc"), "l'option «\u00a0--truc\u00a0» n'existe pas"),
        (("slack", "manifeste", "--adresse", "http://a.b"), "il faut une adresse https complète. Voyez"),
        (("slack", "manifeste", "--adresse", "https://"), "il faut une adresse https complète. Voyez"),
        (("--reglages", "/absent", "politique"), "«\u00a0/absent\u00a0» n'existe pas."),
        (("--reglages", "/", "politique"), "«\u00a0/\u00a0» est un dossier."),
        (
            ("politique", "--date", "jamais"),
            "«\u00a0jamais\u00a0» n'est pas une date que je lis.",
        ),
        (("servir", "--port", "0"), "il faut un nombre de 1 à 65535"),
        (("mcp", "--port", "65536"), "il faut un nombre de 0 à 65535"),
        (
            ("politique", "pa99:5.10"),
            "je ne connais pas la politique «\u00a0pa99\u00a0». Je connais\u00a0: PA20",
        ),
        (("discord", "invitation"), "donnez --application"),
    ],
)
def test_wrong_usage_is_one_french_line_and_exit_code_2(words: tuple[str, ...], said: str) -> None:
    done = vigie(*words)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_every_wrong_setting_is_one_line() -> None:
    done = vigie("politique", "5.10", VIGIE_PORT="huit", VIGIE_FUSEAU="ici")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 2)


def test_an_unreadable_policy_names_the_file_and_stops_only_itself(tmp_path: Path) -> None:
    folder = tmp_path / "politique/mtg"
    folder.mkdir(parents=True)
    (folder / "2026-01-01.md").write_text("Rien du tout.")
    done = vigie("politique", "1", VIGIE_DATA=str(tmp_path), VIGIE_POLITIQUE="mtg")
    assert done.returncode == 2
    assert done.stderr.startswith("vigie\u00a0: mtg/2026-01-01.md\u00a0: aucun titre ni numéro")
    assert vigie("politique", "5.10", VIGIE_DATA=str(tmp_path)).returncode == 0


def test_a_number_is_looked_for_in_every_policy() -> None:
    texts = str(Path(__file__).parents[1] / "data")
    done = vigie("politique", "4.2.1", VIGIE_DATA=texts, VIGIE_POLITIQUE="pa20")
    assert done.returncode == 0
    assert done.stdout.startswith("CR3, 4.2.1")


def test_the_help_is_in_french_everywhere() -> None:
    for words in (
        [],
        ["servir"],
        ["politique"],
        ["slack"],
        ["slack", "manifeste"],
        ["discord"],
        ["discord", "invitation"],
    ):
        done = vigie(*words, "--help")
        assert done.returncode == 0
        assert "Montrer cette aide." in done.stdout
        assert done.stdout.startswith("Usage\u00a0: vigie")
        words_of_click = r"Show|Commands|Error|default|COMMAND\b|ARGS|INTEGER|TEXT|RANGE|%Y|<="
        assert not re.search(words_of_click, done.stdout)


def subcommands(group: click.Group) -> list[click.Command]:
    context = click.Context(group)
    commands = [group.get_command(context, name) for name in group.list_commands(context)]
    return [command for command in commands if command]


def test_every_command_of_every_room_is_reached() -> None:
    reached = subcommands(main.vigie)
    for path in Path(cli.__file__).parent.rglob("*.py"):
        room = ".".join(("bot.cli", *path.relative_to(Path(cli.__file__).parent).with_suffix("").parts))
        for command in getattr(import_module(room), "COMMANDS", ()):
            assert command in reached, f"{room}: {command.name}"


def helps(command: click.Command, above: click.Context | None = None) -> Iterator[tuple[str, str]]:
    """Give the help of a command and of all those under it, as on a screen of eighty columns."""
    context = click.Context(command, above, command.name or "vigie", terminal_width=80)
    yield context.command_path, command.get_help(context)
    if isinstance(command, click.Group):
        for subcommand in subcommands(command):
            yield from helps(subcommand, context)


def test_no_help_is_cut_short_or_names_a_value_in_english() -> None:
    found = dict(helps(main.vigie))
    assert len(found) > 50
    for path, text in found.items():
        assert not re.search(r"\.\.\.|\b(TEXT|COMMAND|ARGS|INTEGER|PATH|FILE)\b|%Y", text), (path, text)


def test_the_slack_manifest_and_the_discord_invitation_are_printed() -> None:
    manifest = json.loads(vigie("slack", "manifeste").stdout)
    assert [command["command"] for command in manifest["features"]["slash_commands"]] == [
        "/politique",
        "/vigie",
        "/quiz",
        "/accueil",
        "/signalement",
    ]
    assert "agent_view" not in manifest["features"]
    agent = json.loads(vigie("slack", "manifeste", "--agent").stdout)["features"]["agent_view"]
    assert all(prompt["message"].endswith("?") for prompt in agent["suggested_prompts"])
    assert len(agent["suggested_prompts"]) in range(1, 5)
    invitation = vigie("discord", "invitation", "--application", "123456789012345678").stdout.strip()
    assert invitation.startswith("https://discord.com/")
    assert "client_id=123456789012345678" in invitation


def test_the_version_can_be_asked() -> None:
    assert vigie("--version").stdout.startswith("vigie")


def test_what_could_be_sent_to_nobody_is_shown_then_settled(tmp_path: Path) -> None:
    database = tmp_path / "vigie.db"
    Storage(database).close()
    with beside(database) as db:
        now = datetime(2026, 11, 24, 15, tzinfo=UTC)
        enqueue(db, delivery("un", "role:administration"), now)
        (row,) = db.conn.execute("SELECT id FROM outbox").fetchone()
        bury(db, row, "gone", now)
        db.conn.execute("UPDATE outbox SET notice = 'accueil-rappel' WHERE id = ?", (row,))
    settings = {"VIGIE_DB": str(database), "DISCORD_TOKEN": "x"}
    assert vigie("lettres", **settings).stdout == "1 × un rappel de l'accueil\n"
    assert json.loads(vigie("lettres", "--json", **settings).stdout) == {
        "dead": {"accueil-rappel": 1},
        "unreached": {},
    }
    for command in ("lettres", "retenus"):
        both = vigie(command, "--envoyer", "--annuler", **settings)
        assert both.returncode == 2
        assert both.stderr.startswith(
            "vigie\u00a0: --envoyer et --annuler s'excluent\u00a0: choisissez. Voyez"
        )
    assert vigie("lettres", "--envoyer", **settings).stdout == "1 × un rappel de l'accueil\nEnvoi demandé.\n"
    assert vigie("lettres", **settings).stdout == "Tout a été remis.\n"
    with beside(database) as db:
        rows = db.conn.execute("SELECT key, state FROM outbox").fetchall()
    assert rows == [("un", "queued")], "with no announcement left"
