# What bench/forest.mjs compares with. Reads training rows, their classes, test rows and theirs from the files named, and for each
# word on standard input fits once with that program on one thread. Answers with the CPU seconds of the fit call, and of scoring
# the training rows, and the AUC of the test rows, in a line of JSON.
import json
import sys
import time

import numpy as np
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.metrics import roc_auc_score

features = int(sys.argv[5])
x, y, test_x, test_y = (np.fromfile(path, dtype=np.float64) for path in sys.argv[1:5])
x, test_x = x.reshape(-1, features), test_x.reshape(-1, features)
print("ready", flush=True)
for seed, line in enumerate(sys.stdin):
    kind, least = line.split()
    if kind == "forest":
        model = RandomForestClassifier(n_estimators=100, min_samples_leaf=int(least), n_jobs=1, random_state=seed)
        score = lambda rows: model.predict_proba(rows)[:, 1]
    else:
        model = IsolationForest(n_estimators=100, max_samples=256, n_jobs=1, random_state=seed)
        score = lambda rows: -model.score_samples(rows)
    start = time.process_time()
    model.fit(x, y)
    fitted = time.process_time()
    score(x)
    scored = time.process_time()
    answer = {"fit": fitted - start, "score": scored - fitted, "auc": roc_auc_score(test_y, score(test_x))}
    print(json.dumps(answer), flush=True)
