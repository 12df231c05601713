"""Running uv: what it prints, how it ends, and what its failures mean."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gpuplayground.environments.managed import uv
from gpuplayground.environments.managed.records import BuildCancelledError, BuildError
from gpuplayground.environments.managed.uv import UvError, downloads_in, explained, run_tool, run_uv
from tests.support.command_line import environment, wait_for

MIB = 1 << 20

#: What uv 0.13 prints for each kind of failure, with names and addresses shortened.
TEXTS = {
    "disk": """\
error: Failed to download `snail==1.0`
  cause: Failed to write to the distribution cache
  cause: No space left on device (os error 28)
""",
    "certificate": """\
error: Failed to fetch: https://pypi.org/simple/six/
  cause: error sending request for url (https://pypi.org/simple/six/)
  cause: client error (Connect)
  cause: invalid peer certificate: UnknownIssuer
""",
    "credentials": """\
error: Failed to fetch: http://127.0.0.1:1/simple/snail/
  cause: HTTP status client error (401 Unauthorized) for url (http://127.0.0.1:1/simple/snail/)
""",
    "proxy": """\
error: Failed to fetch: https://pypi.org/simple/six/
  cause: error sending request for url (https://pypi.org/simple/six/)
  cause: client error (Connect)
  cause: tunnel error: failed to create underlying connection
  cause: tcp connect error
  cause: Connection refused (os error 111)
""",
    "damaged": """\
error: Failed to download `hash==1.0`
  cause: Hash mismatch for `hash==1.0`
         Expected:
           sha256:0000000000000000000000000000000000000000000000000000000000000000
         Computed:
           sha256:406c846c75a932784b58fc109f726f73e9b974296d3ecb497ce2ac5b235b1af6
""",
    "missing": """\
error: Failed to download `snail==1.0`
  cause: Failed to fetch: http://127.0.0.1:1/files/snail-1.0-py3-none-any.whl
  cause: HTTP status client error (404 Not Found) for url (http://127.0.0.1:1/files/snail-1.0-py3-none-any.whl)
""",
    "network": """\
error: Failed to fetch: https://no-such-host.invalid/simple/six/
  cause: error sending request for url (https://no-such-host.invalid/simple/six/)
  cause: client error (Connect)
  cause: dns error
  cause: error resolving DNS
  cause: failed to lookup address information: Name or service not known
""",
    "unknown": """\
error: No solution found when resolving dependencies
  cause: Because snial was not found in the package registry and gpuplayground-environment depends on snial, we can
         conclude that your requirements are unsatisfiable.
""",
    "conflict": """\
error: No solution found when resolving dependencies
  cause: Because snail==1.0 depends on shell>=2 and gpuplayground-environment depends on shell==1.0, we can conclude
         that snail==1.0 cannot be used.
         And because only snail==1.0 is available and gpuplayground-environment depends on snail, we can conclude that
         your requirements are unsatisfiable.
""",
    "no wheel": """\
error: No solution found when resolving dependencies
  cause: Because elsewhere==1.0 has no wheels with a matching Python ABI tag (e.g., `cp311`) and
         gpuplayground-environment depends on elsewhere, we can conclude that your requirements are unsatisfiable.
""",
    "python": "error: No interpreter found for Python 3.99 in managed installations or search path\n",
    "permission": "error: failed to create directory `/root/.cache/uv`: Permission denied (os error 13)\n",
}


@pytest.mark.parametrize("kind", TEXTS)
def test_each_failure_of_uv_has_its_own_sentence(kind: str) -> None:
    found, sentence = explained(TEXTS[kind], 2)
    assert found == kind
    assert sentence.endswith(".")
    assert ": " in sentence
    assert "{" not in sentence


def test_sentences_name_the_host_and_the_package() -> None:
    assert explained(TEXTS["network"], 2)[1].startswith("The package index no-such-host.invalid cannot be reached: ")
    assert explained(TEXTS["unknown"], 2)[1].startswith("There is no package snial in the package index: ")
    assert explained(TEXTS["missing"], 2)[1].startswith("The package index lists snail==1.0 but does not have it: ")


def test_a_version_that_there_is_not_is_told_apart_from_a_conflict() -> None:
    text = """\
error: No solution found when resolving dependencies
  cause: Because only nvidia-curand<=10.4.5.25 is available and gpuplayground-environment depends on
         nvidia-curand>=13,<14, we can conclude that your requirements are unsatisfiable.
"""
    assert explained(text, 2)[1].startswith("The package index has no nvidia-curand>=13,<14 for this Python")


def test_a_password_in_an_address_is_not_shown() -> None:
    text = TEXTS["network"].replace("https://", "https://me:secret@")
    assert "secret" not in explained(text, 2)[1]


def test_what_is_not_known_is_told_in_the_words_of_uv() -> None:
    assert explained("Resolved 3 packages\nerror: The moon is in the way\n", 2) == (
        "other",
        "uv could not build the environment: The moon is in the way",
    )
    assert explained("", 3) == ("other", "uv could not build the environment: exit code 3")


def test_a_kill_is_told_apart_from_a_failure() -> None:
    assert explained("error: No space left on device", -9)[0] == "killed"


def test_a_line_of_progress_tells_the_bytes() -> None:
    text = (
        "⠙ Preparing packages... (0/3)\r\n"
        "nvidia-cublas-cu12  ------------------------------     1.50 MiB/544.99 MiB\r\n"
        "numpy      ------------------------------ 15.89 KiB/16.13 MiB\x1b[2K\x1b[1A\x1b[2K"
        "tiny ------ 100 B/2.00 KiB\r\n"
        "Prepared 3 packages in 2.01s\r\n"
    )
    assert list(downloads_in(text)) == [
        ("nvidia-cublas-cu12", 1.5 * MIB, round(544.99 * MIB)),
        ("numpy", round(15.89 * 1024), round(16.13 * MIB)),
        ("tiny", 100, 2048),
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="the terminal is that of POSIX")
def test_progress_in_pieces_is_read_as_if_it_were_whole() -> None:
    lines = [f"snail ---- {got}.00 MiB/200.00 MiB" for got in range(1, 201)]
    text = "\n".join(lines).encode()
    script = f"import os\nfor byte in {text!r}: os.write(1, bytes([byte]))"
    got: list[tuple[str, int, int]] = []
    said = run_tool([sys.executable, "-c", script], os.environ, None, lambda *each: got.append(each))
    assert got == [("snail", number * MIB, 200 * MIB) for number in range(1, 201)]
    assert said == ""


@pytest.mark.skipif(sys.platform == "win32", reason="the terminal is that of POSIX")
def test_the_last_words_are_kept_after_a_flood() -> None:
    script = "import os\nos.write(1, b'x' * 3_000_000 + b'\\nerror: ' + b'word ' * 80 + b'end')\nraise SystemExit(2)"
    with pytest.raises(UvError) as caught:
        run_tool([sys.executable, "-c", script], os.environ)
    assert str(caught.value).endswith("word word end")
    assert caught.value.details.endswith("word word end")
    assert len(caught.value.details) <= 20_000


def test_a_message_of_uv_is_not_broken_into_lines(tmp_path: Path) -> None:
    name = "a" * 150
    with pytest.raises(UvError) as caught:
        run_uv(["pip", "sync", "--python", sys.executable, "--dry-run", tmp_path / f"{name}.txt"])
    assert f"{name}.txt" in caught.value.details.splitlines()[0]


def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(BuildError, match="no-such-program is not installed or cannot be run: install it"):
        run_tool(["no-such-program"], os.environ)


def test_without_uv_the_command_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uv", None)
    with pytest.raises(BuildError, match="uv, which builds environments, is missing: python -m pip install uv"):
        uv.uv_path()


def test_a_program_is_ended_when_it_is_cancelled(tmp_path: Path) -> None:
    cancelled, mark = threading.Event(), tmp_path / "started"

    def cancel() -> None:
        wait_for(mark.exists)
        cancelled.set()

    thread = threading.Thread(target=cancel)
    thread.start()
    with pytest.raises(BuildCancelledError):
        run_tool([sys.executable, "-c", f"open({str(mark)!r}, 'w').close(); input()"], os.environ, cancelled)
    thread.join()


@pytest.mark.parametrize("handler", ["SIG_DFL", "SIG_IGN"])
@pytest.mark.skipif(sys.platform != "linux", reason="/proc is of Linux")
def test_when_this_process_is_killed_the_program_and_what_it_started_end(tmp_path: Path, handler: str) -> None:
    marks = [tmp_path / "parent", tmp_path / "child"]
    child = f"import os, time; open({str(marks[1])!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    parent = (
        f"import os, subprocess, sys; open({str(marks[0])!r}, 'w').write(str(os.getpid())); "
        f"subprocess.run([sys.executable, '-c', {child!r}])"
    )
    runner = (
        "import os, signal, sys\n"
        "from gpuplayground.environments.managed.uv import run_tool\n"
        f"signal.signal(signal.SIGHUP, signal.{handler})  # nohup ignores it\n"
        f"run_tool([sys.executable, '-c', {parent!r}], os.environ)"
    )
    with subprocess.Popen([sys.executable, "-c", runner], env=environment()) as process:
        wait_for(lambda: all(mark.exists() and mark.read_text() for mark in marks))
        process.kill()
    for mark in marks:
        wait_for(lambda mark=mark: not is_running(int(mark.read_text())))  # type: ignore[misc]


def is_running(process: int) -> bool:
    """Return whether a process has not ended."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"
