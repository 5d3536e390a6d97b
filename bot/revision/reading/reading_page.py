"""The program that reads a Word file, a PDF or a Web page in a separate process.

It is run by path, in isolated mode. The file cannot use more than the limits below, and a crash of the
libraries (C and C++) stops only this process. The arguments are « docx », « pdf » or « html », and the
encoding that a page's server declares, "" if none. The file is on standard input. The output is JSON: a
`Document`, or {"problem": …} with a French reason. If there is no output, the file exceeded the limits.
"""

import json
import resource
import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path

MEMORY = 400 * 1024 * 1024  # maximum bytes of memory; a file of two hundred pages uses half of it
PROCESSOR_SECONDS = 20


def main(kind: str, charset: str = "") -> None:
    """Read the file on standard input, and print its text as JSON."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
    from bot.policy.articles import PolicyError  # noqa: PLC0415 — after `sys.path` is set
    from bot.revision.reading.document import MOST_CHARACTERS  # noqa: PLC0415 — after `sys.path` is set

    # The code is imported before the limits apply, so that Python can cache its bytecode.
    if kind == "docx":
        from bot.revision.reading.docx_document import parse_docx as parse  # noqa: PLC0415 — for this kind
    elif kind == "html":
        from bot.revision.reading.html_document import parse_html  # noqa: PLC0415 — for this kind

        parse = partial(parse_html, charset=charset)
    else:
        from bot.revision.reading.pdf_document import parse_pdf as parse  # noqa: PLC0415 — for this kind
    for limit, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, PROCESSOR_SECONDS),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),  # no file may be written
    ):
        resource.setrlimit(limit, (most, most))
    try:
        document = parse(sys.stdin.buffer.read(), "")
    except PolicyError as error:
        json.dump({"problem": error.problem}, sys.stdout)
        return
    if len(document.markdown) > MOST_CHARACTERS or len(document.words) > MOST_CHARACTERS:
        raise MemoryError
    json.dump(asdict(document), sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
