#!/usr/bin/python3
"""Writes tests/nn/vectors/transfer.safetensors: a small network as PyTorch keeps one (Debian's
python3-torch), with PyTorch's names and layouts, and its probabilities for eight pictures.
usage: make_transfer_vectors.py"""
import json
import pathlib
import struct

import numpy as np
import torch

torch.manual_seed(1)
torch.set_num_threads(1)
model = torch.nn.Sequential(
    torch.nn.Conv2d(1, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
    torch.nn.Flatten(), torch.nn.Linear(100, 6), torch.nn.ReLU(), torch.nn.Linear(6, 4))
with torch.no_grad():
    for name, values in model[1].named_parameters():
        values.uniform_(0.5, 1.5)
    model[1].running_mean.uniform_(-0.3, 0.3)
    model[1].running_var.uniform_(0.05, 0.3)
pictures = np.random.default_rng(2).integers(0, 256, (8, 12, 12), dtype=np.uint8)
model.eval()
with torch.no_grad():
    x = torch.from_numpy(pictures).float()[:, None] / 255
    probabilities = torch.softmax(model(x), 1)

arrays = {k: v.numpy() for k, v in model.state_dict().items()}
arrays["expected.pictures"] = pictures
arrays["expected.probabilities"] = probabilities.numpy()
arrays["5.bias"] = arrays["5.bias"].astype(np.float64)  # two types in one file
TYPES = {"float32": "F32", "float64": "F64", "uint8": "U8", "int64": "I64"}
names = sorted(arrays, key=lambda n: (-arrays[n].itemsize, n))
header, offset = {}, 0
for name in names:
    a = arrays[name]
    header[name] = {"dtype": TYPES[a.dtype.name], "shape": list(a.shape),
                    "data_offsets": [offset, offset + a.nbytes]}
    offset += a.nbytes
text = json.dumps(header, separators=(",", ":")).encode()
text += b" " * (-len(text) % 8)
path = pathlib.Path(__file__).parent / "vectors" / "transfer.safetensors"
path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(arrays[n].tobytes() for n in names))
