"""`fairlead run`: it becomes its command, or says in one line why it does not."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from fairlead.cli.interpreter import find_interpreter

RUN = [sys.executable, "-m", "fairlead.cli.main", "run"]
SHOW = "import os; print(*(os.environ.get(n, '-') for n in {names!r}.split()))"
RELOCATABLE = """#!/bin/sh
'''exec' "$(dirname -- "$(realpath -- "$0")")"/'python' "$0" "$@"
' '''
"""
PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `fairlead run` with `arguments` in an environment of nothing but `variables`."""
    return subprocess.run(
        [*RUN, *arguments],
        env={"PATH": PATH, "FAIRLEAD_APP": "shop", **variables},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def show(names: str) -> list[str]:
    """Return a command that prints these variables."""
    return ["python", "-c", SHOW.format(names=names)]


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python without fairlead."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, with_pip=False, symlinks=True)
    return folder / "bin" / "python"


def script(folder: Path, text: str, name: str = "tool") -> str:
    """Write an executable and return its path."""
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


def test_options_are_shorthands_for_variables():
    """One way to set everything, and a short way for what is set by hand."""
    options = (
        "--app=cart --namespace=prod --lane=gray --control=http://h:1 --address=a:2"
        " --label version=v2 --label gray"
    )
    names = "FAIRLEAD_APP FAIRLEAD_NAMESPACE FAIRLEAD_LANE FAIRLEAD_CONTROL FAIRLEAD_ADDRESS"

    done = run(*options.split(), "--", *show(f"{names} FAIRLEAD_LABELS FAIRLEAD_ENABLED"))

    assert done.stdout == "cart prod gray http://h:1 a:2 version=v2,gray 1\n"
    assert done.stderr == ""


def test_a_variable_stays_where_no_option_is_given():
    """Deployments set variables, people type options."""
    done = run("--", *show("FAIRLEAD_APP FAIRLEAD_LANE"), FAIRLEAD_LANE="blue")

    assert done.stdout == "shop blue\n"


def test_the_agent_is_in_the_command_and_in_its_children():
    """The whole point."""
    code = "import sys; print('fairlead.agent.bootstrap' in sys.modules)"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {code!r}])"

    assert run("--", "python", "-c", code).stdout == "True\n"
    assert run("--", "python", "-c", child).stdout == "True\n"
    assert run("--", "sh", "-c", f'python -c "{code}"').stdout == "True\n"


def test_the_dashes_may_be_left_out():
    """Nothing of the command looks like an option of ours."""
    assert run("--app", "cart", *show("FAIRLEAD_APP")).stdout == "cart\n"


def test_the_command_takes_the_place_of_the_process():
    """Signals, exit status and process number are the command's."""
    code = "import os; print(os.getpid(), os.environ['FAIRLEAD_ROOT'])"
    process = subprocess.Popen(
        [*RUN, "--", "python", "-c", code],
        env={"PATH": PATH, "FAIRLEAD_APP": "shop"},
        stdout=subprocess.PIPE,
        text=True,
    )
    output, _ = process.communicate(timeout=30)
    pid, root = output.split()

    assert int(pid) == process.pid
    assert root.startswith(f"{pid}:")
    assert run("--", "python", "-c", "raise SystemExit(5)").returncode == 5


def test_a_run_below_a_run_begins_a_line_of_its_own():
    """A supervisor written in Python starts each of its programs with a run of its own."""
    code = (
        "import os; from fairlead.agent import bootstrap; print(bootstrap.begun().lineage.is_root)"
    )
    nested = [*RUN, "--", "python", "-c", code]
    outer = f"import subprocess; subprocess.run({nested!r})"

    assert run("--", "python", "-c", outer).stdout == "True\n"


def test_a_foreign_name_that_a_shell_cannot_set_is_passed_by_env():
    """Contract, "Names": ``env 'a/b=c' CMD``."""
    names = "alicloud.service.tag"
    done = run("--", "env", f"{names}=gray", *show(names))

    assert done.stdout == "gray\n"


def test_a_command_that_does_not_exist_ends_with_127():
    """As in a shell."""
    for command in ("no-such-command", "./no-such-command"):
        done = run("--", command)
        assert (done.returncode, done.stderr) == (127, f"fairlead: {command}: command not found\n")


def test_a_file_that_is_no_command_ends_with_126(tmp_path):
    """As in a shell."""
    (tmp_path / "app.py").write_text("print(1)")

    done = run("--", str(tmp_path / "app.py"))

    assert done.returncode == 126
    assert done.stderr == f"fairlead: {tmp_path / 'app.py'}: Permission denied\n"


def test_a_script_without_a_first_line_is_the_shells(tmp_path):
    """As in a shell, again."""
    path = script(tmp_path, "echo $0 $1\n")

    assert run("--", path, "x").stdout == f"{path} x\n"


def test_no_command_is_wrong_usage():
    """And says how it is meant."""
    done = run()

    assert done.returncode == 2
    assert done.stderr == "fairlead: no command given: fairlead run -- CMD [ARGUMENT ...]\n"


def test_a_wrong_option_is_refused_before_anything_starts():
    """A typing error on the command line is found by whoever made it."""
    done = run("--lane", "a b", "--", "python", "-c", "print('started')")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("fairlead: FAIRLEAD_LANE='a b': a lane has letters")


def test_a_wrong_variable_does_not_keep_the_application_from_starting():
    """It may come from a deployment that nobody watches; the agent says it and steps aside."""
    code = "import threading, httpx; print('started')"
    done = run("--", "python", "-c", code, FAIRLEAD_LANE="a b")

    assert (done.returncode, done.stdout) == (0, "started\n")
    assert done.stderr.startswith("fairlead: switched off in this process: FAIRLEAD_LANE='a b'")


@pytest.mark.parametrize("flags", [["-S"], ["-IS"], ["-u", "-S"], ["-X", "dev", "-S"]])
def test_an_interpreter_without_site_is_refused(flags):
    """The start-up file would not be read, and nobody would notice."""
    done = run("--", "python", *flags, "-c", "print('started')")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"fairlead: {sys.executable} is started with -S, which keeps fairlead out; take -S away\n"
    )


@pytest.mark.parametrize("flags", [["-E"], ["-I"], ["-Es"], ["-W", "-S"], ["-c", "-S"]])
def test_other_flags_are_no_reason_to_refuse(flags):
    """What looks like ``-S`` may be another option's value, or the program's own."""
    assert run("--", "python", *flags, "-c", "print(1)").returncode in (0, 1)


@pytest.mark.parametrize(
    "first_line", ["#!{python}", "#!/usr/bin/env {python}", "#!/usr/bin/env -S {python} -u"]
)
def test_a_scripts_interpreter_without_fairlead_is_refused(tmp_path, bare, first_line):
    """Contract 21: exit 2 and the remedy."""
    path = script(tmp_path, f"{first_line.format(python=bare)}\nprint('started')\n")

    for command in ([path], [str(bare), "-c", "print('started')"], ["env", "a=b", path]):
        done = run("--", *command)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == (
            f"fairlead: {bare} has no fairlead; install it there: {bare} -m pip install fairlead,"
            " or run the command of an environment that has it\n"
        )


def test_a_start_up_file_that_is_missing_is_named(bare):
    """Copied into an image by hand, or installed by something that does not know such files."""
    import fairlead

    source = str(Path(fairlead.__file__).parents[1])

    done = run("--", str(bare), "-c", "print('started')", PYTHONPATH=source)

    assert (done.returncode, done.stdout) == (2, "")
    assert "its start-up file fairlead.pth did not run; install it again" in done.stderr


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("#!{python} -Es\n", "Es"),
        ("#!/bin/sh\n'''exec' {python} \"$0\" \"$@\"\n' '''\nimport sys\n", ""),
        ("#!/bin/sh\n'''exec' \"{python}\" \"$0\" \"$@\"\n' '''\nimport sys\n", ""),
        (RELOCATABLE, ""),
    ],
)
def test_scripts_of_installers_name_their_python(tmp_path, text, options):
    """Installers hide a path that is too long for the kernel behind a shell."""
    python = tmp_path / "python"
    python.symlink_to(sys.executable)
    path = Path(script(tmp_path, text.format(python=python)))

    found = find_interpreter(path, ["serve"], {"PATH": PATH})

    assert found is not None
    assert (found.path.resolve(), found.options) == (Path(sys.executable).resolve(), options)


def test_a_shim_of_pyenv_is_asked_which_python_it_means(tmp_path, bare):
    """A shim is a shell script of the same name in front on PATH."""
    pyenv = script(tmp_path, f'#!/bin/sh\n[ "$1 $2" = "which python" ] && echo {bare}\n', "pyenv")
    shim = script(tmp_path, f'#!/usr/bin/env bash\nexec "{pyenv}" exec "$program" "$@"\n', "python")

    done = run("--", shim, "-c", "print('started')")

    assert done.returncode == 2
    assert done.stderr.startswith(f"fairlead: {bare} has no fairlead")
    assert "take -S away" in run("--", shim, "-S", "-c", "pass").stderr


def test_any_other_command_is_run_as_it_is():
    """It may start a Python further down, or none."""
    assert run("--", "echo", "hello").stdout == "hello\n"


def test_the_deadline_of_the_first_snapshot_begins_with_the_command():
    """Contract 20: one second, shared by everything below."""
    code = "import os, time; print(float(os.environ['FAIRLEAD_DEADLINE']) - time.monotonic())"

    assert 0.0 < float(run("--", "python", "-c", code, FAIRLEAD_DEADLINE="1").stdout) <= 1.0
