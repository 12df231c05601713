from __future__ import annotations

import os
import resource
import stat
from pathlib import Path

import pytest

from gpuplayground.storage import documents
from gpuplayground.storage.documents import Document, DocumentError


def round_trip(tmp_path: Path, data: bytes) -> bytes:
    file = tmp_path / "round.py"
    file.write_bytes(data)
    document = documents.read(file)
    documents.write(document, document.text, file)
    return file.read_bytes()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"x = 1",
        b"x = 1\n",
        b"x = 1\r\ny = 2\r\n",
        b"x = 1\r\ny = 2",
        b"x = 1\ry = 2\r",
        b"mixed\r\nends\nhere\r\n\r",
        b"\xef\xbb\xbfx = 1\n",
        b"\xef\xbb\xbf",
        "s = 'a\u2028b\u2029c\x0c'   \n\t \n".encode(),
        "é ü 漢字 😀 \xa0\n".encode(),
        b"a\r\r\nb\n\rc",
        "\ufdd0x\ufdd1\ufffc\ufeff\n".encode(),
    ],
)
def test_a_file_that_is_not_edited_is_written_back_byte_for_byte(tmp_path: Path, data: bytes) -> None:
    assert round_trip(tmp_path, data) == data


def test_an_edit_keeps_crlf_and_the_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "dos.py"
    file.write_bytes(b"\xef\xbb\xbfx = 1\r\ny = 2\r\n")
    document = documents.read(file)
    assert document.text == "x = 1\ny = 2\n"
    documents.write(document, "x = 1\nnew = 3\ny = 2\n", file)
    assert file.read_bytes() == b"\xef\xbb\xbfx = 1\r\nnew = 3\r\ny = 2\r\n"


def test_the_lines_of_a_file_with_mixed_ends_keep_their_own(tmp_path: Path) -> None:
    file = tmp_path / "mixed.py"
    file.write_bytes(b"a\r\nb\nc\r\nd\ne\r\n")
    document = documents.read(file)
    after = documents.write(document, "a\nb\nnew\nC\nd\ne\nf", file)
    assert file.read_bytes() == b"a\r\nb\nnew\r\nC\r\nd\ne\r\nf"
    documents.write(after, after.text, file)
    assert file.read_bytes() == b"a\r\nb\nnew\r\nC\r\nd\ne\r\nf"


def test_a_50_mb_file_is_refused_without_reading_it(tmp_path: Path) -> None:
    file = tmp_path / "big.py"
    with file.open("wb") as out:
        out.truncate(50_000_000)
    with pytest.raises(DocumentError, match=r"“big\.py” is 50\.0 MB large: the limit is 10 MB\."):
        documents.read(file)


def test_a_binary_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.bin"
    file.write_bytes(b"\x7fELF\0\0")
    with pytest.raises(DocumentError, match="binary file"):
        documents.read(file)


def test_a_file_that_is_not_utf8_is_refused_by_byte_and_line(tmp_path: Path) -> None:
    file = tmp_path / "latin.py"
    file.write_bytes(b"# ok\nname = 'caf\xe9'\n")
    with pytest.raises(DocumentError, match=r"byte 0xE9 at offset 16, in line 2"):
        documents.read(file)


def test_utf16_is_named(tmp_path: Path) -> None:
    file = tmp_path / "wide.py"
    file.write_bytes("x = 1\n".encode("utf-16"))
    with pytest.raises(DocumentError, match="UTF-16"):
        documents.read(file)


def test_a_folder_a_missing_file_and_a_pipe_are_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="is a folder"):
        documents.read(tmp_path)
    with pytest.raises(DocumentError, match="does not exist"):
        documents.read(tmp_path / "none.py")
    os.mkfifo(tmp_path / "pipe.py")
    with pytest.raises(DocumentError, match="pipe"):
        documents.read(tmp_path / "pipe.py")
    with pytest.raises(DocumentError, match="not a regular file"):
        documents.write(Document("x"), "x", tmp_path / "pipe.py")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "secret.py"
    file.write_text("x")
    file.chmod(0)
    with pytest.raises(DocumentError, match="no permission"):
        documents.read(file)


def test_permissions_and_symbolic_links_survive_saving(tmp_path: Path) -> None:
    real, link = tmp_path / "real.py", tmp_path / "link.py"
    real.write_text("old\n")
    real.chmod(0o755)
    link.symlink_to(real)
    document = documents.write(documents.read(link), "new\n", link)
    assert link.is_symlink()
    assert real.read_text() == "new\n"
    assert stat.S_IMODE(real.stat().st_mode) == 0o755
    assert document.path == link
    assert document.stamp == documents.stamp(link)


def test_a_new_file_gets_the_usual_permissions(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        documents.write(Document("x"), "x\n", tmp_path / "new.py")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new.py").stat().st_mode) == 0o640


def test_a_read_only_file_is_not_replaced(tmp_path: Path) -> None:
    file = tmp_path / "kept.py"
    file.write_text("old\n")
    file.chmod(0o444)
    with pytest.raises(DocumentError, match="read-only; the file is unchanged"):
        documents.write(documents.read(file), "new\n", file)
    assert file.read_text() == "old\n"


def test_a_write_that_fails_half_way_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "kept.py"
    file.write_text("old\n")
    document = documents.read(file)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(DocumentError, match="could not be saved"):
            documents.write(document, "x" * 100_000, file)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert file.read_text() == "old\n"
    assert [left.name for left in tmp_path.iterdir()] == ["kept.py"]


def test_saving_into_a_folder_that_is_gone_says_so(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="its folder does not exist"):
        documents.write(Document("x"), "x", tmp_path / "gone" / "new.py")


def test_half_a_character_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"Line 2 .* incomplete character"):
        documents.write(Document("", name="x.py"), "ok\n\ud83d", tmp_path / "x.py")


def test_a_notebook_gets_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "nb.ipynb"
    file.write_text('{"cells": []}')
    with pytest.raises(DocumentError, match=r"“nb.ipynb” is a Jupyter notebook: turn it into a script"):
        documents.read(file)


def test_a_file_replaced_by_one_of_the_same_size_and_age_is_another_one(tmp_path: Path) -> None:
    file, other = tmp_path / "a.py", tmp_path / "b.py"
    for each in (file, other):
        each.write_text("x")
        os.utime(each, ns=(1, 1))
    before = documents.read(file).stamp
    other.replace(file)
    assert documents.stamp(file) != before
