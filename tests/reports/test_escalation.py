"""Who is told of a report that nobody opens, and when: once at each level, within a minute."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.people import roles
from bot.reports import cases as report_cases
from bot.reports import reporter_access
from bot.reports.records import LONGEST, SHORTEST, ReportError
from bot.times import iso, utc
from tests.kits.fake_clock import FakeClock
from tests.kits.outbox import Post
from tests.kits.reports.records import CALENDAR, CONSEILLER, PLAN, SUPPLEANCE, VP, Desk

HOUR = timedelta(hours=1)
LATE = timedelta(seconds=60)


def desk_at(moment: str) -> tuple[Desk, dict[str, str]]:
    """Return a desk at a moment, and who holds each role by the person."""
    desk = Desk(clock=FakeClock(moment))
    return desk, {desk.holder(role): role for role in (VP, CONSEILLER, SUPPLEANCE)}


def expected(since: datetime, *, urgent: bool) -> list[tuple[datetime, str, str]]:
    """Return when each level comes after a delivery, and to which role."""
    waits = [(PLAN.reminder, VP, "reminder"), (PLAN.other, CONSEILLER, "other")]
    waits.append((PLAN.alternate, SUPPLEANCE, "alternate"))
    return [
        (since + wait if urgent else CALENDAR.after_working(since, wait), role, level)
        for wait, role, level in waits
    ]


# Over both changes of hour in Toronto, a week-end, and holidays.
MOMENTS = ["2026-11-24T15:00:00Z", "2026-03-06T21:30:00Z", "2026-10-30T19:30:00Z", "2026-12-24T16:00:00Z"]


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("urgent", [False, True])
def test_a_case_that_stays_unread_goes_from_one_to_the_next_once_each_and_in_time(
    moment: str, *, urgent: bool
) -> None:
    desk, role_of = desk_at(moment)
    desk.file(urgent=urgent)
    began = desk.clock()
    times = desk.run(minutes=60 * 24 * (4 if urgent else 20), step=2 if urgent else 10)
    late = (2 if urgent else 10) * LATE  # the beats of this test are that far apart
    alerts = [(began + after, role_of[person], level) for after, person, level in times]
    assert Counter((role, level) for _, role, level in alerts) == Counter(
        [(VP, "first"), (VP, "reminder"), (CONSEILLER, "other"), (SUPPLEANCE, "alternate")]
    )
    first, rest = alerts[0][0], alerts[1:]
    for (when, role, level), (due, whom, what) in zip(rest, expected(first, urgent=urgent), strict=True):
        assert (role, level) == (whom, what)
        assert timedelta(0) <= when - due <= late, (level, when, due)


def test_beating_each_ten_seconds_nobody_is_told_over_a_minute_late() -> None:
    desk, _ = desk_at("2026-10-31T23:00:00Z")  # the night of the change, urgent: by the clock
    desk.file(urgent=True)
    began = desk.clock()
    times = desk.run(minutes=60 * 5, step=1 / 6)
    first = began + times[0][0]
    assert [level for _, _, level in times] == ["first", "reminder"]
    due = expected(first, urgent=True)[0][0]
    assert timedelta(0) <= began + times[1][0] - due <= LATE


@pytest.mark.parametrize("urgent", [False, True])
def test_while_a_platform_refuses_the_bot_its_holders_are_told_by_e_mail_once(*, urgent: bool) -> None:
    desk = Desk(posts={"courriel": Post("courriel")})
    roles.change(desk.db, roles.Role(VP, "Vice-présidence", "vp@exemple.ca"))
    vp = desk.holder(VP)
    desk.post.refused = "invalid_auth"
    desk.file(urgent=urgent)
    times = desk.run(minutes=120)
    assert [(person, level) for _, person, level in times] == [(vp, "first")]
    assert times[0][0] <= timedelta(minutes=2 if urgent else 60 + 31)
    desk.post.refused = ""
    assert [level for _, _, level in desk.run(minutes=60)] == []


@pytest.mark.parametrize("urgent", [False, True])
def test_while_a_platform_refuses_the_bot_the_next_level_is_told_when_the_first_has_no_other_route(
    *, urgent: bool
) -> None:
    desk = Desk(posts={"discord": Post("discord")})
    vp, conseiller = desk.holder(VP), desk.holder(CONSEILLER, platform="discord")
    desk.post.refused = "invalid_auth"
    desk.file(urgent=urgent)
    times = desk.run(minutes=120)
    assert [(person, level) for _, person, level in times] == [(conseiller, "other")]
    assert times[0][0] <= timedelta(minutes=3 if urgent else 60 + 32)
    desk.post.refused = ""
    [first, *others] = desk.run(minutes=60)
    assert first[1:] == (vp, "first"), "nothing is lost"
    assert others == []


def test_what_is_not_urgent_waits_for_people_to_work_and_then_comes_in_no_order() -> None:
    orders = Counter[tuple[str, ...]]()
    for _ in range(40):
        desk, _ = desk_at("2026-11-25T00:00:00Z")  # 7 p.m.
        for where in ("a", "b", "c"):
            desk.chance = random.random()  # noqa: S311 — any will do
            desk.file(where)
            desk.wait(hours=2)
        times = desk.run(minutes=60 * 10, step=10)
        assert len(times) == 3
        assert CALENDAR.is_working(desk.clock())
        rows = desk.db.conn.execute("SELECT json_extract(arguments, '$.case') FROM outbox ORDER BY rowid")
        wheres = [
            report_cases.read_case(desk.session, case).filings[0].report.address
            for (case,) in rows.fetchall()
        ]
        orders[tuple(wheres)] += 1
    assert len(orders) >= 5, orders  # of six


def test_the_order_of_delivery_tells_nothing_of_the_order_of_arrival() -> None:
    """T6: of pairs that came a minute apart, about half are told in the other order."""
    turned = 0
    for seed in range(80):
        desk, _ = desk_at("2026-11-24T15:00:00Z")
        dice = random.Random(seed)  # noqa: S311 — any will do
        for where in ("first", "second"):
            desk.chance = dice.random()
            desk.file(where)
            desk.wait(minutes=1)
        desk.run(minutes=62, step=1)
        rows = desk.db.conn.execute("SELECT json_extract(arguments, '$.case') FROM outbox ORDER BY rowid")
        cases = [case for (case,) in rows.fetchall()]
        turned += report_cases.read_case(desk.session, cases[0]).filings[0].report.address == "second"
    assert 20 <= turned <= 60  # of 80: four standard deviations are 18


@given(chance=st.floats(0, 1, exclude_max=True))
def test_a_report_is_told_of_5_to_60_minutes_later(chance: float) -> None:
    desk, _ = desk_at("2026-11-24T15:00:00Z")
    desk.chance = chance
    began = desk.clock()
    desk.file()
    (due,) = desk.db.conn.execute("SELECT due_at FROM report_alerts").fetchone()
    assert SHORTEST - timedelta(seconds=1) <= utc(due) - began <= LONGEST


def test_an_urgent_report_is_told_of_at_once_even_at_night() -> None:
    desk, role_of = desk_at("2026-11-29T07:00:00Z")
    desk.file(urgent=True)
    desk.beat()
    assert [(role_of[person], level) for person, level in desk.told()] == [(VP, "first")]


def test_nothing_kept_tells_when_a_report_came_nearer_than_the_hour() -> None:
    desk, _ = desk_at("2026-11-24T15:17:23Z")
    desk.file(urgent=True)
    desk.file("b")
    dump = "\n".join(desk.db.conn.iterdump())
    assert "15:17" not in dump


def test_once_an_urgent_report_is_read_nothing_kept_tells_its_minute() -> None:
    desk, role_of = desk_at("2026-11-24T15:17:23Z")
    vp = next(person for person, role in role_of.items() if role == VP)
    desk.file(urgent=True)
    desk.beat()
    desk.beat()
    report_cases.open_case(desk.session, desk.case(), vp)
    assert "15:17" not in "\n".join(desk.db.conn.iterdump())


def test_once_it_is_read_nobody_else_is_told() -> None:
    desk, role_of = desk_at("2026-11-24T15:00:00Z")
    vp = next(person for person, role in role_of.items() if role == VP)
    desk.file()
    desk.run(minutes=61)
    report_cases.open_case(desk.session, desk.case(), vp)
    assert desk.run(minutes=60 * 24 * 20, step=30) == []
    assert desk.db.conn.execute("SELECT delivered_at FROM report_cases").fetchone() == (None,)


def test_a_holder_who_cannot_be_reached_makes_way_at_once() -> None:
    desk, role_of = desk_at("2026-11-24T15:00:00Z")
    vp = next(person for person, role in role_of.items() if role == VP)
    desk.cannot_reach(vp)
    desk.file()
    times = desk.run(minutes=62)
    assert [role_of[person] for _, person, level in times] == [CONSEILLER]


def test_the_other_recipient_being_named_the_alternate_comes_in_their_place() -> None:
    desk, role_of = desk_at("2026-11-24T15:00:00Z")
    desk.file(implicated=(CONSEILLER,))
    times = desk.run(minutes=60 * 24 * 20, step=10)
    assert [role_of[person] for _, person, _ in times] == [VP, VP, SUPPLEANCE]


def test_a_case_made_urgent_by_a_second_report_no_longer_waits_for_working_hours() -> None:
    desk, _ = desk_at("2026-11-27T21:00:00Z")  # Friday, 4 p.m.
    desk.file()
    desk.run(minutes=59)
    assert not CALENDAR.is_working(desk.clock() + HOUR)
    desk.file(urgent=True)
    times = desk.run(minutes=60 * 5)
    assert [level for _, _, level in times] == ["news", "reminder"]


def test_a_restored_copy_says_again_what_it_may_have_said_and_says_so() -> None:
    from bot.storage import state  # noqa: PLC0415 — one use

    desk, _ = desk_at("2026-11-24T15:00:00Z")
    desk.file()
    desk.wait(hours=3)
    state.hoist(desk.db, state.RESTORED, desk.clock(), "copie")
    desk.beat()
    (arguments,) = desk.db.conn.execute("SELECT arguments FROM outbox").fetchone()
    assert '"repeated": true' in arguments


def test_beating_again_changes_nothing() -> None:
    desk, _ = desk_at("2026-11-24T15:00:00Z")
    desk.file()
    desk.run(minutes=61)
    before = list(desk.db.conn.iterdump())
    for _ in range(5):
        desk.beat()
    assert list(desk.db.conn.iterdump()) == before
    assert iso(desk.clock())


# --- A case that goes elsewhere ---------------------------------------------------------------


def test_a_case_whose_recipient_left_before_being_told_is_the_other_s_from_then_on() -> None:
    desk, role_of = desk_at("2026-11-24T15:00:00Z")
    vp, conseiller, _ = role_of
    desk.file()
    roles.dismiss(desk.db, VP, vp, desk.session.today)
    times = desk.run(minutes=60 * 24 * 20, step=10)
    assert [(role_of[person], level) for _, person, level in times] == [
        (CONSEILLER, "first"),
        (CONSEILLER, "reminder"),
        (SUPPLEANCE, "alternate"),
    ]
    late = desk.holder(VP)
    desk.beat()
    assert desk.told() == [], "whoever is appointed since is told nothing"
    assert report_cases.list_cases(desk.session, late) == []
    with pytest.raises(ReportError):
        report_cases.open_case(desk.session, desk.case(), late)
    assert report_cases.open_case(desk.session, desk.case(), conseiller).line.role == CONSEILLER


def test_a_case_that_the_other_recipient_is_told_of_too_stays_that_of_the_first() -> None:
    desk, role_of = desk_at("2026-11-24T15:00:00Z")
    _, conseiller, _ = role_of
    desk.file()
    times = desk.run(minutes=60 * 24 * 6, step=10)
    assert [(role_of[person], level) for _, person, level in times] == [
        (VP, "first"),
        (VP, "reminder"),
        (CONSEILLER, "other"),
    ]
    heir = desk.holder(VP)
    desk.beat()
    assert desk.told() == []
    with pytest.raises(ReportError):  # named since: it was reported to someone else
        report_cases.open_case(desk.session, desk.case(), heir)
    assert report_cases.open_case(desk.session, desk.case(), conseiller).line.role == VP
    report_cases.reassign(desk.session, desk.case(), conseiller, VP)
    desk.beat()
    assert desk.told() == [(heir, "first")]
    assert report_cases.open_case(desk.session, desk.case(), heir).line.role == VP


def test_a_case_that_nobody_was_told_of_is_told_to_whichever_recipient_comes_back() -> None:
    desk, role_of = desk_at("2026-11-24T15:00:00Z")
    desk.file()
    for person, role in role_of.items():
        roles.dismiss(desk.db, role, person, desk.session.today)
    assert desk.run(minutes=60 * 24, step=10) == []
    vp = next(person for person, role in role_of.items() if role == VP)
    desk.appoint(VP, vp)
    assert desk.beat() == 0
    assert desk.told() == [(vp, "alternate")]


def test_a_recipient_who_comes_back_beside_one_who_was_told_is_told_too_once() -> None:
    desk = Desk()
    vp, other = desk.holder(VP), desk.holder(VP, replacing=False)
    desk.file()
    roles.dismiss(desk.db, VP, other, desk.session.today)
    assert [(person, level) for _, person, level in desk.run(minutes=61)] == [(vp, "first")]
    desk.wait(hours=24)
    desk.beat()
    desk.told()
    desk.appoint(VP, other, replacing=False)
    desk.beat()
    desk.beat()
    assert desk.told() == [(other, "suite")]


def test_a_report_that_names_everyone_who_could_handle_it_waits_for_someone_else() -> None:
    desk = Desk()
    vp = desk.holder(VP)
    desk.file()
    desk.file(implicated=(VP,))
    assert [person for _, person, _ in desk.run(minutes=60 * 3, step=10)] == [vp]
    assert desk.beat() == 1
    conseiller = desk.holder(CONSEILLER)
    assert desk.beat() == 1
    desk.hand_over(CONSEILLER)
    assert desk.beat() == 0
    assert [person for person, _ in desk.told()] == [conseiller]
    [line] = report_cases.list_cases(desk.session, conseiller)
    with pytest.raises(ReportError):
        report_cases.open_case(desk.session, line.id, vp)


# --- What comes before anyone was told --------------------------------------------------------


def two_reports(*named: str, chances: tuple[float, float] = (0.1, 0.9)) -> tuple[Desk, dict[str, str]]:
    """Return a desk where one post was reported twice, to be told 10 and 54 minutes later.

    The second report names some roles.
    """
    desk, role_of = desk_at("2026-11-24T15:00:00Z")
    for chance, implicated in zip(chances, ((), named), strict=True):
        desk.chance = chance
        desk.file(implicated=implicated)
    return desk, role_of


def told_by_role(desk: Desk, role_of: dict[str, str], minutes: float) -> list[tuple[str, str]]:
    return [(role_of[person], level) for _, person, level in desk.run(minutes=minutes)]


@pytest.mark.parametrize("chances", [(0.1, 0.9), (0.9, 0.1)])
def test_what_joins_a_case_before_its_first_alert_is_told_when_it_may_be_seen_once(
    chances: tuple[float, float],
) -> None:
    desk, role_of = two_reports(chances=chances)
    first_told_last = chances[0] > chances[1]
    assert told_by_role(desk, role_of, 30) == ([] if first_told_last else [(VP, "first")])
    assert told_by_role(desk, role_of, 30) == [(VP, "first" if first_told_last else "news")]
    vp = next(iter(role_of))
    assert report_cases.open_case(desk.session, desk.case(), vp).line.reports == 2
    assert desk.run(minutes=60 * 24 * 20, step=30) == []


def test_what_was_added_before_the_first_alert_is_told_when_it_may_be_seen() -> None:
    desk, role_of = desk_at("2026-11-24T15:00:00Z")
    desk.chance = 0.1
    receipt = reporter_access.receipt_of(desk.session, desk.file())
    desk.chance = 0.9
    reporter_access.add(desk.session, receipt, "Un détail de plus.")
    assert told_by_role(desk, role_of, 30) == [(VP, "first")]
    vp = next(iter(role_of))
    assert not report_cases.open_case(desk.session, desk.case(), vp).filings[0].dialogue
    assert told_by_role(desk, role_of, 30) == [(VP, "news")]
    assert report_cases.open_case(desk.session, desk.case(), vp).filings[0].dialogue


@pytest.mark.parametrize("named", [VP, CONSEILLER])
def test_each_of_two_reports_that_name_others_has_its_own_recipient_and_its_own_time(named: str) -> None:
    desk, role_of = two_reports(named)
    other = CONSEILLER if named == VP else VP
    assert told_by_role(desk, role_of, 30) == [(VP, "first")]
    assert told_by_role(desk, role_of, 30) == [(other, "first")]


def test_a_report_that_goes_to_another_role_does_not_join_what_its_reader_cannot_read() -> None:
    desk, role_of = desk_at("2026-11-24T15:00:00Z")
    for recipient in (VP, CONSEILLER):
        desk.file(recipient=recipient)
    assert Counter(told_by_role(desk, role_of, 61)) == Counter([(VP, "first"), (CONSEILLER, "first")])


def test_a_report_withdrawn_before_anyone_was_told_is_told_to_nobody() -> None:
    desk, role_of = desk_at("2026-11-24T15:00:00Z")
    code = desk.file()
    reporter_access.withdraw(desk.session, reporter_access.receipt_of(desk.session, code))
    assert desk.run(minutes=62) == []
    assert [report_cases.list_cases(desk.session, person) for person in role_of] == [[], [], []]


@pytest.mark.parametrize("withdrawn", [0, 1])
def test_once_one_of_two_reports_is_withdrawn_only_the_other_is_told_in_its_time(withdrawn: int) -> None:
    desk, role_of = desk_at("2026-11-24T15:00:00Z")
    codes = []
    for desk.chance in (0.1, 0.9):
        codes.append(desk.file())
    reporter_access.withdraw(desk.session, reporter_access.receipt_of(desk.session, codes[withdrawn]))
    alerts = desk.db.conn.execute("SELECT level FROM report_alerts WHERE level LIKE 'news:%'").fetchall()
    assert len(alerts) == (withdrawn == 0)
    early, late = told_by_role(desk, role_of, 30), told_by_role(desk, role_of, 30)
    assert [early, late] == ([[], [(VP, "first")]] if withdrawn == 0 else [[(VP, "first")], []])
    [line] = report_cases.list_cases(desk.session, next(iter(role_of)))
    assert line.reports == 1


def entrusted_to_the_alternate() -> tuple[Desk, str]:
    """Return a desk where a case goes to the alternate while a second report of it may not be seen yet."""
    desk, role_of = desk_at("2026-11-27T21:00:00Z")  # Friday, 4 p.m.
    vp, _, alternate = role_of
    desk.file()
    desk.run(minutes=50)
    desk.chance = 0.9
    desk.file()
    desk.run(minutes=11)
    report_cases.reassign(desk.session, desk.case(), vp, SUPPLEANCE)
    return desk, alternate


def test_what_is_entrusted_to_someone_is_told_to_them_once_whatever_joined_it_meanwhile() -> None:
    desk, alternate = entrusted_to_the_alternate()
    assert desk.run(minutes=60, step=10) == [], "people work no more"
    desk.clock.set("2026-11-30T14:05:00Z")
    desk.beat()
    assert desk.told() == [(alternate, "first")]
    assert report_cases.open_case(desk.session, desk.case(), alternate).line.reports == 2


def test_what_is_entrusted_to_someone_before_all_of_it_may_be_seen_is_told_to_them_again() -> None:
    desk, role_of = two_reports()
    vp, _, alternate = role_of
    desk.run(minutes=20)
    report_cases.reassign(desk.session, desk.case(), vp, SUPPLEANCE)
    assert [(person, level) for _, person, level in desk.run(minutes=40)] == [
        (alternate, "first"),
        (alternate, "news"),
    ]
