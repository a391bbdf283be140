#!/usr/bin/env python3
"""What a model trained on Fashion-MNIST makes of pictures of other things.

    unknown.py WEFT MODEL CLOTHES

CLOTHES is the folder of the small clothing dataset's classes. Hats, shorts and skirts are read as they are;
digits are scikit-learn's, 8 x 8, and noise is drawn anew, both as PNG files. Prints AUROC, false alarms on
the test split and the share found, for each."""
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import zlib

import numpy
from sklearn.datasets import load_digits


def write_png(path, picture):
    height, width = picture.shape
    rows = b"".join(b"\0" + picture[y].tobytes() for y in range(height))

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
                     + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def digits():
    for picture in load_digits().images:
        yield numpy.kron(picture * (255 / 16), numpy.ones((4, 4))).round().astype(numpy.uint8)[2:30, 2:30]


def noise():
    random = numpy.random.default_rng(1)
    for _ in range(1000):
        yield random.integers(0, 256, (28, 28), numpy.uint8)


def main():
    weft, model, clothes = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    print(f"{'pictures':10}  {'n':>5}  {'AUROC':>6}  {'alarms':>6}  {'found':>6}")
    with tempfile.TemporaryDirectory() as folder:
        for name in ["hat", "shorts", "skirt"]:
            (pathlib.Path(folder) / name / name).parent.mkdir()
            (pathlib.Path(folder) / name / name).symlink_to((clothes / name).resolve())
        for name in ["digits", "noise"]:
            into = pathlib.Path(folder) / name / name
            into.mkdir(parents=True)
            for i, picture in enumerate({"digits": digits, "noise": noise}[name]()):
                write_png(into / f"{i:04}.png", picture)
        for name in ["hat", "shorts", "skirt", "digits", "noise"]:
            result = subprocess.run(
                [weft, "val", model, "--data", "fashion-mnist", "--foreign", str(pathlib.Path(folder) / name),
                 "--json", "--no-store"], check=True, capture_output=True, text=True)
            figures = json.loads(result.stdout)["unknown"]
            print(f"{name:10}  {figures['foreign']:5}  {figures['auroc']:.4f}  {figures['false_alarms']:.4f}"
                  f"  {figures['found']:.4f}", flush=True)


main()
