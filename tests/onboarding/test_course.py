"""What is to be read and asked, from the files, in the version in force each day."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import pytest
from sqlite_utils import Database

from bot.conversation.requests import UserError
from bot.onboarding.course import open_course
from bot.onboarding.enrolment import OnboardingPlan
from bot.policy import loading
from bot.policy.articles import PolicyError
from bot.register.attestations import Attesting
from bot.settings import SEED
from tests.conftest import TODAY
from tests.kits.quiz import TARGET

TEXT = SEED / "politique" / "pa20" / "2015-12-13.md"


def never(_db: Database, _attesting: Attesting) -> None:
    raise AssertionError


def test_the_course_is_on_the_shipped_text_and_questions() -> None:
    course = open_course(loading.load_library([SEED], "pa20", lambda: TODAY), [SEED], never, OnboardingPlan())
    target = course.target()
    assert (target.policy, target.version) == ("pa20", date(2015, 12, 13))
    assert target.sha256 == hashlib.sha256(TEXT.read_bytes()).hexdigest()
    assert course.target().statement == TARGET.statement.removesuffix(".")
    assert len(course.questions().questions) >= 90
    assert course.bank() is course.bank()


def test_an_adopted_revision_changes_the_course_on_its_day_and_keeps_its_questions_out(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "politique" / "pa20"
    folder.mkdir(parents=True)
    text = TEXT.read_text(encoding="utf-8").replace("nous vous invitons à vous abstenir", "abstenez-vous")
    (folder / "2027-01-20.md").write_text(text, encoding="utf-8")
    today = [date(2027, 1, 19)]
    library = loading.load_library([SEED, tmp_path], "pa20", lambda: today[0])
    course = open_course(library, [SEED, tmp_path], never, OnboardingPlan())
    before = course.bank()
    assert course.target().version == date(2015, 12, 13)
    today[0] = date(2027, 1, 20)
    assert course.target().version == date(2027, 1, 20)
    assert course.target().sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert course.reading().version.adopted == date(2027, 1, 20)
    stale = {one.id for one in course.bank().stale}
    bound = {question.id for question in before.questions if str(question.clause) == "5.10" and question.hash}
    assert stale == bound


def test_a_policy_without_questions_has_no_quiz_and_a_broken_file_is_told_at_once(tmp_path: Path) -> None:
    library = loading.load_library([SEED], "pa20", lambda: TODAY)
    course = open_course(library, [tmp_path], never, OnboardingPlan())
    with pytest.raises(UserError, match="pas prêt"):
        course.questions()
    (tmp_path / "politique" / "pa20").mkdir(parents=True)
    (tmp_path / "politique" / "pa20" / "quiz.toml").write_bytes(b"\xff")
    with pytest.raises(PolicyError, match="UTF-8"):
        open_course(library, [tmp_path], never, OnboardingPlan())
