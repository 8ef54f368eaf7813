"""Makes shape.json: long sensor rows, what pandas makes wide of them, and the time to the next event by pandas.merge_asof."""
import json
import sys

import numpy as np
import pandas as pd

random = np.random.default_rng(5)
rows = 240
start = pd.Timestamp("2026-03-28 20:00", tz="UTC")
long = pd.DataFrame(
    {
        "at": start + pd.to_timedelta(np.sort(random.integers(0, 12 * 3600, rows)), unit="s"),
        "unit": random.choice(["B-2", "A-1", "A-10"], rows),
        "sensor": random.choice(["temp", "pressure", "vibration"], rows, p=[0.5, 0.3, 0.2]),
        "value": np.round(random.normal(50, 20, rows), 3),
    }
)
long.loc[random.random(rows) < 0.1, "value"] = np.nan
# One moment of one sensor has several values, as real plants send them.
long.loc[10:12, ["at", "unit", "sensor"]] = [long.at[10, "at"], "A-1", "temp"]


def number(value):
    return None if pd.isna(value) else float(value)


wide = {}
hours = long.assign(at=long["at"].dt.floor("h"))
for aggregate in ["mean", "max", "min", "last", "count", "sum"]:
    table = hours.pivot_table(
        index=["at", "unit"], columns="sensor", values="value", dropna=False,
        aggfunc=(lambda v: v.sum(min_count=1)) if aggregate == "sum" else aggregate,
    )
    keys = sorted(set(zip(hours["at"], hours["unit"])))
    table = table.reindex(pd.MultiIndex.from_tuples(keys), columns=["pressure", "temp", "vibration"])
    if aggregate == "count":
        table = table.fillna(0)
    wide[aggregate] = {
        "at": [int(at.timestamp() * 1000) for at, _ in keys],
        "unit": [unit for _, unit in keys],
        **{name: [number(v) for v in table[name]] for name in table.columns},
    }

readings = pd.DataFrame(wide["mean"])
readings["event"] = (
    ((readings["temp"] < 30) | (readings["temp"] > 60)).astype(int)
    + (readings["pressure"] > 55).astype(int)
    + (readings["vibration"] < 45).astype(int)
) >= 2
events = readings.loc[readings["event"], ["at", "unit"]].assign(next=lambda t: t["at"]).sort_values("at")
merged = pd.merge_asof(readings.sort_values("at", kind="stable"), events, on="at", by="unit", direction="forward")
hours_to = dict(zip(zip(merged["at"], merged["unit"]), (merged["next"] - merged["at"]) / 3_600_000))
labels = [number(hours_to[(at, unit)]) for at, unit in zip(readings["at"], readings["unit"])]

json.dump(
    {
        "versions": {"python": sys.version.split()[0], "pandas": pd.__version__, "numpy": np.__version__},
        "long": {
            "at": [int(at.timestamp() * 1000) for at in long["at"]],
            "unit": list(long["unit"]),
            "sensor": list(long["sensor"]),
            "value": [number(v) for v in long["value"]],
        },
        "wide": wide,
        "label": {"hours": labels, "events": int(readings["event"].sum())},
    },
    open("shape.json", "w"),
)
