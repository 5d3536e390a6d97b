"""The list of what was destroyed and the folders of copies, on each side of each limit."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.backup import copies, destroyed
from bot.storage.database import Storage, StorageError
from tests.kits.fake_clock import FakeClock
from tests.kits.people import fresh


def test_a_destroyed_row_is_listed_to_the_end_of_the_month_a_year_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("secrets.randbelow", lambda most: {16: 3}[most])
    folder = tmp_path / "a" / "cles"
    destroyed.expire(folder, date(2026, 11, 24))
    assert not folder.exists(), "it should hold the keys"
    destroyed.record(folder, "people", ["p1"], FakeClock("2025-11-30T15:00:00Z"))
    destroyed.record(folder, "people", ["p2"], FakeClock("2025-12-01T15:00:00Z"))
    destroyed.record(folder, "people", [], FakeClock("2025-12-01T15:00:00Z"))
    first, second = (destroyed.row_hash("people", name) for name in ("p1", "p2"))
    assert (len(first), destroyed.recorded(folder)) == (32, {first, second})
    destroyed.expire(folder, date(2026, 11, 30))
    assert destroyed.recorded(folder) >= {first, second}
    assert len(destroyed.recorded(folder)) == 5, "three decoys"
    destroyed.expire(folder, date(2026, 12, 1))
    assert first not in destroyed.recorded(folder)
    assert second in destroyed.recorded(folder)
    assert len(destroyed.recorded(folder)) == 7


def test_certificates_are_written_for_what_was_destroyed_and_read_back(tmp_path: Path) -> None:
    db, again = fresh(), fresh()
    destroyed.certify(db, date(2026, 11, 24), {"signalements": 2, "rien": 0})
    [(day, category, count)] = db.conn.execute("SELECT day, category, count FROM destructions").fetchall()
    assert (day, category, count) == ("2026-11-24", "signalements", 2)
    db.conn.execute("INSERT INTO people VALUES ('p1')")
    destroyed.record(tmp_path, "people", ["p1", "p2"])
    destroyed.settle(db, tmp_path)
    assert destroyed.recorded(tmp_path) == {destroyed.row_hash("people", "p2")}, "p1 is still there"
    before = (tmp_path / destroyed.FILE).read_text("ascii")
    destroyed.settle(db, tmp_path)
    assert (tmp_path / destroyed.FILE).read_text("ascii") == before
    again.conn.execute("INSERT INTO people VALUES ('p1'), ('p2')")
    for deleted in (1, 0):
        assert destroyed.destroy_again(again, tmp_path) == deleted
    assert again.conn.execute("SELECT day, category, count FROM destructions").fetchall() == [
        ("2026-11-24", "signalements", 2)
    ]
    assert again.conn.execute("SELECT id FROM people").fetchall() == [("p1",)]


def test_a_copy_is_sealed_in_folders_that_are_made_for_it(tmp_path: Path) -> None:
    storage, today = Storage(tmp_path / "vigie.db"), date(2026, 11, 24)
    storage.close()
    folder, keys = tmp_path / "a" / "copies", tmp_path / "b" / "cles"
    made = copies.save_sealed(tmp_path / "vigie.db", folder, keys, today)
    assert made.path == copies.nightly(folder, today) == folder / "vigie-2026-11-24.chiffre"
    assert made.size == made.path.stat().st_size
    fingerprint = copies.fingerprint(copies.copy_key(keys))
    assert (len(fingerprint), copies.key_named(made.path)) == (16, fingerprint)
    assert made.path.read_bytes()[:36] == f"vigie-sauvegarde-3 {fingerprint}\n".encode()
    assert {path.stat().st_mode & 0o777 for path in (folder, keys)} == {0o700}
    content, night = copies.read_copy(made.path, keys)
    assert night == today
    assert content.startswith(b"SQLite format 3\x00")
    clear = copies.save(tmp_path / "vigie.db", tmp_path / "copie.db")
    assert copies.key_named(clear.path) is None
    assert copies.read_copy(clear.path, keys, in_clear=True)[1] is None
    with pytest.raises(StorageError, match="--en-clair"):
        copies.read_copy(clear.path, keys)
    for suffix in ("", ".sha256"):
        made.path.with_name(made.path.name + suffix).rename(folder / f"vigie-2026-11-25.chiffre{suffix}")
    with pytest.raises(StorageError, match="est la copie de la nuit du 24\u00a0novembre\u00a02026"):
        copies.read_copy(folder / "vigie-2026-11-25.chiffre", keys)
    (folder / "vigie-2026-13-40.chiffre").touch()
    assert copies.nights(folder) == [today + timedelta(days=1)]
    copies.expire(folder, today + timedelta(days=400), 30, keys)
    left = {"vigie-2026-13-40.chiffre", "vigie-2026-11-25.chiffre", "vigie-2026-11-25.chiffre.sha256"}
    assert {path.name for path in folder.iterdir()} == left, "the last copy never expires"
    (keys / copies.KEY_FILE).unlink()
    with pytest.raises(StorageError, match="aucune autre n'est faite"):
        copies.save_sealed(tmp_path / "vigie.db", folder, keys, today)
    with pytest.raises(StorageError, match="il manque la clé des sauvegardes"):
        copies.copy_key(keys)
    for content in (b"A\n", b"AAAA\n"):
        (keys / copies.KEY_FILE).write_bytes(content)
        with pytest.raises(StorageError, match=r"ne se lit pas|est abîmée"):
            copies.copy_key(keys, create=True)


@pytest.mark.parametrize(("content", "problem"), [(b"", "ne se lit pas"), (b"\xff ", "ne se lit pas")])
def test_a_copy_whose_fingerprint_cannot_be_read_is_refused(
    tmp_path: Path, content: bytes, problem: str
) -> None:
    copy = tmp_path / "copie.db"
    copy.write_bytes(b"SQLite")
    with pytest.raises(StorageError, match="il faut la copie et son empreinte"):
        copies.read_copy(copy, tmp_path)
    copy.with_name("copie.db.sha256").write_bytes(content)
    with pytest.raises(StorageError, match=problem):
        copies.read_copy(copy, tmp_path)
    copy.with_name("copie.db.sha256").write_text("0" * 64)
    with pytest.raises(StorageError, match="ne correspond pas"):
        copies.read_copy(copy, tmp_path)
