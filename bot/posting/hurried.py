"""Rewrites posts as people type them in a hurry, for `tuning`, which learns from the posts in both forms."""

import random
from collections.abc import Sequence
from typing import Final

from bot.posting.segments import fold

# the shares of posts with each habit
LOWERED = 0.5
UNACCENTED = 0.45
MISTYPED = 0.5
ENDED = 0.2
APOSTROPHES: Final = {"'": 0.7, "’": 0.15, "": 0.15}
SHORTEST: Final = 4  # minimum letters of a mistyped word
WORDS: Final = 8  # one word in eight is mistyped
ENDINGS: Final = ("😂", "🔥", "💛", "🙃", "😅", "✨", "👀", "🎉", "lol", "#uqtr", "#asso")


def hurried(texts: Sequence[str], drawn: random.Random) -> list[str]:
    """Return the texts as one hurried person would type them, with the same habits in all of them."""
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
        before = word[:at]
        letter = word[at]
        after = word[at + 1 :]
        words[place] = drawn.choice(
            [
                before + after,
                before + after[0] + letter + after[1:],
                before + letter + letter + after,
                before + drawn.choice("aeioulnrst") + after,
            ]
        )
    return " ".join(words)
