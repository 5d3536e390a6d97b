"""The reading of standard input: a text, or one JSON value per line, each answered by a line of JSON."""

import json
import sys
from collections.abc import Callable, Iterator

import click


class LineError(ValueError):
    """A line that is not JSON. The error's text is a French sentence without its capital."""


def whole_input() -> bytes:
    """Return all of standard input."""
    return sys.stdin.buffer.read()


def numbered_lines() -> Iterator[tuple[int, bytes]]:
    """Yield each line of standard input that is not blank, with its number from 1."""
    for number, line in enumerate(sys.stdin.buffer, 1):
        if line.strip():
            yield number, line


def read_json(line: bytes) -> object:
    """Return the JSON value on a line, in UTF-8 with or without a byte order mark. Raises `LineError`."""
    try:
        return json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise LineError("ce n'est pas en UTF-8.") from error
    except (ValueError, RecursionError) as error:
        raise LineError("ce n'est pas du JSON.") from error


def answer_lines(answer: Callable[[object], object]) -> None:
    """Print the answer to the value of each line, or {"error"} for a line that is not JSON."""
    for _, line in numbered_lines():
        try:
            answered = answer(read_json(line))
        except LineError as error:
            answered = {"error": str(error)}
        click.echo(json.dumps(answered, ensure_ascii=False))
