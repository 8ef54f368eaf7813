"""Reference scores of tree learners: /usr/bin/python3 trees.py > trees.json

Data: data/uci_credit_default.csv.gz without ID, the codes as numbers; zero-based row i is a test row when i % 5 == 4.
- binary: the column `class`. hgb_missing: the mean over shifts 0, 1, 2 with the cells (row + 3 * column + shift) % 7 == 0
  missing, 40 trees.
- regression: LIMIT_BAL / 1e5 from all other columns but `class`.
HGB: HistGradientBoosting, 100 trees, without early stopping. RF: RandomForest, 200 trees (rf_30: 30). GB: GradientBoosting, 100 trees of depth 3.
"""
import gzip
import json
import os
import sys

import numpy
import sklearn
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.metrics import mean_squared_error, roc_auc_score

here = os.path.dirname(os.path.abspath(__file__))
path = os.path.join(here, "..", "..", "..", "data", "uci_credit_default.csv.gz")
rows = numpy.genfromtxt(gzip.open(path), delimiter=",", skip_header=1)
test = numpy.arange(len(rows)) % 5 == 4


def auc(model, x, y):
    model.fit(x[~test], y[~test])
    return roc_auc_score(y[test], model.predict_proba(x[test])[:, 1])


def rmse(model, x, y):
    model.fit(x[~test], y[~test])
    return mean_squared_error(y[test], model.predict(x[test]), squared=False)


x, y = rows[:, 1:24], rows[:, 24]
i, j = numpy.indices(x.shape)
holes = [numpy.where((i + 3 * j + shift) % 7 == 0, numpy.nan, x) for shift in range(3)]
amount, others = rows[:, 1] / 1e5, rows[:, 2:24]
hgb = dict(early_stopping=False, random_state=0)
rf = dict(n_estimators=200, random_state=0)

json.dump(
    {
        "versions": {
            "python": sys.version.split()[0],
            "numpy": numpy.__version__,
            "scikit-learn": sklearn.__version__,
        },
        "binary_auc": {
            "hgb": auc(HistGradientBoostingClassifier(**hgb), x, y),
            "hgb_l2_1": auc(HistGradientBoostingClassifier(l2_regularization=1.0, **hgb), x, y),
            "hgb_missing": numpy.mean([auc(HistGradientBoostingClassifier(max_iter=40, **hgb), h, y) for h in holes]),
            "gb": auc(GradientBoostingClassifier(random_state=0), x, y),
            "rf": auc(RandomForestClassifier(**rf), x, y),
            "rf_min_leaf_10": auc(RandomForestClassifier(min_samples_leaf=10, **rf), x, y),
        },
        "regression_rmse": {
            "hgb": rmse(HistGradientBoostingRegressor(**hgb), others, amount),
            "gb": rmse(GradientBoostingRegressor(random_state=0), others, amount),
            "rf_30": rmse(RandomForestRegressor(30, max_features=1 / 3, min_samples_leaf=2, random_state=0), others, amount),
        },
    },
    sys.stdout,
    indent=1,
)
