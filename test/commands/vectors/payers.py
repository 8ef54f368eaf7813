"""Reference for multiclass.test.ts: scikit-learn's logistic regression on the first 2,000 clients of the bundled credit data.

Whether a client paid early, on time or late in the last month (PAY_0 below, at or above 0), from eight other columns; row i is held out
when i mod 5 is 4. Run with: python3 payers.py ../../../data/uci_credit_default.csv.gz > payers.json
"""

import json
import platform
import sys

import numpy as np
import pandas as pd
import sklearn
from sklearn import metrics as m
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

data = pd.read_csv(sys.argv[1]).head(2000)
y = np.where(data.PAY_0 < 0, "early", np.where(data.PAY_0 > 0, "late", "on time"))
x = data[["LIMIT_BAL", "AGE", "PAY_2", "PAY_3", "PAY_4", "BILL_AMT2", "BILL_AMT3", "PAY_AMT2"]]
test = np.arange(len(y)) % 5 == 4
model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(x[~test], y[~test])
p, called = model.predict_proba(x[test]), model.predict(x[test])
values = {
    "log_loss": m.log_loss(y[test], p),
    "accuracy": m.accuracy_score(y[test], called),
    "balanced_accuracy": m.balanced_accuracy_score(y[test], called),
    "macro_f1": m.f1_score(y[test], called, average="macro"),
    "macro_auc": m.roc_auc_score(y[test], p, multi_class="ovr", average="macro"),
    "brier": sum(m.brier_score_loss(y[test] == c, p[:, k]) for k, c in enumerate(model.classes_)),
}
versions = {"python": platform.python_version(), "numpy": np.__version__, "sklearn": sklearn.__version__}
print(json.dumps({"source": "payers.py", "versions": versions, "values": values}, indent=1))
