"""`vigie passation`: the archive that the keeper of Vigie hands over to the next keeper, with a checklist."""

import os
import re
import tempfile
from contextlib import closing
from itertools import chain, count
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import click
from pydantic import SecretStr
from sqlite_utils import Database

from bot import __version__
from bot.backup import copies, succession
from bot.cli import base
from bot.cli.installer.answers import edited
from bot.cli.progress import working
from bot.configuration import places
from bot.configuration.settings_file import parse
from bot.people import roles
from bot.privacy import incidents
from bot.reports import codes
from bot.settings import SEED, Settings
from bot.storage import files
from bot.storage.database import reader
from bot.times import in_words, system_clock

_LIST: Final = Path(__file__).with_name("succession.md")
_OF_THIS_MACHINE: Final = ("VIGIE_SAUVEGARDES", "VIGIE_MODELES")
_CONDITION: Final = re.compile(r"(?P<start>- \[ \] )\((?P<word>\w+)\) ")

passation = base.CommandGroup("passation", help="Remettre Vigie à la personne qui s'en occupera.")


@passation.command(
    name="preparer",
    short_help="Réunir ce qui est à remettre, dans une archive scellée et une liste.",
    help="Écrire dans DOSSIER une archive scellée (réglages, clés, textes de l'association, copie de "
    "maintenant) et la liste de ce qui est à faire. Les mots qui l'ouvrent s'affichent une seule fois\u00a0: "
    "remettez-les par un autre chemin.",
)
@click.argument("dossier", type=click.Path(path_type=Path, file_okay=False), metavar="DOSSIER")
@base.json_flag
def prepare(dossier: Path, as_json: bool) -> None:
    """Write the archive and its checklist."""
    config = base.real_settings()
    with files.explained(dossier):
        dossier.mkdir(mode=0o700, parents=True, exist_ok=True)
    now = system_clock()
    today = config.today()
    archive = _unused(dossier / f"vigie-passation-{today}.scellee")
    checklist = archive.with_suffix(".md")
    words = codes.new_code()
    text = _checklist(config, archive.name)
    with (
        working("Je réunis et je scelle"),
        tempfile.TemporaryDirectory(dir=dossier, prefix=".vigie-") as drafts,
    ):
        copy = copies.save_hourly(config.database(), Path(drafts), config.keys(), now)
        members: dict[str, bytes | Path] = {
            places.SETTINGS_NAME: _written_settings().encode(),
            "LISEZ-MOI.md": text.encode(),
            "cles": config.keys(),
            f"sauvegardes/{copies.HOURLY}": copy,
        }
        register = incidents.register_path(config.database())
        # The database may be in the same folder, so only the files of policies are taken.
        if config.vigie_data:
            data = {path.name: config.vigie_data / path.name for path in SEED.iterdir()}
            members |= {f"donnees/{name}": path for name, path in data.items() if path.exists()}
        members |= {register.name: register} if register.exists() else {}
        succession.pack(members, words, archive)
    base.write(checklist, text.encode())
    report = (
        f"{archive}\u00a0: l'archive, à remettre en main propre ou par un lien.\n"
        f"{checklist}\u00a0: la liste de ce qui est à faire, qui n'a rien de secret.\n"
        "Les mots qui ouvrent l'archive, à remettre par un autre chemin et qui ne se reverront plus\u00a0:\n"
        f"{words}"
    )
    base.show({"archive": archive, "list": checklist, "words": words}, report, as_json)


@passation.command(
    name="ouvrir",
    short_help="Ouvrir l'archive reçue.",
    help="Ouvrir ARCHIVE dans DOSSIER, qui n'existe pas encore. Les mots sont demandés.",
)
@click.argument("archive", type=click.Path(path_type=Path, dir_okay=False), metavar="ARCHIVE")
@click.argument("dossier", type=click.Path(path_type=Path), metavar="DOSSIER")
@base.json_flag
def open_(archive: Path, dossier: Path, as_json: bool) -> None:
    """Open an archive in a new folder, and print what to do next."""
    if dossier.exists():
        base.refuse(f"{dossier} existe déjà. Donnez un dossier nouveau.")
    if not archive.exists():  # checked before the person types nine words for nothing
        base.refuse(f"{archive} ne se lit pas. Vérifiez son chemin et vos droits.")
    typed = click.prompt("Les mots de l'archive", prompt_suffix="\u00a0: ", err=True)
    words = codes.read_code(typed)
    if words is None:
        base.refuse(base.after_colon(codes.misreading(typed)))
    with working("J'ouvre l'archive"):
        names = succession.unpack(archive, words, dossier)
    keys, texts = _places(dossier / places.SETTINGS_NAME)
    also = f", et «\u00a0donnees\u00a0» à {texts}" if texts else ""
    text = (
        f"{dossier}\u00a0: {len(names)} fichiers. Ensuite\u00a0:\n"
        f"1. Relisez {dossier / places.SETTINGS_NAME}, surtout les chemins, et mettez-le à sa place, "
        f"{base.settings_place().absolute()}.\n"
        f"2. Mettez le dossier «\u00a0cles\u00a0» à {keys}{also} (ou là où vous l'aurez changé).\n"
        f"3. vigie restaurer {dossier / 'sauvegardes' / copies.HOURLY}\n"
        f"4. Suivez {dossier / 'LISEZ-MOI.md'}."
    )
    base.show({"folder": dossier, "files": names}, text, as_json)


def _unused(archive: Path) -> Path:
    """Return a path for a new archive: `archive`, with a number if that path or its checklist's is taken.

    The other archive, or the words that open it, may already have been handed over.
    """
    numbered = (archive.with_stem(f"{archive.stem}-{number}") for number in count(2))
    names = chain([archive], numbered)
    return next(path for path in names if not (path.exists() or path.with_suffix(".md").exists()))


def _places(file: Path) -> tuple[Path, Path | None]:
    """Read a settings file. Return the folder of the keys and the folder of the association's texts.

    The second is None if the association has no folder of texts.
    """
    values = parse(file.read_text("utf-8-sig"))
    database, data, keys = (values.get(name) for name in ("VIGIE_DB", "VIGIE_DATA", "VIGIE_CLES"))
    config = Settings.model_construct(
        discord_token=SecretStr(""),  # without a token, the paths would be the sandbox's
        vigie_db=Path(database) if database else None,
        vigie_data=Path(data) if data else None,
        vigie_cles=Path(keys) if keys else None,
    )
    return config.keys().absolute(), config.vigie_data


def _written_settings() -> str:
    """Return the text of the settings file, in which the values of environment variables are set.

    The folders of copies and models are left out, since the next machine has its own.
    """
    file = base.settings_place()
    variables = {name.upper(): os.environ.get(name.upper()) for name in Settings.model_fields}
    text = file.read_text("utf-8-sig") if places.is_there(file) and file.is_file() else ""
    environment = {name: value for name, value in variables.items() if value and name not in _OF_THIS_MACHINE}
    return edited(text, {**environment, **dict.fromkeys(_OF_THIS_MACHINE)})


def _checklist(config: Settings, archive: str) -> str:
    """Return the checklist in Markdown. It contains no secret and names nobody.

    A line that begins with a word in parentheses is left out if this word does not apply to the installation.
    """
    with closing(reader(config.database()).conn) as conn:
        administrators = len(roles.holders(Database(conn), roles.ADMINISTRATION, config.today()))
    about = {
        "slack": config.slack_bot_token,
        "discord": config.discord_token,
        "http": config.slack_bot_token and not config.slack_app_token,
        "form": config.vigie_signalement_adresse,
        "mail": _host(config.vigie_smtp),
        "ping": _host(config.vigie_ping),
    }
    lines = []
    for line in _LIST.read_text("utf-8").splitlines(keepends=True):
        condition = _CONDITION.match(line)
        if condition is None:
            lines.append(line)
        elif about[condition["word"]]:
            lines.append(condition["start"] + line[condition.end() :])
    return "".join(lines).format(
        name=config.profile.bot,
        day=in_words(config.today()),
        version=__version__,
        archive=archive,
        administrators=administrators,
        **about,
    )


def _host(address: SecretStr | None) -> str:
    return (urlsplit(address.get_secret_value()).hostname or "") if address else ""


COMMANDS: Final = (passation,)
