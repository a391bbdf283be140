"""Writes explore_vectors.h: what NumPy and scikit-learn say of a few small pictures.

    /usr/bin/python3 make_explore.py > explore_vectors.h
"""
import numpy as np
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

CLASSES, COUNT, HEIGHT, WIDTH = 3, 60, 6, 5


def pictures():
    """The same words as explore_test.c draws: a linear congruential generator."""
    state = 12345
    x = np.zeros((COUNT, HEIGHT * WIDTH), np.uint8)
    y = np.arange(COUNT) % CLASSES
    for i in range(COUNT):
        for p in range(HEIGHT * WIDTH):
            state = (state * 1664525 + 1013904223) % 2**32
            noise = (state >> 24) % 120
            x[i, p] = noise + (60 if p % CLASSES == y[i] else 0) + p
    return x, y


def put(name, values, kind="double"):
    text = ", ".join(repr(v.item()) for v in np.asarray(values).ravel())
    print(f"static const {kind} {name}[] = {{{text}}};")


x, y = pictures()
print("/* Made by make_explore.py. */")
print(f"enum {{ CLASSES = {CLASSES}, COUNT = {COUNT}, HEIGHT = {HEIGHT}, WIDTH = {WIDTH} }};")
put("expected_mean", [x[y == c].mean(0) for c in range(CLASSES)])
put("expected_spread", [x[y == c].std(0) for c in range(CLASSES)])
put("expected_levels", np.bincount(x.ravel(), minlength=256), "int")
put("expected_level_moments", [x.mean(), x.std()])
pca = PCA().fit(x / 255.0)
put("expected_explained", pca.explained_variance_ratio_)
cumulative = np.cumsum(pca.explained_variance_ratio_)
put("expected_needed", [np.searchsorted(cumulative, s) + 1 for s in (0.8, 0.9, 0.95, 0.99)], "int")
nearest = NearestNeighbors(n_neighbors=2).fit(x.astype(float)).kneighbors()[1]
confusion = np.zeros((CLASSES, CLASSES), int)
for i, (other, _) in enumerate(nearest):
    confusion[y[i], y[other]] += 1
put("expected_confusion", confusion, "int")
means = np.array([x[y == c].mean(0) for c in range(CLASSES)])
within = np.array([x[y == c].var(0).sum() for c in range(CLASSES)])
put("expected_distances", [[np.linalg.norm(means[a] - means[b]) / np.sqrt((within[a] + within[b]) / 2)
                            for b in range(CLASSES)] for a in range(CLASSES)])
