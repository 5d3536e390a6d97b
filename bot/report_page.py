"""Compile what is shown of reports: run in a process of its own, which only this file enters.

Data comes in JSON on the standard input, the PDF or the PNG leaves on the standard output. The templates
read the data as text; it is never made into source. Images are given to the compiler as files that are
in memory only.
"""

from __future__ import annotations

import base64
import json
import os
import resource
import sys
from pathlib import Path
from typing import Any, Final

import typst

_HERE: Final = Path(__file__).parent
_FILES: Final = "/proc/self/fd"
_CPU_SECONDS: Final = 30
_DOTS_PER_INCH: Final = 144.0  # twice 72: sharp on the screens of telephones
_UNKNOWN: Final = "\u25a1"  # in place of a character that no embedded font draws
_PROBE: Final = b'#set document(title: "x")\n#set text(lang: "fr")\n#sys.inputs.letter'
_STANDARD: Final = "ua-1"


def png(data: dict[str, Any]) -> bytes:
    """Return the figures as a picture, with the fonts that the compiler embeds and no other."""
    compiler = typst.Compiler(
        (_HERE / "report_digest.typ").read_bytes(),
        font_paths=typst.Fonts(include_system_fonts=False),
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data)},
    )
    return _made(compiler.compile(format="png", ppi=_DOTS_PER_INCH))


def pdf(data: dict[str, Any]) -> bytes:
    """Return a case as tagged PDF/UA-1, which has no missing glyph: what cannot be drawn is replaced."""
    fonts = typst.Fonts(include_system_fonts=False)
    written = json.dumps(data, ensure_ascii=False)
    missing = {letter for letter in set(written) if letter > "\u017f" and not _drawn(letter, fonts)}
    if missing:
        written = written.translate(dict.fromkeys(map(ord, missing), _UNKNOWN))
    shown = json.loads(written)
    shown["replaced"] = "Ce qui ne s'imprime pas y est remplacé par □." if missing else ""
    compiler = typst.Compiler(
        (_HERE / "report_case.typ").read_bytes(),
        root=_FILES,
        font_paths=fonts,
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(shown)},
    )
    return _made(compiler.compile(format="pdf", pdf_standards=[_STANDARD], timestamp=shown["at"]))


def in_memory(content: bytes) -> str:
    """Return the name, for the compiler, of a file that only this process has, and that no disk holds."""
    number = os.memfd_create("image")
    os.write(number, content)
    return f"/{number}"


def _drawn(letter: str, fonts: typst.Fonts) -> bool:
    compiler = typst.Compiler(
        _PROBE, font_paths=fonts, ignore_system_fonts=True, sys_inputs={"letter": letter}
    )
    try:
        compiler.compile(format="pdf", pdf_standards=[_STANDARD])
    except typst.TypstError:
        return False
    return True


def _made(content: object) -> bytes:
    if not isinstance(content, bytes):
        raise TypeError(type(content))
    return content


def main(what: str) -> None:
    """Compile what the standard input holds."""
    data = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for filing in data.get("filings", ()):
        filing["image"] = in_memory(base64.b64decode(filing["image"])) if filing["image"] else ""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # it writes to no file from here on
    sys.stdout.buffer.write(png(data) if what == "digest" else pdf(data))


if __name__ == "__main__":
    main(sys.argv[1])
