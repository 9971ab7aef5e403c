"""A scheduler of bilateral meetings between two sides: buyers and structures.

Pure library: values in, values out. It solves with lexicographic objectives and proofs, checks, repairs,
explains and compares plans. ``python -m scheduler`` does the same on JSON files.
"""

from scheduler.checking import check, lock_conflict
from scheduler.comparing import compare
from scheduler.document import InputError
from scheduler.explaining import explain
from scheduler.plan import (
    Comparison,
    Counterfactual,
    Level,
    Meeting,
    Move,
    Plan,
    Progress,
    Unserved,
    Violation,
)
from scheduler.problem import (
    OBJECTIVES,
    Exclusion,
    Lock,
    Participant,
    Problem,
    Request,
    Settings,
    Slot,
    Table,
)
from scheduler.reading import plan_from_json, plan_to_json, problem_from_json, problem_to_json
from scheduler.repairing import repair
from scheduler.solving import Options, solve
from scheduler.validating import Fault, validate

__all__ = [
    "OBJECTIVES",
    "Comparison",
    "Counterfactual",
    "Exclusion",
    "Fault",
    "InputError",
    "Level",
    "Lock",
    "Meeting",
    "Move",
    "Options",
    "Participant",
    "Plan",
    "Problem",
    "Progress",
    "Request",
    "Settings",
    "Slot",
    "Table",
    "Unserved",
    "Violation",
    "check",
    "compare",
    "explain",
    "lock_conflict",
    "plan_from_json",
    "plan_to_json",
    "problem_from_json",
    "problem_to_json",
    "repair",
    "solve",
    "validate",
]
