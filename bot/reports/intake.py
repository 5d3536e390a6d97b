"""The intake of reports, shared by the chat and the web form.

The chat and the form have separate limits and pages. This module reviews and files reports, shows them to
their authors, adds messages to them and withdraws them. The methods that open a session must run on the
storage thread; `review`, which stores nothing, may run on any thread.
"""

# ruff: noqa: PLC0415 — most runs receive no report, so the modules are imported at the first one

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

from bot.conversation.messages import SHORTCUT_LENGTH, Message, Quote, Text, clean
from bot.reports.limits import REFUSAL, Limiter

if TYPE_CHECKING:
    from bot.conversation.requests import Actor
    from bot.people.office import Office
    from bot.policy.library import Library
    from bot.reports.addresses.addresses import Addresses
    from bot.reports.channels import Channel
    from bot.reports.drafts import Drafts
    from bot.reports.filing import Report
    from bot.reports.identifying import Identifying, IdentifyingMark
    from bot.reports.records import Records, Session
    from bot.reports.reporter_access import Followup

TOO_MANY: Final = Message(Text(REFUSAL))


@dataclass(frozen=True, slots=True)
class ReportReview:
    """A report to show to its author before it is sent.

    `problems`: the problems that prevent sending, in French, by form field. `marks`: the passages that may
    identify someone, by field: « address » and « summary ».
    """

    report: Report
    problems: Mapping[str, str]
    marks: Mapping[str, Sequence[IdentifyingMark]]


@dataclass(frozen=True, slots=True)
class Reporting:
    """The service that receives reports.

    `addresses` and `identifying` load their data at the first report, since most runs never need it.
    `channels`: the other places to turn to. `web_form`: the public address of the web form, "" if it is not
    shown.
    """

    office: Office
    library: Library
    records: Records
    addresses: Callable[[], Addresses]
    identifying: Callable[[], Identifying]
    drafts: Drafts
    limiter: Limiter
    channels: Sequence[Channel]
    web_form: str

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Yield the records in one transaction. Use it on the storage thread."""
        with self.office.storage.transaction() as db:
            yield self.records.at(db)

    def fade(self) -> None:
        """Delete expired drafts and counts."""
        self.drafts.fade()
        self.limiter.forget()

    def limit(self, actor: Actor, press: str) -> Message | None:
        """Count a report without storing its author. Return a refusal if a limit is reached, else None.

        `press`: the text of the button that sends the draft, which ends with the draft's name. If it is
        pressed again before the draft is filed, the draft is not counted twice. If filing then fails, the
        caller stops counting the draft (see `Limiter.give_back`).
        """
        draft = press.rpartition(" ")[2]
        if self.drafts.counted.get(draft) is None:
            if not self.limiter.take(_account(actor)):
                return TOO_MANY
            self.drafts.counted.store(content=True, owner=self.alias(actor), name=draft)
        return None

    def alias(self, actor: Actor) -> bytes:
        """Return a reporter's alias (see `Limiter.alias`), by which their drafts are counted."""
        return self.limiter.alias(_account(actor))

    # --- The clause on negative posts

    def clause(self) -> Quote | None:
        """Return the clause on negative posts, None if the policy has none."""
        return self.records.ground().quote

    @property
    def offered(self) -> bool:
        """Whether reports are offered: the profile says who receives them, and under which clause."""
        return self.office.reports

    def shortcut(self) -> str:
        """Return the label of the entry for reports in a message's menu, at most `SHORTCUT_LENGTH` long.

        Return "" when reports are not offered.

        The policy's name distinguishes it from the platform's own entry. It contains no clause number, so
        that the manifest pasted into Slack, and Discord's registration, stay valid after a renumbering.
        """
        if not self.offered:
            return ""
        label = f"Signaler ({self.records.ground().policy})"
        return label if len(label) <= SHORTCUT_LENGTH else "Signaler"

    # --- Reporting

    def first_address(self, text: str) -> str:
        """Return the canonical form of the first address in a text, or ""."""
        post = self.addresses().find(text)
        return post.canonical if post else ""

    def cleaned(self, text: str) -> str:
        """Return a text without control characters, with canonical addresses (see `Addresses.cleaned`)."""
        return self.addresses().cleaned(clean(text).strip())

    def review(self, typed: Report, recipients: Sequence[str]) -> ReportReview:
        """Clean a typed report, find the address of its post, and check the rest. Nothing is stored.

        `recipients`: the roles that receive reports. If `address` contains a web address, only its canonical
        form is kept.
        """
        from bot.reports.filing import NAME_LENGTH, PLACE_LENGTH, SUMMARY_LENGTH
        from bot.reports.records import SEVERITIES

        post = self.addresses().find(clean(typed.address))
        report = replace(
            typed,
            address=post.canonical if post else self.cleaned(typed.address)[:PLACE_LENGTH],
            platform=post.platform if post else "",
            canonical=post is not None,
            summary=self.cleaned(typed.summary)[:SUMMARY_LENGTH],
            recipient=typed.recipient or next(iter(recipients), ""),
            implicated=tuple(role for role in recipients if role in typed.implicated),
            name=" ".join(clean(typed.name).split())[:NAME_LENGTH],
        )
        checks = (
            ("address", report.address, "Donnez l'adresse de la publication, ou dites où elle se trouve."),
            ("summary", report.summary, "Dites en quelques mots ce que la publication dit."),
            ("severity", report.severity in SEVERITIES, "Choisissez la gravité."),
            ("recipient", report.recipient in recipients, "Choisissez à qui le transmettre."),
        )
        problems = {field: problem for field, valid, problem in checks if not valid}
        identifying = self.identifying()
        address_marks = () if report.canonical else identifying.marks(report.address)
        marks = {"address": address_marks, "summary": identifying.marks(report.summary)}
        return ReportReview(report, problems, marks)

    def file(self, report: Report, image: bytes | None = None, code: str = "") -> str:
        """File a reviewed report and return its code (see `filing.file_report`)."""
        from bot.reports import filing

        with self.session() as session:
            return filing.file_report(session, report, image, code)

    def use_of(self, code: str) -> Literal["none", "filed", "withdrawn"]:
        """Return « filed » for the code of a report, « withdrawn » for one just withdrawn, else « none »."""
        from bot.reports.reporter_access import UnknownCodeError

        receipt = self.receipt_of(code)
        try:
            self.follow(receipt)
        except UnknownCodeError:
            return "withdrawn" if self.drafts.withdrawn.get(receipt) else "none"
        return "filed"

    # --- With the code of a report, or its lookup hash

    def receipt_of(self, typed: str) -> str:
        """Return the lookup hash of a text, whether or not it is a code."""
        from bot.reports import reporter_access

        with self.session() as session:
            return reporter_access.receipt_of(session, typed)

    def follow(self, receipt: str) -> Followup:
        """Return a report as shown to its author. Raises `UnknownCodeError`."""
        from bot.reports import reporter_access

        with self.session() as session:
            return reporter_access.follow(session, receipt)

    def add(self, receipt: str, text: str) -> None:
        """Clean a message and add it to a report. Raises `ReportError` (see `reporter_access.add`)."""
        from bot.reports import reporter_access

        with self.session() as session:
            reporter_access.add(session, receipt, self.cleaned(text))

    def withdraw(self, receipt: str) -> None:
        """Destroy a report at once. Raises `UnknownCodeError`."""
        from bot.reports import reporter_access

        with self.session() as session:
            reporter_access.withdraw(session, receipt)
        self.drafts.withdrawn.put(receipt, receipt)


def _account(actor: Actor) -> str:
    team = "" if actor.platform == "discord" else actor.team
    return f"{actor.platform}:{team}/{actor.user}"
