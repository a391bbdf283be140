"""Writes statistics.json: worked intervals and tests.

Wilson's interval from scipy.stats (method="wilson") and statsmodels, which must agree;
McNemar's test and Holm's correction from statsmodels; Student's t from scipy.stats, once
with the crossed variances worked out by NumPy and, of one fit a side, from
scipy.stats.ttest_rel; the bootstrap of macro F1 from scipy.stats.bootstrap with
scikit-learn's f1_score. SciPy 1.10.1, statsmodels 0.13.5, scikit-learn 1.2.1.
"""
import json
import os

import numpy as np
from scipy import special, stats
from sklearn.metrics import f1_score
from statsmodels.stats import contingency_tables
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint


def wilson(k, n):
    interval = stats.binomtest(k, n).proportion_ci(0.95, method="wilson")
    low, high = proportion_confint(k, n, method="wilson")
    assert abs(low - interval.low) < 1e-12 and abs(high - interval.high) < 1e-12
    return [k, n, interval.low, interval.high]


def mcnemar(b, c):
    exact = b + c < 25
    if b == c and not exact:  # statsmodels corrects by more than there is; R does not
        return [b, c, False, 0.0, 1.0]
    result = contingency_tables.mcnemar([[0, b], [c, 0]], exact=exact, correction=True)
    return [b, c, exact, result.statistic, min(1.0, result.pvalue)]


def holm(p):
    return multipletests(p, method="holm")[1].tolist() if p else []


def crossed(rng, pictures, first, second):
    """rng draws which pictures each seed of either side has right: seeds x pictures."""
    skill = rng.normal(size=pictures)

    def fits(seeds, level):
        spread = rng.normal(scale=0.2, size=(seeds, 1))
        noise = rng.normal(scale=0.7, size=(seeds, pictures))
        return (skill + level + spread + noise > 0).astype(int)

    a, b = fits(first, 0.7), fits(second, 0.5)
    d = a.mean(axis=0) - b.mean(axis=0)
    parts = [(d.var(ddof=1) / pictures, pictures - 1)]
    for side in (a, b):
        if len(side) > 1:
            parts.append((side.mean(axis=1).var(ddof=1) / len(side), len(side) - 1))
    variance = sum(v for v, _ in parts)
    freedom = variance**2 / sum(v**2 / f for v, f in parts)
    t = d.mean() / np.sqrt(variance)
    p = 2 * stats.t.sf(abs(t), freedom)
    half = quantile975(freedom) * np.sqrt(variance)
    if first == second == 1:
        paired = stats.ttest_rel(a[0], b[0])
        assert np.allclose([paired.statistic, paired.pvalue], [t, p], rtol=1e-12)
    return {"first": a.tolist(), "second": b.tolist(), "difference": d.mean(),
            "statistic": t, "freedom": freedom, "p": p,
            "low": d.mean() - half, "high": d.mean() + half}


def quantile975(freedom):
    """scipy.stats.t.ppf has but nine digits."""
    x = special.betaincinv(freedom / 2, 0.5, 0.05)
    t = np.sqrt(freedom / x - freedom)
    assert np.isclose(t, stats.t.ppf(0.975, freedom), rtol=1e-8)
    return t


def student():
    return [[t, f, 2 * stats.t.sf(t, f), quantile975(f)]
            for f in (1, 1.7, 2, 5.3, 30, 400, 9999, 1e5)
            for t in (0.0, 1e-3, 0.5, 1.96, 4.0, 9.0, 40.0)]


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
        "student": student(),
        "crossed": [crossed(np.random.default_rng(11 + i), *shape) for i, shape in
                    enumerate([(40, 1, 1), (60, 3, 1), (50, 1, 4), (70, 5, 3)])],
    }
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "statistics.json")
    with open(path, "w") as f:
        json.dump(out, f, separators=(",", ":"))
        f.write("\n")


main()
