"""The text in force as a Word file, to start a revision from. `parse_docx` reads it as the same text."""

import io
import zipfile
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final
from xml.sax.saxutils import escape

from bot.policy.articles import Version
from bot.policy.markdown import read_markdown, write_markdown
from bot.policy.provisions import Block, Layout
from bot.revision.reading.docx_blocks import END_STYLE, NOTE_STYLE, NUMBER_STYLE, TEXT_STYLE

_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_WORD: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_PARTS: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_XML: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_TYPES: Final = (
    f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/word/document.xml" ContentType="{_PARTS}.document.main+xml"/>'
    f'<Override PartName="/word/styles.xml" ContentType="{_PARTS}.styles+xml"/></Types>'
)
_RELATIONS: Final = (
    f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/relationships/{{}}" Target="{{}}"/></Relationships>'
)
_LEVELS: Final = 9  # Word's levels of headings, under the document's title
_IDS: Final = {NUMBER_STYLE: "VigieNumber", TEXT_STYLE: "VigieText", NOTE_STYLE: "VigieNote"}


def _style(kind: str, identifier: str, name: str, properties: str = "", default: str = "") -> str:
    based = "" if kind == "character" or default else '<w:basedOn w:val="Normal"/><w:next w:val="Normal"/>'
    return (
        f'<w:style w:type="{kind}"{default} w:styleId="{identifier}"><w:name w:val="{name}"/>{based}'
        f"{properties}</w:style>"
    )


def _heading_style(level: int) -> str:
    """Return the style of headings of a level, for the navigation pane of Word and for screen readers."""
    before, size = {0: (0, 34), 1: (360, 30), 2: (240, 26)}.get(level, (240, 24))
    outline = f'<w:outlineLvl w:val="{level - 1}"/>' if level else ""
    return _style(
        *("paragraph", f"Heading{level}", f"heading {level}" if level else "Title"),
        f'<w:pPr><w:keepNext/><w:spacing w:before="{before}"/>{outline}</w:pPr>'
        f'<w:rPr><w:b/><w:sz w:val="{size}"/></w:rPr>',
    )


_STYLES: Final = (
    f'{_XML}<w:styles xmlns:w="{_WORD}"><w:docDefaults><w:rPrDefault><w:rPr>'
    '<w:sz w:val="24"/><w:lang w:val="fr-CA"/></w:rPr></w:rPrDefault>'
    '<w:pPrDefault><w:pPr><w:spacing w:after="160" w:line="276" w:lineRule="auto"/></w:pPr></w:pPrDefault>'
    "</w:docDefaults>"
    + _style("paragraph", "Normal", "Normal", default=' w:default="1"')
    + "".join(map(_heading_style, range(_LEVELS + 1)))
    + "".join(_style("paragraph", f"VigieEnd{level}", f"{END_STYLE} {level}") for level in range(_LEVELS + 1))
    + _style("paragraph", _IDS[NOTE_STYLE], NOTE_STYLE, '<w:rPr><w:sz w:val="20"/></w:rPr>')
    + _style("character", _IDS[NUMBER_STYLE], NUMBER_STYLE, "<w:rPr><w:b/></w:rPr>")
    + _style("character", _IDS[TEXT_STYLE], TEXT_STYLE)
    + "</w:styles>"
)
_DATE: Final = (1980, 1, 1, 0, 0, 0)  # a fixed date, so that the same text always gives the same file


def write_model(version: Version) -> bytes:
    """Return a Word file of a version, with its numbers written as text instead of automatic numbering.

    If the file is dropped in chat unchanged, it is read as the same text.
    """
    body = "".join(_body(read_markdown(write_markdown(version.outline))))
    document = f'{_XML}<w:document xmlns:w="{_WORD}"><w:body>{body}</w:body></w:document>'
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (
            ("[Content_Types].xml", _TYPES),
            ("_rels/.rels", _RELATIONS.format("officeDocument", "word/document.xml")),
            ("word/_rels/document.xml.rels", _RELATIONS.format("styles", "styles.xml")),
            ("word/document.xml", document),
            ("word/styles.xml", _STYLES),
        ):
            archive.writestr(zipfile.ZipInfo(name, _DATE), content)
    return output.getvalue()


def _body(blocks: Sequence[Block]) -> Iterator[str]:
    for layout, alike in groupby(blocks, key=lambda block: block.layout):
        if layout is Layout.ROW:
            yield _table([block.text.split("\t") for block in alike])
        else:
            yield from map(_paragraph, alike)


def _paragraph(block: Block) -> str:
    style = ""
    if block.level:
        style = f"{'Heading' if block.text or block.number else 'VigieEnd'}{min(block.level - 1, _LEVELS)}"
    elif block.layout is Layout.NOTE:
        style = _IDS[NOTE_STYLE]
    properties = f'<w:pStyle w:val="{style}"/>' if style else ""
    if block.indent:
        properties += f'<w:ind w:left="{round(block.indent * 20)}"/>'
    bullet = "\u2022 " if block.layout is Layout.BULLET else ""
    number = _run(f"{block.number} ", f'<w:rStyle w:val="{_IDS[NUMBER_STYLE]}"/>') if block.number else ""
    # the text after a number set apart is no other number, unless it is a heading's
    shielded = block.escaped and not (block.number and not block.level)
    shield = f'<w:rStyle w:val="{_IDS[TEXT_STYLE]}"/>' if shielded else ""
    bold = "<w:b/>" if block.strong and not block.level else ""
    words = _run(f"{bullet}{block.text}", shield + bold) if block.text else ""
    return f"<w:p>{f'<w:pPr>{properties}</w:pPr>' if properties else ''}{number}{words}</w:p>"


def _table(rows: Sequence[Sequence[str]]) -> str:
    line = '<w:{} w:val="single" w:sz="4" w:space="0" w:color="808080"/>'
    borders = "".join(map(line.format, ("top", "left", "bottom", "right", "insideH", "insideV")))
    cells = (
        "".join(
            f'<w:tc><w:tcPr><w:tcW w:w="0" w:type="auto"/></w:tcPr><w:p>{_run(cell)}</w:p></w:tc>'
            for cell in row
        )
        for row in rows
    )
    return (
        f'<w:tbl><w:tblPr><w:tblW w:w="0" w:type="auto"/><w:tblBorders>{borders}</w:tblBorders></w:tblPr>'
        f"{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"
    )


def _run(text: str, properties: str = "") -> str:
    shown = f"<w:rPr>{properties}</w:rPr>" if properties else ""
    return f'<w:r>{shown}<w:t xml:space="preserve">{escape(text)}</w:t></w:r>'
