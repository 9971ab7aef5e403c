"""The reference data as the index holds it: words by their code, communes by their place in the bitmaps, places."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from openmap.extensions import AnySession
from openmap.reference.labels import level_label
from openmap.reference.lexicon import Lexicon
from openmap.reference.models import Activity, Area, AreaCommune, Commune, Label, Trade
from openmap.reference.words import folded

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

_NEAREST_LEVELS: Final = ("region", "departement", "ept", "epci")
MOST_PLACES: Final = 12


@dataclass(frozen=True, slots=True)
class Place:
    """A commune or an area: its address « niveau:code », its name, which communes of today it holds (a mask)."""

    value: str
    name: str
    label: str
    communes: Bools

    @property
    def is_commune(self) -> bool:
        """Whether it is a single commune."""
        return self.value.startswith("commune:")


class Vocabulary:
    """Read in six queries. Places of arrays: ``activity_at`` by id, ``commune_at`` by INSEE code, a former one too."""

    def __init__(self, session: AnySession) -> None:
        self.kept: dict[Any, Any] = {}
        """What others have made of these words and places, for as long as they hold: by a key of theirs."""
        self.lexicon = Lexicon()
        """The words that structures use; learnt as they are gathered."""
        self._read_words(session)
        self._read_communes(session)
        self._read_areas(session)

    def _read_words(self, session: AnySession) -> None:
        columns = (Activity.id, Activity.code, Activity.name, Activity.trade_id, Activity.replaced_by)
        rows = session.execute(select(*columns, Activity.retired_at).order_by(Activity.rank, Activity.id)).all()
        trades = session.execute(select(Trade.id, Trade.code, Trade.name).order_by(Trade.rank, Trade.id)).all()
        labels = session.execute(select(Label.id, Label.code, Label.name).order_by(Label.rank, Label.id)).all()
        codes = {row.code: row for row in rows}
        self.activities: Sequence[Any] = rows
        place = {row.id: at for at, row in enumerate(rows)}
        self.activity_at: Mapping[int, int] = {row.id: place[_today(row, codes).id] for row in rows}
        self.activity_of_code: Mapping[str, int] = {row.code: self.activity_at[row.id] for row in rows}
        self.trades: Sequence[Any] = trades
        self.trade_of_code: Mapping[str, int] = {row.code: at for at, row in enumerate(trades)}
        trade_at = {row.id: at for at, row in enumerate(trades)}
        self.trade_of_activity = np.array([trade_at[row.trade_id] for row in rows], dtype=np.int32)
        self.labels: Sequence[Any] = labels
        self.label_at: Mapping[int, int] = {row.id: at for at, row in enumerate(labels)}
        self.label_of_code: Mapping[str, int] = {row.code: at for at, row in enumerate(labels)}

    def _read_communes(self, session: AnySession) -> None:
        asked = select(
            Commune.code, Commune.name, Commune.folded, Commune.current_code, Commune.lon, Commune.lat,
            Commune.population, Commune.postal_codes,
        )  # fmt: skip
        rows = session.execute(asked.order_by(Commune.code)).all()
        follows = {row.code: row.current_code for row in rows if row.current_code}
        self.communes: Sequence[Any] = [row for row in rows if row.current_code is None]
        at = {row.code: place for place, row in enumerate(self.communes)}
        self.commune_at: Mapping[str, int] = {
            row.code: at[end] for row in rows if (end := _followed(row.code, follows)) in at
        }
        self._former = [row for row in rows if row.current_code]
        lon = np.array([row.lon if row.lon is not None else np.nan for row in self.communes], dtype=np.float64)
        lat = np.array([row.lat if row.lat is not None else np.nan for row in self.communes], dtype=np.float64)
        self.points = unit(lon, lat)
        """The inside points of the communes on the unit sphere, a row each; NaN where none is known."""

    def _read_areas(self, session: AnySession) -> None:
        rows = session.execute(select(Area.id, Area.level, Area.code, Area.name).order_by(Area.level, Area.code)).all()
        held: dict[int, list[int]] = defaultdict(list)
        for area, code in session.execute(select(AreaCommune.area_id, AreaCommune.commune_code)):
            if code in self.commune_at:
                held[area].append(self.commune_at[code])
        self.areas: Sequence[Any] = rows
        self.area_of_value: Mapping[str, Any] = {f"{row.level}:{row.code}": row for row in rows}
        self.communes_of_area: Mapping[int, NDArray[np.int64]] = {
            row.id: np.array(sorted(set(held[row.id])), dtype=np.int64) for row in rows
        }

    def mask(self, communes: Iterable[int] | NDArray[np.int64]) -> Bools:
        """Return the mask of communes by their place."""
        made = np.zeros(len(self.communes), dtype=np.bool_)
        made[np.asarray(list(communes), dtype=np.int64)] = True
        return made

    def place(self, value: str) -> Place | None:
        """Return the place that « niveau:code » names, the commune of today for a former code; ``None`` if none is."""
        level, _, code = value.partition(":")
        if level == "commune":
            at = self.commune_at.get(code.upper())
            if at is None:
                return None
            one = self.communes[at]
            return Place(f"commune:{one.code}", one.name, _named(one), self.mask([at]))
        row = self.area_of_value.get(value)
        if row is None:
            return None
        return Place(value, row.name, f"{row.name} ({_level(row)})", self.mask(self.communes_of_area[row.id]))

    def places_like(self, words: str) -> list[tuple[str, str]]:
        """Return value and label of the places that words name, those named so exactly first; a dozen at most.

        Names, INSEE and postal codes, the code of an area (« 93 », « T6 »), and « Saint-Denis (93066) » as it is shown.
        """
        asked = folded(words)
        if not asked:
            return []
        exact: list[tuple[str, str]] = []
        near: list[tuple[tuple[bool, int], tuple[str, str]]] = []
        for row in sorted(self.areas, key=lambda one: _NEAREST_LEVELS.index(one.level)):
            names = {folded(row.name), row.code.lower(), folded(f"{row.name} ({_level(row)})")}
            pair = (f"{row.level}:{row.code}", f"{row.name} ({_level(row)})")
            if asked in names:
                exact.append(pair)
            elif f" {asked}" in f" {folded(row.name)}":
                near.append(((not folded(row.name).startswith(asked), 0), pair))
        for row in (*self.communes, *self._former):
            today = self.communes[self.commune_at[row.code]] if row.code in self.commune_at else None
            if today is None:
                continue
            pair = (f"commune:{today.code}", _named(today))
            if asked in {row.folded, row.code.lower(), folded(_named(row)), *row.postal_codes}:
                exact.append(pair)
            elif f" {asked}" in f" {row.folded}":
                near.append(((not row.folded.startswith(asked), -(row.population or 0)), pair))
        found = exact or [pair for _key, pair in sorted(near)]
        return list(dict.fromkeys(found))[:MOST_PLACES]


def unit(lon: Floats, lat: Floats) -> Floats:
    """Return points in degrees (WGS 84) as rows of x, y, z on the unit sphere."""
    x, y = np.radians(lon), np.radians(lat)
    return np.stack([np.cos(y) * np.cos(x), np.cos(y) * np.sin(x), np.sin(y)], axis=-1)


def _level(row: Any) -> str:
    return f"{level_label(row.level).lower()} {row.code}" if row.level == "departement" else level_label(row.level)


def _named(commune: Any) -> str:
    return f"{commune.name} ({commune.code})"


def _today(row: Any, codes: Mapping[str, Any]) -> Any:
    """Return the activity that replaced another, at the end of the chain; a circle ends too."""
    for _step in range(len(codes)):
        if not row.replaced_by or row.replaced_by not in codes:
            break
        row = codes[row.replaced_by]
    return row


def _followed(code: str, follows: Mapping[str, str]) -> str:
    for _step in range(len(follows)):
        if code not in follows:
            break
        code = follows[code]
    return code
