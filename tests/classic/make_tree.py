"""Makes tree_vectors.txt with scikit-learn. usage: /usr/bin/python3 make_tree.py > tree_vectors.txt"""
import numpy as np
from sklearn.tree import DecisionTreeClassifier

from made import pictures

train, labels = pictures(1500, 48, 6, 900, 1)
query, _ = pictures(120, 48, 6, 900, 2)


def grow(seed, depth, leaf):
    tree = DecisionTreeClassifier(max_depth=depth, min_samples_leaf=leaf, random_state=seed)
    return tree.fit(train, labels)


for depth, leaf in ((4, 1), (5, 60)):
    tree = grow(0, depth, leaf)
    for seed in range(1, 10):  # no two features cut equally well: the tree is unique
        other = grow(seed, depth, leaf).tree_
        assert (other.feature == tree.tree_.feature).all()
    for shares in tree.predict_proba(query):
        print(*("%.7g" % x for x in shares))
    print(*("%.7g" % x for x in tree.feature_importances_))
