"""Counts of the parts of a text, worded in French in the same way everywhere."""

from datetime import date

from bot.policy.articles import Version
from bot.policy.provisions import Outline


def counted(count: int, words: str) -> str:
    """Return a count with its noun and adjectives, in French: « 1 question », « 2 problèmes ».

    `words`: in the singular. Each takes an « s » in the plural.
    """
    return f"{count} {' '.join(f'{word}s' for word in words.split()) if count > 1 else words}"


def count_parts(outline: Outline) -> str:
    """Return how many parts an outline has, in French: « 28 clauses, 69 alinéas, 6 titres ».

    A clause is quoted whole: an article's own text, or one of its clauses. An item (« alinéa ») is part of a
    clause. A title (« titre ») only contains other parts.
    """
    version = Version("", date.min, outline)
    clauses = version.clauses()
    counts = (
        (len(clauses), "clause"),
        (sum(len(clause.items) for clause in clauses), "alinéa"),
        (len(version.parts()) - len(clauses), "titre"),
    )
    parts = [counted(count, noun) for count, noun in counts if count]
    return ", ".join(parts) or "aucune clause"
