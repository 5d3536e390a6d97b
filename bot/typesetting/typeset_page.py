"""Compile a page or a picture, in a process of its own that only this file enters.

The two arguments are the template's path and the kind. Data comes as JSON on the standard input; the PDF or
the PNG leaves on the standard output. The template reads the data as text; it is never made into source.
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
_FONTS: Final = typst.Fonts(include_system_fonts=False)  # those that the compiler embeds, and no other


def _pdf(template: bytes, data: dict[str, Any]) -> bytes | list[bytes] | None:
    """Return pages as tagged PDF/UA-1, which allows no missing glyph: what cannot be drawn is replaced."""
    written = json.dumps(data, ensure_ascii=False)
    missing = {letter for letter in set(written) if letter > _LATIN and not _is_drawn(letter)}
    shown = json.loads(written.translate(dict.fromkeys(map(ord, missing), _UNKNOWN)))
    shown["replaced"] = bool(missing)
    made_at = datetime.fromisoformat(data["made_at"])  # made again, it is the same file
    compiler = _compiler(template, {"data": json.dumps(shown)})
    return compiler.compile(format="pdf", pdf_standards=[_STANDARD], timestamp=made_at)


def _is_drawn(letter: str) -> bool:
    try:
        _compiler(_PROBE, {"letter": letter}).compile(format="pdf", pdf_standards=[_STANDARD])
    except typst.TypstError:
        return False
    return True


def _compiler(source: bytes, inputs: dict[str, str]) -> typst.Compiler:
    return typst.Compiler(source, root=_FILES, font_paths=_FONTS, ignore_system_fonts=True, sys_inputs=inputs)


def main(template: str, kind: str) -> None:
    """Compile what the standard input holds."""
    data = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for name, image in data.setdefault("images", {}).items():
        # A file that only this process has, and no disk holds; the template reads it by this name.
        number = os.memfd_create("image")
        os.write(number, base64.b64decode(image))
        data["images"][name] = f"/{number}"
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # it writes to no file from here on
    source = Path(template).read_bytes()
    if kind == "png":
        content = _compiler(source, {"data": json.dumps(data)}).compile(format="png", ppi=_DOTS_PER_INCH)
    else:
        content = _pdf(source, data)
    if not isinstance(content, bytes):
        raise TypeError(type(content))
    sys.stdout.buffer.write(content)


if __name__ == "__main__":
    main(*sys.argv[1:])
