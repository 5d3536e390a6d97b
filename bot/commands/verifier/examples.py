"""An example of each message about a text to publish, for the gallery."""

from collections import Counter
from dataclasses import replace

from bot.commands.verifier import gestion, messages
from bot.commands.verifier.gestion import CheckState
from bot.commands.verifier.messages import PostFinding
from bot.conversation.forms import Reply
from bot.policy.library import Library
from bot.posting.checks import Check, are_asked
from bot.posting.counts import CheckCount
from bot.posting.examining import Examiner
from bot.posting.notices import review_message
from bot.posting.posts import Concern, Post

_TOKEN = "0f3c9a5b0f3c9a5b"  # noqa: S105 — the token of an example
_TEXT = "Venez donc samedi! J'ai mis une photo de la gang, prise au local."
_IMAGE = "Six personnes devant le comptoir"
_COUNT = CheckCount(shown=24, waved=15)


def verifier_examples(library: Library, examiner: Examiner) -> dict[str, Reply]:
    """Return an example of each reply about a text to publish, by name, when any policy asks for checks."""
    if not are_asked(library):
        return {}
    reading = library.reading(library.default)
    by_check = reading.policy.annotations.checks
    checks = [examiner.checks[name] for name in by_check]
    name, post = reading.policy.name, Post(_TEXT, _IMAGE)
    long = Post(_TEXT * 100)
    whom = f"{name.The} ne {name.agree('dit', 'disent')} pas à qui le demander."

    def finding(check: Check, *, certain: bool) -> PostFinding:
        concern = Concern(check, by_check[check.name], 0.9 if certain else 0.5, certain)
        return PostFinding(reading, concern, whom if check.request and not check.whom else "", (_TEXT,))

    findings = [finding(check, certain=at < 1) for at, check in enumerate(checks[:5])]
    shared, _ = Counter(numbers[0] for numbers in by_check.values()).most_common(1)[0]
    alike = [check for check in checks if by_check[check.name][0] == shared]
    same = [finding(check, certain=True) for check in alike]
    requested = [finding(check, certain=True) for check in checks if check.request]
    bare = replace((requested or findings)[0], passages=())
    pictured = replace(findings[0], passages=(), image_passages=(_IMAGE,) * 4)
    grave = next((check for check in checks if check.grave), replace(checks[0], grave=True))
    state = CheckState(checks[0], _COUNT, waiting=True)
    return {
        "Relire, le formulaire": messages.form(),
        "Relire, le formulaire rempli": messages.form(_TOKEN, post),
        "Relire? En privé": messages.offer(_TOKEN),
        "Relire? En privé, trop long pour une question": messages.offer(_TOKEN, answerable=False),
        "Relire, un point": messages.review(_TOKEN, post, findings[:1]),
        "Relire, un point dans l'image, un autre écarté": messages.review(_TOKEN, post, [pictured], waved=1),
        "Relire, plusieurs points": messages.review(_TOKEN, post, findings),
        "Relire, la suite": messages.review(_TOKEN, post, findings, page=2, waved=2),
        "Relire, un texte trop long pour le formulaire": messages.review(_TOKEN, long, findings),
        "Relire, des points d'une même clause": messages.review(_TOKEN, post, same),
        **{
            f"Relire, la demande\u00a0: {suggested.concern.check.title}": messages.request(
                _TOKEN, post, suggested
            )
            for suggested in requested
        },
        **(
            {"Relire, la demande d'un texte très long": messages.request(_TOKEN, long, bare)}
            if requested
            else {}
        ),
        "Relire, rien": messages.nothing(_TOKEN, post, [name]),
        "Relire, rien dans la description d'une image": messages.nothing(_TOKEN, Post("", _IMAGE), [name]),
        "Relire, rien, des vérifications arrêtées": messages.nothing(
            _TOKEN, post, [name], off=[check for check in checks if not check.grave]
        ),
        "Relire, un point écarté, et rien d'autre": messages.nothing(_TOKEN, post, [name], waved=1),
        "Relire, des points écartés, et rien d'autre": messages.nothing(_TOKEN, post, [name], waved=3),
        "Relire, trop tard": messages.TOO_LATE,
        "Les vérifications": gestion.table_message(
            reading, [state, *(CheckState(check, off=True) for check in checks[1:])]
        ),
        "Les vérifications, aucune": gestion.table_message(reading, []),
        "Une vérification": gestion.check_message(reading, state),
        "Une vérification, arrêtée": gestion.check_message(reading, replace(state, off=True), done=True),
        "Une vérification qui ne s'arrête pas": gestion.check_message(reading, CheckState(grave)),
        "L'avis d'une vérification souvent écartée": review_message(reading, checks[0], _COUNT),
    }
