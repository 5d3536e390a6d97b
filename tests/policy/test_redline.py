"""A change is shown with its words: what went, what came, and nothing else."""

from __future__ import annotations

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.policy import loading
from bot.policy.articles import Number, Version
from bot.policy.changes import redline
from bot.policy.changes.comparison import ChangeKind, compare
from bot.policy.changes.wording import normalized
from bot.settings import SEED
from tests.kits.revision import revised
from tests.policy.test_comparison import TEXTS, numbered, version


def _pa20() -> Version:
    return loading.load_library([SEED], "pa20", lambda: date(2030, 1, 1)).default.versions[0]


def _form(side: Version, numbers: tuple[str, ...]) -> str:
    clauses = [side.clause(Number(number)) for number in numbers]
    return normalized("".join(clause.text for clause in clauses if clause))


@settings(max_examples=25)
@given(st.integers(1, 400))
def test_the_words_of_a_change_are_those_of_the_two_versions(seed: int) -> None:
    old = _pa20()
    comparison = compare(old, revised(old, seed).version())
    for change in comparison.changes:
        found = redline.passages(comparison, change)
        runs = [run for _, paragraphs in found for paragraph in paragraphs for run in paragraph]
        if not found:
            assert change.kind is ChangeKind.RENUMBERED
            continue
        assert normalized("".join(text for op, text in runs if op != "insert")) == _form(old, change.old)
        assert normalized("".join(text for op, text in runs if op != "delete")) == _form(
            comparison.new, change.new
        )
        assert [number for number, _ in found] == list(change.new or change.old)


def test_each_clause_of_a_split_has_its_own_words() -> None:
    old = version(*numbered(1, [f"{TEXTS[0]}\n\n{TEXTS[1]}", *TEXTS[2:]]))
    comparison = compare(old, version(*numbered(1, [TEXTS[0], f"{TEXTS[1]} Un avis suit.", *TEXTS[2:]])))
    change = comparison.changes[0]
    (_, first), (_, second) = redline.passages(comparison, change)
    assert first == ((("equal", TEXTS[0]),),)
    assert second == ((("equal", TEXTS[1]), ("insert", " Un avis suit.")),)
