"""Writes series.json: what pandas makes of two tables of series with gaps, rows shuffled.

Run: python3 make-series-vectors.py > series.json      (pandas 1.5.3, numpy 1.24.2)
`rows` are row-major: machine, time, then the columns of `names`; null is a missing value. `outputs` are in the order of the rows.
"""
import json
import sys

import numpy as np
import pandas as pd

rng = np.random.default_rng(20240229)


def make_table():
    parts = []
    for machine, length in enumerate([40, 1, 2, 25, 7]):
        time = np.cumsum(rng.integers(1, 4, length))
        wave = np.sin(np.arange(length) / 3) + rng.normal(0, 0.1, length)
        large = 1e9 + np.round(rng.normal(0, 5, length), 3)
        steps = np.repeat(rng.integers(0, 3, length // 4 + 1), 4)[:length].astype(float)
        wave[rng.random(length) < 0.15] = np.nan
        parts.append(
            pd.DataFrame({"machine": machine * 10 + 5, "time": time, "wave": wave, "large": large, "steps": steps})
        )
    return pd.concat(parts).sample(frac=1, random_state=7).reset_index(drop=True)


NAMES = ["wave", "large", "steps"]
table = make_table()
ordered = table.sort_values(["machine", "time"])
groups = ordered.groupby("machine")
outputs = {}


def keep(name, values):
    outputs[name] = values.reindex(table.index)


def plain(values):
    return [None if not np.isfinite(value) else float(value) for value in values]


def rolled(series, window, how, least):
    """Window by window: rolling().std() itself carries sums along, which costs digits where values are large."""
    apply = lambda one: one.rolling(window, min_periods=least).apply(lambda part: getattr(part, how)())
    return series.transform(apply)


for name in NAMES:
    for by in (1, 3, 6):
        keep(f"{name}_lag{by}", groups[name].shift(by))
        keep(f"{name}_diff{by}", groups[name].diff(by))
        change = groups[name].transform(lambda one, by=by: one.pct_change(by, fill_method=None))
        keep(f"{name}_change{by}", change.replace([np.inf, -np.inf], np.nan))
    for window in (2, 5, 20):
        for of, how in {"mean": "mean", "sd": "std", "min": "min", "max": "max"}.items():
            for least in (1, 2):
                keep(f"{name}_{of}{window}/{least}", rolled(groups[name], window, how, least))
    # What is known at a row is the value of the row before.
    past = groups[name].shift(1)
    regrouped = past.groupby(ordered["machine"])
    keep(f"past {name}_diff1", regrouped.diff(1))
    keep(f"past {name}_mean5", rolled(regrouped, 5, "mean", 1))
    keep(f"past {name}_sd5", rolled(regrouped, 5, "std", 1))

# The mean target of earlier rows of the same category, by its definition: rows of the same time are not earlier.
categories = ["a", "b", "c", "d"]
code = pd.Series(rng.integers(0, 4, len(table)))
target = pd.Series(np.round(rng.normal(5, 2, len(table)), 2))
for prior in (0, 3):
    means = []
    for row in range(len(table)):
        earlier = table["time"] < table["time"][row]
        same = earlier & (code == code[row])
        overall = target[earlier].mean()
        if not earlier.any():
            means.append(np.nan)
        elif not same.any():
            means.append(overall)
        else:
            means.append((target[same].sum() + prior * overall) / (same.sum() + prior))
    keep(f"kind_target_mean/{prior}", pd.Series(means, index=table.index))

dates = pd.to_datetime(
    ["2024-02-29 23:30", "2023-12-31 15:00", "2024-01-01 00:00", "1999-07-04 12:34:56", "2024-03-10 06:59:59", "2024-03-10 07:00",
     "2024-11-03 05:30", "2024-11-03 06:30", "1908-04-01 00:00", "1969-12-31 23:59:59", "2100-03-01 00:00"], utc=True
)
calendar = {}
for zone in ("UTC", "Asia/Seoul", "America/New_York"):
    local = dates.tz_convert(zone)
    days = np.where(local.is_leap_year, 366, 365)
    rounds = {"hour": local.hour / 24, "weekday": local.dayofweek / 7, "month": (local.month - 1) / 12, "dayofyear": (local.dayofyear - 1) / days}
    calendar[zone] = {
        "hour": local.hour, "weekday": local.dayofweek + 1, "day": local.day, "dayofyear": local.dayofyear, "month": local.month,
        "quarter": local.quarter, "year": local.year, "weekend": (local.dayofweek >= 5).astype(int),
        **{f"{name}_sin": np.sin(2 * np.pi * share) for name, share in rounds.items()},
        **{f"{name}_cos": np.cos(2 * np.pi * share) for name, share in rounds.items()},
    }

numbers = table[NAMES].assign(copy=table["large"] * -2 + table["steps"] * 0.01, target=target)

json.dump(
    {
        "versions": {"pandas": pd.__version__, "numpy": np.__version__, "python": sys.version.split()[0]},
        "names": NAMES,
        "rows": [plain(row) for row in table.to_numpy(dtype=float)],
        "outputs": {name: plain(values) for name, values in outputs.items()},
        "category": {"categories": categories, "codes": code.tolist(), "target": target.tolist()},
        "dates": [int(date.value // 10**6) for date in dates],
        "calendar": {zone: {part: plain(values) for part, values in parts.items()} for zone, parts in calendar.items()},
        "correlation": {"names": list(numbers.columns), "rows": [plain(row) for row in numbers.to_numpy()], "matrix": [plain(row) for row in (numbers - numbers.mean().round()).corr().to_numpy()]},
    },
    sys.stdout,
)
