"""Makes pca_vectors.txt with scikit-learn. usage: /usr/bin/python3 make_pca.py > pca_vectors.txt"""
from sklearn.decomposition import PCA

from made import pictures

KEPT = 5
for count in (300, 20):  # more pictures than pixels, and fewer
    train, _ = pictures(count, 48, 6, 300, 1)
    model = PCA(svd_solver="full").fit(train / 255)
    share = model.explained_variance_ratio_
    print(count, 1 + int((share.cumsum() < 0.9).sum()))
    for i in range(KEPT):
        print("%.9g" % share[i], *("%.6g" % x for x in model.components_[i]))
