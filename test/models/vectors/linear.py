"""Reference answers of linear models: /usr/bin/python3 linear.py > linear.json

scikit-learn's own solvers are run to their tightest tolerance; the gradient that is left is written beside each answer.
"""
import json
import sys

import numpy
import scipy
import sklearn
from sklearn.linear_model import LogisticRegression, Ridge

random = numpy.random.RandomState(7)


def mixed(rows):
    """Two normal columns, the sum of both, a full set of three one-hot columns, a constant, a column of large numbers."""
    a, b = random.normal(size=(2, rows))
    level = random.randint(0, 3, size=rows)
    one_hot = numpy.eye(3)[level]
    large = random.uniform(900, 1100, size=rows)
    x = numpy.column_stack([a, b, a + b, one_hot, numpy.full(rows, 3.5), large])
    score = 0.8 * a - 1.2 * b + one_hot @ [0.3, -0.4, 0.9] + 0.004 * (large - 1000)
    return x, score


def logistic(x, y, c, weights=None):
    model = LogisticRegression(C=c, solver="newton-cholesky", tol=1e-13, max_iter=10000).fit(x, y, weights)
    w, b = model.coef_[0], model.intercept_[0]
    error = (model.predict_proba(x)[:, 1] - y) * (1 if weights is None else weights)
    gradient = numpy.append(x.T @ error + w / c, error.sum())
    return {
        "c": c,
        "weights": w.tolist(),
        "intercept": b,
        "predictions": model.predict_proba(x)[:, 1].tolist(),
        "largest_gradient": float(numpy.abs(gradient).max()),
    }


def multinomial(x, y, c, weights=None):
    model = LogisticRegression(C=c, multi_class="multinomial", solver="newton-cg", tol=1e-12, max_iter=100000)
    model.fit(x, y, weights)
    error = model.predict_proba(x) - numpy.eye(len(model.classes_))[y]
    error *= 1 if weights is None else weights[:, None]
    gradient = numpy.append((error.T @ x + model.coef_ / c).ravel(), error.sum(axis=0))
    return {
        "c": c,
        "weights": model.coef_.ravel().tolist(),
        "intercept": (model.intercept_ - model.intercept_.mean()).tolist(),
        "predictions": model.predict_proba(x).ravel().tolist(),
        "largest_gradient": float(numpy.abs(gradient).max()),
    }


def ridge(x, y, alpha, weights=None):
    model = Ridge(alpha=alpha, solver="cholesky").fit(x, y, weights)
    return {
        "alpha": alpha,
        "weights": model.coef_.tolist(),
        "intercept": model.intercept_,
        "predictions": model.predict(x).tolist(),
    }


x, score = mixed(60)
binary = (score + random.logistic(size=60) > 0).astype(float)
amount = 50 + 10 * score + random.normal(size=60)
apart = numpy.column_stack([numpy.arange(12.0) - 5.5, random.normal(size=12)])
apart_y = (apart[:, 0] > 0).astype(float)

kind = numpy.argmax(numpy.column_stack([score, -score, 0.9 * x[:, 0]]) + random.gumbel(size=(60, 3)), axis=1)
counts = random.uniform(0.2, 3, size=60)

json.dump(
    {
        "versions": {
            "python": sys.version.split()[0],
            "numpy": numpy.__version__,
            "scipy": scipy.__version__,
            "scikit-learn": sklearn.__version__,
        },
        "logistic": [
            {"name": name, "x": x_.tolist(), "y": y_.tolist(), "answers": [logistic(x_, y_, c) for c in cs]}
            for name, x_, y_, cs in [
                ("collinear and constant columns", x, binary, [0.01, 1.0, 100.0]),
                ("classes that a line separates", apart, apart_y, [1.0, 10000.0]),
            ]
        ],
        "weighted": {
            "x": x.tolist(),
            "counts": counts.tolist(),
            "binary": binary.tolist(),
            "amount": amount.tolist(),
            "logistic": logistic(x, binary, 1.0, counts),
            "ridge": ridge(x, amount, 1.0, counts),
        },
        "multinomial": {
            "x": x[:, :7].tolist(),
            "y": kind.tolist(),
            "counts": counts.tolist(),
            "answers": [multinomial(x[:, :7], kind, c) for c in [0.1, 1.0, 10.0]],
            "weighted": multinomial(x[:, :7], kind, 1.0, counts),
        },
        "ridge": [
            {
                "name": "collinear and constant columns",
                "x": x.tolist(),
                "y": amount.tolist(),
                "answers": [ridge(x, amount, alpha) for alpha in [0.001, 1.0, 100.0]],
            },
            {
                "name": "more columns than rows",
                "x": x[:5].tolist(),
                "y": amount[:5].tolist(),
                "answers": [ridge(x[:5], amount[:5], alpha) for alpha in [1.0]],
            },
        ],
    },
    sys.stdout,
    indent=1,
)
