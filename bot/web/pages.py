"""The form's pages as HTML, without scripts. All functions are pure.

A page's hidden fields hold the data that the next page needs, so that no part of a draft stays on the server.
Texts are already cleaned by `bot.web.body`.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import htpy as h

from bot.conversation.messages import Quotation, capitalized
from bot.people.office import RegistryBoard
from bot.platforms.line_breaks import with_breaks
from bot.reports.channels import Channel
from bot.reports.filing import NAME_LENGTH, SUMMARY_LENGTH, Report
from bot.reports.identifying import IdentifyingMark, without_overlap
from bot.reports.intake import ReportReview
from bot.reports.records import SEVERITIES
from bot.web import fields
from bot.web.draft import DraftPicture
from bot.web.fields import FieldSpec, FormChoice, actions, button

ADDRESS_LENGTH: Final = 2_000  # maximum characters of a pasted text, of which only the address is stored
STYLE: Final = "style.css"
# Relative paths, so that links work wherever a proxy serves the page.
FORM = "./"
REVIEW = "relire"
CORRECT = "corriger"
SEND = "envoyer"
FOLLOW, ADD, WITHDRAW = "suivi", "ajouter", "retirer"

_REMINDER: Final = (
    "Ne commentez pas la publication et n'y répondez pas, même pour la corriger.",
    "Ce site n'enregistre pas votre identité\u00a0: ni compte, ni témoin, ni script.",
    (
        "Votre réseau, ou qui héberge ce site, peut toutefois savoir que vous l'avez ouvert. Le "
        "navigateur Tor vous en protège."
    ),
    "Votre style ou votre capture peuvent vous trahir.",
    "Danger, crainte de représailles\u00a0: utilisez un autre canal.",
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
    SUMMARY_LENGTH,
)
_SEVERITY: Final = FieldSpec("severity", "Gravité")
_RECIPIENT: Final = FieldSpec("recipient", "À qui le transmettre")
_IMPLICATED: Final = FieldSpec(
    "named",
    "L'une de ces personnes est-elle en cause?",
    "Elle ne le verra pas\u00a0: il ira à quelqu'un d'autre. Sinon, l'une et l'autre peuvent le lire\u00a0: "
    "s'il n'est pas ouvert à temps, ou si qui le reçoit le confie ou le joint à un autre.",
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
_SEVERITIES: Final = tuple(
    FormChoice(value, label, f"{capitalized(hint)}.")
    for value, (label, _, hint) in ((value, text.partition("\u00a0: ")) for value, text in SEVERITIES.items())
)
_AT_ONCE: Final = (
    FormChoice(
        "oui", "Prévenir tout de suite", f"Sinon, l'avis part {_DELAYED}, pour que l'heure ne dise rien."
    ),
)


def page(title: str, *content: h.Node, here: str = "") -> str:
    """Return a whole HTML page. `here`: the path of the menu entry to show as the current one."""
    entries = ((FORM, "Signaler"), (FOLLOW, "Suivre un signalement"))
    head = h.head[
        h.meta(charset="utf-8"),
        h.meta(name="viewport", content="width=device-width, initial-scale=1"),
        h.meta(name="robots", content="noindex"),
        h.title[title],
        h.link(rel="stylesheet", href=STYLE),
    ]
    links = [h.a(href=path, aria_current="page" if path == here else None)[label] for path, label in entries]
    body = h.body[h.nav(aria_label="Pages")[links], h.main[h.h1[title], content]]
    return "".join(h.html(lang="fr-CA")[head, body].iter_chunks())


def text_page(title: str, text: str) -> str:
    """Return a page with a single paragraph, such as a refusal or an apology."""
    return page(title, h.p[text])


def report_form(
    quotation: Quotation,
    board: RegistryBoard,
    typed: Report,
    problems: Mapping[str, str],
    *,
    number: str,
    channels: Sequence[Channel],
) -> str:
    """Return the form, filled with the `typed` values. `problems`: error messages, by field.

    `board`: the roles, and who receives reports today. `number`: the form's number (see `draft.new_number`).
    `channels`: other places to turn to. They are in the page itself, so that no request reveals who reads
    them.
    """
    titles = board.titles or {}
    default = board.recipients[0]
    recipients = [FormChoice(role, titles[role]) for role in board.recipients]
    links = [h.li[h.a(href=f"#{name}")[text]] for name, text in problems.items()]
    changed = typed.urgent or typed.name or typed.recipient not in {"", default}
    paragraphs = [h.p[[with_breaks(span.text) for span in spans]] for spans in quotation.paragraphs]
    return page(
        "Signaler une publication négative",
        links and h.section(".box.problem", role="alert")[h.h2["Il reste à corriger"], h.ul[links]],
        h.figure[h.figcaption[quotation.caption], h.blockquote[paragraphs]],
        h.section(".box")[
            h.h2["Avant de commencer"],
            h.ul[[h.li[line] for line in (*_REMINDER, board.readers)]],
            h.details[
                h.summary["Autres canaux"],
                h.ul[[h.li[h.b[channel.name], f"\u00a0: {channel.described}"] for channel in channels]],
            ],
        ],
        h.form(method="post", action=REVIEW, enctype="multipart/form-data")[
            fields.hidden("draft", number),
            fields.line(_ADDRESS, typed.address, problems.get("address", "")),
            fields.paragraph(_SUMMARY, typed.summary, problems.get("summary", "")),
            fields.radios(_SEVERITY, _SEVERITIES, typed.severity, problems.get("severity", "")),
            fields.boxes(_IMPLICATED, recipients, set(typed.implicated)),
            h.details(open=bool(changed or problems.keys() & {"recipient", "name"}))[
                h.summary[f"Par défaut\u00a0: {titles[default]}, sans urgence, sans votre nom. Changer"],
                fields.radios(
                    _RECIPIENT, recipients, typed.recipient or default, problems.get("recipient", "")
                ),
                fields.boxes(_URGENT, _AT_ONCE, {"oui"} if typed.urgent else set()),
                fields.line(_NAME, typed.name, problems.get("name", "")),
            ],
            fields.file(_PICTURE, problems.get("picture", "")),
            actions(button("Relire avant d'envoyer", "primary")),
            h.p(".hint")["Rien n'est encore transmis à cette étape."],
        ],
        here=FORM,
    )


def review_page(
    review: ReportReview,
    board: RegistryBoard,
    picture: DraftPicture | None,
    hidden: Mapping[str, str],
    note: str,
) -> str:
    """Return the page that shows a report for review, and marks passages that may identify someone.

    `hidden`: the form's number and the sealed draft, which the next page gets with the typed values. `note`:
    a text shown first.
    """
    report, titles = review.report, board.titles or {}
    typed: dict[str, Sequence[str]] = {
        "address": (report.address,),
        "summary": (report.summary,),
        "severity": (report.severity,),
        "recipient": (report.recipient,),
        "name": (report.name,),
        "named": report.implicated,
        "urgent": ("oui",) if report.urgent else (),
        **{name: (value,) for name, value in hidden.items()},
    }
    marks = {name: list(without_overlap(marks)) for name, marks in review.marks.items()}
    implicated = ", ".join(titles[role] for role in report.implicated)
    heir = next(
        (role for role in (report.recipient, *board.recipients) if role not in report.implicated), None
    )
    severity = next(choice.label for choice in _SEVERITIES if choice.value == report.severity)
    rows: list[tuple[str, h.Node]] = [
        ("Adresse, telle qu'elle sera transmise", report.address),
        (_SUMMARY.label, _marked(report.summary, marks["summary"])),
        (_SEVERITY.label, severity),
        (_RECIPIENT.label, titles[heir] if heir else "La suppléance, puisque les deux sont en cause"),
        (_IMPLICATED.label, implicated or "Ni l'une ni l'autre"),
        ("Quand l'avis partira", "Tout de suite" if report.urgent else _DELAYED.capitalize()),
        (_NAME.label, report.name or "Aucun"),
    ]
    if picture is not None:
        source = f"data:{picture.media_type};base64,{picture.base64}"
        image = h.img(src=source, alt="La capture d'écran, telle qu'elle sera transmise")
        rows.append(("Capture d'écran, redessinée sans ses métadonnées", image))
    return page(
        "Relisez avant d'envoyer",
        note_box(note),
        warning(
            "Ces passages pourraient désigner quelqu'un",
            [*marks["address"], *marks["summary"]],
            "Vous pouvez les changer, ou les laisser si vous y tenez.",
        )
        or note_box("Relisez-vous\u00a0: je ne vois pas tout ce qui peut désigner quelqu'un."),
        h.dl[[[h.dt[term], h.dd[value]] for term, value in rows]],
        h.form(method="post", action=SEND)[
            [fields.hidden(name, value) for name, values in typed.items() for value in values],
            actions(
                button("Envoyer", "primary"),
                button("Corriger", action=CORRECT),
                h.a(href=FORM)["Annuler"],
            ),
        ],
    )


def receipt_page(code: str) -> str:
    """Return the page that confirms a report and shows its code, which no other page shows."""
    advice = (
        "Avec eux, ici ou par la commande /signalement\u00a0: suivre, répondre, retirer.",
        "Les accents et les majuscules ne comptent pas.",
        "Personne ne peut les retrouver. Personne ne vous écrira\u00a0: ce site ignore qui vous êtes.",
        "Gardez-les à part\u00a0: qui les a peut lire votre signalement.",
        "Ne commentez pas la publication. Une fois le code noté, fermez cet onglet.",
    )
    return page(
        "Signalement reçu",
        h.p["Notez ces neuf mots maintenant\u00a0: ils ne seront plus jamais affichés."],
        h.p(".code")[code],
        h.p(".screen")[
            "Une pression sur le code le choisit en entier. Pour l'imprimer, décochez «\u00a0En-têtes et "
            "pieds de page\u00a0»\u00a0: ils portent l'heure et l'adresse de ce site."
        ],
        h.ul[[h.li[line] for line in advice]],
        h.form(".screen", method="post", action=FOLLOW)[
            fields.hidden("code", code), actions(button("Suivre ce signalement"))
        ],
    )


def note_box(text: str) -> h.Node:
    """Return a note for the top of a page, or nothing if `text` is ""."""
    return text and h.p(".box", role="status")[text]


def warning(title: str, marks: Sequence[IdentifyingMark], advice: str) -> h.Node:
    """Return a box with the passages that may identify someone and `advice`, or nothing without marks."""
    passages = [h.li[f"{mark.kind.label}\u00a0: ", h.mark[mark.passage]] for mark in marks]
    return passages and h.section(".box", role="status")[h.h2[title], h.ul[passages], h.p[advice]]


def _marked(text: str, marks: Sequence[IdentifyingMark]) -> h.Node:
    pieces: list[h.Node] = []
    end = 0
    for mark in marks:
        pieces += [with_breaks(text[end : mark.start]), h.mark[with_breaks(mark.passage)]]
        end = mark.end
    return [*pieces, with_breaks(text[end:])]
