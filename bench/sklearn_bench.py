#!/usr/bin/python3
"""One classical model by scikit-learn or faiss, from loaded arrays, on two threads.

usage: sklearn_bench.py DATA_FOLDER MODEL     prints JSON: seconds to fit, to predict, accuracy"""
import gzip
import json
import pathlib
import sys
import time
import warnings

import numpy as np

warnings.filterwarnings("ignore")  # 200 iterations do not converge, and the note is known
THREADS = 2


def pictures(folder, name, header):
    with gzip.open(pathlib.Path(folder) / name) as file:
        return np.frombuffer(file.read(), np.uint8, offset=header)


def load(folder, split):
    x = pictures(folder, f"{split}-images-idx3-ubyte.gz", 16).reshape(-1, 784)
    return (x / 255).astype(np.float32), pictures(folder, f"{split}-labels-idx1-ubyte.gz", 8)


def estimator(name):
    from sklearn import ensemble, linear_model, neighbors, svm
    return {
        "knn": lambda: neighbors.KNeighborsClassifier(5, algorithm="brute", n_jobs=THREADS),
        "logreg": lambda: linear_model.LogisticRegression(max_iter=200),
        "svm": lambda: svm.SVC(C=10, cache_size=4000),
        "forest": lambda: ensemble.RandomForestClassifier(100, n_jobs=THREADS),
        "extratrees": lambda: ensemble.ExtraTreesClassifier(100, n_jobs=THREADS),
        "boost": lambda: ensemble.HistGradientBoostingClassifier(max_iter=100),
    }[name]()


def faiss_search(x, y, queries, truth):
    import faiss
    faiss.omp_set_num_threads(THREADS)
    began = time.perf_counter()
    index = faiss.IndexFlatL2(x.shape[1])
    index.add(x)
    found = index.search(queries, 5)[1]
    seconds = time.perf_counter() - began
    votes = np.array([np.bincount(y[row], minlength=10).argmax() for row in found])
    return {"fit": 0.0, "predict": seconds, "accuracy": float((votes == truth).mean())}


def principal_components(x):
    from sklearn.decomposition import PCA
    began = time.perf_counter()
    pca = PCA(0.95, svd_solver="full").fit(x)
    return {"fit": time.perf_counter() - began, "components": int(pca.n_components_)}


def main():
    folder, name = sys.argv[1:]
    x, y = load(folder, "train")
    queries, truth = load(folder, "t10k")
    if name == "faiss":
        result = faiss_search(x, y, queries, truth)
    elif name == "pca":
        result = principal_components(x)
    else:
        model = estimator(name)
        began = time.perf_counter()
        model.fit(x, y)
        fitted = time.perf_counter()
        accuracy = model.score(queries, truth)
        result = {"fit": fitted - began, "predict": time.perf_counter() - fitted,
                  "accuracy": float(accuracy)}
    print(json.dumps(result))


main()
