"""What is told, to whom, when, and never twice."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlite_utils import Database

from bot.conversation.messages import Button, Message
from bot.outbox.notices import NoticeContext, Notices
from bot.people import persons, roles
from bot.permissions import daily, notices, requests, thread
from bot.permissions.requests import Ruling
from tests.kits.people import COMMUNICATIONS_ROLE, COUNCIL_ROLE, DAY, day, person
from tests.permissions.desks import asked, at, granted, library, staffed

NOTICES = Notices(lambda: notices.notice_builders(library()))


def read_all(db: Database, days: int = 0, *, only: str = "") -> list[tuple[str, str, str]]:
    """Send what is queued: the notice, the account, and what it says, "" when there is nothing to say."""
    rows = db.query("SELECT notice, recipient, arguments FROM outbox WHERE state = 'queued' ORDER BY rowid")
    sent = []
    for row in list(rows):
        context = NoticeContext(db, DAY + timedelta(days=days), row["recipient"])
        built = NOTICES.build(context, row["notice"], json.loads(row["arguments"]))
        words = " ".join(built.own_words()) if isinstance(built, Message) else ""
        who = db.conn.execute(
            "SELECT user FROM accounts WHERE ? LIKE '%' || person_id", (row["recipient"],)
        ).fetchone()
        if not only or row["notice"] == only:
            sent.append((row["notice"], who[0] if who else row["recipient"], words))
    db.conn.execute("UPDATE outbox SET state = 'sent', sent_day = ?", (DAY.isoformat(),))
    return sent


def told(db: Database, days: int = 0, *, only: str = "") -> list[tuple[str, str]]:
    """Return the notices that say something, with the account that each reaches."""
    return [(notice, user) for notice, user, words in read_all(db, days, only=only) if words]


def test_a_request_is_told_to_who_decides_then_answered_once() -> None:
    db = staffed()
    request = asked(at(db), subject="Une page pour le club de lecture")
    ((notice, user, words),) = read_all(db)
    assert (notice, user) == ("demande-recue", "VP")
    assert "Une page pour le club de lecture" in words
    requests.decide(at(db, 1), request.id, person(db, "VP"), Ruling(granted=False, reason="Il y en a une."))
    ((notice, user, words),) = read_all(db, 1)
    assert (notice, user) == ("demande-decidee", "U1")
    assert "refusée" in words
    assert "Il y en a une." in words
    daily.daily(at(db, 2))
    assert told(db, 2) == []


def test_nothing_is_told_to_who_lost_the_role_and_the_next_holder_learns_of_it() -> None:
    db = staffed()
    request = asked(at(db))
    thread.say(at(db), request.id, person(db, "U1"), "Bonjour")
    roles.appoint(db, COMMUNICATIONS_ROLE, person(db, "VP2"), DAY)
    assert told(db) == []
    daily.daily(at(db))
    assert told(db) == [("demande-recue", "VP2")]


def test_who_decides_is_reminded_five_times_at_most_on_working_days() -> None:
    db = staffed()
    asked(at(db))
    read_all(db)
    reminded = []
    for number in range(1, 90):
        daily.daily(at(db, number))
        reminded += [number for _ in told(db, number, only="demande-rappel")]
    assert reminded == [3, 7, 14, 21, 28]  # from a Tuesday


def test_days_without_the_bot_make_one_reminder_and_a_clock_set_back_none() -> None:
    db = staffed()
    asked(at(db))
    read_all(db)
    daily.daily(at(db, 16))
    assert told(db, 16) == [("demande-rappel", "VP")]
    for number in (16, 14, 9, 16):
        daily.daily(at(db, number))
        assert told(db, number) == []


def test_nobody_is_reminded_of_what_they_were_not_told_yet() -> None:
    """Neither who holds the role since today, nor who was to be told after a week-end."""
    db = staffed()
    asked(at(db))
    daily.daily(at(db, 6))
    assert told(db, 6) == [("demande-recue", "VP")]
    roles.appoint(db, COMMUNICATIONS_ROLE, person(db, "VP2"), DAY + timedelta(days=10))
    daily.daily(at(db, 10))
    assert told(db, 10) == [("demande-recue", "VP2")]


def test_someone_asked_to_consent_is_reminded_once() -> None:
    db = staffed()
    asked(at(db), kind="image", image="Un kiosque", consenter=person(db, "U2"))
    assert told(db) == [("demande-consentement", "U2")]
    sent = []
    for number in range(1, 60):
        daily.daily(at(db, number))
        sent += told(db, number)
    assert sent == [("demande-rappel", "U2")]


def test_the_end_is_told_ahead_then_on_the_day_to_both_sides() -> None:
    db = staffed()
    granted(at(db), until=day(40))
    read_all(db)
    ends = {}
    for number in range(1, 60):
        daily.daily(at(db, number))
        if sent := read_all(db, number):
            ends[number] = sent
    assert {number: [(n, user) for n, user, _ in sent] for number, sent in ends.items()} == {
        26: [("demande-echeance", "U1"), ("demande-echeance", "VP")],
        40: [("demande-echeance", "U1"), ("demande-echeance", "VP")],
    }
    assert "bientôt" in ends[26][0][2]
    assert "aujourd'hui" in ends[40][0][2]


def test_an_end_that_passed_without_the_bot_is_told_once() -> None:
    db = staffed()
    granted(at(db), until=day(5))
    read_all(db)
    for number in (9, 9, 3, 10):
        daily.daily(at(db, number))
    sent = read_all(db, 10)
    assert [user for _, user, _ in sent] == ["U1", "VP"]
    assert all("a pris fin" in words for *_, words in sent)


def test_a_request_that_nobody_can_decide_any_more_is_told_to_the_administration() -> None:
    db = staffed(administration="AD")
    asked(at(db), "VP")
    read_all(db)
    for role, user in ((COUNCIL_ROLE, "CE"), (roles.ADMINISTRATION, "AD")):
        roles.dismiss(db, role, person(db, user), day(1))
    daily.daily(at(db, 1))
    assert told(db, 1) == [("demande-orpheline", "role:administration")]
    daily.daily(at(db, 2))
    assert told(db, 2) == []


@pytest.mark.parametrize("kind", ["image", "page"])
def test_of_a_permission_that_is_over_before_its_answer_leaves_the_end_alone_is_told(kind: str) -> None:
    """An answer waits for working hours, or for a platform; a withdrawal does not."""
    for ending in (True, False):
        db = staffed()
        me = person(db, "U2")
        image = {"kind": "image", "image": "Un kiosque", "consenter": me} if kind == "image" else {}
        by, until = ("U2", me) if image else ("VP", person(db, "VP")), DAY + timedelta(days=1)
        request = granted(at(db), by=by[0], until=until, **image)
        if not ending:
            requests.withdraw(at(db), request.id, by[1], "La page ne sert plus")
        days = 3 if ending else 0
        daily.daily(at(db, days))
        sent = [(notice, words) for notice, user, words in read_all(db, days) if user == "U1" and words]
        assert [notice for notice, _ in sent] == ["demande-echeance" if ending else "demande-retiree"]
        assert "Vous pouviez" in sent[0][1]


def test_a_consent_withdrawn_is_told_to_who_asked_and_to_the_role_without_the_name() -> None:
    db = staffed()
    me = person(db, "U2")
    request = granted(at(db), by="U2", kind="image", image="Un kiosque", consenter=me)
    read_all(db)
    requests.withdraw(at(db, 2), request.id, me)
    sent = read_all(db, 2)
    assert [(notice, user) for notice, user, _ in sent] == [
        ("demande-retiree", "U1"),
        ("demande-retiree", "VP"),
    ]
    assert not any("U2" in words for *_, words in sent)
    assert "L'image est à retirer" in sent[0][2]


def test_who_consented_and_who_publishes_are_told_of_the_end_each_in_their_own_words() -> None:
    """Who consented reads what it says of their image, and opens the request: the register is not theirs."""
    db = staffed()
    me = person(db, "U2")
    until = DAY + timedelta(days=40)
    request = granted(at(db), by="U2", kind="image", image="Un kiosque", consenter=me, until=until)
    read_all(db)
    daily.daily(at(db, 30))
    ends = {user: words for _, user, words in read_all(db, 30, only="demande-echeance")}
    assert "Vous pouvez publier l'image" in ends["U1"]
    assert "une image où vous êtes" in ends["U2"]
    requests.withdraw(at(db, 31), request.id, person(db, "U1"))
    context = NoticeContext(db, DAY + timedelta(days=31), f"person:{me}")
    built = NOTICES.build(context, "demande-retiree", {"request": request.id})
    assert isinstance(built, Message)
    assert "On renonce à publier une image" in " ".join(built.own_words())
    assert [button.command for button in built.buttons() if isinstance(button, Button)] == [
        f"demande voir {request.id}"
    ]


def test_a_line_of_the_thread_reaches_the_other_side() -> None:
    db = staffed()
    request = asked(at(db))
    read_all(db)
    thread.say(at(db), request.id, person(db, "VP"), "Pour combien de temps?")
    ((_, user, words),) = read_all(db)
    assert user == "U1"
    assert "Pour combien de temps?" in words


def test_who_links_two_accounts_is_not_told_again() -> None:
    db = staffed()
    asked(at(db))
    read_all(db)
    persons.merge(db, person(db, "VP9"), person(db, "VP"))
    for number in (1, 3):
        daily.daily(at(db, number))
    persons.merge(db, person(db, "VP8"), person(db, "VP9"))
    daily.daily(at(db, 3))
    assert [notice for notice, *_ in read_all(db, 3)] == ["demande-rappel"]
