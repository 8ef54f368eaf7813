"""Predictions and scores of gradient boosting: OMP_NUM_THREADS=1 /usr/bin/python3 boosting.py > boosting.json

Small: 300 rows with few levels and missing cells, 12 rounds of 8 leaves, made here and predicted by scikit-learn's
HistGradientBoosting (squared error, two and three classes, weights) and by XGBoost (with l1, and two monotone constraints).
Credit: data/uci_credit_default.csv.gz without ID, zero-based row i is a test row when i % 5 == 4; LIMIT_BAL / 1e5 from all other
columns but `class`: the mean pinball loss at .9 and the mean absolute error; the AUC of `class` with three columns as categories.
"""
import gzip
import json
import os
import sys

import numpy
import sklearn
import xgboost
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import mean_absolute_error, mean_pinball_loss, roc_auc_score

random = numpy.random.default_rng(4)
rows = 300
x = numpy.round(random.normal(size=(rows, 4)), 1)
x[random.random(x.shape) < 0.1] = numpy.nan
filled = numpy.nan_to_num(x, nan=0.7)
score = filled[:, 0] - 0.8 * filled[:, 1] ** 2 + numpy.sin(2 * filled[:, 2]) + random.normal(scale=0.5, size=rows)
number = numpy.round(score, 4)
two = (score > 0).astype(int)
three = numpy.digitize(score, [-0.8, 0.4])
weights = numpy.round(random.uniform(0.2, 3, size=rows), 3)

common = dict(max_iter=12, max_leaf_nodes=8, min_samples_leaf=5, l2_regularization=1.0, learning_rate=0.3, early_stopping=False)
regressor = lambda: HistGradientBoostingRegressor(**common)
classifier = lambda: HistGradientBoostingClassifier(**common)
boosted = dict(
    n_estimators=12, max_leaves=8, max_depth=0, grow_policy="lossguide", tree_method="hist", learning_rate=0.3,
    reg_alpha=2.0, reg_lambda=1.0, min_child_weight=0, n_jobs=1,
)

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "data", "uci_credit_default.csv.gz")
credit = numpy.genfromtxt(gzip.open(path), delimiter=",", skip_header=1)
test = numpy.arange(len(credit)) % 5 == 4
amount, others = credit[:, 1] / 1e5, credit[:, 2:24]
upper = HistGradientBoostingRegressor(loss="quantile", quantile=0.9, early_stopping=False).fit(others[~test], amount[~test])
middle = HistGradientBoostingRegressor(loss="absolute_error", early_stopping=False).fit(others[~test], amount[~test])
kinds = HistGradientBoostingClassifier(categorical_features=[1, 2, 3], early_stopping=False).fit(credit[~test, 1:24], credit[~test, 24])

short = lambda values: [float("%.9g" % value) for value in numpy.ravel(values)]
cells = [[None if numpy.isnan(cell) else cell for cell in row] for row in x.tolist()]
json.dump(
    {
        "versions": {
            "python": sys.version.split()[0], "numpy": numpy.__version__, "scikit-learn": sklearn.__version__,
            "xgboost": xgboost.__version__,
        },
        "small": {"x": cells, "number": number.tolist(), "two": two.tolist(), "three": three.tolist(), "weights": weights.tolist()},
        "predictions": {
            "squared": short(regressor().fit(x, number).predict(x)),
            "weighted": short(regressor().fit(x, number, sample_weight=weights).predict(x)),
            "two": short(classifier().fit(x, two).predict_proba(x)[:, 1]),
            "three": short(classifier().fit(x, three).predict_proba(x)),
            "l1": short(xgboost.XGBRegressor(base_score=float(number.mean()), **boosted).fit(x, number).predict(x)),
            "l1_two": short(xgboost.XGBClassifier(base_score=float(two.mean()), **boosted).fit(x, two).predict_proba(x)[:, 1]),
            "monotone": short(
                xgboost.XGBRegressor(base_score=float(number.mean()), monotone_constraints="(1,0,-1,0)", **{**boosted, "reg_alpha": 0})
                .fit(x, number).predict(x)
            ),
        },
        "credit": {
            "pinball_90": mean_pinball_loss(amount[test], upper.predict(others[test]), alpha=0.9),
            "absolute": mean_absolute_error(amount[test], middle.predict(others[test])),
            "auc_categories": roc_auc_score(credit[test, 24], kinds.predict_proba(credit[test, 1:24])[:, 1]),
        },
    },
    sys.stdout,
)
