"""Requests to move from the clauses just shown to others: « la suivante svp », « juste le dernier point ».

Such a text names no clause, so it means something only after clauses were shown.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.policy.articles import Number, Version
from bot.policy.search import fold_accents

_WORD = re.compile(r"[^\W_]+")


def _words(text: str) -> list[str]:
    return _WORD.findall(fold_accents(text))


_NEXT: Final = frozenset(_words("suivant suivante suivantes prochain prochaine next suite suit apres"))
_BEFORE: Final = frozenset(_words("precedent precedente precede previous prior avant before"))
_VAGUE: Final = frozenset(_words("avant apres before suit suite"))  # these also need one of `_THAT_ONE`
_PLACES: Final = {
    word: place
    for place, words in {
        0: "premier premiere 1er 1re 1ere first",
        1: "deuxieme second seconde 2e 2eme 2nd",
        2: "troisieme third 3e 3eme 3rd",
        3: "quatrieme fourth 4e 4eme 4th",
        4: "cinquieme fifth 5e 5eme 5th",
        -1: "dernier derniere last",
    }.items()
    for word in words.split()
}
_WHOLE: Final = frozenset(_words("complet entier entiere whole entire full"))
_UNIT: Final = frozenset(_words("clause point paragraphe alinea one"))
_THAT_ONE: Final = _UNIT | frozenset(_words("celui celle article numero d la"))
_AROUND: Final = _THAT_ONE.union(
    _words("le les l the et pis puis ok oui merci bon alors donc maintenant encore svp stp s il te vous"),
    _words(
        "plait please and peux pouvez tu montre montrez moi lis lisez lire voir veux je me qui c est quoi"
    ),
    _words(
        "quel quelle que dit qu ce what is s show read juste seulement only just un une of de du cet cette"
    ),
    _words("ci tout toute au en in a back to go give redis relis repete ramene ramenez reviens revenez"),
    _words("retourne retournez remontre donne donnez affiche affichez fait"),
)


@dataclass(frozen=True, slots=True)
class Move:
    """A move from the clauses last shown.

    `step`: 1 for the clause after these, -1 for the clause before, or else 0. `place`: which of the clauses
    shown or, if only one was, which clause of its article: 0 for the first, -1 for the last. None for the
    whole article.
    """

    step: int = 0
    place: int | None = None


def asked(text: str) -> Move | None:
    """Return the move that a text asks for, if it asks for nothing else."""
    words = _words(text)
    keys = [word for word in words if word in _NEXT | _BEFORE | _WHOLE or word in _PLACES]
    if len(keys) != 1 or not set(words) <= _AROUND | set(keys):
        return None
    key = keys[0]
    if key in _WHOLE:
        return Move() if "article" in words else None
    if key in _PLACES:  # « l'article premier » is a number
        named = {"article", "articles"} & set(words[: words.index(key) + 2]) and not _UNIT & set(words)
        return None if named and words[-1] != "la" else Move(place=_PLACES[key])
    if key in _VAGUE and not _THAT_ONE & set(words):
        return None
    return Move(step=1 if key in _NEXT else -1)


def follow(move: Move, numbers: Sequence[Number], version: Version) -> tuple[Number, ...]:
    """Return the clauses that a move leads to from those `numbers`, () past either end of the policy.

    A step from a whole article leads to another whole article. A place that does not exist leads to the whole
    article.
    """
    home = version.article(numbers[0])
    article = tuple(clause.number for clause in home.clauses) if home else ()
    if move.step:
        clause = version.clause(numbers[0])
        while clause and clause.number in numbers:
            clause = version.neighbours(clause.number)[move.step > 0]
        if clause and set(numbers) == set(article) and (onward := version.article(clause.number)):
            return tuple(clause.number for clause in onward.clauses)
        return (clause.number,) if clause else ()
    if move.place is None:
        return article
    among = numbers if len(numbers) > 1 else article
    return (among[move.place],) if move.place < len(among) else article
