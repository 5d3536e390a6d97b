"""The settings file: one NAME=value per line, in python-dotenv's format, readable by this account alone."""

import grp
import io
import os
import re
import shlex
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import Binding, parse_stream

from bot.configuration import places

PREFIXES = ("VIGIE_", "SLACK_", "DISCORD_")  # such names in a settings file can only be meant for Vigie
_OTHERS = stat.S_IRWXO
_SHARED = stat.S_IRWXG | stat.S_IRWXO


class SettingsError(Exception):
    """The configuration is invalid. Each of `problems` is one French line that says what to do."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def read(file: Path, secrets: Collection[str]) -> tuple[Mapping[str, str | None], list[str]]:
    """Return the values that a settings file sets, by name, and one French line for each problem.

    `secrets`: the names of the secret settings. The file is read only once, since it may be a pipe. Raises
    `SettingsError` when the file cannot be read, which may explain every other problem.
    """
    try:
        with file.open("rb") as opened:
            status = os.fstat(opened.fileno())
            content = opened.read()
            is_fixed = bool(os.fstatvfs(opened.fileno()).f_flag & os.ST_RDONLY)
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise _unreadable(file, f"n'est pas en UTF-8 (ligne {line}). Enregistrez-le en UTF-8.") from error
    except FileNotFoundError as error:
        raise _unreadable(file, "n'existe pas. Vérifiez son chemin, ou créez-le.") from error
    except OSError as error:
        why = (
            "est un dossier. Donnez le fichier."
            if file.is_dir()
            else "ne peut pas être lu. Vérifiez ses permissions."
        )
        raise _unreadable(file, why) from error
    bindings = list(parse_stream(io.StringIO(text)))
    problems = [*_malformed(bindings, file), *_repeated(bindings, file)]
    values = parse(text)
    exposed = [name for name, value in values.items() if value and name.upper() in secrets]
    # If root owns the file, a group that may read it was given this right on purpose, as in /etc.
    others = _SHARED if status.st_uid else _OTHERS | stat.S_IWGRP
    is_shared = stat.S_ISREG(status.st_mode) and status.st_mode & others
    # The permissions of a file that systemd or a container provides cannot be changed from here.
    if exposed and is_shared and not (is_fixed or places.is_credential(file)):
        problems.insert(0, _exposure(file, status, exposed[0]))
    return values, problems


def parse(text: str) -> Mapping[str, str | None]:
    """Return the values that a text sets, by name, without its malformed lines."""
    bindings = parse_stream(io.StringIO(text))
    understood = "".join(binding.original.string for binding in bindings if not binding.error)
    return dotenv_values(stream=io.StringIO(understood), interpolate=False)  # a secret may hold « ${ »


def _line(binding: Binding) -> int:
    """Return the line number of a setting, without the empty lines that the parser puts before it."""
    text = binding.original.string
    return binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")


def _malformed(bindings: Iterable[Binding], file: Path) -> Iterator[str]:
    for binding in bindings:
        value = binding.original.string.partition("=")[2].lstrip(" \t")
        where = f"{file}, ligne {_line(binding)}\u00a0:"
        if binding.error and value[:1] in {'"', "'"}:
            yield f"{where} le guillemet {value[0]} n'est pas fermé. Fermez-le, ou enlevez-le."
        elif binding.error or (binding.key and binding.value is None):
            yield f"{where} il faut un nom, le signe = et une valeur."
        elif binding.key and not binding.value and re.match(r"#\S", value):
            yield f"{where} ce qui suit # n'est pas lu. Mettez la valeur entre guillemets."


def _repeated(bindings: Iterable[Binding], file: Path) -> Iterator[str]:
    """Yield a French line for each name set by several lines."""
    lines: dict[str, list[str]] = {}
    for binding in bindings:
        if binding.key and binding.value:
            lines.setdefault(binding.key.upper(), []).append(str(_line(binding)))
    for name, numbers in lines.items():
        if len(numbers) > 1:
            listing = " et ".join([", ".join(numbers[:-1]), numbers[-1]])
            yield f"{name}\u00a0: {file} en a plusieurs, lignes {listing}. N'en gardez qu'un."


def unknown_names(
    names: Iterable[str], known: Collection[str], prefixes: Sequence[str] = PREFIXES
) -> list[str]:
    """Return one French line for each unknown name.

    A name with one of `prefixes` must be meant for Vigie. Any other name may be for another program, so it is
    reported only if it is close to a setting's. `known`: the names of the settings, in capitals.
    """
    problems = []
    for name in sorted(names):
        upper = name.upper()
        if upper in known:
            continue
        if upper.startswith(tuple(prefixes)):
            close = _closest(upper, known)
            hint = f" Vouliez-vous écrire {close}?" if close else " Enlevez-le, ou voyez docs/reglages.md."
            problems.append(f"{name}\u00a0: ce réglage n'existe pas.{hint}")
        elif prefixes == PREFIXES:
            written = upper.replace("-", "_")
            close = next(iter(get_close_matches(written, known, n=1, cutoff=0.85)), None)
            if f"VIGIE_{written}" in known:
                close = f"VIGIE_{written}"
            if close:
                problems.append(f"{name}\u00a0: ce réglage n'existe pas. Vouliez-vous écrire {close}?")
    return problems


def _closest(name: str, known: Iterable[str]) -> str | None:
    """Return the name in `known` that is closest to `name`, or None. Prefixes are not compared."""
    bare = name.removeprefix("VIGIE_")
    start = next((prefix for prefix in PREFIXES if bare.startswith(prefix)), "")
    rest = {setting.removeprefix("VIGIE_"): setting for setting in known}
    rest = {key.removeprefix(start): setting for key, setting in rest.items() if key.startswith(start)}
    typed = bare.removeprefix(start)
    # the same words in any order
    same = (key for key in rest if sorted(key.split("_")) == sorted(typed.split("_")))
    close = [*same, *get_close_matches(typed, rest, n=1)]
    return rest[close[0]] if close else None


def _unreadable(file: Path, why: str) -> SettingsError:
    return SettingsError([f"Le fichier de réglages «\u00a0{file}\u00a0» {why}"])


def _exposure(file: Path, status: os.stat_result, name: str) -> str:
    path = shlex.quote(str(file))
    if os.geteuid() in {0, status.st_uid}:
        command = f"chmod 600 {path}"
    else:  # the owner must change the permissions
        try:
            group = grp.getgrgid(os.getegid()).gr_name
        except KeyError:
            group = str(os.getegid())
        command = f"sudo chgrp {group} {path} && sudo chmod 640 {path}"
        if status.st_uid:
            command = f"sudo chown root {path} && {command}"
    return (
        f"{file}\u00a0: d'autres comptes de la machine peuvent lire ou changer ce fichier, qui contient un "
        f"secret ({name}). Tapez\u00a0: {command}"
    )
