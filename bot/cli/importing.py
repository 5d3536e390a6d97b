"""The command that prints the outline of a document, and stores nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click

from bot.cli import base
from bot.policy.counts import count_parts
from bot.policy.decisions import NONE, line_key, line_words
from bot.policy.markdown import write_markdown
from bot.policy.outline import build_outline
from bot.policy.provisions import Doubt, Kind, Outline, Paragraph, Provision
from bot.revision.reading import formats
from bot.revision.reading.document import Document
from bot.revision.reading.lint import count_lost

_BEGINNING: Final = 60  # maximum characters of a provision's text, on the provision's line
_COVER: Final = "couverture"  # the kind of the cover's node in JSON


@click.command(
    name="importer",
    short_help="Voir ce qui se lit dans un document.",
    help="Lire le document d'une association (Word, PDF, page Web ou Markdown) et en montrer le plan\u00a0: "
    "titres, articles, alinéas, ce qui n'est pas sûr et comment le corriger. Rien n'est mis en vigueur.",
)
@click.argument("fichier", type=base.FILE, metavar="FICHIER")
@click.option(
    "--markdown",
    type=base.FILE,
    metavar="SORTIE",
    help="Écrire le texte lu en Markdown, pour le corriger.",
)
@click.option(
    "--politique",
    "policy",
    metavar="NOM",
    help="La politique dont c'est le texte\u00a0: ce qui a déjà été décidé de ses lignes s'applique.",
)
@base.json_flag
def importer(fichier: Path, markdown: Path | None, policy: str | None, *, as_json: bool) -> None:
    """Print the outline of a document."""
    if markdown and markdown.resolve() == fichier.resolve():
        base.refuse(f"{markdown} est le document lui-même. Donnez un autre nom à --markdown.")
    with base.reading(fichier) as content:
        document = formats.read_document(content, fichier.name)
        bot = base.parts() if policy else None
        decisions = base.known_decisions(bot, policy.lower(), document.blocks) if bot and policy else NONE
        outline = build_outline(document.blocks, decisions)
    decided = len({line_key(line_words(block)) for block in document.blocks}.intersection(decisions))
    doubts = [*outline.doubts, *(() if document.unit == "Ligne" else _others(document))]
    text = "\n".join(_lines(outline, doubts, document.unit.lower(), fichier))
    if decided:
        lines = f"{decided} lignes sont lues" if decided > 1 else "Une ligne est lue"
        text += f"\n{lines} comme quelqu'un l'a déjà décidé."
    base.show(outline_json(outline, doubts), text, as_json)
    if markdown:
        base.write(markdown, write_markdown(outline).encode())


def outline_json(outline: Outline, doubts: list[Doubt]) -> dict[str, Any]:
    """Return an outline in the JSON form that the command line prints.

    `text`: a provision's own text, without its children's. `title`: the document's title, from the first
    paragraph of the cover. The other paragraphs of the cover are a node without a path.
    """
    title, *cover = outline.cover or (Paragraph(""),)
    nodes = [_node((), _COVER, "", "", cover)] if cover else []
    for provision in outline.provisions:
        nodes += _nodes(provision, ())
    warnings = [
        {"code": doubt.code, "line": doubt.line, "words": doubt.words, "message": doubt.message}
        for doubt in doubts
    ]
    return {"title": title.text, "nodes": nodes, "warnings": warnings}


def _nodes(provision: Provision, above: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    path = (*above, provision.label or provision.title or provision.kind.value)
    paragraphs = [*provision.paragraphs, *provision.closing]
    yield _node(path, provision.kind.value, provision.label, provision.title, paragraphs)
    for child in provision.children:
        yield from _nodes(child, path)


def _node(
    path: tuple[str, ...], kind: str, label: str, title: str, paragraphs: list[Paragraph]
) -> dict[str, Any]:
    text = "\n\n".join(paragraph.text for paragraph in paragraphs)
    return {"path": list(path), "label": label, "kind": kind, "title": title, "text": text}


def _others(document: Document) -> Iterator[Doubt]:
    """Yield the doubts that come from the file's format, and one on words that the outline lacks, if any."""
    message = count_lost((f"{block.number} {block.text}" for block in document.blocks), document.words)
    if message:
        yield Doubt("lost_text", 0, "", message)
    for finding in document.findings:
        yield Doubt(finding.code, 0, "", finding.message)


def _lines(outline: Outline, doubts: list[Doubt], unit: str, file: Path) -> Iterator[str]:
    for paragraph in outline.cover:
        yield paragraph.text.replace("\t", " · ")
    if outline.cover:
        yield ""
    for provision in outline.provisions:
        yield from _tree(provision, 0)
    yield f"\n{count_parts(outline).capitalize()}."
    if not doubts:
        yield "Rien à vérifier."
        return
    yield "\nÀ vérifier\u00a0:"
    for doubt in doubts:
        place = f"{unit} {doubt.line}, " if doubt.line else ""
        words = f"«\u00a0{doubt.words}\u00a0»\u00a0: " if doubt.words else ""
        yield f"- {place}{words}{doubt.message}"
    yield (
        f"\nPour corriger\u00a0: vigie importer {file} --markdown SORTIE.md, changez SORTIE.md, puis "
        "vigie importer SORTIE.md."
    )


def _tree(provision: Provision, depth: int) -> Iterator[str]:
    text = " ".join(paragraph.text.replace("\t", " · ") for paragraph in provision.paragraphs)
    beginning = text if len(text) <= _BEGINNING else f"{text[:_BEGINNING].rsplit(' ', 1)[0]}…"
    unnamed = "Préambule" if provision.kind is Kind.PREAMBLE else "(sans titre)"
    named = f"{provision.opening} {provision.title}".strip() or unnamed
    yield f"{'  ' * depth}{named}" + (f"  {beginning}" if beginning else "")
    for child in provision.children:
        yield from _tree(child, depth + 1)


COMMANDS: Final = (importer,)
