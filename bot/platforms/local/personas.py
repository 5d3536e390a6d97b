"""The personas that a visitor to the sandbox can play."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Persona:
    """A persona: a first name, and a role in the association."""

    id: str
    name: str
    role: str


PERSONAS = (
    Persona("officier", "Camille", "Officière entrante ou officier entrant"),
    Persona("communications", "Dominique", "Vice-présidence aux communications"),
    Persona("conseil", "Maxime", "Conseillère ou conseiller à l'exécutif"),
    Persona("administration", "Sacha", "Administration"),
)
