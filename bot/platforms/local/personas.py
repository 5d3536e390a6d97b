"""Who a visitor of the sandbox may be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Persona:
    """Someone that a visitor may be: a first name, and what they are in the association."""

    id: str
    name: str
    role: str


PERSONAS = (
    Persona("officier", "Camille", "Officière ou officier entrant"),
    Persona("communications", "Dominique", "Vice-présidence aux communications"),
    Persona("conseil", "Maxime", "Conseillère ou conseiller à l'exécutif"),
    Persona("administration", "Sacha", "Administration"),
)


def persona_name(identifier: str) -> str:
    """Return the first name of a persona, or the identifier of one that is not known."""
    return next((persona.name for persona in PERSONAS if persona.id == identifier), identifier)
