"""Reference p-values for the drift tests, by SciPy: Kolmogorov's distribution, the two-sample test, chi-squared, Fisher, and
Benjamini and Hochberg by their definition (statsmodels' multipletests gives the same)."""

import json
import platform

import numpy
import scipy
from scipy import special, stats

random = numpy.random.default_rng(7)


def rounded(values):
    return [float(f"{value:.6g}") for value in values]


def two_sample(n, m, shift):
    rows, reference = rounded(random.normal(shift, 1, n)), rounded(random.normal(0, 1, m))
    exact = stats.ks_2samp(rows, reference, method="asymp")
    return {"rows": rows, "reference": reference, "distance": exact.statistic, "p": exact.pvalue}


def table(rows, reference):
    p = stats.chi2_contingency([rows, reference]).pvalue
    return {"rows": rows, "reference": reference, "p": p}


def fisher(hits, rows, other_hits, other_rows):
    cells = [[hits, rows - hits], [other_hits, other_rows - other_hits]]
    one_sided = [stats.fisher_exact(cells, alternative=side).pvalue for side in ("less", "greater")]
    return {"cells": [hits, rows, other_hits, other_rows], "p": min(1, 2 * min(one_sided))}


def adjusted(p):
    order = numpy.argsort(p)[::-1]
    ranked = [p[i] * len(p) / (len(p) - place) for place, i in enumerate(order)]
    result = numpy.empty(len(p))
    result[order] = numpy.minimum(1, numpy.minimum.accumulate(ranked))
    return {"p": list(p), "adjusted": list(result)}


p_values = [0.01, 0.04, 0.03, 0.005, 0.5, 0.03, 1.0]
out = {
    "source": "drift.py",
    "versions": {"python": platform.python_version(), "scipy": scipy.__version__},
    "kolmogorov": [{"x": x, "p": float(special.kolmogorov(x))} for x in (0.2, 0.5, 0.8, 1, 1.17, 1.19, 1.36, 1.63, 2, 3, 5)],
    "chi_squared": [
        {"x": x, "df": df, "p": stats.chi2.sf(x, df)}
        for df in (1, 2, 3, 4, 9, 10, 41)
        for x in (0.01, 0.5, 1, 3.84, 9, 20, 60, 200)
    ],
    "two_sample": [two_sample(60, 90, 0), two_sample(80, 150, 0.3), two_sample(100, 60, 0.8)],
    "tables": [
        table([30, 40, 30], [300, 420, 280]),
        table([12, 40, 48], [300, 420, 280]),
        table([60, 40], [500, 500]),
        table([20, 30, 25, 25], [20, 35, 30, 15]),
    ],
    "fisher": [fisher(3, 200, 0, 1000), fisher(0, 200, 30, 1000), fisher(12, 2000, 1, 100000), fisher(5, 60, 4, 50)],
    "false_discovery": [adjusted(p_values), adjusted([0.001, 0.9]), adjusted([0.2])],
}
print(json.dumps(out))
