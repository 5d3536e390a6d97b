"""Setting up the web form for reports, over the same records as the chat's."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Final

from bot.conversation.messages import Quotation
from bot.language.masking import Masker
from bot.reports import identifying
from bot.reports.identifying import Identifying
from bot.reports.service import Reporting
from bot.settings import SEED
from bot.typesetting import image_cleaning
from bot.typesetting.image_cleaning import ImageError
from bot.web.desk import WebIntake
from bot.web.form import WebForm
from bot.web.intake import CleanedImage, Pointed, RefusedError

LARGEST: Final = 4 * 1024 * 1024  # of an image drawn anew, which the page holds twice until it is sent


def form(reporting: Reporting, masker: Callable[[], Masker], port: int) -> WebForm:
    """Return the form, to be started."""
    office = reporting.office
    desk = WebIntake(
        office.storage,
        reporting.records,
        office.clock,
        reporting.limiter,
        reporting.read_address,
        partial(pointed, cache(lambda: identifying.load(SEED, masker()))),  # at its first use
        reporting.clean_text,
        reporting.scatter,
        drawn,
    )
    return WebForm(desk, partial(_quotation, reporting), office.clock, port=port)


def pointed(known: Callable[[], Identifying], text: str) -> list[Pointed]:
    """Return what to point out in a text, each with why."""
    labels = {kind.id: kind.label for kind in known().kinds}
    return [Pointed(mark.start, mark.end, labels[mark.kind]) for mark in known().marks(text)]


def _quotation(reporting: Reporting) -> Quotation:
    clause = reporting.clause()
    if clause is None:
        raise LookupError("the policy has no such clause")
    return reporting.library.quote(clause)


def drawn(content: bytes) -> CleanedImage:
    """Return an image that was drawn anew. Raises `RefusedError`."""
    try:
        clean = image_cleaning.clean(content)
    except ImageError as error:
        raise RefusedError(str(error)[:1].upper() + str(error)[1:]) from error
    if len(clean.content) > LARGEST:
        raise RefusedError("L'image redessinée est trop lourde. Coupez-la, ou faites-en une capture d'écran.")
    return CleanedImage(clean.content, clean.media_type, clean.original_sha256)
