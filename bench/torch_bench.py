#!/usr/bin/python3
"""Pictures per second of PyTorch's training steps: the peer that nn.py measures beside weft.

usage: torch_bench.py DATA_FOLDER THREADS

Reads lines "NETWORK BATCH OPTIMIZER PRECISION SECONDS" on standard input and answers each with
one number. PyTorch at its best on a processor: channels-last, bf16 by autocast, pixels already
f32 tensors, nothing left on the way that a careful user would remove."""
import gzip
import os
import sys
import time

import numpy as np
import torch
from torch import nn

WARM_STEPS = 5


def read_idx(folder, name, offset):
    for path, opener in ((name, open), (name + ".gz", gzip.open)):
        path = os.path.join(folder, path)
        if os.path.exists(path):
            with opener(path, "rb") as file:
                return np.frombuffer(file.read(), np.uint8, offset=offset).copy()
    sys.exit(f"{folder}: no {name}")


class Residual(nn.Module):
    """He et al. 2016, with a projection where the shape changes."""

    def __init__(self, before, after, stride=1):
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU(),
            nn.Conv2d(after, after, 3, 1, 1, bias=False), nn.BatchNorm2d(after))
        self.shortcut = nn.Identity()
        if stride > 1 or before != after:
            self.shortcut = nn.Sequential(
                nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))

    def forward(self, x):
        return torch.relu(self.main(x) + self.shortcut(x))


def ann():
    return [nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 128), nn.ReLU(),
            nn.Linear(128, 10)]


def kugler_cnn():
    return [nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
            nn.Linear(32 * 13 * 13, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(),
            nn.Linear(64, 10)]


def threads_1():
    return [nn.Conv2d(1, 32, 4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
            nn.Linear(32 * 12 * 12, 128), nn.ReLU(), nn.Linear(128, 10)]


def threads_3():
    return [nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(),
            nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64 * 25, 128), nn.ReLU(), nn.Dropout(0.2),
            nn.Linear(128, 10)]


def tamu_cnn():
    return [nn.Conv2d(1, 128, 3), nn.ReLU(), nn.Conv2d(128, 128, 3), nn.ReLU(), nn.MaxPool2d(2),
            nn.Dropout(0.25), nn.Conv2d(128, 256, 3), nn.ReLU(), nn.Conv2d(256, 256, 3), nn.ReLU(),
            nn.MaxPool2d(2), nn.Dropout(0.25), nn.Flatten(), nn.Linear(256 * 16, 256), nn.ReLU(),
            nn.Dropout(0.5), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10)]


def resnet_20():
    widths = [16, 16, 16, 16, 32, 32, 32, 64, 64, 64]
    blocks = [Residual(a, b, 2 if a != b else 1) for a, b in zip(widths, widths[1:])]
    return [nn.Conv2d(1, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(), *blocks,
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10)]


def rate(pictures, labels, network, batch, optimizer, bf16, seconds):
    torch.manual_seed(0)
    layers = globals()[network.replace("-", "_")]()
    model = nn.Sequential(*layers).to(memory_format=torch.channels_last).train()
    if optimizer == "sgd":
        update = torch.optim.SGD(model.parameters(), 0.01, 0.9)
    else:
        update = torch.optim.Adam(model.parameters(), 5e-4)
    loss, step, began = nn.CrossEntropyLoss(), 0, 0.0
    order = torch.randperm(len(pictures))
    batches = len(order) // batch
    while True:
        if step == WARM_STEPS:
            began = time.perf_counter()
        at = step % batches * batch
        rows = order[at:at + batch]
        x = pictures[rows].contiguous(memory_format=torch.channels_last)
        update.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            value = loss(model(x), labels[rows])
        value.backward()
        update.step()
        step += 1
        if step > WARM_STEPS and time.perf_counter() - began > seconds:
            return (step - WARM_STEPS) * batch / (time.perf_counter() - began)


def main():
    folder, threads = sys.argv[1], int(sys.argv[2])
    torch.set_num_threads(threads)
    raw = read_idx(folder, "train-images-idx3-ubyte", 16)
    pictures = torch.from_numpy(raw.reshape(-1, 1, 28, 28)).float().div_(255)
    labels = torch.from_numpy(read_idx(folder, "train-labels-idx1-ubyte", 8)).long()
    with open("/proc/self/maps") as maps:
        slow = "openblas-pthread" in maps.read()
    print(f"PyTorch {torch.__version__}" +
          (", with libopenblas0-pthread: 2 to 3 times slower than with libopenblas0-openmp"
           if slow else ""), flush=True)
    for line in sys.stdin:
        network, batch, optimizer, precision, seconds = line.split()
        print(rate(pictures, labels, network, int(batch), optimizer, precision == "bf16",
                   float(seconds)), flush=True)


main()
