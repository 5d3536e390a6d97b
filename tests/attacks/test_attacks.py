"""The run of the attacks: what it counts, and that what is missing or succeeds is told."""

from __future__ import annotations

from pathlib import Path

from tests.attacks.__main__ import ATTACKS, Outcomes, files, run
from tests.kits.measures import Figure, at_least, at_most, missed


def test_the_worst_figure_is_kept_and_what_has_no_target_is_added_up() -> None:
    outcomes = Outcomes()
    for value in (2.0, 7.0, 3.0):
        outcomes.add("Textes lents", Figure("travail", value, at_most(5)))
        outcomes.add("Textes lents", Figure("servis", value, at_least(1)))
        outcomes.add("Textes lents", Figure("demandes", value))
    assert [figure.value for figure in outcomes.figures.values()] == [7, 2, 12]


def test_an_attack_that_has_no_test_left_is_told() -> None:
    outcomes = Outcomes()
    outcomes.ended.update(ATTACKS[1:])
    [line] = missed(outcomes.table(60))
    assert ATTACKS[0] in line


def test_a_test_that_names_no_known_attack_is_told() -> None:
    outcomes = Outcomes()
    outcomes.ended.update([*ATTACKS, "Inconnue"])
    [line] = missed(outcomes.table(60))
    assert "Inconnue" in line


def test_a_run_that_is_too_long_is_told() -> None:
    outcomes = Outcomes()
    outcomes.ended.update(ATTACKS)
    assert len(missed(outcomes.table(601))) == 1


def test_a_test_that_did_not_end_is_told() -> None:
    outcomes = Outcomes()
    outcomes.ended.update(ATTACKS)
    outcomes.tests.update([*ATTACKS, ATTACKS[0]])
    [line] = missed(outcomes.table(60))
    assert ATTACKS[0] in line


def test_every_attack_has_a_test() -> None:
    text = "".join(path.read_text("utf-8") for path in [*files(), Path(__file__).with_name("timed.py")])
    assert not [attack for attack in ATTACKS if f'mark.attack("{attack}")' not in text]


def test_an_attack_that_succeeds_is_in_the_table(tmp_path: Path) -> None:
    path = tmp_path / "test_planted.py"
    path.write_text(
        """import pytest
from tests.kits.measures import Figure, at_most

@pytest.mark.attack("Inondations")
@pytest.mark.parametrize("value", [1, 9])
def test_flood(record_property, value):
    target = {"sign": "≤", "limit": 5}
    record_property("figure", {"label": "files", "value": value, "target": target, "unit": ""})
    assert value <= 5

def test_of_no_attack():
    raise AssertionError
""",
        "utf-8",
    )
    outcomes = run([path])
    assert (outcomes.ended["Inondations"], outcomes.failed["Inondations"]) == (2, 1)
    lines = missed(outcomes.table(1))
    assert any("réussis par l'attaque, 1" in line for line in lines)
    assert any("files, 9" in line for line in lines)
