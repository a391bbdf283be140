"""Makes logreg_vectors.txt with scikit-learn. usage: /usr/bin/python3 make_logreg.py > logreg_vectors.txt"""
import numpy as np
from sklearn.linear_model import LogisticRegression

from made import pictures

train, labels = pictures(600, 48, 5, 500, 1)
query, _ = pictures(100, 48, 5, 500, 2)
for c in (0.01, 1, 100):
    model = LogisticRegression(C=c, solver="newton-cg", multi_class="multinomial", tol=1e-7, max_iter=10000)
    model.fit(train / 255, labels)
    scores = train / 255 @ model.coef_.T + model.intercept_
    loss = -model.predict_log_proba(train / 255)[np.arange(600), labels].sum()
    print(c, "%.10g" % ((loss + (model.coef_**2).sum() / (2 * c)) / 600))
    for p in model.predict_proba(query / 255):
        print(*("%.6g" % x for x in p))
