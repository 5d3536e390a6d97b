"""What changed in titles is told with a revision's news."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kits.revision_commands import ALEX, TEXT, World, words, world

TITLE = "PARTICIPATION AUX RÉSEAUX DE L'AGE UQTR"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


def retitled() -> str:
    """Return the policy's text with another title on its last article."""
    [line] = [line for line in TEXT.splitlines() if line.startswith("**ARTICLE 7")]
    return TEXT.replace(line, line.partition(":")[0] + f": {TITLE}**")


async def test_a_title_alone_is_a_change_of_form_that_is_told(desk: World) -> None:
    await desk.enters(ALEX)
    await desk.beat()
    await desk.approve(retitled(), "2026-11-20", desk.today.isoformat())
    await desk.beat()
    shown = words(await desk.ask("nouveautes", ALEX)).replace("\u00a0", " ")
    assert "Un intitulé changé" in shown
    assert f"Article 7, intitulé « {TITLE} » plutôt que" in shown
    notice = "\n".join(desk.arrived(ALEX)).replace("\u00a0", " ")
    assert f"• article 7, intitulé « {TITLE} »" in notice
