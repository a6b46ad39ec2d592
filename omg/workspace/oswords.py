"""What the operating system refused, in plain words."""

from __future__ import annotations

import errno

_WORDS = {
    errno.ENOENT: "there is no such file",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.EROFS: "the file system is read-only",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.ENAMETOOLONG: "the name is too long",
    errno.ELOOP: "its symlinks form a loop",
    errno.ENOTDIR: "a part of its path is a file, not a folder",
    errno.EEXIST: "a part of its path is a file, not a folder",
    errno.EISDIR: "it is a folder",
    errno.EMFILE: "too many files are open",
    errno.E2BIG: "it is too long",
}


def words(error: OSError) -> str:
    """Why it failed, lower case and without the path: "permission denied"."""
    known = _WORDS.get(error.errno or 0)
    return known or (error.strerror or type(error).__name__).lower()
