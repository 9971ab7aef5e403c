"""What cells of purchase plans say: periods, amounts, lengths, codes, and which column is what."""

from __future__ import annotations

from datetime import date

import pytest

from openmap.needs.cells import amount_in, band_of, codes_in, day_in, period_in, years_in
from openmap.needs.guessing import ALIASES, FIELDS, guess_columns
from openmap.needs.models import AMOUNTS, CERTAINTIES, DELIVERIES, LEVERS, PROCEDURES, RECURRENCES
from openmap.needs.plan_words import WORDS
from openmap.reference.words import folded


@pytest.mark.parametrize(
    ("text", "starts", "ends", "quarter"),
    [
        ("T1 2027", date(2027, 1, 1), date(2027, 3, 31), "2027-T1"),
        ("1er trimestre 2027", date(2027, 1, 1), date(2027, 3, 31), "2027-T1"),
        ("2027-T2", date(2027, 4, 1), date(2027, 6, 30), "2027-T2"),
        ("mars 2027", date(2027, 1, 1), date(2027, 3, 31), "2027-T1"),
        ("janv.-27", date(2027, 1, 1), date(2027, 3, 31), "2027-T1"),
        ("15/08/2027", date(2027, 7, 1), date(2027, 9, 30), "2027-T3"),
        ("2027-08-15", date(2027, 7, 1), date(2027, 9, 30), "2027-T3"),
        ("11/2027", date(2027, 10, 1), date(2027, 12, 31), "2027-T4"),
        ("46500", date(2027, 4, 1), date(2027, 6, 30), "2027-T2"),  # the serial number of 23 April 2027
        ("2e semestre 2027", date(2027, 7, 1), date(2027, 12, 31), None),
        ("2027", date(2027, 1, 1), date(2027, 12, 31), None),
    ],
)
def test_periods_are_read_as_buyers_write_them(text: str, starts: date, ends: date, quarter: str | None) -> None:
    found = period_in(text)
    assert found is not None
    assert (found.starts_on, found.ends_on, found.quarter) == (starts, ends, quarter)


@pytest.mark.parametrize("text", ["", "dès que possible", "T5 2027", "13/2027", "31/02/2027", "1899", "99999999999999"])
def test_what_is_no_period_is_not_taken_for_one(text: str) -> None:
    assert period_in(text) is None


def test_a_day_is_one_of_this_century() -> None:
    assert day_in("31/12/2027") == date(2027, 12, 31)
    assert day_in("31/12/1927") is None


@pytest.mark.parametrize(
    ("text", "title", "band"),
    [
        ("12 500", "", "10k_40k"),
        ("120 000,50 €", "", "90k_221k"),
        ("120.000", "", "90k_221k"),
        ("45 k€", "", "40k_90k"),
        ("1,2 M€", "", "over_1m"),
        ("entre 40 et 90 k€", "", "40k_90k"),
        ("Moins de 10 000 €", "", "under_10k"),
        ("60", "Montant (k€ HT)", "40k_90k"),
        ("1 500 000 € HT", "", "over_1m"),
    ],
)
def test_amounts_are_read_with_their_units(text: str, title: str, band: str) -> None:
    amount = amount_in(text, title)
    assert amount is not None
    assert band_of(amount) == band


@pytest.mark.parametrize("text", ["", "NC", "à définir", "1.2.3.4", "0"])
def test_what_is_no_amount_is_not_taken_for_one(text: str) -> None:
    assert amount_in(text) is None


@pytest.mark.parametrize(
    ("text", "title", "years"),
    [
        ("48 mois", "", 4),
        ("4 ans", "", 4),
        ("48", "", 4),
        ("6", "Durée (mois)", 0.5),
        ("1 an + 3 reconductions", "", 4),
    ],
)
def test_lengths_are_read_in_years(text: str, title: str, years: float) -> None:
    assert years_in(text, title) == years


def test_cpv_codes_lose_their_key_and_what_is_none_is_told() -> None:
    assert codes_in("90911200-8, 77310000 ; 90911200") == (["90911200", "77310000"], False)
    assert codes_in("9091") == ([], True)
    assert codes_in("") == ([], False)


def test_columns_are_known_by_what_buyers_call_them() -> None:
    titles = [
        "N°",
        "Objet du marché",
        "Montant annuel en € HT",
        "Date prévisionnelle de lancement",
        "CPV",
        "Fam. achat",
    ]
    guesses = guess_columns(titles, [[""] * 6], {}, {})
    assert [guess.field for guess in guesses] == ["", "title", "yearly", "period", "cpv", "activity"]
    assert [guess.is_sure for guess in guesses] == [False, True, True, True, True, False]


def test_what_was_learned_comes_before_the_table_and_the_buyer_before_all() -> None:
    title = [folded("Objet du marché")]
    learned = guess_columns(["Objet du marché"], [[""]], {}, {title[0]: "description"})
    own = guess_columns(["Objet du marché"], [[""]], {title[0]: ""}, {title[0]: "description"})
    assert (learned[0].field, learned[0].how) == ("description", "learned")
    assert (own[0].field, own[0].how) == ("", "own")


def test_a_field_goes_to_the_surer_of_two_columns() -> None:
    guesses = guess_columns(["Objet du marchés", "Objet"], [["", ""]], {}, {})
    assert [guess.field for guess in guesses] == ["", "title"]


def test_cells_tell_a_column_that_its_title_does_not() -> None:
    guesses = guess_columns(["Réf.", "X"], [["90911200-8", "a@ville.example"], ["77310000", "b@ville.example"]], {}, {})
    assert [guess.field for guess in guesses] == ["cpv", "contact_email"]
    assert not any(guess.is_sure for guess in guesses)


def test_the_tables_of_words_lead_to_what_a_need_can_hold() -> None:
    known = {
        "lever": LEVERS, "procedure": PROCEDURES, "certainty": CERTAINTIES, "recurrence": RECURRENCES,
        "amount": AMOUNTS, "delivery": DELIVERIES,
    }  # fmt: skip
    assert set(ALIASES) == set(FIELDS)
    assert all(value in known[kind] for kind, words in WORDS.items() for value in words)
    told = [folded(alias) for aliases in ALIASES.values() for alias in aliases]
    assert len(told) == len(set(told)), "the same title would mean two things"
