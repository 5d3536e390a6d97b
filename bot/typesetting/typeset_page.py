"""Compile a page or a picture, in a process of its own that only this file enters.

The template's path and the kind are the two arguments. Data comes in JSON on the standard input, the PDF
or the PNG leaves on the standard output. The template reads the data as text; it is never made into source.
"""

from __future__ import annotations

import base64
import json
import os
import resource
import sys
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import typst

_FILES: Final = "/proc/self/fd"
_CPU_SECONDS: Final = 50
_DOTS_PER_INCH: Final = 144.0  # twice 72: sharp on the screens of telephones
_PROBE: Final = b'#set document(title: "x")\n#set text(lang: "fr")\n#sys.inputs.letter'
_UNKNOWN: Final = "\u25a1"  # in place of a character that no embedded font draws
_LATIN: Final = "\u017f"  # up to there, they draw everything
_STANDARD: Final = "ua-1"


def png(template: bytes, data: dict[str, Any]) -> bytes:
    """Return a picture, with the fonts that the compiler embeds and no other."""
    return _made(_compiler(template, {"data": json.dumps(data)}).compile(format="png", ppi=_DOTS_PER_INCH))


def pdf(template: bytes, data: dict[str, Any]) -> bytes:
    """Return pages as tagged PDF/UA-1, which has no missing glyph: what cannot be drawn is replaced."""
    written = json.dumps(data, ensure_ascii=False)
    missing = {letter for letter in set(written) if letter > _LATIN and not _drawn(letter)}
    shown = json.loads(written.translate(dict.fromkeys(map(ord, missing), _UNKNOWN)))
    shown["replaced"] = bool(missing)
    made_at = datetime.fromisoformat(data["made_at"])  # made again, it is the same file
    compiler = _compiler(template, {"data": json.dumps(shown)})
    return _made(compiler.compile(format="pdf", pdf_standards=[_STANDARD], timestamp=made_at))


def _drawn(letter: str) -> bool:
    try:
        _compiler(_PROBE, {"letter": letter}).compile(format="pdf", pdf_standards=[_STANDARD])
    except typst.TypstError:
        return False
    return True


def _compiler(source: bytes, inputs: dict[str, str]) -> typst.Compiler:
    return typst.Compiler(source, root=_FILES, font_paths=_FONTS, ignore_system_fonts=True, sys_inputs=inputs)


_FONTS: Final = typst.Fonts(include_system_fonts=False)


def _made(content: object) -> bytes:
    if not isinstance(content, bytes):
        raise TypeError(type(content))
    return content


def _in_memory(content: bytes) -> str:
    """Return the name, for the compiler, of a file that only this process has, and that no disk holds."""
    number = os.memfd_create("image")
    os.write(number, content)
    return f"/{number}"


def main(template: str, kind: str) -> None:
    """Compile what the standard input holds."""
    data = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    data["images"] = {
        name: _in_memory(base64.b64decode(image)) for name, image in data.get("images", {}).items()
    }
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # it writes to no file from here on
    source = Path(template).read_bytes()
    sys.stdout.buffer.write(png(source, data) if kind == "png" else pdf(source, data))


if __name__ == "__main__":
    main(*sys.argv[1:])
