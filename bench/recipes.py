#!/usr/bin/env python3
"""The recipes' runs, each a process of its own, from its start to the printed test accuracy.

usage: recipes.py [--build BUILD] [--data WHERE] [--threads N] [--out CSV] [RECIPE[:SEEDS]...]
                  [--validation SHARE] [-- OPTION...]

Without names: fast:25 balanced:10 best:3. A line a run is appended to CSV; a run that is in it
already, by recipe, seed, data, options and program, is not made again, so the same command goes
on after a stop. Ends with a table of all runs of this program in CSV: mean, standard deviation and the lower end of the
95 % interval (Student's t) of the accuracy, and the seconds. --validation holds out that share
of the training pictures by the seed and scores on them instead of the test split: for choosing.
What follows -- goes to weft train: --erase 0 leaves a part out. Wants an idle machine."""
import argparse
import csv
import hashlib
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

USUAL = ["fast:25", "balanced:10", "best:3"]
COLUMNS = ["recipe", "seed", "split", "options", "data", "threads", "accuracy", "seconds", "fit_seconds",
           "pictures_per_second", "share_of_peak", "parameters", "multiply_adds", "epochs", "peak_gflops", "program"]
KEY = ["recipe", "seed", "split", "options", "data", "threads", "program"]
# Student's t, 97.5 %, for 1 to 30 degrees of freedom.
T = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
     2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042]


def output_of(*words):
    result = subprocess.run([str(w) for w in words], capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"{' '.join(map(str, words))}: {result.stderr.strip()}")
    return result.stdout


def program_digest(weft):
    return hashlib.sha256(pathlib.Path(weft).read_bytes()
                          + pathlib.Path(weft).parent.parent.joinpath("src/libweft.so").read_bytes()).hexdigest()[:12]


def epochs_of(model):
    """How many epochs a run made, and how many it showed when what was skipped does not count: its model says it."""
    with open(model, "rb") as file:
        size = int.from_bytes(file.read(8), "little")
        meta = json.loads(file.read(size))["__metadata__"]
    options = json.loads(meta["weft.options"])
    epochs = int(options["epochs"])
    return epochs, epochs - float(options["skip-easy"]) * max(epochs - 2, 0)


def run(weft, row, extra, peak):
    with tempfile.TemporaryDirectory() as folder:
        model = f"{folder}/m.safetensors"
        words = [weft, "train", "--recipe", row["recipe"], "--seed", str(row["seed"]), "--data", row["data"],
                 "--threads", str(row["threads"]), "--json", "--quiet", "--no-store", "--out", model, *extra]
        words += ["--test"] if row["split"] == "test" else ["--validation", row["split"].split("=")[1]]
        began = time.monotonic()
        result = json.loads(output_of(*words))
        seconds = time.monotonic() - began
        epochs, shown = epochs_of(model)
    summary = json.loads(output_of(weft, "summary", row["recipe"], "--json"))
    scores = result["test" if row["split"] == "test" else "validation"]
    pictures = result["train_count"] * shown / result["fit_seconds"]
    work = 3 * 2 * summary["multiply_adds"] * pictures / 1e9
    row.update(accuracy=scores["accuracy"], seconds=round(seconds, 2), fit_seconds=round(result["fit_seconds"], 2),
               pictures_per_second=round(pictures), share_of_peak=round(work / peak, 3),
               parameters=summary["weights"], multiply_adds=summary["multiply_adds"], epochs=epochs, peak_gflops=peak)


def read(path):
    if not path.exists():
        return []
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def append(path, row):
    new = not path.exists()
    with open(path, "a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        if new:
            writer.writeheader()
        writer.writerow(row)


def table(rows):
    groups = {}
    for row in rows:
        groups.setdefault((row["recipe"], row["split"], row["options"]), []).append(row)
    print("| recipe | split | options | n | accuracy | lower 95 % | seconds | pictures/s | share of peak |")
    print("| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for (recipe, split, options), group in groups.items():
        def mean(name, places):
            values = [float(r[name]) for r in group]
            spread = f" ± {statistics.stdev(values):.{places}f}" if len(values) > 1 else ""
            return f"{statistics.mean(values):.{places}f}{spread}"
        values, low = [float(r["accuracy"]) for r in group], ""
        if len(values) > 1:
            t = T[min(len(values) - 2, len(T) - 1)]
            low = f"{statistics.mean(values) - t * statistics.stdev(values) / len(values) ** 0.5:.4f}"
        print(f"| `{recipe}` | {split} | {options} | {len(group)} | {mean('accuracy', 4)} | {low} | {mean('seconds', 1)} "
              f"| {mean('pictures_per_second', 0)} | {mean('share_of_peak', 2)} |")


def main():
    words, extra = sys.argv[1:], []
    if "--" in words:
        at = words.index("--")
        words, extra = words[:at], words[at + 1:]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build")
    parser.add_argument("--data", default="fashion-mnist")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("recipes.csv"))
    parser.add_argument("--validation")
    parser.add_argument("recipes", nargs="*", default=USUAL)
    o = parser.parse_args(words)
    weft = pathlib.Path(o.build) / "cli" / "weft"
    program = program_digest(weft)
    peak = 0.0
    for name in o.recipes:
        recipe, _, seeds = name.rpartition(":") if name.rpartition(":")[2].isdigit() else (name, "", "1")
        for seed in range(1, int(seeds) + 1):
            row = {"recipe": recipe, "seed": seed, "split": f"validation={o.validation}" if o.validation else "test",
                   "options": " ".join(extra), "data": o.data, "threads": o.threads, "program": program}
            if any(all(str(row[k]) == old[k] for k in KEY) for old in read(o.out)):
                continue
            peak = peak or max(map(float, output_of(pathlib.Path(o.build) / "bench" / "nn_profile", "peak",
                                                    o.threads).split()))
            run(weft, row, extra, peak)
            append(o.out, row)
            print(f"{recipe} {' '.join(extra)} seed {seed}: {row['accuracy']:.4f} in {row['seconds']:.1f} s, "
                  f"{row['share_of_peak']:.0%} of peak", file=sys.stderr, flush=True)
    table([r for r in read(o.out) if r["program"] == program])


main()
