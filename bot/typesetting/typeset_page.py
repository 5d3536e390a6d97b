"""The program that compiles a page or a picture, in a process that loads no other file of Vigie.

Its two arguments are the template's path and the kind, « pdf » or « png ». It reads the data as JSON on
standard input, and writes the file to standard output. The template reads the data as text, never as source.
"""

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
_DOTS_PER_INCH: Final = 144.0  # twice 72, to be sharp on phone screens
_PROBE: Final = b'#set document(title: "x")\n#set text(lang: "fr")\n#sys.inputs.letter'
_UNKNOWN: Final = "\u25a1"  # replaces a character that no embedded font has
_LATIN: Final = "\u017f"  # the embedded fonts have every character up to this one
_STANDARD: Final = "ua-1"
_HOUSE: Final = Path(__file__).with_name("house.typ")  # the definitions shared by the templates
_FONTS: Final = typst.Fonts(include_system_fonts=False)  # only the compiler's embedded fonts


def _pdf(template: bytes, data: dict[str, Any], house: str) -> bytes | list[bytes] | None:
    """Return pages as a tagged PDF (PDF/UA-1), with `_UNKNOWN` for each character that the fonts lack.

    The standard forbids missing characters. `house`: the path at which the template reads `house.typ`.
    """
    json_text = json.dumps(data, ensure_ascii=False)
    missing = {letter for letter in set(json_text) if letter > _LATIN and not _is_drawn(letter)}
    printable = json.loads(json_text.translate(dict.fromkeys(map(ord, missing), _UNKNOWN)))
    printable["replaced"] = bool(missing)
    made_at = datetime.fromisoformat(data["made_at"])  # so that the same data gives the same file
    compiler = _compiler(template, {"data": json.dumps(printable), "house": house})
    return compiler.compile(format="pdf", pdf_standards=[_STANDARD], timestamp=made_at)


def _is_drawn(letter: str) -> bool:
    try:
        _compiler(_PROBE, {"letter": letter}).compile(format="pdf", pdf_standards=[_STANDARD])
    except typst.TypstError:
        return False
    return True


def _in_memory(content: bytes) -> str:
    """Put a file in this process's own memory, and return the path at which a template reads it."""
    number = os.memfd_create("file")
    os.write(number, content)
    return f"/{number}"


def _compiler(source: bytes, inputs: dict[str, str]) -> typst.Compiler:
    return typst.Compiler(source, root=_FILES, font_paths=_FONTS, ignore_system_fonts=True, sys_inputs=inputs)


def main(template: str, kind: str) -> None:
    """Compile `template` with the data on standard input, and write the file to standard output."""
    data = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for name, image in data.setdefault("images", {}).items():
        data["images"][name] = _in_memory(base64.b64decode(image))
    house = _in_memory(_HOUSE.read_bytes())
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # no file can be written from here on
    source = Path(template).read_bytes()
    if kind == "png":
        compiler = _compiler(source, {"data": json.dumps(data), "house": house})
        content = compiler.compile(format="png", ppi=_DOTS_PER_INCH)
    else:
        content = _pdf(source, data, house)
    if not isinstance(content, bytes):
        raise TypeError(type(content))
    sys.stdout.buffer.write(content)


if __name__ == "__main__":
    main(*sys.argv[1:])
