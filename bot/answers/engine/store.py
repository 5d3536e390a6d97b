"""The storage of trained models, and the choice of the one in use.

`<folder>/<policy>-<fingerprint>.npz` is a model. The fingerprint covers its training data (the bank, the
spelling table, the policy's text) and the training method. `<folder>/<policy>-<base>.json` is the verdict on
the latest bank for one text: which model is in use, and how it and the previous model scored on the held-out
questions. A model that scores worse is not used, and its bank is not tried again until the bank changes. Each
text has its own verdict, so that a model is ready before a revision takes effect, while the text in force
keeps its own model. `<folder>/<policy>-<base>.echec` is the reason why training on the latest bank failed for
a text, as one French line.

The models shipped with the program have the same format, in the `model_files.SHIPPED` folder of a data
folder. They are read-only. A shipped model of other sources is ignored, and the bot trains a missing model in
its own folder.

Files are replaced atomically, so that two processes can write at once. A damaged file is rewritten.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from bot.answers import bank
from bot.answers.engine import model_files
from bot.answers.engine.scores import FORMAT, ModelError
from bot.answers.engine.text import ClauseWords
from bot.language.spelling import load_spelling_table
from bot.policy import search
from bot.policy.articles import PolicyError, Version
from bot.policy.changes import identities
from bot.policy.loading import Adopted
from bot.storage import files

if TYPE_CHECKING:
    from bot.answers.engine.model import Model

logger = logging.getLogger(__name__)

TRAINING = 5  # incremented when the training method changes, so that older models are rebuilt
KEPT = 4  # models per policy: for the text in force, the scheduled one, and the latest used before
SLOWEST = 600.0  # time limit of a training run, in seconds; a run takes about thirty seconds on one core
# the text of the `ModelError` for a small bank, which is not a failure
SMALL_BANK = "la banque n'a pas encore assez de questions pour cette politique. Ajoutez-en."
_FAILED = ".echec"
_UNREADABLE = "illisible"  # replaces the base in a file name, when the base's own files cannot be read
_ROOT = Path(__file__).resolve().parents[3]  # the folder that contains `bot`
_making = Lock()  # a second caller waits for the current training instead of starting another


@dataclass(frozen=True)
class Sources:
    """The sources of a policy's model: the folders of the policies, and one version's text."""

    folders: tuple[Path, ...]
    version: Version

    def banks(self) -> tuple[Path, ...]:
        """Return the files of the policy's bank."""
        return bank.bank_files(self.folders, self.version.policy)

    @cached_property
    def table(self) -> dict[str, str]:
        """The spelling table: from typed words to intended words. Raises `PolicyError`, `OSError`."""
        return load_spelling_table(bank.spelling_tables(self.folders))

    def lines(self, name: str = bank.BANK) -> tuple[bank.BankLine, ...]:
        """Return the bank's lines that fit the version. Raises `PolicyError`, `OSError`.

        A line marked as unanswered by an older version is left out when this version may answer it: a
        person must decide whether it does. A line about a clause that no longer exists is dropped, and does
        not invalidate the rest of the bank.
        """
        return self._fitting(bank.load_bank_lines(bank.bank_files(self.folders, self.version.policy, name)))

    def follow_ups(self) -> tuple[bank.BankLine, ...]:
        """Return the follow-ups that fit the version, as `lines` does. Raises `PolicyError`, `OSError`."""
        return self._fitting(bank.load_follow_ups(self.folders, self.version.policy))

    def _fitting(self, lines: Iterable[bank.BankLine]) -> tuple[bank.BankLine, ...]:
        words = ClauseWords(self.version, {}, self.table, search.indexed_keys)
        fitting = []
        for line in lines:
            fresh = identities.fresh_clauses(bank.line_origin(line, self.version), self.version)
            if not (fresh and line.unsaid and words.may_answer(line.in_context, fresh)):
                fitting.append(line)
        return bank.carried_lines(fitting, self.version)

    def stamp(self) -> tuple[object, ...]:
        """Return a value that changes with the text or the files, which are not read. Raises `OSError`."""
        paths = (*self.banks(), *self._after(), *bank.spelling_tables(self.folders))
        stats = [(path, path.stat()) for path in paths]
        return (self.version.sha256, *((path, stat.st_mtime_ns, stat.st_size) for path, stat in stats))

    def base(self) -> str:
        """Return the fingerprint of all the sources but the bank, as shared by comparable models.

        Raises `OSError`.
        """
        text = "\n".join(self.version.pieces()).encode()
        tables = (path.read_bytes() for path in bank.spelling_tables(self.folders))
        return model_files.fingerprint([f"{FORMAT}.{TRAINING}".encode(), text, *tables])

    def key(self) -> str:
        """Return the fingerprint of everything that a model depends on. Raises `OSError`."""
        paths = (*self.banks(), *self._after())
        return model_files.fingerprint([self.base().encode(), *(path.read_bytes() for path in paths)])

    def shelves(self, models: Path) -> tuple[Path, ...]:
        """Return the folders where a model may be: the bot's own, then the shipped ones."""
        return (models, *(folder / model_files.SHIPPED for folder in self.folders))

    def _after(self) -> list[Path]:
        """Return the files of the follow-ups, and of the subjects that give their context."""
        names = (bank.FOLLOW_UPS, bank.ANSWERS)
        return [path for name in names for path in bank.bank_files(self.folders, self.version.policy, name)]


@dataclass(frozen=True, slots=True, order=True)
class ModelScore:
    """A model's scores on the held-out questions, as shares from 0 to 1 (see `evaluation`).

    Scores compare by `joint`, then by `top1`.
    """

    joint: float
    top1: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """The model chosen after training on a bank. `bank`, `base`: its `Sources.key` and `Sources.base`.

    `lines`: the number of lines in the bank. `model`: the model's file name. `swapped`: whether that model
    was trained on this bank. If not, it is the previous one, which scores better. `before`, `after`: the
    scores of the previous and the new model, None if there is no previous model or no held-out question.
    """

    bank: str
    base: str
    lines: int
    model: str
    swapped: bool
    before: ModelScore | None = None
    after: ModelScore | None = None


@dataclass(frozen=True, slots=True)
class TrainingOrder:
    """The training program's input, as JSON on its standard input.

    `adopted`: the adoption date of the version to learn. `texts`: that version and the earlier ones, because
    approved texts may not be in the folders. When `texts` is empty, the texts are read from the folders.
    """

    policy: str
    adopted: date
    folders: tuple[Path, ...]
    models: Path
    texts: tuple[Adopted, ...]


@cache
def order_form() -> TypeAdapter[TrainingOrder]:
    """Return the adapter that reads and writes training orders.

    Built at the first training, since it takes 5 ms.
    """
    return TypeAdapter(TrainingOrder)


VERDICT = TypeAdapter(Verdict)


def load_verdict(sources: Sources, models: Path) -> Verdict | None:
    """Return the verdict to follow for this text, or None when it is missing or damaged. Raises `OSError`.

    The times of the verdict's files are updated, because the least recently used files are removed first.
    """
    verdict = next(iter(_verdicts(sources, models)), None)
    if verdict:
        for used in (models / _verdict_name(sources), models / verdict.model):
            with suppress(OSError):  # files may be read-only, or in the shipped folder
                os.utime(used)
    return verdict


def _verdict_name(sources: Sources) -> str:
    return f"{sources.version.policy}-{sources.base()}.json"


def _verdicts(sources: Sources, models: Path) -> list[Verdict]:
    """Return the verdicts for this text, those on the current bank first. Raises `OSError`."""
    key = sources.key()
    name = _verdict_name(sources)
    verdicts = []
    for folder in sources.shelves(models):
        with suppress(OSError, ValueError):
            verdicts.append(VERDICT.validate_json((folder / name).read_bytes()))
    return sorted(verdicts, key=lambda verdict: verdict.bank != key)


def _model_file(sources: Sources, models: Path, verdict: Verdict) -> Path:
    paths = [folder / verdict.model for folder in sources.shelves(models)]
    return next((path for path in paths if path.is_file()), paths[0])


def find_judged(sources: Sources, models: Path) -> tuple[Model, Verdict] | None:
    """Return the model to use now, with the verdict that chose it, or None when no model can be loaded.

    Log each model that is damaged or missing. Raises `OSError` when the bank cannot be read.
    """
    if load_verdict(sources, models) is None:
        return None
    from bot.answers.engine.model import load_model  # noqa: PLC0415 — numpy: 60 ms and 15 MB, for the first question

    for verdict in _verdicts(sources, models):
        try:
            return load_model(_model_file(sources, models, verdict)), verdict
        except ModelError as error:
            logger.warning("%s Its bank is learnt again.", error)
    return None


def find_model(sources: Sources, models: Path) -> tuple[Model | None, bool]:
    """Return the model to use now, and whether its verdict is about the current bank.

    Raises `OSError` when the bank cannot be read.
    """
    model, verdict = find_judged(sources, models) or (None, None)
    current = verdict is not None and verdict.bank == sources.key()
    if current:
        with suppress(OSError):  # the folder may be read-only
            _failure(sources, models).unlink(missing_ok=True)
    return model, current


def is_learnt(sources: Sources, models: Path) -> bool:
    """Return whether nothing remains to be trained for now, without loading a model.

    This is so when the bank has its verdict, is too small for one, or does not exist. Raises `OSError` if the
    bank cannot be read.
    """
    verdict = load_verdict(sources, models)
    judged = (
        verdict is not None
        and verdict.bank == sources.key()
        and _model_file(sources, models, verdict).is_file()
    )
    return judged or not sources.banks() or is_small(sources)


def is_small(sources: Sources) -> bool:
    """Return whether a policy's bank is too small to train a model, and so only supplements its text.

    An invalid bank is not considered small: training reports what is wrong with it. Raises `OSError`.
    """
    try:
        return bool(sources.banks()) and not bank.is_enough(sources.lines(), sources.version)
    except PolicyError:
        return False


def learn(sources: Sources, models: Path) -> Verdict:
    """Train on the bank in a separate process, and return the verdict.

    Takes about thirty seconds, or no time when the bank already has its verdict. Raises `ModelError` with a
    French sentence: `SMALL_BANK`, or whatever failed, which `failures` then reports.
    """
    if is_small(sources):
        raise ModelError(SMALL_BANK)
    with _making:
        try:
            verdict = VERDICT.validate_json(_run(order_form().dump_json(_order(sources, models)).decode()))
        except ModelError as error:
            note_failure(sources, models, str(error))
            raise
        except (OSError, ValueError, PolicyError) as error:
            failed = ModelError(explain(error))
            note_failure(sources, models, str(failed))
            raise failed from error
    with suppress(OSError):
        _failure(sources, models).unlink(missing_ok=True)
        _failure_file(sources, models, _UNREADABLE).unlink(missing_ok=True)
    return verdict


def _order(sources: Sources, models: Path) -> TrainingOrder:
    version = sources.version
    texts = tuple(
        Adopted(date.fromisoformat(text.key), text.effective, text.markdown)
        for text in identities.chain(version)
        if text.markdown
    )
    return TrainingOrder(version.policy, version.adopted, sources.folders, models, texts)


def explain(error: Exception) -> str:
    """Return why a bank was not learnt, as one French line. The text of libraries' errors is left out."""
    if isinstance(error, ModelError | PolicyError):
        return str(error)
    if isinstance(error, OSError) and error.errno:
        return f"l'entraînement n'a pas pu se faire ({files.reason(error)})."
    return f"l'entraînement a échoué ({type(error).__name__})."


def note_failure(sources: Sources, models: Path, cause: str) -> bool:
    """Record why the latest bank was not learnt. Return False if the record could not be written."""
    try:
        with model_files.replacing(_failure(sources, models)) as draft:
            draft.write_text(cause, "utf-8")
    except OSError:
        return False
    return True


def failures(models: Path) -> dict[str, str]:
    """Return the reasons why training on the latest banks failed, by policy, as one French line each."""
    causes = {}
    for path in sorted(models.glob(f"*{_FAILED}")):
        with suppress(OSError):  # just removed by a successful training
            causes[path.name.rpartition("-")[0]] = path.read_text("utf-8")
    return causes


def forget_failures(models: Path) -> None:
    """Delete the recorded training failures, so that every bank is tried again. Raises `OSError`."""
    for path in models.glob(f"*{_FAILED}"):
        path.unlink(missing_ok=True)


def _failure(sources: Sources, models: Path) -> Path:
    try:
        base = sources.base()
    except OSError:  # an unreadable spelling table is itself why the bank was not learnt
        base = _UNREADABLE
    return _failure_file(sources, models, base)


def _failure_file(sources: Sources, models: Path, base: str) -> Path:
    return models / f"{sources.version.policy}-{base}{_FAILED}"


def _run(order: str) -> str:
    """Run the training program on an order, and return its output. Raises `ModelError`."""
    paths = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH", "")]))
    # A single computing thread, so that the bot keeps a core. Freed memory is returned to the system, except
    # arrays of less than 4 MB, such as the encoder's, which are soon allocated again.
    economical = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MALLOC_ARENA_MAX"), "1")
    economical |= dict.fromkeys(("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_"), "4194304")
    economical["PYTHONMALLOC"] = "malloc"
    try:
        done = subprocess.run(  # noqa: S603 — no user input
            [sys.executable, "-m", "bot.answers.train", str(os.getpid())],
            input=order,
            capture_output=True,
            encoding="utf-8",
            timeout=SLOWEST,
            check=False,
            env=os.environ | {"PYTHONPATH": paths, "PYTHONUTF8": "1"} | economical,
        )
    except subprocess.TimeoutExpired as error:
        raise ModelError("l'entraînement a été trop long.") from error
    if done.returncode < 0:
        why = "la mémoire manque-t-elle?"
        raise ModelError(f"l'entraînement a été arrêté (signal {-done.returncode})\u00a0: {why}")
    line = (done.stderr.strip().splitlines() or ["l'entraînement a échoué."])[-1]
    if done.returncode and "Traceback" in done.stderr:  # the exception's text may contain private data
        raise ModelError(f"l'entraînement a échoué ({line.partition(':')[0]}).")
    if done.returncode:
        raise ModelError(line)
    return done.stdout


def save_verdict(models: Path, policy: str, verdict: Verdict, trained: Model | None = None) -> None:
    """Write a verdict, with the model `trained` if given, and remove the least recently used files.

    Raises `OSError`.
    """
    if trained:
        from bot.answers.engine.model import save_model  # noqa: PLC0415 — numpy, loaded already to train

        with model_files.replacing(models / verdict.model) as draft:
            save_model(trained, draft, verdict.bank)
    name = f"{policy}-{verdict.base}.json"
    with model_files.replacing(models / name) as draft:
        draft.write_bytes(VERDICT.dump_json(verdict))
    with suppress(FileNotFoundError):  # another process is removing them too
        for ending in ("npz", "json"):
            paths = sorted(
                models.glob(f"{policy}-*.{ending}"), key=lambda path: path.stat().st_mtime, reverse=True
            )
            for path in [path for path in paths if path.name not in {verdict.model, name}][KEPT - 1 :]:
                path.unlink()
