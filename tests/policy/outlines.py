"""Texts in other habits than PA20's, as trees: what each reader should make of them."""

from __future__ import annotations

from datetime import date

from bot.policy.articles import Version
from bot.policy.provisions import Kind, Outline, Paragraph, Provision


def text(*paragraphs: str) -> tuple[Paragraph, ...]:
    return tuple(map(Paragraph, paragraphs))


def part(kind: Kind, label: str, title: str = "", *own: str | Provision, opening: str = "") -> Provision:
    """Return a provision with its own paragraphs and children, in that order."""
    words = {Kind.CLAUSE: label, Kind.ITEM: f"{label})", Kind.UNNUMBERED: "", Kind.PREAMBLE: ""}
    opening = opening or words.get(kind, f"{kind.upper()} {label}".strip())
    children = tuple(piece for piece in own if isinstance(piece, Provision))
    return Provision(kind, label, opening, title, text(*(p for p in own if isinstance(p, str))), children)


def version(*provisions: Provision, policy: str = "essai", adopted: date = date(2020, 1, 1)) -> Version:
    return Version(policy, adopted, Outline(text("Statuts de l'essai"), provisions))


A, C, ITEM, T = Kind.ARTICLE, Kind.CLAUSE, Kind.ITEM, Kind.TITLE

CLUB = version(
    part(Kind.PREAMBLE, "", "Préambule", "Le club réunit celles et ceux qui jardinent."),
    part(
        A,
        "5",
        "Les membres",
        part(
            C,
            "5.01",
            "Catégories",
            "Le club compte trois catégories de membres.",
            part(ITEM, "a", "", "les membres actifs, qui"),
            part(
                ITEM,
                "b",
                "",
                "les membres de soutien;",
                part(ITEM, "i", "", "de passage;"),
                part(ITEM, "ii", "", "fidèles."),
            ),
        ),
        part(
            C,
            "5.02",
            "",
            "La cotisation est annuelle.",
            part(C, "1", "", "Elle est due en janvier."),
            part(C, "2", "", "Elle n'est pas rendue."),
        ),
        part(C, "5.10", "", "Les membres reçoivent le bulletin."),
    ),
    part(A, "6", "", "Le club est dissous par ses membres."),
    part(Kind.ANNEX, "A", "Barème", "Dix dollars.", opening="Annexe A"),
)
TITLES = version(
    part(
        T,
        "I",
        "Nom",
        part(A, "1", "", "Le nom est le Club."),
        part(A, "2", "", "Le siège est ici."),
        opening="TITRE I",
    ),
    part(
        T,
        "II",
        "Membres",
        part(A, "1", "", "Toute personne peut adhérer."),
        part(A, "2", "", "Toute personne peut partir."),
        part(A, "2 bis", "", "Le départ est écrit."),
        opening="TITRE II",
    ),
)
HYPHENS = version(
    part(
        A,
        "PREMIER",
        "Bureau",
        part(C, "1-1", "Présidence", "Elle préside."),
        part(C, "1-2", "Trésorerie", "Elle paie."),
    ),
    part(
        A,
        "II",
        "Atelier",
        part(C, "A.1", "", "L'atelier est ouvert."),
        part(Kind.UNNUMBERED, "", "Objets prêtés", "Ils sont rendus."),
    ),
)
