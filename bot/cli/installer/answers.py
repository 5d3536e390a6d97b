"""The answers of an installation, saved in the settings file as soon as each is accepted."""

import io
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from dotenv.parser import parse_stream
from pydantic import SecretStr

from bot.cli.installer.service import Launch
from bot.configuration.settings_file import parse
from bot.configuration.values import listed
from bot.settings import Settings
from bot.storage import files
from bot.storage.database import StorageError

_PLAIN: Final = re.compile(r"[\w@%+=:,./-]*", re.ASCII)  # a value that needs no quotes
# An answer that is not a setting is a note: a comment that only the installer reads, « #> plateformes = slack
# ».
_NOTE: Final = re.compile(r"^#> (?P<name>[a-z]+) = (?P<value>.*?)\r?$", re.MULTILINE)
# The comment before the first note.
_NOTES: Final = "\n# Ce que «\u00a0vigie installer\u00a0» retient, pour reprendre où vous étiez.\n"
_HEADER: Final = (
    "# Les réglages de Vigie, écrits par «\u00a0vigie installer\u00a0». Ne montrez ce fichier à personne.\n"
)
# The settings of each platform. The first one is the platform's token.
PLATFORM_SETTINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "slack": ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "VIGIE_SLACK_EQUIPE"),
    "discord": ("DISCORD_TOKEN", "VIGIE_DISCORD_SERVEUR"),
}


@dataclass
class Answers:
    """The answers so far. Names in capitals are settings, and the others are notes (see `_NOTE`).

    `file`: the settings file. `manifest`: returns Slack's manifest, in JSON, for a bot with these settings.
    `environment`: the environment variables, which override the file. `example`: the text at the start of a
    new file. `launch`: how Vigie is started. `administered`: whether the database already has an
    administrator, so that none has to be named.
    """

    file: Path
    manifest: Callable[[Settings], str]
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    example: str = _HEADER
    launch: Launch = field(default_factory=Launch)
    administered: bool = False
    _values: dict[str, str] = field(default_factory=dict)
    _forgotten: set[str] = field(default_factory=set)

    def open(self) -> None:
        """Read the settings file, or make it. Raises `StorageError` if it cannot be read or written."""
        with files.explained(self.file):
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        text = self._text()
        self._values = {name: value for name, value in parse(text).items() if value}
        self._values |= {note["name"]: note["value"] for note in _NOTE.finditer(text)}
        # A platform counts as chosen if someone wrote its token in the file by hand.
        chosen = listed(self["plateformes"])
        platforms = [name for name, names in PLATFORM_SETTINGS.items() if name in chosen or names[0] in self]
        self._values["plateformes"] = ", ".join(platforms)
        self.save({})

    def __contains__(self, name: object) -> bool:
        return bool(self[str(name)])

    def __getitem__(self, name: str) -> str:
        """Return an answer, "" if there is none."""
        value = self._values.get(name, "")
        return self.environment.get(name) or value if name.isupper() else value

    def api_url(self, platform: str) -> str:
        """Return the address of a platform's API."""
        name = f"{platform}_api_url"
        return self[name.upper()] or str(Settings.model_fields[name].default)

    def is_fixed(self, name: str) -> bool:
        """Return whether an environment variable sets an answer, which the file then cannot change."""
        return name.isupper() and bool(self.environment.get(name))

    def settings(self) -> Settings:
        """Return settings with the answers about paths, the bot's name and the policy, without any token."""
        database, data = self["VIGIE_DB"], self["VIGIE_DATA"]
        return Settings.model_construct(
            discord_token=SecretStr(""),  # without a token, the paths would be the sandbox's
            vigie_db=Path(database) if database else None,
            vigie_data=Path(data) if data else None,
            vigie_nom=self["VIGIE_NOM"] or None,
            vigie_politique=self["VIGIE_POLITIQUE"] or None,
        )

    def platforms(self) -> tuple[str, ...]:
        """Return the chosen platforms."""
        return listed(self["plateformes"])

    def save(self, values: Mapping[str, str | None]) -> None:
        """Save answers in memory and in the file, or remove those that are None.

        Only the file's owner can read it.

        Raises `StorageError`.
        """
        changes = {**dict.fromkeys(self._forgotten), **values}
        text = edited(self._text(), changes)
        back = parse(text)
        if any(back.get(name) != value for name, value in values.items() if name.isupper()):
            raise StorageError(f"cette réponse ne peut pas être écrite dans {self.file}. Changez-la un peu.")
        files.write_whole(self.file.resolve(), text.encode())
        merged = {**self._values, **changes}
        self._values = {name: value for name, value in merged.items() if value is not None}
        self._forgotten.clear()

    def forget(self, *names: str) -> None:
        """Forget answers. The file keeps them until others are accepted, in case the person stops here."""
        for name in names:
            if self._values.pop(name, ""):
                self._forgotten.add(name)

    def _text(self) -> str:
        try:
            return self.file.read_bytes().decode("utf-8-sig")
        except FileNotFoundError:
            return self.example
        except UnicodeDecodeError as error:
            raise StorageError(f"{self.file} n'est pas en UTF-8. Enregistrez-le en UTF-8.") from error
        except OSError as error:
            why = (
                "est un dossier. Déplacez-le" if self.file.is_dir() else "ne se lit pas. Vérifiez vos droits"
            )
            raise StorageError(f"{self.file} {why}.") from error


def edited(text: str, values: Mapping[str, str | None]) -> str:
    """Return the text of a settings file in which `values` are set, or removed where they are None.

    A new value replaces the former one. If there is none, the new value goes below the comment that shows how
    to set it. The other lines stay as they were.
    """
    left, parts = dict(values), []
    for binding in parse_stream(io.StringIO(text)):
        string = binding.original.string
        note = _NOTE.match(string.lstrip())
        name = note["name"] if note else binding.key or ""
        if name in values and not binding.error:
            blank = string[: len(string) - len(string.lstrip())]
            string = blank + _line(name, left.pop(name, None))  # a second line of the same name is removed
        parts.append(string)
    result = "".join(parts)
    for name, value in left.items():
        line = _line(name, value)
        setting = re.search(rf"^# ?{re.escape(name)}=.*\n?", result, re.MULTILINE)
        if setting and line:
            result = result[: setting.start()] + line + result[setting.end() :]
        elif line:
            result += "" if result.endswith("\n") or not result else "\n"
            result += ("" if name.isupper() or _NOTE.search(result) else _NOTES) + line
    return result


def _line(name: str, value: str | None) -> str:
    if value is None:
        return ""
    if name.islower():
        return f"#> {name} = {value}\n"
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"{name}={value}\n" if _PLAIN.fullmatch(value) else f"{name}='{escaped}'\n"
