#!/usr/bin/env python3
"""Seconds to an accuracy: the recipe `fast` beside PyTorch training paper 1's network.

usage: time_to_accuracy.py TORCH_SCRIPT FASHION_MNIST_FOLDER [--build BUILD] [--threads N]
                           [--target 0.92] [--epochs 12]

TORCH_SCRIPT FOLDER EPOCHS prints a line 'epoch N train Ts test A' after every epoch. weft's time
is that of the whole process, reading included; PyTorch's is that of its training steps alone,
summed up to the first epoch that reaches the target on the test pictures, which is the more
favourable way to count. Both in the same hour: weft before and after. Wants an idle machine."""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time


def weft_run(weft, data, threads, seed):
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        result = subprocess.run(
            [weft, "train", "--recipe", "fast", "--seed", str(seed), "--data", data, "--test", "--json", "--quiet",
             "--no-store", "--threads", str(threads), "--out", f"{folder}/m.safetensors"],
            check=True, capture_output=True, text=True)
        return time.monotonic() - began, json.loads(result.stdout)["test"]["accuracy"]


def torch_run(script, data, target, epochs):
    """(seconds, accuracy, epoch) of the first epoch that reaches the target, or of the last."""
    found = None
    with subprocess.Popen(["/usr/bin/python3", script, data, str(epochs)], stdout=subprocess.PIPE, text=True) as child:
        for line in child.stdout:
            match = re.match(r"epoch (\d+) train ([\d.]+)s test ([\d.]+)", line)
            if not match:
                continue
            print(line.strip(), file=sys.stderr, flush=True)
            found = float(match[2]), float(match[3]), int(match[1])
            if found[1] >= target:
                child.terminate()
                break
    if not found:
        sys.exit(f"{script}: printed no epoch")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("script")
    parser.add_argument("data")
    parser.add_argument("--build", default="build")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--target", type=float, default=0.924)
    parser.add_argument("--epochs", type=int, default=12)
    o = parser.parse_args()
    weft = pathlib.Path(o.build) / "cli" / "weft"
    before = weft_run(weft, o.data, o.threads, 1)
    seconds, accuracy, epoch = torch_run(o.script, o.data, o.target, o.epochs)
    after = weft_run(weft, o.data, o.threads, 2)
    print("| what | seconds | test accuracy |\n| --- | ---: | ---: |")
    for name, (took, reached) in (("weft fast, seed 1, before", before), ("weft fast, seed 2, after", after)):
        print(f"| {name} | {took:.1f} | {reached:.4f} |")
    print(f"| PyTorch, paper 1's network, {epoch} epochs | {seconds:.0f} | {accuracy:.4f} |")
    print(f"\n{seconds / max(before[0], after[0]):.0f} times faster than PyTorch"
          + ("" if accuracy >= o.target else f", which did not reach {o.target} in {o.epochs} epochs"))


main()
