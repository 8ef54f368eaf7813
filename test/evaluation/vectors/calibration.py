"""Calibration tables for the tests: bins of scikit-learn's `calibration_curve`, intervals of a share by scipy (Wilson's score method).

Run with: python3 calibration.py > calibration.json
"""

import json
import platform

import numpy as np
import scipy
import sklearn
from scipy.stats import binomtest
from sklearn.calibration import calibration_curve

rng = np.random.default_rng(20240301)
cases = []
for rows, strength, digits in ((400, 2.0, 6), (250, 0.5, 2), (60, 4.0, 6)):
    z = rng.normal(size=rows) * strength
    p = np.round(1 / (1 + np.exp(-z)), digits)
    y = (rng.random(rows) < 1 / (1 + np.exp(-0.8 * z))).astype(float)
    for by, strategy in (("width", "uniform"), ("rows", "quantile")):
        for bins in (5, 10):
            rates, means = calibration_curve(y, p, n_bins=bins, strategy=strategy)
            case = {"by": by, "bins": bins, "target": y.tolist(), "predictions": p.tolist()}
            cases.append(case | {"means": means.tolist(), "rates": rates.tolist()})
intervals = []
for rows in (1, 7, 50, 1000):
    for positives in sorted({0, 1, rows // 3, rows - 1, rows}):
        low, high = binomtest(positives, rows).proportion_ci(0.95, method="wilson")
        intervals.append({"positives": positives, "rows": rows, "lower": low, "upper": high})
versions = {
    "python": platform.python_version(),
    "numpy": np.__version__,
    "scipy": scipy.__version__,
    "sklearn": sklearn.__version__,
}
print(json.dumps({"source": "calibration.py", "versions": versions, "cases": cases, "intervals": intervals}))
