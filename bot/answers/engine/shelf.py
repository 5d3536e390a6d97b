"""The models in memory: each is loaded at its first question and retrained when its bank changes.

Questions about a policy that has no model, or none yet, are answered from the index of its text.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING

from bot.answers.engine import store
from bot.answers.engine.scores import ModelError
from bot.answers.engine.store import Sources
from bot.policy.articles import Version

if TYPE_CHECKING:
    from bot.answers.engine.model import Model
    from bot.answers.engine.passages import TextIndex

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Place:
    """A policy's model. `stamp`: the state of its source files. `training`: the thread that trains it."""

    stamp: tuple[object, ...] | None = None
    model: Model | None = None
    training: Thread | None = None


@dataclass(slots=True)
class _Text:
    """A version's index. `stamp`: as in `_Place`. `reading`: the thread that makes it."""

    stamp: tuple[object, ...] | None = None
    index: TextIndex | None = None
    reading: Thread | None = None


class ModelShelf:
    """Provides each policy's model without making a question wait for training. Thread-safe.

    `folders`: the folders of the policies and their banks. `models`: the folder of the trained models.
    """

    def __init__(self, folders: Sequence[Path], models: Path) -> None:
        self._folders = tuple(folders)
        self._models = models
        self._places: dict[str, _Place] = {}
        self._texts: dict[tuple[str, str], _Text] = {}
        self._reading = Lock()  # one text is indexed at a time
        self._lock = Lock()
        self._closed = False

    def model(self, version: Version) -> Model | None:
        """Return the model to use for a version, or None while there is none.

        While a model is being trained on a changed bank, the previous model stays in use.
        """
        return self._place(version).model

    def ready(self, version: Version) -> bool:
        """Return whether the model is up to date with its bank. If not, start training it."""
        return self._place(version).training is None

    def index(self, version: Version) -> TextIndex | None:
        """Return a version's index, or None while it is being made or when it cannot be made."""
        sources = Sources(self._folders, version)
        with self._lock:
            text = self._texts.setdefault((version.policy, version.key), _Text())
            try:
                stamp = sources.stamp()
                if text.reading is None and stamp != text.stamp and version.clauses():
                    from bot.answers.engine import texts  # noqa: PLC0415 — numpy, for the first question

                    text.stamp = stamp
                    text.index = texts.find_index(sources, self._models) or text.index
                    if not (self._closed or texts.is_read(sources, self._models)):
                        text.reading = Thread(
                            target=self._read, args=(sources, text), name="texte", daemon=True
                        )
                        text.reading.start()
            except (ModelError, OSError) as error:
                logger.warning("The text of %s was not read: %s", version.policy, error)
            return text.index

    def is_reading(self, version: Version) -> bool:
        """Return whether a version is being indexed, in which case later answers will be better."""
        text = self._texts.get((version.policy, version.key))
        return text is not None and text.reading is not None

    def read(self, version: Version) -> TextIndex | None:
        """Return a version's index, making it now if needed, or None when it cannot be made."""
        index = self.index(version)
        text = self._texts[version.policy, version.key]
        if reading := text.reading:
            reading.join()
            return text.index
        return index

    def _read(self, sources: Sources, text: _Text) -> None:
        from bot.answers.engine import texts  # noqa: PLC0415 — loaded already
        from bot.answers.engine.encoder import encoder  # noqa: PLC0415 — numpy, for the first question

        index = None
        try:
            with self._reading:
                index = texts.make_index(sources, self._models, encoder())
        except (ModelError, OSError) as error:
            logger.warning("The text of %s was not read: %s", sources.version.policy, error)
        finally:
            with self._lock:
                text.index = index or text.index
                text.reading = None

    def is_learnt(self, version: Version) -> bool:
        """Return whether nothing remains to be trained for a version. Raises `OSError`."""
        return store.is_learnt(Sources(self._folders, version), self._models)

    def prepare(self, version: Version) -> bool:
        """Load a policy's model and the encoder, training if needed. Return whether there is a model."""
        training = self._place(version).training
        if training:
            training.join()
        model = self.model(version)
        if model:
            model.warm()
        return model is not None

    def close(self) -> None:
        """Prevent any new training."""
        self._closed = True

    def _place(self, version: Version) -> _Place:
        with self._lock:
            place = self._places.setdefault(version.policy, _Place())
            if place.training is None:
                self._refresh(Sources(self._folders, version), place)
            return place

    def _refresh(self, sources: Sources, place: _Place) -> None:
        """Reload the model if a file changed, and start training it if it is missing or out of date."""
        try:
            stamp = sources.stamp() if sources.banks() else ()
            if stamp == place.stamp:
                return
            place.model, current = store.find_model(sources, self._models) if stamp else (None, True)
            current = current or store.is_small(sources)
        except OSError:  # a file was just removed: the next question will try again
            return
        place.stamp = stamp
        if not current and not self._closed:
            place.training = Thread(target=self._train, args=(sources, place), name="bank", daemon=True)
            place.training.start()

    def _train(self, sources: Sources, place: _Place) -> None:
        model = None
        try:
            store.learn(sources, self._models)
            model, _ = store.find_model(sources, self._models)
        except (ModelError, OSError) as error:
            logger.warning("The bank of %s was not learnt: %s", sources.version.policy, error)
        with self._lock:
            place.model = model or place.model
            place.training = None


class FixedModel(ModelShelf):
    """Provides one fixed model, or none, for every version. It indexes and trains nothing."""

    def __init__(self, model: Model | None) -> None:
        super().__init__((), Path())
        self._model = model

    def index(self, version: Version) -> None:
        """Return None, since no text is indexed."""

    def read(self, version: Version) -> None:
        """Return None, since no text is indexed."""

    def _refresh(self, _: Sources, place: _Place) -> None:
        place.model = self._model
