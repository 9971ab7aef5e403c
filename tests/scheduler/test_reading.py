"""Whatever is handed in, each fault has its path and its sentence, and nothing else comes back."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler import (
    InputError,
    Plan,
    Problem,
    plan_from_json,
    plan_to_json,
    problem_from_json,
    problem_to_json,
    validate,
)
from scheduler.problem import OBJECTIVES
from tests.scheduler.documents import (
    BAD_PROBLEMS,
    UNREADABLE,
    Document,
    Spoil,
    add,
    drop,
    plan_document,
    problem_document,
    put,
)

BAD_PLANS: dict[str, tuple[Spoil, str]] = {
    "no format": (drop("format"), "$.format"),
    "a problem's format": (put("format", value="openmap-problem/1"), "$.format"),
    "an unknown key": (put("score", value=1), "$.score"),
    "no meetings": (drop("meetings"), "$.meetings"),
    "meetings that are an object": (put("meetings", value={}), "$.meetings"),
    "a meeting without a slot": (drop("meetings", 0, "slot"), "$.meetings[0].slot"),
    "a meeting that is null": (add("meetings", value=None), "$.meetings[2]"),
    "a table that is a number": (put("meetings", 0, "table", value=1), "$.meetings[0].table"),
    "an unknown status": (put("status", value="perfect"), "$.status"),
    "a value that is a text": (put("objectives", 0, "value", value="17"), "$.objectives[0].value"),
    "a value that is a list of texts": (put("objectives", 0, "value", value=["17"]), "$.objectives[0].value"),
    "a proof that is a number": (put("objectives", 0, "proved", value=1), "$.objectives[0].proved"),
    "seconds that are true": (put("seconds", value=True), "$.seconds"),
    "a seed that is a text": (put("seed", value="1"), "$.seed"),
    "steps that are a text": (put("unserved", 0, "would_need", value="T01"), "$.unserved[0].would_need"),
}


def paths(error: InputError) -> list[str]:
    assert error.faults
    for fault in error.faults:
        assert fault.path.startswith("$")
        assert len(fault.sentence) > 10
        assert fault.sentence.endswith(".")
        assert not any(unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"} for letter in str(fault))
        assert len(str(fault)) < 500
    return [fault.path for fault in error.faults]


@pytest.mark.parametrize("name", BAD_PROBLEMS)
def test_a_bad_problem_is_refused_where_it_is_bad(name: str) -> None:
    spoil, path = BAD_PROBLEMS[name]
    document = problem_document()
    spoil(document)
    with pytest.raises(InputError) as refusal:
        problem_from_json(json.dumps(document))
    assert any(told.startswith(path) for told in paths(refusal.value))


@pytest.mark.parametrize("name", BAD_PLANS)
def test_a_bad_plan_is_refused_where_it_is_bad(name: str) -> None:
    spoil, path = BAD_PLANS[name]
    document = plan_document()
    spoil(document)
    with pytest.raises(InputError) as refusal:
        plan_from_json(json.dumps(document))
    assert path in paths(refusal.value)


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_no_document_is_refused_in_words(name: str) -> None:
    with pytest.raises(InputError) as refusal:
        problem_from_json(UNREADABLE[name])
    assert paths(refusal.value)
    with pytest.raises(InputError) as refusal:
        plan_from_json(UNREADABLE[name])
    assert paths(refusal.value)


def test_a_key_given_twice_is_told() -> None:
    text = json.dumps(problem_document()).replace('"value": 12', '"value": 12, "value": 13')
    with pytest.raises(InputError) as refusal:
        problem_from_json(text)
    assert any("value" in str(fault) for fault in refusal.value.faults)


def test_a_number_beyond_all_numbers_is_told() -> None:
    with pytest.raises(InputError) as refusal:
        plan_from_json(json.dumps(plan_document()).replace('"seconds": 0.2', '"seconds": 1e999'))
    assert paths(refusal.value) == ["$.seconds"]


def test_all_faults_are_told_at_once() -> None:
    document = problem_document()
    for name in ("an unknown side", "negative delegates", "a value of nothing", "an unknown key"):
        BAD_PROBLEMS[name][0](document)
    with pytest.raises(InputError) as refusal:
        problem_from_json(json.dumps(document))
    assert set(paths(refusal.value)) == {
        BAD_PROBLEMS[name][1]
        for name in BAD_PROBLEMS
        if name in ("an unknown side", "negative delegates", "a value of nothing", "an unknown key")
    }


def test_every_text_form_of_one_document_is_the_same_problem() -> None:
    document = problem_document()
    text = json.dumps(document, ensure_ascii=False)
    problem = problem_from_json(document)
    assert problem_from_json(text) == problem
    assert problem_from_json(text.encode()) == problem
    assert problem_from_json(text.encode("utf-8-sig")) == problem
    assert problem_from_json(problem_to_json(problem)) == problem


def test_names_in_french_typography_are_welcome() -> None:
    name = "Régie «\u00a0L’Élan\u00a0» d’Évry\u202f: ré\u00ademploi"
    document = problem_document()
    put("participants", 0, "name", value=name)(document)
    put("tables", 0, "label", value=name)(document)
    problem = problem_from_json(json.dumps(document))
    assert problem.participants[0].name == name
    assert problem_from_json(json.dumps(problem_to_json(problem))) == problem


def test_what_is_left_out_has_the_default_of_the_contract() -> None:
    document = problem_document()
    for key in ("tables", "locks", "exclusions", "settings"):
        del document[key]
    document["participants"] = [{"id": "B1", "side": "buyer"}, {"id": "S1", "side": "structure"}]
    document["requests"] = [{"id": "R1", "buyer": "B1", "structure": "S1", "value": 1}]
    problem = problem_from_json(document)
    person, request = problem.participants[0], problem.requests[0]
    assert (person.delegates, person.min_meetings) == (1, 0)
    assert (person.available, person.max_meetings, person.max_run, person.table) == (None, None, None, None)
    assert (request.required, request.slots) == (False, None)
    assert problem.tables is None
    assert problem.settings.objectives == OBJECTIVES
    assert problem_from_json(problem_to_json(problem)) == problem


def test_an_empty_list_is_not_an_absent_one() -> None:
    document = problem_document()
    document["participants"][1]["available"] = []
    document["tables"] = [{"id": "A1"}]
    document["requests"][1]["slots"] = []
    problem = problem_from_json(document)
    assert problem.participants[1].available == ()
    assert problem.requests[1].slots == ()
    assert problem_from_json(json.dumps(problem_to_json(problem))) == problem


def test_a_good_plan_is_read_and_written_back() -> None:
    plan = plan_from_json(json.dumps(plan_document()))
    assert plan_to_json(plan) == plan_document()
    assert plan_from_json(plan_to_json(plan)) == plan


def test_a_plan_without_figures_is_enough_to_check_one() -> None:
    document: Document = {"format": "openmap-plan/1", "meetings": plan_document()["meetings"]}
    assert len(plan_from_json(document).meetings) == 2


def test_validate_says_of_values_what_reading_says_of_json() -> None:
    problem = problem_from_json(problem_document())
    assert validate(problem) == []


def read_or_refusal(read: Callable[[str], Problem | Plan], text: str) -> Problem | Plan | InputError:
    """Return what was read, or the refusal once its words were held against the house rules."""
    try:
        return read(text)
    except InputError as refusal:
        paths(refusal)
        return refusal


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_anything_anywhere_is_a_problem_or_a_refusal(data: st.DataObject) -> None:
    document = data.draw(st.sampled_from((problem_document(), plan_document())))
    place: object = document
    while isinstance(place, dict | list) and place:
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        inner = place[key]
        if isinstance(inner, dict | list) and inner and data.draw(st.integers(0, 3)):
            place = inner
            continue
        place[key] = data.draw(anything)
        break
    text = json.dumps(document)
    assert isinstance(read_or_refusal(problem_from_json, text), Problem | InputError)
    assert isinstance(read_or_refusal(plan_from_json, text), Plan | InputError)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=40) | anything.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_refused_in_words(content: bytes) -> None:
    for read in (problem_from_json, plan_from_json):
        with pytest.raises(InputError) as refusal:
            read(content)
        assert paths(refusal.value)
