#!/usr/bin/python3
"""weft similar beside faiss: the same answers, and how long each takes.

    bench/similar.py MODEL --build build --data fashion-mnist --threads 2 --rounds 3

faiss (Debian's python3-faiss, IndexFlatIP) searches the points in weft's index file, all
against all. Where the two name different pictures, products in double precision say which
is right; the script fails when weft is wrong once.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

PAGE = 4096  # where points begin in an index file


def weft(arguments, folder, exported):
    command = [os.path.join(arguments.build, "cli/weft"), "similar", arguments.model, "--in", arguments.data,
               "--same", "none", "--k", str(arguments.k), "--threads", str(arguments.threads), "--json",
               "--index", str(folder / "points.index"), "--export", str(folder / exported)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def read_found(path, k):
    with open(path, encoding="utf-8") as file:
        return [(p["similar"] + [-1] * k)[:k] for p in json.load(file)["pictures"]]


def faiss_search(numpy, faiss, points, arguments):
    """Positions of the k nearest others, and the seconds of the search alone."""
    faiss.omp_set_num_threads(arguments.threads)
    index = faiss.IndexFlatIP(points.shape[1])
    index.add(points)
    began = time.perf_counter()
    _, order = index.search(points, arguments.k + 1)
    seconds = time.perf_counter() - began
    own = numpy.arange(len(points))[:, None]
    # Of pictures that are equal, faiss may name another first: then the last one goes.
    keep = order != own
    keep[keep.all(axis=1), -1] = False
    return order[keep].reshape(len(points), arguments.k), seconds


def judge(numpy, points, ours, theirs):
    """How many places differ; how many queries weft has wrong: out of order, or with a product below
    faiss's in the same place once both are in the order of products in double precision."""
    wide = points.astype(numpy.float64)
    wrong = 0
    for query in numpy.unique(numpy.argwhere(ours != theirs)[:, 0]):
        mine, other = wide[ours[query]] @ wide[query], wide[theirs[query]] @ wide[query]
        rounding = 1e-15 * points.shape[1]
        wrong += bool((numpy.diff(mine) > rounding).any() or (mine < -numpy.sort(-other) - rounding).any())
    return int((ours != theirs).sum()), wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--build", default="build")
    parser.add_argument("--data", default="fashion-mnist")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--k", type=int, default=10)
    arguments = parser.parse_args()
    try:
        import faiss
        import numpy
    except ImportError as missing:
        sys.exit(f"{missing}: install python3-faiss and run /usr/bin/python3 {sys.argv[0]}")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        told = [weft(arguments, folder, f"found{i}") for i in range(arguments.rounds + 1)]
        count, dims = told[0]["index"]["count"], told[0]["index"]["dims"]
        points = numpy.fromfile(folder / "points.index", numpy.float32, offset=PAGE).reshape(count, dims)
        ours = numpy.array(read_found(folder / "found0/similar.json", arguments.k))
        rounds = [faiss_search(numpy, faiss, points, arguments) for _ in range(arguments.rounds)]
    differ, wrong = judge(numpy, points, ours, rounds[0][0])
    times = [t["seconds"] for t in told[1:]], [seconds for _, seconds in rounds]
    work = count * count * dims
    print(f"{count} pictures of {dims} numbers, all against all, k = {arguments.k}, {arguments.threads} threads")
    print(f"multiply-adds  {work:.3g}")
    print(f"points made in {told[0]['index_seconds']:.2f} s, mapped in {told[1]['index_seconds']:.2f} s")
    for name, seconds in zip(("weft", "faiss"), times):
        middle = statistics.median(seconds)
        print(f"{name:14} {middle:.2f} s, median of {len(seconds)} ({min(seconds):.2f} to {max(seconds):.2f}): "
              f"{2 * work / middle / 1e9:.0f} GFLOP/s")
    print(f"places that differ from faiss: {differ} of {count * arguments.k}; queries that weft has wrong: {wrong}")
    sys.exit(wrong > 0)


main()
