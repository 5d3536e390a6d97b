"""The sentence that names whom to ask about a check, from the profile, the guidance or the policy."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from bot.answers.guidance import Guidance
from bot.answers.refusals import whom_to_ask
from bot.configuration.profile import Profile
from bot.policy.articles import Number
from bot.policy.changes.identities import current_numbers, fates
from bot.policy.library import Reading
from bot.posting.posts import Concern


@dataclass(frozen=True, slots=True)
class Contacts:
    """Finds whom to ask about a check.

    `guidance`: by policy identifier. `offered`: returns the role that decides on each kind of permission that
    can be asked for with `/vigie demande`.
    """

    profile: Profile
    guidance: Mapping[str, Guidance]
    offered: Callable[[], Mapping[str, str]]

    def whom(self, reading: Reading, concern: Concern, titles: Callable[[Iterable[str]], str]) -> str:
        """Return the sentence that names the role to ask, or says that no role is named.

        `titles`: returns the current titles of roles, joined for use within a sentence. The sentence is "" if
        the check requires no request, or if its own advice says whom to ask.
        """
        check, clause = concern.check, concern.clauses[0]
        if check.whom or not check.request:
            return ""
        guidance = self.guidance.get(reading.policy.id) or Guidance()
        step = guidance.step(clause)
        role = self.offered().get(check.permission) or self._authoriser(reading, clause)
        if contact := titles([role] if role else step.contact if step else []):
            return f"À joindre\u00a0: {contact}."
        if step:
            return step.says
        name = reading.policy.name
        unsaid = f"{name.The} ne {name.agree('dit', 'disent')} pas à qui le demander."
        return f"{unsaid} {whom_to_ask(reading.policy)}".strip()

    def _authoriser(self, reading: Reading, clause: Number) -> str:
        """Return the role that the profile names for a clause of the default policy, "" for none."""
        if not reading.default:
            return ""
        moved = fates(reading.policy.origin, reading.version)
        for number, role in self.profile.authorisers.items():
            if clause in current_numbers(moved, [Number(number)]):
                return role
        return ""
