"""Writes the sentences of a post as people in a hurry type them, for `tuning`, which learns both."""

import random
from collections.abc import Sequence
from typing import Final

from bot.posting.segments import fold

LOWERED, UNACCENTED, MISTYPED, ENDED = 0.5, 0.45, 0.5, 0.2  # shares of the posts
APOSTROPHES: Final = {"'": 0.7, "’": 0.15, "": 0.15}
SHORTEST: Final = 4  # letters of a word that is mistyped
WORDS: Final = 8  # words for a mistyped one
ENDINGS: Final = ("😂", "🔥", "💛", "🙃", "😅", "✨", "👀", "🎉", "lol", "#uqtr", "#asso")


def hurried(texts: Sequence[str], drawn: random.Random) -> list[str]:
    """Return the texts as one hurried person would type them: the same habits in each."""
    lowered, unaccented, mistyped, ended = (
        drawn.random() < share for share in (LOWERED, UNACCENTED, MISTYPED, ENDED)
    )
    [apostrophe] = drawn.choices(list(APOSTROPHES), list(APOSTROPHES.values()))
    typed = []
    for text in texts:
        words = text.lower() if lowered else text
        if unaccented:
            words = "".join(fold(letter) if letter.islower() else fold(letter).upper() for letter in words)
        words = words.replace("'", apostrophe)
        if mistyped:
            words = _mistype(words, drawn)
        typed.append(f"{words} {drawn.choice(ENDINGS)}" if ended else words)
    return typed


def _mistype(text: str, drawn: random.Random) -> str:
    words = text.split(" ")
    for _ in range(max(1, len(words) // WORDS)):
        place = drawn.randrange(len(words))
        word = words[place]
        if len(word) < SHORTEST:
            continue
        at = drawn.randrange(1, len(word) - 1)
        before, letter, after = word[:at], word[at], word[at + 1 :]
        words[place] = drawn.choice(
            [
                before + after,
                before + after[0] + letter + after[1:],
                before + letter + letter + after,
                before + drawn.choice("aeioulnrst") + after,
            ]
        )
    return " ".join(words)
