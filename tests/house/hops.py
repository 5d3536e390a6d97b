"""The hops of `/politique 5.10`, traced from the Discord event to the reply, as ARCHITECTURE.md prints them.

    python -m tests.house.hops [--ecrire]

It runs in a process of its own, where the bot has answered that person twice, about other clauses: what is
made once is made, and the message, its quotation and its payload are built for the first time. The bot is
built by `app`, and the event enters through the adapter, in a Discord of simcord's.

- **A function** is any code of `bot/` that is called: functions, methods, constructors, checks, properties.
  A comprehension counts with the function that holds it.
- **A step** is a call from one of our files into another. The methods of values (frozen dataclasses: a
  `Message`, a `Number`, a `Policy`…) are counted among the functions, and are no step: values are what files
  hand to one another. Steps from one file into another that follow each other are one visit.
- **No file is left and entered again**: no file enters another one twice, with a third in between; and no
  file is entered from below itself.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import reduce
from itertools import groupby
from pathlib import Path
from types import CodeType, FrameType

import click

import bot
from bot.platforms.contract import Meter
from bot.platforms.discord.client import Client
from bot.settings import Settings
from tests.kits import measures
from tests.kits.office import built
from tests.kits.platforms.discord_world import living, shown

PAGE = Path(__file__).resolve().parents[2] / "ARCHITECTURE.md"
MARK = "hops"
COMMAND = "python -m tests.house.hops"
MOST_FILES, MOST_FUNCTIONS = 10, 80
ROOT = Path(bot.__file__).parent
OPTION = "numero_mot_ou_question"  # as `/politique` is registered
_INNER = re.compile(r"\.<locals>\.<(?:genexpr|listcomp|dictcomp|setcomp|lambda)>.*")


@dataclass(frozen=True, slots=True)
class Function:
    """A function of ours: its file, from `bot/`, and its qualified name."""

    file: str
    name: str

    @classmethod
    def of(cls, code: CodeType) -> Function | None:
        """Return the function that some code is of, None when it is not ours."""
        path = Path(code.co_filename)
        if not path.is_relative_to(ROOT):
            return None
        return cls(str(path.relative_to(ROOT)), _INNER.sub("", code.co_qualname))

    @property
    def is_of_a_value(self) -> bool:
        """Whether it is a method of a frozen dataclass."""
        owner = getattr(self._module(), self.name.split(".")[0], None)
        return bool(getattr(getattr(owner, "__dataclass_params__", None), "frozen", False))

    @property
    def purpose(self) -> str:
        """The first line of its docstring."""
        found = reduce(lambda owner, name: getattr(owner, name, None), self.name.split("."), self._module())
        return (inspect.getdoc(found) or "").split("\n")[0]

    def _module(self) -> object:
        return importlib.import_module("bot." + self.file.removesuffix(".py").replace("/", "."))


@dataclass(frozen=True, slots=True)
class Visit:
    """Steps into a file that follow each other. `depth`: how many files deep, 0 for the event.

    `for_a_value`: a value of the caller's asks, whichever file drives.
    """

    caller: str
    file: str
    depth: int
    for_a_value: bool
    functions: list[Function]


@dataclass(slots=True)
class Trace:
    """The calls of functions of ours, in order: who was above, the nearest last, and what was called."""

    calls: list[tuple[tuple[Function, ...], Function]] = field(default_factory=list)
    _seen: list[FrameType] = field(default_factory=list)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Trace what is called meanwhile, on every thread."""
        threading.setprofile(self._called)
        sys.setprofile(self._called)
        try:
            yield
        finally:
            sys.setprofile(None)
            threading.setprofile(None)
            self._seen.clear()

    def _called(self, frame: FrameType, event: str, _: object) -> None:
        called = Function.of(frame.f_code) if event == "call" else None
        if called is None or any(frame is seen for seen in self._seen):  # a coroutine that goes on
            return
        self._seen.append(frame)
        above, caller = [], frame.f_back
        while caller is not None:
            if function := Function.of(caller.f_code):
                above.append(function)
            caller = caller.f_back
        self.calls.append((tuple(reversed(above)), called))

    def functions(self) -> list[Function]:
        """Return the functions that were called, each once."""
        return list(dict.fromkeys(called for _, called in self.calls))

    def visits(self) -> list[Visit]:
        """Return the visits in the order in which they begin; the first is the event, from nowhere."""
        found: list[Visit] = []
        latest: dict[str, Visit] = {}  # by caller
        for above, called in self.calls:
            caller = above[-1].file if above else ""
            if called.is_of_a_value or caller == called.file:
                continue
            if caller not in latest or latest[caller].file != called.file:
                drivers = [f.file for f in above if not f.is_of_a_value]
                for_a_value = bool(above) and above[-1].is_of_a_value
                latest[caller] = Visit(caller, called.file, len([*groupby(drivers)]), for_a_value, [])
                found.append(latest[caller])
            if called not in latest[caller].functions:
                latest[caller].functions.append(called)
        return found

    def problems(self) -> Iterator[str]:
        """Yield what is not as it must be."""
        functions, visits = self.functions(), self.visits()
        files = {function.file for function in functions}
        if len(files) > MOST_FILES:
            yield f"{len(files)} files, {MOST_FILES} at most: {', '.join(sorted(files))}"
        if len(functions) > MOST_FUNCTIONS:
            yield f"{len(functions)} functions, {MOST_FUNCTIONS} at most"
        pairs = [(visit.caller, visit.file) for visit in visits]
        for caller, file in dict.fromkeys(pair for pair in pairs if pairs.count(pair) > 1):
            yield f"{caller} leaves {file}, then enters it again"
        for above, called in self.calls:
            below = [file for file, _ in groupby(function.file for function in above)]
            if not called.is_of_a_value and called.file in below[:-1]:
                yield f"{called.file} is entered from below itself: {called.name}"


async def look_up() -> Trace:
    """Ask for 5.10 on Discord, and return the trace."""
    trace = Trace()
    with built(Settings()) as vigie:

        def client() -> Client:
            meter = Meter(vigie.metrics.ack.labels("discord").observe)
            return Client(vigie.dispatcher, vigie.library.quote, meter=meter)

        async with living(client(), client) as world:
            for number in ("7.2", "4.1"):
                await world.alice.slash(world.channel, "politique", **{OPTION: number})
            with trace.running():
                reply = await world.alice.slash(world.channel, "politique", **{OPTION: "5.10"})
            assert "5.10" in shown(reply.response)
    return trace


def described(trace: Trace) -> str:
    """Return the hops, as the page prints them."""
    lines = []
    for visit in trace.visits():
        indent = "  " * visit.depth
        owner = f", for a value of `{visit.caller}`" if visit.for_a_value else ""
        lines.append(f"{indent}- `{visit.file}`{owner}")
        lines += [f"{indent}  - `{function.name}`: {function.purpose}" for function in visit.functions]
    files = [function.file for function in trace.functions()]
    counts = ", ".join(f"`{file}` {files.count(file)}" for file in dict.fromkeys(files))
    return "\n".join([*lines, "", f"{len(files)} functions of ours in {len(set(files))} files: {counts}."])


@click.command()
@click.option("--ecrire", "write", is_flag=True, help="Mettre les étapes dans ARCHITECTURE.md.")
def main(write: bool) -> None:
    """Trace `/politique 5.10`; say what is not as it must be, and whether ARCHITECTURE.md prints it."""
    trace = asyncio.run(look_up())
    hops, page = described(trace), PAGE.read_text("utf-8")
    click.echo(hops)
    problems = list(trace.problems())
    if write:
        measures.write(hops, MARK, PAGE)
    elif measures.written(page, hops, MARK) != page:
        problems.append(f"ARCHITECTURE.md does not print these hops. Run {COMMAND} --ecrire.")
    for problem in problems:
        click.echo(problem, err=True)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
