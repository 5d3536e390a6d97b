"""`make leaks`, in short."""

from __future__ import annotations

from pathlib import Path

from tests.leaks import run


async def test_nobody_who_reports_is_found_anywhere(tmp_path: Path) -> None:
    tally = await run.part(tmp_path / "essai", 30, seed=1, troubles=("calm", "stages", "killed"), batch=4)
    assert tally.kept, "\n".join(tally.lines())
    assert tally.acknowledged >= 10, "\n".join(tally.lines())
    assert set(tally.by_platform) == {"Slack", "Discord", "Web"}
    assert tally.kills == 1
