#!/usr/bin/env python3
"""The classical families beside scikit-learn and faiss, in turns: weft, peer, weft, ...

usage: classic.py [--build BUILD] [--data FOLDER] [--rounds N] [--models NAME,...] [--json FILE]

All 60,000 training pictures to fit and 10,000 to predict, from loaded arrays, two threads each;
medians over the rounds. Peers run on Debian's python3 with python3-sklearn, python3-faiss and
libopenblas0-openmp. Wants an idle machine; a round takes about ten minutes, nearly all of it the
peers'."""
import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
PEER_PYTHON = "/usr/bin/python3"
THREADS = 2

# name, weft's spec, the peer, what is compared, the least ratio (or most seconds) asked for
MODELS = [
    ("knn", "knn:k=5", "faiss", "predict", "under 0.9 s"),
    ("logreg", "logreg", "logreg", "fit", "10x"),
    ("forest", "forest", "forest", "fit", "8x"),
    ("extratrees", "extratrees", "extratrees", "fit", "6x"),
    ("boost", "boost", "boost", "fit", "8x"),
    ("pca", None, "pca", "fit", "5x"),
    ("svm", "svm:c=10", "svm", "fit, predict", "20x, 50x"),
    ("svm on hog", "svm:c=10,features=hog", None, "fit", "under 20 s"),
]


def output_of(*words):
    result = subprocess.run([str(w) for w in words], capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"{words[0]}: {result.stderr.strip() or result.returncode}")
    return result.stdout


def run_weft(options, spec):
    if spec is None:
        text = output_of(options.build / "bench/pca_bench", options.data, THREADS, 1)
        return {"fit": float(re.search(r"([0-9.]+) s", text)[1])}
    text = output_of(options.build / "bench/classic_bench", options.data, THREADS, 1, spec)
    line = re.search(r"fit ([0-9.]+) s .*predict ([0-9.]+) s, accuracy ([0-9.]+), peak ([0-9.]+)",
                     text)
    return dict(zip(("fit", "predict", "accuracy", "peak_gb"), map(float, line.groups())))


def run_peer(options, name):
    return json.loads(output_of(PEER_PYTHON, HERE / "sklearn_bench.py", options.data, name))


def median(rows, figure):
    values = [row[figure] for row in rows if figure in row]
    return statistics.median(values) if values else None


def show(value, form="{:.2f}"):
    return "" if value is None else form.format(value)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=HERE.parent / "build")
    parser.add_argument("--data", default=os.environ.get("WEFT_DATA"))
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--models", default=",".join(m[0] for m in MODELS))
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    if not options.data:
        parser.error("--data or WEFT_DATA must name the folder with Fashion-MNIST")
    wanted = options.models.split(",")
    results = {}
    print(f"{'model':<11} {'what':<8} {'weft s':>8} {'peer s':>8} {'ratio':>7}  "
          f"{'weft acc':>8} {'peer acc':>8}  asked for", flush=True)
    for name, spec, peer, figures, asked in MODELS:
        if name not in wanted:
            continue
        ours, theirs = [], []
        for _ in range(options.rounds):
            ours.append(run_weft(options, spec))
            if peer:
                theirs.append(run_peer(options, peer))
            ours.append(run_weft(options, spec))
        results[name] = {"weft": ours, "peer": theirs, "asked": asked}
        for figure in figures.split(", "):
            a, b = median(ours, figure), median(theirs, figure)
            print(f"{name:<11} {figure:<8} {show(a):>8} {show(b):>8} "
                  f"{show(b / a if a and b else None, '{:.1f}x'):>7}  "
                  f"{show(median(ours, 'accuracy'), '{:.4f}'):>8} "
                  f"{show(median(theirs, 'accuracy'), '{:.4f}'):>8}  {asked}", flush=True)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


main()
