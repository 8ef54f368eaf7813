"""Reference values for test/evaluation/metrics.test.ts.

Run with: python3 metrics.py > metrics.json
Versions used: Python 3.11.2, scikit-learn 1.2.1, numpy 1.24.2. The file records them again.
NaN is written as null.
"""
import json
import platform
import sys
import warnings

import numpy as np
import sklearn
from sklearn import metrics as m
from sklearn.calibration import calibration_curve

warnings.simplefilter("ignore")
rng = np.random.default_rng(20240229)


def finite(value):
    value = float(value)
    return value if np.isfinite(value) else None


def ks(y, p, w):
    fpr, tpr, _ = m.roc_curve(y, p, sample_weight=w, drop_intermediate=False)
    return np.max(tpr - fpr)


def ece(y, p, w):
    """Naeini et al. 2015 over (0, 0.1], (0.1, 0.2] ... with scikit-learn's own assignment to bins."""
    w = np.ones(len(y)) if w is None else w
    bins = np.searchsorted(np.linspace(0.0, 1.0, 11)[1:-1], p)
    total = 0.0
    for b in range(10):
        rows = bins == b
        if w[rows].sum() > 0:
            confidence = np.average(p[rows], weights=w[rows])
            share = np.average(y[rows], weights=w[rows])
            total += w[rows].sum() / w.sum() * abs(confidence - share)
    return total


def binary(name, y, p, threshold=0.5, weights=None):
    y, p = np.asarray(y, dtype=float), np.asarray(p, dtype=float)
    w = None if weights is None else np.asarray(weights, dtype=float)
    c = (p >= threshold).astype(float)
    both = len(np.unique(y)) == 2
    values = {
        "auc": m.roc_auc_score(y, p, sample_weight=w) if both else np.nan,
        "ks": ks(y, p, w) if both else np.nan,
        "average_precision": m.average_precision_score(y, p, sample_weight=w),
        "brier": m.brier_score_loss(y, p, sample_weight=w, pos_label=1),
        "log_loss": m.log_loss(y, p, sample_weight=w, labels=[0, 1]),
        "ece": ece(y, p, w),
        "accuracy": m.accuracy_score(y, c, sample_weight=w),
        "balanced_accuracy": m.balanced_accuracy_score(y, c, sample_weight=w),
        "precision": m.precision_score(y, c, sample_weight=w),
        "recall": m.recall_score(y, c, sample_weight=w),
        "f1": m.f1_score(y, c, sample_weight=w),
    }
    case = {"name": name, "task": "binary", "threshold": threshold, "target": y.tolist(), "predictions": p.tolist()}
    if w is not None:
        case["weights"] = w.tolist()
    else:
        share, mean = calibration_curve(y, p, n_bins=10, pos_label=1)
        case["calibration"] = [[float(a), float(b)] for a, b in zip(mean, share)]
    case["values"] = {k: finite(v) for k, v in values.items()}
    return case


def smape(y, f, w):
    """M4: Makridakis, Spiliotis & Assimakopoulos 2020."""
    size = np.abs(y) + np.abs(f)
    each = np.where(size == 0, 0.0, 200 * np.abs(y - f) / np.where(size == 0, 1.0, size))
    return np.average(each, weights=w)


def mase(y, f, w, training, season):
    """Hyndman & Koehler 2006."""
    training = np.asarray(training, dtype=float)
    if len(training) <= season:
        return np.nan
    scale = np.mean(np.abs(training[season:] - training[:-season]))
    return np.average(np.abs(y - f), weights=w) / scale if scale > 0 else np.nan


def mape(y, f, w):
    """scikit-learn's, but for a target of 0: there it divides by 2^-52, and we have no value."""
    return np.nan if (y == 0).any() else m.mean_absolute_percentage_error(y, f, sample_weight=w)


def regression(name, y, f, training=(), season=1, weights=None, quantile=None):
    y, f = np.asarray(y, dtype=float), np.asarray(f, dtype=float)
    w = None if weights is None else np.asarray(weights, dtype=float)
    values = {
        "rmse": m.mean_squared_error(y, f, squared=False, sample_weight=w),
        "mae": m.mean_absolute_error(y, f, sample_weight=w),
        "r2": m.r2_score(y, f, sample_weight=w),
        "mape": mape(y, f, w),
        "smape": smape(y, f, w),
        "mase": mase(y, f, w, training, season),
    }
    if quantile is not None:
        values["pinball"] = m.mean_pinball_loss(y, f, alpha=quantile, sample_weight=w)
    case = {
        "name": name,
        "task": "regression",
        "target": y.tolist(),
        "predictions": f.tolist(),
        "trainingTarget": list(map(float, training)),
        "season": season,
    }
    if quantile is not None:
        case["quantile"] = quantile
    if w is not None:
        case["weights"] = w.tolist()
    case["values"] = {k: finite(v) for k, v in values.items()}
    return case


def macro_auc(y, p, w):
    """roc_auc_score itself where every class occurs; else, as it refuses that, the mean over the classes that do."""
    classes = np.unique(y)
    if len(classes) == 1:
        return np.nan
    if len(classes) == p.shape[1]:
        return m.roc_auc_score(y, p, multi_class="ovr", average="macro", sample_weight=w)
    return np.mean([m.roc_auc_score(y == k, p[:, int(k)], sample_weight=w) for k in classes])


def multiclass(name, y, p, weights=None):
    y, p = np.asarray(y, dtype=float), np.asarray(p, dtype=float)
    w = None if weights is None else np.asarray(weights, dtype=float)
    classes = np.arange(p.shape[1])
    c = p.argmax(axis=1)
    values = {
        "log_loss": m.log_loss(y, p, sample_weight=w, labels=classes),
        "accuracy": m.accuracy_score(y, c, sample_weight=w),
        "balanced_accuracy": m.balanced_accuracy_score(y, c, sample_weight=w),
        "macro_f1": m.f1_score(y, c, average="macro", sample_weight=w, zero_division=0),
        "macro_auc": macro_auc(y, p, w),
        "brier": sum(m.brier_score_loss(y == k, p[:, k], sample_weight=w, pos_label=True) for k in classes),
    }
    case = {"name": name, "task": "multiclass", "target": y.tolist(), "predictions": p.ravel().tolist()}
    if w is not None:
        case["weights"] = w.tolist()
    case["values"] = {k: finite(v) for k, v in values.items()}
    return case


def scores(rows, share, strength):
    y = (rng.random(rows) < share).astype(float)
    p = 1 / (1 + np.exp(-(np.log(share / (1 - share)) + strength * (y - share) + rng.normal(size=rows))))
    return y, p


y, p = scores(80, 0.4, 1.2)
yi, pi = scores(200, 0.04, 2.0)
bounds = np.array([0.1, 0.2, 0.3, 0.6, 0.7, 0.9, 0.0, 1.0] * 4)
hour = np.arange(96)
series = np.round(100 + 20 * np.sin(2 * np.pi * hour / 24) + 0.1 * hour + rng.normal(size=96), 3)
train, test = series[:72], series[72:]
v = rng.normal(50, 12, size=60)
g = v + rng.normal(0, 5, size=60)

cases = [
    binary("distinct scores", y, p),
    binary("many ties", y, np.round(p, 1)),
    binary("another threshold", y, p, threshold=0.3),
    binary("a prediction on the threshold", y, np.round(p, 1), threshold=0.3),
    binary("few positives, none predicted", yi, pi, threshold=0.9),
    binary("few positives, low threshold", yi, pi, threshold=0.05),
    binary("certain and often wrong", [0, 1, 0, 1, 1, 0, 0, 1], [0, 0, 1, 1, 1e-300, 1e-17, 1 - 2**-53, 0.5]),
    binary("on the edges of bins", (np.arange(32) % 3 == 0), bounds),
    binary("constant", y, np.full(80, 0.4)),
    binary("constant and all positive", y, np.full(80, 0.5)),
    binary("backwards", y, 1 - p),
    binary("perfect", [0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9]),
    binary("only positives", np.ones(12), p[:12]),
    binary("only negatives", np.zeros(12), p[:12]),
    binary("one row", [1], [0.7]),
    binary("weighted", y, np.round(p, 2), weights=rng.multinomial(80, np.full(80, 1 / 80))),
    regression("plain", v, g),
    regression("zeros among the targets", [0, 0, 1, -2, 0], [0, 0.5, 1, -1, 0]),
    regression("large offset", v + 1e8, g + 1e8),
    regression("constant target", np.full(7, 0.25), [0.1, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1]),
    regression("constant target, exact", np.full(7, 3.0), np.full(7, 3.0)),
    regression("one row", [3.0], [2.5]),
    regression("weighted", v, g, v, 1, weights=rng.multinomial(60, np.full(60, 1 / 60))),
    regression("seasonal naive of a daily pattern", test, train[-24:], train, 24),
    regression("naive of a daily pattern", test, np.full(24, train[-1]), train, 24),
    regression("a training target that never changes", test, train[-24:], np.full(72, 5.0), 24),
    regression("a training target shorter than a season", test, train[-24:], train[:20], 24),
]
yk = rng.integers(0, 4, size=90)
z = 1.5 * np.eye(4)[yk] + rng.normal(size=(90, 4))
pk = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
tied = np.round(pk * 4)
tied[:, 0] += tied.sum(axis=1) == 0
tied /= tied.sum(axis=1, keepdims=True)
rare = np.where(yk == 3, 0, yk)
certain = np.eye(3)[[0, 1, 2, 0, 1, 1]]
draws = rng.multinomial(90, np.full(90, 1 / 90))
cases += [
    multiclass("four classes", yk, pk),
    multiclass("many ties", yk, tied),
    multiclass("weighted", yk, tied, weights=draws),
    multiclass("a class that does not occur", rare, pk),
    multiclass("one class alone", np.full(90, 2), pk),
    multiclass("certain, right and wrong", [0, 1, 2, 1, 1, 2], certain),
    multiclass("nobody predicts the last class", yk % 3, np.tile([0.5, 0.3, 0.2], (90, 1))),
    multiclass("one row", [2], [[0.2, 0.3, 0.5]]),
    regression("a high quantile", v, g + 8, quantile=0.9),
    regression("the median, weighted", v, g, quantile=0.5, weights=rng.multinomial(60, np.full(60, 1 / 60))),
    regression("a low quantile, some forecasts exact", np.round(v / 4), np.round(g / 4), quantile=0.05),
]
json.dump(
    {
        "source": "metrics.py",
        "versions": {"python": platform.python_version(), "sklearn": sklearn.__version__, "numpy": np.__version__},
        "cases": cases,
    },
    sys.stdout,
    indent=None,
    separators=(",", ":"),
)
print()
