"""`python -m tests.release.components FOLDER`: write the list of what Vigie is made of, in CycloneDX.

It is made from `requirements.lock`, which has every library that may be installed, on any system, with the
fingerprints of its files. The same lock makes the same bytes.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from bot import __version__

ROOT = Path(__file__).resolve().parents[2]


def main(folder: Path) -> None:
    """Write `vigie-<version>.cdx.json` in a folder."""
    path = folder / f"vigie-{__version__}.cdx.json"
    subprocess.run(
        [
            sys.executable, "-W", "ignore", "-m", "cyclonedx_py", "requirements", "requirements.lock",
            "--pyproject", "pyproject.toml", "--output-reproducible", "--output-file", path,
        ],
        check=True,
        cwd=ROOT,
    )  # fmt: skip
    components = json.loads(path.read_bytes())
    components["metadata"]["component"]["version"] = __version__  # which pyproject.toml does not say
    path.write_text(json.dumps(components, ensure_ascii=False, indent=1, sort_keys=True) + "\n", "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
