"""Set Offcut up and start it, or test it, with one command on a machine that has nothing but Python.

    python3 packaging/bootstrap.py run [--headless] [PROJECT]
    python3 packaging/bootstrap.py test [--long] [pytest arguments]
    python3 packaging/bootstrap.py setup [--extras web,cluster]
    python3 packaging/bootstrap.py bundle [--check] [--deb]

Uses the standard library only. Everything goes into `.venv` inside the project; nothing else on the machine
is touched but the system libraries that Qt and PortAudio need. What was installed is remembered in a stamp,
so that the next start hands over at once. Old Pythons can still read the text and say that they are too old.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import system_libraries
from setup_errors import SetupError

PROJECT = Path(__file__).resolve().parent.parent
CONSTRAINTS = PROJECT / "packaging" / "constraints.txt"
OLDEST_PYTHON = (3, 11)
TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"
# From this pip on a dry run reads the metadata beside a wheel instead of fetching the wheel.
OLDEST_PIP = (23, 3)
LIBRARY_FOLDER = "Lib" if os.name == "nt" else "lib"


def main(arguments=None):
    """Do what the command line asks; return the exit status."""
    if sys.version_info < OLDEST_PYTHON:
        print(
            "Offcut needs Python {}.{} or later and this is Python {}.{}; install a newer one and start this "
            "script with it.".format(*OLDEST_PYTHON, *sys.version_info[:2]),
            file=sys.stderr,
        )
        return 1
    options = read_command_line(arguments)
    try:
        return options.command(options)
    except SetupError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(
            f"\n{error}: see that this folder can be written to, and run the same command again.",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Run the same command again to go on from here.", file=sys.stderr)
        return 130


def read_command_line(arguments):
    """Return the options; `command` is the function that does the work."""
    parser = argparse.ArgumentParser(
        prog="bootstrap.py", description="Set Offcut up, then start it or test it.", allow_abbrev=False
    )
    gpu = "install torch with CUDA where the package index has it (gigabytes)"
    parser.add_argument("--gpu", action="store_true", help=gpu)
    common = argparse.ArgumentParser(add_help=False)
    # Without a default of its own, --gpu after the verb does not undo --gpu before it.
    common.add_argument("--gpu", action="store_true", default=argparse.SUPPRESS, help=gpu)
    verbs = parser.add_subparsers(required=True, metavar="setup|run|test|bundle")
    shared = {"parents": [common], "allow_abbrev": False}
    setup = verbs.add_parser("setup", help="install everything and start nothing", **shared)
    setup.add_argument(
        "--extras",
        type=lambda text: [name for name in text.split(",") if name],
        default=[],
        metavar="NAMES",
        help="only what runs without a window and a test, with these extras, as in a container",
    )
    setup.set_defaults(command=command_setup)
    run = verbs.add_parser("run", help="open the window, on the demo or on PROJECT", **shared)
    run.add_argument(
        "--headless", action="store_true", help="edit the demo on the command line, without a window"
    )
    run.add_argument("project", nargs="?", metavar="PROJECT", help="a .offcut document")
    run.set_defaults(command=command_run)
    test = verbs.add_parser(
        "test",
        help="run the tests; --long adds repetitions, trainings and timings; the rest goes to pytest",
        **shared,
    )
    test.set_defaults(command=command_test)
    bundle = verbs.add_parser("bundle", help="build one folder that needs no Python", **shared)
    bundle.add_argument(
        "--check", action="store_true", help="try the folder that was built last, build nothing"
    )
    bundle.add_argument("--deb", action="store_true", help="make a package of Debian of it as well")
    bundle.set_defaults(command=command_bundle)
    options, rest = parser.parse_known_args(arguments)
    if rest and options.command is not command_test:
        parser.error("unrecognized arguments: " + " ".join(rest))
    options.pytest_arguments = rest
    return options


def command_setup(options):
    """Do the set-up that `run` and `test` would do, or with --extras that of a machine that serves."""
    if options.extras:
        install_packages(dev=False, gpu=options.gpu, extras=options.extras)
        return 0
    install_packages(dev=True, gpu=options.gpu)
    system_libraries.provide(qt_plugin(), testing=True)
    print("Offcut is set up. Start it with: python3 packaging/bootstrap.py run")
    return 0


def command_run(options):
    """Open the window, or take the demo through the command line."""
    if options.headless and options.project:
        raise SetupError("--headless edits the demo and takes no PROJECT; leave one of the two out.")
    if options.headless:
        install_packages(dev=False, gpu=options.gpu)
        return hand_over([str(python()), str(PROJECT / "packaging" / "headless_demo.py")])
    if not has_display():
        raise SetupError(
            "There is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set), so no window can open; "
            "run 'python3 packaging/bootstrap.py run --headless' to edit the demo without one."
        )
    install_packages(dev=False, gpu=options.gpu)
    system_libraries.provide(qt_plugin(), testing=False)
    return hand_over([str(program("offcut")), options.project or "--demo"])


def command_test(options):
    """Run the test suite."""
    install_packages(dev=True, gpu=options.gpu)
    system_libraries.provide(qt_plugin(), testing=True)
    os.chdir(PROJECT)
    pytest = [str(python()), "-m", "pytest", *options.pytest_arguments]
    if not is_of_all_tests(options.pytest_arguments):
        return hand_over(pytest)
    sys.stdout.flush()
    cores = os.cpu_count() or 1
    at_once = min(cores, 8)
    side_by_side = ["-n", str(at_once), "--dist", "worksteal"]
    with tempfile.TemporaryFile() as output, tempfile.TemporaryDirectory(dir=memory_folder()) as folder:
        # More threads than cores wait for each other: two tests at once took a third more of the processor.
        settings = {"OMP_NUM_THREADS": str(cores // at_once), "PYTEST_DEBUG_TEMPROOT": folder}
        settings["PYTHONDONTWRITEBYTECODE"] = ""  # hundreds of programs that tests start need not compile
        beside = dict(os.environ, **settings)
        # Tests that play wait three of four seconds, which takes no time from those that compute.
        player = subprocess.Popen([*pytest, "-m", "plays"], env=beside, stdout=output, stderr=output)
        computing = subprocess.call([*pytest, "-m", "not alone and not plays", *side_by_side], env=beside)
        playing = player.wait()
        output.seek(0)
        sys.stdout.write(output.read().decode("utf-8", "replace"))
    sys.stdout.flush()
    alone = subprocess.call([*pytest, "-m", "alone"]) if "--long" in options.pytest_arguments else 0
    return computing or playing or alone


def memory_folder():
    """Return a file system in memory with 8 GiB free, else None.

    Each edit of a document waits until it is on the disk; the tests make some hundred thousand.
    """
    memory = Path("/dev/shm")
    has_room = memory.is_dir() and shutil.disk_usage(memory).free >= 8 << 30
    return str(memory) if has_room else None


def command_bundle(options):
    """Build the bundle, or try the one that is there."""
    if options.gpu or read_stamp().get("gpu"):
        raise SetupError(
            "A bundle holds torch for the CPU, and here it is for a GPU: leave --gpu out, or take a fresh "
            "copy of the project."
        )
    install_packages(dev=options.check, gpu=False, bundle=True)
    scripts = PROJECT / "packaging" / "bundle"
    if options.check:
        system_libraries.provide(qt_plugin(), testing=True)
        os.chdir(PROJECT)
        return hand_over([str(python()), "-m", "pytest", "--long", "-v", "tests/bundle"])
    system_libraries.provide(qt_plugin(), testing=False)
    built = subprocess.call([str(python()), str(scripts / "build.py")])
    if built or not options.deb:
        return built
    return hand_over([str(python()), str(scripts / "deb.py")])


def is_of_all_tests(arguments):
    """Tell whether pytest is to run all there are: no test is named, and nothing but tests is asked for."""
    named = any((PROJECT / argument.split("::")[0]).exists() for argument in arguments)
    other = {"--version", "--help", "-h", "--collect-only", "--co", "-m", "-n"}
    return not named and not other.intersection(arguments)


def has_display():
    """Tell whether a window can open; QT_QPA_PLATFORM means that the user has chosen where it goes."""
    if not sys.platform.startswith("linux"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def hand_over(command):
    """Become `command`; return its exit status where a process cannot be replaced."""
    sys.stdout.flush()
    if os.name == "nt":
        return subprocess.call(command)
    os.execv(command[0], command)
    return 1


# What is installed.


def environment():
    """The folder of the virtual environment; programs in it name this path, so a link is followed."""
    return (PROJECT / ".venv").resolve()


def program(name):
    """A program of the virtual environment."""
    if os.name == "nt":
        return environment() / "Scripts" / (name + ".exe")
    return environment() / "bin" / name


def python():
    """The Python of the virtual environment."""
    return program("python")


def site_packages():
    """The folder of the installed packages, or None before there is one."""
    found = sorted((environment() / LIBRARY_FOLDER).glob("**/site-packages"))
    return found[0] if found else None


def qt_plugin():
    """Qt's window plug-in for X11, whose libraries are the ones that a fresh machine lacks."""
    return site_packages() / "PySide6" / "Qt" / "plugins" / "platforms" / "libqxcb.so"


def wanted_digest():
    """The fingerprint of all that decides what is installed."""
    digest = hashlib.sha256()
    for path in (CONSTRAINTS, PROJECT / "pyproject.toml"):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def stamp_path():
    """Where the last complete installation is written down."""
    return environment() / "offcut-installed.json"


def read_stamp():
    """Return what the last complete installation said, or an empty dict."""
    try:
        stamp = json.loads(stamp_path().read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def is_complete(stamp, dev, gpu, bundle=False, extras=()):
    """Report whether a stamp promises all packages that are wanted now."""
    return (
        stamp.get("digest") == wanted_digest()
        and set(extras) <= set(stamp.get("extras", ()))
        and bool(stamp.get("dev")) >= dev
        and bool(stamp.get("gpu")) >= gpu
        and bool(stamp.get("bundle")) >= bundle
    )


def write_stamp(stamp):
    """Write the stamp whole or not at all."""
    part = stamp_path().with_suffix(".part")
    part.write_text(json.dumps(stamp), "utf-8")
    part.replace(stamp_path())


# Installing.


def install_packages(dev, gpu, bundle=False, extras=()):
    """Make `.venv` hold the pinned packages and the project itself; do nothing where it already does."""
    stamp = read_stamp()
    moved = bool(stamp) and stamp.get("environment") != str(environment())
    if is_complete(stamp, dev, gpu, bundle, extras) and not moved and python().exists():
        if stamp.get("project") != str(PROJECT):
            pip(["install", "--no-deps", "-e", str(PROJECT)], "Installing this copy of Offcut")
            write_stamp(dict(stamp, project=str(PROJECT)))
        return
    print(f"Setting Offcut up in {environment()} (this takes a few minutes the first time)", flush=True)
    stamp_path().unlink(missing_ok=True)
    make_environment(anew=moved)
    upgrade_pip()
    has_dev, has_gpu = bool(stamp.get("dev")), bool(stamp.get("gpu"))
    install_torch(gpu, anew=gpu and not has_gpu)
    # What was asked for once stays: a later `run` takes neither the test tools nor the GPU build away.
    dev, gpu, bundle = dev or has_dev, gpu or has_gpu, bundle or bool(stamp.get("bundle"))
    extras = sorted({*extras, *stamp.get("extras", ())})
    named = [name for name, asked in (("dev", dev), ("bundle", bundle)) if asked] + extras
    wanted = str(PROJECT) + (f"[{','.join(named)}]" if named else "")
    pip(["install", "-c", str(CONSTRAINTS), "-e", wanted], "Installing the packages Offcut stands on")
    places = {"environment": str(environment()), "project": str(PROJECT)}
    promised = {"dev": dev, "gpu": gpu, "bundle": bundle, "extras": extras}
    write_stamp({"digest": wanted_digest(), **places, **promised})


def make_environment(anew):
    """Make the virtual environment where there is none that works."""
    if not anew and python().exists() and subprocess.call([str(python()), "-c", "import pip"]) == 0:
        return
    system_libraries.provide_venv()
    with step("Making the virtual environment"):
        command = [sys.executable, "-m", "venv", "--clear", str(environment())]
        outcome = subprocess.run(command, capture_output=True, text=True)
    if outcome.returncode:
        raise SetupError(
            f"Python could not make {environment()}; see its words above.", outcome.stdout + outcome.stderr
        )


def upgrade_pip():
    """Bring pip to a version whose dry run downloads no wheels."""
    version = subprocess.run([str(python()), "-m", "pip", "--version"], capture_output=True, text=True).stdout
    numbers = tuple(int(part) for part in version.split()[1].split(".")[:2])
    if numbers < OLDEST_PIP:
        pip(["install", "--upgrade", "-c", str(CONSTRAINTS), "pip"], "Renewing pip")


def install_torch(gpu, anew):
    """Install the pinned torch as the CPU build, unless a GPU is asked for; nothing huge comes unasked."""
    pinned = pinned_requirement("torch")
    installed = list(site_packages().glob(pinned.replace("==", "-") + "*.dist-info"))
    if installed and not anew:
        return
    if installed:
        pip(["uninstall", "-y", "torch"], "Taking the CPU build of torch out")
    report = pip(["install", "--dry-run", "--report", "-", pinned], f"Asking what {pinned} would bring")
    cuda = cuda_packages(json.loads(report))
    if cuda and not gpu:
        print(f"  the package index would bring {', '.join(cuda[:3])}...; taking PyTorch's CPU build instead")
        options = ["--no-deps", "--retries", "1", "--timeout", "30", "--index-url", TORCH_CPU_INDEX]
        failure = (
            f"{TORCH_CPU_INDEX} could not be reached, and the configured package index has {pinned} only "
            "with CUDA (gigabytes); allow that address, or add --gpu to take the CUDA build."
        )
        pip(["install", *options, pinned + "+cpu"], "Installing torch for the CPU", failure)
        return
    if gpu and not cuda and sys.platform != "darwin":
        print("  the package index has only a CPU build of torch, so that is what is installed")
    pip(["install", "-c", str(CONSTRAINTS), pinned], "Installing torch")


def cuda_packages(report):
    """Return what makes an installation (a report of `pip install --report`) one for a GPU."""
    found = []
    for item in report["install"]:
        name, version = item["metadata"]["name"], item["metadata"]["version"]
        build = version.partition("+")[2]
        if name.startswith(("nvidia-", "cuda-", "triton")) or build.startswith(("cu", "rocm", "xpu")):
            found.append(f"{name} {version}")
    return found


def pinned_requirement(name):
    """Return the line of the constraints that pins `name`."""
    for line in CONSTRAINTS.read_text("utf-8").splitlines():
        if line.lower().startswith(name + "=="):
            return line.strip()
    raise SetupError(f"{CONSTRAINTS} does not pin {name}; take the file as it is in the repository.")


def pip(arguments, title, failure=None):
    """Run pip in the virtual environment; return its standard output, show its last words where it fails."""
    command = [str(python()), "-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet", *arguments]
    with step(title):
        outcome = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", errors="replace")
    if outcome.returncode:
        sentence = failure or (
            f"pip failed ({title.lower()}), its last words are above; see that the network and the disk "
            f"({shutil.disk_usage(PROJECT).free >> 20} MiB free) are there and run the same command again."
        )
        raise SetupError(sentence, outcome.stderr or outcome.stdout)
    return outcome.stdout


class step:  # noqa: N801 - reads as a word in `with step("..."):`
    """Print what is being done, and how long it took."""

    def __init__(self, title):
        self.title = title

    def __enter__(self):
        self.started_s = time.monotonic()
        print(f"  {self.title} ... ", end="", flush=True)

    def __exit__(self, *failure):
        print(f"{time.monotonic() - self.started_s:.1f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
