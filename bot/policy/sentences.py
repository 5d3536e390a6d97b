"""Tells headings from text by a line's words: whether they are a whole sentence, its end or its middle."""

import re
from typing import Final

_LONG: Final = 120  # characters; a line of a cover is shorter
_SHORT: Final = 25  # characters; a shorter line, even with a full stop, may be a line of a cover

_TAIL: Final = 40  # characters, enough to see how a text ends
_FEWEST_CAPITALS: Final = 3  # minimum letters of a line in capitals

BULLETS: Final = "-*+•▪◦●○■□➢➤❖‣∙·–—\uf000-\uf8ff"  # for a character class of a regular expression
_BULLET: Final = re.compile(r"(?:[-*+–—o]\s+|[•▪◦●○■□➢➤❖‣∙·\uf000-\uf8ff]\s*)(?P<text>\S.*)$", re.DOTALL)
_FOLIO: Final = re.compile(r"[-–—]\s*\d{1,4}\s*[-–—]")  # « - 3 - »: a page
_TERMINAL: Final = re.compile(r"""(?:[.:;!?)»"”\]…]|[;,]\s*(?:et|ou|and|or))\s*$""")
# the end of the last item but one
_ENUMERATED: Final = re.compile(r"[;,]\s*(?:et|ou|and|or)\s*$", re.IGNORECASE)
_LEAD_IN: Final = re.compile(r":\s*$")
_CLOSED: Final = re.compile(r"[.;]\s*$")
_MEASURE: Final = re.compile(
    r"(?:[%$€£°\d/]|(?:EUR|CAD|CHF|USD|h|heures?|ans?|années?|mois|jours?|semaines?|minutes?|km|m|kg|fois|"
    r"dollars?|euros?|francs?|personnes?|membres|janvier|février|mars|avril|mai|juin|juillet|août|"
    r"septembre|octobre|novembre|décembre|e|er|re|ème|rue|avenue|boulevard|chemin|place)\b)",
)
_UNFINISHED: Final = re.compile(
    r"(?:^|[\s(«'’])(?:à|a|de|du|des|d|l|la|le|les|et|ou|un|une|aux?|en|par|sous|selon|dans|voir|que|qu|"
    r"est|sont|ci|pour|sur|avec|son|sa|ses|leur|leurs|ce|cette|ces|"
    r"articles?|art|clauses?|paragraphes?|par|alinéas?|al|let|lettres?|sections?|chapitres?|titres?|points?|"
    r"annexes?|n[o°º]|numéros?|of|to|and|or|the|in|see|bylaws?)\.?['’(«,]?\s*$|[-–—,/(«]\s*$",
    re.IGNORECASE,
)
# Words that enact or give reasons: « IL EST RÉSOLU DE : » is a sentence, even in capitals.
_ENACTS: Final = re.compile(
    r"(?:attendu|considérant|vu)\s+(?:que?\b|l)|il est\b|(?:par|en) conséquence|(?:les parties|le conseil|"
    r"l.assemblée)\b.*(?:ce qui suit|comme suit|que|de)\s*:|whereas\b|be it\b|(?:now,? )?therefore\b|"
    r"it is\b.*:",
    re.IGNORECASE,
)
# A note on the history of a part, in brackets after its title or under it:
# « (Ajoutée par la résolution 12) », « [Modifié le 3 mai 2020] », « (abrogé) », « (2019-04, art. 3) ».
_NOTE: Final = re.compile(
    r"[(\[]\s*(?:"
    r"(?:(?:article|clause|section|chapitre|titre|alinéa|paragraphe)s?\s+|nouvel(?:le)?\s+\w+\s+)?"
    r"(?:ajouté|modifié|abrogé|remplacé|amendé|adopté|inséré|intégré|introduit|renuméroté|supprimé|retiré|périmé|"
    r"annulé|révisé|créé|refondu|déplacé|scindé|suspendu|ancien(?:ne)?(?:ment)? (?:art|clause|section|\d))|"
    r"(?:ajout|modif|mod|abr|abrog|rempl|am|amend|suppr|rév|rés|règl|renum|nouv)\.|"
    r"(?:dernière )?(?:modification|mise à jour|révision)s?\s*(?::|d[ue] |le |par |en )|"
    r"(?:tel(?:le)?s? que )?modifié|mis(?:es?)? (?:à jour|en vigueur)|(?:entrée? )?en vigueur|"
    r"(?:par )?résolution\b|(?:réservée?s?|nouveau|nouvelle|sans objet|à venir)\s*[)\]]|"
    r"(?:[A-Z]{1,4}[ -]?)?\d{2,4}-\d|\d{4}\s*[,;]|"
    r"(?:as )?(?:added|amended|repealed|deleted|replaced|inserted|revised|updated|renumbered)\b|"
    r"effective\b|reserved\s*[)\]])",
    re.IGNORECASE,
)
_REASON: Final = re.compile(r"(?:attendu|considérant|vu)\s+(?:que?\b|l)|whereas\b", re.IGNORECASE)
_RUNS_ON: Final = re.compile(r"(?:de|du|des|d['’]|et|ou|à|aux?|ci-|of|and|or|to|qui|que)(?![^\W\d_])")


def is_prose(text: str) -> bool:
    """Return whether a paragraph before the first provision is a sentence rather than a line of the cover."""
    return len(text) >= _LONG or (len(text) >= _SHORT and text[-1] in ".:;!?…")


def ends(text: str) -> bool:
    """Return whether a sentence, or an item of a list, may end where `text` ends."""
    return _TERMINAL.search(text[-_TAIL:]) is not None


def enacts(text: str) -> bool:
    """Return whether words enact or give reasons, « IL EST RÉSOLU DE : »: a sentence, not a heading."""
    return _ENACTS.match(text) is not None


def gives_reason(text: str) -> bool:
    """Return whether a sentence says why a text was made, « Attendu que… »."""
    return _REASON.match(text) is not None


def leads_in(text: str) -> bool:
    """Return whether a text introduces a list: « … soit : »."""
    return _LEAD_IN.search(text[-_TAIL:]) is not None


def is_closed(text: str) -> bool:
    """Return whether a text ends with a full stop or a semicolon."""
    return _CLOSED.search(text[-_TAIL:]) is not None


def is_unfinished(text: str) -> bool:
    """Return whether a line must continue on the next one: « … prévu à l'article »."""
    tail = text[-_TAIL:]
    return _UNFINISHED.search(tail) is not None and _ENUMERATED.search(tail) is None


def begins_note(text: str) -> bool:
    """Return whether a line is a note on a part's history, « (Ajoutée par … », rather than a title."""
    return _NOTE.match(text) is not None


def split_note(text: str) -> tuple[str, str]:
    """Split a title from the notes after it on the part's history, "" when there are none."""
    at = end = len(text.rstrip(" ."))
    depth = 0
    while at:
        at -= 1
        if text[at] in ")]":
            depth += 1
        elif text[at] in "([" and depth:
            depth -= 1
            if not depth:
                if not _NOTE.match(text, at):
                    break
                end = at
        elif not (depth or text[at].isspace()):
            break
    return (text[:end].rstrip(), text[end:].strip()) if end < len(text.rstrip(" .")) else (text, "")


def runs_on(text: str) -> bool:
    """Return whether words continue a sentence, « de la Loi »: the number before them is a mention."""
    return _RUNS_ON.match(text) is not None


def is_measure(text: str) -> bool:
    """Return whether words turn the number before them into a quantity, a date or an address."""
    return _MEASURE.match(text) is not None


def is_capitals(text: str) -> bool:
    """Return whether a line is written in capitals, as headings are."""
    return text.isupper() and sum(map(str.isalpha, text)) >= _FEWEST_CAPITALS


def read_bullet(text: str) -> str:
    """Return the text after the bullet at the start of a line, "" when there is no bullet."""
    match = None if _FOLIO.fullmatch(text) else _BULLET.match(text)
    return match["text"].strip() if match else ""
