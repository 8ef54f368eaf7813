"""Writes recipe.json: what scikit-learn's imputer, encoder and scaler make of a small table.

Run: python3 make-recipe-vectors.py > recipe.json      (scikit-learn 1.2.1, numpy 1.24.2)
Cells: numbers as they are, a category as its index in its list, -1 for one that training never saw, null for missing.
"""
import json
import sys

import numpy as np
import sklearn
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder, StandardScaler

rng = np.random.default_rng(20240229)
TRAIN, TEST = 61, 17
ROWS = TRAIN + TEST
CATEGORIES = {"region": ["busan", "seoul", "ulsan"], "grade": ["1", "10", "2", "x"]}


def with_gaps(values, share):
    values = np.array(values, dtype=float)
    values[rng.random(len(values)) < share] = np.nan
    return values


def category(names, share):
    codes = rng.integers(0, len(names), ROWS).astype(float)
    codes[: len(names)] = np.arange(len(names))
    codes[TRAIN : TRAIN + 3] = -1
    return np.where(rng.random(ROWS) < share, np.nan, codes) if share else codes


columns = {
    "skewed": with_gaps(np.exp(rng.normal(8, 2, ROWS)), 0.1),
    "region": category(CATEGORIES["region"], 0.1),
    "large": 1e12 + rng.normal(0, 1e9, ROWS),
    "count": with_gaps(rng.integers(0, 6, ROWS), 0.2),
    "tenths": np.full(ROWS, 0.1),
    "nearly constant": 1e6 + np.where(np.arange(ROWS) == 5, 1e-10, 0),
    "grade": category(CATEGORIES["grade"], 0.0),
    "tiny": rng.normal(0, 1e-150, ROWS),
    "flag": with_gaps(rng.integers(0, 2, ROWS), 0.05),
}
columns["tenths"][TRAIN:] = rng.normal(0, 1, TEST)


def texts(name):
    codes = columns[name]
    return np.array(
        ["(missing)" if np.isnan(c) else "(unseen)" if c < 0 else CATEGORIES[name][int(c)] for c in codes], dtype=object
    ).reshape(-1, 1)


def transform(impute, one_hot, scale):
    """The columns one after the other, each step fitted on the first TRAIN rows."""
    parts = []
    for name, values in columns.items():
        if name in CATEGORIES:
            if not one_hot:
                parts.append(values.reshape(-1, 1))
                continue
            encoder = OneHotEncoder(categories=[CATEGORIES[name]], handle_unknown="ignore", sparse_output=False)
            known = [row for row in range(TRAIN) if texts(name)[row, 0] in CATEGORIES[name]]
            parts.append(encoder.fit(texts(name)[known]).transform(texts(name)))
            continue
        part = values.reshape(-1, 1)
        if impute:
            part = SimpleImputer(strategy=impute).fit(part[:TRAIN]).transform(part)
        if scale:
            part = StandardScaler().fit(part[:TRAIN]).transform(part)
        parts.append(part)
    return np.hstack(parts)


def plain(matrix):
    return [[None if np.isnan(value) else float(value) for value in row] for row in matrix]


cases = [("median", True, True), ("mean", True, True), (None, True, True), ("median", False, False), (None, True, False)]
json.dump(
    {
        "versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__, "python": sys.version.split()[0]},
        "train": TRAIN,
        "features": [{"name": name, "categories": CATEGORIES.get(name)} for name in columns],
        "cells": plain(np.column_stack(list(columns.values()))),
        "cases": [
            {"impute": impute, "one_hot": one_hot, "scale": scale, "x": plain(transform(impute, one_hot, scale))}
            for impute, one_hot, scale in cases
        ],
    },
    sys.stdout,
)
