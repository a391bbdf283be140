#!/usr/bin/python3
"""Writes tests/explain/vectors/explain.safetensors: what PyTorch (Debian's python3-torch, in double
precision) makes of three pictures and one network with random weights: the logits, Grad-CAM and
Grad-CAM++ of the layer relu2, integrated gradients, and occlusion. Weights lie as weft has them:
convolutions H W I O, dense I O. The C test beside this script holds the network's text.
usage: make_explain_vectors.py"""
import json
import pathlib
import struct

import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
HEIGHT, WIDTH, CHANNELS, CLASSES, COUNT = 14, 12, 3, 4, 3
STEPS, PATCH, STRIDE, BASELINE = 32, 4, 3, 40
rng = np.random.default_rng(20)
arrays = {}


def draw(name, *shape, scale=1.0, shift=0.0):
    arrays[name] = (shift + scale * rng.standard_normal(shape)).astype(np.float32)
    return torch.from_numpy(arrays[name].astype(np.float64))


def conv(x, name, inputs, outputs):
    w = weights[name + ".weight"] if name + ".weight" in weights else draw(
        name + ".weight", 3, 3, inputs, outputs, scale=(2 / (9 * inputs)) ** 0.5)
    b = weights[name + ".bias"] if name + ".bias" in weights else draw(
        name + ".bias", outputs, scale=0.1)
    weights[name + ".weight"], weights[name + ".bias"] = w, b
    return F.conv2d(x, w.permute(3, 2, 0, 1), b, padding=1)


def norm(x, name, channels):
    for key, scale, shift in (("gamma", 0.2, 1), ("beta", 0.2, 0), ("mean", 0.3, 0)):
        if f"{name}.{key}" not in weights:
            weights[f"{name}.{key}"] = draw(f"{name}.{key}", channels, scale=scale, shift=shift)
    if f"{name}.variance" not in weights:
        arrays[f"{name}.variance"] = (0.5 + rng.random(channels)).astype(np.float32)
        weights[f"{name}.variance"] = torch.from_numpy(
            arrays[f"{name}.variance"].astype(np.float64))
    return F.batch_norm(x, weights[f"{name}.mean"], weights[f"{name}.variance"],
                        weights[f"{name}.gamma"], weights[f"{name}.beta"], eps=1e-5)


weights = {}


def forward(pictures):
    """Logits of pictures in bytes, N H W C, and the output of relu2."""
    x = pictures.permute(0, 3, 1, 2) / 255
    x = F.relu(norm(conv(x, "conv1", CHANNELS, 8), "batchnorm1", 8))
    x = x + F.leaky_relu(conv(x, "conv2", 8, 8), 0.1)
    x = F.max_pool2d(x, 2)
    seen = F.relu(conv(x, "conv3", 8, 10))
    x = F.avg_pool2d(seen, 2, 2).permute(0, 2, 3, 1).reshape(len(pictures), -1)
    if "dense1.weight" not in weights:
        weights["dense1.weight"] = draw("dense1.weight", x.shape[1], CLASSES, scale=0.2)
        weights["dense1.bias"] = draw("dense1.bias", CLASSES, scale=0.1)
    return x @ weights["dense1.weight"] + weights["dense1.bias"], seen


def activation_maps(pictures, classes):
    logits, seen = forward(pictures.clone().requires_grad_())
    score = logits[torch.arange(COUNT), classes].sum()
    gradients, = torch.autograd.grad(score, seen)
    weights_cam = gradients.mean(dim=(2, 3), keepdim=True)
    square, cube = gradients ** 2, gradients ** 3
    below = 2 * square + seen.sum(dim=(2, 3), keepdim=True) * cube
    alpha = torch.where(gradients > 0, square / torch.where(below == 0, torch.ones(()), below),
                        torch.zeros(()))
    weights_plus = (alpha * F.relu(gradients)).sum(dim=(2, 3), keepdim=True)
    for name, w in (("grad-cam", weights_cam), ("grad-cam++", weights_plus)):
        small = F.relu((w * seen).sum(dim=1, keepdim=True))
        keep(name, F.interpolate(small, size=(HEIGHT, WIDTH), mode="bilinear",
                                 align_corners=False)[:, 0])


def integrated_gradients(pictures, classes):
    total = torch.zeros_like(pictures)
    for n in range(STEPS):
        x = (BASELINE + (n + 0.5) / STEPS * (pictures - BASELINE)).requires_grad_()
        score = forward(x)[0][torch.arange(COUNT), classes].sum()
        total += torch.autograd.grad(score, x)[0] / STEPS
    keep("integrated", (total * (pictures - BASELINE)).sum(dim=3))


def occlusion(pictures, classes):
    def score(x):
        return forward(x)[0].softmax(dim=1)[torch.arange(COUNT), classes]

    def starts(side):
        return sorted({min(s, side - PATCH) for s in range(0, side - PATCH + STRIDE, STRIDE)})

    falls, times = torch.zeros(COUNT, HEIGHT, WIDTH), torch.zeros(HEIGHT, WIDTH)
    for top in starts(HEIGHT):
        for left in starts(WIDTH):
            covered = pictures.clone()
            covered[:, top:top + PATCH, left:left + PATCH] = BASELINE
            fall = score(pictures) - score(covered)
            falls[:, top:top + PATCH, left:left + PATCH] += fall[:, None, None]
            times[top:top + PATCH, left:left + PATCH] += 1
    keep("occlusion", falls / times)


def keep(name, values):
    arrays[name] = values.detach().numpy().astype(np.float32)


def write(path):
    header, blobs, at = {}, [], 0
    for name, values in sorted(arrays.items(), key=lambda a: -a[1].itemsize):  # aligned
        blob = np.ascontiguousarray(values).tobytes()
        kind = {"float32": "F32", "uint8": "U8"}[str(values.dtype)]
        header[name] = {"dtype": kind, "shape": list(values.shape),
                        "data_offsets": [at, at + len(blob)]}
        blobs.append(blob)
        at += len(blob)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))


bytes_ = rng.integers(0, 256, (COUNT, HEIGHT, WIDTH, CHANNELS), dtype=np.uint8)
pictures = torch.from_numpy(bytes_.astype(np.float64))
logits, _ = forward(pictures)
arrays["pictures"] = bytes_
keep("logits", logits)
classes = torch.tensor([int(logits[0].argmax()), 1, 2])
arrays["classes"] = classes.numpy().astype(np.uint8)
activation_maps(pictures, classes)
integrated_gradients(pictures, classes)
with torch.no_grad():
    occlusion(pictures, classes)
write(pathlib.Path(__file__).parent / "vectors" / "explain.safetensors")
