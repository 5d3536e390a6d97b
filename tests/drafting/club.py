"""A small policy that an association brings, written for the tests."""

from __future__ import annotations

from datetime import date

from bot.policy import articles
from bot.policy.articles import Version

ADOPTED = date(2024, 5, 1)
TEXT = """# Règlement du club de marche

## ARTICLE 1 : OBJET ET DÉFINITIONS

1.1 Le présent règlement s'applique à toutes les sorties du Club.

1.2 « Guide » : la personne que le comité désigne pour mener une sortie.

## ARTICLE 2 : SORTIES

2.1 Le guide doit remettre la liste des personnes inscrites avant chaque départ.

2.2 Il est interdit de quitter le groupe sans prévenir le guide.

2.3 Les membres peuvent inviter une personne par sortie, comme le prévoit l'article 2.1.

2.4 Nul ne peut fumer dans le refuge.

2.5 Aucun animal ne peut entrer dans le refuge.

2.6 Les chiens sont interdits sur le sentier du lac.

## ARTICLE 3 : SANCTIONS

3.1 Quiconque contrevient à l'article 2 est passible d'une suspension.
"""


def club() -> Version:
    """Return the rules of a walking club."""
    return articles.parse(TEXT, policy="marche", adopted=ADOPTED)
