"""The other channels: the association's own list, else the shipped one."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.reports.channels import FILE, load_channels
from bot.settings import SEED

OWN = """[[channel]]
name = "L'ombudsman"
role = "une injustice"
contact = "ombudsman@exemple.ca"
"""


def test_the_shipped_list_names_public_bodies_and_leaves_the_ombudsman_to_fill_in() -> None:
    channels = load_channels([SEED])
    assert "La police" in channels[0].name
    assert all(channel.role for channel in channels)
    assert [channel.name for channel in channels if not channel.contact] == [
        "L'ombudsman de l'université, s'il y en a un"
    ]


def test_the_association_s_own_list_replaces_it(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(OWN, "utf-8")
    [channel] = load_channels([SEED, tmp_path])
    assert channel.described == "une injustice (ombudsman@exemple.ca)."


@pytest.mark.parametrize(
    "text",
    ["", "channel = 3", "[[channel]]\nnom = 'x'", "[[channel", f"[[channel]]\nname='a'\nrole='{'x' * 151}'"],
)
def test_a_list_that_cannot_be_read_leaves_nobody_without_any(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / FILE).write_text(text, "utf-8")
    assert load_channels([SEED, tmp_path]) == load_channels([SEED])
    assert "the shipped list is used" in caplog.text
