"""The personas that a visitor to the sandbox can play."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Persona:
    """A persona: a first name, and what they are in the association."""

    id: str
    name: str
    role: str = ""


# What each is in the association is the profile's to say: see `bot.app.sandbox`.
PERSONAS = (
    Persona("officier", "Camille"),
    Persona("communications", "Dominique"),
    Persona("conseil", "Maxime"),
    Persona("administration", "Sacha"),
)
