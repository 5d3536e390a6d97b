"""Web pages as people make them: by the programs for sites, by Word, by converters of Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby
from typing import Literal, TypeAlias

from markdown_it import MarkdownIt

from bot.policy.provisions import Block, Layout

Program: TypeAlias = Literal["site", "word"]

# What is before and after the text on a site. {} is replaced by what changes from day to day.
_HEAD = """<!DOCTYPE html>
<html lang="fr-CA"><head><meta charset="UTF-8"><title>Règlements – La Ruche</title>
<link rel="stylesheet" href="/style.css"><style>.menu {{ color: red }}</style>
<script>var vues = "<p>{0} visites</p>";</script></head>
<body class="wp-singular page-template-default">
<a class="skip-link screen-reader-text" href="#content">Aller au contenu</a>
<div id="cookie-notice" class="cookie-notice">Ce site garde des témoins. <a href="/t">En savoir plus</a></div>
<header id="masthead"><p class="site-title"><a href="/">La Ruche</a></p>
<nav><ul class="menu"><li><a href="/">Accueil</a></li><li><a href="/n">Nouvelles {0}</a></li></ul></nav>
</header>
<div id="page"><main id="content"><article id="post-12"><div class="entry-meta">Mis à jour le {0}</div>
<div class="entry-content">
"""
_FOOT = """</div><div class="sharedaddy sd-sharing-enabled"><h3>Partager</h3><a href="/p">Courriel</a></div>
<footer class="entry-footer">Vue {0} fois</footer></article>
<section id="comments" class="comments-area"><h2>{0} commentaires</h2><p>Merci!</p></section></main>
<aside id="secondary"><h2>Nouvelles</h2><p>Le bal du {0} est complet.</p></aside></div>
<footer id="colophon"><p>© {0} La Ruche, 12, rue des Abeilles</p></footer>
<script src="/a.js"></script></body></html>
"""
_WORD_HEAD = """<html xmlns:o="urn:schemas-microsoft-com:office:office" xmlns="http://www.w3.org/TR/REC-html40">
<head><meta http-equiv=Content-Type content="text/html; charset=windows-1252">
<!--[if gte mso 9]><xml><w:WordDocument><w:View>Print</w:View></w:WordDocument></xml><![endif]-->
<style><!-- p.MsoNormal {margin:0cm} -->
</style></head><body lang=FR-CA><div class=WordSection1>
"""


def on_a_site(text: str, changing: str = "3 mai 2026") -> str:
    """Return a page of a site that holds a text, in HTML. `changing`: a word of what is around it."""
    return _HEAD.format(changing) + text + _FOOT.format(changing)


def markdown_as_html(markdown: str) -> str:
    """Return what converters make of some Markdown, without a head."""
    return str(MarkdownIt("commonmark", {"typographer": False}).enable("table").render(markdown))


def blocks_as_html(blocks: Sequence[Block], program: Program) -> bytes:
    """Return paragraphs as a page that a program makes. Notes follow the paragraph that calls them."""
    if program == "site":
        return on_a_site("\n".join(_site(blocks))).encode()
    notes = [block.text for block in blocks if block.layout is Layout.NOTE]
    page = f"{_WORD_HEAD}{''.join(_word(blocks))}</div>{''.join(map(_word_note, notes))}</body></html>"
    return page.replace("\n", "\r\n").encode("windows-1252", "xmlcharrefreplace")


def _words(text: str) -> str:
    return escape(text, quote=False).replace("\u00a0", "&nbsp;").replace("’", "&rsquo;")


def _site(blocks: Sequence[Block]) -> Iterator[str]:
    """Yield paragraphs as the editor of a site writes them, with lists of its own only for bullets."""
    notes: list[str] = []
    for layout, group in groupby(_paragraphs(blocks), key=lambda lines: lines[0].layout):
        if layout is Layout.ROW:
            rows = "".join(
                f"<tr><td>{'</td><td>'.join(map(_words, row.text.split(chr(9))))}</td></tr>"
                for [row] in group
            )
            yield f'<figure class="wp-block-table"><table><tbody>{rows}</tbody></table></figure>'
        elif layout is Layout.BULLET:
            items = "".join(f"<li>{'<br>'.join(_words(line.text) for line in lines)}</li>" for lines in group)
            yield f'<ul class="wp-block-list">{items}</ul>'
        elif layout is Layout.NOTE:
            notes += [block.text for [block] in group]
        else:
            for lines in group:
                yield _site_paragraph(lines)
    marks = [(mark.strip("[]"), words) for mark, _, words in (note.partition(" ") for note in notes)]
    items = "".join(
        f'<li id="fn{mark}">{_words(words)} <a href="#r{mark}">↩</a></li>' for mark, words in marks
    )
    if items:
        yield f'<ol class="wp-block-footnotes">{items}</ol>'


def _paragraphs(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    """Yield the lines of each paragraph."""
    lines: list[Block] = []
    for block in blocks:
        if lines and not block.joined:
            yield lines
            lines = []
        lines.append(block)
    yield lines


def _site_paragraph(lines: Sequence[Block]) -> str:
    first = lines[0]
    text = "<br>\n".join(_words(f"{line.number} {line.text}".strip()) for line in lines)
    for mark in _marks(lines):
        text = text.replace(f"[{mark}]", f'<sup><a href="#fn{mark}" id="r{mark}">{mark}</a></sup>')
    if first.level:
        return f'<h{first.level} class="wp-block-heading">{text}</h{first.level}>'
    if first.strong:
        text = f"<strong>{text}</strong>"
    margin = f' style="margin-left:{first.indent * 4 / 3:.0f}px"' if first.indent else ""
    return f"<p{margin}>{text}</p>"


def _marks(lines: Sequence[Block]) -> list[str]:
    return [mark for mark in map(str, range(1, 30)) if any(f"[{mark}]" in line.text for line in lines)]


def _word(blocks: Sequence[Block]) -> Iterator[str]:
    """Yield paragraphs as Word saves them, with the numbers that it computed."""
    rows: list[str] = []
    for lines in _paragraphs([block for block in blocks if block.layout is not Layout.NOTE]):
        first = lines[0]
        if first.layout is Layout.ROW:
            cells = "</p></td><td><p class=MsoNormal>".join(map(_words, first.text.split("\t")))
            rows.append(f"<tr><td><p class=MsoNormal>{cells}<o:p></o:p></p></td></tr>\n")
            continue
        if rows:
            yield f"<table class=MsoTableGrid border=1>{''.join(rows)}</table>\n"
            rows = []
        yield _word_paragraph(lines)
    if rows:
        yield f"<table class=MsoTableGrid border=1>{''.join(rows)}</table>\n"


def _word_paragraph(lines: Sequence[Block]) -> str:
    first = lines[0]
    text = "<br>\n".join(_words(line.text) for line in lines)
    for mark in _marks(lines):
        call = f"<span class=MsoFootnoteReference><![if !supportFootnotes]>[{mark}]<![endif]></span>"
        text = text.replace(
            f"[{mark}]",
            f'<a style=\'mso-footnote-id:ftn{mark}\' href="#_ftn{mark}" name="_r{mark}">{call}</a>',
        )
    if first.strong and not first.level:
        text = f"<b>{text}</b>"
    sign = "·" if first.layout is Layout.BULLET else first.number
    if sign:
        blank = "<span\nstyle='font:7.0pt \"Times New Roman\"'>&nbsp;&nbsp;&nbsp; </span>"
        text = (
            f"<![if !supportLists]><span style='mso-list:Ignore'>{_words(sign)}{blank}</span><![endif]>{text}"
        )
    if first.level == 1:
        return f"<p class=MsoTitle>{text}<o:p></o:p></p>\n"
    if first.level:
        return f"<h{first.level - 1}>{text}<o:p></o:p></h{first.level - 1}>\n"
    margin = f" style='margin-left:{first.indent:.1f}pt'" if first.indent else ""
    return f"<p class=MsoNormal{margin}>{text}<o:p></o:p></p>\n"


def _word_note(note: str) -> str:
    mark, _, words = note.partition(" ")
    number = mark.strip("[]")
    return (
        f"<div style='mso-element:footnote' id=ftn{number}><p class=MsoFootnoteText><a href=\"#_r{number}\" "
        f'name="_ftn{number}"><span class=MsoFootnoteReference>{mark}</span></a> {_words(words)}</p></div>\n'
    )
