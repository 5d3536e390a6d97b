"""`vigie`, or `python -m bot`."""

from __future__ import annotations

import gc


def main() -> None:
    """Run the command line."""
    # Reading modules makes many objects and leaves no garbage: collecting meanwhile costs a fifth of
    # the start.
    gc.disable()
    from bot import cli  # noqa: PLC0415 — it reads every module

    gc.freeze()
    gc.enable()
    cli.main()


if __name__ == "__main__":
    main()
