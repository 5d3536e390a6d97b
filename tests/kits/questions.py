"""Answering questions in tests: the shipped model, trained once and shared, and a small policy of our own."""

from __future__ import annotations

import fcntl
import io
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import date
from pathlib import Path
from threading import Lock

import pytest

from bot.answers import train
from bot.answers.bank import ANSWERS, BANK, FOLLOW_UPS, GATE, BankLine
from bot.answers.engine import store
from bot.answers.engine.scores import ModelError
from bot.answers.engine.shelf import ModelShelf
from bot.answers.questions import Engine, PolicyAnswer
from bot.policy import articles, loading
from bot.policy.articles import Number, Version
from bot.policy.library import Library, Policy
from bot.settings import SEED

one_thread = Lock()  # the standard output is the process's
MODELS = Path(__file__).resolve().parents[2] / ".cache" / "modeles"  # kept from one run to the next
INSTALLED = SEED / "modeles"  # those of `make install`, which spare a training

TOPICS = {
    "1.1": ("bicyclette", "vélo", "cadenas", "pneu", "guidon"),
    "1.2": ("piano", "musique", "partition", "concert", "orchestre"),
    "2.1": ("jardin", "tomate", "arrosoir", "semis", "récolte"),
    "2.2": ("chien", "laisse", "chiot", "museau", "niche"),
}
ELSEWHERE = ("fusée", "planète", "comète", "satellite", "galaxie")
SHAPES = (
    "Que dit-on de: {}?",
    "J'ai une question sur {}",
    "{} est-ce permis ici",
    "Parlez-moi donc de {} s'il vous plaît",
)
TEXT = """# **ARTICLE 1 : CHOSES**

- 1.1 La bicyclette se range dehors.
- 1.2 Le piano se joue le soir.

# **ARTICLE 2 : VIVANTS**

- 2.1 Le jardin est à tout le monde.
- 2.2 Le chien reste en laisse.
"""


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Hold other processes of the tests here."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".verrou").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def learn() -> store.Sources:
    """Have the shipped bank learnt, once for all the bots of the tests, which then need not do it."""
    sources = store.Sources((SEED,), loading.load_library([SEED], "pa20", date.today).default.versions[-1])
    with one_at_a_time(MODELS):
        if INSTALLED.is_dir() and not store.is_learnt(sources, MODELS):
            shutil.copytree(INSTALLED, MODELS, dirs_exist_ok=True)
        store.learn(sources, MODELS)
    return sources


@pytest.fixture(scope="session", autouse=True)
def learnt() -> None:
    """What the tests of a folder need when they start bots; its `conftest` imports this."""
    learn()


@pytest.fixture(scope="session")
def engine(library: Library) -> Engine:
    """The real engine with the real bank, trained."""
    learn()
    shelf = ModelShelf([SEED], MODELS)
    assert shelf.prepare(library.default.versions[-1])
    for policy in library.policies.values():
        if not shelf.prepare(policy.versions[-1]):  # a text is read only where there is no model
            shelf.read(policy.versions[-1])  # a question asked meanwhile is answered by search alone
    return Engine([SEED], shelf)


def add_question(folder: Path) -> Path:
    """Return data of an association's own: a question about PA20, so that no model was made of that bank."""
    bank = folder / "donnees" / "politique" / "pa20"
    bank.mkdir(parents=True, exist_ok=True)
    line = BankLine("Qui doit lire ceci?", "direct", "answer", named("1.1"), (), "essai")
    (bank / BANK).write_text(f"{line.as_json()}\n", "utf-8")
    return folder / "donnees"


def numbers(answer: PolicyAnswer) -> list[str]:
    return [str(clause.number) for clause in answer.clauses]


def named(*texts: str) -> tuple[Number, ...]:
    return tuple(map(Number, texts))


class Small:
    """A policy of four clauses, with a bank that is learned in no time."""

    def __init__(self, root: Path) -> None:
        self.shipped, self.own, self.models = root / "livre", root / "ajouts", root / "modeles"
        self.policy_folder = self.shipped / "politique" / "petite"
        self.policy_folder.mkdir(parents=True)
        (self.own / "politique" / "petite").mkdir(parents=True)
        shutil.copytree(SEED / "spelling", self.shipped / "spelling")
        (self.policy_folder / "2024-01-01.md").write_text(TEXT, "utf-8")
        self.write(self.policy_folder / BANK, self.lines(SHAPES[:3]))
        self.write(self.policy_folder / GATE, self.lines(SHAPES[3:]))

    @property
    def folders(self) -> tuple[Path, Path]:
        return self.shipped, self.own

    @property
    def policy(self) -> Policy:
        return loading.load_library(self.folders, "petite", lambda: date(2026, 1, 1)).default

    @property
    def version(self) -> Version:
        return self.policy.versions[-1]

    @property
    def sources(self) -> store.Sources:
        return store.Sources(self.folders, self.version)

    @property
    def own_bank(self) -> Path:
        return self.own / "politique" / "petite" / BANK

    @staticmethod
    def lines(shapes: tuple[str, ...]) -> list[BankLine]:
        asked = [
            BankLine(shape.format(word), "direct", "answer", named(number), (), shape[:3])
            for shape in shapes
            for number, words in TOPICS.items()
            for word in words
        ]
        return asked + [
            BankLine(shape.format(word), "off_topic", "out_of_scope", (), (), shape[:3])
            for shape in shapes
            for word in ELSEWHERE
        ]

    def follow_up(self, *shapes: str) -> None:
        """Teach questions that follow a clause and ask the same of it, and one that no clause answers."""
        subjects = "".join(f'"{number}" = "{words[0].title()}"\n' for number, words in TOPICS.items())
        (self.policy_folder / ANSWERS).write_text(f"[subject]\n{subjects}", "utf-8")
        lines = [
            BankLine(shape, "direct", "answer", named(number), (), shape[:5], after=Number(number))
            for number in TOPICS
            for shape in shapes
        ] + [
            BankLine(f"qui {shape}", "near_miss", "silent", (), (), shape[:5], after=Number(number))
            for number in TOPICS
            for shape in shapes
        ]
        self.write(self.policy_folder / FOLLOW_UPS, lines)

    @staticmethod
    def write(path: Path, lines: list[BankLine]) -> None:
        path.write_text("".join(f"{line.as_json()}\n" for line in lines), "utf-8")


@pytest.fixture
def small_apart(tmp_path: Path) -> Small:
    """A small policy, learned in a process of its own, as everywhere but in tests."""
    return Small(tmp_path)


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Small:
    """A small policy, learned here, which spares two seconds."""

    def run(order: str) -> str:
        printed = io.StringIO()
        with one_thread, redirect_stdout(printed):
            monkeypatch.setattr(sys, "stdin", io.StringIO(order))
            try:
                train.main()
            except SystemExit as problem:
                raise ModelError(str(problem)) from problem
        return printed.getvalue()

    monkeypatch.setattr(store, "_run", run)
    monkeypatch.setattr(os, "nice", lambda _: 0)
    return Small(tmp_path)


def version_of(text: str) -> Version:
    return articles.parse(text, policy="petite", adopted=date(2025, 1, 1))
