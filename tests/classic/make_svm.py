"""Makes svm_vectors.txt with scikit-learn's libsvm. usage: /usr/bin/python3 make_svm.py > svm_vectors.txt"""
import numpy as np
from sklearn.metrics.pairwise import linear_kernel, polynomial_kernel, rbf_kernel
from sklearn.svm import SVC

from made import pictures

CLASSES, C = 4, 10
train, labels = pictures(600, 48, CLASSES, 1000, 1)
query, _ = pictures(100, 48, CLASSES, 1000, 2)
train, query = train / 255, query / 255
gamma = 1 / (train.shape[1] * train.var())


def objectives(model, kernel):
    """Each pair's dual objective: libsvm computes it and scikit-learn drops it."""
    end = np.cumsum(model.n_support_)
    begin = end - model.n_support_
    for a in range(CLASSES):
        for b in range(a + 1, CLASSES):
            mine, yours = slice(begin[a], end[a]), slice(begin[b], end[b])
            rows = np.concatenate([model.support_[mine], model.support_[yours]])
            v = np.concatenate([model.dual_coef_[b - 1, mine], model.dual_coef_[a, yours]])
            k = kernel(train[rows]).astype(np.float32).astype(float)  # as libsvm keeps it
            yield v @ k @ v / 2 - np.abs(v).sum()


for name, kernel in (
    ("rbf", lambda x: rbf_kernel(x, gamma=gamma)),
    ("linear", linear_kernel),
    ("poly", lambda x: polynomial_kernel(x, degree=3, gamma=gamma, coef0=1)),
):
    model = SVC(C=C, kernel=name, coef0=1, tol=1e-7, decision_function_shape="ovo", cache_size=1000)
    model.fit(train, labels)
    print(name, *("%.12g" % o for o in objectives(model, kernel)))
    for label, values in zip(model.predict(query), model.decision_function(query)):
        print(label, *("%.8g" % v for v in values))
