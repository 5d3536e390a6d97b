"""Word documents as people make them: the same policy, numbered in each of Word's ways."""

from __future__ import annotations

import io
from typing import Final, Literal, TypeAlias

import docx
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.text.paragraph import Paragraph

from bot.policy.articles import Clause, Version

Way: TypeAlias = Literal["typed", "direct", "styles", "linked", "continued", "per_article"]
WAYS: Final[tuple[Way, ...]] = ("typed", "direct", "styles", "linked", "continued", "per_article")

_LEVELS: Final = ("ARTICLE %1\u00a0:", "%1.%2", "%1.%2.%3")
_STYLES: Final = ("VigieArticle", "VigieClause", "VigieAlinea")


class Writer:
    """A document being written."""

    def __init__(self) -> None:
        self.document = docx.Document()
        part = self.document.part.numbering_part
        self.numbering = part.element
        for child in list(self.numbering):
            self.numbering.remove(child)

    def abstract(self, identifier: int, levels: str, *, link: str = "") -> None:
        """Add an abstract list, before the lists as the schema wants."""
        inner = f'<w:multiLevelType w:val="multilevel"/>{link}{levels}'
        xml = f'<w:abstractNum {nsdecls("w")} w:abstractNumId="{identifier}">{inner}</w:abstractNum>'
        at = len(self.numbering.findall("{*}abstractNum"))
        self.numbering.insert(at, parse_xml(xml))

    def num(self, identifier: int, abstract: int, overrides: str = "") -> None:
        """Add a list."""
        inner = f'<w:abstractNumId w:val="{abstract}"/>{overrides}'
        self.numbering.append(parse_xml(f'<w:num {nsdecls("w")} w:numId="{identifier}">{inner}</w:num>'))

    def style(self, name: str, properties: str = "", based_on: str = "", kind: str = "paragraph") -> None:
        """Add a style."""
        base = f'<w:basedOn w:val="{based_on}"/>' if based_on else ""
        own = f'w:type="{kind}" w:customStyle="1" w:styleId="{name}"'
        inner = f'<w:name w:val="{name}"/>{base}{properties}'
        self.document.styles.element.append(parse_xml(f"<w:style {nsdecls('w')} {own}>{inner}</w:style>"))

    def paragraph(
        self,
        text: str,
        *,
        style: str = "",
        number: int | None = None,
        level: int | None = None,
        bold: bool = False,
    ) -> Paragraph:
        """Add a paragraph, in a list if a number is given."""
        paragraph = self.document.add_paragraph()
        run = paragraph.add_run(text)
        run.bold = bold or None
        properties = paragraph._p.get_or_add_pPr()
        if style:
            properties.append(parse_xml(f'<w:pStyle {nsdecls("w")} w:val="{style}"/>'))
        if number is not None or level is not None:
            inner = f'<w:ilvl w:val="{level}"/>' if level is not None else ""
            inner += f'<w:numId w:val="{number}"/>' if number is not None else ""
            properties.append(parse_xml(f"<w:numPr {nsdecls('w')}>{inner}</w:numPr>"))
        return paragraph

    def saved(self) -> bytes:
        """Return the file."""
        stream = io.BytesIO()
        self.document.save(stream)
        return stream.getvalue()


def lvl(at: int, text: str, *, start: int = 1, form: str = "decimal", more: str = "") -> str:
    """Return a level of a list."""
    counted = f'<w:start w:val="{start}"/><w:numFmt w:val="{form}"/>'
    return f'<w:lvl w:ilvl="{at}">{counted}{more}<w:lvlText w:val="{text}"/></w:lvl>'


def policy_as_docx(version: Version, way: Way) -> bytes:
    """Return a version as a document numbered in one of Word's ways."""
    writer = Writer()
    levels = "".join(lvl(at, text) for at, text in enumerate(_LEVELS))
    if way in {"direct", "continued"}:
        writer.abstract(1, levels)
        writer.num(1, 1)
    elif way == "styles":
        marked = "".join(
            lvl(at, text, more=f'<w:pStyle w:val="{style}"/>')
            for at, (text, style) in enumerate(zip(_LEVELS, _STYLES, strict=True))
        )
        writer.abstract(1, marked)
        writer.num(1, 1)
        for at, style in enumerate(
            _STYLES
        ):  # the level is the list's to say: the style names none but the first
            bold = "<w:rPr><w:b/></w:rPr>" if at == 0 else ""
            writer.style(f"{style}Base", f'<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr>{bold}')
            writer.style(style, "", based_on=f"{style}Base")
    elif way == "linked":
        writer.abstract(1, levels, link='<w:styleLink w:val="VigieListe"/>')
        writer.num(1, 1)
        writer.style("VigieListe", '<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr>', kind="numbering")
        writer.abstract(2, "", link='<w:numStyleLink w:val="VigieListe"/>')
        writer.num(2, 2)
    for article in version.articles:
        _article(writer, version, int(str(article.number)), way)
    return writer.saved()


def _article(writer: Writer, version: Version, number: int, way: Way) -> None:
    article = next(article for article in version.articles if str(article.number) == str(number))
    if way == "per_article":
        writer.abstract(number, lvl(0, f"{number}.%1") + lvl(1, f"{number}.%1.%2"))
        writer.num(number, number)
    if way == "continued" and number > 1:  # each article has its own list, of the same abstract one
        writer.num(number, 1)
    listed = {"direct": 1, "linked": 2, "continued": number}.get(way)
    if listed is not None:
        writer.paragraph(article.title, number=listed, level=0, bold=True)
    elif way == "styles":
        writer.paragraph(article.title, style=_STYLES[0])
    else:
        writer.paragraph(f"ARTICLE {number}\u00a0: {article.title}", bold=True)
    heading = ""
    for clause in article.clauses:
        if clause.heading != heading:
            heading = clause.heading
            writer.paragraph(heading, bold=True)
        _clause(writer, clause, way, listed)


def _clause(writer: Writer, clause: Clause, way: Way, listed: int | None) -> None:
    first, *rest = clause.paragraphs
    depth = str(clause.number).count(".") + 1
    if depth == 1:
        writer.paragraph(first)
    elif listed is not None:
        writer.paragraph(first, number=listed, level=depth - 1)
    elif way == "styles":
        writer.paragraph(first, style=_STYLES[depth - 1])
    elif way == "per_article":
        writer.paragraph(first, number=int(str(clause.article)), level=depth - 2)
    else:
        writer.paragraph(f"{clause.number} {first}")
    for text in rest:
        writer.paragraph(text)
