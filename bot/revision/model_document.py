"""The text in force as a Word file, to start a revision from. `parse_docx` reads it as the same text."""

import io
import zipfile
from collections.abc import Iterator
from typing import Final
from xml.sax.saxutils import escape

from bot.policy.articles import Version
from bot.policy.provisions import Kind, Provision

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
# Styles of headings by depth, for the navigation pane of Word and for screen readers.
_STYLES: Final = (
    f'{_XML}<w:styles xmlns:w="{_WORD}"><w:docDefaults><w:rPrDefault><w:rPr>'
    '<w:sz w:val="24"/><w:lang w:val="fr-CA"/></w:rPr></w:rPrDefault>'
    '<w:pPrDefault><w:pPr><w:spacing w:after="160" w:line="276" w:lineRule="auto"/></w:pPr></w:pPrDefault>'
    '</w:docDefaults><w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/>'
    "</w:style>"
    + "".join(
        f'<w:style w:type="paragraph" w:styleId="Heading{level}"><w:name w:val="heading {level}"/>'
        f'<w:basedOn w:val="Normal"/><w:next w:val="Normal"/><w:pPr><w:keepNext/>'
        f'<w:spacing w:before="{before}"/><w:outlineLvl w:val="{level - 1}"/></w:pPr>'
        f'<w:rPr><w:b/><w:sz w:val="{size}"/></w:rPr></w:style>'
        for level, before, size in ((1, 360, 30), (2, 240, 26), (3, 240, 24), (4, 240, 24))
    )
    + "</w:styles>"
)
_LEVELS: Final = 4  # levels of headings that have a style
_DATE: Final = (1980, 1, 1, 0, 0, 0)  # a fixed date, so that the same text always gives the same file


def write_model(version: Version) -> bytes:
    """Return a Word file of the articles and clauses of a version, with typed numbers."""
    body = "".join(_paragraph(text, style) for text, style in _lines(version))
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


def _lines(version: Version) -> Iterator[tuple[str, str]]:
    """Yield each paragraph with its style, "" for plain text."""
    yield from ((text, "") for text in version.cover)
    for provision in version.outline.provisions:
        yield from _provision_lines(provision, 1)


def _provision_lines(provision: Provision, depth: int) -> Iterator[tuple[str, str]]:
    texts = [paragraph.text for paragraph in provision.paragraphs]
    begins = " ".join(filter(None, (provision.opening.strip() or provision.label, provision.title)))
    if provision.kind in {Kind.CLAUSE, Kind.ITEM}:
        first, *texts = texts or [""]
        yield f"{begins} {first}".strip(), ""
    elif begins:
        yield begins, f"Heading{min(depth, _LEVELS)}"
    yield from ((text, "") for text in texts)
    for child in provision.children:
        yield from _provision_lines(child, depth + 1)
    yield from ((paragraph.text, "") for paragraph in provision.closing)


def _paragraph(text: str, style: str) -> str:
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    runs = '</w:t><w:br/><w:t xml:space="preserve">'.join(escape(line) for line in text.split("\n"))
    return f'<w:p>{properties}<w:r><w:t xml:space="preserve">{runs}</w:t></w:r></w:p>'
