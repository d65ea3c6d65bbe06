"""What is uploaded becomes a master: upright, in sRGB, bounded, without metadata, as WebP. Pages
show squares of it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import IO

from PIL import ExifTags, Image, ImageCms, ImageOps, UnidentifiedImageError
from PIL.Image import Resampling

KINDS = ("JPEG", "PNG", "WEBP", "GIF")
MOST_PIXELS = 50_000_000
LONGEST_SIDE = 1_600
"""Of a master, in pixels."""
WIDTHS = (240, 480, 800, 1_200)
"""Of the squares, in pixels: from a card on a small phone to a product's page on a dense screen."""
QUALITY = 82
EFFORT = 2
"""Of WebP's 0 to 6: half the time of its default 4, for files a tenth larger."""
METADATA = frozenset(("exif", "icc_profile", "xmp"))


class PictureRefused(Exception):
    """A file is not taken as a picture; the message says why, and what to do."""


NO_PICTURE = (
    "This is not a JPEG, PNG, WebP or GIF picture (SVG and HEIC are not taken): "
    "save it as one of these, and upload that."
)
TOO_MANY_PIXELS = (
    f"This picture has more than {MOST_PIXELS // 1_000_000} million pixels: "
    f"make it smaller, for example 4,000 × 4,000, and upload it again."
)
DAMAGED = (
    "This picture is damaged or cut short: "
    "open it in a picture program, save it anew, and upload that."
)


def master_of(file: IO[bytes]) -> bytes:
    """The WebP to keep of an upload: at most ``LONGEST_SIDE`` wide and high. Of what moves, the
    first frame.

    Raises ``PictureRefused``; for too many pixels, before any is decoded.
    """
    with _opened(file) as image:
        try:
            return _webp(_normal(image))
        except Exception as error:
            # Pillow's decoders raise whatever they stumble over.
            raise PictureRefused(DAMAGED) from error


def is_master(file: IO[bytes]) -> bool:
    """Whether ``master_of`` could have made it; only its header is read."""
    try:
        with _opened(file) as image:
            return (
                image.format == "WEBP"
                and max(image.size) <= LONGEST_SIDE
                and not METADATA.intersection(image.info)
                and not getattr(image, "is_animated", False)
            )
    except PictureRefused:
        return False
    finally:
        file.seek(0)


def squares_of(master: bytes) -> Iterator[tuple[int, bytes]]:
    """Its middle as squares, each with its width, the largest first. None is larger than the
    master is."""
    with Image.open(io.BytesIO(master), formats=("WEBP",)) as image:
        side = min(image.size)
        widths = [width for width in WIDTHS if width < side]
        widths += [side] if len(widths) < len(WIDTHS) else []
        if image.size == (side, side) == (widths[-1], widths[-1]):
            yield widths.pop(), master
        square: Image.Image = image
        for width in reversed(widths):
            # Of the next larger one: many times less to scale.
            square = ImageOps.fit(square, (width, width), Resampling.LANCZOS)
            yield width, _webp(square)


def _opened(file: IO[bytes]) -> Image.Image:
    """The header is read, the pixels are not."""
    try:
        image = Image.open(file, formats=KINDS)
    except Image.DecompressionBombError as error:
        raise PictureRefused(TOO_MANY_PIXELS) from error
    except UnidentifiedImageError as error:
        raise PictureRefused(NO_PICTURE) from error
    except Exception as error:
        raise PictureRefused(DAMAGED) from error
    if image.width * image.height > MOST_PIXELS:
        raise PictureRefused(TOO_MANY_PIXELS)
    return image


def _normal(image: Image.Image) -> Image.Image:
    # Lets a JPEG be decoded at a half, a quarter or an eighth of its size.
    image.draft(None, (LONGEST_SIDE, LONGEST_SIDE))
    image.load()
    profile, orientation = image.info.get("icc_profile"), _orientation(image)
    small = _plain(image)
    small.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Resampling.LANCZOS, reducing_gap=3.0)
    small = _in_srgb(small, profile)
    small.info.clear()
    small.getexif()[ExifTags.Base.Orientation] = orientation
    upright: Image.Image = ImageOps.exif_transpose(small)
    return upright


def _orientation(image: Image.Image) -> int:
    """EXIF's 1 to 8; 1, as it is, where that cannot be read."""
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:
        return 1


def _plain(image: Image.Image) -> Image.Image:
    """In a mode that can be scaled and has a profile's channels: L, RGB, RGBA or CMYK."""
    if image.mode.startswith("I"):
        # 16 bits a pixel: converting alone would cut off what is brighter than 255.
        return image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image if image.mode in ("L", "RGB", "CMYK") else image.convert("RGB")


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """As RGB or RGBA. A profile that does not fit the picture is taken for none."""
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            into = ImageCms.createProfile("sRGB")
            found = ImageCms.profileToProfile(image, source, into, outputMode=mode)
            return found or image.convert(mode)
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass
    return image.convert(mode)


def _webp(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "WEBP", quality=QUALITY, method=EFFORT)
    return out.getvalue()
