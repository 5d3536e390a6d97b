"""The models in memory: each loaded at its first question, and made again in the background when needed."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING, Protocol

from bot.answers.engine import store
from bot.answers.engine.scores import ModelError
from bot.answers.engine.store import Sources
from bot.policy.articles import Version

if TYPE_CHECKING:
    from bot.answers.engine.model import Model

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Place:
    """What is known of a policy's model: `stamp` is that of the files that `model` was made of."""

    stamp: tuple[object, ...] | None = None
    model: Model | None = None
    making: Thread | None = None


class Models(Protocol):
    """What gives the model that serves a version."""

    def model(self, version: Version) -> Model | None:
        """Return it, None while there is none."""

    def ready(self, version: Version) -> bool:
        """Tell whether nothing has to be made first."""

    def prepare(self, version: Version) -> bool:
        """Make it ready, however long that takes. False when there is none."""

    def close(self) -> None:
        """Start nothing more."""


@dataclass(frozen=True, slots=True)
class FixedModel:
    """One model, or none, whatever the version."""

    only: Model | None

    def model(self, version: Version) -> Model | None:  # noqa: ARG002 — the same for all
        """Return it."""
        return self.only

    def ready(self, version: Version) -> bool:  # noqa: ARG002 — the same for all
        """Tell that it is."""
        return True

    def prepare(self, version: Version) -> bool:  # noqa: ARG002 — the same for all
        """Tell whether there is one."""
        return self.only is not None

    def close(self) -> None:
        """Do nothing: nothing was begun."""


class ModelShelf:
    """Gives each policy's model, and never makes anyone wait for a training."""

    def __init__(self, folders: Sequence[Path], models: Path) -> None:
        self._folders = tuple(folders)
        self._models = models
        self._places: dict[str, _Place] = {}
        self._lock = Lock()
        self._closed = False

    def model(self, version: Version) -> Model | None:
        """Return the model that serves a version, None while there is none.

        When the bank changed, the one before it serves until there is a verdict.
        """
        with self._lock:
            place = self._places.setdefault(version.policy, _Place())
            if place.making is None:
                self._look(Sources(self._folders, version), place)
            return place.model

    def ready(self, version: Version) -> bool:
        """Tell whether nothing has to be made first; begins to make what has to."""
        self.model(version)
        with self._lock:
            return self._places[version.policy].making is None

    def prepare(self, version: Version) -> bool:
        """Load a policy's model, and wait for it to be made when it is missing. False when there is none."""
        self.model(version)
        with self._lock:
            making = self._places[version.policy].making
        if making:
            making.join()
        model = self.model(version)
        if model:
            model.warm()
        return model is not None

    def close(self) -> None:
        """Start no other training."""
        self._closed = True

    def _look(self, sources: Sources, place: _Place) -> None:
        """Read the model again if a file changed, and begin to make the one that is missing."""
        try:
            stamp = sources.stamp() if sources.banks() else ()
            if stamp == place.stamp:
                return
            place.model, settled = store.find(sources, self._models) if stamp else (None, True)
        except OSError:  # a file was removed meanwhile: the next question will tell
            return
        place.stamp = stamp
        if not settled and not self._closed:
            place.making = Thread(target=self._make, args=(sources, place), name="bank", daemon=True)
            place.making.start()

    def _make(self, sources: Sources, place: _Place) -> None:
        model = None
        try:
            store.make(sources, self._models)
            model, _ = store.find(sources, self._models)
        except (ModelError, OSError) as error:
            logger.warning("No model was made of the bank of %s: %s", sources.version.policy, error)
        with self._lock:
            place.model = model or place.model
            place.making = None
