"""Every command that the documents show is typed: in the chat, on the command line, or to `make`.

Those that are not, or not to the end, are in `NOT_RUN`, with why.
"""

from __future__ import annotations

import base64
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.app.build import build
from bot.app.starting import settle
from bot.backup import copies
from bot.conversation.dispatcher import Dispatcher
from bot.conversation.forms import Form
from bot.conversation.requests import Actor
from bot.settings import Settings
from bot.storage.database import Storage
from tests.kits import forked_cli

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "SECURITY.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/*.md")]
MADE = ("commandes.md", "ligne-de-commande.md", "depannage.md")  # from the program itself

NOT_RUN = {
    "vigie": "it runs until it is stopped: tests/wire starts it",
    "vigie servir": "the same",
    "vigie installer": "it asks, in a terminal: tests/cli/installer",
    "vigie question": "it learns the bank first: tests/cli/test_questions.py",
    "vigie evaluer": "the same",
    "vigie quiz lier": "it rewrites the shipped questions: tests/cli/test_quiz.py",
    "git clone": "the address is the reader's",
    "git pull": "it changes this checkout",
    "sudo": "the machine is not ours: packages and services",
    "systemctl": "the same",
    "apt": "the same",
    "rclone": "the same",
    "journalctl": "the same",
    "ss": "the same",
    "curl": "it needs a form that runs: tests/web/test_form.py asks the same",
}
# What stands for the reader's own words, and what the tests type instead (`{}`: a folder of the test).
FILLED = {
    "CHEMIN": "{}/sauvegardes/vigie-heure.chiffre",
    "sauvegardes/vigie-heure.chiffre": "{}/sauvegardes/vigie-heure.chiffre",
    "DOSSIER": "{}/cles",
    "COMPTE": "discord:323456789012345678",
    "AAAA-MM-JJ": "2026-12-13",
    "FICHIER": "{}/texte.md",
    "statuts.docx": "{}/texte.md",
    "statuts.md": "{}/statuts.md",
}
# Those that end otherwise than with 0, here where nothing was asked, reported or announced yet.
ENDINGS = {
    "vigie abandonner rg": (2, "it asks whether to"),
    "vigie commencer": (2, "it is named, not shown whole"),
    "vigie confidentialite ajouter": (2, "it asks what to write"),
    "vigie diagnostic": (1, "the platform is out of reach"),
    "vigie passation ouvrir ARCHIVE NOUVEAU-DOSSIER": (2, "it asks for the words"),
    "vigie publier": (2, "it is named, not shown whole"),
    "vigie publier DOSSIER": (2, "no policy is public"),
    "vigie registre reprendre": (2, "it asks whether to"),
    "vigie reviser": (2, "it is named, not shown whole"),
    "vigie restaurer vigie.db.avant-… --en-clair": (2, "no database was upgraded"),
    "vigie revisions registre": (1, "no revision was announced"),
    "vigie sauvegarder": (2, "it is named, not shown whole"),
    "vigie signalements": (1, "there is no report"),
    "vigie signalements exporter": (2, "it is named, not shown whole"),
}
# A line of a block that is a command: a block may also be a configuration.
COMMANDS = re.compile(
    r"(?:\.venv/bin/)?(?:vigie|make|install|git|sudo|systemctl|journalctl|ss|curl|apt|rclone)\b"
)
# The paths and the pages that begin as a command of the chat does.
PATHS = re.compile(r"/(?:etc|var|srv|opt|slack|healthz|readyz|metrics|galerie|invite)\b")
MISUSED = re.compile(r"n'existe pas\. |est inconnue|--help »|--help\u00a0»")
LACKING = re.compile(r"il manque l'(?:argument|option)")  # the command is named, not shown whole


def shown() -> list[str]:
    """Return what the documents show as code: short pieces, and the lines of blocks of shell."""
    pieces: dict[str, None] = {}
    for document in DOCUMENTS:
        if document.name in MADE:
            continue
        text = document.read_text("utf-8")
        for block in re.findall(r"^ *```(?:sh)?\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL):
            lines = (line.partition(" #")[0].strip() for line in block.splitlines())
            pieces |= dict.fromkeys(line for line in lines if COMMANDS.match(line))
        text = re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)
        pieces |= dict.fromkeys(re.findall(r"`([^`\n]+)`", text))
    return sorted(pieces)


def beginning(*words: str) -> list[str]:
    """Return what is shown that begins with one of these words, without the path of the environment."""
    short = (line.removeprefix(".venv/bin/") for line in shown())
    return sorted({line for line in short if line.split(" ")[0] in words})


def is_run(line: str) -> bool:
    return not any(line == name or line.startswith(f"{name} ") for name in NOT_RUN if name != "vigie")


COMMAND_LINE = [line for line in beginning("vigie") if line != "vigie" and is_run(line)]
CHAT = [line for line in shown() if re.match(r"/[a-z]", line) and not PATHS.match(line)]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a settled database, its keys, and a text."""
    folder = tmp_path_factory.mktemp("montre")
    settings = Settings.model_validate({name.lower(): text for name, text in environment(folder).items()})
    with closing(Storage(folder / "vigie.db")) as storage:
        storage.executor.submit(settle, build(settings, storage)).result()
    for name in ("texte.md", "statuts.md"):
        shutil.copy(ROOT / "data/politique/pa20/2015-12-13.md", folder / name)
    (folder / "textes").mkdir()
    return folder


def environment(folder: Path) -> dict[str, str]:
    token = base64.b64encode(b"123456789012345678").decode()
    return {
        "DISCORD_TOKEN": f"{token}.abcdef.{'x' * 27}",
        "DISCORD_API_URL": "http://127.0.0.1:9",  # closed: no document needs the network to be understood
        "VIGIE_DISCORD_SERVEUR": "223456789012345678",
        "VIGIE_DB": str(folder / "vigie.db"),
        "VIGIE_CLES": str(folder / "cles"),
        "VIGIE_DATA": str(folder / "textes"),
    }


def typed(line: str, folder: Path) -> list[str]:
    for word, instead in FILLED.items():
        line = re.sub(rf"(?<![\w./-]){re.escape(word)}(?![\w/])", instead.format(folder), line)
    return shlex.split(line.replace("…", "retenus" if line.endswith("--essai …") else "mot"))


@pytest.mark.parametrize("line", COMMAND_LINE)
def test_what_is_shown_on_the_command_line_is_understood(line: str, place: Path) -> None:
    environ = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    if "restaurer" in line:
        now = datetime.now(UTC)
        copies.save_hourly(place / "vigie.db", place / "sauvegardes", place / "cles", now)
    _, *words = typed(line, place)
    done = forked_cli.run(tuple(words), environ | environment(place))
    error = done.stderr.strip()
    assert done.returncode == ENDINGS.get(line, (0, ""))[0], error
    assert "Traceback" not in error
    assert LACKING.search(error) or not MISUSED.search(error), error


@pytest.mark.parametrize("line", beginning("make"))
def test_what_is_shown_to_make_is_a_target(line: str, tmp_path: Path) -> None:
    asked = ["make", "--dry-run", "--always-make", "-f", str(ROOT / "Makefile"), *line.split()[1:]]
    done = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "No rule to make target" not in done.stderr or "requirements" in done.stderr, done.stderr


def test_the_settings_file_that_is_shown_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    [line] = beginning("install")
    shutil.copy(ROOT / ".env.example", tmp_path)
    subprocess.run(shlex.split(line), cwd=tmp_path, check=True)
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("line", CHAT)
async def test_what_is_shown_in_the_chat_is_answered(line: str, dispatcher: Dispatcher) -> None:
    name, _, rest = line.removeprefix("/").partition(" ")
    known = {command.name for command in dispatcher.commands}
    assert (rest.partition(" ")[0] if name == dispatcher.menu and rest else name) in known
    actor = Actor("discord", "1", "123456789012345678")
    reply = await dispatcher.handle(dispatcher.from_text(line.replace("…", "logo"), actor=actor))
    assert isinstance(reply, Form) or "référence" not in str(reply).lower()


def others() -> Iterator[str]:
    for line in shown():
        first = line.split(" ")[0]
        if first in {name.split(" ")[0] for name in NOT_RUN} - {"vigie"}:
            yield line


def test_what_is_not_run_is_on_the_list_and_the_list_is_short() -> None:
    for line in others():
        assert not is_run(line), line
    for name in NOT_RUN:
        assert any(line.removeprefix(".venv/bin/").startswith(name) for line in shown()), (
            f"{name} is not shown"
        )
    assert len(NOT_RUN) <= 15
    assert ENDINGS.keys() <= {*COMMAND_LINE}
