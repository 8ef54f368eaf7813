# What bench/boosting.mjs compares with. Reads training rows, their classes, test rows and theirs from the files named, and for each
# word on standard input fits once with that program on one thread. Answers with the CPU seconds of the fit call and the AUC of
# the test rows, in a line of JSON.
import json
import sys
import time

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from xgboost import XGBClassifier

features = int(sys.argv[5])
x, y, test_x, test_y = (np.fromfile(path, dtype=np.float64) for path in sys.argv[1:5])
x, test_x = x.reshape(-1, features), test_x.reshape(-1, features)
y = y.astype(np.int32)
common = dict(learning_rate=0.1)
models = {
    "scikit-learn": lambda: HistGradientBoostingClassifier(
        max_iter=100, max_leaf_nodes=31, min_samples_leaf=20, l2_regularization=1.0, early_stopping=False, **common
    ),
    "xgboost": lambda: XGBClassifier(
        n_estimators=100, max_leaves=31, max_depth=0, grow_policy="lossguide", tree_method="hist", reg_lambda=1.0, n_jobs=1,
        verbosity=0, **common
    ),
}
print("ready", flush=True)
for line in sys.stdin:
    model = models[line.strip()]()
    start = time.process_time()
    model.fit(x, y)
    seconds = time.process_time() - start
    print(json.dumps({"fit": seconds, "auc": roc_auc_score(test_y, model.predict_proba(test_x)[:, 1])}), flush=True)
