"""A FastAPI server with scikit-learn's random forest of 100 trees: POST /predict {"features": [...]}. The handler runs on the event loop, which
is its quickest form; no log is kept. Arguments: float64 files of the training rows and targets, the number of features, the port."""
import sys
from typing import List

import numpy as np
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from sklearn.ensemble import RandomForestClassifier

x_file, y_file, features, port = sys.argv[1:5]
x = np.nan_to_num(np.fromfile(x_file).reshape(-1, int(features)))
forest = RandomForestClassifier(100, random_state=1, n_jobs=1).fit(x, np.fromfile(y_file))
app = FastAPI()


class Asked(BaseModel):
    features: List[float]


@app.post("/predict")
async def predict(asked: Asked):
    return {"prediction": float(forest.predict_proba([asked.features])[0, 1])}


@app.get("/health")
async def health():
    return {"status": "ok"}


uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning", access_log=False)
