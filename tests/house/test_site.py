"""What docs/ says is what the program does, and it makes a site that asks nothing of anyone else."""

from __future__ import annotations

import re
import subprocess
from datetime import date
from pathlib import Path

import click
import pytest
from sqlite_utils import Database

from bot import times
from bot.answers import unanswered
from bot.app.serving import Ending
from bot.cli.main import vigie
from bot.conversation.dispatcher import Dispatcher
from bot.conversation.forms import Reply
from bot.onboarding.quiz.session import SIZE
from bot.privacy.personal_data import CATEGORIES, NEW_YEAR_MONTH
from bot.reports.records import LONGEST, SHORTEST
from bot.settings import Settings
from bot.storage.schema.migrations import migrations
from tests.house.words import own_words
from tests.site import privacy, troubleshooting
from tests.site.__main__ import DOCS, pages
from tests.site.build import CONFIGURATION, build, copy_documents, linked, spaced
from tests.site.messages import messages

# What each page for people says how to do, that the list of commands only names.
FOR_PEOPLE = ("membre", "officier", "publier", "demandes", "signaler", "communications", "administration")
# What only buttons and menus write.
BY_BUTTONS = {"viser", "retour", "plus", "chercher", "question", "lire", "versions"}
WORDS_A_MINUTE = 150  # of a text that is followed as it is read
# A label that a page tells people to press, or to choose.
PRESSED = re.compile(r"(?:[Pp]ressez(?:-y)?|[Cc]hoisissez|[Ss]ous|raccourci) (?:\*\*)?« ([^»]+) »")
_BY_DEFAULT = Settings(_env_file=None)
# What pages written by hand say of the program, as it is there.
FIGURES = {
    "membre": (f"{unanswered.DAYS_KEPT} jours",),
    "officier": (f"{_BY_DEFAULT.vigie_quiz_reussite} %", {12: "douze questions"}[SIZE]),
    "signaler": (
        f"{SHORTEST.seconds // 60} à {LONGEST.seconds // 60} minutes",
        f"{_BY_DEFAULT.vigie_signalement_jours} jours",
    ),
    "communications": (
        f"{_BY_DEFAULT.vigie_signalement_rappel} heures",
        f"{_BY_DEFAULT.vigie_signalement_autre} heures",
        f"{_BY_DEFAULT.vigie_signalement_suppleance} heures",
        f"{_BY_DEFAULT.vigie_signalement_jours} jours",
    ),
    "avis": (f"{_BY_DEFAULT.vigie_sauvegardes_jours} jours",),
    "ligne-de-commande": tuple(f"| {ending.value} |" for ending in Ending),
}
ELSEWHERE = re.compile(r"""(?:src|href)="https?://[^"]+"[^>]*>|@import|url\(["']?https?:""")


def test_no_page_is_stale() -> None:
    stale = [path.name for path, text in pages() if path.read_text("utf-8") != text]
    assert stale == [], "python -m tests.site --ecrire"


def test_every_page_is_in_the_menu(tmp_path: Path) -> None:
    copy_documents(tmp_path / "docs")
    menu = re.findall(r'= "([\w-]+\.md)" \}', CONFIGURATION.read_text("utf-8"))
    assert sorted(menu) == sorted(path.name for path in (tmp_path / "docs").glob("*.md"))


@pytest.mark.parametrize("path", sorted(DOCS.glob("*.md")), ids=lambda path: path.name)
def test_each_page_begins_with_whom_it_is_for(path: Path) -> None:
    _, _, beginning, *_ = path.read_text("utf-8").splitlines()
    assert path.name == "index.md" or beginning.startswith("*Pour ")


def test_the_site_is_built_without_a_warning_and_asks_nothing_of_anyone_else(tmp_path: Path) -> None:
    build(tmp_path)
    site = tmp_path / "site"
    for page in (tmp_path / "docs").glob("*.md"):
        assert (site / page.name).with_suffix(".html").is_file()
    for file in [*site.rglob("*.html"), *site.rglob("*.css")]:
        asked = [
            tag for tag in ELSEWHERE.findall(file.read_text("utf-8")) if not tag.startswith('href="http')
        ]
        assert asked == [], file.name
        assert not re.search(r'<(?:link|script|img|iframe)[^>]+"https?://', file.read_text("utf-8")), file


def test_a_link_that_leads_nowhere_stops_the_building(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoilt(folder: Path) -> None:
        copy_documents(folder)
        (folder / "avis.md").write_text("# Avis\n\n[Rien](rien.md)\n", "utf-8")

    monkeypatch.setattr("tests.site.build.copy_documents", spoilt)
    with pytest.raises(subprocess.CalledProcessError):
        build(tmp_path)


def test_links_of_the_repository_become_those_of_the_site() -> None:
    written = "[a](../SECURITY.md#b) [c](menaces.md) [d](../tests/leaks) [e](https://exemple.ca)"
    assert linked(written, "docs/x.md") == "[a](securite.md#b) [c](menaces.md) d [e](https://exemple.ca)"
    assert linked("[a](docs/avis.md) [b](LICENSE)", "README.md") == "[a](avis.md) b"


def test_french_spaces_are_set_outside_code() -> None:
    written = "Un « mot » : `a : « b »` : ici\n\n```\nc : d\n```\n"
    assert spaced(written) == ("Un «\u00a0mot\u00a0»\u00a0: `a : « b »`\u00a0: ici\n\n```\nc : d\n```\n")


# --- Commands ---------------------------------------------------------------------------------


def test_every_chat_command_is_explained_to_those_who_use_it(dispatcher: Dispatcher) -> None:
    pages_for_people = "".join((DOCS / f"{name}.md").read_text("utf-8") for name in FOR_PEOPLE)
    for command in dispatcher.commands:
        written = f"/{command.name}" if command.slash else f"/vigie {command.name}"
        assert f"`{written}" in pages_for_people or command.name in BY_BUTTONS, written


@pytest.mark.parametrize("name", [*FOR_PEOPLE, "renseignements"])
def test_every_button_that_people_are_told_to_press_is_offered(
    name: str, dispatcher: Dispatcher, replies: dict[str, Reply]
) -> None:
    offered = "\n".join([own_words(reply) for reply in replies.values()])
    menus = {command.shortcut() for command in dispatcher.commands} | {
        command.anywhere for command in dispatcher.commands
    }
    for label in PRESSED.findall((DOCS / f"{name}.md").read_text("utf-8")):
        assert label in menus or re.search(rf"^{re.escape(label)}$", offered, re.MULTILINE), label


@pytest.mark.parametrize("name", FOR_PEOPLE)
def test_a_page_for_people_is_read_in_five_minutes(name: str) -> None:
    assert len((DOCS / f"{name}.md").read_text("utf-8").split()) <= 5 * WORDS_A_MINUTE


# --- Troubleshooting --------------------------------------------------------------------------


def test_every_message_says_what_to_do_or_has_advice() -> None:
    assert troubleshooting.lacking(messages()) == []


def test_no_advice_is_about_a_message_that_nothing_says() -> None:
    assert troubleshooting.unused(messages()) == []


def test_messages_are_read_from_the_source_as_they_will_be_shown(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(
        'GONE = "la base {path} manque."\n'
        "def check(path, full):\n"
        '    why = "pleine" if full else "lente"\n'
        '    yield wrong("base", f"elle est {why}\\u00a0: {path}. Voyez.")\n'
        "    raise StorageError(GONE.format(path=path))\n",
        "utf-8",
    )
    assert {message.text for message in messages(tmp_path)} == {
        "elle est pleine : …. Voyez.",
        "elle est lente : …. Voyez.",
        "la base … manque.",
    }


# --- Personal information ---------------------------------------------------------------------


def test_the_annex_describes_every_table() -> None:
    described = [name for tables in privacy.described().values() for name in tables]
    assert sorted(described) == sorted(privacy.columns())


def test_a_table_that_names_people_is_said_to_be_personal() -> None:
    db = Database(memory=True)
    migrations.apply(db)
    written = {name: words for tables in privacy.described().values() for name, words in tables.items()}
    for name, columns in privacy.columns().items():
        who = written[name]["who"]
        people = name != privacy.INCIDENTS and any(
            key.other_table == "people" for key in db.table(name).foreign_keys
        )
        if people or {"user", "account"} & {*columns}:
            assert who == "personne", name
        if "sealed" in columns:
            assert who == "scellé", name


@pytest.mark.parametrize("category", privacy.BEHIND)
def test_what_people_are_told_of_a_duration_is_what_the_program_does(category: str) -> None:
    [retention] = [each.retention for each in CATEGORIES if each.id == category]
    assert privacy.in_words(privacy.DURATIONS[privacy.BEHIND[category]].value) in retention


def test_an_account_alone_is_kept_until_the_day_that_people_are_told() -> None:
    [retention] = [each.retention for each in CATEGORIES if each.id == "comptes"]
    day = times.in_words(date(2026, NEW_YEAR_MONTH, 1)).replace("\u00a0", " ")
    assert day.removesuffix(" 2026") in retention


@pytest.mark.parametrize(("name", "figures"), FIGURES.items())
def test_the_figures_of_a_page_are_those_of_the_program(name: str, figures: tuple[str, ...]) -> None:
    page = (DOCS / f"{name}.md").read_text("utf-8")
    assert [figure for figure in figures if figure not in page] == []


# --- Lists ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name.upper() for name in Settings.model_fields])
def test_every_setting_has_its_place_in_the_list(name: str) -> None:
    assert f"### {name}\n" in (DOCS / "reglages.md").read_text("utf-8")


def test_every_command_of_the_command_line_has_its_place_in_the_list() -> None:
    page = (DOCS / "ligne-de-commande.md").read_text("utf-8")

    def named(group: click.Group, path: str) -> None:
        for name in group.list_commands(click.Context(group)):
            command = group.get_command(click.Context(group), name)
            assert f"# {path} {name}\n" in page
            if isinstance(command, click.Group):
                named(command, f"{path} {name}")

    named(vigie, "vigie")
