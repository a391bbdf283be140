#!/usr/bin/python3
"""Writes resize.inc: pictures resized by Pillow's BILINEAR, to compare with ours."""
import os
import random

from PIL import Image

random.seed(1)


def noise(height, width, channels):
    return bytes(random.randrange(256) for _ in range(height * width * channels))


def rows(data):
    return "\n".join("        " + " ".join(f"{b}," for b in data[i:i + 24])
                     for i in range(0, len(data), 24))


cases = [(17, 23, 1, 7, 9), (17, 23, 3, 8, 8), (5, 4, 3, 11, 13), (64, 3, 1, 2, 6),
         (1, 1, 1, 3, 3), (31, 40, 1, 31, 12)]
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "resize.inc"), "w") as f:
    f.write("/* Made by make_resize.py. */\n")
    for height, width, channels, out_height, out_width in cases:
        data = noise(height, width, channels)
        mode = "L" if channels == 1 else "RGB"
        image = Image.frombytes(mode, (width, height), data)
        out = image.resize((out_width, out_height), Image.BILINEAR).tobytes()
        f.write(f"    {{{{{height}, {width}, {channels}}}, {{{out_height}, {out_width}, "
                f"{channels}}},\n        (const uint8_t[]){{\n{rows(data)}}},\n"
                f"        (const uint8_t[]){{\n{rows(out)}}}}},\n")
