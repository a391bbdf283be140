"""Writes statistics.json: worked intervals and tests.

Wilson's interval from scipy.stats (method="wilson"), McNemar's test from its binomial
and chi-square distributions, Holm's step-down as its definition reads, the bootstrap
of macro F1 from scipy.stats.bootstrap with scikit-learn's f1_score. SciPy 1.10.1,
scikit-learn 1.2.1.
"""
import json
import os

import numpy as np
from scipy import stats
from sklearn.metrics import f1_score


def wilson(k, n):
    interval = stats.binomtest(k, n).proportion_ci(0.95, method="wilson")
    return [k, n, interval.low, interval.high]


def mcnemar(b, c):
    n = b + c
    if n < 25:
        return [b, c, True, min(b, c), min(1.0, 2 * stats.binom.cdf(min(b, c), n, 0.5))]
    statistic = max(0, abs(b - c) - 1) ** 2 / n
    return [b, c, False, statistic, stats.chi2.sf(statistic, 1)]


def holm(p):
    order = np.argsort(p, kind="stable")
    adjusted = np.empty(len(p))
    largest = 0.0
    for i, k in enumerate(order):
        largest = max(largest, min(1.0, (len(p) - i) * p[k]))
        adjusted[k] = largest
    return adjusted.tolist()


def bootstrap():
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 4, 400)
    predicted = np.where(rng.random(400) < 0.7, truth, rng.integers(0, 4, 400))
    result = stats.bootstrap(
        (truth, predicted),
        lambda t, p: f1_score(t, p, average="macro"),
        paired=True, vectorized=False, method="percentile", n_resamples=4000,
        random_state=1,
    ).confidence_interval
    return {"truth": truth.tolist(), "predicted": predicted.tolist(),
            "low": result.low, "high": result.high}


def main():
    p_values = [
        [0.04], [0.01, 0.04, 0.03, 0.005], [0.5, 0.5, 0.9], [1e-9, 0.2, 1e-4, 0.2, 1.0],
        [],
    ]
    out = {
        "wilson": [wilson(k, n) for k, n in
                   [(0, 1), (1, 1), (0, 30), (30, 30), (1, 30), (8554, 10000), (9123, 10000),
                    (50, 100)]],
        "mcnemar": [mcnemar(b, c) for b, c in
                    [(0, 0), (1, 0), (0, 5), (8, 3), (12, 12), (12, 13), (20, 20), (25, 0),
                     (121, 59), (1000, 900), (3000, 100), (14, 10)]],
        "holm": [[p, holm(p)] for p in p_values],
        "bootstrap": bootstrap(),
    }
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "statistics.json")
    with open(path, "w") as f:
        json.dump(out, f, separators=(",", ":"))
        f.write("\n")


main()
