"""The command that examines a text before it is published."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import click

from bot.app.build import Parts
from bot.cli import base
from bot.cli.lines import answer_lines, whole_input
from bot.commands.answers import alternatives
from bot.commands.verifier.messages import UNSEEN, nothing_seen
from bot.conversation.messages import excerpt
from bot.people import roles
from bot.policy.articles import Number
from bot.policy.library import Reading
from bot.posting.checks import VENUES, Venue
from bot.posting.posts import Concern, Extent, Post, PostError

_WORDS: Final = 120  # maximum characters of the text to show for each passage


@dataclass(frozen=True, slots=True)
class TouchedClause:
    """A clause that a text touches, by one or more checks.

    `extents`: the positions of the passages in the text, in order, without overlap.
    """

    number: Number
    certain: bool
    score: float
    extents: tuple[Extent, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the clause in the stable JSON form that the command line prints."""
        return {
            "id": str(self.number),
            "certain": self.certain,
            "spans": [list(extent) for extent in self.extents],
            "score": round(self.score, 4),
        }


@click.command(
    name="verifier",
    help="Dire quelles clauses touche un texte à publier, lu de l'entrée standard. Rien n'en est gardé.",
    short_help="Dire quelles clauses touche un texte à publier.",
)
@click.option(
    "--lot",
    "many",
    is_flag=True,
    help='Lire une chaîne JSON par ligne, ou un objet {"texte", "image", "lieu"}, et répondre ligne à ligne.',
)
@base.policy_option
@base.json_flag
def verifier_(many: bool, name: str | None, as_json: bool) -> None:
    """Examine a text, or the text on each line. Exit with code 1 for a text that cannot be examined."""
    bot = base.parts()
    policy = bot.library.find(name.lower()) if name else bot.library.default
    reading = bot.library.reading(policy)
    if many:
        answer_lines(lambda value: _answered_line(bot, reading, value))
        return
    try:
        # Read as bytes, so that line ends are unchanged: extents are positions in the original text.
        text = whole_input().decode("utf-8")
        post = Post(text)
        concerns = examine_post(bot, reading, post)
    except UnicodeDecodeError:
        base.refuse("ce texte n'est pas en UTF-8. Enregistrez-le en UTF-8.", 1)
    except PostError as error:
        base.refuse(base.after_colon(str(error)), 1)
    if as_json:
        click.echo(base.dump(answer_json(concerns, reading)))
    else:
        contacts = bot.contacts(bot.settings.profile)
        whom = [contacts.whom(reading, concern, partial(_titles, bot)) for concern in concerns]
        click.echo("\n\n".join(_paragraphs(reading, post, dict(zip(concerns, whom, strict=True)))))


def examine_post(bot: Parts, reading: Reading, post: Post) -> Sequence[Concern]:
    """Return the concerns that all checks raise about a post, even those switched off. Raises `PostError`."""
    by_check = reading.policy.notes(reading.version).checks
    offered = {check: numbers for check, numbers in by_check.items() if check in bot.examiner.checks}
    [concerns] = bot.examiner.examine(post, [offered])
    return concerns


def _answered_line(bot: Parts, reading: Reading, value: object) -> dict[str, Any]:
    """Return the answer to the value on a line of `--lot`, or an error."""
    fields = {"texte": value} if isinstance(value, str) else value
    if not isinstance(fields, dict) or not fields.keys() & {"texte", "image"}:
        return {"error": 'il faut une chaîne de caractères, ou un objet {"texte", "image", "lieu"}.'}
    texts = ["" if fields.get(name) is None else fields[name] for name in ("texte", "image", "lieu")]
    if not all(isinstance(words, str) for words in texts):
        names = "«\u00a0texte\u00a0», «\u00a0image\u00a0» et «\u00a0lieu\u00a0»"
        return {"error": f"{names} sont des chaînes de caractères."}
    text, image, place = texts
    venue: Venue = next((venue for venue in VENUES if venue and venue in place.lower()), "")
    if place.strip() and not venue:
        *others, last = (f"«\u00a0{venue_name}\u00a0»" for venue_name in VENUES if venue_name)
        venues = f"{', '.join(others)} ou {last}"
        return {"error": f"«\u00a0lieu\u00a0» est {venues}. S'il n'est pas connu, ne le donnez pas."}
    try:
        return answer_json(examine_post(bot, reading, Post(text, image, venue)), reading)
    except PostError as error:
        return {"error": str(error)}


def answer_json(concerns: Sequence[Concern], reading: Reading) -> dict[str, Any]:
    """Return the clauses that a text touches, likeliest first, in the command line's stable JSON form."""
    joint = reading.policy.notes(reading.version).joint_checks
    return {"clauses": [clause.as_json() for clause in touched_clauses(concerns, joint)]}


def touched_clauses(
    concerns: Sequence[Concern], joint: Mapping[str, tuple[Number, ...]]
) -> list[TouchedClause]:
    """Return the clauses that a text touches, each once, likeliest first.

    `joint`: as in `Annotations.joint_checks`.
    """
    by_clause: dict[Number, list[Concern]] = {}
    for concern in concerns:
        for number in (concern.clauses[0], *joint.get(concern.check.name, ())):
            by_clause.setdefault(number, []).append(concern)
    clauses = [
        TouchedClause(
            number,
            any(concern.certain for concern in same),
            max(concern.score for concern in same),
            tuple(_union(extent for concern in same for extent in concern.extents)),
        )
        for number, same in by_clause.items()
    ]
    return sorted(clauses, key=lambda clause: -clause.score)


def _union(extents: Iterator[Extent]) -> Iterator[Extent]:
    """Yield extents in order, merging those that overlap."""
    last: Extent | None = None
    for start, end in sorted(extents):
        if last and start < last[1]:
            last = (last[0], max(last[1], end))
            continue
        if last:
            yield last
        last = (start, end)
    if last:
        yield last


def _titles(bot: Parts, role_ids: Iterable[str]) -> str:
    """Return in French the titles of roles: from the registry if there is one, otherwise from the profile."""
    path = bot.settings.database()
    if not path.is_file():
        titles = {role.id: role.title for role in bot.settings.profile.roles}
        return alternatives([titles[role] for role in role_ids if role in titles])
    with base.read_only(path) as db:
        return alternatives(roles.current_titles(db, role_ids))


def _paragraphs(reading: Reading, post: Post, concerns: Mapping[Concern, str]) -> Iterator[str]:
    """Yield a paragraph for each concern about a text: the words, the clause, whom to ask."""
    policy = reading.policy
    if not concerns:
        yield nothing_seen(post, [policy.name])
    for concern, whom in concerns.items():
        title = concern.check.title
        lines = [f"{'Touche' if concern.certain else 'Peut-être'}\u00a0: {title[:1].lower()}{title[1:]}"]
        lines += [
            f"Vos mots\u00a0: «\u00a0{excerpt(post.text[start:end], _WORDS)}\u00a0»"
            for start, end in concern.extents
        ]
        if clause := reading.version.clause(concern.clauses[0]):
            label = policy.label(clause)
            force = f" ({label})" if label else ""
            lines.append(f"{policy.name}, {clause.number}{force}\n«\u00a0{clause.text}\u00a0»")
        lines.append(f"{concern.check.advice(post.venue)} {whom}".strip())
        yield "\n".join(lines)
    yield UNSEEN


COMMANDS: Final = (verifier_,)
