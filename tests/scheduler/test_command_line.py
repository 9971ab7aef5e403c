"""``python -m scheduler`` as its users meet it: exit statuses, one line a fault, and never a traceback."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.instances import DAY, MORNING, instance
from scheduler import plan_from_json, problem_from_json, problem_to_json
from scheduler.__main__ import main
from scheduler.problem import OBJECTIVES, Settings
from tests.scheduler import independent
from tests.scheduler.documents import (
    BAD_PROBLEMS,
    UNREADABLE,
    Document,
    add,
    plan_document,
    problem_document,
    put,
)

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _own_signals() -> Iterator[None]:
    """Give the test run its own handlers back: the command line takes Ctrl-C for itself."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str, Document | bytes], str]:
    """Return a function that writes a document and gives its path."""

    def write(name: str, content: Document | bytes) -> str:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return str(path)

    return write


Write = Callable[[str, Document | bytes], str]
Output = pytest.CaptureFixture[str]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the real command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "scheduler", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def start(*arguments: str) -> subprocess.Popen[str]:
    """Start the real command and leave it running."""
    return subprocess.Popen(
        [sys.executable, "-m", "scheduler", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def refused(told: str) -> list[str]:
    """Return the lines of a refusal after holding each against the house rules."""
    assert "Traceback" not in told
    lines = told.splitlines()
    assert lines
    for line in lines:
        assert re.fullmatch(r"\S+ : .+\.", line), line
    return lines


# --- solve -----------------------------------------------------------------------------------------------


def test_solve_prints_the_plan_and_ends_with_0(file: Write, capsys: Output) -> None:
    assert main(["solve", file("problem.json", problem_document())]) == 0
    plan = plan_from_json(capsys.readouterr().out)
    assert plan.status == "optimal"
    assert independent.broken_rules(problem_from_json(problem_document()), plan.meetings) == []


def test_solve_writes_the_plan_where_it_is_told(file: Write, tmp_path: Path, capsys: Output) -> None:
    output = tmp_path / "plan.json"
    assert main(["solve", file("problem.json", problem_document()), "--output", str(output)]) == 0
    assert plan_from_json(output.read_bytes()).status == "optimal"
    assert capsys.readouterr().out == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plan.json", "problem.json"]


def test_a_plan_keeps_the_letters_of_its_names(file: Write, tmp_path: Path) -> None:
    document = problem_document()
    for place, name in ((("participants", 0, "id"), "Évry"), (("requests", 0, "buyer"), "Évry")):
        put(*place, value=name)(document)
    output = tmp_path / "plan.json"
    finished = run("solve", file("problem.json", document), "--output", str(output), PYTHONIOENCODING="ascii")
    assert (finished.returncode, finished.stderr) == (0, "")
    assert "Évry" in output.read_text(encoding="utf-8")
    printed = run("solve", file("problem.json", document), PYTHONIOENCODING="ascii")
    assert (printed.returncode, printed.stderr) == (0, "")
    assert any(meeting.buyer == "Évry" for meeting in plan_from_json(printed.stdout).meetings)


@pytest.mark.parametrize("name", [*BAD_PROBLEMS])
def test_a_bad_problem_ends_with_2_and_a_line_a_fault(name: str, file: Write, capsys: Output) -> None:
    spoil, path = BAD_PROBLEMS[name]
    document = problem_document()
    spoil(document)
    assert main(["solve", file("problem.json", document)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert any(line.startswith(path) for line in refused(told.err))


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_no_problem_ends_with_2(name: str, file: Write, capsys: Output) -> None:
    assert main(["solve", file("problem.json", UNREADABLE[name])]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert refused(told.err)


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_no_plan_ends_with_2(name: str, file: Write, capsys: Output) -> None:
    problem, plan = file("problem.json", problem_document()), file("plan.json", UNREADABLE[name])
    for command in (["check"], ["repair"], ["explain"]):
        assert main([*command, problem, plan]) == 2
        assert refused(capsys.readouterr().err)


def test_every_fault_has_its_line(file: Write, capsys: Output) -> None:
    document = problem_document()
    for name in ("an unknown side", "negative delegates", "a value of nothing", "an unknown key"):
        BAD_PROBLEMS[name][0](document)
    assert main(["solve", file("problem.json", document)]) == 2
    assert len(refused(capsys.readouterr().err)) == 4


def test_a_file_that_is_not_there_ends_with_2(tmp_path: Path, capsys: Output) -> None:
    for path in (tmp_path / "nowhere.json", tmp_path):
        assert main(["solve", str(path)]) == 2
        assert refused(capsys.readouterr().err)


def test_an_output_that_cannot_be_written_ends_with_2(file: Write, tmp_path: Path, capsys: Output) -> None:
    problem = file("problem.json", problem_document())
    assert main(["solve", problem, "--output", str(tmp_path / "no" / "plan.json")]) == 2
    assert refused(capsys.readouterr().err)


def test_contradictory_locks_end_with_3_and_their_names(file: Write, capsys: Output) -> None:
    document = problem_document()
    add("locks", value={"request": "R003", "slot": "T01"})(document)
    add("locks", value={"request": "R001", "slot": "T02"})(document)
    assert main(["solve", file("problem.json", document)]) == 3
    told = capsys.readouterr()
    plan = plan_from_json(told.out)
    assert plan.status == "infeasible"
    assert plan.conflict is not None
    assert plan.conflict.requests == ("R001",)
    assert "R001" in told.err
    assert "R003" not in told.err


@pytest.mark.parametrize(
    "options",
    [
        ["--time-limit", "0"],
        ["--time-limit", "nan"],
        ["--time-limit", "soon"],
        ["--workers", "0"],
        ["--workers", "1.5"],
        ["--seed", "-1"],
        ["--colour"],
    ],
    ids=" ".join,
)
def test_an_option_that_makes_no_sense_ends_with_2(options: list[str], file: Write, capsys: Output) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["solve", file("problem.json", problem_document()), *options])
    assert ended.value.code == 2
    assert options[0] in capsys.readouterr().err


def test_progress_is_one_json_object_a_line(file: Write, capsys: Output) -> None:
    problem = replace(instance(MORNING, 1), settings=Settings(("coverage", "value", "balance")))
    assert main(["solve", file("problem.json", problem_to_json(problem)), "--progress"]) == 0
    told = capsys.readouterr()
    lines = [json.loads(line) for line in told.err.splitlines()]
    assert lines
    for line in lines:
        assert {"objective", "value", "bound", "gap", "proved", "seconds"} <= set(line)
        assert line["gap"] == (None if line["bound"] is None else abs(line["bound"] - line["value"]))
        assert line["objective"] in OBJECTIVES
    seconds = [line["seconds"] for line in lines]
    assert seconds == sorted(seconds)
    assert plan_from_json(told.out).meetings


@pytest.mark.parametrize("workers", ["1", "2"])
def test_two_runs_differ_by_nothing_but_seconds(workers: str, file: Write) -> None:
    problem = replace(instance(MORNING, 3), settings=Settings(("coverage", "value", "balance")))
    path = file("problem.json", problem_to_json(problem))
    texts = [run("solve", path, "--workers", workers, PYTHONHASHSEED=seed).stdout for seed in ("1", "2")]
    one, other = (re.sub(r'"seconds": [0-9.e-]+', '"seconds": 0', text) for text in texts)
    assert one == other
    assert plan_from_json(one).status == "optimal"


# --- interruption ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "terminated"])
def test_an_interruption_writes_the_best_plan_first_and_ends_with_130(
    number: signal.Signals, file: Write, tmp_path: Path
) -> None:
    problem = instance(replace(DAY, tables="pool", pool_tables=40), 1)
    path, output = file("problem.json", problem_to_json(problem)), tmp_path / "plan.json"
    running = start("solve", path, "--time-limit", "600", "--progress", "--output", str(output))
    assert running.stderr is not None
    first = json.loads(running.stderr.readline())
    running.send_signal(number)
    _, told = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "Traceback" not in told
    plan = plan_from_json(output.read_bytes())
    assert len(plan.meetings) >= first["meetings"] > 0
    assert independent.broken_rules(problem, plan.meetings) == []
    assert [level.name for level in plan.objectives] == list(OBJECTIVES)


INTERRUPTED = """
import os, signal, sys, threading
from scheduler.__main__ import main
timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
timer.daemon = True
timer.start()
sys.exit(main(sys.argv[1:]))
"""


def test_an_interrupted_explanation_shows_no_traceback(file: Write) -> None:
    problem = replace(instance(DAY, 1), settings=Settings(("value",)))
    path, plan = file("problem.json", problem_to_json(problem)), file("plan.json", _empty_plan())
    finished = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, "explain", path, plan],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert "Traceback" not in finished.stderr
    assert finished.returncode == 130


def _empty_plan() -> Document:
    return {"format": "openmap-plan/1", "status": "feasible", "meetings": []}


# --- the other commands ----------------------------------------------------------------------------------


def test_check_is_silent_and_0_when_every_rule_holds(file: Write, capsys: Output) -> None:
    problem, plan = file("problem.json", problem_document()), file("plan.json", plan_document())
    assert main(["check", problem, plan]) == 0
    assert capsys.readouterr().out == ""


def test_check_ends_with_1_and_a_line_a_violation(file: Write, capsys: Output) -> None:
    document = plan_document()
    put("meetings", 0, "slot", value="T03")(document)
    put("meetings", 1, "table", value="A1")(document)
    problem, plan = file("problem.json", problem_document()), file("plan.json", document)
    assert main(["check", problem, plan]) == 1
    lines = capsys.readouterr().out.splitlines()
    rules = {line.partition(" : ")[0] for line in lines}
    expected = independent.broken_rules(problem_from_json(problem_document()), plan_from_json(document).meetings)
    assert rules == {broken.rule for broken in expected}


def test_repair_keeps_the_past_and_ends_with_0(file: Write, capsys: Output) -> None:
    document = problem_document()
    put("participants", 3, "available", value=["T03"])(document)
    problem, plan = file("problem.json", document), file("plan.json", plan_document())
    assert main(["repair", problem, plan, "--now", "T02"]) == 0
    repaired = plan_from_json(capsys.readouterr().out)
    assert {(m.request, m.slot) for m in repaired.meetings} == {("R001", "T01"), ("R003", "T03")}
    assert "changes" in {level.name for level in repaired.objectives}


def test_repair_tells_what_it_keeps_against_the_problem(file: Write, capsys: Output) -> None:
    document = problem_document()
    put("participants", 3, "available", value=["T03"])(document)
    problem, plan = file("problem.json", document), file("plan.json", plan_document())
    assert main(["repair", problem, plan, "--now", "T03"]) == 0
    told = capsys.readouterr()
    assert {(m.request, m.slot) for m in plan_from_json(told.out).meetings} == {("R001", "T01"), ("R003", "T02")}
    assert "R003" in told.err


def test_repair_from_an_unknown_slot_ends_with_2(file: Write, capsys: Output) -> None:
    problem, plan = file("problem.json", problem_document()), file("plan.json", plan_document())
    assert main(["repair", problem, plan, "--now", "T99"]) == 2
    assert any("T99" in line for line in refused(capsys.readouterr().err))


def test_explain_tells_each_request_left_out_or_the_one_asked_for(file: Write, capsys: Output) -> None:
    problem, plan = file("problem.json", problem_document()), file("plan.json", plan_document())
    assert main(["explain", problem, plan]) == 0
    assert capsys.readouterr().out.startswith("R002 : ")
    assert main(["explain", problem, plan, "R002"]) == 0
    assert capsys.readouterr().out.startswith("R002 : ")
    assert main(["explain", problem, plan, "R999"]) == 2
    assert any("R999" in line for line in refused(capsys.readouterr().err))


def test_compare_tells_what_changed_and_for_whom(file: Write, capsys: Output) -> None:
    other = plan_document()
    put("meetings", 1, "slot", value="T03")(other)
    paths = [file("problem.json", problem_document()), file("a.json", plan_document()), file("b.json", other)]
    assert main(["compare", *paths]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["added"], told["cancelled"]) == ([], [])
    assert [(move["before"]["slot"], move["after"]["slot"]) for move in told["moved"]] == [("T02", "T03")]
    assert list(told["participants"]) == ["B02", "S02"]


def test_without_a_command_the_usage_is_shown() -> None:
    finished = run()
    assert finished.returncode == 2
    assert "usage" in finished.stderr
    assert "Traceback" not in finished.stderr
    assert run("--help").returncode == 0


def test_a_reader_that_goes_away_causes_no_traceback(file: Write) -> None:
    path = file("problem.json", problem_to_json(instance(replace(MORNING, requests=30), 1)))
    running = start("solve", path, "--time-limit", "5")
    assert running.stdout is not None
    assert running.stderr is not None
    running.stdout.close()
    told = running.stderr.read()
    running.stderr.close()
    running.wait(timeout=60)
    assert "Traceback" not in told
