"""Writes calibrate.json: probabilities, and the temperature that SciPy finds for them.

The loss is the mean negative log likelihood of p^(1/T), scaled to sum 1, with p of at least
1e-15, in double precision; minimised over log T by scipy.optimize.minimize_scalar within
the limits that weft has, 0.01 to 100. SciPy 1.10.1, NumPy 1.24.2.
"""
import json
import os

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax


def case(name, p, labels):
    p = np.asarray(p, np.float32)
    logs = np.log(np.maximum(p.astype(np.float64), 1e-15))

    def loss(temperature):
        return -log_softmax(logs / temperature, axis=1)[
            np.arange(len(labels)), labels].mean()

    found = minimize_scalar(lambda u: loss(np.exp(u)), method="bounded",
                            bounds=(np.log(0.01), np.log(100)), options={"xatol": 1e-12})
    temperature = float(np.exp(found.x))
    return {"name": name, "classes": p.shape[1], "labels": labels.tolist(),
            "probabilities": [float(x) for x in p.ravel()], "temperature": temperature,
            "loss": loss(temperature), "before": loss(1.0),
            "scaled": [float(x) for x in softmax(logs / temperature, axis=1)[:8].ravel()]}


def main():
    rng = np.random.default_rng(4)

    def logits(n, classes, right):
        labels = rng.integers(0, classes, n)
        return rng.normal(size=(n, classes)) + right * np.eye(classes)[labels], labels

    z, labels = logits(150, 5, 1.5)
    cases = [case("too sure", softmax(3 * z, axis=1), labels),
             case("not sure enough", softmax(0.3 * z, axis=1), labels),
             case("far too sure", softmax(60 * z, axis=1), labels)]
    votes = rng.multinomial(5, np.full(4, 0.25), 100)
    cases.append(case("votes with zeros", votes / 5,
                      np.where(rng.random(100) < 0.8, votes.argmax(axis=1),
                               rng.integers(0, 4, 100))))
    z, labels = logits(80, 3, 0)
    cases.append(case("knows nothing", softmax(z, axis=1), labels))
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "calibrate.json")
    with open(path, "w") as f:
        json.dump(cases, f, separators=(",", ":"))
        f.write("\n")


main()
