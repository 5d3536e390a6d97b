"""The association's own lines of the bank of questions: added from the chat, layered over what is shipped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from bot.answers import bank
from bot.answers.bank import BANK, BankLine
from bot.answers.engine import text as question_text
from bot.answers.engine.text import Texts
from bot.policy import search
from bot.policy.articles import Number, PolicyError
from bot.policy.changes import identities
from bot.policy.library import Policy
from bot.storage import files


def add(folder: Path, policy: str, line: BankLine) -> None:
    """Write a line in the association's bank, in the place of the one that asks the same question.

    The file is there whole or not at all. To be called on the storage thread, the one writer.
    Raises `StorageError` when the disk refuses.
    """
    path = folder / "politique" / policy / BANK
    with files.explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        before = path.read_text("utf-8").splitlines() if path.exists() else []
        kept = [text for text in before if text.strip() and not _asks(text, line.question)]
        with files.draft(path) as draft:
            draft.write_text("\n".join([*kept, line.written()]) + "\n", "utf-8")
            files.settle(draft, path)


def _asks(text: str, question: str) -> bool:
    line = _read(text)
    return line is not None and bank.same(line.question) == bank.same(question)


def _read(text: str) -> BankLine | None:
    try:
        return bank.read_json(text, ("", 0))
    except PolicyError:
        return None


def readable(paths: Iterable[Path]) -> tuple[BankLine, ...]:
    """Return the lines that can be read, whether or not their clauses still exist."""
    texts = (text for path in paths for text in path.read_text("utf-8").splitlines())
    return tuple(line for text in texts if (line := _read(text)) is not None)


def outdated(policy: Policy, lines: Sequence[BankLine]) -> dict[Number, int]:
    """Return, for each clause that says something else or is gone since a line was written, how many do.

    By its number today or, for one that is gone, the last that it had. A line that says that the policy
    does not answer counts for the new words that may.
    """
    latest = policy.versions[-1]
    texts = Texts(latest, {}, {}, search.indexed)
    counted: Counter[Number] = Counter()
    for line in lines:
        about = bank.origin(line, latest)
        found, fresh = identities.fates(about, latest), identities.fresh(about, latest)
        if fresh and line.reason in {"silent", "near_miss"}:
            counted.update(number for number, _ in question_text.held(texts, fresh, line.question)[:1])
        for number in (*line.gold, *line.also_ok):
            if identities.stale(found, [number]):
                counted.update(identities.now(found, [number]) or [number])
    return dict(sorted(counted.items(), key=lambda pair: pair[0].parts))
