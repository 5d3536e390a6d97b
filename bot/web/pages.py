"""The form's pages, as HTML. Pure: what is shown is what is given.

Everything works without a script. What a page must remember until the next one is in its hidden fields,
so that nothing of a draft stays on the server.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.conversation.messages import Quotation
from bot.platforms.markup import NOTHING, Html, element, escaped, joined, lines
from bot.reports.filing import NAME_LENGTH, SAYS_LENGTH
from bot.web import fields
from bot.web.fields import FieldSpec, actions, button
from bot.web.intake import (
    ADDRESS_LENGTH,
    CleanedImage,
    FormChoice,
    FormChoices,
    Pointed,
    Review,
    Typed,
)

STYLE: Final = "style.css"
# Relative, so that a page is right wherever a proxy puts it.
FORM, REVIEW, CORRECT, SEND = "./", "relire", "corriger", "envoyer"
FOLLOW, ADD, WITHDRAW = "suivi", "ajouter", "retirer"

_REMINDER: Final = (
    "Ne commentez pas la publication et n'y répondez pas, même pour la corriger.",
    "Vigie n'enregistre pas votre identité. Ce formulaire n'a ni compte, ni témoin, ni script.",
    (
        "Votre réseau, ou qui héberge ce site, peut toutefois savoir que vous l'avez ouvert. Le "
        "navigateur Tor vous en protège."
    ),
    "Votre style ou votre capture peuvent vous trahir.",
    "Danger ou risque de représailles\u00a0: utilisez un autre canal.",
)
_DELAYED: Final = "aux heures de travail, après un délai tiré au hasard, de 5 à 60\u00a0minutes"

_ADDRESS: Final = FieldSpec(
    "address",
    "Adresse de la publication",
    "Ce qui dirait qui l'a partagée en est retiré. Sans adresse, dites où elle se trouve.",
    ADDRESS_LENGTH,
)
_SUMMARY: Final = FieldSpec(
    "summary",
    "Ce qu'elle dit, en bref",
    "Deux ou trois phrases. Évitez ce qui vous désigne\u00a0: votre rôle, ce que vous étiez la seule "
    "personne à savoir.",
    SAYS_LENGTH,
)
_SEVERITY: Final = FieldSpec("severity", "Gravité")
_RECIPIENT: Final = FieldSpec("recipient", "À qui le transmettre")
_NAMED: Final = FieldSpec(
    "named",
    "L'une de ces personnes est-elle en cause?",
    "Elle ne le verra pas\u00a0: il ira à quelqu'un d'autre. Sinon, l'une et l'autre peuvent le lire\u00a0: "
    "s'il n'est pas ouvert à temps, ou si la publication est déjà signalée.",
    optional=True,
)
_URGENT: Final = FieldSpec("urgent", "Est-ce urgent?", optional=True)
_NAME: Final = FieldSpec(
    "name",
    "Votre nom",
    "Laissez vide pour rester sans nom. Ce nom n'est ni vérifié ni retenu pour une autre fois.",
    NAME_LENGTH,
    optional=True,
)
_PICTURE: Final = FieldSpec(
    "picture",
    "Une capture d'écran",
    "PNG, JPEG ou WebP, 8\u00a0Mo au plus. L'image est redessinée\u00a0: ses métadonnées disparaissent. "
    "Ce qu'elle montre reste\u00a0: coupez-en votre nom, votre photo, l'heure.",
    optional=True,
    accept="image/png,image/jpeg,image/webp",
)
_AT_ONCE: Final = (
    FormChoice(
        "oui", "Prévenir tout de suite", f"Sinon, l'avis part {_DELAYED}, pour que l'heure ne dise rien."
    ),
)


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """What is about to be sent: what there is to say of it, what one chose among.

    `kept`: what the next page must be given again beside what was typed, by the name of its field.
    """

    review: Review
    choices: FormChoices
    picture: CleanedImage | None
    kept: Mapping[str, str]


def page(title: str, *content: Html, here: str = "") -> str:
    """Return a whole page; `here`: which of the two entries of its menu it is."""
    entries = ((FORM, "Signaler"), (FOLLOW, "Suivre un signalement"))
    menu = (
        element("a", escaped(label), href=where, aria_current="page" if where == here else "")
        for where, label in entries
    )
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="robots", content="noindex"),
        element("title", escaped(f"{title} · Vigie")),
        element("link", rel="stylesheet", href=STYLE),
    )
    body = element(
        "body",
        element("nav", *menu, aria_label="Pages"),
        element("main", element("h1", escaped(title)), *content),
    )
    return "<!doctype html>\n" + element("html", head, body, lang="fr-CA")


# --- Reporting --------------------------------------------------------------------------------


def form(
    quotation: Quotation,
    choices: FormChoices,
    typed: Typed | None = None,
    problems: Mapping[str, str] | None = None,
) -> str:
    """Return the form, with what was already typed and what is wrong with it."""
    known, wrong = typed or Typed(), problems or {}
    recipient = known.recipient or choices.recipients[0].value
    asked = (
        fields.line(_ADDRESS, known.address, wrong.get("address", "")),
        fields.paragraph(_SUMMARY, known.summary, wrong.get("summary", "")),
        fields.radios(_SEVERITY, choices.severities, known.severity, wrong.get("severity", "")),
        fields.radios(_RECIPIENT, choices.recipients, recipient, wrong.get("recipient", "")),
        fields.boxes(_NAMED, choices.named, known.named),
        fields.boxes(_URGENT, _AT_ONCE, frozenset({"oui"} if known.urgent else ())),
        fields.line(_NAME, known.name, wrong.get("name", "")),
        fields.file(_PICTURE, wrong.get("picture", "")),
    )
    sending = (
        actions(button("Relire avant d'envoyer", "primary")),
        element("p", escaped("Rien n'est encore transmis à cette étape."), class_="hint"),
    )
    return page(
        "Signaler une publication négative",
        _wrong(wrong),
        _quotation(quotation),
        _box("Avant de commencer", _REMINDER),
        element("form", *asked, *sending, method="post", action=REVIEW, enctype="multipart/form-data"),
        here=FORM,
    )


def review(draft: ReviewPage, note: str = "") -> str:
    """Return what was typed, shown once more with what may tell who someone is pointed out.

    `note`: what changed since last time, "" if nothing.
    """
    again = _as_typed(draft.review.typed) | {name: (value,) for name, value in draft.kept.items()}
    sending = actions(
        button("Envoyer", "primary"),
        button("Corriger", action=CORRECT),
        element("a", escaped("Abandonner"), href=FORM),
    )
    return page(
        "Relisez avant d'envoyer",
        note_of(note),
        _pointed_out(draft.review),
        element("dl", *_rows(draft)),
        element(
            "form",
            *(fields.hidden(name, value) for name, values in again.items() for value in values),
            sending,
            method="post",
            action=SEND,
        ),
    )


def receipt(code: str) -> str:
    """Return the page that shows a code, the only time that it is."""
    advice = (
        "Avec eux, ici ou auprès de Vigie, vous suivez votre signalement, répondez ou le retirez.",
        "Les accents et les majuscules ne comptent pas.",
        "Personne ne peut les retrouver. Vigie ne vous écrira pas\u00a0: elle ignore qui vous êtes.",
        "Gardez-les à part\u00a0: qui les a peut lire votre signalement.",
        "Ne commentez pas la publication. Une fois le code noté, fermez cet onglet.",
    )
    return page(
        "Signalement reçu",
        element("p", escaped("Notez ces neuf mots maintenant\u00a0: ils ne seront plus jamais affichés.")),
        element("p", escaped(code), class_="code"),
        element("ul", *(element("li", escaped(one)) for one in advice)),
    )


def told(title: str, text: str) -> str:
    """Return a page that only says something: a refusal, an apology."""
    return page(title, element("p", escaped(text)))


# --- Pieces -----------------------------------------------------------------------------------


def _as_typed(typed: Typed) -> dict[str, Sequence[str]]:
    """Return what was typed, by the name of its field."""
    return {
        "address": (typed.address,),
        "summary": (typed.summary,),
        "severity": (typed.severity,),
        "recipient": (typed.recipient,),
        "name": (typed.name,),
        "named": sorted(typed.named),
        "urgent": ("oui",) if typed.urgent else (),
    }


def _quotation(quotation: Quotation) -> Html:
    words = (
        element("p", joined(lines(span.text) for span in paragraph)) for paragraph in quotation.paragraphs
    )
    caption = element("figcaption", escaped(quotation.caption))
    return element("figure", caption, element("blockquote", *words))


def note_of(text: str) -> Html:
    """Return what a page says first, nothing when there is nothing to say."""
    return element("p", escaped(text), class_="box", role="status") if text else NOTHING


def _box(title: str, items: Iterable[str]) -> Html:
    listed = element("ul", *(element("li", escaped(item)) for item in items))
    return element("section", element("h2", escaped(title)), listed, class_="box")


def _wrong(problems: Mapping[str, str]) -> Html:
    links = (element("li", element("a", escaped(text), href=f"#{name}")) for name, text in problems.items())
    return (
        element(
            "section",
            element("h2", escaped("Il reste à corriger")),
            element("ul", *links),
            class_="box problem",
            role="alert",
        )
        if problems
        else NOTHING
    )


def _rows(draft: ReviewPage) -> list[Html]:
    typed, choices, pointed = draft.review.typed, draft.choices, draft.review.pointed
    named = ", ".join(one.label for one in choices.named if one.value in typed.named)
    rows = [
        ("Adresse, telle qu'elle sera transmise", escaped(typed.address)),
        (_SUMMARY.label, _marked(typed.summary, pointed.get("summary", ()))),
        (_SEVERITY.label, escaped(_label(choices.severities, typed.severity))),
        (_RECIPIENT.label, escaped(_reaches(choices, typed))),
        (_NAMED.label, escaped(named or "Ni l'une ni l'autre")),
        ("Quand l'avis partira", escaped("Tout de suite" if typed.urgent else _DELAYED.capitalize())),
        (_NAME.label, escaped(typed.name or "Aucun")),
    ]
    if draft.picture is not None:
        rows.append(("Capture d'écran, redessinée sans ses métadonnées", _image(draft.picture)))
    return [joined([element("dt", escaped(term)), element("dd", value)]) for term, value in rows]


def _image(picture: CleanedImage) -> Html:
    source = f"data:{picture.media};base64,{base64.b64encode(picture.content).decode('ascii')}"
    return element("img", src=source, alt="La capture d'écran, telle qu'elle sera transmise")


def _marked(words: str, pointed: Sequence[Pointed] | None) -> Html:
    """Return words with what was pointed out in them marked; None: all of it."""
    if pointed is None:
        return element("mark", lines(words))
    pieces, end = [], 0
    for one in pointed:
        pieces += [lines(words[end : one.start]), element("mark", lines(words[one.start : one.end]))]
        end = one.end
    return joined([*pieces, lines(words[end:])])


def _pointed_out(found: Review) -> Html:
    texts = {"summary": found.typed.summary, "address": found.typed.address}
    items = [
        element(
            "li", escaped(f"{one.why}\u00a0: "), element("mark", escaped(texts[name][one.start : one.end]))
        )
        for name, pointed in found.pointed.items()
        for one in pointed
    ]
    if not items:
        return note_of("Rien ne me semble désigner quelqu'un, mais je ne vois pas tout\u00a0: relisez-vous.")
    title = "Ces passages pourraient désigner quelqu'un"
    return told_apart(title, items, "Vous pouvez les changer, ou les laisser si vous y tenez.")


def told_apart(title: str, items: Iterable[Html], advice: str) -> Html:
    """Return what was pointed out, and what can be done about it."""
    heading, listed = element("h2", escaped(title)), element("ul", *items)
    return element("section", heading, listed, element("p", escaped(advice)), class_="box", role="status")


def _reaches(choices: FormChoices, typed: Typed) -> str:
    """Return to whom it goes: not to someone whom it names."""
    order = [typed.recipient, *(one.value for one in choices.recipients if one.value != typed.recipient)]
    heir = next((one for one in order if one not in typed.named), "")
    return _label(choices.recipients, heir) if heir else "La suppléance, puisque les deux sont en cause"


def _label(choices: Sequence[FormChoice], value: str) -> str:
    return next((one.label for one in choices if one.value == value), "")
