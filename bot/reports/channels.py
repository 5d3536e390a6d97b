"""Other places to turn to, for someone in danger or who fears reprisals, listed in `data/channels.toml`.

The association may have its own list, in a file of the same name in its own data folder.
"""

import logging
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.logs import loggable

logger = logging.getLogger(__name__)

FILE: Final = "channels.toml"
_MOST: Final = 15  # channels: given the lengths of their texts, more would not fit in one message
_LONGEST: Final = 150


@dataclass(frozen=True, slots=True)
class Channel:
    """Another place to turn to: its name, its purpose, and how to reach it, "" if not filled in."""

    name: str
    role: str
    contact: str = ""

    @property
    def described(self) -> str:
        """The channel's purpose and how to reach it, to show after its name."""
        return f"{self.role} ({self.contact})." if self.contact else f"{self.role}."


def load_channels(folders: Sequence[Path]) -> tuple[Channel, ...]:
    """Return the channels of the last of `folders` that lists any.

    If that list cannot be read, return the shipped list, which is in the first folder, so that there are
    always channels to show. Raises the errors of reading the shipped list.
    """
    for folder in reversed(folders[1:]):
        if (folder / FILE).exists():
            try:
                return _read(folder)
            except (OSError, ValueError, TypeError, LookupError) as error:
                logger.warning("channels.toml cannot be read; the shipped list is used: %s", loggable(error))
    return _read(folders[0])


def _read(folder: Path) -> tuple[Channel, ...]:
    tables = tomllib.loads((folder / FILE).read_text("utf-8"))["channel"]
    channels = tuple(Channel(**table) for table in tables)
    if not 1 <= len(channels) <= _MOST:
        raise ValueError(f"{len(channels)} channels, 1 to {_MOST} allowed")
    for channel in channels:
        if max(len(channel.name), len(channel.role), len(channel.contact)) > _LONGEST:
            raise ValueError(f"a text has more than {_LONGEST} characters")
    return channels
