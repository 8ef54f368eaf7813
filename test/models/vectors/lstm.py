"""Reference numbers of an LSTM: /usr/bin/python3 lstm.py > lstm.json

torch.nn.LSTM and torch.nn.Linear in float32 on one series of 14 rows: the windows of 5 rows that end at each row, its first row again
before it begins. For each case: the weights to begin with, the answers, the gradient of the loss, and the weights after 5 steps of
the optimiser on all rows at once.
"""
import json
import sys

import torch

torch.set_num_threads(1)
ROWS, INPUTS, HIDDEN, WINDOW, STEPS, CLIP = 14, 3, 5, 5, 5, 0.5
CASES = [
    dict(name="one layer, mse, adam", layers=1, outputs=1, task="regression", loss="mse", optimiser="adam", weight_decay=0.0),
    dict(name="two layers, huber, adamw", layers=2, outputs=1, task="regression", loss="huber", optimiser="adamw", weight_decay=0.1),
    dict(name="one layer, mae, adam with decay", layers=1, outputs=1, task="regression", loss="mae", optimiser="adam", weight_decay=0.05),
    dict(name="one layer, binary", layers=1, outputs=1, task="binary", loss="mse", optimiser="adam", weight_decay=0.0),
    dict(name="two layers, three classes", layers=2, outputs=3, task="multiclass", loss="mse", optimiser="adam", weight_decay=0.0),
]


def numbers(tensor):
    return [float("%.8g" % v) for v in tensor.detach().flatten().tolist()]


def weights_of(lstm, head, get):
    """As Keras lays them out: gates i, f, g, o as columns; the two biases of torch are one."""
    layers = []
    for layer in range(lstm.num_layers):
        part = lambda name: get(getattr(lstm, f"{name}_l{layer}"))
        layers.append(
            dict(kernel=numbers(part("weight_ih").t()), recurrent=numbers(part("weight_hh").t()), bias=numbers(part("bias_ih")))
        )
    return dict(layers=layers, head=numbers(get(head.weight).t()), headBias=numbers(get(head.bias)))


def run(case, seed):
    torch.manual_seed(seed)
    x = torch.randn(ROWS, INPUTS)
    weights = torch.randint(1, 4, (ROWS,)).float()
    if case["task"] == "regression":
        y = torch.randn(ROWS)
    else:
        y = torch.randint(0, max(2, case["outputs"]), (ROWS,)).float()
    padded = torch.cat([x[:1].repeat(WINDOW - 1, 1), x])
    windows = torch.stack([padded[i : i + WINDOW] for i in range(ROWS)])
    lstm = torch.nn.LSTM(INPUTS, HIDDEN, case["layers"], batch_first=True)
    head = torch.nn.Linear(HIDDEN, case["outputs"])
    for layer in range(case["layers"]):
        # One bias, as there is only one of ours: the other stays 0 and is not trained.
        other = getattr(lstm, f"bias_hh_l{layer}")
        other.requires_grad_(False)
        other.zero_()
    parameters = [p for p in [*lstm.parameters(), *head.parameters()] if p.requires_grad]
    Optimiser = torch.optim.Adam if case["optimiser"] == "adam" else torch.optim.AdamW
    optimiser = Optimiser(parameters, lr=1e-2, weight_decay=case["weight_decay"])

    def answers():
        return head(lstm(windows)[0][:, -1])

    def loss():
        f = torch.nn.functional
        a = answers()
        if case["task"] == "binary":
            rows = f.binary_cross_entropy_with_logits(a[:, 0], y, reduction="none")
        elif case["task"] == "multiclass":
            rows = f.cross_entropy(a, y.long(), reduction="none")
        elif case["loss"] == "mse":
            rows = f.mse_loss(a[:, 0], y, reduction="none")
        elif case["loss"] == "mae":
            rows = f.l1_loss(a[:, 0], y, reduction="none")
        else:
            rows = f.huber_loss(a[:, 0], y, delta=0.5, reduction="none")
        return (rows * weights).sum() / weights.sum()

    out = dict(case, x=numbers(x), y=numbers(y), weights=numbers(weights))
    out["first"] = weights_of(lstm, head, lambda p: p)
    out["answers"] = numbers(answers())
    optimiser.zero_grad()
    first = loss()
    first.backward()
    out["first_loss"] = float("%.8g" % first.item())
    out["gradient"] = weights_of(lstm, head, lambda p: p.grad)
    for _ in range(STEPS):
        optimiser.zero_grad()
        loss().backward()
        torch.nn.utils.clip_grad_norm_(parameters, CLIP)
        optimiser.step()
    out["last"] = weights_of(lstm, head, lambda p: p)
    return out


shape = dict(rows=ROWS, inputs=INPUTS, hidden=HIDDEN, window=WINDOW, steps=STEPS, clip=CLIP)
result = dict(made_with=dict(torch=torch.__version__, python=sys.version.split()[0]), **shape)
result["cases"] = [run(case, seed) for seed, case in enumerate(CASES, 1)]
json.dump(result, sys.stdout, separators=(",", ":"))
