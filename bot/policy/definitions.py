"""The terms that a text defines in its own words (« membre » désigne, on entend par « membre »)."""

import re
from collections.abc import Iterator
from typing import Final

from bot.policy.articles import Number, Version

_TERM: Final = re.compile(
    r"«[\s\u00a0]*(?P<quoted>[^»\n]{2,60}?)[\s\u00a0]*»\s*(?:\([^)]*\)\s*)?(?:,\s*)?"
    r"(?:(?:employé|utilisé|pris)e?s? \w+ )?"
    r"(?::|(?:désigne|signifie|s['’]entend|veut dire|est défini|renvoie à)\w*)|"
    r"on entend par[\s\u00a0]*(?:«[\s\u00a0]*)?(?P<meant>[^»:,\n]{2,60}?)[\s\u00a0]*(?:»|:|,)",
    re.IGNORECASE,
)


def defined_terms(version: Version) -> Iterator[tuple[str, Number]]:
    """Yield the terms that the text defines, in lower case, each with the first clause that defines it."""
    seen = set()
    for clause in version.clauses():
        for match in _TERM.finditer(clause.text):
            term = (match["quoted"] or match["meant"]).strip().lower()
            if term and term not in seen:
                seen.add(term)
                yield term, clause.number
