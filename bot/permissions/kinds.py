"""The kinds of permissions that the policies' annotations require, with the bot's words for each."""

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

    `title`: « Une page ». `act`: the act that is permitted, beginning with a verb in the infinitive.
    """

    title: str
    act: str

    @property
    def of_act(self) -> str:
        """The act after « de »: « d'employer le logo »."""
        return f"d'{self.act}" if self.act[0] in "aeiouéh" else f"de {self.act}"


WORDS: Final[Mapping[PermissionKind, RequestWords]] = {
    "page": RequestWords("Une page", "tenir une page au nom de l'association"),
    "logo": RequestWords("Le logo", "employer le logo de l'association"),
    "parole": RequestWords("Un mandat", "parler au nom de l'association"),
    "image": RequestWords("Une image", "publier l'image d'une personne"),
}


@dataclass(frozen=True, slots=True)
class RequestKind:
    """A kind of permission in a policy. `clauses`: the clauses that require it, in the version being read.

    `decider`: the role that decides or, for an image, that records a consent on paper and is notified of one
    that is withdrawn. None when neither the policy, nor the setting, nor the profile names it: the kind is
    then not offered.
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
        """Whether it is a consent, which the person concerned gives, rather than a role's permission."""
        return self.id == "image"

    def quotes(self) -> tuple[Quote, ...]:
        """Return quotations of its clauses."""
        return tuple(map(self.reading.quote, self.clauses))

    def unoffered(self) -> str:
        """Return why it is not offered, in French for the administration, "" when it is."""
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
    """Return the kinds that the policies in force require, the default policy's first.

    `deciders`: the roles that the setting names, by kind. A role that the text names prevails, if the profile
    has it.
    """
    kinds: dict[PermissionKind, RequestKind] = {}
    policies, roles = library.policies.values(), {role.id for role in profile.roles}
    for policy in sorted(policies, key=lambda policy: policy is not library.default):
        reading = library.reading(policy)
        for kind, permission in policy.notes(reading.version).permissions.items():
            written = policy.written.permissions[kind].clauses
            ours = profile.authorisers if policy is library.default else {}
            named = next((ours[str(clause)] for clause in written if str(clause) in ours), None)
            named_by = (permission.decider, deciders.get(kind), named)
            decider = next((role for role in named_by if role in roles), None)
            kinds.setdefault(kind, RequestKind(kind, reading, permission.clauses, decider))
    return {kind: kinds[kind] for kind in WORDS if kind in kinds}


def are_requested(library: Library) -> bool:
    """Return whether the annotations of any policy name a permission."""
    return any(policy.annotations.permissions for policy in library.policies.values())
