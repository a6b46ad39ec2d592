"""Which files are images that can be sent, what a dropped name means, and what a clipboard gives."""

import subprocess

import pytest

from omg.core.images import LARGEST
from omg.session.images import NoImage, checked, clipboard_image, fits_beside, image_of, image_paths
from tests.pictures import png


@pytest.fixture
def folder(tmp_path):
    for name in ("plan.png", "a b.PNG", "more.jpg", "notes.txt"):
        (tmp_path / name).write_bytes(png())
    return tmp_path


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("plan.png", ["plan.png"]),
        ("{0}/plan.png ", ["plan.png"]),
        ("'{0}/a b.PNG'", ["a b.PNG"]),
        ("{0}/a\\ b.PNG", ["a b.PNG"]),
        ("{0}/a b.PNG", ["a b.PNG"]),
        ("file://{0}/a%20b.PNG", ["a b.PNG"]),
        ("{0}/plan.png {0}/more.jpg", ["plan.png", "more.jpg"]),
        ("{0}/plan.png\n{0}/more.jpg\n", ["plan.png", "more.jpg"]),
        ("look at plan.png", []),
        ("gone.png", []),
        ("notes.txt", []),
        ("don't use plan.png", []),
        ("", []),
    ],
)
def test_a_text_that_is_nothing_but_images_names_them(folder, text, names):
    assert [path.name for path in image_paths(text.format(folder), folder)] == names


def test_what_cannot_be_sent_is_said_with_what_to_do(tmp_path):
    with pytest.raises(NoImage, match="convert it"):
        checked("x.png", b"no image")
    with pytest.raises(NoImage, match="scale it down"):
        checked("x.png", png() + bytes(LARGEST))
    with pytest.raises(NoImage, match="8000 pixels"):
        checked("x.png", png(9000, 1))
    with pytest.raises(NoImage, match="cannot read"):
        image_of(tmp_path / "gone.png")


def test_beside_many_images_a_large_one_does_not_fit():
    large = checked("x.png", png(3000, 1))
    assert fits_beside(large, 19) is None
    assert "2000" in fits_beside(large, 20)
    assert fits_beside(checked("y.png", png()), 99) is None


def test_the_clipboard_is_asked_by_the_program_that_is_there(tmp_path, monkeypatch):
    program = tmp_path / "wl-paste"
    (tmp_path / "it.png").write_bytes(png(5, 4))
    program.write_text(f"#!/bin/sh\ncat {tmp_path}/it.png\n")
    program.chmod(0o755)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    found = clipboard_image({"WAYLAND_DISPLAY": "wayland-0"})
    assert (found.name, found.width, found.height) == ("clipboard", 5, 4)
    program.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(NoImage, match="no image on the clipboard"):
        clipboard_image({"WAYLAND_DISPLAY": "wayland-0"})
    with pytest.raises(NoImage, match="file's path"):
        clipboard_image({})


def test_a_program_that_hangs_is_not_waited_for(monkeypatch):
    def hang(*args, **given):
        raise subprocess.TimeoutExpired("xclip", 5)

    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(subprocess, "run", hang)
    with pytest.raises(NoImage, match="did not give the clipboard"):
        clipboard_image({"DISPLAY": ":0"})
