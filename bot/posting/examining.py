"""The examination of a post: for each policy, the checks that it raises, and the words that raise them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bot.language.detection import SmallWords, detect, french_share, load_small_words, tables
from bot.policy.articles import Number
from bot.posting.checks import Check, load_checks, load_notions
from bot.posting.posts import LONGEST, Concern, Post, PostError
from bot.posting.recognition import Recognizer
from bot.posting.segments import composed, sentences
from bot.posting.settled import Settlings, load_settlings, settled

if TYPE_CHECKING:
    from bot.posting.model import PostModel

WEIGHTS = "posting.npz"
FRENCH: Final = 1 / 3  # minimum share of French in a text, which may contain an English slogan or quotation


@dataclass(frozen=True)
class Examiner:
    """Examines posts against any policy. `seed`: the folder of `posting.toml` and of the model's weights."""

    checks: Mapping[str, Check]
    settlings: Settlings
    small_words: SmallWords
    seed: Path

    def examine(
        self, post: Post, policies: Sequence[Mapping[str, tuple[Number, ...]]]
    ) -> list[tuple[Concern, ...]]:
        """Return the concerns of a post for each of several policies, the surest first.

        `policies`: for each policy, the clauses of each check that its annotations name
        (`Annotations.checks`). Raises `PostError` for a post that cannot be examined.
        """
        if not post.text.strip() and not post.image.strip():
            raise PostError(
                "Il n'y a rien à relire. Collez le texte que vous voulez publier, ou décrivez l'image."
            )
        if len(post.text) > LONGEST:
            raise PostError("Ce texte a plus de 10\u00a0000 caractères. Donnez-m'en un morceau à la fois.")
        if len(post.image) > LONGEST:
            raise PostError("La description de l'image a plus de 10\u00a0000 caractères. Résumez-la.")
        (text, places), (image, image_places) = composed(post.text), composed(post.image)
        if not self._is_french(text if text.strip() else image):
            raise PostError("Ce texte n'est pas en français, et je ne relis que le français.")
        segments, likely = self._model.read(Post(text, image, post.venue))
        without = settled(segments, self.settlings)

        def concern(name: str, numbers: tuple[Number, ...]) -> Concern | None:
            column = self._model.names.index(name)
            threshold, certain = self._model.thresholds[column]
            chances = [
                (segment, float(chance))
                for segment, chance, checks in zip(segments, likely[:, column], without, strict=True)
                if chance >= threshold and name not in checks
            ]
            if not chances:
                return None
            raising = [segment for segment, _ in chances]
            score = max(chance for _, chance in chances)
            extents, image_extents = (
                tuple(
                    (origin[segment.extent[0]], origin[segment.extent[1]])
                    for segment in raising
                    if segment.in_image == in_image
                )
                for origin, in_image in ((places, False), (image_places, True))
            )
            return Concern(self.checks[name], numbers, score, bool(score >= certain), extents, image_extents)

        concerns = [[concern(name, numbers) for name, numbers in clauses.items()] for clauses in policies]
        return [
            tuple(sorted(filter(None, by_check), key=lambda concern: (-concern.certain, -concern.score)))
            for by_check in concerns
        ]

    def _is_french(self, text: str) -> bool:
        if detect(text, self.small_words) == "fr":
            return True
        texts = (text[start:end] for start, end in sentences(text))
        return french_share(texts, self.small_words) >= FRENCH

    def looks_like_post(self, text: str) -> bool:
        """Return whether a text written in private looks like a text to publish."""
        return self._recognizer.is_post(text) and self._is_french(text)

    @cached_property
    def _model(self) -> PostModel:
        from bot.posting.model import PostModel  # noqa: PLC0415 — numpy, for the first post

        return PostModel.load(self.seed / WEIGHTS, load_notions(self.seed))

    @cached_property
    def _recognizer(self) -> Recognizer:
        return Recognizer.load(self.seed / WEIGHTS)


def load_examiner(seed: Path, folders: Sequence[Path]) -> Examiner:
    """Return the examiner of posts. `folders`: where the tables of words are.

    Raises `OSError`, and `PolicyError` for a malformed table.
    """
    return Examiner(load_checks(seed), load_settlings(seed), load_small_words(tables(folders)), seed)
