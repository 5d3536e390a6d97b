"""The kinds of permission that the policies' annotations require, with the bot's words for each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bot.configuration.profile import Profile
from bot.conversation.messages import Quote
from bot.policy.annotations import PermissionKind
from bot.policy.articles import Number
from bot.policy.library import Library, Reading

SETTING: Final = "VIGIE_DEMANDES"


@dataclass(frozen=True, slots=True)
class RequestWords:
    """The French words for a kind of permission.

    `title`: « Une page ». `act`: the permitted act, which begins with a verb in the infinitive.
    """

    title: str
    act: str

    @property
    def of_act(self) -> str:
        """The act, preceded by « de » or « d' »: « d'employer le logo »."""
        return f"d'{self.act}" if self.act[0] in "aeiouéh" else f"de {self.act}"


WORDS: Final[Mapping[PermissionKind, RequestWords]] = {
    "page": RequestWords("Une page", "tenir une page au nom de l'association"),
    "logo": RequestWords("Le logo", "employer le logo de l'association"),
    "parole": RequestWords("Un mandat", "parler au nom de l'association"),
    "image": RequestWords("Une image", "publier l'image d'une personne"),
}


@dataclass(frozen=True, slots=True)
class RequestKind:
    """A kind of permission that a policy requires. `clauses`: the clauses that require it, in `reading`.

    `decider`: the role that decides. For an image, it is the role that records consents given on paper and is
    notified of withdrawn consents. None if no policy, setting or profile names it: the kind is then not
    offered.
    """

    id: PermissionKind
    reading: Reading
    clauses: tuple[Number, ...]
    decider: str | None

    @property
    def words(self) -> RequestWords:
        """The French words for this kind."""
        return WORDS[self.id]

    @property
    def is_consent(self) -> bool:
        """Whether it is a consent, given by the person in an image, rather than a permission from a role."""
        return self.id == "image"

    def quotes(self) -> tuple[Quote, ...]:
        """Return quotations of the clauses that require this kind of permission."""
        return tuple(map(self.reading.quote, self.clauses))

    def unoffered(self) -> str:
        """Return why this kind is not offered, in French for the administration, or "" if it is offered."""
        if self.decider is not None:
            return ""
        name = self.reading.policy.name
        return (
            f"{name.The} ne {name.agree('dit', 'disent')} pas qui permet {self.words.of_act}\u00a0: "
            f"nommez le rôle dans le réglage {SETTING}."
        )


def all_kinds(
    library: Library, profile: Profile, deciders: Mapping[str, str]
) -> Mapping[PermissionKind, RequestKind]:
    """Return the kinds of permission that the policies in force require.

    If several policies require a kind, the default policy prevails. `deciders`: the roles that the setting
    names, by kind. A role that the annotations of the policy name prevails, if the profile has it.
    """
    kinds: dict[PermissionKind, RequestKind] = {}
    policies = library.policies.values()
    roles = {role.id for role in profile.roles}
    for policy in sorted(policies, key=lambda policy: policy is not library.default):
        reading = library.reading(policy)
        for kind, permission in policy.notes(reading.version).permissions.items():
            clauses = policy.written.permissions[kind].clauses
            ours = profile.authorisers if policy is library.default else {}
            named = next((ours[str(clause)] for clause in clauses if str(clause) in ours), None)
            named_by = (permission.decider, deciders.get(kind), named)
            decider = next((role for role in named_by if role in roles), None)
            kinds.setdefault(kind, RequestKind(kind, reading, permission.clauses, decider))
    return {kind: kinds[kind] for kind in WORDS if kind in kinds}


def are_requested(library: Library) -> bool:
    """Return whether the annotations of any policy require a permission."""
    return any(policy.annotations.permissions for policy in library.policies.values())
