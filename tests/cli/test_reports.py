"""The canonical address of a post, from the command line: one, or many at once."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from bot.cli.main import vigie as line

Vigie = Callable[..., Result]
POST = {"platform": "youtube", "canonical": "https://www.youtube.com/watch?v=AbCdEfGhIjK"}
NONE = {"platform": None, "canonical": None}


@pytest.fixture
def vigie() -> Vigie:
    return lambda *words, given="": CliRunner().invoke(line, ["adresse", *words], input=given)


def test_an_address_is_written_as_json(vigie: Vigie) -> None:
    done = vigie("Voyez", "youtu.be/AbCdEfGhIjK?si=abc", "--json")
    assert (done.exit_code, json.loads(done.stdout)) == (0, POST)


def test_an_address_is_written_for_people(vigie: Vigie) -> None:
    assert vigie("youtu.be/AbCdEfGhIjK").stdout == f"youtube\u00a0: {POST['canonical']}\n"


def test_no_address_is_a_no(vigie: Vigie) -> None:
    done = vigie("rien ici", "--json")
    assert (done.exit_code, json.loads(done.stdout)) == (1, NONE)
    done = vigie("rien ici")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "Il n'y a pas d'adresse Web dans ce texte.\n"


def test_many_are_answered_line_by_line(vigie: Vigie) -> None:
    texts = [
        "youtu.be/AbCdEfGhIjK",
        "",
        "rien\nici",
        "Vu: https://m.youtube.com/watch?v=AbCdEfGhIjK 🎉",
        "\ud800",
    ]
    done = vigie("--lot", given="".join(json.dumps(text) + "\n" for text in texts))
    assert done.exit_code == 0
    assert [json.loads(one) for one in done.stdout.splitlines()] == [POST, NONE, NONE, POST, NONE]


@pytest.mark.parametrize(
    "given", ["youtu.be/AbCdEfGhIjK\n", "12\n", "null\n", "[]\n", "[" * 100_000, '"a\n', "\xff\n"]
)
def test_a_line_that_is_no_text_is_refused(vigie: Vigie, given: str) -> None:
    done = vigie("--lot", given=json.dumps("rien") + "\n" + given)
    assert done.exit_code == 2
    assert "ligne 2" in done.stderr


def test_what_is_missing_is_said(vigie: Vigie) -> None:
    assert vigie().exit_code == 2
    assert vigie("a", "--lot").exit_code == 2
