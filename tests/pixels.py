"""Pictures as arrays: screenshots read by the browser itself, palette PNGs written and read here, differences counted."""

import base64
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from playwright.sync_api import Page

Pixels = npt.NDArray[np.uint8]
"""Height × width × red, green, blue."""

_READ = """async ([png, width, height]) => {
    const bytes = Uint8Array.from(atob(png), each => each.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes]), { resizeWidth: width, resizeHeight: height, resizeQuality: 'high' });
    const canvas = new OffscreenCanvas(width, height), pen = canvas.getContext('2d');
    pen.drawImage(image, 0, 0);
    const data = pen.getImageData(0, 0, width, height).data;
    let text = '';
    for (let at = 0; at < data.length; at += 32768) text += String.fromCharCode(...data.subarray(at, at + 32768));
    return btoa(text);
}"""
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def pixels(reader: Page, screenshot: bytes, width: int, height: int) -> Pixels:
    """A screenshot at another size, read by a page of the browser."""
    data = base64.b64decode(reader.evaluate(_READ, [base64.b64encode(screenshot).decode(), width, height]))
    return np.frombuffer(data, np.uint8).reshape(height, width, 4)[:, :, :3].copy()


def differing(one: Pixels, other: Pixels, tolerance: int) -> npt.NDArray[np.bool_]:
    """The pixels whose red, green or blue differ by more than the tolerance; all where the sizes differ."""
    if one.shape != other.shape:
        return np.ones(one.shape[:2], bool)
    return np.asarray((np.abs(one.astype(np.int16) - other.astype(np.int16)) > tolerance).any(axis=2))


def reduced(picture: Pixels, colours: int = 128) -> tuple[Pixels, Pixels]:
    """A picture as indices into its most frequent colours, and those colours."""
    codes = np.asarray((picture.astype(np.int32) >> 3) @ np.array([1024, 32, 1]))
    found, inverse, counts = np.unique(codes.ravel(), return_inverse=True, return_counts=True)
    flat = picture.reshape(-1, 3)
    means = np.stack([np.bincount(inverse, flat[:, each]) / counts for each in range(3)], axis=1)
    palette = means[np.argsort(-counts, kind="stable")[:colours]]
    nearest = ((means[:, None] - palette[None]) ** 2).sum(axis=2).argmin(axis=1)
    indices = nearest.astype(np.uint8)[inverse].reshape(codes.shape)
    return indices, palette.round().astype(np.uint8)


def write_png(file: Path, picture: Pixels) -> None:
    """A small PNG of few colours."""
    indices, palette = reduced(picture)
    height, width = indices.shape
    rows = np.hstack([np.zeros((height, 1), np.uint8), indices]).tobytes()
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = [(b"IHDR", header), (b"PLTE", palette.tobytes()), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b"")]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(_SIGNATURE + b"".join(_chunk(name, data) for name, data in parts))


def read_png(file: Path) -> Pixels:
    """A PNG that `write_png` wrote."""
    chunks = dict(_chunks(file.read_bytes()[len(_SIGNATURE) :]))
    width, height = struct.unpack(">II", chunks[b"IHDR"][:8])
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, width + 1)
    palette = np.frombuffer(chunks[b"PLTE"], np.uint8).reshape(-1, 3)
    return np.asarray(palette[rows[:, 1:]])


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at < len(data):
        size, name = struct.unpack(">I4s", data[at : at + 8])
        yield name, data[at + 8 : at + 8 + size]
        at += size + 12
