"""The storage of the indexes of texts: `<folder>/<policy>-<fingerprint>.lecture`, a compressed `.npz`.

The fingerprint covers the text, its bank, the spelling tables and the lexicon. A file is replaced atomically,
and rebuilt when it is damaged. The least recently used files are removed.
"""

from __future__ import annotations

import logging
import os
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from bot.answers.engine import model_files, store
from bot.answers.engine.features import Floats
from bot.answers.engine.finder import finder, release
from bot.answers.engine.lexicon import Encode, Lexicon, load_lexicon
from bot.answers.engine.passages import TextIndex, passages_of
from bot.answers.engine.store import Sources
from bot.language.spelling import Speller
from bot.policy.articles import Number, PolicyError
from bot.settings import SEED

logger = logging.getLogger(__name__)

FORMAT = 2  # changes with the file's format, or with the way texts are indexed
BATCH = 16  # texts embedded at once, to bound the memory
_ENDING = ".lecture"
_HALF = (
    "sentences", "in_context", "sections", "vocabulary", "subjects", "known",
    "retrieval", "retrieval_known",
)  # fmt: skip
_WHOLE = ("owner", "section_of", "lengths", "starts", "words", "meanings", "titles", "known_of")


@cache
def lexicon() -> Lexicon:
    """Return the lexicon that serves every text. Raises `ModelError`."""
    return load_lexicon(SEED)


def find_index(sources: Sources, models: Path) -> TextIndex | None:
    """Return a text's stored index, or None when it has to be made. Raises `ModelError`, `OSError`."""
    path = _path(sources, models)
    try:
        with np.load(path, allow_pickle=False) as data:
            values = {name: data[name] for name in data.files}
        with suppress(OSError):  # a read-only file is fine
            os.utime(path)
        return _index(values, sources.table)
    except (FileNotFoundError, PolicyError):
        return None
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
        logger.warning("the saved index of %s is damaged: the text is indexed again", sources.version.policy)
        return None


def make_index(sources: Sources, models: Path, encode: Encode) -> TextIndex:
    """Make a text's index and store it. An invalid bank is left out.

    Raises `ModelError`, and `OSError` when the sources cannot be read. A failure to write is only logged.
    """

    def some(texts: Sequence[str]) -> Floats:
        return np.concatenate([encode(texts[at : at + BATCH]) for at in range(0, len(texts), BATCH)])

    try:
        lines = sources.lines()
    except PolicyError as error:  # the diagnostic reports it
        logger.warning("the index of %s ignores its bank: %s", sources.version.policy, error)
        lines = ()
    index = TextIndex.of(passages_of(sources.version), lines, sources.table, lexicon(), some, finder=finder())
    release()
    path = _path(sources, models)
    try:
        with model_files.replacing(path) as draft, draft.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **_values(index))
        newest = sorted(
            models.glob(f"{sources.version.policy}-*{_ENDING}"), key=lambda p: p.stat().st_mtime, reverse=True
        )
        for old in newest[store.KEPT :]:
            old.unlink(missing_ok=True)
    except OSError as error:
        logger.warning("the index of %s was not saved: %s", sources.version.policy, error.strerror)
    return index


def is_read(sources: Sources, models: Path) -> bool:
    """Return whether a text's index is stored. Raises `ModelError`, `OSError`."""
    return _path(sources, models).is_file()


def _path(sources: Sources, models: Path) -> Path:
    key = model_files.fingerprint(
        [f"{FORMAT}.{lexicon().key}.{finder() is not None}".encode(), sources.key().encode()]
    )
    return models / f"{sources.version.policy}-{key}{_ENDING}"


def _values(index: TextIndex) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(index, name).astype(np.float16) for name in _HALF}
    values |= {name: getattr(index, name) for name in _WHOLE}
    counts = [len(group) for group in index.holders.values()]
    return values | {
        "numbers": np.array(list(map(str, index.numbers))),
        "stems": np.array(list(index.holders)),
        "held": np.concatenate(list(index.holders.values())) if counts else np.zeros(0, np.int32),
        "held_ends": np.cumsum(counts),
        "known_words": np.array([" ".join(sorted(group)) for group in index.known_words], dtype=np.str_),
        "spelled": np.array(sorted(index.speller.known)),
        "sounds": np.array(list(index.speller.by_sound)),
        "sounding": np.array(list(index.speller.by_sound.values())),
    }


def _index(values: Mapping[str, Any], table: Mapping[str, str]) -> TextIndex:
    holders = np.split(values["held"], values["held_ends"][:-1])
    sounds = zip(values["sounds"].tolist(), values["sounding"].tolist(), strict=True)
    return TextIndex(
        numbers=tuple(map(Number, values["numbers"].tolist())),
        holders=dict(zip(values["stems"].tolist(), holders, strict=True)),
        known_words=[frozenset(text.split()) for text in values["known_words"].tolist()],
        speller=Speller(table, frozenset(values["spelled"].tolist()), dict(sounds)),
        **{name: values[name].astype(np.float32) for name in _HALF},
        **{name: values[name] for name in _WHOLE},
    )
