"""Names in a French sentence: with their article, and the endings of the words that agree with them."""

import re
from collections.abc import Mapping
from typing import Final, Literal, Self, TypeAlias, get_args

Gender: TypeAlias = Literal["féminin", "masculin"]
GENDERS: tuple[Gender, ...] = get_args(Gender)
NUMBERS: Final = ("singulier", "pluriel")
# The gender of each noun for a text, and whether it is plural.
_NOUNS: Final[Mapping[str, tuple[Gender, bool]]] = {
    **dict.fromkeys(
        ("politique", "charte", "procédure", "convention", "directive", "entente", "constitution"),
        ("féminin", False),
    ),
    **dict.fromkeys(
        ("règlement", "code", "guide", "protocole", "plan", "cadre", "manuel", "acte"), ("masculin", False)
    ),
    **dict.fromkeys(("règlements", "statuts"), ("masculin", True)),
    "règles": ("féminin", True),
}
_ITSELF: Final = re.compile(r"\bprésent(?:e|es|s)? (\w+)")  # how a text names itself
_TITLE_LENGTH: Final = 400  # characters at the beginning of a text, which contain its title
_VOWELS = "aàâeéèêiîoôuû"


class GenderedName(str):  # noqa: SLOT000 — it holds its gender
    """A name, « PA20 », and its gender. It is a string: the name alone, as in a heading or a label.

    `the`: « la PA20 », « le CR3 », « l'AB1 ». `The`: the same, to begin a sentence. `of`: « de la PA20 ».
    `to`: « à la PA20 ». `it`: « elle ». `them`: « la », as in « la connaître ». `e`: the ending of an
    adjective or participle that agrees with it, « e », « s », « es » or nothing. Plural, « Statuts »: « les
    Statuts », « des Statuts », « aux Statuts », « ils ».
    """

    gender: Gender
    plural: bool

    def __new__(cls, name: str, gender: Gender = "féminin", *, plural: bool = False) -> Self:
        """Return a name of that gender and number."""
        self = super().__new__(cls, name)
        self.gender, self.plural = gender, plural
        return self

    def agree(self, singular: str, plural: str) -> str:
        """Return whichever of two forms, such as a verb's, agrees with the name."""
        return plural if self.plural else singular

    @property
    def the(self) -> str:
        """The name after its article, within a sentence."""
        return f"{self._article}{self}"

    @property
    def The(self) -> str:  # noqa: N802 — the capital is what it adds
        """The name after its article, at the beginning of a sentence."""
        return self.the[0].upper() + self.the[1:]

    @property
    def of(self) -> str:
        """The name after « de »: « de la PA20 », « du CR3 », « des Statuts »."""
        if self.plural:
            return f"des {self}"
        return f"du {self}" if self._article == "le " else f"de {self.the}"

    @property
    def to(self) -> str:
        """The name after « à »: « à la PA20 », « au CR3 », « aux Statuts »."""
        if self.plural:
            return f"aux {self}"
        return f"au {self}" if self._article == "le " else f"à {self.the}"

    @property
    def it(self) -> str:
        """The pronoun that stands for the name."""
        return ("elle" if self.gender == "féminin" else "il") + "s" * self.plural

    @property
    def them(self) -> str:
        """The pronoun that stands for the name before a verb of which it is the object."""
        if self.plural:
            return "les"
        return "la" if self.gender == "féminin" else "le"

    @property
    def e(self) -> str:
        """The ending of a word that agrees with the name."""
        return "e" * (self.gender == "féminin") + "s" * self.plural

    @property
    def _article(self) -> str:
        if self.plural:
            return "les "
        if self[:1].lower() in _VOWELS:
            return "l'"
        return "la " if self.gender == "féminin" else "le "


def guess_gender(text: str) -> tuple[Gender, bool] | None:
    """Return the gender of the first noun that names a kind of texts, and whether it is plural.

    `text`: a name, or a text that begins with its title. A text whose title has no such noun may name itself
    elsewhere, « le présent règlement ».
    """
    words = re.findall(r"\w+", text[:_TITLE_LENGTH].lower())
    itself = (match[1] for match in _ITSELF.finditer(text.lower()))
    return next((_NOUNS[word] for word in (*words, *itself) if word in _NOUNS), None)
