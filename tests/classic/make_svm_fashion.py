"""Makes svm_fashion.txt: libsvm on Fashion-MNIST's first 4,000 pictures, its answers for
2,000 test pictures. usage: /usr/bin/python3 make_svm_fashion.py FOLDER > svm_fashion.txt"""
import gzip
import sys

import numpy as np
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.svm import SVC

TRAIN, TEST, C = 4000, 2000, 10


def read(name, offset):
    return np.frombuffer(gzip.open(f"{sys.argv[1]}/{name}.gz").read(), np.uint8, offset=offset)


train = read("train-images-idx3-ubyte", 16).reshape(-1, 784)[:TRAIN] / 255
labels = read("train-labels-idx1-ubyte", 8)[:TRAIN]
test = read("t10k-images-idx3-ubyte", 16).reshape(-1, 784)[:TEST] / 255
gamma = 1 / (train.shape[1] * train.var())
model = SVC(C=C, gamma=gamma, tol=1e-6, cache_size=1000).fit(train, labels)
end = np.cumsum(model.n_support_)
begin = end - model.n_support_
for a in range(10):
    for b in range(a + 1, 10):
        mine, yours = slice(begin[a], end[a]), slice(begin[b], end[b])
        rows = np.concatenate([model.support_[mine], model.support_[yours]])
        v = np.concatenate([model.dual_coef_[b - 1, mine], model.dual_coef_[a, yours]])
        print("%.12g" % (v @ rbf_kernel(train[rows], gamma=gamma) @ v / 2 - np.abs(v).sum()))
print("".join(map(str, model.predict(test))))
