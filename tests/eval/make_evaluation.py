"""Writes evaluation.json: predictions, and what scikit-learn says of them.

Every case is a table of float32 probabilities with its truth. Brier's score over classes
and the calibration error, which scikit-learn lacks, are computed here from their
definitions, and so is the area under the risk-coverage curve. scikit-learn 1.2.1, NumPy 1.24.2.

This scikit-learn takes F1 as 2pr / (p + r), newer ones and weft as 2tp / (predicted +
support): the last bit may differ, so the seed avoids figures half-way between two
printed ones.
"""
import json
import os

import numpy as np
from sklearn import metrics

BINS = 15


def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return (e / e.sum(axis=1, keepdims=True)).astype(np.float32)


def calibration_error(p, predicted, truth):
    confidence = p[np.arange(len(p)), predicted]
    place = np.clip(np.ceil(confidence * BINS) - 1, 0, BINS - 1).astype(int)
    error = 0.0
    for b in range(BINS):
        inside = place == b
        if inside.any():
            error += inside.sum() * abs(
                (predicted[inside] == truth[inside]).mean() - confidence[inside].mean()
            )
    return error / len(p)


def top(p, truth, k):
    """scikit-learn takes the higher index on ties; seen backwards, that is the lower."""
    classes = p.shape[1]
    if k >= classes:
        return 1.0
    if classes == 2:  # k = 1
        return metrics.accuracy_score(truth, p.argmax(axis=1))
    return metrics.top_k_accuracy_score(
        classes - 1 - truth, p[:, ::-1], k=k, labels=np.arange(classes)
    )


def aurc(p, predicted, truth):
    """Mean over all m of the share of errors among the m most confident; pictures of one
    confidence each count with their mean, as over all their orders."""
    confidence = p[np.arange(len(p)), predicted]
    wrong = (predicted != truth).astype(float)
    for c in np.unique(confidence):
        wrong[confidence == c] = wrong[confidence == c].mean()
    wrong = wrong[np.argsort(-confidence, kind="stable")]
    return (wrong.cumsum() / np.arange(1, len(p) + 1)).mean()


def case(name, p32, truth):
    p = p32.astype(np.float64)
    n, classes = p.shape
    labels = list(range(classes))
    predicted = p.argmax(axis=1)  # the first on ties
    scores = metrics.precision_recall_fscore_support(
        truth, predicted, labels=labels, zero_division=0
    )

    def average(kind):
        return metrics.precision_recall_fscore_support(
            truth, predicted, labels=labels, average=kind, zero_division=0
        )[:3]

    confusion = metrics.confusion_matrix(truth, predicted, labels=labels)
    with np.errstate(invalid="ignore"):
        kappa = metrics.cohen_kappa_score(truth, predicted, labels=labels)
    if classes > 1:
        log_loss = metrics.log_loss(truth, p, labels=labels, eps=1e-15)
    else:
        log_loss = 0.0
    names = [f"class {k}" for k in labels]
    names[0] = "a rather longer name"
    shown = set(truth) | set(predicted)
    return {
        "name": name,
        "classes": names,
        "probabilities": [float(x) for x in p.ravel()],
        "truth": [int(t) for t in truth],
        "per_class": [[float(s[k]) for s in scores] for k in labels],
        "confusion": confusion.tolist(),
        "macro": list(average("macro")),
        "weighted": list(average("weighted")),
        "accuracy": metrics.accuracy_score(truth, predicted),
        "log_loss": log_loss,
        "brier": float(((p - np.eye(classes)[truth]) ** 2).sum(axis=1).mean()),
        "top": [float(top(p, truth, k)) for k in range(1, classes + 1)],
        "aurc": float(aurc(p, predicted, truth)),
        "mcc": metrics.matthews_corrcoef(truth, predicted),
        "kappa": None if np.isnan(kappa) else kappa,
        "calibration_error": float(calibration_error(p, predicted, truth)),
        # With a class that occurs nowhere this version prints "micro avg" for accuracy.
        "report": {
            str(digits): metrics.classification_report(
                truth, predicted, labels=labels, target_names=names, digits=digits,
                zero_division=0,
            )
            for digits in (2, 4)
        }
        if len(shown) == classes
        else None,
    }


def main():
    rng = np.random.default_rng(2)

    def random(n, classes, sharpness):
        truth = rng.integers(0, classes, n)
        logits = rng.normal(size=(n, classes)) + sharpness * np.eye(classes)[truth]
        return softmax(logits), truth

    cases = [
        ("two classes", *random(40, 2, 1.0)),
        ("five classes", *random(90, 5, 1.5)),
        ("ten classes", *random(120, 10, 3.0)),
        ("uneven", *random(60, 4, 1.0)),
    ]
    p, truth = random(50, 4, 1.0)
    p[:, 2] = 0
    cases.append(("a class never predicted", p / p.sum(axis=1, keepdims=True), truth))
    p, truth = random(50, 4, 1.0)
    truth[truth == 1] = 3
    cases.append(("a class that never occurs", p, truth))
    p, truth = random(30, 5, 1.0)
    truth[truth == 1] = 3
    p[:, 1] = 0
    cases.append(("a class that is nowhere", p, truth))
    p = np.zeros((7, 3), np.float32)
    p[:, 1] = 1
    cases.append(("one class, all right", p, np.ones(7, int)))
    cases.append(("one class, all wrong", p, np.zeros(7, int)))
    truth = np.array([0, 1, 2, 2])
    cases.append(("perfect", np.eye(3, dtype=np.float32)[truth], truth))
    cases.append(("ties", np.full((6, 4), 0.25, np.float32), np.array([0, 1, 2, 3, 0, 3])))
    cases.append(("a single class", np.ones((5, 1), np.float32), np.zeros(5, int)))
    # What later cases are drawn from, so that earlier ones stay.
    rng = np.random.default_rng(5)
    cases.append(("one picture, right", np.array([[0.2, 0.5, 0.3]]), np.array([1])))
    cases.append(("one picture, surely wrong", np.array([[0, 1, 0]]), np.array([2])))
    truth = rng.integers(0, 6, 80)
    sure = np.where(rng.random(80) < 0.7, truth, rng.integers(0, 6, 80))
    cases.append(("always sure", np.eye(6)[sure], truth))
    votes = rng.multinomial(5, np.full(6, 1 / 6), 80) + 2 * np.eye(6, dtype=int)[sure]
    cases.append(("votes, with ties", votes / 7, truth))
    p = softmax(40 * rng.normal(size=(60, 3)))
    cases.append(("next to nothing and next to one", p, rng.integers(0, 3, 60)))

    out = [case(name, np.asarray(p, np.float32), truth) for name, p, truth in cases]
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "evaluation.json")
    with open(path, "w") as f:
        json.dump(out, f, indent=None, separators=(",", ":"))
        f.write("\n")


main()
