"""Makes knn_vectors.txt with scikit-learn. usage: /usr/bin/python3 make_knn.py > knn_vectors.txt"""
import numpy as np
from sklearn.metrics import pairwise_distances
from sklearn.model_selection import PredefinedSplit, cross_val_score
from sklearn.neighbors import KNeighborsClassifier

from made import pictures

K = 7
train, labels = pictures(700, 48, 6, 400, 1)
train[350:360] = train[340:350]  # duplicates
query, _ = pictures(150, 48, 6, 400, 2)


def distances(a, b, metric):
    """scikit-learn leaves the order of ties open; we say: by index."""
    exact = pairwise_distances(a.astype(float), b.astype(float), metric=metric)
    return exact + np.arange(len(b)) * 1e-11 * exact.max()


for metric in ("euclidean", "manhattan", "cosine"):
    for weights in ("uniform", "distance"):
        model = KNeighborsClassifier(K, metric="precomputed", weights=weights)
        model.fit(distances(train, train, metric), labels)
        to_query = distances(query, train, metric)
        near, _ = model.kneighbors(to_query)
        shares = model.predict_proba(to_query)
        print(metric, weights)
        for d, p in zip(near, shares):
            print(*("%.7g" % x for x in d), *("%.6g" % x for x in p))
fold = np.arange(700) * 7 // 3 % 5
pairs = distances(train, train, "euclidean")
for k in (1, 3, 5, 11):
    model = KNeighborsClassifier(k, metric="precomputed")
    print(*("%.9g" % x for x in cross_val_score(model, pairs, labels, cv=PredefinedSplit(fold))))
