"""The register of attestations: five facts, a chain that no one alters unseen, names that can go."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from bot.people import persons
from bot.register import attestations, chain, heads, signing
from bot.register.chain import COLUMNS
from bot.register.heads import Audit
from bot.register.signing import Head, new_signer
from bot.storage.database import StorageError
from tests.kits.people import DAY, NOW, count, day
from tests.kits.register import NAMES, PA20, SIGNER, attest, attesting, filled, insert, unlock

pytestmark = pytest.mark.attack("Registre falsifié")

ENTRIES = len(NAMES)
FORGER = new_signer()
VERSION = PA20.version


def audit(db: Database, kept: Head | None = None) -> Audit:
    return attestations.verify_register(db, SIGNER.ring, kept)


def sound(db: Database, kept: Head | None = None) -> bool:
    return not audit(db, kept).faults


def forgetful(_: str, __: Iterable[str]) -> None:
    """Remember nothing of what is destroyed."""


def one_entry(number: int) -> st.SearchStrategy[int]:
    return st.integers(1, number)


# --- The facts --------------------------------------------------------------------------------


@given(st.sets(st.sampled_from(("delivered", "opened", "read", "passed", "attested"))))
@settings(max_examples=32, deadline=None)
def test_no_fact_is_inferred_from_another(happened: set[attestations.Fact]) -> None:
    db = filled(())
    who = attesting(db, "U9", "Zoé")
    for fact in happened:
        if fact == "attested":
            attestations.attest(db, who, SIGNER)
        else:
            attestations.note_fact(db, who.person_id, PA20, fact, platform="slack", now=NOW)
    assert attestations.facts(db, who.person_id, PA20) == dict.fromkeys(happened, NOW)


def test_a_fact_is_noted_the_first_time_only() -> None:
    db = filled(())
    who = attesting(db, "U9", "Zoé").person_id
    assert attestations.note_fact(db, who, PA20, "read", platform="slack", now=NOW)
    assert not attestations.note_fact(db, who, PA20, "read", platform="discord", now=NOW + timedelta(days=1))
    assert attestations.facts(db, who, PA20) == {"read": NOW}


def test_attesting_twice_is_attesting_once() -> None:
    db = filled(())
    assert attest(db, "U1", "Zoé") == attest(db, "U1", "Zoé T.", days=3)
    assert count(db, "attestations") == 1


def test_another_version_is_another_attestation() -> None:
    db = filled(("Zoé",))
    newer = replace(PA20, version=date(2027, 1, 30), sha256="a" * 64)
    attestations.attest(db, replace(attesting(db, "U1", "Zoé"), target=newer), SIGNER)
    assert [attestation.entry.version for attestation in attestations.all_attestations(db)] == [
        "2015-12-13",
        "2027-01-30",
    ]
    assert sound(db)


def test_the_entry_says_what_was_attested_and_nothing_of_whom() -> None:
    db = filled(("Zoé Tremblay",))
    [row] = db.conn.execute("SELECT * FROM attestations").fetchall()
    assert not any(re.search(r"Zoé|\bU1\b", str(value)) for value in row)
    [entry] = [attestation.entry for attestation in attestations.all_attestations(db)]
    assert (entry.policy, entry.version, entry.text_sha256) == ("pa20", "2015-12-13", PA20.sha256)
    assert (entry.statement, entry.platform) == (PA20.statement, "slack")


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("  Zoé\n\tTremblay ", "Zoé Tremblay"),
        ("Zoe\u0301", "Zoé"),
        ("\u202eéoZ\u2066\x00\x1b[31m", "éoZ[31m"),
        ("Z" + "\u0335" * 50 + "o", "Z\u0335\u0335o"),
        ("W" * 500, "W" * chain.NAME_LENGTH),
        ("\u200b\u202e", ""),
    ],
)
def test_a_name_is_kept_without_what_hides_or_overprints(given_name: str, kept: str) -> None:
    assert chain.tidy(given_name) == kept


# --- What is altered is seen ------------------------------------------------------------------


def test_an_untouched_register_is_sound() -> None:
    assert audit(filled()) == Audit(ENTRIES, 0, ())
    assert sound(filled(()))


def test_entries_are_neither_changed_nor_deleted() -> None:
    db = filled()
    for statement in ("UPDATE attestations SET policy = 'x'", "DELETE FROM attestations"):
        with pytest.raises(sqlite3.IntegrityError):
            db.conn.execute(statement)


@given(st.integers(1, ENTRIES), st.sampled_from(COLUMNS[1:]), st.text(max_size=70))
@settings(deadline=None)
def test_an_altered_field_is_seen_at_its_entry(number: int, column: str, value: str) -> None:
    db = filled()
    unlock(db)
    before = db.conn.execute(f"SELECT {column} FROM attestations WHERE number = ?", (number,)).fetchone()[0]  # noqa: S608
    value = value.encode("utf-8", "replace").decode()
    db.conn.execute(f"UPDATE attestations SET {column} = ? WHERE number = ?", (value, number))  # noqa: S608
    found = audit(db).faults
    assert bool(found) == (value != before)
    assert not found or found[0].number == number


@given(st.integers(1, ENTRIES), st.sampled_from(("name", "name_salt", "account", "account_salt")))
@settings(deadline=None)
def test_an_altered_field_of_a_person_is_seen(number: int, column: str) -> None:
    db = filled()
    db.conn.execute(f"UPDATE attestation_people SET {column} = {column} || '1' WHERE number = ?", (number,))  # noqa: S608
    assert [fault.number for fault in audit(db).faults] == [number]


@given(st.sets(st.integers(1, ENTRIES), min_size=1))
@settings(deadline=None)
def test_removed_entries_are_seen_even_at_the_end(gone: set[int]) -> None:
    db = filled()
    head = heads.head(db)
    unlock(db)
    for number in gone:
        db.conn.execute("DELETE FROM attestations WHERE number = ?", (number,))
        db.conn.execute("DELETE FROM attestation_people WHERE number = ?", (number,))
    assert not sound(db, head)
    end = set(range(ENTRIES - len(gone) + 1, ENTRIES + 1))
    assert sound(db) == (gone == end)  # what the note beside the keys is for


@given(st.permutations(range(1, ENTRIES + 1)))
@settings(deadline=None)
def test_reordered_entries_are_seen(order: list[int]) -> None:
    db = filled()
    unlock(db)
    for table in ("attestations", "attestation_people"):
        db.conn.execute(f"UPDATE {table} SET number = -number")  # noqa: S608
        for number, was in enumerate(order, 1):
            db.conn.execute(f"UPDATE {table} SET number = ? WHERE number = ?", (number, -was))  # noqa: S608
    assert sound(db) == (order == sorted(order))


@given(st.integers(1, ENTRIES), st.integers(1, ENTRIES + 1), st.booleans())
@settings(deadline=None)
def test_an_inserted_entry_is_seen(copied: int, at: int, resigned: bool) -> None:
    db = filled()
    unlock(db)
    entries = [attestation.entry for attestation in attestations.all_attestations(db)]
    inserted = replace(entries[copied - 1], number=at, statement="J'atteste autre chose")
    if at > 1:
        inserted = replace(inserted, previous=entries[at - 2].digest)
    if resigned:
        inserted = chain.sealed(inserted, FORGER)
    db.conn.execute("UPDATE attestations SET number = -number WHERE number >= ?", (at,))
    db.conn.execute("UPDATE attestations SET number = 1 - number WHERE number < 0")
    insert(db, inserted)
    assert not sound(db)


def test_entries_of_two_histories_do_not_make_one() -> None:
    """Each is signed with the key, as after a copy is brought back; together they are no chain."""
    db, other = filled(), filled()
    unlock(db)
    [entry] = [
        attestation.entry
        for attestation in attestations.all_attestations(other)
        if attestation.entry.number == 3
    ]
    db.conn.execute("DELETE FROM attestations WHERE number = 3")
    db.conn.execute("DELETE FROM attestation_people WHERE number = 3")
    insert(db, entry)
    assert [fault.number for fault in audit(db).faults] == [3, 4]


def test_the_entry_that_is_missing_is_told() -> None:
    db = filled()
    unlock(db)
    db.conn.execute("DELETE FROM attestation_people WHERE number = 2")
    db.conn.execute("DELETE FROM attestations WHERE number = 2")
    [fault] = audit(db).faults
    assert (fault.number, fault.text) == (3, "l'inscription 2 devrait la précéder et n'est pas là")


def test_a_register_signed_anew_with_another_key_is_not_believed() -> None:
    db = filled(())
    for number, name in enumerate(NAMES, 1):
        attest(db, f"U{number}", name, FORGER)
    assert [fault.number for fault in audit(db).faults] == list(range(1, ENTRIES + 1))


def test_a_signature_written_otherwise_is_seen() -> None:
    db = filled()
    unlock(db)
    db.conn.execute(
        """UPDATE attestations SET signature = substr(signature, 1, 85) ||
             CASE substr(signature, 86, 1) WHEN 'A' THEN 'B' WHEN 'Q' THEN 'R' WHEN 'g' THEN 'h' ELSE 'x' END
             || '==' WHERE number = 1"""
    )
    assert [fault.number for fault in audit(db).faults] == [1]


def test_a_known_keys_name_does_not_make_another_key_known() -> None:
    db = filled()
    db.conn.execute("UPDATE attestation_keys SET public_key = 'AAAA'")
    assert not sound(db)


def test_an_attestation_given_to_someone_else_is_seen() -> None:
    db = filled()
    other = attesting(db, "U2", "").person_id
    db.conn.execute("UPDATE attestation_people SET person_id = ? WHERE number = 1", (other,))
    assert [fault.number for fault in audit(db).faults] == [1]


def test_persons_who_become_one_keep_their_attestations() -> None:
    db = filled()
    first, second = (attesting(db, user, "").person_id for user in ("U1", "U2"))
    persons.merge(db, first, second)
    assert sound(db)
    found = attestations.attestation_of(db, first, "pa20", VERSION)
    assert found
    assert found.entry.number == 1


# --- The end of the register ------------------------------------------------------------------


def test_the_end_is_noted_beside_the_keys_and_follows(tmp_path: Path) -> None:
    signer = signing.load_signer(tmp_path, create=True)
    db = filled(())
    heads.advance(db, tmp_path, lambda: signer)
    heads.note_beginning(db, tmp_path, signer)
    for number, name in enumerate(NAMES, 1):
        attest(db, f"U{number}", name, signer)
        heads.advance(db, tmp_path, lambda: signer)
        assert signing.noted_head(tmp_path, signing.load_ring(tmp_path)) == heads.head(db)


def test_a_register_brought_back_does_not_take_the_place_of_its_end(tmp_path: Path) -> None:
    signer = signing.load_signer(tmp_path, create=True)
    db = filled(())
    heads.note_beginning(db, tmp_path, signer)
    attest(db, "U1", "Zoé", signer)
    heads.advance(db, tmp_path, lambda: signer)
    former = filled(())
    with pytest.raises(StorageError, match="en note 1"):  # an empty register notes nothing
        heads.advance(former, tmp_path, lambda: signer)
    attest(former, "U2", "Blaise", signer)
    with pytest.raises(StorageError, match="ne suit plus"):
        heads.advance(former, tmp_path, lambda: signer)
    head = signing.noted_head(tmp_path, signing.load_ring(tmp_path))
    assert head == heads.head(db)
    assert (
        "par laquelle"
        in attestations.verify_register(former, signing.load_ring(tmp_path), head).faults[0].text
    )


def test_an_end_that_is_not_signed_is_refused(tmp_path: Path) -> None:
    signer = signing.load_signer(tmp_path, create=True)
    signing.note_head(tmp_path, Head(3, "a" * 64), signer)
    file = tmp_path / signing.ATTESTATIONS.name
    file.write_text(file.read_text().replace('"number": 3', '"number": 2'))
    with pytest.raises(StorageError, match="signé"):
        signing.noted_head(tmp_path, signing.load_ring(tmp_path))
    file.write_text("[]")
    with pytest.raises(StorageError, match="ne se lit pas"):
        signing.noted_head(tmp_path, signing.load_ring(tmp_path))


# --- Keys -------------------------------------------------------------------------------------


def test_keys_are_their_owners_only(tmp_path: Path) -> None:
    keys = tmp_path / "cles"
    signing.load_signer(keys, create=True)
    assert keys.stat().st_mode & 0o777 == 0o700
    assert (keys / signing.KEY_FILE).stat().st_mode & 0o777 == 0o600


def test_the_same_key_is_found_again(tmp_path: Path) -> None:
    made = signing.load_signer(tmp_path, create=True)
    assert signing.load_signer(tmp_path).id == signing.load_signer(tmp_path, create=True).id == made.id


def test_what_a_former_key_signed_is_still_verified(tmp_path: Path) -> None:
    db = filled(())
    attest(db, "U1", "Zoé", signing.load_signer(tmp_path, create=True))
    attest(db, "U2", "Blaise", signing.renew(tmp_path))
    assert len({attestation.entry.key_id for attestation in attestations.all_attestations(db)}) == 2
    assert attestations.verify_register(db, signing.load_ring(tmp_path)) == Audit(2, 0, ())
    assert set(attestations.public_keys(db)) == set(signing.load_ring(tmp_path))


def test_a_lost_key_is_not_replaced_in_silence(tmp_path: Path) -> None:
    signing.load_signer(tmp_path, create=True)
    (tmp_path / signing.KEY_FILE).unlink()
    with pytest.raises(StorageError, match="renouveler"):
        signing.load_signer(tmp_path, create=True)


def test_a_damaged_key_is_told(tmp_path: Path) -> None:
    signing.load_signer(tmp_path, create=True)
    (tmp_path / signing.KEY_FILE).write_text("AAAA")
    with pytest.raises(StorageError, match="abîmée"):
        signing.load_signer(tmp_path)


@pytest.mark.parametrize("line", ["n'importe quoi", "vigie-ed25519 0123456789abcdef " + "A" * 43 + "=", "é"])
def test_a_list_of_keys_that_is_not_one_is_refused(tmp_path: Path, line: str) -> None:
    file = tmp_path / "cles.txt"
    file.write_text(line)
    with pytest.raises(StorageError):
        signing.read_ring(file)


# --- Erasure ----------------------------------------------------------------------------------


@given(st.sets(st.integers(1, ENTRIES)))
@settings(deadline=None)
def test_erasing_people_leaves_the_register_sound(gone: set[int]) -> None:
    db = filled()
    head = heads.head(db)
    for number in gone:
        assert attestations.erase_identity(db, number, forgetful)
    assert audit(db, head) == Audit(ENTRIES, len(gone), ())
    left = [attestation.name for attestation in attestations.all_attestations(db)]
    assert left == [None if number in gone else name for number, name in enumerate(NAMES, 1)]


def test_a_person_who_is_forgotten_takes_their_fields_along() -> None:
    db = filled()
    db.conn.execute("DELETE FROM people WHERE id = ?", (attesting(db, "U1", "").person_id,))
    assert audit(db) == Audit(ENTRIES, 1, ())


def test_what_is_erased_is_remembered_before_it_is_gone() -> None:
    db = filled(("Zoé",))
    remembered: list[tuple[str, int]] = []

    def remember(table: str, ids: Iterable[str]) -> None:
        remembered.append((table, len(list(ids)) * count(db, table)))

    attestations.erase_identity(db, 1, remember)
    assert remembered == [("attestation_people", 1)]
    assert not attestations.erase_identity(db, 1, remember)


def members(db: Database, person: str, *, until: date | None) -> None:
    db.conn.execute("DELETE FROM members WHERE person_id = ?", (person,))
    db.conn.execute(
        "INSERT INTO members VALUES ('m', ?, 'officer', 's', '2026-01-01', ?)",
        (person, until.isoformat() if until else None),
    )


def test_fields_are_kept_for_the_mandate_and_the_years_after_it() -> None:
    db = filled(("Zoé",))
    who = attesting(db, "U1", "").person_id
    attestations.note_fact(db, who, PA20, "read", platform="slack", now=NOW)
    members(db, who, until=None)
    assert not attestations.expire_records(db, day(4000), 3, forgetful)
    members(db, who, until=day(4000))
    assert not attestations.expire_records(db, day(4000), 3, forgetful)
    db.conn.execute("DELETE FROM members")  # former memberships are themselves erased after a year
    assert not attestations.expire_records(db, day(4000 + 3 * 365 - 1), 3, forgetful)
    assert attestations.holds_attestation(db, who)
    assert attestations.expire_records(db, day(4000 + 3 * 365 + 2), 3, forgetful) == 2
    assert not attestations.holds_attestation(db, who)
    assert audit(db) == Audit(1, 1, ())
    assert count(db, "mandate_ends") == 0


def test_a_mandate_given_back_starts_over() -> None:
    db = filled(("Zoé",))
    who = attesting(db, "U1", "").person_id
    members(db, who, until=DAY)
    attestations.expire_records(db, DAY, 3, forgetful)
    assert count(db, "mandate_ends") == 1
    members(db, who, until=None)
    assert not attestations.expire_records(db, day(2000), 3, forgetful)
    assert count(db, "mandate_ends") == 0


def test_a_role_is_a_mandate_too() -> None:
    db = filled(("Zoé",))
    who = attesting(db, "U1", "").person_id
    db.conn.execute(
        """INSERT INTO role_holders (id, role_id, person_id, since)
           SELECT 'h', id, ?, '2026-01-01' FROM roles LIMIT 1""",
        (who,),
    )
    assert not attestations.expire_records(db, day(4000), 3, forgetful)
    db.conn.execute("UPDATE role_holders SET until = ?", (DAY.isoformat(),))
    assert attestations.expire_records(db, day(4000), 3, forgetful) == 1


def test_someone_without_a_mandate_is_kept_the_same_years() -> None:
    db = filled(("Zoé",))
    assert not attestations.expire_records(db, date(2028, 2, 29), 3, forgetful)
    assert not attestations.expire_records(db, date(2031, 2, 27), 3, forgetful)
    assert attestations.expire_records(db, date(2031, 3, 1), 3, forgetful) == 1
