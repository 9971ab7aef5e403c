"""Who reads which file: plain values in, plain values out, and the proof that the loads cannot be more even.

Readings are shared out by a minimum-cost flow: juror ← file, a file taking as many jurors as it lacks, a pair carrying
one unit at most. The k-th reading of a juror costs 2k - 1, so that the total is the sum of the squared loads. Costs
grow along each juror's arcs, so the flow fills the cheapest first, and a flow of least cost over integers is found
exactly (Ahuja, Magnanti, Orlin, *Network Flows*, 1993, sections 9 and 14).

Why the least sum of squares is the best balance: load vectors of such flows form an M-convex set, and on these a
vector of least sum of squares is decreasingly minimal, that is, it has the smallest possible largest load, then as few
jurors as possible at it, and so on, and at once the largest possible smallest load (Frank and Murota, *Decreasing
minimization on M-convex sets*, Mathematical Programming 195, 2022). Hence the difference between the largest and the
smallest load is the least possible, 1 or 0 wherever any sharing reaches it. Their converse test is
short: no chain of exchanges leads from a juror to one who has at least two readings less; ``could_be_more_even``
looks for such a chain without the solver.

Changes come after balance: a squared unit weighs more than every pair together. New pairs are fewest first, then
readings already begun stay rather than those not opened yet. Finished readings never move; nor does a file lose them
when their reader has left.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from ortools.graph.python import min_cost_flow

Pair = tuple[int, int]
"""A file and a juror, by number."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """Who reads what: every pair, the load of each juror, and how many readers a file lacks that cannot have them."""

    pairs: frozenset[Pair]
    loads: Mapping[int, int]
    short: Mapping[int, int]

    @property
    def spread(self) -> int:
        """The difference between the largest and the smallest load."""
        return max(self.loads.values()) - min(self.loads.values()) if self.loads else 0


class Unsolved(Exception):
    """The flow ended without an optimum, which its construction excludes."""


def share(
    allowed: Mapping[int, Collection[int]],
    jurors: Collection[int],
    *,
    readers: int,
    finished: Collection[Pair] = (),
    begun: Collection[Pair] = (),
    given: Collection[Pair] = (),
) -> Sharing:
    """Give each file ``readers`` jurors out of those that ``allowed`` names for it, loads as even as can be.

    ``allowed`` maps each file to the jurors who may read it, ``jurors`` are all of them. ``finished`` readings are
    kept, whoever made them; ``begun`` and ``given`` are the present ones, kept where balance lets them be. A file with
    too few possible jurors gets them all and is told in ``short``.

    Raises Unsolved.
    """
    here = set(jurors)
    fixed = set(finished)
    read_by: dict[int, set[int]] = defaultdict(set)
    for file, juror in fixed:
        read_by[file].add(juror)
    possible = {file: sorted((set(allowed[file]) & here) - read_by[file]) for file in sorted(allowed)}
    needs = {file: max(0, readers - len(read_by[file])) for file in possible}
    takes = {file: min(needs[file], len(possible[file])) for file in possible}
    base = Counter(juror for file, juror in fixed if juror in here and file in possible)
    chosen = _flow(possible, takes, base, begun=set(begun), given=set(given))
    pairs = frozenset(chosen | {pair for pair in fixed if pair[0] in possible})
    loads = Counter(juror for _file, juror in pairs)
    return Sharing(
        pairs,
        {juror: loads[juror] for juror in sorted(here)},
        {file: needs[file] - takes[file] for file in possible if needs[file] > takes[file]},
    )


def _flow(
    possible: Mapping[int, list[int]],
    takes: Mapping[int, int],
    base: Mapping[int, int],
    *,
    begun: set[Pair],
    given: set[Pair],
) -> set[Pair]:
    """Return the pairs of a flow of least cost: squares of loads, then new pairs, then readings begun."""
    total = sum(takes.values())
    if not total:
        return set()
    pairs = [(file, juror) for file, jurors in possible.items() for juror in jurors if takes[file]]
    degree = Counter(juror for _file, juror in pairs)
    new = total + 1
    square = new * total + 1
    files = {file: rank for rank, file in enumerate(possible)}
    desks = {juror: len(files) + rank for rank, juror in enumerate(sorted(degree))}
    sink = len(files) + len(desks)
    costs = [0 if pair in begun else 1 if pair in given else new for pair in pairs]
    steps = [
        (desks[juror], square * (2 * (base.get(juror, 0) + rank) + 1))
        for juror, most in sorted(degree.items())
        for rank in range(most)
    ]
    tails = [files[file] for file, _juror in pairs] + [tail for tail, _cost in steps]
    heads = [desks[juror] for _file, juror in pairs] + [sink] * len(steps)
    network = min_cost_flow.SimpleMinCostFlow()
    arcs = network.add_arcs_with_capacity_and_unit_cost(
        np.array(tails, dtype=np.int32),
        np.array(heads, dtype=np.int32),
        np.ones(len(tails), dtype=np.int64),
        np.array(costs + [cost for _tail, cost in steps], dtype=np.int64),
    )
    for file, rank in files.items():
        network.set_node_supply(rank, takes[file])
    network.set_node_supply(sink, -total)
    status = network.solve()
    if status != network.OPTIMAL:
        raise Unsolved(str(status))
    flows = network.flows(arcs[: len(pairs)])
    return {pair for pair, flow in zip(pairs, flows, strict=True) if flow}


def could_be_more_even(
    sharing: Sharing, allowed: Mapping[int, Collection[int]], *, finished: Collection[Pair] = ()
) -> list[int] | None:
    """Return jurors along whom readings could be passed on so that loads become more even; ``None``: proved, none can.

    The first has at least two readings more than the last, each next one may take a file from the one before.
    """
    fixed = set(finished)
    readers: dict[int, set[int]] = defaultdict(set)
    for file, juror in sharing.pairs:
        readers[file].add(juror)
    next_to: dict[int, set[int]] = defaultdict(set)
    for file, juror in sharing.pairs:
        if (file, juror) not in fixed:
            next_to[juror] |= (set(allowed[file]) & set(sharing.loads)) - readers[file]
    for first in sharing.loads:
        came_from = {first: first}
        queue = [first]
        for juror in queue:
            if sharing.loads[juror] <= sharing.loads[first] - 2:
                return _chain(came_from, juror)
            for other in sorted(next_to[juror] - set(came_from)):
                came_from[other] = juror
                queue.append(other)
    return None


def _chain(came_from: Mapping[int, int], last: int) -> list[int]:
    chain = [last]
    while came_from[chain[-1]] != chain[-1]:
        chain.append(came_from[chain[-1]])
    return chain[::-1]
