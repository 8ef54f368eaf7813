# What bench/boosting.mjs compares with. Reads rows from the files named, and for each word on standard input fits once with
# that program on one thread and answers with the CPU seconds of the fit call alone.
import sys
import time

import numpy as np

x_file, y_file, rows, features = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
x = np.fromfile(x_file, dtype=np.float64).reshape(rows, features)
y = np.fromfile(y_file, dtype=np.float64).astype(np.int32)


def scikit_learn():
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(
        max_iter=100, max_leaf_nodes=31, learning_rate=0.1, min_samples_leaf=20,
        l2_regularization=1.0, early_stopping=False,
    )


def xgboost():
    from xgboost import XGBClassifier

    return XGBClassifier(
        n_estimators=100, max_leaves=31, max_depth=0, grow_policy="lossguide", learning_rate=0.1, tree_method="hist",
        reg_lambda=1.0, n_jobs=1, verbosity=0,
    )


models = {"scikit-learn": scikit_learn, "xgboost": xgboost}
print("ready", flush=True)
for line in sys.stdin:
    model = models[line.strip()]()
    start = time.process_time()
    model.fit(x, y)
    print(time.process_time() - start, flush=True)
