"""Compile a comparison: run by `bot.comparison_pdf` in a process of its own, which only this file enters.

Data comes in JSON on the standard input, the PDF leaves on the standard output. The template reads the
data as text; it is never made into source.
"""

from __future__ import annotations

import json
import resource
import sys
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import typst

TEMPLATE: Final = Path(__file__).with_name("comparison.typ")
_CPU_SECONDS: Final = 30
_PROBE: Final = b'#set document(title: "x")\n#set text(lang: "fr")\n#sys.inputs.letter'
_UNKNOWN: Final = "\u25a1"  # in place of a character that no embedded font draws
_STANDARD: Final = "ua-1"


def pdf(data: dict[str, Any]) -> bytes:
    """Return the pages as tagged PDF/UA-1, with the fonts that the compiler embeds and no other.

    PDF/UA-1 has no missing glyph: characters that cannot be drawn are replaced, and a note says so.
    """
    fonts = typst.Fonts(include_system_fonts=False)
    written = json.dumps(data, ensure_ascii=False)
    missing = {letter for letter in set(written) if letter > "\u017f" and not _drawn(letter, fonts)}
    shown = json.loads(written.translate(dict.fromkeys(map(ord, missing), _UNKNOWN)))
    shown["replaced"] = bool(missing)
    inputs = {"data": json.dumps(shown)}
    return _compile(TEMPLATE.read_bytes(), inputs, fonts, datetime.fromisoformat(data["made"]))


def _drawn(letter: str, fonts: typst.Fonts) -> bool:
    try:
        _compile(_PROBE, {"letter": letter}, fonts)
    except typst.TypstError:
        return False
    return True


def _compile(
    source: bytes, inputs: dict[str, str], fonts: typst.Fonts, made_at: datetime | None = None
) -> bytes:
    compiler = typst.Compiler(source, font_paths=fonts, ignore_system_fonts=True, sys_inputs=inputs)
    made = compiler.compile(format="pdf", pdf_standards=[_STANDARD], timestamp=made_at)
    if not isinstance(made, bytes):
        raise TypeError(type(made))
    return made


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # it writes to no file
    sys.stdout.buffer.write(pdf(json.load(sys.stdin)))
