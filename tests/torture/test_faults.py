"""`make torture`, in short: what may befall the machine."""

from __future__ import annotations

import pytest

from tests.torture import faults


@pytest.mark.parametrize("scene", faults.SCENES, ids=lambda scene: scene.__name__)
async def test_a_fault_ends_in_a_clear_message_and_no_loss(scene: faults.Play) -> None:
    result = await scene()
    if result.skipped:
        pytest.skip(result.line())
    assert result.kept, result.line()
    assert result.facts >= faults.FACTS
