"""Reference answers of forests: /usr/bin/python3 forest.py > forest.json

Data: data/uci_credit_default.csv.gz without ID, the codes as numbers; zero-based row i is a test row when i % 5 == 4.
- importances: of the 23 columns for the column `class`, a random forest of 200 trees with leaves of 10, training rows.
- age_log_loss: four classes, AGE below 30, 40, 50, and the rest, from all columns but AGE and `class`; 50 trees, leaves of 10.
- isolation_scores: of every 40th of the first 2,000 rows, learned from those 2,000; the mean of ten forests of 200 trees.
- mean_depths: the mean depth of an unsuccessful search among so many values.
"""
import gzip
import json
import os
import sys

import numpy
import sklearn
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.ensemble._iforest import _average_path_length
from sklearn.metrics import log_loss

here = os.path.dirname(os.path.abspath(__file__))
path = os.path.join(here, "..", "..", "..", "data", "uci_credit_default.csv.gz")
rows = numpy.genfromtxt(gzip.open(path), delimiter=",", skip_header=1)
test = numpy.arange(len(rows)) % 5 == 4
x, y = rows[:, 1:24], rows[:, 24]

importances = RandomForestClassifier(200, min_samples_leaf=10, random_state=0).fit(x[~test], y[~test]).feature_importances_

others = numpy.delete(x, 4, axis=1)
band = numpy.digitize(rows[:, 5], [30, 40, 50])
ages = RandomForestClassifier(50, min_samples_leaf=10, random_state=0).fit(others[~test], band[~test])

few = x[:2000]
forests = [IsolationForest(n_estimators=200, random_state=seed).fit(few) for seed in range(10)]
scores = numpy.mean([-forest.score_samples(few[::40]) for forest in forests], axis=0)
sizes = [1, 2, 3, 10, 256, 1000]

json.dump(
    {
        "versions": {
            "python": sys.version.split()[0],
            "numpy": numpy.__version__,
            "scikit-learn": sklearn.__version__,
        },
        "importances": importances.tolist(),
        "age_log_loss": log_loss(band[test], ages.predict_proba(others[test])),
        "isolation_scores": scores.tolist(),
        "mean_depths": dict(zip(sizes, _average_path_length(numpy.array(sizes)).tolist())),
    },
    sys.stdout,
    indent=1,
)
