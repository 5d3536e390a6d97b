"""The results of tools, sent as JSON. The protocol publishes their schemas. Days are ISO dates."""

from __future__ import annotations

from datetime import date
from typing import Literal, TypeAlias

from pydantic import BaseModel, Field

from bot.policy.changes.comparison import ChangeKind, Nature
from bot.policy.standing import VersionStanding


class PartialAnswer(BaseModel):
    """An answer that may be a page of a longer one."""

    following: int | None = Field(
        None,
        description="Il en reste\u00a0: redemandez avec «\u00a0debut\u00a0» à ce nombre; d'une adresse, en "
        "l'y ajoutant\u00a0: «\u00a0?debut=10\u00a0».",
    )


class QuotedProvision(BaseModel):
    """A provision, word for word."""

    policy: str = Field(description="L'identifiant de la politique, «\u00a0pa20\u00a0».")
    number: str = Field(description="Son numéro dans cette version, «\u00a05.10\u00a0».")
    cited: str = Field(description="Comment la citer, «\u00a0PA20, 5.10\u00a0».")
    place: str = Field(description="Où elle se trouve\u00a0: article, titre, sous-titre.")
    force: str = Field(
        description="Sa force\u00a0: interdiction, obligation, encouragement… Vide si non précisée."
    )
    text: str = Field(description="Ses mots exacts. Ne les changez pas, ne les complétez pas.")
    version: date = Field(description="Le jour où cette version a été adoptée ou révisée.")
    since: date = Field(description="Depuis quand cette version est en vigueur, ou le sera.")
    status: VersionStanding = Field(
        description="«\u00a0remplacée\u00a0»\u00a0: ces mots ne sont plus ceux en vigueur."
    )
    uri: str = Field(
        description="L'adresse de ces mots, dans cette version\u00a0: ils n'y changeront jamais."
    )
    permanent_uri: str = Field(description="L'adresse de la disposition, quel que soit son numéro un jour.")
    web: str = Field(
        description="Où tout le monde lit ces mots, pour toujours. Vide s'ils ne sont pas publiés."
    )


class Extract(PartialAnswer):
    """The requested provisions."""

    provisions: list[QuotedProvision]
    on: date = Field(
        description="Un jour dont ce sont les mots\u00a0: celui qui a été demandé, ou aujourd'hui."
    )
    message: str = Field(
        "", description="Ce qu'il faut dire à la personne, s'il n'y a rien, ou avant les mots."
    )


class VersionSummary(BaseModel):
    """One version of a policy."""

    version: date
    since: date
    status: VersionStanding


class PolicySummary(BaseModel):
    """A policy that can be read."""

    policy: str
    name: str
    title: str
    provisions: int = Field(description="Combien de dispositions se citent, dans la version en vigueur.")
    versions: list[VersionSummary] = Field(description="De la plus ancienne à la plus récente.")


class PolicyList(PartialAnswer):
    """The policies. `default`: the policy used when none is named."""

    default: str
    policies: list[PolicySummary]


class ProvisionChange(BaseModel):
    """One difference between two versions."""

    kind: ChangeKind
    nature: Nature = Field(description="«\u00a0editoriale\u00a0»\u00a0: le sens n'a pas changé.")
    description: str
    before: list[QuotedProvision]
    after: list[QuotedProvision]


class VersionComparison(PartialAnswer):
    """The differences between two versions of a policy."""

    policy: str
    before: date
    after: date
    summary: str
    titles: list[str] = Field(description="Les titres et les numéros de chapitres qui ont changé.")
    changes: list[ProvisionChange]


Outcome: TypeAlias = Literal["answer", "clarify", "lookup", "help", "not_found", "silent", "out_of_scope"]


class AnsweredQuestion(PartialAnswer):
    """The answer to a question: provisions, or in `outcome` the reason why there are none."""

    outcome: Outcome = Field(
        description="answer, lookup\u00a0: les dispositions répondent. clarify\u00a0: à choisir entre elles. "
        "silent\u00a0: la politique ne le précise pas. not_found\u00a0: pas de réponse fiable. "
        "out_of_scope\u00a0: un autre sujet. help\u00a0: la question porte sur Vigie."
    )
    sure: bool = Field(description="Faux\u00a0: dites «\u00a0peut-être\u00a0», et laissez la personne lire.")
    message: str = Field(description="Ce que Vigie dirait avant les mots de la politique, ou à leur place.")
    provisions: list[QuotedProvision]
    suggestions: list[QuotedProvision] = Field(description="À lire aussi, sans que ce soit une réponse.")


class TouchedProvision(BaseModel):
    """A provision that a text to publish touches."""

    provision: QuotedProvision
    concern: str = Field(description="Ce qui est touché, en quelques mots.")
    certain: bool = Field(description="Faux\u00a0: «\u00a0peut-être\u00a0».")
    passages: list[str] = Field(description="Les mots du texte qui le font dire.")
    advice: str = Field(description="Ce qui le réglerait.")


class ExaminedText(PartialAnswer):
    """The provisions that a text to publish touches, without a verdict on the text."""

    touched: list[TouchedProvision]
    message: str = Field(description="Ce qui n'a pas été regardé, à dire avec la réponse.")
