"""Dates as people write them: one day, or the reason why it is not one."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.language.dates import DateError, in_full, read_date
from bot.times import in_words

TODAY = date(2026, 11, 24)  # a Tuesday
days = st.dates(date(1950, 1, 1), date(2150, 12, 31))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2027-03-03", "2027-03-03"),
        ("2027/3/3", "2027-03-03"),
        ("le 3 mars 2027", "2027-03-03"),
        ("Mercredi 3 Mars 2027.", "2027-03-03"),
        ("mercredi, le 3 mars 2027", "2027-03-03"),
        ("3 mars, 2027", "2027-03-03"),
        ("le trois mars deux mille vingt-sept", "2027-03-03"),
        ("1er mai 2027", "2027-05-01"),
        ("le 1 er mai 2027", "2027-05-01"),
        ("premier mai 2027", "2027-05-01"),
        ("à compter du 1er janvier 2027", "2027-01-01"),
        ("dès le 1er janvier 2027", "2027-01-01"),
        ("12 août 2027", "2027-08-12"),
        ("12 aout 2027", "2027-08-12"),
        ("12 déc. 2027", "2027-12-12"),
        ("03/03/2027", "2027-03-03"),
        ("15/03/2027", "2027-03-15"),
        ("03/15/2027", "2027-03-15"),
        ("15.03.2027", "2027-03-15"),
        ("March 3, 2027", "2027-03-03"),
        ("3rd of March 2027", "2027-03-03"),
        ("29 février 2028", "2028-02-29"),
    ],
)
def test_a_day_written_in_full_is_read_and_nothing_is_inferred(text: str, day: str) -> None:
    read = read_date(text, TODAY)
    assert (read.day.isoformat(), read.exact) == (day, True)


@pytest.mark.parametrize(
    ("text", "ahead", "back"),
    [
        ("12 janvier", "2027-01-12", "2026-01-12"),
        ("24 novembre", "2026-11-24", "2026-11-24"),
        ("1er mai", "2027-05-01", "2026-05-01"),
        ("29 février", "2028-02-29", "2024-02-29"),
        ("13/12", "2026-12-13", "2025-12-13"),
        ("lundi", "2026-11-30", "2026-11-23"),
        ("mardi", "2026-12-01", "2026-11-17"),
        ("le 15", "2026-12-15", "2026-11-15"),
        ("le 24", "2026-11-24", "2026-11-24"),
        ("le 31", "2026-12-31", "2026-10-31"),
    ],
)
def test_what_is_left_out_is_taken_on_the_side_of_today_that_is_meant(
    text: str, ahead: str, back: str
) -> None:
    assert read_date(text, TODAY).day.isoformat() == ahead
    assert read_date(text, TODAY, past=True).day.isoformat() == back
    assert not read_date(text, TODAY).exact


@pytest.mark.parametrize(
    ("text", "days_ahead"),
    [
        ("aujourd'hui", 0),
        ("Aujourd’hui", 0),
        ("demain", 1),
        ("après-demain", 2),
        ("apres demain", 2),
        ("hier", -1),
        ("avant-hier", -2),
        ("lundi prochain", 6),
        ("mardi prochain", 7),
        ("lundi en huit", 13),
        ("ce vendredi", 3),
        ("vendredi dernier", -4),
        ("next monday", 6),
        ("dans deux semaines", 14),
        ("dans 10 jours", 10),
        ("d'ici quinze jours", 15),
        ("dans une semaine", 7),
        ("il y a trois jours", -3),
        ("2 days ago", -2),
    ],
)
def test_a_day_said_from_today_is_counted_and_is_to_be_confirmed(text: str, days_ahead: int) -> None:
    read = read_date(text, TODAY)
    assert (read.day - TODAY, read.exact) == (timedelta(days_ahead), False)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("dans un mois", "2026-12-24"),
        ("dans trois mois", "2027-02-24"),
        ("dans un an", "2027-11-24"),
        ("il y a un mois", "2026-10-24"),
        ("le 15 du mois prochain", "2026-12-15"),
        ("3 mars 27", "2027-03-03"),
        ("3 fevirer 2027", "2027-02-03"),  # misspelt, so it is said back
    ],
)
def test_what_is_shortened_or_misspelt_is_read_and_is_to_be_confirmed(text: str, day: str) -> None:
    read = read_date(text, TODAY)
    assert (read.day.isoformat(), read.exact) == (day, False)


def test_a_month_later_is_never_past_its_end() -> None:
    assert read_date("dans un mois", date(2027, 1, 31)).day == date(2027, 2, 28)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            "04/03/2027",
            "peut être le 4\u00a0mars\u00a02027 ou le 3\u00a0avril\u00a02027. Écrivez",
        ),
        (
            "03-04-05",
            "le 4\u00a0mars\u00a02005 ou le 3\u00a0avril\u00a02005",
        ),
        ("31 février 2027", "Le 31\u00a0février\u00a02027 n'existe pas."),
        ("31 avril", "n'existe pas"),
        ("2027-13-01", "Il n'y a pas de mois 13."),
        ("mardi 3 mars 2027", "Le 3\u00a0mars\u00a02027 est un mercredi, pas un mardi."),
        ("45/45/2027", "n'est le jour d'aucun mois"),
        ("le 32", "n'est le jour d'aucun mois"),
        ("il y a 500 ans", "L'année 1526 n'est pas la bonne."),
        ("", "Il manque la date."),
        ("  ", "Il manque la date."),
        ("bientôt", "«\u00a0bientôt\u00a0» n'est pas une date que je lis"),
        ("janvier", "n'est pas une date"),
        ("2027", "n'est pas une date"),
        ("l'an prochain", "n'est pas une date"),
        ("3 jui 2027", "n'est pas une date"),  # June or July
        ("deux semaines", "n'est pas une date"),
        ("<@U1> & co", "n'est pas une date"),
    ],
)
def test_what_is_not_one_day_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(DateError) as refused:
        read_date(text, TODAY)
    assert why in str(refused.value)


@given(days)
def test_what_we_write_we_read(day: date) -> None:
    for text in (day.isoformat(), in_words(day), in_full(day), f"le {in_words(day)}"):
        read = read_date(text, TODAY)
        assert (read.day, read.exact) == (day, True)


@given(st.text(max_size=40))
def test_anything_is_a_day_or_a_refusal(text: str) -> None:
    with suppress(DateError):
        assert read_date(text, TODAY).day.year >= 1900
