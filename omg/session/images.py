"""Images that a person attaches: from a file or the clipboard, held against what the provider takes."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlparse

from omg.core.images import LARGEST, MANY, WIDEST, WIDEST_OF_MANY, measured
from omg.core.spoken import Image
from omg.core.trouble import Trouble

SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".webp")
_SECONDS = 5.0
"""Seconds that a clipboard program may take."""
_LARGEST_FILE = LARGEST * 3 // 4
"""Bytes of a file that are `LARGEST` in base64."""


class NoImage(Trouble):
    """There is no image there, or none that can be sent: in words that say what to do."""


def image_paths(text: str, folder: Path) -> list[Path]:
    """The image files that a pasted or dropped text names, if it names nothing else: as terminals write them, quoted,
    with escaped spaces, or as file:// addresses."""
    text = text.strip()
    if not text or len(text) > 10_000 or not re.search(r"\.(png|jpe?g|gif|webp)\b", text, re.IGNORECASE):
        return []
    found: list[Path] = []
    for word in _words(text):
        path = folder / Path(_plain(word)).expanduser()
        if path.suffix.lower() not in SUFFIXES or not path.is_file():
            return []
        found.append(path)
    return found


def _words(text: str) -> list[str]:
    if (Path(text).expanduser()).is_file():
        return [text]
    try:
        return shlex.split(text)
    except ValueError:  # an open quote: prose, or one name a line
        return text.split("\n")


def _plain(word: str) -> str:
    return unquote(urlparse(word).path) if word.startswith("file://") else word


def image_of(path: Path) -> Image:
    """The image in a file. Raises NoImage."""
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise NoImage(f"cannot read {path}: {error.strerror}") from error
    return checked(path.name, data)


def checked(name: str, data: bytes) -> Image:
    """`data` as an image that the provider takes. Raises NoImage."""
    found = measured(data)
    if found is None:
        raise NoImage(f"{name} is no PNG, JPEG, GIF or WebP: convert it first")
    if len(data) > _LARGEST_FILE:
        raise NoImage(f"{name} is larger than the {_LARGEST_FILE / 1e6:.1f} MB that can be sent: scale it down first")
    if max(found.width, found.height) > WIDEST:
        raise NoImage(f"{name} is {found.width}×{found.height}; a side may have {WIDEST} pixels: scale it down first")
    return Image(name, found.type, data, found.width, found.height)


def fits_beside(image: Image, others: int) -> str | None:
    """Why an image cannot go into a history that holds `others` images already; None where it can."""
    if others >= MANY and max(image.width, image.height) > WIDEST_OF_MANY:
        return f"{image.name}: beside {MANY} images and more, a side may have {WIDEST_OF_MANY} pixels: scale it down"
    return None


_PROGRAMS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("WAYLAND_DISPLAY", ("wl-paste", "--no-newline", "--type", "image/png")),
    ("DISPLAY", ("xclip", "-selection", "clipboard", "-target", "image/png", "-out")),
)
"""What gives the clipboard's image, and the variable that says whether it can."""


def clipboard_image(env: Mapping[str, str]) -> Image:
    """The image on the clipboard. Slow: call it in a thread. Raises NoImage."""
    command = _clipboard_program(env)
    try:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoImage(f"{command[0]} did not give the clipboard: {error}") from error
    if done.returncode or not done.stdout:
        raise NoImage("there is no image on the clipboard")
    return checked("clipboard", done.stdout)


def _clipboard_program(env: Mapping[str, str]) -> tuple[str, ...]:
    if sys.platform == "darwin":
        if shutil.which("pngpaste"):
            return ("pngpaste", "-")
        raise NoImage("the clipboard's image cannot be read: install pngpaste, or drop the file here")
    for variable, command in _PROGRAMS:
        if env.get(variable) and shutil.which(command[0]):
            return command
    if not (env.get("WAYLAND_DISPLAY") or env.get("DISPLAY")):
        raise NoImage("there is no clipboard with images here: give the file's path instead")
    raise NoImage("the clipboard's image cannot be read: install wl-clipboard or xclip, or give the file's path")
