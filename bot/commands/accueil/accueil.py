"""`accueil`: one's own path (read, quiz, attest) and, for the administration, everyone's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TypeAlias

from sqlite_utils import Database

from bot.commands import nouveautes
from bot.commands.accueil import gestion
from bot.commands.politique import paged
from bot.conversation.forms import FIELD_HINT_LENGTH, Form, Reply, TextField
from bot.conversation.messages import (
    Button,
    Buttons,
    ButtonStyle,
    Element,
    Heading,
    Message,
    Note,
    Quote,
    Span,
    Text,
    bold,
    clean,
    excerpt,
)
from bot.conversation.requests import Request, UserError
from bot.onboarding import attempts, enrolment
from bot.onboarding.course import Course
from bot.onboarding.enrolment import Standing
from bot.onboarding.quiz import session
from bot.people import persons
from bot.people.office import Office, actor_of, administers, asker
from bot.policy.articles import Number, Version
from bot.policy.library import Policy, Reading
from bot.register import attestations
from bot.register.attestations import Attesting, Fact
from bot.times import in_words

NAME_LENGTH = 80
_MINE = "accueil moi"
_HEADING = 110  # of an article's title in a heading


@dataclass(frozen=True, slots=True)
class _Desk:
    """One request being answered, in its transaction."""

    office: Office
    course: Course
    db: Database
    request: Request

    def note(self, person: str, fact: attestations.Noted) -> bool:
        """Note that something happened to someone now, on this platform."""
        platform, now = actor_of(self.request).platform, self.office.clock()
        return attestations.note_fact(self.db, person, self.course.target(), fact, platform=platform, now=now)

    def steps(self, person: str) -> Mapping[Fact, datetime]:
        """Return the facts about a person."""
        target = self.course.target()
        return attestations.facts(self.db, person, target)

    def day(self, moment: datetime) -> str:
        """Return the local day of a moment, in words."""
        return in_words(self.office.calendar.day(moment))


Action: TypeAlias = Callable[[_Desk, str], Reply]


def welcome(office: Office, course: Course, request: Request) -> Reply:
    """Show where one is, go on reading, attest; or, for the administration, see and begin onboardings."""
    verb, _, rest = request.text.strip().partition(" ")
    if verb in gestion.ACTIONS or (not verb and administers(office, request)):
        return gestion.manage(office, course, request)
    with office.storage.transaction() as db:
        return _ACTIONS.get(verb, _mine)(_Desk(office, course, db, request), rest.strip())


# --- Where one is -----------------------------------------------------------------------------


def _mine(desk: _Desk, _: str) -> Message:
    person = asker(desk.db, desk.request)
    standing = enrolment.standing(desk.db, person, desk.course.target()) if person else None
    steps = desk.steps(person) if person else {}
    if standing is not None and standing.scope == "changes" and not standing.suspended_on:
        return nouveautes.path(desk.course, standing, {fact: desk.day(at) for fact, at in steps.items()})
    return Message(
        Heading("Votre accueil"),
        Text(_asked(desk, standing)),
        Text(*_lines(desk, person, steps)),
        Buttons(*_onward(desk.course, steps, standing)),
    )


def _asked(desk: _Desk, standing: Standing | None) -> str:
    name, revised = desk.course.name, desk.course.revised()
    if standing is None:
        return f"Aucun accueil ne vous est demandé. Vous pouvez lire la {name} et faire le quiz quand même."
    if standing.done:
        return f"Tout est fait pour la {name}, {revised}. Merci!"
    if standing.suspended_on:
        return (
            f"Votre accueil s'est arrêté le {in_words(standing.suspended_on)}, avec vos fonctions\u00a0: "
            "plus rien ne vous est demandé. Ce que vous avez fait est gardé, au cas où vous reviendriez."
        )
    return f"Trois choses vous sont demandées pour la {name}, {revised}."


def _lines(desk: _Desk, person: str | None, steps: Mapping[Fact, datetime]) -> list[Span | str]:
    pages = page_names(desk.course.reading())
    turned = enrolment.pages_read(desk.db, person, desk.course.target()) & set(pages) if person else set()
    reading = f"{len(turned)} page{'s' * (len(turned) > 1)} sur {len(pages)}" if turned else "à faire"
    sitting = attempts.under_way(desk.db, person, desk.course.target().policy, "quiz") if person else None
    where = session.progress(sitting.sitting) if sitting else None
    playing = f"question {min(where.number, where.total)} sur {where.total}" if where else "à faire"
    states: tuple[tuple[str, Fact, str], ...] = (
        ("1. Lecture", "read", reading),
        ("2. Quiz", "passed", playing),
        ("3. Attestation", "attested", "à faire"),
    )
    spans: list[Span | str] = []
    for title, fact, otherwise in states:
        state = f"c'est fait, le {desk.day(steps[fact])}" if fact in steps else otherwise
        spans += [bold(title), f"\u00a0: {state}" + ("" if fact == "attested" else "\n")]
    return spans


def _onward(course: Course, steps: Mapping[Fact, datetime], standing: Standing | None) -> list[Button]:
    going = "Continuer la lecture" if "opened" in steps else "Commencer la lecture"
    read = Button("Relire" if "read" in steps else going, "accueil lire", _style("read" in steps))
    play = Button("Le quiz", "quiz", _style("read" not in steps or "passed" in steps))
    buttons = [read, play]
    if standing and standing.active and not standing.missing:
        buttons.append(Button("Attester ma lecture", "accueil attester", "primary"))
    if "attested" in steps:
        buttons.append(Button("Redemander mon reçu", "accueil recu"))
    return [*buttons, Button(f"Chercher dans la {course.name}", "politique")]


def _style(plain: bool) -> ButtonStyle:
    return "plain" if plain else "primary"


# --- Reading ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Page:
    """A page of the reading: « 5/2 », the second of article 5."""

    name: str
    title: str
    place: str
    elements: tuple[Element, ...]


@lru_cache(maxsize=8)
def _pages(reading: Reading) -> tuple[_Page, ...]:
    """Return the whole policy, article by article, a long one over several pages."""
    found: list[_Page] = []
    articles = reading.version.articles
    for at, article in enumerate(articles, 1):
        pages = list(paged(reading, article.clauses))
        title = f"Article {article.number}\u00a0: {reading.policy.title(article.number, reading.version)}"
        for number, elements in enumerate(pages, 1):
            place = f"Article {at} sur {len(articles)}" + (
                f", page {number} sur {len(pages)}" if len(pages) > 1 else ""
            )
            found.append(
                _Page(f"{article.number}/{number}", excerpt(title, _HEADING), place, tuple(elements))
            )
    return tuple(found)


def carried(old: Version, new: Version, policy: Policy) -> dict[str, str]:
    """Return the pages of a former version whose words are those of a page of the new one, by its name."""
    before, after = _pages(Reading(policy, old)), _pages(Reading(policy, new))
    now = {_words(page, new): page.name for page in reversed(after)}
    return {page.name: now[said] for page in before if (said := _words(page, old)) in now}


def _words(page: _Page, version: Version) -> tuple[str, ...]:
    """Return the policy's words on a page."""
    return tuple(
        clause.text[one.start : one.end]
        for one in page.elements
        if isinstance(one, Quote) and (clause := version.clause(Number.parse(one.clause)))
    )


def page_names(reading: Reading) -> list[str]:
    """Return the names of the pages, in order."""
    return [page.name for page in _pages(reading)]


def _read(desk: _Desk, _: str) -> Message:
    """Begin reading, or go on at the first page that was not turned."""
    person = persons.known(desk.db, actor_of(desk.request))
    desk.note(person, "opened")
    names = page_names(desk.course.reading())
    turned = enrolment.pages_read(desk.db, person, desk.course.target())
    left = [name for name in names if name not in turned]
    return _page(desk, left[0] if left else names[0])


def _turned(desk: _Desk, name: str) -> Message:
    """Note that a page was turned, and show the one after it; at the end, what was skipped."""
    person = persons.known(desk.db, actor_of(desk.request))
    names, target = page_names(desk.course.reading()), desk.course.target()
    if name not in names:
        return _read(desk, "")
    desk.note(person, "opened")
    enrolment.turn_page(desk.db, person, target, name, desk.office.today())
    turned = enrolment.pages_read(desk.db, person, target)
    left = [one for one in names if one not in turned]
    if not left:
        desk.note(person, "read")
    after = names[names.index(name) + 1 :]
    if after:
        return _page(desk, after[0])
    return _page(desk, left[0]) if left else reading_over(desk.course, passed="passed" in desk.steps(person))


def _page(desk: _Desk, name: str) -> Message:
    pages = _pages(desk.course.reading())
    at = next((at for at, page in enumerate(pages) if page.name == name), 0)
    return page_message(desk.course, at)


def page_message(course: Course, at: int) -> Message:
    """Return one page of the reading."""
    pages = _pages(course.reading())
    page = pages[at]
    onward = Button(
        "Terminer la lecture" if at == len(pages) - 1 else "Suivant →", f"accueil lu {page.name}", "primary"
    )
    back = [Button("← Précédent", f"accueil page {pages[at - 1].name}")] if at else []
    return Message(
        Heading(page.title),
        *page.elements,
        Note(f"Lecture\u00a0: page {at + 1} sur {len(pages)} ({page.place.lower()})"),
        Buttons(*back, onward, Button("Où j'en suis", _MINE)),
    )


def reading_over(course: Course, *, passed: bool) -> Message:
    """Say that the reading is done, and what comes next."""
    following = (
        Button("Attester ma lecture", "accueil attester", "primary")
        if passed
        else Button("Passer au quiz", "quiz", "primary")
    )
    what = "attester votre lecture" if passed else f"répondre à {session.SIZE} questions"
    return Message(
        Heading("Lecture terminée"),
        Text(f"Vous avez lu toute la {course.name}. La suite\u00a0: {what}. Rien ne presse."),
        Buttons(following, Button("Relire", "accueil page 1/1"), Button("Où j'en suis", _MINE)),
    )


# --- Attesting --------------------------------------------------------------------------------


def _attest(desk: _Desk, _: str) -> Message:
    """Propose the statement, to whoever has done what comes before."""
    return _hindrance(desk) or statement(desk.course)


def _confirm(desk: _Desk, _: str) -> Reply:
    """Ask for the name that the receipt will bear, then write the attestation."""
    hindrance = _hindrance(desk)
    if hindrance is not None:
        return hindrance
    if not desk.request.fields:
        return name_form(desk.course)
    name = " ".join(clean(desk.request.fields.get("nom", "")).split())
    if not 1 < len(name) <= NAME_LENGTH:
        raise UserError("Écrivez votre nom, tel qu'il figurera sur votre reçu. Rien n'est encore attesté.")
    actor = actor_of(desk.request)
    person = persons.known(desk.db, actor)
    account, now = persons.account(actor), desk.office.clock()
    enrolment.attest_reading(
        desk.db, Attesting(person, name, account, desk.course.target(), now), desk.course.attest
    )
    return attested(desk.course)


def _receipt(desk: _Desk, _: str) -> Message:
    """Have one's receipt sent anew, to whoever has attested."""
    person = asker(desk.db, desk.request)
    if person is None or "attested" not in desk.steps(person):
        return _mine(desk, "")
    desk.course.send_receipt(desk.db, person, desk.course.target(), desk.office.clock())
    return receipt_coming()


def _hindrance(desk: _Desk) -> Message | None:
    """Return why one cannot attest now, None when one can."""
    person = asker(desk.db, desk.request)
    standing = enrolment.standing(desk.db, person, desk.course.target()) if person else None
    if standing is None or not standing.active or standing.missing:
        return _mine(desk, "")
    return None


def statement(course: Course) -> Message:
    """Return what one is asked to attest."""
    return Message(
        Heading("Votre attestation"),
        Text(bold(course.statement())),
        Note(
            "Seront inscrits au registre\u00a0: votre nom, votre compte, la version et l'empreinte du texte, "
            "l'heure et la plateforme. Vous recevrez un reçu."
        ),
        Buttons(Button("Confirmer", "accueil confirmer", "primary"), Button("Plus tard", _MINE)),
    )


def name_form(course: Course) -> Form:
    """Return the form that asks for one's name, under the statement."""
    hint = course.statement()
    hint = hint if len(hint) <= FIELD_HINT_LENGTH else "Il figurera sur votre reçu."
    return Form(
        "accueil confirmer",
        "Attester ma lecture",
        (TextField("nom", "Votre nom, pour le reçu", hint=hint, max_length=NAME_LENGTH),),
        "Attester",
    )


def attested(course: Course) -> Message:
    """Say that it is done."""
    return Message(
        Heading("C'est attesté"),
        Text(
            f"Votre lecture de la {course.name}, {course.revised()}, est inscrite au registre. Votre reçu "
            "arrive en message privé. Merci!"
        ),
        Buttons(Button("Où j'en suis", _MINE), Button(f"Chercher dans la {course.name}", "politique")),
    )


def receipt_coming() -> Message:
    """Say that the receipt was asked for."""
    return Message(
        Text("Votre reçu arrive dans un instant, en message privé."), Buttons(Button("Où j'en suis", _MINE))
    )


_ACTIONS: Mapping[str, Action] = {
    "moi": _mine,
    "lire": _read,
    "lu": _turned,
    "page": _page,
    "attester": _attest,
    "confirmer": _confirm,
    "recu": _receipt,
}
