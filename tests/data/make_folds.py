"""Writes folds.inc: scikit-learn's folds of uneven classes and of groups.

    /usr/bin/python3 tests/data/make_folds.py > tests/data/folds.inc
"""
import numpy as np
import sklearn
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

rng = np.random.default_rng(7)
labels = rng.choice(4, size=503, p=[0.55, 0.25, 0.15, 0.05])
folds = np.zeros(len(labels), int)
for f, (_, test) in enumerate(
    StratifiedKFold(7, shuffle=True, random_state=0).split(labels, labels)
):
    folds[test] = f
counts = [[int(np.sum((folds == f) & (labels == c))) for c in range(4)] for f in range(7)]

# Groups of different unevenness, so that their order is no matter of chance.
while True:
    owner = rng.integers(0, 24, len(labels))
    table = np.array([np.bincount(labels[owner == g], minlength=4) for g in range(24)])
    if len(np.unique(np.std(table, axis=1).round(9))) == 24:
        break
assigned = np.zeros(len(labels), int)
for f, (_, test) in enumerate(
    StratifiedGroupKFold(5, shuffle=False).split(labels, labels, owner)
):
    assigned[test] = f


def array(kind, name, values):
    rows = [", ".join(map(str, values[i : i + 24])) for i in range(0, len(values), 24)]
    print(f"static const {kind} {name}[] = {{\n    " + ",\n    ".join(rows) + "};")


print(f"/* Made by make_folds.py with scikit-learn {sklearn.__version__}. */")
print("/* clang-format off */")
array("uint16_t", "fold_labels", labels.tolist())
array("uint32_t", "fold_groups", owner.tolist())
array("uint8_t", "group_folds", assigned.tolist())
print("static const size_t stratified_counts[7][4] = {")
for row in counts:
    print("    {" + ", ".join(map(str, row)) + "},")
print("};")
