"""The form's pages, as HTML. Pure: what is shown is what is given.

Everything works without a script. What a page must remember until the next one is in its hidden fields,
so that nothing of a draft stays on the server. What is typed comes in clean: see `bot.web.body`.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import htpy as h

from bot.conversation.messages import Quotation
from bot.platforms.line_breaks import with_breaks
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


def page(title: str, *content: h.Node, here: str = "") -> str:
    """Return a whole page; `here`: which of the two entries of its menu it is."""
    entries = ((FORM, "Signaler"), (FOLLOW, "Suivre un signalement"))
    head = h.head[
        h.meta(charset="utf-8"),
        h.meta(name="viewport", content="width=device-width, initial-scale=1"),
        h.meta(name="robots", content="noindex"),
        h.title[f"{title} · Vigie"],
        h.link(rel="stylesheet", href=STYLE),
    ]
    body = h.body[
        h.nav(aria_label="Pages")[
            [
                h.a(href=where, aria_current="page" if where == here else None)[label]
                for where, label in entries
            ]
        ],
        h.main[h.h1[title], content],
    ]
    return "".join(h.html(lang="fr-CA")[head, body].iter_chunks())


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
    return page(
        "Signaler une publication négative",
        _wrong(wrong),
        _quotation(quotation),
        _box("Avant de commencer", _REMINDER),
        h.form(method="post", action=REVIEW, enctype="multipart/form-data")[
            asked,
            actions(button("Relire avant d'envoyer", "primary")),
            h.p(".hint")["Rien n'est encore transmis à cette étape."],
        ],
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
        h.a(href=FORM)["Abandonner"],
    )
    return page(
        "Relisez avant d'envoyer",
        note_of(note),
        _pointed_out(draft.review),
        h.dl[_rows(draft)],
        h.form(method="post", action=SEND)[
            [fields.hidden(name, value) for name, values in again.items() for value in values], sending
        ],
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
        h.p["Notez ces neuf mots maintenant\u00a0: ils ne seront plus jamais affichés."],
        h.p(".code")[code],
        h.ul[[h.li[one] for one in advice]],
    )


def told(title: str, text: str) -> str:
    """Return a page that only says something: a refusal, an apology."""
    return page(title, h.p[text])


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


def _quotation(quotation: Quotation) -> h.Renderable:
    paragraphs = [h.p[[with_breaks(span.text) for span in spans]] for spans in quotation.paragraphs]
    return h.figure[h.figcaption[quotation.caption], h.blockquote[paragraphs]]


def note_of(text: str) -> h.Node:
    """Return what a page says first, nothing when there is nothing to say."""
    return text and h.p(".box", role="status")[text]


def _box(title: str, items: Iterable[str]) -> h.Renderable:
    return h.section(".box")[h.h2[title], h.ul[[h.li[item] for item in items]]]


def _wrong(problems: Mapping[str, str]) -> h.Node:
    links = [h.li[h.a(href=f"#{name}")[text]] for name, text in problems.items()]
    return links and h.section(".box.problem", role="alert")[h.h2["Il reste à corriger"], h.ul[links]]


def _rows(draft: ReviewPage) -> h.Node:
    typed, choices, pointed = draft.review.typed, draft.choices, draft.review.pointed
    named = ", ".join(one.label for one in choices.named if one.value in typed.named)
    rows: list[tuple[str, h.Node]] = [
        ("Adresse, telle qu'elle sera transmise", typed.address),
        (_SUMMARY.label, _marked(typed.summary, pointed.get("summary", ()))),
        (_SEVERITY.label, _label(choices.severities, typed.severity)),
        (_RECIPIENT.label, _reaches(choices, typed)),
        (_NAMED.label, named or "Ni l'une ni l'autre"),
        ("Quand l'avis partira", "Tout de suite" if typed.urgent else _DELAYED.capitalize()),
        (_NAME.label, typed.name or "Aucun"),
    ]
    if draft.picture is not None:
        rows.append(("Capture d'écran, redessinée sans ses métadonnées", _image(draft.picture)))
    return [[h.dt[term], h.dd[value]] for term, value in rows]


def _image(picture: CleanedImage) -> h.Renderable:
    source = f"data:{picture.media};base64,{base64.b64encode(picture.content).decode('ascii')}"
    return h.img(src=source, alt="La capture d'écran, telle qu'elle sera transmise")


def _marked(words: str, pointed: Sequence[Pointed]) -> h.Node:
    """Return words with what was pointed out in them marked."""
    pieces: list[h.Node] = []
    end = 0
    for one in pointed:
        pieces += [with_breaks(words[end : one.start]), h.mark[with_breaks(words[one.start : one.end])]]
        end = one.end
    return [*pieces, with_breaks(words[end:])]


def _pointed_out(found: Review) -> h.Node:
    texts = {"summary": found.typed.summary, "address": found.typed.address}
    items = [pointed_item(one, texts[name]) for name, pointed in found.pointed.items() for one in pointed]
    if not items:
        return note_of("Rien ne me semble désigner quelqu'un, mais je ne vois pas tout\u00a0: relisez-vous.")
    title = "Ces passages pourraient désigner quelqu'un"
    return told_apart(title, items, "Vous pouvez les changer, ou les laisser si vous y tenez.")


def pointed_item(one: Pointed, words: str) -> h.Renderable:
    """Return why something is pointed out in `words`, and what it is."""
    return h.li[f"{one.why}\u00a0: ", h.mark[words[one.start : one.end]]]


def told_apart(title: str, items: h.Node, advice: str) -> h.Renderable:
    """Return what was pointed out, and what can be done about it."""
    return h.section(".box", role="status")[h.h2[title], h.ul[items], h.p[advice]]


def _reaches(choices: FormChoices, typed: Typed) -> str:
    """Return to whom it goes: not to someone whom it names."""
    order = [typed.recipient, *(one.value for one in choices.recipients if one.value != typed.recipient)]
    heir = next((one for one in order if one not in typed.named), "")
    return _label(choices.recipients, heir) if heir else "La suppléance, puisque les deux sont en cause"


def _label(choices: Sequence[FormChoice], value: str) -> str:
    return next((one.label for one in choices if one.value == value), "")
