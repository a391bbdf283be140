#!/usr/bin/env python3
"""How many photos of garments a model of Fashion-MNIST knows.

usage: photos.py MODEL FOLDER [--weft PROGRAM] [option of weft predict...]

FOLDER has a folder of photos a class, named as the small clothing dataset names them; the
classes that Fashion-MNIST lacks are left out. Prints accuracy with Wilson's interval, and a
line a class."""
import json
import math
import pathlib
import subprocess
import sys

RIGHT = {
    "dress": {"Dress"},
    "longsleeve": {"Pullover"},
    "outwear": {"Coat"},
    "pants": {"Trouser"},
    "shirt": {"Shirt"},
    "shoes": {"Sneaker", "Sandal", "Ankle boot"},
    "t-shirt": {"T-shirt/top"},
}


def wilson(k, n, z=1.959964):
    p = k / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return middle - half, middle + half


def main():
    words = sys.argv[1:]
    weft = "build/cli/weft"
    if "--weft" in words:
        at = words.index("--weft")
        weft = words[at + 1]
        del words[at : at + 2]
    if len(words) < 2:
        sys.exit(__doc__)
    model, folder, options = words[0], pathlib.Path(words[1]), words[2:]
    folders = [str(folder / name) for name in RIGHT]
    result = subprocess.run([weft, "predict", model, *folders, "--json", "--known", *options],
                            stdout=subprocess.PIPE, text=True)
    if not result.stdout:
        sys.exit(result.returncode or 1)
    counts = {name: {} for name in RIGHT}
    for line in result.stdout.splitlines():
        answer = json.loads(line)
        name = pathlib.Path(answer["picture"]).parent.name
        counts[name][answer["class"]] = counts[name].get(answer["class"], 0) + 1
    right = total = 0
    for name, answers in counts.items():
        n = sum(answers.values())
        k = sum(answers.get(c, 0) for c in RIGHT[name])
        right, total = right + k, total + n
        often = sorted(answers.items(), key=lambda a: -a[1])[:4]
        print(f"{name:11} {k:4} of {n:4}  {k / max(n, 1):.3f}   "
              + "  ".join(f"{c} {m}" for c, m in often))
    low, high = wilson(right, total)
    print(f"{'all':11} {right:4} of {total:4}  {right / total:.3f}   ({low:.3f} to {high:.3f})")


main()
