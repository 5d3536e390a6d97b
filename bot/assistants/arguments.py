"""The arguments of each tool, and the French error messages that say how to correct them."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from bot.conversation.messages import clean, excerpt, thousands
from bot.conversation.requests import UserError

WORDS: Final[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("words.toml").read_text("utf-8"))
_PROBLEMS: Final = 3  # maximum problems reported at once


def _described(name: str, default: object = ..., **limits: Any) -> Any:  # noqa: ANN401 — as in pydantic
    return Field(default, description=WORDS["arguments"][name], **limits)


Line: TypeAlias = Annotated[str, AfterValidator(clean)]
PolicyName: TypeAlias = Annotated[Line, Field(description=WORDS["arguments"]["politique"], max_length=80)]
Start: TypeAlias = Annotated[int, Field(description=WORDS["arguments"]["debut"], ge=0)]


class Arguments(BaseModel):
    """The arguments of a tool.

    An unknown argument is refused: a tool that ignored it would answer another question.
    """

    model_config = ConfigDict(extra="forbid")


class PoliciesToList(Arguments):
    """The arguments of « politiques »."""

    debut: Start = 0


class ProvisionsToRead(Arguments):
    """The arguments of « lire »."""

    numero: Line = _described("numero", "", max_length=200)
    politique: PolicyName = ""
    date: Line = _described("date", "", max_length=60)
    debut: Start = 0


class WordsToFind(Arguments):
    """The arguments of « chercher »."""

    mots: Line = _described("mots", max_length=200)
    politique: PolicyName = ""
    date: Line = _described("date", "", max_length=60)
    debut: Start = 0


class QuestionToAnswer(Arguments):
    """The arguments of « demander »."""

    question: Line = _described("question", max_length=2_000)
    politique: PolicyName = ""
    debut: Start = 0


class VersionsToCompare(Arguments):
    """The arguments of « comparer »."""

    politique: PolicyName = ""
    avant: Line = _described("avant", "", max_length=60)
    apres: Line = _described("apres", "", max_length=60)
    debut: Start = 0


class PostToExamine(Arguments):
    """The arguments of « relire ». The text is not cleaned, since the answer quotes its exact words."""

    texte: str = _described("texte", max_length=10_000)
    image: str = _described("image", "", max_length=500)
    politique: PolicyName = ""
    debut: Start = 0


Parsed = TypeVar("Parsed", bound=Arguments)


def parse_arguments(tool: str, model: type[Parsed], values: Mapping[str, object]) -> Parsed:
    """Return the arguments of a call. Null and blank values count as absent. Raises `UserError`."""
    filled = {
        name: value
        for name, value in values.items()
        if value is not None and not (isinstance(value, str) and not value.strip())
    }
    if unknown := [excerpt(name, 30) for name in filled if name not in model.model_fields]:
        raise UserError(
            f"«\u00a0{tool}\u00a0» ne prend pas «\u00a0{', '.join(unknown[:_PROBLEMS])}\u00a0», mais\u00a0: "
            f"{', '.join(model.model_fields)}."
        )
    try:
        return model.model_validate(filled)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        raise UserError(" ".join([_problem(model, detail) for detail in details][:_PROBLEMS])) from None


def _problem(model: type[Arguments], error: ErrorDetails) -> str:
    name = str(error["loc"][0])
    match error["type"]:
        case "string_too_long":
            most = thousands(error["ctx"]["max_length"])
            return f"«\u00a0{name}\u00a0» est trop long\u00a0: {most} caractères au plus."
        case "missing":
            problem = f"Il manque «\u00a0{name}\u00a0»."
        case "string_type" | "string_unicode":
            problem = f"«\u00a0{name}\u00a0» se donne en texte."
        case _:
            problem = f"«\u00a0{name}\u00a0» est un nombre entier, à partir de 0."
    return f"{problem} {model.model_fields[name].description}"
