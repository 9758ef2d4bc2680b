"""The tee copies prints and gets along with everything else that replaces the streams."""

import contextlib
import io
import os
import subprocess
import sys
import textwrap
import threading

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from cellrun.core.runs.output_tee import OutputTee


@pytest.fixture
def log(tmp_path):
    return tmp_path / "user_logs" / "std_log.txt"


@contextlib.contextmanager
def teed(log):
    """Yield a started tee; not a fixture, since pytest replaces the streams between set-up and call."""
    tee = OutputTee(log)
    tee.start()
    try:
        yield tee
    finally:
        tee.stop()


def test_prints_go_to_the_log_and_to_where_they_went_before(log, capsys):
    with teed(log):
        print("one")
        print("two", file=sys.stderr)
        sys.stdout.writelines(["three\n", "4%\r", "8%\r"])
    assert log.read_bytes() == b"one\ntwo\nthree\n4%\r8%\r"
    assert capsys.readouterr() == ("one\nthree\n4%\r8%\r", "two\n")


def test_the_log_holds_utf8_and_survives_lone_surrogates(log):
    with teed(log) as tee:
        tee.write("日本\n")
        tee.write("\ud800\n")
    assert log.read_bytes() == "日本\n\\ud800\n".encode()


def test_stop_puts_the_streams_back(log):
    before = sys.stdout, sys.stderr
    tee = OutputTee(log)
    tee.start()
    assert (sys.stdout, sys.stderr) != before
    tee.stop()
    tee.stop()
    assert (sys.stdout, sys.stderr) == before
    print("after")
    assert log.read_bytes() == b""


def test_what_redirect_stdout_catches_is_its_own(log):
    with teed(log):
        with contextlib.redirect_stdout(io.StringIO()) as caught:
            print("caught")
        print("seen")
    assert caught.getvalue() == "caught\n"
    assert log.read_bytes() == b"seen\n"


def test_stopped_inside_a_redirection_it_replaces_nothing_and_copies_nothing(log, capsys):
    before = sys.stdout
    tee = OutputTee(log)
    tee.start()
    with contextlib.redirect_stdout(io.StringIO()) as caught:
        tee.stop()
        print("caught")
    print("after")  # through the stream that redirect_stdout had kept
    assert caught.getvalue() == "caught\n"
    assert log.read_bytes() == b""
    assert capsys.readouterr().out == "after\n"

    tee.start()
    print("again")
    tee.stop()
    assert sys.stdout is before
    assert log.read_bytes() == b"again\n"


def test_started_inside_a_capture_it_takes_up_the_streams_after_it(log, capsys):
    tee = OutputTee(log)
    with capture_output() as caught:
        tee.start()
        print("in the capture")
    print("not copied")
    tee.start()
    print("copied once")
    tee.stop()
    assert caught.stdout == "in the capture\n"
    assert log.read_bytes() == b"in the capture\ncopied once\n"
    assert capsys.readouterr().out == "not copied\ncopied once\n"


def test_the_capture_magic_keeps_what_it_captures(log, capsys):
    shell = InteractiveShell.instance()
    tee = OutputTee(log)
    tee.start()
    shell.run_cell("%%capture caught\nprint('quiet')")
    shell.run_cell("print('loud')")
    tee.stop()
    assert shell.user_ns["caught"].stdout == "quiet\n"
    assert log.read_bytes() == b"loud\n"


def test_two_tees_of_one_log_copy_once(log):
    with teed(log):
        with teed(log) as inner:
            print("once")
            inner.write("by hand\n")
        print("still")
    assert log.read_bytes() == b"once\nby hand\nstill\n"


@pytest.mark.parametrize("first_out", [0, 1])
def test_two_tees_end_in_any_order(tmp_path, first_out):
    before = sys.stdout
    tees = [OutputTee(tmp_path / "a"), OutputTee(tmp_path / "b")]
    for tee in tees:
        tee.start()
    print("both")
    tees[first_out].stop()
    print("one")
    tees[1 - first_out].stop()
    assert sys.stdout is before
    assert (tmp_path / "ab"[first_out]).read_text() == "both\n"
    assert (tmp_path / "ab"[1 - first_out]).read_text() == "both\none\n"


def test_lines_of_many_threads_stay_whole_while_it_stops(log):
    tee = OutputTee(log)
    tee.start()
    with contextlib.redirect_stdout(io.StringIO()):

        def flood(letter):
            for _ in range(300):
                tee.write(letter * 60 + "\n")

        threads = [threading.Thread(target=flood, args=(letter,)) for letter in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads[:2]:
            thread.join()
        tee.stop()
        for thread in threads[2:]:
            thread.join()
    lines = log.read_text().splitlines()
    assert set(lines) <= {letter * 60 for letter in "abcd"}
    assert lines.count("a" * 60) == lines.count("b" * 60) == 300


def test_a_forked_child_writes_to_the_same_log(log):
    with teed(log) as tee:
        pid = os.fork()
        if pid == 0:
            tee.write("child\n")
            os._exit(0)
        os.waitpid(pid, 0)
        tee.write("parent\n")
    assert log.read_bytes() == b"child\nparent\n"


def test_the_stream_beneath_answers_for_everything_else(log):
    beneath = sys.stdout
    with teed(log):
        assert sys.stdout.encoding == beneath.encoding
        assert sys.stdout.isatty() == beneath.isatty()
        with pytest.raises(TypeError):
            sys.stdout.write(b"bytes")
    assert log.read_bytes() == b""


def test_a_full_disk_costs_the_log_and_not_the_print(log):
    """Of a file that can't grow (as on a full disk) the print goes on, and it says once that output is missing."""
    program = textwrap.dedent("""
        import resource, signal, sys
        from cellrun.core.runs.output_tee import OutputTee
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4, resource.RLIM_INFINITY))
        tee = OutputTee(sys.argv[1])
        tee.start()
        print("one")
        print("two")
        print("three")
    """)
    done = subprocess.run([sys.executable, "-c", program, log], capture_output=True, text=True, check=True)
    assert done.stdout == "one\ntwo\nthree\n"
    assert done.stderr.count("output is missing") == 1
    assert str(log) in done.stderr
    assert log.read_bytes() == b"one\n"
