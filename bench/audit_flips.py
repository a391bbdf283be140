#!/usr/bin/env python3
"""How many wrong labels weft audit finds that were planted.

    bench/audit_flips.py flip FASHION-MNIST FOLDER [--share 0.05] [--seed 1]
    weft audit FOLDER --out AUDIT
    bench/audit_flips.py judge FOLDER AUDIT

`flip` writes the training pictures of a folder of gzipped IDX files anew, a share of the
labels drawn uniformly among the other classes, and FOLDER.flips.csv beside it. `judge` says
which share of the flips are among as many pictures as were flipped, ranked first by
AUDIT/pictures.csv, and how many of them the fix list relabels, and how rightly. Needs Python
alone.
"""
import argparse
import csv
import gzip
import os
import random
import shutil

IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


def flip(args):
    with gzip.open(os.path.join(args.source, LABELS + ".gz")) as stream:
        raw = bytearray(stream.read())
    head, labels = raw[:8], raw[8:]
    classes = max(labels) + 1
    draw = random.Random(args.seed)
    chosen = sorted(draw.sample(range(len(labels)), round(args.share * len(labels))))
    os.makedirs(args.folder)
    with open(args.folder.rstrip("/") + ".flips.csv", "w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["index", "was", "is"])
        for i in chosen:
            was = labels[i]
            labels[i] = (was + draw.randrange(1, classes)) % classes
            writer.writerow([i, was, labels[i]])
    with open(os.path.join(args.folder, LABELS), "wb") as stream:
        stream.write(head + labels)
    with gzip.open(os.path.join(args.source, IMAGES + ".gz")) as stream, open(
        os.path.join(args.folder, IMAGES), "wb"
    ) as out:
        shutil.copyfileobj(stream, out)
    print(f"{len(chosen)} of {len(labels)} labels flipped, seed {args.seed}")


def judge(args):
    with open(args.folder.rstrip("/") + ".flips.csv") as stream:
        flips = {int(r["index"]): int(r["was"]) for r in csv.DictReader(stream)}
    with open(os.path.join(args.audit, "pictures.csv")) as stream:
        rank = {int(r["index"]): int(r["rank"]) for r in csv.DictReader(stream) if r["rank"]}
    found = sum(rank[i] <= len(flips) for i in flips)
    print(f"{found} of {len(flips)} flips ({found / len(flips):.4f}) are in the first "
          f"{len(flips)} of {len(rank)}")
    relabelled = right = flipped = 0
    with open(os.path.join(args.audit, "fixes.csv")) as stream:
        for row in csv.DictReader(stream):
            if row["action"] != "relabel":
                continue
            i = int(row["picture"].split("[")[1].rstrip("]"))
            relabelled += 1
            flipped += i in flips
            right += i in flips and row["to"] == str(flips[i])
    print(f"{relabelled} relabelled by the fix list: {flipped} were flipped, {right} of them "
          "get their own label back")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("flip")
    one.add_argument("source")
    one.add_argument("folder")
    one.add_argument("--share", type=float, default=0.05)
    one.add_argument("--seed", type=int, default=1)
    one.set_defaults(run=flip)
    two = commands.add_parser("judge")
    two.add_argument("folder")
    two.add_argument("audit")
    two.set_defaults(run=judge)
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
