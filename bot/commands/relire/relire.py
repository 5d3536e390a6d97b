"""`relire`: the administration's review of the drafts guessed from a policy's text, one at a time.

A draft is, for example, a question, a quiz question, or the subject of a clause. It is kept, corrected or
discarded. Until then, it stays in the folder of drafts (see `bot.drafting.drafts`), so the review can resume
at any time.
"""

import shutil
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from bot.answers import bank, retraining
from bot.commands.relire import messages as say
from bot.commands.relire.messages import PendingDrafts
from bot.conversation.forms import Reply
from bot.conversation.messages import capitalized
from bot.conversation.requests import Request, UserError
from bot.drafting import drafts as folder_of_drafts
from bot.drafting.drafts import Draft, DraftKind
from bot.onboarding.quiz import files as quiz_files
from bot.people import persons
from bot.people.office import Office, actor_of
from bot.policy.articles import PolicyError, Version
from bot.policy.library import Library, Policy, Reading
from bot.storage import files


@dataclass(frozen=True, slots=True)
class DraftReview:
    """The dependencies of this command.

    `folders`: the data folders. `own`: the folder of the association's own files, None if there is none.
    `reread`: reads the policies' files again, once the transaction is committed.
    """

    library: Library
    office: Office
    folders: Sequence[Path]
    own: Path | None
    reread: Callable[[Database], None]


def review(review: DraftReview, request: Request) -> Reply:
    """Show the first draft or, for a button or a form, act on its draft and show the next.

    Raises `UserError`, or `FieldsError` for a draft that cannot be kept.
    """
    library = review.library
    named, text = library.naming.split(request.text)
    policy = library.find(named) if named else _first_to_read(review)
    if review.own is None:
        raise UserError(
            "Réglez d'abord VIGIE_DATA\u00a0: c'est le dossier où les textes de l'association s'écrivent."
        )
    folder = _own_folder(review, review.own, policy.id)
    verb, _, rest = text.partition(" ")
    identifier, _, ids = rest.strip().partition(" ")
    pending = _pending(review, policy, folder, prepare=verb == "preparer")
    left = ""
    if verb == "preparer" and folder_of_drafts.leave_profile(review.own, policy.id, policy.name):
        left = say.PROFILE_LEFT
    if verb and verb != "preparer" and not identifier:
        library.find(verb.lower())  # raises for a name that no policy has
    at = next((at for at, draft in enumerate(pending.drafts) if draft.id == identifier), None)
    if at is None:
        first = next((at for at, draft in enumerate(pending.drafts) if not draft.unfilled), 0)
        return say.draft_message(pending, first, "Cette ligne n'est plus à relire." if identifier else left)
    draft = pending.drafts[at]
    if verb == "corriger" and not request.fields:
        return say.draft_form(pending, draft)
    if verb == "vider":
        return _discard_unfilled(folder, pending, draft, confirmed=request.confirmed)
    if verb in {"tout", "oter"} and not (request.confirmed and ids == pending.shown(draft)):
        return say.clause_message(pending, draft, changed=request.confirmed)
    if verb not in {"corriger", "garder", "tout", "jeter", "oter"}:  # « voir », « apres », or a typed word
        return say.draft_message(pending, (at + (verb == "apres")) % len(pending.drafts))
    done = _decide(review, request, folder, pending, draft, verb=verb)
    remaining = PendingDrafts(pending.reading, _read(folder, policy.origin))
    following = say.next_clause_message if verb in {"tout", "oter"} else say.draft_message
    return following(remaining, min(at, max(len(remaining.drafts) - 1, 0)), done)


def _decide(
    review: DraftReview, request: Request, folder: Path, pending: PendingDrafts, draft: Draft, *, verb: str
) -> str:
    """Keep or discard a draft, or all those shown with it. Return a line about what was done."""
    policy = pending.reading.policy
    decided = {"garder": (draft,), "tout": pending.of_clause(draft)}.get(verb, ())
    if verb == "corriger":
        decided = (say.corrected(draft, request.fields, policy.origin),)
    thrown = {"jeter": (draft,), "oter": pending.of_clause(draft)}.get(verb, ())
    gone = [*thrown]
    kinds = set[DraftKind]()
    before = _count_questions(review, policy)
    try:
        for item in decided:
            _keep(folder, item, policy.origin)
            gone.append(draft if verb == "corriger" else item)
            kinds.add(item.kind)
    finally:  # the drafts that were kept before a failure still count
        if gone:
            folder_of_drafts.discard(folder, gone, policy.origin)
        with review.office.storage.transaction() as db:
            _serve(review, db, request, policy, kinds)
    done = say.done("Jetée" if thrown else "Gardée", len(decided or thrown))
    if "quiz" in kinds:
        done += say.quiz_opening(before, _count_questions(review, policy))
    return done


def _count_questions(review: DraftReview, policy: Policy) -> int:
    return quiz_files.count_questions(quiz_files.find_questions(review.folders, policy.id))


def _discard_unfilled(folder: Path, pending: PendingDrafts, draft: Draft, *, confirmed: bool) -> Reply:
    """Discard the drafts that still have a blank, after confirmation. If there is only one, show it."""
    unfilled = pending.unfilled()
    if len(unfilled) < 2:  # noqa: PLR2004 — others were decided since the button was sent
        return say.draft_message(pending, pending.drafts.index(unfilled[0] if unfilled else draft))
    if not confirmed:
        return say.discarding(pending, draft)
    left = tuple(item for item in pending.drafts if not item.unfilled)
    folder_of_drafts.write_drafts(folder, left)
    done = say.done("Jetée", len(unfilled))
    return say.next_clause_message(PendingDrafts(pending.reading, left), 0, done)


def _serve(
    review: DraftReview, db: Database, request: Request, policy: Policy, kinds: Collection[DraftKind]
) -> None:
    """Put kept drafts to use: retrain the model if there are enough questions, and read the files again.

    `kinds`: the kinds of the drafts that were kept.
    """
    lines = bank.load_readable_lines(bank.bank_files(review.folders, policy.id))
    if "question" in kinds and bank.is_enough(lines, policy.origin):
        actor = actor_of(request)
        person = persons.known(db, actor)
        account = str(persons.account(actor))
        retraining.plan_retraining(db, policy.id, person, review.office.clock(), account)
    if set(kinds) - {"question"}:
        review.reread(db)


def _first_to_read(review: DraftReview) -> Policy:
    """Return the first policy with drafts, else one from which drafts can be guessed, else the default."""
    policies = [*review.library.policies.values()]
    for policy in policies:
        folders = (root / "politique" / policy.id / folder_of_drafts.FOLDER for root in review.folders)
        if any(any(folder.glob("*")) for folder in folders):
            return policy
    return next((policy for policy in policies if _is_preparable(review, policy)), review.library.default)


def _is_preparable(review: DraftReview, policy: Policy) -> bool:
    """Return whether a policy has neither drafts nor the files that drafts become: a bank, a quiz."""
    names = (folder_of_drafts.FOLDER, bank.BANK, quiz_files.FILE)
    folders = [folder / "politique" / policy.id for folder in review.folders]
    return not any((folder / name).exists() for folder in folders for name in names)


def _pending(review: DraftReview, policy: Policy, folder: Path, *, prepare: bool) -> PendingDrafts:
    """Return the drafts left to review. `prepare`: guess them first, if none were guessed or written yet."""
    preparable = _is_preparable(review, policy)
    if preparable and prepare:
        folder_of_drafts.write_drafts(folder, folder_of_drafts.guess(policy.origin))
        preparable = False
    return PendingDrafts(Reading(policy, policy.origin), _read(folder, policy.origin), preparable)


def _own_folder(review: DraftReview, data: Path, policy: str) -> Path:
    """Return the policy's own folder, after copying another folder's drafts into it if it has none."""
    folder = data / "politique" / policy
    if not (folder / folder_of_drafts.FOLDER).is_dir():
        for root in review.folders:
            source = root / "politique" / policy
            if source != folder and (source / folder_of_drafts.FOLDER).is_dir():
                with files.explained(folder):
                    shutil.copytree(source, folder, dirs_exist_ok=True)
    return folder


def _read(folder: Path, version: Version) -> tuple[Draft, ...]:
    try:
        return folder_of_drafts.read_drafts(folder, version)
    except PolicyError as error:
        raise UserError(f"Ce dossier ne se lit pas\u00a0: {error}") from error


def _keep(folder: Path, decided: Draft, version: Version) -> None:
    try:
        folder_of_drafts.keep(folder, decided, version)
    except PolicyError as error:
        problem = capitalized(error.problem)
        raise UserError(f"{problem} Cette ligne n'est pas gardée\u00a0: corrigez-la ou jetez-la.") from error
