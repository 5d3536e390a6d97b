"""The language of the bot's own words: French, or English for people who asked in English.

French sentences are written in the code that uses them, or in the data files of a policy. The shipped
`english.toml` translates the former, and `politique/<id>/english.toml` the latter. The association can add
its own translations to both.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bot.policy.annotations import parse_toml
from bot.policy.articles import PolicyError

ENGLISH: Final = "english.toml"


@dataclass(frozen=True, slots=True)
class Voice:
    """Says the bot's French sentences in French or in English.

    `english`: the translation of each French sentence, None to speak French. A sentence without a translation
    stays in French.
    """

    english: Mapping[str, str] | None = field(default=None, repr=False)

    def __call__(self, french: str, **values: object) -> str:
        """Return a sentence, translated if there is a translation, with its `{values}` filled in."""
        words = french if self.english is None else self.english.get(_key(french), french)
        return words.format(**values) if values else words


FRENCH: Final = Voice()


def load_english(paths: Iterable[Path]) -> dict[str, str]:
    """Return the translations in files, by French sentence. Later files prevail, missing ones are skipped.

    Raises `PolicyError`, naming the file, when a value is not a text.
    """
    english: dict[str, str] = {}
    for path in paths:
        if not path.is_file():
            continue
        source = f"{path.parent.name}/{path.name}"
        try:
            sentences = parse_toml(path.read_text("utf-8"), source)
        except UnicodeDecodeError as error:
            raise PolicyError(source, 0, "le fichier n'est pas en UTF-8.") from error
        for french, words in sentences.items():
            if not isinstance(words, str) or not words.strip():
                raise PolicyError(
                    source, 0, f"«\u00a0{french}\u00a0»\u00a0: il faut un texte entre guillemets."
                )
            english[_key(french)] = words
    return english


def _key(french: str) -> str:
    """Return a sentence as a lookup key, in which no-break spaces are ordinary spaces."""
    return french.replace("\u00a0", " ")
