"""``make bench-readings``: 200 files, 25 jurors, 3 readings each, 8 % of conflicts; then a juror leaves half-way.

For every seed: seconds, the smallest and largest load, the proof that no chain of exchanges makes them more even
(sought without the solver), and how many readings move when a juror with half of theirs finished leaves.
"""

from __future__ import annotations

import argparse
import time
from random import Random

from openmap.pitches.assigning import Sharing, could_be_more_even, share

FILES, JURORS, READERS, CONFLICTS, SEEDS = 200, 25, 3, 0.08, 20


def main() -> None:
    """Print a line a seed, and the worst of each column."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--jurors", type=int, default=JURORS)
    chosen = parser.parse_args()
    print(f"{chosen.files} files x {chosen.jurors} jurors x {READERS} readings, {CONFLICTS:.0%} of conflicts")
    print("seed  seconds  loads  max-min  proved | leaves: seconds  to move  moved  max-min  proved")
    rows = [_run(seed, chosen.files, chosen.jurors) for seed in range(chosen.seeds)]
    slowest = max(max(row[0], row[2]) for row in rows)
    print(
        f"slowest {slowest:.2f} s; widest max-min {max(row[1] for row in rows)}; "
        f"moved beyond the leaver's own: {max(row[3] for row in rows)} at most; "
        f"all proved: {all(row[4] for row in rows)}"
    )


def _run(seed: int, files: int, jurors: int) -> tuple[float, int, float, int, bool]:
    chance = Random(seed)
    people = list(range(jurors))
    allowed = {file: {one for one in people if chance.random() >= CONFLICTS} for file in range(files)}
    began = time.perf_counter()
    first = share(allowed, people, readers=READERS)
    seconds = time.perf_counter() - began
    proved = could_be_more_even(first, allowed) is None

    leaver = chance.choice(people)
    finished = {pair for pair in first.pairs if chance.random() < 0.5}
    left = {pair for pair in first.pairs if pair[1] == leaver} - finished
    began = time.perf_counter()
    after = share(
        allowed, [one for one in people if one != leaver], readers=READERS, finished=finished, given=first.pairs
    )
    again = time.perf_counter() - began
    proved_again = could_be_more_even(after, allowed, finished=finished) is None
    moved = len(after.pairs - first.pairs)
    print(
        f"{seed:4}  {seconds:7.3f}  {_loads(first):>5}  {first.spread:7}  {_yes(proved):>6} | "
        f"{again:15.3f}  {len(left):7}  {moved:5}  {after.spread:7}  {_yes(proved_again):>6}"
    )
    return seconds, max(first.spread, after.spread), again, moved - len(left), proved and proved_again


def _loads(sharing: Sharing) -> str:
    return f"{min(sharing.loads.values())}-{max(sharing.loads.values())}"


def _yes(found: bool) -> str:
    return "yes" if found else "NO"


if __name__ == "__main__":
    main()
