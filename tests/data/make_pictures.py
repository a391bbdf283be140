#!/usr/bin/python3
"""Writes pictures.inc: small picture files of many kinds, each with what Pillow decodes
(orientation applied, transparency on white), to compare with ours."""
import io
import os
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps

H, W = 10, 14
y, x = np.mgrid[0:H, 0:W]
rgb = np.stack([x * 255 // (W - 1), y * 255 // (H - 1), (x + y) * 255 // (H + W - 2)], -1)
rgb = rgb.astype(np.uint8)
grey = rgb[..., 2]
alpha = (255 - x * 255 // (W - 1)).astype(np.uint8)
colour = Image.fromarray(rgb)


def saved(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def exif(orientation):
    e = Image.Exif()
    e[0x0112] = orientation
    return e.tobytes()


def png(depth, colour_type, rows, extra=b""):
    """A PNG of a kind that Pillow does not write."""
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))
    head = struct.pack(">IIBBBBB", W, H, depth, colour_type, 0, 0, 0)
    raw = b"".join(b"\0" + row for row in rows)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra +
            chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))


rgba = Image.fromarray(np.dstack([rgb, alpha]))
palette = colour.quantize(16)
see_through = palette.copy()
rgb16 = (rgb.astype(np.uint16) * 256 + 77).astype(">u2")
grey16 = (grey.astype(np.uint16) * 256 + 77).astype(">u2")
# name, file, expected (None: what Pillow decodes), tolerance
cases = [
    ("colour.jpg", saved(colour, "JPEG", quality=90), None, 2),
    ("progressive.jpg", saved(colour, "JPEG", quality=90, progressive=True), None, 2),
    ("grey.jpg", saved(Image.fromarray(grey), "JPEG", quality=90), None, 1),
    ("cmyk.jpg", saved(colour.convert("CMYK"), "JPEG", quality=95), None, 2),
    ("grey.png", saved(Image.fromarray(grey), "PNG"), None, 0),
    ("bit.png", saved(Image.fromarray(grey).convert("1"), "PNG"), None, 0),
    ("colour.png", saved(colour, "PNG"), None, 0),
    ("palette.png", saved(palette, "PNG"), None, 0),
    ("palette-transparent.png", saved(palette, "PNG", transparency=3), None, 1),
    ("grey-alpha.png", saved(Image.fromarray(np.dstack([grey, alpha])), "PNG"), None, 1),
    ("alpha.png", saved(rgba, "PNG"), None, 1),
    ("colour16.png", png(16, 2, [r.tobytes() for r in rgb16]), rgb, 0),
    ("grey16.png", png(16, 0, [r.tobytes() for r in grey16]), grey, 0),
    ("turned.png", saved(colour, "PNG", exif=exif(6)), None, 0),
    ("lossless.webp", saved(colour, "WEBP", lossless=True), None, 0),
    ("alpha.webp", saved(rgba, "WEBP", lossless=True, exact=True), None, 1),
    ("lossy.webp", saved(colour, "WEBP", quality=90), None, 2),
]
cases += [(f"turned-{o}.jpg", saved(colour, "JPEG", quality=90, exif=exif(o)), None, 2)
          for o in range(1, 9)]


def decoded(data):
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    if image.mode in ("1", "L"):
        return np.asarray(image.convert("L"))
    if image.mode in ("LA", "RGBA") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        was_grey = data[25] == 4 and data[1:4] == b"PNG"
        return np.asarray(image)[..., 0] if was_grey else np.asarray(image)[..., :3]
    return np.asarray(image.convert("RGB"))


def rows(data):
    return "\n".join("        " + " ".join(f"{b}," for b in data[i:i + 24])
                     for i in range(0, len(data), 24))


with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "pictures.inc"), "w") as f:
    f.write("/* Made by make_pictures.py. */\n")
    for name, data, expected, tolerance in cases:
        expected = decoded(data) if expected is None else expected
        h, w = expected.shape[:2]
        c = 3 if expected.ndim == 3 else 1
        f.write(f"    {{\"{name}\", {len(data)}, {{{h}, {w}, {c}}}, {tolerance},\n"
                f"        (const uint8_t[]){{\n{rows(data)}}},\n"
                f"        (const uint8_t[]){{\n{rows(expected.tobytes())}}}}},\n")
