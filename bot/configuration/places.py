"""The default places of the settings file and of the state, apart from the program and from each other.

Under systemd and in a container, they are the folders of the environment (systemd.exec(5): STATE_DIRECTORY,
CONFIGURATION_DIRECTORY, CREDENTIALS_DIRECTORY). In a checkout, they are the current folder. Otherwise, they
are the person's own folders (XDG Base Directory Specification).
"""

import os
from pathlib import Path
from typing import Final

PACKAGE: Final = Path(__file__).resolve().parents[1]  # the folder of `bot`
# The wheel contains the shipped policy. In a checkout, the policy is beside the package.
INSTALLED: Final = (PACKAGE / "data").is_dir()
SETTINGS_NAME: Final = "vigie.env"  # « .env » in a checkout


def state_folder() -> Path:
    """Return the folder for Vigie's state: database, keys, copies, models. It may not exist yet."""
    if folder := _given("STATE_DIRECTORY"):
        return folder
    return _own("XDG_DATA_HOME", ".local/share") if INSTALLED else Path()


def make_state_folder() -> None:
    """Make `state_folder`, readable by this person alone, unless it exists. Raises `OSError`."""
    state_folder().mkdir(mode=0o700, parents=True, exist_ok=True)


def settings_file() -> Path:
    """Return the settings file to read when no file is named. It may not exist."""
    credentials, configuration = _given("CREDENTIALS_DIRECTORY"), _given("CONFIGURATION_DIRECTORY")
    if credentials and is_there(credentials / SETTINGS_NAME):
        return credentials / SETTINGS_NAME
    if configuration:
        return configuration / SETTINGS_NAME
    return _own("XDG_CONFIG_HOME", ".config") / SETTINGS_NAME if INSTALLED else Path(".env")


def is_there(file: Path) -> bool:
    """Return whether a file exists. If its folder cannot be entered, it may exist: return True."""
    try:
        file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True  # reading the file will then raise the error
    return True


def is_credential(file: Path) -> bool:
    """Return whether this file is in systemd's folder of credentials."""
    credentials = _given("CREDENTIALS_DIRECTORY")
    return credentials is not None and file.resolve().is_relative_to(credentials.resolve())


def _given(name: str) -> Path | None:
    """Return the first folder in an environment variable where systemd lists folders, if there is one."""
    first = os.environ.get(name, "").partition(":")[0]
    return Path(first) if first else None


def _own(name: str, usual: str) -> Path:
    """Return Vigie's folder inside one of the person's own folders, which an environment variable may name.

    For an account without a home, return the current folder.
    """
    moved = Path(os.environ.get(name, ""))
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 — `Path.home` fails without a home
    if not (moved.is_absolute() or home.is_absolute()):
        return Path()
    return (moved if moved.is_absolute() else home / usual) / "vigie"
