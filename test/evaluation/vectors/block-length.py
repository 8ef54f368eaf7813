"""Block lengths for the tests: the circular bootstrap of `arch` (Kevin Sheppard), by Politis & White and their correction."""

import json
import platform

import arch
import numpy as np
from arch.bootstrap import optimal_block_length


def series(count, rho, seed):
    random = np.random.default_rng(seed)
    values = [random.standard_normal()]
    for _ in range(count - 1):
        values.append(rho * values[-1] + np.sqrt(1 - rho * rho) * random.standard_normal())
    return np.round(np.array(values), 6)


cases = []
for count in (60, 100, 200, 400):
    for rho in (-0.5, 0.0, 0.4, 0.8, 0.95):
        x = series(count, rho, count + int(100 * rho) + 100)
        length = float(optimal_block_length(x)["circular"].iloc[0])
        cases.append({"rho": rho, "length": length, "series": x.tolist()})
versions = {"python": platform.python_version(), "numpy": np.__version__, "arch": arch.__version__}
print(json.dumps({"source": "block-length.py", "versions": versions, "cases": cases}))
