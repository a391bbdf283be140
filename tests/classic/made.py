"""The pictures of made.h."""
import numpy as np


def byte(seed):
    seed = (seed * 1664525 + 1013904223) & 0xFFFFFFFF
    return seed, seed >> 24


def pictures(count, dims, classes, spread, seed):
    pattern, patterns = np.zeros((classes, dims), int), 7
    for c in range(classes):
        for d in range(dims):
            patterns, pattern[c, d] = byte(patterns)
    labels, pixels = np.arange(count) % classes, np.zeros((count, dims), int)
    for i in range(count):
        for d in range(dims):
            seed, b = byte(seed)
            pixels[i, d] = pattern[labels[i], d] + b * spread // 255 - spread // 2
    return np.clip(pixels, 0, 255).astype(np.uint8), labels
