"""Twenty-odd kinds of image file, each drawn here: what comes out, and what is refused and why."""

import io
import struct
import sys
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from mobilenets.data.decode import FORMATS, decode, decode_sized
from mobilenets.data.photos import BadImage

WIDTH, HEIGHT = 48, 32
RED, GREEN, BLUE, GREY = (220, 30, 40), (20, 180, 60), (40, 50, 200), (128, 128, 128)


def quarters(width: int = WIDTH, height: int = HEIGHT) -> Image.Image:
    """Red, green over blue, grey: a picture in which every turn and every channel mix-up shows."""
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2], pixels[: height // 2, width // 2 :] = RED, GREEN
    pixels[height // 2 :, : width // 2], pixels[height // 2 :, width // 2 :] = BLUE, GREY
    return Image.fromarray(pixels)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def corners(pixels: np.ndarray) -> list[list[int]]:
    """The middles of the four quarters, row by row."""
    height, width = pixels.shape[:2]
    return [pixels[y, x].tolist() for y in (height // 4, -height // 4) for x in (width // 4, -width // 4)]


def assert_quarters(
    pixels: np.ndarray, *, close: int = 0, expected: tuple[Any, ...] = (RED, GREEN, BLUE, GREY)
) -> None:
    assert pixels.dtype == np.uint8 and pixels.flags.writeable and pixels.flags.c_contiguous
    np.testing.assert_allclose(np.array(corners(pixels), int), np.array(expected, int), atol=close)


def adobe_ycck() -> bytes:
    """What Photoshop writes: CMYK stored inverted. Pillow writes the same, with the Adobe marker."""
    data = encoded(quarters().convert("CMYK"), "JPEG", quality=100, subsampling=0)
    assert b"Adobe" in data[:200]
    return data


def exif(orientation: int) -> bytes:
    tags = Image.Exif()
    tags[274] = orientation
    return tags.tobytes()


KINDS: dict[str, tuple[bytes, int]] = {
    "jpeg": (encoded(quarters(), "JPEG", quality=95, subsampling=0), 4),
    "jpeg_progressive": (encoded(quarters(), "JPEG", quality=95, subsampling=0, progressive=True), 4),
    "jpeg_cmyk_adobe": (adobe_ycck(), 4),
    "png": (encoded(quarters(), "PNG"), 0),
    "png_palette": (encoded(quarters().quantize(8), "PNG"), 4),
    "png_animated": (encoded(quarters(), "PNG", save_all=True, append_images=[quarters().rotate(180)]), 0),
    "gif": (encoded(quarters().quantize(8), "GIF"), 4),
    "gif_animated": (
        encoded(quarters().quantize(8), "GIF", save_all=True, append_images=[quarters().rotate(180).quantize(8)]),
        4,
    ),
    "webp": (encoded(quarters(), "WEBP", quality=100), 24),
    "webp_lossless": (encoded(quarters(), "WEBP", lossless=True), 0),
    "webp_animated": (
        encoded(quarters(), "WEBP", lossless=True, save_all=True, append_images=[quarters().rotate(180)]),
        0,
    ),
    "avif": (encoded(quarters(), "AVIF", quality=100, subsampling="4:4:4"), 6),
    "bmp": (encoded(quarters(), "BMP"), 0),
    "tiff": (encoded(quarters(), "TIFF"), 0),
    "tiff_lzw": (encoded(quarters(), "TIFF", compression="tiff_lzw"), 0),
    "tiff_cmyk": (encoded(quarters().convert("CMYK"), "TIFF"), 1),
    "tiff_jpeg": (encoded(quarters(), "TIFF", compression="jpeg", quality=95), 12),
    "tiff_pages": (encoded(quarters(), "TIFF", save_all=True, append_images=[quarters().rotate(180)]), 0),
    "ppm": (encoded(quarters(), "PPM"), 0),
    "jpeg2000": (encoded(quarters(), "JPEG2000"), 1),
    "qoi": (encoded(quarters(), "QOI"), 0),
    "ico": (encoded(quarters(32, 32), "ICO", sizes=[(32, 32)]), 0),
    "mpo": (encoded(quarters(), "MPO", quality=95, subsampling=0, save_all=True, append_images=[quarters()]), 4),
    "opaque_alpha": (encoded(quarters().convert("RGBA"), "PNG"), 0),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_gives_its_first_picture_in_rgb(kind: str) -> None:
    data, close = KINDS[kind]
    assert_quarters(decode(data), close=close)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_exif_orientation_stands_the_picture_upright(orientation: int, kind: str) -> None:
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # the Pillow transposition that undoes each orientation
    stored = quarters() if orientation == 1 else quarters().transpose(Image.Transpose(back[orientation]))
    pixels = decode(encoded(stored, kind, exif=exif(orientation), quality=100))
    assert pixels.shape == (HEIGHT, WIDTH, 3)
    assert_quarters(pixels, close=24)


@pytest.mark.parametrize(
    "tags", [b"Exif\0\0II*\0\x08\0\0\0\xff\xff", b"Exif\0\0", b"Exif\0\0garbage!", exif(77), exif(0), b"nothing"]
)
def test_broken_or_senseless_exif_does_not_break_the_picture(tags: bytes) -> None:
    assert_quarters(decode(encoded(quarters(), "JPEG", quality=95, subsampling=0, exif=tags)), close=4)


def test_greys_and_one_bit() -> None:
    grey = Image.fromarray(np.array([[0, 90], [180, 255]], np.uint8))
    assert decode(encoded(grey, "PNG"))[..., 1].tolist() == [[0, 90], [180, 255]]
    assert decode(encoded(grey.point(lambda value: 255 * (value > 100), "1"), "PNG"))[..., 2].tolist() == [
        [0, 0],
        [255, 255],
    ]
    assert decode(encoded(grey.convert("LA"), "PNG")).tolist() == decode(encoded(grey, "PNG")).tolist()


def transparent(mode: str) -> bytes:
    """Left half see-through, right half a colour."""
    layer = Image.new("RGBA", (8, 4), (10, 20, 30, 0))
    layer.paste((200, 100, 50, 255), (4, 0, 8, 4))
    layer.putpixel((4, 0), (0, 0, 0, 51))
    if mode == "P":
        palette = Image.new("P", (8, 4), 0)
        palette.putpalette([10, 20, 30, 200, 100, 50, 204, 204, 204])
        palette.paste(1, (4, 0, 8, 4))
        palette.putpixel((4, 0), 2)
        return encoded(palette, "PNG", transparency=0)
    return encoded(layer.convert(mode), "PNG")


def test_transparency_lies_over_white() -> None:
    for mode in ("RGBA", "P"):
        pixels = decode(transparent(mode))
        assert pixels[0, 0].tolist() == [255, 255, 255]
        assert pixels[0, 4].tolist() == [204, 204, 204]
        assert pixels[3, 7].tolist() == [200, 100, 50]
    grey = decode(transparent("LA"))
    assert grey[0, 0].tolist() == [255, 255, 255] and grey[0, 4].tolist() == [204, 204, 204]


@pytest.mark.parametrize("mode", ["RGB", "L", "1"])
def test_one_see_through_colour_of_a_png(mode: str) -> None:
    image = Image.new("RGB", (2, 1), (0, 0, 0)).convert(mode)
    white = (255, 255, 255) if mode == "RGB" else 255
    image.putpixel((1, 0), white)
    black = (0, 0, 0) if mode == "RGB" else 0
    assert decode(encoded(image, "PNG", transparency=black)).min() == 255


def test_animated_gif_with_transparency_shows_its_first_frame() -> None:
    frames = [Image.new("RGBA", (6, 6), (0, 0, 0, 0)), Image.new("RGBA", (6, 6), (9, 9, 9, 255))]
    frames[0].paste((250, 0, 0, 255), (0, 0, 3, 6))
    pixels = decode(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], disposal=2))
    assert pixels[0, 0].tolist() == [250, 0, 0] and pixels[0, 5].tolist() == [255, 255, 255]


DEEP = np.array([[0, 256, 16448], [32896, 60000, 65535]])


@pytest.mark.parametrize(
    "data",
    [
        encoded(Image.fromarray(DEEP.astype(np.uint16)), "PNG"),
        encoded(Image.fromarray(DEEP.astype(np.uint16)), "TIFF"),
        encoded(Image.fromarray(DEEP.astype(np.int32)), "TIFF"),
        encoded(Image.fromarray(DEEP.astype(np.int32)), "PPM"),
        encoded(Image.fromarray((DEEP / 65535).astype(np.float32)), "TIFF"),
        encoded(Image.fromarray((DEEP / 257).astype(np.float32)), "TIFF"),
        encoded(Image.fromarray((DEEP * 3.0 - 7000).astype(np.float32)), "TIFF"),
    ],
    ids=["I;16 png", "I;16 tiff", "I tiff", "I pgm", "F to 1", "F to 255", "F of its own range"],
)
def test_deep_greys_are_scaled_and_not_clipped(data: bytes) -> None:
    pixels = decode(data)
    assert pixels.shape == (2, 3, 3)
    np.testing.assert_allclose(pixels[..., 0], DEEP / 257, atol=0.51)


def test_dark_16_bit_stays_dark_and_floats_may_hold_no_number() -> None:
    dark = decode(encoded(Image.fromarray(np.full((2, 2), 200, np.uint16)), "PNG"))
    assert dark.max() == 1
    odd = np.array([[np.nan, np.inf, 0.5, 1.0]], np.float32)
    assert decode(encoded(Image.fromarray(odd), "TIFF"))[0, :, 0].tolist() == [0, 0, 128, 255]
    flat = decode(encoded(Image.fromarray(np.full((2, 2), -5.0, np.float32)), "TIFF"))
    assert flat.max() == 0


def deep_png(channels: int, colour_type: int) -> bytes:
    """A PNG with 16 bits a channel, which Pillow reads but does not write."""
    rows = b"".join(
        b"\0" + struct.pack(f">{channels}H", *(257 * 100 + 1000 * c for c in range(channels))) for _ in "ab"
    )
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", 1, 2, 16, colour_type, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    ]
    body = b"".join(struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d)) for t, d in parts)
    return b"\x89PNG\r\n\x1a\n" + body


def test_16_bit_colour() -> None:
    np.testing.assert_allclose(decode(deep_png(3, 2))[0, 0], [100, 103.9, 107.8], atol=1)


def test_lab() -> None:
    lab = ImageCms.applyTransform(
        quarters(),
        ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"),
    )
    assert lab is not None
    assert_quarters(decode(encoded(lab, "TIFF")), close=12)


def test_heic() -> None:
    heif = pytest.importorskip("pillow_heif")
    stream = io.BytesIO()
    heif.from_pillow(quarters(64, 64)).save(stream, quality=100, chroma=444)
    assert_quarters(decode(stream.getvalue()), close=8)
    for cut in (0.2, 0.6, 0.95):
        with pytest.raises(BadImage):
            decode(stream.getvalue()[: int(cut * len(stream.getvalue()))])


def test_heic_without_its_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(BadImage, match=r"HEIC needs pillow-heif: pip install 'mobilenets\[heif\]'"):
        decode(b"\0\0\0\x1cftypheic\0\0\0\0mif1heic" + bytes(50))


def test_a_format_this_pillow_lacks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("PIL.AvifImagePlugin.SUPPORTED", False)
    with pytest.raises(BadImage, match="the Pillow installed here reads no AVIF"):
        decode(KINDS["avif"][0])


# What is cut off here is more than the few closing bytes behind the last pixel. Of files with several pictures only
# the first matters.
@pytest.mark.parametrize("kind", [kind for kind in KINDS if not kind.endswith(("animated", "pages")) and kind != "mpo"])
@pytest.mark.parametrize("share", [0.02, 0.1, 0.3, 0.5, 0.7, 0.8])
def test_cut_files_are_refused_and_not_filled_with_grey(kind: str, share: float) -> None:
    data, _ = KINDS[kind]
    with pytest.raises(BadImage, match=r"^(truncated|not an image|damaged .*)$"):
        decode(data[: int(len(data) * share)])


@pytest.mark.parametrize(
    "kind", ["jpeg", "jpeg_progressive", "png", "webp", "webp_lossless", "gif", "bmp", "ppm", "tiff"]
)
def test_the_reason_of_a_cut_file_is_that_it_is_cut(kind: str) -> None:
    data = KINDS[kind][0]
    with pytest.raises(BadImage, match="truncated"):
        decode(data[: int(len(data) * 0.8)])


@pytest.mark.parametrize("kind", ["jpeg", "jpeg_progressive"])
@pytest.mark.parametrize("thumbnail", [b"", KINDS["jpeg"][0]])
def test_a_jpeg_cut_and_filled_up_with_zeros_is_truncated(kind: str, thumbnail: bytes) -> None:
    tags = b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0" + thumbnail
    data = encoded(quarters(), "JPEG", exif=tags, progressive=kind.endswith("progressive"))
    decode(data)
    kept = int(len(data) * 0.9)
    with pytest.raises(BadImage, match="truncated"):
        decode(data[:kept] + bytes(len(data) - kept))


def test_what_follows_a_whole_jpeg_does_no_harm() -> None:
    assert_quarters(decode(KINDS["jpeg"][0] + bytes(999)), close=4)
    assert_quarters(decode(KINDS["jpeg"][0] + b"motion photo \xff\xda" * 9), close=4)
    assert_quarters(decode(KINDS["mpo"][0] + bytes(999)), close=4)
    assert_quarters(decode(KINDS["png"][0] + bytes(999)))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty file"),
        (b"<!DOCTYPE html><html>404</html>", "not an image"),
        (b"\0" * 4096, "not an image"),
        (b"%PDF-1.7 ...", "not an image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not an image"),
        (b"\xff\xd8\xff\xe0", "damaged or truncated JPEG header"),
        (b"\x89PNG\r\n\x1a\n", "damaged or truncated PNG header"),
    ],
)
def test_what_is_no_image_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(BadImage, match=f"^{reason}$"):
        decode(data)


def png_header(width: int, height: int) -> bytes:
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))


@pytest.mark.parametrize(
    "data",
    [
        png_header(30000, 30000) + b"\0\0\0\0IDAT",
        encoded(quarters(), "BMP").replace(struct.pack("<ii", WIDTH, HEIGHT), struct.pack("<ii", 30000, 30000)),
        encoded(quarters(), "PPM").replace(b"48 32", b"30000 30000"),
        encoded(quarters(), "JPEG").replace(struct.pack(">HH", HEIGHT, WIDTH), struct.pack(">HH", 30000, 30000)),
        encoded(quarters().quantize(8), "GIF").replace(
            struct.pack("<HH", WIDTH, HEIGHT), struct.pack("<HH", 30000, 30000)
        ),
    ],
    ids=["png", "bmp", "ppm", "jpeg", "gif"],
)
def test_a_decompression_bomb_is_refused_by_its_header(data: bytes) -> None:
    with pytest.raises(BadImage, match=r"^30000 x 30000 pixels, over the limit of 178 megapixels$"):
        decode(data)


def test_a_large_but_lawful_image_is_decoded_without_a_warning() -> None:
    side = 9600  # 92 megapixels: where Pillow itself begins to warn
    wide = decode(encoded(Image.new("1", (side, side), 1), "PNG"))
    assert wide.shape == (side, side, 3) and wide[-1, -1].tolist() == [255, 255, 255]


def test_no_warning_leaks_even_where_warnings_are_errors() -> None:
    odd = encoded(quarters(), "JPEG", quality=95, subsampling=0, exif=b"Exif\0\0II*\0\x08\0\0\0\x05\0\x12\x01")
    with warnings.catch_warnings():
        warnings.resetwarnings()
        warnings.simplefilter("error")
        assert_quarters(decode(odd), close=4)


def test_threads_give_the_same_pictures() -> None:
    files = [data for data, _ in KINDS.values()] * 4
    alone = [decode(data) for data in files]
    with ThreadPoolExecutor(8) as pool:
        for one, other in zip(alone, pool.map(decode, files), strict=True):
            assert np.array_equal(one, other)


@pytest.mark.parametrize(
    ("size", "at_least", "shape"),
    [
        ((1600, 1200), 300, (600, 800, 3)),
        ((1600, 1200), 301, (1200, 1600, 3)),
        ((1600, 1200), 150, (300, 400, 3)),
        ((1600, 1200), 32, (150, 200, 3)),
        ((1601, 1201), 300, (601, 801, 3)),
        ((100, 100), 224, (100, 100, 3)),
    ],
)
def test_a_large_jpeg_may_be_decoded_smaller(size: tuple[int, int], at_least: int, shape: tuple[int, ...]) -> None:
    pixels = decode(encoded(quarters(*size), "JPEG", quality=95), at_least=at_least)
    assert pixels.shape == shape
    assert_quarters(pixels, close=4)


def test_smaller_decoding_looks_the_same_and_turns_too(shared_data: Path) -> None:
    photograph = Image.open(sorted((shared_data / "coco_mini" / "val2017").glob("*.jpg"))[0]).convert("RGB")
    data = encoded(photograph.resize((1920, 1440)), "JPEG", quality=92, exif=exif(6))
    whole, small = decode(data), decode(data, at_least=160)
    assert whole.shape == (1920, 1440, 3) and small.shape == (480, 360, 3)
    views = [np.asarray(Image.fromarray(each).resize((160, 213), 2), np.float64) for each in (whole, small)]
    assert np.abs(views[0] - views[1]).mean() < 1.5


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize("size", [(1601, 1607), (1607, 1601), (800, 800), (640, 480), (30, 20)])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_size_is_that_of_the_whole_photograph_upright(kind: str, size: tuple[int, int], orientation: int) -> None:
    data = encoded(quarters(*size), kind, exif=exif(orientation))
    whole, small = decode_sized(data), decode_sized(data, at_least=100)
    assert whole.size == small.size == whole.pixels.shape[:2]
    assert whole.size == (size if orientation > 4 else size[::-1])
    assert (small.pixels.shape[0] < whole.size[0]) == (kind == "JPEG" and min(size) > 400)


def test_only_jpegs_are_decoded_smaller() -> None:
    assert decode(encoded(quarters(1600, 1200), "WEBP"), at_least=100).shape == (1200, 1600, 3)


def test_no_reader_but_those_listed_is_tried() -> None:
    assert "EPS" not in FORMATS  # it would start Ghostscript on a stranger's file
    with pytest.raises(BadImage, match="not an image"):
        decode(encoded(quarters(), "TGA"))


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_give_an_array_or_a_reason(data: bytes) -> None:
    expect_array_or_reason(data)


@settings(max_examples=600, deadline=None)
@given(st.data())
def test_damaged_images_give_an_array_or_a_reason(data: st.DataObject) -> None:
    damaged = bytearray(KINDS[data.draw(st.sampled_from(sorted(KINDS)))][0])
    for _ in range(data.draw(st.integers(1, 6))):
        # Headers are short and matter most: half of the damage goes into the first bytes.
        last = len(damaged) - 1 if data.draw(st.booleans()) else min(63, len(damaged) - 1)
        damaged[data.draw(st.integers(0, last))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del damaged[data.draw(st.integers(1, len(damaged))) :]
    expect_array_or_reason(bytes(damaged))


def expect_array_or_reason(data: bytes) -> None:
    try:
        pixels = decode(data, at_least=8)
    except BadImage as error:
        assert str(error) and "\n" not in str(error)
    else:
        assert pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3 and pixels.size
