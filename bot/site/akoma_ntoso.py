"""A whole version in Akoma Ntoso 3.0 (OASIS LegalDocML), a format for exchanging laws. Pure functions.

`eId` is a part's position in its version; `wId` is its identity, the same under all its numbers. The policy
is the work, and each version is an expression of it (FRBR). `refersTo` is a clause's force.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final
from xml.etree import ElementTree as ET

from bot.policy.articles import Clause, ClauseItem, Number, Version
from bot.policy.changes.identities import name_parts
from bot.policy.provisions import Kind, Layout, Paragraph, Provision
from bot.site.addresses import slug
from bot.site.feeds import document, xml_text
from bot.site.provision_pages import PolicyPages
from bot.site.timeline import part_title

TEXT: Final = "texte.akn.xml"
_NAMESPACE: Final = "http://docs.oasis-open.org/legaldocml/ns/akn/3.0"
# The element of each kind of part, and the prefix of its `eId`. A kind that the standard lacks is a
# container.
_ELEMENTS: Final = {
    Kind.TITLE: ("title", "title"),
    Kind.CHAPTER: ("chapter", "chp"),
    Kind.SECTION: ("section", "sec"),
    Kind.ARTICLE: ("article", "art"),
    Kind.CLAUSE: ("clause", "clause"),
    Kind.ITEM: ("point", "point"),
}
_OTHER: Final = ("hcontainer", "hcontainer")
_SOURCE: Final = "#association"


def akoma_ntoso(pages: PolicyPages, version: Version) -> bytes:
    """Return a version as an Akoma Ntoso document, of the type « act »."""
    ET.register_namespace("", _NAMESPACE)
    root = _element(None, "akomaNtoso")
    contains = "originalVersion" if version is pages.time.versions[0] else "singleVersion"
    act = _element(root, "act", name="politique", contains=contains)
    _meta(_element(act, "meta"), pages, version)
    body = _element(act, "body")
    _Writer(pages, version).write(body)
    return document(root)


def _element(parent: ET.Element | None, tag: str, text: str = "", **attributes: str) -> ET.Element:
    name = f"{{{_NAMESPACE}}}{tag}"
    clean = {key: xml_text(value) for key, value in attributes.items()}
    element = ET.Element(name, clean) if parent is None else ET.SubElement(parent, name, clean)
    element.text = xml_text(text) or None
    return element


def _meta(meta: ET.Element, pages: PolicyPages, version: Version) -> None:
    """Write what identifies the policy, the version and this file, then the dates and the clauses' forces."""
    policy, first = pages.time.policy, pages.time.versions[0]
    association = slug(pages.facts.association)
    work = f"/akn/ca-qc/act/politique/{association}/{first.adopted}/{slug(policy.id)}"
    expression = f"{work}/fra@{version.since}"
    identification = _element(meta, "identification", source=_SOURCE)
    levels = (
        ("FRBRWork", work, first, "adoption"),
        ("FRBRExpression", expression, version, "version"),
        ("FRBRManifestation", f"{expression}.xml", version, "publication"),
    )
    for name, uri, dated, event in levels:
        level = _element(identification, name)
        this = f"{uri.removesuffix('.xml')}/!main{'.xml' if uri.endswith('.xml') else ''}"
        _element(level, "FRBRthis", value=this)
        _element(level, "FRBRuri", value=uri)
        if name == "FRBRWork":
            _element(level, "FRBRalias", value=pages.time.title_of_policy, name="titre")
        _element(level, "FRBRdate", date=dated.adopted.isoformat(), name=event)
        _element(level, "FRBRauthor", href=_SOURCE)
        if name == "FRBRWork":
            _element(level, "FRBRcountry", value="ca-qc")
            _element(level, "FRBRname", value=str(policy.name))
        elif name == "FRBRExpression":
            _element(level, "FRBRlanguage", language="fra")
    lifecycle = _element(meta, "lifecycle", source=_SOURCE)
    until = pages.time.versions.index(version) + 1
    for past in pages.time.versions[:until]:
        kind = "generation" if past is first else "amendment"
        _element(
            lifecycle, "eventRef", eId=f"e_{past.key}", date=past.since.isoformat(), source=_SOURCE, type=kind
        )
    references = _element(meta, "references", source=_SOURCE)
    _element(
        references,
        "TLCOrganization",
        eId="association",
        href=f"/ontology/organization/ca-qc/{association}",
        showAs=pages.facts.association,
    )
    forces = dict.fromkeys(filter(None, map(policy.label, version.clauses())))
    for force in forces:
        concept = f"/ontology/concept/force/{slug(force)}"
        _element(references, "TLCConcept", eId=f"force_{slug(force)}", href=concept, showAs=force)


class _Writer:
    """A writer of a version's parts as XML, in the order of the text."""

    def __init__(self, pages: PolicyPages, version: Version) -> None:
        self._pages, self._version = pages, version
        self._identities = name_parts(version)
        self._numbers = {id(version.part(number)): number for number in version.parts()}

    def write(self, body: ET.Element) -> None:
        for provision in self._version.outline.provisions:
            self._part(body, provision)

    def _part(self, parent: ET.Element, provision: Provision) -> None:
        number = self._numbers[id(provision)]
        version, clause = self._version, self._version.clause(number)
        title = part_title(self._pages.time.policy, version, number)
        bare = (
            clause is not None
            and not (provision.paragraphs or provision.closing)
            and clause.text == provision.title
        )
        element = self._started(parent, provision.kind, number, self._pages.paths.slugs[number])
        if clause and (force := self._pages.time.policy.label(clause)):
            element.set("refersTo", f"#force_{slug(force)}")
        if provision.label:
            _element(element, "num", provision.opening.strip() or provision.label)
        if title and not bare:
            _element(element, "heading", title)
        paragraphs = (Paragraph(provision.title),) if bare else provision.paragraphs
        self._filled(element, paragraphs, provision, iter(clause.items if clause else ()), clause)

    def _item(
        self, parent: ET.Element, provision: Provision, items: Iterator[ClauseItem], clause: Clause
    ) -> None:
        item = next(items)
        element = self._started(parent, Kind.ITEM, item.number, slug(str(item.number)))
        if item.mark:
            _element(element, "num", item.mark)
        if provision.title:
            _element(element, "heading", provision.title)
        self._filled(element, provision.paragraphs, provision, items, clause)

    def _started(self, parent: ET.Element, kind: Kind, number: Number, short: str) -> ET.Element:
        tag, prefix = _ELEMENTS.get(kind, _OTHER)
        named = {"name": str(kind)} if tag == "hcontainer" else {}
        identity = "_".join(self._identities[number].split())
        return _element(parent, tag, eId=f"{prefix}_{short}", wId=identity, **named)

    def _filled(
        self,
        element: ET.Element,
        opening: Sequence[Paragraph],
        provision: Provision,
        items: Iterator[ClauseItem],
        clause: Clause | None,
    ) -> None:
        """Write a part's own words, then the parts inside it, then its closing words."""
        if not provision.children:
            _blocks(_element(element, "content"), (*opening, *provision.closing))
            return
        if opening:
            _blocks(_element(element, "intro"), opening)
        for child in provision.children:
            if clause is not None and id(child) not in self._numbers:
                self._item(element, child, items, clause)
            else:
                self._part(element, child)
        if provision.closing:
            _blocks(_element(element, "wrapUp"), provision.closing)


def _blocks(parent: ET.Element, paragraphs: Sequence[Paragraph]) -> None:
    """Write paragraphs. The items of a list, or the rows of a table, go in one element."""
    for layout, group in groupby(paragraphs, key=lambda paragraph: paragraph.layout):
        texts = [paragraph.text for paragraph in group]
        if layout is Layout.BULLET:
            holder = _element(parent, "ul")
            for text in texts:
                _element(_element(holder, "li"), "p", text)
        elif layout is Layout.ROW:
            table = _element(parent, "table")
            for text in texts:
                row = _element(table, "tr")
                for cell in text.split("\t"):
                    _element(_element(row, "td"), "p", cell)
        else:
            for text in texts:
                _element(parent, "p", text)
    if not paragraphs:
        _element(parent, "p")
