"""A port that cannot be listened on is said in one line, with what to do."""

from __future__ import annotations

import errno

import pytest

from bot.platforms.listening import port_problem


@pytest.mark.parametrize(
    ("number", "why", "advice"),
    [
        (errno.EADDRINUSE, "le port 80 n'est pas libre", "VIGIE_SANTE_PORT."),
        (errno.EACCES, "réservé au système", "au-dessus de 1023 avec VIGIE_SANTE_PORT."),
        (errno.EADDRNOTAVAIL, "pas d'adresse 127.0.0.1", "sudo ip address add 127.0.0.1/8 dev lo."),
        (errno.EMFILE, "ne s'ouvre pas (EMFILE)", "VIGIE_SANTE_PORT."),
    ],
)
def test_each_cause_has_its_advice(number: int, why: str, advice: str) -> None:
    line = port_problem(OSError(number, "x"), 80, "VIGIE_SANTE_PORT")
    assert why in line
    assert line.endswith(advice)
