"""`vigie installer` with someone at the keyboard who types what a test wrote."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import click

from bot.cli import base, main
from bot.cli.installer import installation
from bot.cli.installer.answers import Answers
from bot.cli.installer.interview import InterviewStoppedError, Manner, interview
from bot.cli.installer.questions import QUESTIONS

MANIFEST = '{"display_information": {"name": "Vigie"}}'
ENTER = ""
Line: TypeAlias = str | Callable[[], str]


@dataclass
class Typist:
    """A terminal where each line of `typed` answers what is asked next, then Ctrl-C.

    A line may be a function: what happens elsewhere before the person types what it returns.
    `lines`: what was shown, with its manner. `secrets`: whether each line that was asked for was hidden.
    """

    typed: Sequence[Line]
    lines: list[tuple[Manner, str]] = field(default_factory=list)
    secrets: list[bool] = field(default_factory=list)
    _next: Iterator[Line] = field(init=False)

    def __post_init__(self) -> None:
        self._next = iter(self.typed)

    def show(self, text: str, manner: Manner = "text") -> None:
        self.lines.append((manner, text))

    def ask(self, *, secret: bool = False) -> str:
        self.secrets.append(secret)
        line = next(self._next, None)
        if line is None:
            raise InterviewStoppedError
        return line() if callable(line) else line

    def working(self, text: str) -> AbstractContextManager[object]:
        assert text.endswith("…")
        return nullcontext()

    def said(self, *manners: Manner) -> str:
        """Return what was shown, one text a line, in these manners or in all."""
        return "\n".join(text for manner, text in self.lines if not manners or manner in manners)

    @property
    def last(self) -> str:
        """The last question that was asked."""
        return [text for manner, text in self.lines if manner == "title"][-1]


def text_of(file: Path) -> str:
    """Return the text of a settings file."""
    return file.read_text("utf-8")


def write(file: Path, text: str) -> None:
    """Write a settings file as someone would, for everyone to read."""
    file.write_text(text, "utf-8")
    file.chmod(0o644)


def is_private(file: Path) -> bool:
    """Return whether its owner alone may read a file."""
    return file.stat().st_mode & 0o777 == 0o600


def answers_in(file: Path) -> Answers:
    """Return the answers that a settings file holds."""
    answers = Answers(file, lambda _: MANIFEST)
    answers.open()
    return answers


async def answering(file: Path, *typed: Line) -> tuple[Typist, Answers]:
    """Answer the questions over a settings file until there is nothing more to type, and return what came."""
    typist, answers = Typist(typed), answers_in(file)

    def talk() -> None:
        try:
            interview(QUESTIONS, answers, typist)
        except InterviewStoppedError:
            return

    await asyncio.to_thread(talk)
    return typist, answers


async def installing(file: Path, *typed: Line) -> tuple[Typist, bool | None]:
    """Run the whole command, and return the terminal and whether all works, None if the person stopped."""
    typist = Typist(typed)

    def run() -> bool | None:
        with click.Context(main.vigie, obj=base.CommandLine(file)):
            try:
                return installation.install(typist, file)
            except click.Abort:
                return None

    return typist, await asyncio.to_thread(run)
