"""Fits the tanh of the LSTM's kernels: /usr/bin/python3 tanh.py

x P(x x) / Q(x x) on 0 to 8.5, with the least greatest relative error: least squares on the linearised problem, weighted anew
by the errors until they are even (Lawson 1961). Prints the coefficients as float32, lowest power first.
"""
import numpy as np

HIGH, P_DEGREE, Q_DEGREE, ROUNDS = 8.5, 5, 3, 400
x = np.maximum((np.cos(np.linspace(np.pi, 0, 4001)) + 1) / 2 * HIGH, 1e-3)
u = (x / HIGH) ** 2
wanted = np.tanh(x) / x
p_powers = np.vander(u, P_DEGREE + 1, increasing=True)
q_powers = np.vander(u, Q_DEGREE + 1, increasing=True)[:, 1:]
weight, below, least = np.ones_like(x), np.ones_like(x), np.inf
for _ in range(ROUNDS):
    scale = np.sqrt(weight) / (wanted * below)
    system = np.hstack([p_powers, -wanted[:, None] * q_powers])
    found, *_ = np.linalg.lstsq(system * scale[:, None], wanted * scale, rcond=None)
    below = 1 + q_powers @ found[P_DEGREE + 1 :]
    error = np.abs(p_powers @ found[: P_DEGREE + 1] / below / wanted - 1)
    if error.max() < least:
        least, best = error.max(), found
    weight *= np.sqrt(error)
    weight = weight / weight.mean() + 1e-12
p = best[: P_DEGREE + 1] / HIGH ** (2 * np.arange(P_DEGREE + 1))
q = np.r_[1, best[P_DEGREE + 1 :] / HIGH ** (2 * np.arange(1, Q_DEGREE + 1))]
print("numpy", np.__version__, "relative error %.1e" % least)
print("P", [float(np.float32(value)) for value in p])
print("Q", [float(np.float32(value)) for value in q])
