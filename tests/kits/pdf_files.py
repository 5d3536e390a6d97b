"""PDF files as people make them: a policy on pages, in one column or two, with heads and feet."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pikepdf
import typst
from PIL import Image

from bot.policy.articles import Version
from bot.policy.labels import read_markers
from bot.policy.provisions import Block, Layout


def policy_as_pdf(version: Version, columns: int = 1, *, hanging: bool = False, size: float = 11) -> bytes:
    """Return a version as a PDF; `hanging`: the numbers stand in a margin of their own."""
    lines = [
        f'#set page(paper: "us-letter", margin: 1in, columns: {columns})',
        "#set page(header: [Association #h(1fr) Politique])",
        "#let pages = context counter(page).final().first()",
        "#set page(footer: context align(center)[Page #counter(page).display() de #pages])",
        f'#set text(font: "Libertinus Serif", size: {size}pt, lang: "fr", hyphenate: true)',
        "#set par(justify: true)",
    ]
    for article in version.articles:
        lines.append(f"= {_literal(f'ARTICLE {article.number} : {article.title}')}")
        heading = ""
        for clause in article.clauses:
            if clause.heading != heading:
                heading = clause.heading
                lines.append(f"== {_literal(heading)}")
            first, *rest = map(_literal, clause.paragraphs)
            number = "" if clause.number == article.number else _literal(str(clause.number))
            if number and hanging:
                lines.append(f"#grid(columns: (3em, 1fr), [{number}], [{first}])")
            else:
                lines.append(f"{number} {first}")
            lines += rest
    return typeset_pdf("\n\n".join(lines))


def typeset_pdf(source: str) -> bytes:
    """Return what typst makes of a source."""
    made = typst.compile(source.encode())
    assert isinstance(made, bytes)
    return made


def _literal(text: str) -> str:
    return "".join(f"\\{one}" if one in "\\*_`$#@<>[]~=-+/\"'" else one for one in text)


def scanned(pages: int = 1) -> bytes:
    """Return pages that are pictures."""
    stream = io.BytesIO()
    pictures = [Image.effect_noise((850, 1100), 60) for _ in range(pages)]
    pictures[0].save(stream, "PDF", save_all=True, append_images=pictures[1:])
    return stream.getvalue()


def joined(*files: bytes) -> bytes:
    """Return files as one."""
    whole = pikepdf.new()
    for file in files:
        with pikepdf.open(io.BytesIO(file)) as part:
            whole.pages.extend(part.pages)
    return _saved(whole)


def locked(file: bytes) -> bytes:
    """Return a file that a password opens."""
    with pikepdf.open(io.BytesIO(file)) as whole:
        return _saved(whole, pikepdf.Encryption(owner="secret", user="secret"))


def drawn_at(scale: float, file: bytes) -> bytes:
    """Return a file whose pages shrink all that they draw, as browsers print theirs."""
    with pikepdf.open(io.BytesIO(file)) as whole:
        for page in whole.pages:
            page.contents_add(f"{scale} 0 0 {scale} 0 0 cm".encode(), prepend=True)
            page.MediaBox = pikepdf.Array([float(side) * scale for side in page.mediabox.as_list()])
        return _saved(whole)


def without_letters(file: bytes) -> bytes:
    """Return a file whose fonts do not say which letters they draw."""
    with pikepdf.open(io.BytesIO(file)) as whole:
        for item in whole.objects:
            if isinstance(item, pikepdf.Dictionary) and "/ToUnicode" in item:
                del item["/ToUnicode"]
        return _saved(whole)


def _saved(whole: pikepdf.Pdf, encryption: pikepdf.Encryption | None = None) -> bytes:
    stream = io.BytesIO()
    whole.save(stream, encryption=encryption)
    return stream.getvalue()


def blocks_as_pdf(
    blocks: Sequence[Block],
    width: float = 21.59,
    *,
    justify: bool = False,
    tight: bool = False,
    hanging: bool = False,
    columns: int = 1,
    size: float = 11,
    heads: bool = True,
) -> bytes:
    """Return paragraphs as a PDF whose pages are `width` centimetres wide.

    Notes follow the paragraph that calls them: « [1] », there and at their beginning. `tight`: no space
    between paragraphs. `hanging`: numbers and bullets stand out to the left of their text.
    """
    margin = 1.5 if width < 15 else 2.5
    lines = [
        f"#set page(width: {width}cm, height: {1.3 * width:.2f}cm, margin: {margin}cm, columns: {columns})",
        f'#set text(font: "Libertinus Serif", size: {size}pt, lang: "fr", hyphenate: {str(justify).lower()})',
        f"#set par(justify: {str(justify).lower()}, spacing: {'0.65em' if tight else '1.2em'})",
    ]
    if heads:
        lines += [
            "#set page(header: [Association #h(1fr) Règlements])",
            "#set page(footer: context align(center)[Page #counter(page).display()])",
        ]
    rows: list[str] = []
    for block in blocks:
        if block.layout is Layout.ROW:
            rows.append(block.text)
            continue
        lines += _table(rows)
        rows = []
        if block.layout is Layout.NOTE:
            call = _literal(block.text.partition(" ")[0])
            note = f"#footnote[{_literal(block.text.partition(' ')[2])}]"
            lines[-1] = lines[-1].replace(call, note)
            continue
        if block.joined and lines[-1].endswith("]"):
            # A line of the same paragraph: broken there when a number begins it, else wrapped anywhere.
            brk = "\\ " if read_markers(block.text) else " "
            lines[-1] = f"{lines[-1][:-1]}{brk}{_literal(block.text)}]"
            continue
        number = "•" if block.layout is Layout.BULLET else block.number
        text = _literal(block.text)
        if block.strong or block.level:
            larger = size * (1 + 0.2 * max(4 - block.level, 0)) if block.level else size
            whole = f"{_literal(number)} {text}" if number else text
            lines.append(f'#text(size: {larger:.1f}pt, weight: "bold")[{whole}]')
        elif hanging and number:
            lines.append(
                f"#pad(left: {block.indent}pt, grid(columns: (2.5em, 1fr), [{_literal(number)}], [{text}]))"
            )
        else:
            body = f"{_literal(number)} {text}" if number else text
            lines.append(f"#pad(left: {block.indent}pt)[{body}]")
    return typeset_pdf("\n\n".join([*lines, *_table(rows)]))


def _table(rows: Sequence[str]) -> list[str]:
    """Return the source of a ruled table, [] without rows. Cells are separated by tabs."""
    if not rows:
        return []
    cells = [row.split("\t") for row in rows]
    inside = ", ".join(f"[{_literal(cell)}]" for row in cells for cell in row)
    return [f"#table(columns: {len(cells[0])}, {inside})"]
