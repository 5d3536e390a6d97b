"""A bot's night in a process of its own: it publishes its site, then ends.

`python -m tests.publication.night FOLDER SITE DAY` prints what the administration is told, in JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, date, datetime, time
from pathlib import Path

from bot.app.tasks import Tasks
from bot.outbox.notices import NoticeContext
from bot.schedule import names
from bot.storage.database import Storage
from tests.publication.publisher import association


async def main(folder: Path, site: str, day: date) -> list[str]:
    """Publish, and return each message to the administration since the beginning."""
    bot = association(folder, Storage(folder / "vigie.db"), vigie_site=site)
    await Tasks(bot, {}).work().errands[names.PUBLISH]({}, datetime.combine(day, time(9), UTC))

    def messages() -> list[str]:
        with bot.storage.transaction() as db:
            queued = db.query("SELECT notice, arguments FROM outbox WHERE recipient = 'role:administration'")
            context = NoticeContext(db, day)
            built = [
                bot.notices.build(context, row["notice"], json.loads(row["arguments"])) for row in queued
            ]
        return ["" if message is None else str(message) for message in built]

    notices = await bot.storage.run(messages)
    bot.storage.close()
    return notices


if __name__ == "__main__":
    folder, site, day = sys.argv[1:]
    sys.stdout.write(json.dumps(asyncio.run(main(Path(folder), site, date.fromisoformat(day)))) + "\n")
