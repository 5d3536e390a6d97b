"""The personas that a visitor to the sandbox can play."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Persona:
    """A persona: a first name, and a position in the association."""

    id: str
    name: str
    role: str = ""


# The profile gives their roles in the association (see `bot.app.sandbox`).
PERSONAS = (
    Persona("officier", "Camille"),
    Persona("communications", "Dominique"),
    Persona("conseil", "Maxime"),
    Persona("administration", "Sacha"),
)
