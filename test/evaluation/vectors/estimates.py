"""Metrics with 95 % intervals for the tests: values by scikit-learn, Student's t and Wilson's score interval by scipy; DeLong's variance
written out pair by pair; the delta method's derivatives by finite differences of the metric as a function of its means.

Run with: python3 estimates.py > estimates.json
"""

import json
import platform

import numpy as np
import scipy
import sklearn
from scipy.stats import binomtest, norm, t
from sklearn.metrics import f1_score, mean_squared_error, r2_score, roc_auc_score

rng = np.random.default_rng(20260301)


def of_mean(values):
    half = t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values))
    return [values.mean() - half, values.mean() + half]


def by_delta(means, function):
    """The interval of a function of the means of columns: the gradient by central differences."""
    at = means.mean(axis=0)
    gradient = []
    for i in range(len(at)):
        step = np.zeros(len(at))
        step[i] = 1e-6 * max(1.0, abs(at[i]))
        gradient.append((function(at + step) - function(at - step)) / (2 * step[i]))
    influence = (means - at) @ np.array(gradient)
    half = t.ppf(0.975, len(means) - 1) * np.std(influence, ddof=1) / np.sqrt(len(means))
    return [function(at) - half, function(at) + half]


def delong(y, s):
    positive, negative = s[y == 1], s[y == 0]
    above = (positive[:, None] > negative[None, :]) + 0.5 * (positive[:, None] == negative[None, :])
    auc = above.mean()
    se = np.sqrt(above.mean(axis=1).var(ddof=1) / len(positive) + above.mean(axis=0).var(ddof=1) / len(negative))
    logit, half = np.log(auc / (1 - auc)), norm.ppf(0.975) * se / (auc * (1 - auc))
    return [1 / (1 + np.exp(-(logit - half))), 1 / (1 + np.exp(-(logit + half)))]


aucs = []
for rows, strength, digits in ((60, 1.0, 1), (200, 0.3, 3), (400, 3.0, 6)):
    z = rng.normal(size=rows)
    y = (rng.random(rows) < 1 / (1 + np.exp(-strength * z))).astype(float)
    s = np.round(1 / (1 + np.exp(-z)), digits)
    aucs.append({"labels": y.tolist(), "scores": s.tolist(), "value": roc_auc_score(y, s), "bounds": delong(y, s)})

regressions = []
for rows, noise in ((40, 0.2), (200, 1.5)):
    y = np.round(rng.normal(size=rows) * 3 + 10, 4)
    p = np.round(y + rng.normal(size=rows) * noise + 0.1, 4)
    e = p - y
    means = np.column_stack([e * e, y, y * y])
    mse = of_mean(e * e)
    regressions.append({
        "target": y.tolist(),
        "predictions": p.tolist(),
        "mae": [np.abs(e).mean(), *of_mean(np.abs(e))],
        "bias": [e.mean(), *of_mean(e)],
        "rmse": [mean_squared_error(y, p) ** 0.5, *np.sqrt(np.maximum(0, mse))],
        "r2": [r2_score(y, p), *by_delta(means, lambda m: 1 - m[0] / (m[2] - m[1] ** 2))],
    })

macros = []
for rows, classes in ((60, 3), (300, 4)):
    actual = rng.integers(0, classes, rows)
    called = np.where(rng.random(rows) < 0.6, actual, rng.integers(0, classes, rows))
    columns = [f(k) for k in range(classes) for f in (
        lambda k: (actual == k) & (called == k), lambda k: (actual == k).astype(int) + (called == k))]
    function = lambda m: np.mean(2 * m[0::2] / m[1::2])
    bounds = by_delta(np.column_stack(columns).astype(float), function)
    value = f1_score(actual, called, average="macro")
    macros.append({"actual": actual.tolist(), "called": called.tolist(), "classes": classes, "f1": [value, *bounds]})

shares = []
for hits, rows in ((0, 12), (3, 30), (950, 1000), (7, 7)):
    low, high = binomtest(hits, rows).proportion_ci(0.95, method="wilson")
    shares.append({"hits": hits, "rows": rows, "bounds": [low, high]})

versions = {"python": platform.python_version(), "numpy": np.__version__, "scipy": scipy.__version__, "sklearn": sklearn.__version__}
print(json.dumps({"source": "estimates.py", "versions": versions, "aucs": aucs, "regressions": regressions, "macros": macros, "shares": shares}))
