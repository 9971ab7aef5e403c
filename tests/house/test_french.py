"""Dates, hours and figures are worded as French readers write them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from openmap.web import french

PARIS = ZoneInfo("Europe/Paris")


def plain(text: str) -> str:
    """Return the text with plain spaces."""
    return text.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2017, 11, 16), "jeudi 16 novembre 2017"),
        (date(2018, 5, 1), "mardi 1er mai 2018"),
        (date(2018, 5, 11), "vendredi 11 mai 2018"),
    ],
)
def test_long_date(day: date, words: str) -> None:
    assert french.long_date(day) == words


def test_hours_follow_the_zone_and_its_summer_time() -> None:
    assert plain(french.clock(datetime(2017, 11, 16, 10, 15, tzinfo=UTC), PARIS)) == "11 h 15"
    assert plain(french.clock(datetime(2017, 7, 16, 7, 0, tzinfo=UTC), PARIS)) == "9 h"
    assert plain(french.moment(datetime(2017, 12, 31, 23, 5, tzinfo=UTC), PARIS)) == "lundi 1er janvier 2018, 0 h 05"


def test_hours_never_break_across_lines() -> None:
    assert " " not in french.clock(datetime(2017, 11, 16, 10, 15, tzinfo=UTC), PARIS)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.04, "0,0 s"),
        (1.94, "1,9 s"),
        (12.4, "12 s"),
        (60, "1 min"),
        (125, "2 min 05 s"),
        (7200, "2 h"),
        (7500, "2 h 05 min"),
        (3e8, "3 472 jours"),
    ],
)
def test_duration(seconds: float, words: str) -> None:
    assert plain(french.duration(seconds)) == words


@pytest.mark.parametrize(("count", "words"), [(0, "0 structure"), (1, "1 structure"), (1234, "1 234 structures")])
def test_counted(count: int, words: str) -> None:
    assert plain(french.counted(count, "structure")) == words


def test_shares_and_quarters() -> None:
    assert plain(french.percent(0.004)) == "0,4 %"
    assert plain(french.percent(0.43)) == "43 %"
    assert french.quarter("2018-T1") == "1er trimestre 2018"
    assert french.quarter("2018-T4") == "4e trimestre 2018"


def test_a_name_breaks_after_a_long_elision_only_and_is_escaped() -> None:
    assert french.breakable("Recyclo’Pôle d'Ivry <b>") == "Recyclo’<wbr>Pôle d&#39;Ivry &lt;b&gt;"


def test_names_sort_without_accents() -> None:
    assert sorted(["Zèbre", "Éco", "ares"], key=french.sort_key) == ["ares", "Éco", "Zèbre"]


def test_a_sentence_is_set_as_french_readers_know_it() -> None:
    told = french.typographic("« l'an » n'est pas un nombre : lequel ? '24'")
    assert told == "«\u00a0l’an\u00a0» n’est pas un nombre\u00a0: lequel\u00a0? '24'"
