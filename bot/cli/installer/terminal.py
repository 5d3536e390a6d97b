"""The terminal of an installation: wrapped lines, in colour where the terminal has colours.

rich knows what the terminal can do: its width, NO_COLOR, TERM=dumb. textwrap wraps the lines, because rich
breaks lines at no-break spaces too. No line is drawn twice, so that a screen reader, a slow connection or a
copied session gives the same text.
"""

import getpass
import re
import shutil
import sys
import termios
import textwrap
from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from typing import Final

with suppress(ImportError):
    import readline  # noqa: F401 — the arrow keys then move within the typed line

from rich.console import Console
from rich.text import Text

from bot.cli.installer.interview import InterviewStoppedError, Manner

_WIDTH: Final = 88
_PROMPT: Final = "> "
# The sign before the first line, and the style of the sign. The text has the terminal's default colour.
_SIGNS: Final[Mapping[str, tuple[str, str]]] = {
    "good": ("✓ ", "bold green"),
    "bad": ("✗ ", "bold red"),
    "note": ("• ", "bold"),
    "step": ("  ", ""),
}


class LineTerminal:
    """A `bot.cli.installer.interview.Terminal` on the standard input and output."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, emoji=False, markup=False)

    def show(self, text: str, manner: Manner = "text") -> None:
        """Print a text, wrapped at the terminal's width unless the text is meant to be copied."""
        if manner == "copy":
            self._console.print(Text(text), soft_wrap=True)
            return
        if manner == "title":
            self._console.print()
        sign, style = _SIGNS.get(manner, ("", ""))
        number = re.match(r"\d+\. ", text)
        wrapped = textwrap.wrap(
            text,
            min(shutil.get_terminal_size().columns, _WIDTH) - 1,  # rich assumes that a plain terminal is wide
            initial_indent=sign,
            subsequent_indent=" " * (len(sign) + (number.end() if number and manner == "step" else 0)),
            break_long_words=False,
            break_on_hyphens=False,
        )
        line = Text("\n".join(wrapped), style="bold" if manner == "title" else "")
        if sign.strip():
            line.stylize(style, 0, 1)
        self._console.print(line, soft_wrap=True)

    def ask(self, *, secret: bool = False) -> str:
        """Return what the person types. Raises `InterviewStoppedError` on Ctrl-C or at the end of the input.

        Lines typed before the question are dropped, so that several pasted lines answer only one question.
        """
        with suppress(termios.error, ValueError):
            termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
        try:
            return getpass.getpass(_PROMPT) if secret else input(_PROMPT)
        except (EOFError, KeyboardInterrupt) as error:
            self._console.print()
            raise InterviewStoppedError from error
        except UnicodeDecodeError:
            return "\N{REPLACEMENT CHARACTER}"

    def working(self, text: str) -> AbstractContextManager[object]:
        """Show an animated line while work is in progress, or nothing where a line cannot be erased."""
        return self._console.status(text)
