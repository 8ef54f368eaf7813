"""Quantiles of Student's t for the tests: mpmath at 40 digits, by the incomplete beta function (another way than ours)."""

import json
import platform

import mpmath

mpmath.mp.dps = 40


def cdf(t, df):
    x = df / (df + t * t)
    return 1 - mpmath.betainc(mpmath.mpf(df) / 2, mpmath.mpf(1) / 2, 0, x, regularized=True) / 2


def quantile(p, df):
    low, high = mpmath.mpf(0), mpmath.mpf(10) ** 6
    for _ in range(150):
        middle = (low + high) / 2
        if cdf(middle, df) < p:
            low = middle
        else:
            high = middle
    return float(low)


cases = [
    {"p": float(p), "df": df, "t": quantile(mpmath.mpf(p), df)}
    for p in (0.5, 0.75, 0.95, 0.975, 0.995, 0.9995)
    for df in (1, 2, 3, 4, 5, 9, 10, 29, 30, 99, 100, 999)
    if p > 0.5
]
versions = {"python": platform.python_version(), "mpmath": mpmath.__version__}
print(json.dumps({"source": "student-t.py", "versions": versions, "cases": cases}))
