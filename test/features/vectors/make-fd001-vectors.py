"""Writes fd001.json: three engines of NASA's turbofan data FD001 and what pandas makes of them.

Run: python3 make-fd001-vectors.py train_FD001.txt > fd001.json      (pandas 1.5.3, numpy 1.24.2)
The data: NASA Prognostics Center of Excellence, a work of the US government in the public domain.
`rows` are unit, cycle and three sensors; `outputs` mean and deviation over 5 and 20 cycles, of each sensor.
"""
import json
import sys

import pandas as pd

NAMES = ["s2", "s4", "s11"]
table = pd.read_csv(sys.argv[1], sep=r"\s+", header=None)
table.columns = ["unit", "cycle", "o1", "o2", "o3", *[f"s{i}" for i in range(1, 22)]]
table = table[table["unit"].isin([1, 3, 4])][["unit", "cycle", *NAMES]].reset_index(drop=True)
groups = table.groupby("unit")
outputs = {
    f"{name}_{of}{window}": groups[name].transform(lambda one: getattr(one.rolling(window, min_periods=1), how)())
    for name in NAMES
    for window in (5, 20)
    for of, how in (("mean", "mean"), ("sd", "std"))
}
plain = lambda values: [None if pd.isna(value) else float(f"{value:.13g}") for value in values]
json.dump(
    {
        "versions": {"pandas": pd.__version__},
        "names": list(table.columns),
        "rows": [plain(row) for row in table.to_numpy(dtype=float)],
        "outputs": {name: plain(values) for name, values in outputs.items()},
    },
    sys.stdout,
)
