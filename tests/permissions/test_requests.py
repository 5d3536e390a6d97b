"""What may be done of a request, by whom, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlite_utils import Database

from bot.configuration.profile import shipped
from bot.people import persons, roles
from bot.permissions import requests, thread
from bot.permissions.kinds import all_kinds
from bot.permissions.requests import DecidedError, PermissionRequestError, Ruling
from tests.kits.people import (
    ADVISER_ROLE,
    ALEX_ON_DISCORD,
    COMMUNICATIONS_ROLE,
    COUNCIL_ROLE,
    DAY,
    day,
    person,
)
from tests.permissions.desks import a_page, asked, at, granted, library, staffed

YES, NO = Ruling(granted=True), Ruling(granted=False, reason="Une page existe déjà.")


def queued(db: Database, notice: str) -> list[str]:
    """Return to whom a notice is queued."""
    rows = db.conn.execute("SELECT recipient FROM outbox WHERE notice = ? ORDER BY rowid", (notice,))
    return [str(recipient) for (recipient,) in rows]


def refuses(act: object, *arguments: object) -> str:
    with pytest.raises(PermissionRequestError) as refused:
        act(*arguments)  # type: ignore[operator]  # a function of the room
    return str(refused.value)


def test_a_page_is_asked_of_who_the_text_names_and_granted_once() -> None:
    db = staffed()
    request, vp = asked(at(db)), person(db, "VP")
    assert (request.state, request.asked_of, request.clauses) == ("asked", COMMUNICATIONS_ROLE, ("5.16",))
    assert queued(db, "demande-recue") == [f"role:{COMMUNICATIONS_ROLE}/{vp}"]
    decided = requests.decide(at(db), request.id, vp, Ruling(granted=True, until=day(30)))
    assert (decided.state, decided.until, decided.decided_by) == ("granted", day(30), vp)
    assert queued(db, "demande-decidee") == [f"person:{person(db, 'U1')}"]
    assert requests.decide(at(db), request.id, vp, YES) == decided  # the press arrived twice
    assert len(queued(db, "demande-decidee")) == 1


def test_the_second_of_two_who_decide_is_told_who_did() -> None:
    db = staffed()
    roles.appoint(db, COMMUNICATIONS_ROLE, person(db, "VP2"), DAY, replacing=False)
    request = asked(at(db))
    requests.decide(at(db), request.id, person(db, "VP"), NO)
    with pytest.raises(DecidedError) as refused:
        requests.decide(at(db), request.id, person(db, "VP2"), YES)
    assert refused.value.request.decided_by == person(db, "VP")
    assert "refusée" in str(refused.value)


def test_nobody_decides_of_what_they_ask() -> None:
    db = staffed(conseiller_executif="CO")
    vp = person(db, "VP")
    request = asked(at(db), "VP")
    assert queued(db, "demande-recue") == [f"role:{ADVISER_ROLE}/{person(db, 'CO')}"]
    assert "quelqu'un d'autre" in refuses(requests.decide, at(db), request.id, vp, YES)
    assert requests.to_decide(db, vp, DAY) == []
    assert requests.decide(at(db), request.id, person(db, "CO"), YES).decided_as == ADVISER_ROLE


def test_what_nobody_else_can_decide_is_not_asked() -> None:
    db = staffed(conseil_executif="")
    reason = refuses(asked, at(db), "VP")
    assert "Vice-présidence aux communications" in reason
    assert "d'autre que vous" in reason


def test_who_loses_the_role_neither_sees_nor_decides() -> None:
    db = staffed()
    request, vp = asked(at(db)), person(db, "VP")
    assert requests.find(db, request.id, vp, DAY) == (request, "decider")
    roles.dismiss(db, COMMUNICATIONS_ROLE, vp, DAY)
    unknown = refuses(requests.find, db, "0" * 16, vp, DAY)
    assert refuses(requests.find, db, request.id, vp, DAY) == unknown
    assert refuses(requests.decide, at(db), request.id, vp, YES) == unknown
    assert refuses(thread.say, at(db), request.id, vp, "?") == unknown
    assert requests.to_decide(db, person(db, "CE"), DAY) == [request]  # by the fallbacks


def test_a_stranger_is_answered_as_if_there_were_nothing() -> None:
    db = staffed()
    request, other = asked(at(db)), person(db, "U9")
    unknown = refuses(requests.find, db, "0" * 16, other, DAY)
    assert refuses(requests.find, db, request.id, other, DAY) == unknown
    assert refuses(requests.cancel, at(db), request.id, other) == unknown
    assert refuses(requests.withdraw, at(db), request.id, other) == unknown
    assert refuses(requests.decide, at(db), request.id, other, YES) == unknown


def test_only_the_person_in_an_image_consents_and_may_withdraw_at_any_time() -> None:
    db = staffed()
    me, vp = person(db, "U2"), person(db, "VP")
    request = asked(
        at(db), kind="image", image="Trois personnes au kiosque", consenter=me, fingerprint="a" * 64
    )
    assert queued(db, "demande-consentement") == [f"person:{me}"]
    assert queued(db, "demande-recue") == []
    refuses(requests.decide, at(db), request.id, vp, YES)
    requests.decide(at(db), request.id, me, YES)
    gone = requests.withdraw(at(db, 300), request.id, me)
    assert (gone.state, gone.closed_by) == ("withdrawn", "consenter")
    others = {f"person:{person(db, 'U1')}", f"role:{COMMUNICATIONS_ROLE}/{vp}"}
    assert set(queued(db, "demande-retiree")) == others


def test_a_consent_on_paper_is_recorded_by_the_role() -> None:
    db = staffed()
    request = asked(at(db), kind="image", image="Une personne", signer="Léa Roy")
    assert request.on_paper
    assert requests.names(db, request.id)["signer"][0] == "Léa Roy"
    assert requests.decide(at(db), request.id, person(db, "VP"), YES).state == "granted"


def test_linking_the_two_accounts_of_a_consent_leaves_nobody_to_consent() -> None:
    db = staffed()
    asker, other = person(db, "U1"), persons.known(db, ALEX_ON_DISCORD)
    request = asked(at(db), kind="image", image="Moi", consenter=other)
    persons.merge(db, asker, other)
    refuses(requests.decide, at(db), request.id, asker, YES)
    assert requests.cancel(at(db), request.id, asker).state == "cancelled"


def test_what_is_refused_says_which_part() -> None:
    db = staffed()
    for more, part in (
        ({"subject": "  "}, "subject"),
        ({"subject": "x" * 1_001}, "subject"),
        ({"until": DAY - timedelta(days=1)}, "until"),
        ({"kind": "image", "image": "Un kiosque"}, "consenter"),
        ({"kind": "image", "image": "Un kiosque", "consenter": person(db, "U1")}, "consenter"),
        ({"kind": "image", "consenter": person(db, "U2")}, "image"),
    ):
        with pytest.raises(PermissionRequestError) as refused:
            asked(at(db), **more)
        assert refused.value.part == part


def test_the_same_form_sent_twice_is_one_request() -> None:
    db = staffed()
    form = a_page()
    first = requests.ask(at(db), person(db, "U1"), form)
    assert requests.ask(at(db), person(db, "U1"), form) == first
    refuses(requests.ask, at(db), person(db, "U2"), form)
    assert len(requests.waiting(db)) == 1


def test_a_flood_of_requests_or_lines_stops() -> None:
    db = staffed()
    for _ in range(requests.MOST_WAITING):
        request = asked(at(db))
    assert "sans réponse" in refuses(asked, at(db))
    me, vp = person(db, "U1"), person(db, "VP")
    for number in range(thread.IN_A_ROW):
        thread.say(at(db), request.id, me, f"Un mot {number}")
    assert "Attendez" in refuses(thread.say, at(db), request.id, me, "Encore")
    thread.say(at(db), request.id, vp, "Bien reçu")
    thread.say(at(db), request.id, vp, "Bien reçu")  # twice
    thread.say(at(db), request.id, me, "Merci")
    assert [line.party for line in thread.lines(db, request.id)] == [*["asker"] * 3, "decider", "asker"]


def test_what_is_over_ends_once() -> None:
    db = staffed()
    request = granted(at(db), until=day(3))
    assert requests.end_over(at(db, 3)) == []
    (ended,) = requests.end_over(at(db, 9))
    assert (ended.id, ended.state) == (request.id, "ended")
    assert requests.end_over(at(db, 2)) == []
    assert "rien à retirer" in refuses(requests.withdraw, at(db), request.id, person(db, "VP"))


def test_a_person_who_leaves_withdraws_every_consent() -> None:
    db = staffed()
    me = person(db, "U2")
    waits = asked(at(db), kind="image", image="Une fête", consenter=me)
    holds = granted(at(db), by="U2", kind="image", image="Un kiosque", consenter=me)
    requests.leave(at(db), me)
    db.conn.execute("DELETE FROM people WHERE id = ?", (me,))
    after = {request.id: request for request in requests.own(db, person(db, "U1"))}
    assert [after[waits.id].state, after[holds.id].state] == ["cancelled", "withdrawn"]
    assert {request.image + request.subject for request in after.values()} == {""}
    assert "Le consentement a été retiré" in requests.state_words(after[holds.id])


def test_who_decides_is_who_the_text_names_then_the_setting_then_the_profile() -> None:
    profile = replace(shipped(), authorisers={"5.9": ADVISER_ROLE})
    kinds = all_kinds(library(), profile, {"logo": COUNCIL_ROLE})
    assert {kind.id: kind.decider for kind in kinds.values()} == {
        "page": COMMUNICATIONS_ROLE,
        "logo": COUNCIL_ROLE,
        "parole": ADVISER_ROLE,
        "image": COMMUNICATIONS_ROLE,
    }
    others = all_kinds(library(), replace(shipped(), roles=()), {"page": COUNCIL_ROLE})
    assert {kind.decider for kind in others.values()} == {None}
    assert "VIGIE_DEMANDES" in others["page"].unoffered()
