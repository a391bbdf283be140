#!/usr/bin/env python3
"""How well a model tells a class that it has never seen, on training pictures of Fashion-MNIST alone.

    unknown_left_out.py WEFT DATA CLASSIFIER [OPTION...]

DATA is the folder of Fashion-MNIST. For each class: learns the other nine from 50,000 of the training pictures,
of which a tenth sets the threshold, and measures on the other 10,000 how the class is told from the nine."""
import gzip
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

import numpy

KEPT = 50000


def read(path, offset):
    return numpy.frombuffer(gzip.open(path).read(), numpy.uint8, offset=offset)


def write(folder, prefix, pictures, labels):
    folder.mkdir(exist_ok=True)
    (folder / f"{prefix}-images-idx3-ubyte").write_bytes(struct.pack(">IIII", 2051, len(pictures), 28, 28) + pictures.tobytes())
    (folder / f"{prefix}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 2049, len(labels)) + labels.tobytes())


def main():
    weft, data, classifier = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]
    pictures = read(data / "train-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28)
    labels = read(data / "train-labels-idx1-ubyte.gz", 8)
    areas = []
    print(f"{'left out':>8}  {'AUROC':>6}  {'alarms':>6}  {'found':>6}")
    for left in range(10):
        with tempfile.TemporaryDirectory() as name:
            folder, model = pathlib.Path(name), str(pathlib.Path(name) / "model.safetensors")
            known = labels != left
            numbers = (labels - (labels > left)).astype(numpy.uint8)
            first = numpy.arange(len(labels)) < KEPT
            write(folder / "nine", "train", pictures[first & known], numbers[first & known])
            write(folder / "nine", "t10k", pictures[~first & known], numbers[~first & known])
            other = pictures[~first & ~known]
            write(folder / "left", "train", other, numpy.arange(len(other), dtype=numpy.uint8) % 2)
            subprocess.run([weft, "train", *classifier, "--data", str(folder / "nine"), "--validation", "0.1",
                            "--unknown", "0.05", "--out", model, "--no-store", "--quiet"], check=True, capture_output=True)
            result = subprocess.run([weft, "val", model, "--data", str(folder / "nine"), "--foreign", str(folder / "left"),
                                     "--json", "--no-store"], check=True, capture_output=True, text=True)
            figures = json.loads(result.stdout)["unknown"]
            areas.append(figures["auroc"])
            print(f"{left:8}  {figures['auroc']:.4f}  {figures['false_alarms']:.4f}  {figures['found']:.4f}", flush=True)
    print(f"{'mean':>8}  {sum(areas) / len(areas):.4f}")


main()
