"""Reading a file that someone proposes as the new text of a policy."""

from __future__ import annotations

from bot.commands.revision import Text
from bot.dispatch import Received, UserError


def read(file: Received) -> Text:
    """Return the text of a file. Raises `UserError` for one that cannot be read."""
    try:
        return Text(file.content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UserError("Ce fichier n'est pas du texte en UTF-8.") from error
