"""Models of LightGBM and XGBoost with their own answers, for the tests of the import.

Made by XGBoost 1.7.4 (Debian 12, python3-xgboost) and by LightGBM 4.7.0 with numpy 2.4.6 and pandas 3.0.6:
  /usr/bin/python3 imported.py xgboost
  python imported.py lightgbm
The data are drawn from numpy's PCG64 with a fixed seed; there is no data of anybody in them.
"""
import json
import math
import sys

import numpy as np

ROWS = 400
SHOWN = 40
COLORS = ["blue", "green", "red", "yellow"]


def draw(seed):
    """Four columns: a number with missing values, a number with many zeros, a category number with gaps, a color."""
    rng = np.random.default_rng(seed)
    a = rng.normal(size=ROWS) * 3
    b = np.where(rng.random(ROWS) < 0.4, 0, np.round(rng.normal(size=ROWS), 2))
    c = rng.choice([0, 1, 2, 5, 9, 34, 40], ROWS).astype(float)
    color = rng.integers(0, 4, ROWS).astype(float)
    y = np.sin(a) + b + np.isin(c, [1, 5, 40]) * 1.5 + (color == 2) + rng.normal(size=ROWS) * 0.1
    a[rng.random(ROWS) < 0.15] = np.nan
    c[rng.random(ROWS) < 0.05] = np.nan
    color[rng.random(ROWS) < 0.05] = np.nan
    return np.column_stack([a, b, c, color]), y


def targets(y):
    edges = np.quantile(y, [1 / 3, 2 / 3])
    return {"regression": y, "binary": (y > np.median(y)).astype(float), "multiclass": np.digitize(y, edges).astype(float)}


def shown(matrix):
    """The first rows, and rows with categories that training never saw: NaN becomes null."""
    odd = np.array([[0.5, 0, 77, 3], [0.5, 0, 3, -1], [np.inf, -1, 1, 1], [-np.inf, 1, 2, 2], [np.nan] * 4])
    return np.vstack([matrix[:SHOWN], odd])


def plain(values):
    if isinstance(values, (list, np.ndarray)):
        return [plain(value) for value in values]
    value = float(values)
    return value if math.isfinite(value) else None if math.isnan(value) else ("inf" if value > 0 else "-inf")


def make_xgboost():
    import os

    import xgboost

    x, y = draw(1)
    names, types = ["a", "b", "c", "color"], ["q", "q", "c", "c"]
    rows = shown(x)
    rows[SHOWN + 1][3] = 3  # XGBoost refuses a category below 0 and infinities.
    rows = np.nan_to_num(rows, nan=np.nan, posinf=1e30, neginf=-1e30)
    cases = {}
    objectives = {
        "regression": {"objective": "reg:squarederror", "base_score": 0.7},
        "binary": {"objective": "binary:logistic", "base_score": 0.3},
        "multiclass": {"objective": "multi:softprob", "num_class": 3, "num_parallel_tree": 2, "subsample": 0.7},
        "poisson": {"objective": "count:poisson"},
    }
    for name, params in objectives.items():
        target = np.abs(y).round() if name == "poisson" else targets(y)[name]
        data = xgboost.DMatrix(x, target, feature_names=names, feature_types=types, enable_categorical=True)
        params = {**params, "max_depth": 4, "tree_method": "hist", "max_cat_to_onehot": 2, "seed": 1, "nthread": 1}
        booster = xgboost.train(params, data, num_boost_round=6)
        booster.save_model("model.json")
        test = xgboost.DMatrix(rows, feature_names=names, feature_types=types, enable_categorical=True)
        with open("model.json") as file:
            model = file.read()
        os.remove("model.json")
        cases[name] = {
            "model": model,
            "predictions": plain(booster.predict(test)),
            "contributions": plain(booster.predict(test, pred_contribs=True)),
        }
    write("imported-xgboost.json", f"XGBoost {xgboost.__version__}", rows, cases)


def make_lightgbm():
    import lightgbm
    import pandas

    x, y = draw(2)
    rows = shown(x)
    params = {"verbose": -1, "num_leaves": 8, "min_data_in_leaf": 5, "min_data_per_group": 5, "cat_smooth": 1, "max_cat_to_onehot": 2, "seed": 1, "deterministic": True, "force_row_wise": True, "num_threads": 1}
    objectives = {
        "regression": {"objective": "regression"},
        "binary": {"objective": "binary", "sigmoid": 1.5},
        "multiclass": {"objective": "multiclass", "num_class": 3},
        "poisson": {"objective": "poisson"},
        "zero": {"objective": "regression", "zero_as_missing": True},
        "forest": {"objective": "binary", "boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.6},
        "dart": {"objective": "regression", "boosting": "dart", "drop_rate": 0.5},
        "whole": {"objective": "huber"},
    }
    cases = {}
    for name, own in objectives.items():
        target = {"binary": "binary", "multiclass": "multiclass", "forest": "binary"}.get(name, "regression")
        labels = np.abs(y) if name == "poisson" else targets(y)[target]
        # No missing value is seen: a missing number is then read as 0.
        seen = np.nan_to_num(x) if name == "whole" else x
        data = lightgbm.Dataset(seen, labels, feature_name=["a", "b", "c", "color"], categorical_feature=[2, 3])
        booster = lightgbm.train({**params, **own}, data, num_boost_round=6)
        cases[name] = {
            "model": booster.model_to_string(),
            "predictions": plain(booster.predict(rows)),
            "contributions": plain(booster.predict(rows, pred_contrib=True)),
        }
    frame = pandas.DataFrame(x, columns=["a", "b", "c", "color"])
    frame["c"] = frame["c"].astype("category")
    frame["color"] = pandas.Categorical.from_codes(frame["color"].fillna(-1).astype(int), COLORS)
    booster = lightgbm.train({**params, "objective": "regression"}, lightgbm.Dataset(frame, y), num_boost_round=6)
    cases["pandas"] = {
        "model": booster.model_to_string(),
        "predictions": plain(booster.predict(frame[:SHOWN])),
        "contributions": plain(booster.predict(frame[:SHOWN], pred_contrib=True)),
    }
    linear = lightgbm.train({**params, "objective": "regression", "linear_tree": True}, lightgbm.Dataset(np.nan_to_num(x), y), 2)
    cases["linear"] = {"model": linear.model_to_string(), "predictions": [], "contributions": []}
    write("imported-lightgbm.json", f"LightGBM {lightgbm.__version__}", rows, cases)


def write(path, program, rows, cases):
    for case in cases.values():
        case["model"] = case["model"].split("\nparameters:")[0] + (
            "\n\npandas_categorical:" + case["model"].split("pandas_categorical:")[1] if "pandas_categorical:" in case["model"] else ""
        )
    with open(path, "w") as file:
        json.dump({"program": program, "rows": plain(rows), "cases": cases}, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    {"xgboost": make_xgboost, "lightgbm": make_lightgbm}[sys.argv[1]]()
