"""The keys of reports: nothing opens without them, they are never remade silently, they can be changed."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.app.starting import reminders
from bot.reports import keys
from bot.reports.keys import KEY_FILE, LARGEST, LENGTH_BYTES, SIZES, SealError, load_keyring, new_keyring
from bot.storage.database import StorageError
from tests.reports.test_traces import Life, report, withdraw

pytestmark = pytest.mark.attack("Clés et copies forgées")

RING = new_keyring()


@given(st.binary(max_size=5_000))
def test_what_is_sealed_opens_whole(plain: bytes) -> None:
    assert RING.open(RING.seal(plain)) == plain


def test_two_seals_of_one_content_share_nothing() -> None:
    first, second = RING.seal(b"Une publication."), RING.seal(b"Une publication.")
    assert first[11:43] != second[11:43]
    assert b"publication" not in first + second


def test_the_size_of_what_is_sealed_tells_only_its_class() -> None:
    sizes = {len(RING.seal(b"x" * length)) for length in range(0, SIZES[0] - LENGTH_BYTES, 97)}
    assert len(sizes) == 1
    assert len(RING.seal(b"x" * (SIZES[0] - LENGTH_BYTES + 1))) > max(sizes)
    assert len(RING.open(RING.seal(b"x" * LARGEST))) == LARGEST
    with pytest.raises(ValueError, match="at most"):
        RING.seal(b"x" * (LARGEST + 1))


@given(st.integers(min_value=0), st.integers(1, 255))
def test_a_seal_that_was_altered_does_not_open(at: int, change: int) -> None:
    sealed = bytearray(RING.seal(b"Une publication."))
    sealed[at % len(sealed)] ^= change
    with pytest.raises(SealError):
        RING.open(bytes(sealed))


@given(st.binary(max_size=300))
def test_what_was_never_sealed_does_not_open(content: bytes) -> None:
    with pytest.raises(SealError):
        RING.open(content)


def test_keys_are_made_once_and_are_their_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "cles"
    made = load_keyring(folder, create=True)
    sealed = made.seal(b"Une publication.")
    assert stat.S_IMODE((folder / KEY_FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    again = load_keyring(folder, create=True)
    assert again.open(sealed) == b"Une publication."
    assert (again.code_key, again.address_key) == (made.code_key, made.address_key)


def test_lost_keys_are_refused_and_not_made_again(tmp_path: Path) -> None:
    load_keyring(tmp_path, create=True)
    (tmp_path / KEY_FILE).unlink()
    with pytest.raises(StorageError, match="Remettez-les en place"):
        load_keyring(tmp_path)
    assert not (tmp_path / KEY_FILE).exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"\xff\xfe", b'{"version": 1, "recherche": "", "sceaux": []}',
     b'{"version": 1, "recherche": "AAAA", "sceaux": ["AAAA"]}',
     b'{"version": 2, "recherche": "AAAA", "sceaux": ["AAAA"]}',
     b'{"version": 1, "recherche": "' + b"A" * 43 + b'=", "sceaux": ["\xc3\xa9"]}'],
)  # fmt: skip
def test_damaged_keys_are_refused_even_to_who_would_make_them(tmp_path: Path, content: bytes) -> None:
    (tmp_path / KEY_FILE).write_bytes(content)
    with pytest.raises(StorageError, match="abîmées"):
        load_keyring(tmp_path, create=True)
    assert (tmp_path / KEY_FILE).read_bytes() == content


def test_other_keys_do_not_open(tmp_path: Path) -> None:
    sealed = load_keyring(tmp_path / "a", create=True).seal(b"Une publication.")
    with pytest.raises(SealError, match="il manque la clé"):
        load_keyring(tmp_path / "b", create=True).open(sealed)


def test_a_new_key_seals_and_the_former_one_opens_until_it_is_destroyed(tmp_path: Path) -> None:
    running = load_keyring(tmp_path, create=True)
    old = running.seal(b"Une publication.")
    turned = keys.rotate(tmp_path)
    assert turned.former_names == (running.current_name,)
    new = turned.resealed(old)
    assert new is not None
    assert turned.resealed(new) is None
    assert (turned.code_key, turned.address_key) == (running.code_key, running.address_key)
    assert running.open(new) == b"Une publication.", "a bot that runs finds the key that was made since"
    assert keys.retire(tmp_path, turned.former_names) == (), "something is still sealed with it"
    assert keys.retire(tmp_path, [turned.current_name]) == turned.former_names
    assert keys.retire(tmp_path, ()) == ()
    left = load_keyring(tmp_path)
    assert left.open(new) == b"Une publication."
    with pytest.raises(SealError):
        left.open(old)


def test_the_keys_are_never_shown() -> None:
    shown = repr(RING)
    assert all(one not in shown for one in (repr(RING.code_key), RING.code_key.hex(), "PrivateKey"))
    assert RING.code_key != RING.address_key


# --- The keys of another installation -----------------------------------------------------------


async def test_with_the_keys_of_another_installation_no_report_is_taken(tmp_path: Path) -> None:
    """What they would seal is lost as soon as the right ones are back."""
    life = Life(tmp_path)
    file = life.bot.settings.keys() / KEY_FILE
    code, own = await report(life.bot, "https://exemple.ca/1"), file.read_bytes()
    file.unlink()
    load_keyring(file.parent, create=True)
    with pytest.raises(StorageError, match="ne sont pas celles"):
        await report(life.bot, "https://exemple.ca/2")
    assert [line for line in reminders(life.bot) if "ne sont pas celles" in line]
    assert life.rows("SELECT count(*) FROM report_filings") == [(1,)]
    file.write_bytes(own)
    await report(life.bot, "https://exemple.ca/2")
    assert life.bot.reporting.use_of(code) == "filed"
    life.storage.close()


async def test_lost_keys_are_not_replaced_in_silence_even_once_every_report_is_destroyed(
    tmp_path: Path,
) -> None:
    life = Life(tmp_path)
    await withdraw(life.bot, await report(life.bot, "https://exemple.ca/1"))
    (life.bot.settings.keys() / KEY_FILE).unlink()
    with pytest.raises(StorageError, match="vigie cles refaire"):
        await report(life.bot, "https://exemple.ca/2")
    life.storage.close()
