"""Where trained models are kept, and which one serves.

`<folder>/<policy>-<fingerprint>.npz` is a model, under the name of what it was trained on: the bank, the
spelling, the policy's text and this program's way of training. `<folder>/<policy>-<base>.json` is, for one
text, the verdict on the latest bank: the model that serves, and how it and the one before it did on the
questions set aside. A model that did worse does not serve, and its bank is not tried again until it changes.
Each text has its own verdict, so that a revision is learnt before its day while the text in force is served.

Everything is written in one step, so that two processes at once do no harm; what is damaged is made again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from tempfile import NamedTemporaryFile
from threading import Lock
from typing import TYPE_CHECKING, Any

from bot.answers import bank
from bot.answers.engine import text as question_text
from bot.answers.engine.scores import FORMAT, ModelError
from bot.answers.engine.text import Texts
from bot.language.spelling import read_table
from bot.policy import search
from bot.policy.articles import Version
from bot.policy.changes import identities

if TYPE_CHECKING:
    from bot.answers.engine.model import Model

TRAINING = 3  # counts what changes in how models are trained, so that older ones are made again
KEPT = 4  # models of one policy: of the text in force, of the one to come, and the latest used before them
SLOWEST = 600.0  # seconds for one training; twenty are enough on one core
ENOUGH = 5  # answered questions for each clause, under which text alone does better
_making = Lock()  # whoever asks for what is being made waits for it, rather than have it made twice
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_ROOT = Path(__file__).resolve().parents[3]  # of this program, wherever it is run from
PROGRAM = "bot.answers.train"


@dataclass(frozen=True)
class Sources:
    """What a policy's model is made of: folders that hold policies, and one version's text."""

    folders: tuple[Path, ...]
    version: Version

    def banks(self) -> tuple[Path, ...]:
        """Return the files that hold the bank's lines."""
        return bank.files(self.folders, self.version.policy)

    def lines(self, name: str = bank.BANK) -> tuple[bank.BankLine, ...]:
        """Return the bank's lines that can be asked of the version. Raises `PolicyError`, OSError.

        Those that say that an older version did not answer are left out where this one may: whether it does
        is for people to say.
        """
        # Not checked against the version: a line of an older one must not silence all the others.
        written = bank.read(bank.files(self.folders, self.version.policy, name), None)
        kept = tuple(line for line in written if not self._may_be_answered(line))
        return bank.without_missing(bank.carried(kept, self.version), self.version)

    def _may_be_answered(self, line: bank.BankLine) -> bool:
        fresh = identities.fresh(bank.origin(line, self.version), self.version)
        about = bool(fresh) and line.reason in {"silent", "near_miss"}  # the others are about nothing of this
        return about and bool(question_text.held(self._texts, fresh, line.question))

    @cached_property
    def _texts(self) -> Texts:
        return Texts(self.version, {}, read_table(bank.tables(self.folders)), search.indexed)

    def stamp(self) -> tuple[object, ...]:
        """Return what changes when a file or the text does; cheap to look at. Raises OSError."""
        files = (
            (path, status.st_mtime_ns, status.st_size)
            for path in (*self.banks(), *bank.tables(self.folders))
            for status in [path.stat()]
        )
        return (self.version.sha256, *files)

    def base(self) -> str:
        """Return the fingerprint of all but the bank: models of one base can be compared. Raises OSError."""
        text = "\n".join(self.version.pieces()).encode()
        how = f"{FORMAT}.{TRAINING}".encode()
        return bank.fingerprint([how, text, *bank.content(bank.tables(self.folders))])

    def key(self) -> str:
        """Return the fingerprint of everything that a model depends on. Raises OSError."""
        return bank.fingerprint([self.base().encode(), *bank.content(self.banks())])


@dataclass(frozen=True, slots=True)
class ModelScore:
    """Shares, from 0 to 1, of the questions set aside that are rightly answered (see `evaluation`)."""

    top1: float
    top3: float
    joint: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a bank. `bank`: its `Sources.key`; `base`: its `Sources.base`; `lines`: how many it has.

    `model`: the file of the model that serves. `swapped`: whether it is the one that this bank makes, or
    the one before, which did better. `before`, `after`: the two on the questions set aside; None when
    there was none before, or nothing is set aside.
    """

    bank: str
    base: str
    lines: int
    model: str
    swapped: bool
    before: ModelScore | None = None
    after: ModelScore | None = None


def is_enough(lines: Sequence[bank.BankLine], version: Version) -> bool:
    """Tell whether a bank can train a model that does better than the text alone."""
    return sum(bool(line.gold) for line in lines) >= ENOUGH * len(version.clauses())


def verdict(sources: Sources, models: Path) -> Verdict | None:
    """Return the latest verdict on a bank for this text, None when there is none or it is damaged.

    Raises OSError when the bank cannot be read.
    """
    path = models / _verdict_name(sources.version.policy, sources.base())
    try:
        found = read_verdict(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError, KeyError):
        return None
    for used in (path, models / found.model):
        with suppress(OSError):  # it can be read, and that is enough
            os.utime(used)  # what was used last is removed last
    return found


def _verdict_name(policy: str, base: str) -> str:
    return f"{policy}-{base}.json"


def read_verdict(data: dict[str, Any]) -> Verdict:
    """Read what was written as JSON. Raises `TypeError` or `KeyError` when it is something else."""
    scores = {key: ModelScore(**data[key]) if data[key] else None for key in ("before", "after")}
    return Verdict(**{**data, **scores})


def find(sources: Sources, models: Path) -> tuple[Model | None, bool]:
    """Return the model that can serve now, and whether it is the one that must: the bank has its verdict.

    Raises OSError when the bank cannot be read.
    """
    found = verdict(sources, models)
    if found is None:
        return None, False
    from bot.answers.engine import model as question_model  # noqa: PLC0415 — numpy: 60 ms and 15 MB, for the first question

    try:
        return question_model.load(models / found.model), found.bank == sources.key()
    except ModelError:
        return None, False


def settled(sources: Sources, models: Path) -> bool:
    """Tell, without loading a model, whether a policy's bank has its verdict, or has nothing to teach.

    Raises OSError when the bank cannot be read.
    """
    if not sources.banks():
        return True
    found = verdict(sources, models)
    return found is not None and found.bank == sources.key() and (models / found.model).is_file()


def make(sources: Sources, models: Path) -> Verdict:
    """Train on the bank in a process of its own, and have the model serve unless it does worse than before.

    Takes about twenty seconds, and nothing when the bank has its verdict already. Raises `ModelError`,
    whose text says why in French.
    """
    arguments = ["--politique", sources.version.policy, "--adoptee", sources.version.adopted.isoformat()]
    arguments += [part for folder in sources.folders for part in ("--dossier", str(folder))]
    texts = [
        {"adopted": one.key, "effective": one.effective and one.effective.isoformat(), "text": one.markdown}
        for one in identities.chain(sources.version)
        if one.markdown
    ]
    with _making:
        return read_verdict(_run([*arguments, "--modeles", str(models)], json.dumps(texts)))


def _run(arguments: Iterable[str], texts: str) -> dict[str, Any]:
    """Run the training program on texts, and return what it prints. Raises `ModelError`, with its last line.

    One thread for its arithmetic, so that the bot keeps a core.
    """
    paths = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH", "")]))
    environment = os.environ | {"PYTHONPATH": paths, "PYTHONUTF8": "1"} | dict.fromkeys(_THREADS, "1")
    try:
        done = subprocess.run(  # noqa: S603 — this program's own module
            [sys.executable, "-m", PROGRAM, *arguments],
            input=texts,
            capture_output=True,
            encoding="utf-8",
            timeout=SLOWEST,
            check=False,
            env=environment,
        )
    except subprocess.TimeoutExpired as error:
        raise ModelError("l'entraînement a été trop long.") from error
    if done.returncode:
        raise ModelError((done.stderr.strip().splitlines() or ["l'entraînement a échoué."])[-1])
    printed: dict[str, Any] = json.loads(done.stdout)
    return printed


def put(model: Model, models: Path, name: str) -> None:
    """Put a model in its place, in one step. Raises OSError."""
    from bot.answers.engine import model as question_model  # noqa: PLC0415 — same

    with _replacing(models / name) as draft:
        question_model.save(model, draft)


def settle(models: Path, policy: str, found: Verdict) -> None:
    """Write a verdict, in one step, and remove the models unused for longest. Raises OSError."""
    with _replacing(models / _verdict_name(policy, found.base)) as draft:
        draft.write_text(json.dumps(asdict(found)), "utf-8")
    for ending in ("npz", "json"):
        paths = sorted(models.glob(f"{policy}-*.{ending}"), key=_age, reverse=True)
        serving = {found.model, _verdict_name(policy, found.base)}
        others = [path for path in paths if path.name not in serving]
        for path in others[KEPT - 1 :]:
            path.unlink(missing_ok=True)


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """Give a file to write, which takes the place of `path` at the end, whatever else writes there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}-", delete=False) as file:
        draft = Path(file.name)
    try:
        yield draft
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # another process removed it
        return 0.0
