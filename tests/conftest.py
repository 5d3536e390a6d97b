"""What every test may use: the real PA20, the real catalogue, and a skip that is a failure in CI."""

from __future__ import annotations

import gc
import os
import pickle
import sqlite3
import tomllib
from collections.abc import Callable, Generator, Iterator
from dataclasses import asdict
from datetime import date
from functools import cache
from pathlib import Path
from threading import Lock

import pytest
from hypothesis import HealthCheck, settings
from sqlite_utils import Database

from bot.answers.engine import model_files, training
from bot.app.examples import examples
from bot.conversation.dispatcher import Dispatcher
from bot.conversation.forms import Reply
from bot.conversation.messages import Quoter
from bot.policy import loading
from bot.policy.changes import lexicon
from bot.policy.library import Library
from bot.settings import SEED
from bot.storage.schema.migrations import migrations
from tests.kits.measures import Check, Figure
from tests.kits.office import TextBot, offices, working

# Machines are shared: slowness is no failure here, and `timeout` in pyproject.toml bounds each test.
# In CI the same examples are tried each time, so that what lands does not depend on luck.
settings.register_profile(
    "vigie",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    derandomize=bool(os.environ.get("CI")),
)
settings.load_profile("vigie")

TODAY = date(2026, 11, 24)
TEST_DATA = Path(__file__).parent / "data"
WAITING = ("torture", "wire", "leaks", "bench")  # for bots in processes of their own
SCHEMAS = Path(__file__).resolve().parents[2] / "shared" / "schemas"


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Leave what is collected, ten thousand tests, out of each collection of garbage, as the bot does.

    Half a million objects that live until the end would be gone through with the few that a test leaves. The
    threshold is the bot's own too (`bot/__main__.py`).
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(10_000)
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread the files that wait among those that compute, so that a processor has something to do meanwhile.

    None of them is at the end, where it would be alone; the browser's, which are long, come first.
    """
    files = list(dict.fromkeys(item.path for item in items))
    waiting = [file for room in WAITING for file in files if file.parent.name == room]
    order = sorted(set(files).difference(waiting), key=lambda file: (file.parent.name != "browser", file))
    step = len(order) // (len(waiting) + 4)
    for number, file in enumerate(waiting):
        order.insert(number * (step + 1), file)
    place = {file: number for number, file in enumerate(order)}
    items.sort(key=lambda item: place[item.path])


@pytest.fixture(scope="session", autouse=True)
def _dictionary() -> Iterator[None]:
    """The words of French are read once: the bot lets go of them as soon as nobody compares any more."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lexicon, "dictionary", cache(lexicon.dictionary))
        yield


@pytest.fixture(scope="session", autouse=True)
def _encoder() -> Iterator[None]:
    """What reads questions is loaded once: what learns, apart in the bot, lets go of it for its memory."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "release_encoder", lambda: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def _nothing_shipped() -> Iterator[None]:
    """The models that `make install` made are seen by no test, which passes alike with and without them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model_files, "SHIPPED", "aucun")
        yield


@pytest.fixture(scope="session", autouse=True)
def _migrated() -> Iterator[None]:
    """A database in memory is a copy of one that was migrated; those in files are migrated each."""
    apply, one_at_a_time = migrations.apply, Lock()

    @cache
    def model() -> Database:
        made = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        database = Database(made, strict=True)
        apply(database)
        return database

    def copy_or_apply(database: Database) -> None:
        _, _, path = database.conn.execute("PRAGMA database_list").fetchone()
        if path or database.table_names():
            apply(database)
        else:
            with one_at_a_time:
                model().conn.backup(database.conn)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "apply", copy_or_apply)
        yield


@pytest.fixture(scope="session", autouse=True)
def _parsed() -> Iterator[None]:
    """A TOML text is parsed once; each reader has a copy of its own."""
    parse = cache(lambda toml: pickle.dumps(loads(toml)))
    loads = tomllib.loads
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tomllib, "loads", lambda toml: pickle.loads(parse(toml)))  # noqa: S301 — ours
        yield


@pytest.fixture(scope="session")
def library() -> Library:
    """The policies as shipped, and the tests' own second policy."""
    return loading.load_library([SEED, TEST_DATA], "pa20", lambda: TODAY)


@pytest.fixture(scope="session")
def quote(library: Library) -> Quoter:
    """What resolves quotations."""
    return library.quote


@pytest.fixture
def check(record_property: Callable[[str, object], None]) -> Check:
    """What asserts that a figure meets its target; `make attaque` puts the figure in its table."""

    def checked(figure: Figure) -> None:
        record_property("figure", asdict(figure))
        assert not figure.missed, figure

    return checked


@pytest.fixture
def dispatcher(library: Library) -> Iterator[Dispatcher]:
    """The real catalogue at work."""
    with working(library) as dispatcher:
        yield dispatcher


@pytest.fixture(scope="session")
def replies(library: Library) -> dict[str, Reply]:
    """An example of every reply that the bot can give, by name."""
    with offices() as office:
        return examples(TextBot(library, office))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skip is a failure, but for what the repository cannot bring: schemas, programs."""
    report = yield
    if (
        os.environ.get("CI")
        and report.skipped
        and isinstance(report.longrepr, tuple)
        and not any(what in report.longrepr[2] for what in ("schemas", "is not on this machine"))
    ):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {report.longrepr[2]}"
    return report
