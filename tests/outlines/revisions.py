"""What `vigie reviser` says of revisions made by program in texts of all habits, against what was done."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any, Final

from click.testing import CliRunner

from bot.cli.main import vigie
from bot.policy import articles
from bot.policy.articles import Version
from bot.policy.changes.comparison import ChangeKind
from bot.policy.markdown import same_text
from bot.revision.reading.clashes import CODES
from tests.outlines.revised import ADOPTED, KINDS, Draft, Fact, HeadingFact, revised

POLICY: Final = "autre"
BEFORE: Final = date(2020, 1, 1)


@dataclass(frozen=True)
class Outcome:
    """How a revision was understood. `faults`: what was missed and what was said wrongly, a line each."""

    kind: str
    seed: int
    faults: tuple[str, ...]


def version_of(markdown: str) -> Version:
    """Return a text as the one in force before it is revised."""
    return articles.parse(markdown, policy=POLICY, adopted=BEFORE)


def outcomes(
    markdown: str, folder: Path, seeds: Sequence[int], kinds: Iterable[str] = KINDS, most: int = 1_000
) -> Iterator[Outcome]:
    """Yield what is said of the revisions of a text of each kind, for each seed, where it bears one.

    `folder`: an empty one, where the text and its revisions are written. `most`: how many revisions to make.
    """
    texts = folder / "politique" / POLICY
    texts.mkdir(parents=True)
    (texts / f"{BEFORE}.md").write_text(markdown, "utf-8")
    old = version_of(markdown)
    drafts = ((kind, seed, draft) for kind in kinds for seed in seeds if (draft := revised(old, kind, seed)))
    for kind, seed, draft in islice(drafts, most):
        yield Outcome(kind, seed, tuple(_faults(draft, folder)))


def _faults(draft: Draft, folder: Path) -> Iterator[str]:
    new = draft.version()
    if not same_text(new.outline, draft.outline()):
        yield "la révision écrite ne se relit pas telle quelle"
        return
    file = folder / "revision.md"
    file.write_text(draft.markdown(), "utf-8")
    read = _reviewed(file, folder)
    facts, headings = draft.truth(new)
    facts_read = {
        Fact(ChangeKind(change["kind"]), tuple(change["old"]), tuple(change["new"]))
        for change in read["changes"]
    }
    titles = {HeadingFact(**heading) for heading in read["headings"]}
    for fact in sorted({*facts, *headings} - facts_read - titles, key=str):
        yield f"tu : {fact}"
    for fact in sorted({*facts_read, *titles} - facts - headings, key=str):
        yield f"faux : {fact}"
    items = {(item["old"], item["new"]) for item in read["items"]}
    if items != draft.items(new):
        yield f"alinéas : {sorted(items)} plutôt que {sorted(draft.items(new))}"
    yield from (f"refusé : {finding['message']}" for finding in read["lint"] if finding["code"] in CODES)


def _reviewed(file: Path, folder: Path) -> Mapping[str, Any]:
    """Return what the command line says of a file, in JSON."""
    done = CliRunner().invoke(
        vigie,
        ["reviser", str(file), "--politique", POLICY, "--adoptee", ADOPTED.isoformat(), "--json"],
        env={"VIGIE_DATA": str(folder), "VIGIE_POLITIQUE": POLICY},
    )
    assert done.exit_code == 0, done.output
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def by_kind(found: Sequence[Outcome]) -> Iterator[tuple[str, int, int]]:
    """Yield each kind of revision, how many were wholly understood, and how many there were."""
    every, right = Counter(one.kind for one in found), Counter(one.kind for one in found if not one.faults)
    yield from ((kind, right[kind], every[kind]) for kind in KINDS)
