"""The messages to a person who has a text examined before publishing it.

They never give a verdict. Each finding gives a clause, the words of the text that the clause is about, and a
remedy.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from bot.commands.passages import page_of, split_text
from bot.commands.politique import QUESTION_LENGTH
from bot.conversation.forms import FIELD_TEXT_LENGTH, ChoiceField, Form, TextField, options
from bot.conversation.messages import (
    COMMAND_LENGTH,
    LABEL_LENGTH,
    MESSAGE_WEIGHT,
    Button,
    Buttons,
    Divider,
    Element,
    Heading,
    Message,
    Note,
    Quote,
    Text,
    bold,
    distinct,
    excerpt,
    thousands,
    weight,
)
from bot.policy.articles import Number
from bot.policy.library import Reading
from bot.policy.names import GenderedName
from bot.posting.checks import Check
from bot.posting.posts import Concern, Post

COMMAND: Final = "verifier"
REQUEST_COMMAND: Final = "demande"
FINDINGS_PER_MESSAGE: Final = 3  # findings in one message
IMAGE_LENGTH: Final = 500  # maximum characters of a picture's description, in the form
_WORDS: Final = 90  # maximum characters quoted of a passage of the draft
_PASSAGES: Final = 2  # maximum passages quoted for each finding
_REQUEST_WEIGHT: Final = 2_400  # maximum weight of the draft in a request to send
_CAPTION_WEIGHT: Final = 120  # weight of a quotation's caption
_SHORTEST_QUOTE: Final = 200

# the form's value for an unknown place of publication, since an option cannot be empty
_UNKNOWN: Final = "inconnu"
_VENUES: Final = {
    "personnel": "Compte personnel",
    "travail": "Compte de travail",
    "page": "Page de l'association",
    _UNKNOWN: "Non précisé",
}
UNSEEN: Final = (
    "Je ne vois pas l'image elle-même, ni qui pourra lire ce texte. Je ne vérifie ni les faits, ni les lois."
)
_FORGOTTEN: Final = "J'oublie ce texte dix minutes après votre dernier geste."
BEGIN: Final = Button("Relire un texte", COMMAND)


@dataclass(frozen=True, slots=True)
class PostFinding:
    """A check that a post raises in a policy. `whom`: a sentence on whom to ask, "" for nobody.

    `passages`, `image_passages`: the words that raise it, in the text and in the picture's description.
    `permission`: the kind of permission to ask for with `/vigie demande`, "" if the person must send the
    request themselves.
    """

    reading: Reading
    concern: Concern
    whom: str = ""
    passages: tuple[str, ...] = field(default=(), repr=False)
    image_passages: tuple[str, ...] = field(default=(), repr=False)
    permission: str = ""

    @property
    def number(self) -> Number:
        """The number of the first clause that the finding is about."""
        return self.concern.clauses[0]


# --- The form ---------------------------------------------------------------------------------


def form(token: str = "", post: Post | None = None) -> Form:
    """Return the form, filled in with `post` if it is being corrected. `token`: its draft's token."""
    post = post or Post("")
    return Form(
        f"{COMMAND} corriger {token}" if token else COMMAND,
        "Relire avant de publier",
        (
            TextField(
                "texte",
                "Le texte à publier",
                hint="Plus de 3\u00a0000 caractères? Collez-le-moi plutôt en message privé.",
                value=post.text,
                required=False,
                lines=8,
                max_length=FIELD_TEXT_LENGTH,
            ),
            TextField(
                "image",
                "Ce que montre l'image, s'il y en a une",
                hint="Je ne la vois pas\u00a0: qui y est, ce qui y est écrit. Elle se relit aussi seule.",
                value=post.image,
                required=False,
                lines=2,
                max_length=IMAGE_LENGTH,
            ),
            ChoiceField("lieu", "Où il paraîtra", options(_VENUES), value=post.venue or _UNKNOWN),
        ),
        "Relire",
    )


def fits_form(post: Post) -> bool:
    """Return whether a post is short enough to be corrected in the form."""
    return len(post.text) <= FIELD_TEXT_LENGTH and len(post.image) <= IMAGE_LENGTH


# --- Findings ---------------------------------------------------------------------------------


def offer(token: str, *, answerable: bool = True) -> Message:
    """Ask whether to examine a text written in private. `answerable`: whether it could be a question too."""
    yes = Button("Oui, relire", f"{COMMAND} lire {token}", "primary")
    no = Button("Non, répondre", f"{COMMAND} repondre {token}")
    shorten = f"Si c'est une question, posez-la en {thousands(QUESTION_LENGTH)} caractères au plus."
    return Message(
        Text(bold("Voulez-vous que je relise ce texte?")),
        Note("Je vous montrerais les clauses qu'il touche, et par quels mots, sans rien en garder."),
        *([] if answerable else [Note(shorten)]),
        Buttons(yes, *([no] if answerable else [])),
    )


def review(
    token: str, post: Post, findings: Sequence[PostFinding], *, page: int = 1, waved: int = 0
) -> Message:
    """Show one page of the findings about a post, the surest first.

    `findings`: at least one. `page`: from 1. `waved`: how many other findings the person dismissed.
    """
    on_page, page, pages = page_of(findings, page, FINDINGS_PER_MESSAGE)
    left = len(findings) - page * FINDINGS_PER_MESSAGE
    count = len(findings)
    lead = "Un point à regarder." if count == 1 else f"{count} points à regarder, les plus sûrs d'abord."
    closing: list[Button] = []
    if fits_form(post):
        closing.append(Button("Corriger le texte", f"{COMMAND} corriger {token}", "primary"))
    if pages > 1:
        others = f"Voir les autres ({left})" if left > 1 else "Voir l'autre"
        label = others if left > 0 else "Revenir aux plus sûrs"
        closing.append(Button(label, f"{COMMAND} lire {token} {page % pages + 1}"))
    if waved:
        closing.append(_put_back(token, waved))
    long = "" if fits_form(post) else " Pour le corriger, collez-le-moi de nouveau."
    above: list[Element] = [Heading("Avant de publier"), Text(lead)]
    below = Note(f"{UNSEEN} {_FORGOTTEN}{long}")
    # The quotations share the room left by the bot's own words.
    repeated: set[str] = set()
    words = [(_title(finding), _advice(finding, post, repeated)) for finding in on_page]
    bot_words = Message(*above, *(text for pair in words for text in pair), below).own_words()
    used = sum(map(weight, bot_words)) + _CAPTION_WEIGHT * len(on_page)
    room = max(_SHORTEST_QUOTE, (MESSAGE_WEIGHT - used) // len(on_page))
    elements = [*above]
    quoted: set[tuple[str, Number]] = set()
    for finding, (title, advice) in zip(on_page, words, strict=True):
        place = (finding.reading.policy.id, finding.number)
        again = Note(f"La même clause, {finding.number}, est citée plus haut.")
        elements += [title, again if place in quoted else _quote(finding, room), advice]
        quoted.add(place)
        beside = Message(*elements).buttons()
        elements += [Buttons(*distinct(_answers(token, finding), tuple(beside))), Divider()]
    elements.append(below)
    if closing:
        elements.append(Buttons(*closing))
    return Message(*elements)


def _title(finding: PostFinding) -> Text:
    sure = "Touche" if finding.concern.certain else "Peut-être"
    lines = []
    most = 1 if finding.passages and finding.image_passages else _PASSAGES
    for label, passages in (
        ("Vos mots", finding.passages),
        ("Dans la description de l'image", finding.image_passages),
    ):
        if passages:
            quoted = ", ".join(f"«\u00a0{excerpt(passage, _WORDS)}\u00a0»" for passage in passages[:most])
            more = len(passages) - most
            others = f" (et {more} autre{'s' * (more > 1)})" if more > 0 else ""
            lines.append(f"\n{label}\u00a0: {quoted}{others}")
    title = finding.concern.check.title
    return Text(bold(f"{sure}\u00a0: {title[:1].lower()}{title[1:]}"), *lines)


def _quote(finding: PostFinding, room: int) -> Quote:
    clause = finding.reading.version.clause(finding.number)
    text = clause.text if clause else ""
    end = next(split_text(text, room))[1] if weight(text) > room else len(text)
    return finding.reading.quote(finding.number, end=None if end == len(text) else end)


def _advice(finding: PostFinding, post: Post, repeated: set[str]) -> Text:
    """Return the remedy of a finding and whom to ask, unless another finding already says whom.

    `repeated`: the sentences on whom to ask that the message already has. This function adds its own.
    """
    whom = "" if finding.whom in repeated else finding.whom
    repeated.add(whom)
    return Text(f"{finding.concern.check.advice(post.venue)} {whom}".strip())


def _answers(token: str, finding: PostFinding) -> Iterator[Button]:
    check, reading = finding.concern.check, finding.reading
    if finding.permission:
        yield Button("Demander", f"{REQUEST_COMMAND} depuis {token} {finding.permission}")
    elif check.request:
        yield Button("Préparer la demande", f"{COMMAND} demande {token} {check.name}")
    yield Button("Ce n'est pas le cas", f"{COMMAND} ecarter {token} {check.name}")
    numbers = finding.concern.clauses
    while len(reading.command(" et ".join(map(str, numbers)))) > COMMAND_LENGTH:
        numbers = numbers[:-1]
    label = excerpt(f"Lire {' et '.join(map(reading.named, numbers))}", LABEL_LENGTH)
    yield Button(label, reading.command(" et ".join(map(str, numbers))))


def nothing(
    token: str, post: Post, names: Sequence[GenderedName], *, waved: int = 0, off: Sequence[Check] = ()
) -> Message:
    """Say that the checks found nothing, or that the person dismissed everything, and what is not checked.

    `names`: the policies' names. `waved`: how many findings the person dismissed. `off`: the policies' checks
    that are switched off.
    """
    if waved:
        lead = "Il ne reste rien à regarder" + (
            "\u00a0: vous avez écarté le seul point que j'avais vu."
            if waved == 1
            else f"\u00a0: vous avez écarté les {waved} points que j'avais vus."
        )
    else:
        lead = nothing_seen(post, names)
    titles = "; ".join(f"{check.title[:1].lower()}{check.title[1:]}" for check in off)
    stopped = f"L'administration m'a demandé de ne plus chercher ceci\u00a0: {titles}."
    buttons = [Button("Relire un autre texte", COMMAND)]
    if fits_form(post):
        buttons.insert(0, Button("Corriger le texte", f"{COMMAND} corriger {token}"))
    if waved:
        buttons.append(_put_back(token, waved))
    return Message(
        Text(bold(lead)),
        Text(f"{UNSEEN} Je peux aussi ne pas avoir compris\u00a0: c'est vous qui le connaissez le mieux."),
        *([Text(stopped)] if off else []),
        Note(_FORGOTTEN),
        Buttons(*buttons),
    )


def nothing_seen(post: Post, names: Sequence[GenderedName]) -> str:
    """Return a sentence saying that a text, or a picture's description, raises no check of the policies."""
    where = "ce texte" if post.text.strip() else "cette description"
    return f"Je n'ai rien vu, dans {where}, qui touche {' ou '.join(name.the for name in names)}."


def _put_back(token: str, waved: int) -> Button:
    label = "Revoir le point écarté" if waved == 1 else f"Revoir les {waved} points écartés"
    return Button(label, f"{COMMAND} remettre {token}")


def request(token: str, post: Post, finding: PostFinding) -> Message:
    """Show the request that would settle a finding, with the draft, for the person to copy and send."""
    passages = " […] ".join((*finding.passages, *finding.image_passages))
    joined = next((text for text in (post.text, passages) if text and weight(text) <= _REQUEST_WEIGHT), "")
    check = finding.concern.check
    whom = f"À envoyer {check.whom}." if check.whom else finding.whom
    return Message(
        Heading("La demande, prête à envoyer"),
        Text(check.request),
        *([Text(f"«\u00a0{joined}\u00a0»")] if joined else []),
        Divider(),
        Text(f"{whom} Copiez ces lignes\u00a0: je n'envoie rien moi-même.".strip()),
        *([] if joined else [Note("Ajoutez-y votre texte, trop long pour paraître ici.")]),
        Buttons(Button("Revenir", f"{COMMAND} lire {token}")),
    )


TOO_LATE: Final = Message(
    Text("Ce texte n'est plus là\u00a0: dix minutes ont passé, ou j'ai redémarré. Collez-le de nouveau."),
    Buttons(BEGIN),
)
