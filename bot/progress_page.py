"""Draw a picture: run by `bot.progress_picture` in a process of its own, which only this file enters.

The template is named by the one argument. Data comes in JSON on the standard input, the PNG leaves on the
standard output. The template reads the data as text; it is never made into source.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path
from typing import Any, Final

import typst

_TEMPLATES: Final = Path(__file__).parent
_CPU_SECONDS: Final = 20
_DOTS_PER_INCH: Final = 144.0  # twice 72: sharp on the screens of telephones


def png(data: dict[str, Any], template: str) -> bytes:
    """Return the picture that a template makes, with the fonts that the compiler embeds and no other."""
    fonts = typst.Fonts(include_system_fonts=False)
    compiler = typst.Compiler(
        (_TEMPLATES / f"{template}.typ").read_bytes(),
        font_paths=fonts,
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data)},
    )
    made = compiler.compile(format="png", ppi=_DOTS_PER_INCH)
    if not isinstance(made, bytes):
        raise TypeError(type(made))
    return made


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # it writes to no file
    sys.stdout.buffer.write(png(json.load(sys.stdin), sys.argv[1]))
