"""What is kept of a report, who may see it, and what the one who reported can do with their code."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.configuration.profile import shipped
from bot.conversation.requests import Actor
from bot.people import persons
from bot.reports import cases, reporter_access, retention, routing
from bot.reports.cases import NOT_YOURS
from bot.reports.records import ReportError
from bot.reports.reporter_access import Followup
from tests.kits.people import count
from tests.kits.reports.records import CONSEILLER, POST, SUPPLEANCE, VP, Desk

RECIPIENTS = shipped().recipients


@pytest.fixture
def desk() -> Desk:
    return Desk()


def ask(desk: Desk, person: str, question: str) -> None:
    """Ask something about the only report of the only case."""
    [filing] = cases.open_case(desk.session, desk.case(), person).filings
    cases.ask_question(desk.session, desk.case(), person, filing.id, question)


def followed(desk: Desk, code: str) -> Followup:
    receipt = reporter_access.receipt_of(desk.session, code)
    return reporter_access.follow(desk.session, receipt)


def delivered(desk: Desk) -> None:
    """Have all that came in be told to whoever handles it."""
    desk.wait(minutes=61)
    desk.beat()


def test_what_was_reported_is_read_by_the_recipient_and_is_nowhere_in_the_clear(desk: Desk) -> None:
    vp = desk.holder(VP)
    desk.file(summary="Un propos reconnaissable", name="Camille Exemple")
    delivered(desk)
    case = cases.open_case(desk.session, desk.case(), vp)
    assert case.filings[0].report.summary == "Un propos reconnaissable"
    assert case.filings[0].report.name == "Camille Exemple"
    held = desk.db.conn.serialize()
    for secret in ("reconnaissable", "Camille", "facebook", "serious"):
        assert secret.encode() not in held


def test_a_code_opens_its_report_however_it_is_typed(desk: Desk) -> None:
    desk.holder(VP)
    code = desk.file()
    assert followed(desk, code).status == "Reçu"
    assert followed(desk, code.upper().replace(" ", "\n- ")).status == "Reçu"


def test_wrong_unknown_withdrawn_and_expired_codes_are_told_the_same(desk: Desk) -> None:
    vp = desk.holder(VP)
    withdrawn, expired, known = desk.file("a"), desk.file("b"), desk.file("c")
    delivered(desk)
    reporter_access.withdraw(desk.session, reporter_access.receipt_of(desk.session, withdrawn))
    for line in cases.list_cases(desk.session, vp):
        if cases.read_case(desk.session, line.id).filings[0].report.address == "b":
            cases.close_case(desk.session, line.id, vp, "handled", "")
    desk.wait(days=91)
    words = known.split()
    unknown = " ".join([*words[1:], words[0]])
    answers = []
    for code in (withdrawn, expired, unknown, "rien de tel", ""):
        with pytest.raises(ReportError) as refused:
            followed(desk, code)
        answers.append(str(refused.value))
    assert set(answers) == {reporter_access.GONE}
    assert followed(desk, known)


def test_the_reporter_follows_what_becomes_of_it_and_answers(desk: Desk) -> None:
    vp = desk.holder(VP)
    code = desk.file()
    receipt = reporter_access.receipt_of(desk.session, code)
    delivered(desk)
    cases.open_case(desk.session, desk.case(), vp)
    assert followed(desk, code).status == "Lu"
    cases.set_status(desk.session, desk.case(), vp, "taken")
    assert followed(desk, code).status == "Pris en charge"
    ask(desk, vp, "De quelle page s'agit-il?")
    assert followed(desk, code).awaits_answer
    reporter_access.add(desk.session, receipt, "De la page principale.")
    assert not followed(desk, code).awaits_answer
    assert [one.author for one in followed(desk, code).dialogue] == ["holder", "reporter"]
    [filing] = cases.open_case(desk.session, desk.case(), vp).filings
    assert len(filing.dialogue) == 1, "the answer is seen after a delay, like a report"
    delivered(desk)
    [filing] = cases.open_case(desk.session, desk.case(), vp).filings
    assert [one.text for one in filing.dialogue] == ["De quelle page s'agit-il?", "De la page principale."]
    cases.close_case(desk.session, desk.case(), vp, "handled", "Merci de votre vigilance.")
    ended = followed(desk, code)
    assert (ended.closed, ended.outcome, ended.explanation) == (True, "Traité", "Merci de votre vigilance.")
    with pytest.raises(ReportError):
        reporter_access.add(desk.session, receipt, "Encore un mot.")


def test_a_withdrawn_report_is_destroyed_and_no_copy_brings_it_back(desk: Desk) -> None:
    vp = desk.holder(VP)
    code = desk.file()
    delivered(desk)
    case, receipt = desk.case(), reporter_access.receipt_of(desk.session, code)
    reporter_access.withdraw(desk.session, receipt)
    assert count(desk.db, "report_cases") == count(desk.db, "report_filings") == 0
    assert {table for table, _ in desk.forgotten} == {"report_filings", "report_cases"}
    with pytest.raises(ReportError, match=NOT_YOURS[:20]):
        cases.open_case(desk.session, case, vp)


def test_nobody_else_learns_whether_a_case_exists(desk: Desk) -> None:
    desk.holder(VP)
    other = desk.holder(CONSEILLER)
    desk.file()
    delivered(desk)
    answers = set()
    for case in (desk.case(), "0" * 32):
        with pytest.raises(ReportError) as refused:
            cases.open_case(desk.session, case, other)
        answers.add(str(refused.value))
    assert answers == {NOT_YOURS}
    assert cases.list_cases(desk.session, other) == []


def test_a_recipient_sees_nothing_before_the_moment_that_was_drawn(desk: Desk) -> None:
    vp = desk.holder(VP)
    desk.file()
    with pytest.raises(ReportError):
        cases.open_case(desk.session, desk.case(), vp)
    assert cases.list_cases(desk.session, vp) == []


# --- The same post, reported by two -----------------------------------------------------------


def test_the_same_post_makes_one_case_and_neither_reporter_learns_of_the_other(desk: Desk) -> None:
    vp = desk.holder(VP)
    first = desk.file()
    delivered(desk)
    cases.set_status(desk.session, desk.case(), vp, "taken")
    second = desk.file(summary="La même, vue par quelqu'un d'autre.")
    assert first != second
    assert followed(desk, second).status == "Reçu", "what was done before would tell of the other"
    cases.set_status(desk.session, desk.case(), vp, "acting")
    assert followed(desk, second).status == "Reçu", "nobody can have seen it yet"
    delivered(desk)
    assert (vp, "news") in desk.told()
    case = cases.open_case(desk.session, desk.case(), vp)
    assert case.line.reports == 2
    assert followed(desk, second).status == followed(desk, first).status == "Des démarches sont en cours"


def test_a_question_is_read_by_the_one_whose_report_it_is_about_and_by_no_other(desk: Desk) -> None:
    vp = desk.holder(VP)
    codes = [desk.file(summary="Vu par la première."), desk.file(summary="Vu par la seconde.")]
    delivered(desk)
    case = cases.open_case(desk.session, desk.case(), vp)
    asked = next(filing for filing in case.filings if filing.report.summary == "Vu par la seconde.")
    cases.ask_question(desk.session, desk.case(), vp, asked.id, "Où l'avez-vous vue?")
    first, second = (followed(desk, code) for code in codes)
    assert (first.status, first.dialogue) == ("Lu", ())
    assert (second.status, second.awaits_answer) == ("Des précisions sont attendues", True)
    codes.append(desk.file(summary="Vu par une troisième."))
    delivered(desk)
    cases.open_case(desk.session, desk.case(), vp)
    assert followed(desk, codes[2]).status == "Pris en charge", "it is not they who were asked"
    reporter_access.withdraw(desk.session, reporter_access.receipt_of(desk.session, codes[1]))
    with pytest.raises(ReportError, match="retiré"):
        cases.ask_question(desk.session, desk.case(), vp, asked.id, "Et quand?")


def test_withdrawing_one_of_two_leaves_the_other(desk: Desk) -> None:
    vp = desk.holder(VP)
    first, second = desk.file(), desk.file()
    reporter_access.withdraw(desk.session, reporter_access.receipt_of(desk.session, first))
    delivered(desk)
    assert cases.open_case(desk.session, desk.case(), vp).line.reports == 1
    assert followed(desk, second)


def test_a_second_report_that_names_whoever_handles_the_case_takes_nothing_from_them(desk: Desk) -> None:
    vp, conseiller = desk.holder(VP), desk.holder(CONSEILLER)
    desk.file()
    delivered(desk)
    before = cases.open_case(desk.session, desk.case(), vp)
    desk.told()
    desk.file(implicated=(VP,))
    delivered(desk)
    assert desk.told() == [(conseiller, "first")]
    assert cases.open_case(desk.session, before.line.id, vp).filings == before.filings
    [line] = cases.list_cases(desk.session, conseiller)
    assert line.reports == 1
    with pytest.raises(ReportError, match="entre vos mains"):
        cases.open_case(desk.session, line.id, vp)


def test_two_reports_that_name_the_same_person_make_one_case_even_once_their_accounts_are_linked(
    desk: Desk,
) -> None:
    vp, conseiller = desk.holder(VP), desk.holder(CONSEILLER)
    desk.file(implicated=(VP,))
    persons.merge(desk.db, vp, persons.known(desk.db, Actor("discord", "", "42")))
    desk.file(implicated=(VP,))
    delivered(desk)
    assert desk.told() == [(conseiller, "first")]
    assert cases.open_case(desk.session, desk.case(), conseiller).line.reports == 2
    excluded = routing.load_routing(desk.session, desk.case()).accounts
    assert {account.platform for account in excluded} == {"slack", "discord"}


def test_two_reports_that_name_the_successive_holders_of_a_role_make_two_cases(desk: Desk) -> None:
    desk.holder(CONSEILLER)
    for _ in range(2):
        desk.holder(VP)
        desk.file(implicated=(VP,))
    assert count(desk.db, "report_cases") == 2


def test_a_post_in_words_only_is_never_taken_for_another(desk: Desk) -> None:
    desk.holder(VP)
    desk.file("une affiche au pavillon", canonical=False)
    desk.file("une affiche au pavillon", canonical=False)
    assert count(desk.db, "report_cases") == 2


def test_a_report_that_comes_as_its_case_is_closed_is_not_closed_unseen(desk: Desk) -> None:
    vp = desk.holder(VP)
    desk.file()
    delivered(desk)
    second = desk.file()
    cases.close_case(desk.session, desk.case(), vp, "handled", "")
    assert followed(desk, second).status == "Reçu"
    desk.told()
    delivered(desk)
    assert desk.told() == [(vp, "first")]
    [line] = cases.list_cases(desk.session, vp)
    assert line.reports == 1


def test_what_is_set_apart_as_a_case_is_closed_is_told_with_its_first_report_and_not_as_it_ended(
    desk: Desk,
) -> None:
    vp = desk.holder(VP)
    desk.file()
    delivered(desk)
    closed = desk.case()
    for chance in (0.9, 0.1):  # 54 minutes later, and 10
        desk.chance = chance
        desk.file()
    cases.close_case(desk.session, closed, vp, "off_topic", "Ce n'est pas une publication.")
    desk.told()
    assert desk.run(minutes=9) == []
    assert [(person, level) for _, person, level in desk.run(minutes=6)] == [(vp, "first")]
    [line] = cases.list_cases(desk.session, vp)
    case = cases.open_case(desk.session, line.id, vp)
    assert (case.line.reports, case.outcome, case.explanation) == (1, None, "")
    desk.wait(minutes=45)
    assert cases.open_case(desk.session, line.id, vp).line.reports == 2
    assert cases.open_case(desk.session, closed, vp).line.reports == 1


def two_cases(desk: Desk, reader: str) -> tuple[str, str]:
    """Return two cases that someone reads."""
    delivered(desk)
    first, second = (line.id for line in cases.list_cases(desk.session, reader))
    return first, second


def test_two_cases_made_one_keep_both_receipts_and_their_longest_retention(desk: Desk) -> None:
    vp = desk.holder(VP)
    codes = [desk.file("a"), desk.file("b")]
    one, two = two_cases(desk, vp)
    cases.set_hold(desk.session, one, vp, hold=True)
    cases.merge_cases(desk.session, one, two, vp)
    merged = cases.open_case(desk.session, two, vp)
    assert (merged.line.reports, merged.line.hold) == (2, True)
    assert all(followed(desk, code) for code in codes)


@pytest.mark.parametrize("turned", [False, True])
def test_cases_that_name_others_are_not_joined_and_whoever_cannot_read_both_learns_nothing(
    desk: Desk, *, turned: bool
) -> None:
    vp, conseiller = desk.holder(VP), desk.holder(CONSEILLER)
    desk.file(implicated=(CONSEILLER,))
    desk.file()
    one, two = reversed(two_cases(desk, vp)) if turned else two_cases(desk, vp)
    assert cases.joinable(desk.session, one, vp) == []
    with pytest.raises(ReportError, match="mêmes personnes"):
        cases.merge_cases(desk.session, one, two, vp)
    for pair in ((one, two), (one, "0" * 32), ("0" * 32, two), ("0" * 32, "1" * 32)):
        with pytest.raises(ReportError) as refused:
            cases.merge_cases(desk.session, *pair, conseiller)
        assert str(refused.value) == NOT_YOURS
    with pytest.raises(ReportError) as refused:
        cases.joinable(desk.session, one, conseiller)
    assert str(refused.value) == NOT_YOURS


def test_whoever_read_one_of_two_cases_made_one_reads_both_and_is_told_where(desk: Desk) -> None:
    vp, conseiller = desk.holder(VP), desk.holder(CONSEILLER)
    desk.file("a")
    desk.run(minutes=60 * 24 * 6, step=20)  # the other recipient was told too
    desk.file("b", recipient=CONSEILLER)
    desk.run(minutes=61)
    into = next(line.id for line in cases.list_cases(desk.session, conseiller) if line.role == CONSEILLER)
    [emptied] = cases.list_cases(desk.session, vp)
    cases.merge_cases(desk.session, emptied.id, into, conseiller)
    cases.open_case(desk.session, into, conseiller)
    desk.beat()
    assert desk.told() == [(vp, "joined")]
    assert cases.open_case(desk.session, into, vp).line.reports == 2
    assert cases.list_cases(desk.session, conseiller)


def test_what_nobody_may_see_yet_is_told_in_the_case_that_it_was_joined_to(desk: Desk) -> None:
    vp = desk.holder(VP)
    desk.file("a")
    desk.file("b")
    one, two = two_cases(desk, vp)
    address = cases.open_case(desk.session, one, vp).filings[0].report.address
    cases.open_case(desk.session, two, vp)
    desk.told()
    desk.file(address)
    cases.merge_cases(desk.session, one, two, vp)
    cases.open_case(desk.session, two, vp)
    delivered(desk)
    assert desk.told() == [(vp, "news")]
    assert cases.open_case(desk.session, two, vp).line.reports == 3


def test_another_case_of_the_same_post_is_shown_to_whoever_reads_both_and_to_nobody_else(desk: Desk) -> None:
    vp, conseiller = desk.holder(VP), desk.holder(CONSEILLER)
    desk.file(recipient=CONSEILLER)
    desk.file(implicated=(VP,))
    desk.file()
    delivered(desk)
    of_vp = cases.list_cases(desk.session, vp)
    of_conseiller = {line.id for line in cases.list_cases(desk.session, conseiller)}
    assert (len(of_vp), len(of_conseiller)) == (1, 2)
    assert cases.same_post(desk.session, of_vp[0].id, vp) == []
    for case in of_conseiller:
        others = cases.same_post(desk.session, case, conseiller)
        assert {line.id for line in others} == of_conseiller - {case}


# --- Who handles it ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "named", "handled"),
    [
        (VP, (), VP),
        (CONSEILLER, (), CONSEILLER),
        (VP, (VP,), CONSEILLER),
        (CONSEILLER, (CONSEILLER,), VP),
        (VP, (CONSEILLER,), VP),
        (VP, RECIPIENTS, SUPPLEANCE),
    ],
)
def test_a_report_goes_to_the_recipient_chosen_unless_it_names_them(
    desk: Desk, asked: str, named: tuple[str, ...], handled: str
) -> None:
    holders = {role: desk.holder(role) for role in (VP, CONSEILLER, SUPPLEANCE)}
    desk.file(recipient=asked, implicated=named)
    delivered(desk)
    assert desk.told() == [(holders[handled], "first")]


def test_with_both_roles_vacant_the_alternate_is_told_at_once(desk: Desk) -> None:
    alternate = desk.holder(SUPPLEANCE)
    desk.file()
    delivered(desk)
    assert desk.told() == [(alternate, "first")]


def test_someone_named_is_excluded_under_whatever_role_they_come_to_hold(desk: Desk) -> None:
    vp = desk.holder(VP)
    former, alternate = desk.holder(CONSEILLER), desk.holder(SUPPLEANCE)
    desk.file(implicated=(VP,))
    delivered(desk)
    assert desk.told() == [(former, "first")]
    desk.appoint(CONSEILLER, vp)
    times = desk.run(minutes=60 * 24 * 20, step=10)
    assert vp not in {person for _, person, _ in times}
    assert alternate in {person for _, person, _ in times}
    with pytest.raises(ReportError):
        cases.open_case(desk.session, desk.case(), vp)


def test_a_case_does_not_follow_the_role_until_it_is_handed_over(desk: Desk) -> None:
    desk.holder(VP)
    desk.file()
    delivered(desk)
    desk.told()
    heir = desk.holder(VP)
    assert desk.beat() == 1
    assert desk.told() == []
    with pytest.raises(ReportError):
        cases.open_case(desk.session, desk.case(), heir)
    desk.hand_over(VP)
    assert desk.beat() == 0
    assert desk.told() == [(heir, "first")]
    assert cases.open_case(desk.session, desk.case(), heir)


def test_a_case_can_be_entrusted_to_another_role(desk: Desk) -> None:
    vp, conseiller = desk.holder(VP), desk.holder(CONSEILLER)
    desk.file()
    delivered(desk)
    desk.told()
    assert CONSEILLER in cases.heirs(desk.session, desk.case(), vp)
    cases.reassign(desk.session, desk.case(), vp, CONSEILLER)
    desk.beat()
    assert desk.told() == [(conseiller, "first")]
    with pytest.raises(ReportError):
        cases.open_case(desk.session, desk.case(), vp)


def test_nothing_is_told_to_nobody_and_it_waits_for_someone(desk: Desk) -> None:
    desk.file()
    desk.wait(minutes=61)
    assert desk.beat() == 0  # from one level to the next
    desk.beat()
    assert desk.beat() == 1
    assert desk.told() == []
    vp = desk.holder(VP)
    assert desk.beat() == 1
    desk.hand_over(VP)
    desk.beat()
    assert [person for person, _ in desk.told()] == [vp]


# --- Keeping and destroying -------------------------------------------------------------------


def test_a_closed_case_is_destroyed_in_time_unless_it_is_held(desk: Desk) -> None:
    vp = desk.holder(VP)
    desk.file("a")
    case_held = desk.file("b")
    delivered(desk)
    for line in cases.list_cases(desk.session, vp):
        cases.close_case(desk.session, line.id, vp, "no_action", "")
        if cases.read_case(desk.session, line.id).filings[0].report.address == "b":
            cases.set_hold(desk.session, line.id, vp, hold=True)
    desk.wait(days=89)
    assert retention.enforce(desk.db, desk.session.today, 90, desk.records.remember) == 0
    desk.wait(days=2)
    assert retention.enforce(desk.db, desk.session.today, 90, desk.records.remember) == 1
    assert {table for table, _ in desk.forgotten} == {"report_cases", "report_filings", "outbox"}
    assert followed(desk, case_held)
    assert count(desk.db, "report_cases") == 1


def test_contents_are_sealed_anew_with_a_new_key(desk: Desk) -> None:
    vp = desk.holder(VP)
    code = desk.file()
    delivered(desk)
    ask(desk, vp, "De quelle page s'agit-il?")
    from nacl.public import PrivateKey  # noqa: PLC0415 — one use

    anew = PrivateKey.generate()
    desk.ring.seals[b"87654321"] = anew
    assert retention.reseal(desk.db, desk.ring) == 3
    assert retention.reseal(desk.db, desk.ring) == 0
    desk.ring = replace(desk.ring, seals={b"87654321": anew})
    assert followed(desk, code).dialogue[0].text == "De quelle page s'agit-il?"


def test_what_is_posted_where_is_found_again_by_a_hash_that_needs_the_key(desk: Desk) -> None:
    desk.holder(VP)
    desk.file()
    (hashed,) = desk.db.conn.execute("SELECT address FROM report_cases").fetchone()
    from hashlib import blake2b, sha256  # noqa: PLC0415 — one use

    plain = {sha256(POST.encode()).hexdigest(), blake2b(POST.encode(), digest_size=32).hexdigest()}
    assert hashed not in plain
