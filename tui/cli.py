"""The command line: parse, wire, hand over; no logic of its own.

Textual, docker and asyncssh are imported by the commands that need them, so that `--help` and the first frame
do not wait for them.
"""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from tui.app.look_options import add_look_options, look_of
from tui.app.serve.options import add_serve_options
from tui.errors import ExitCode, UserError
from tui.playground.model import Fault, Progress
from tui.playground.providers import HOSTS, PROVIDERS

if TYPE_CHECKING:
    from tui.labs.model import Lab
    from tui.playground.card import Wanted

__all__ = ["main"]

DEFAULT_LAB = "orchestration"
DEFAULT_NAME = "lab"
WALK_NAME = "walk"

Handler = Callable[[argparse.Namespace], int]


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the `swarmtutor` command and exit with its status."""
    sys.exit(run(argv))


def run(argv: Sequence[str] | None = None) -> int:
    """Run the `swarmtutor` command; returns its exit status."""
    # Whoever starts it may have closed the standard input: then nobody can be asked, and nothing is to be read.
    sys.stdin = sys.stdin or open(os.devnull)  # noqa: SIM115  # it lives as long as the program
    arguments = _parser().parse_args(argv)
    level = os.environ.get("SWARMTUTOR_LOG", "CRITICAL").upper()
    logging.basicConfig(level=logging.getLevelNamesMapping().get(level, logging.CRITICAL), stream=sys.stderr)
    handler: Handler = arguments.handler
    try:
        status = _in_own_namespaces(arguments, sys.argv[1:] if argv is None else argv)
        return handler(arguments) if status is None else status
    except UserError as error:
        _complain_about(error)
        return error.exit_code
    except KeyboardInterrupt:
        _complain("swarmtutor: stopped.")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output went away (`swarmtutor status | head`): not an error of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK


class _ShowVersion(argparse.Action):
    """Looks the version up only for who wants to see it: every other command would wait for that, too."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object, **__: object) -> NoReturn:
        from tui import __version__

        sys.stdout.write(f"swarmtutor {__version__}\n")
        parser.exit()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="swarmtutor",
        description="Learn Docker Swarm in one terminal window, on a real three-node swarm of your own.",
        epilog="Without a command: run. Exit status: 0 done, 1 it failed, 2 usage, 3 not found, 4 this machine lacks "
        "something, 5 in use, 6 broken, 130 stopped.",
    )
    parser.add_argument("--version", action=_ShowVersion, nargs=0, help="show the version and exit")
    parser.set_defaults(handler=_run_app, lab=DEFAULT_LAB, name=DEFAULT_NAME, restart=False, provider=None, prove=False)
    parser.set_defaults(card=None, node_at=[], accept_host_key=[], step="", free=False, first="")
    parser.set_defaults(served=False, plain=False)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    def command(name: str, handler: Handler, text: str, *, named: str | None = DEFAULT_NAME) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        sub.set_defaults(handler=handler)
        if named is not None:
            sub.add_argument("--name", default=named, help=f"the playground's name (default: {named})")
        return sub

    def carded(sub: argparse.ArgumentParser) -> argparse.ArgumentParser:
        sub.add_argument("--card", metavar="FILE", help="use three machines of your own, which this file names")
        sub.add_argument(
            "--node",
            dest="node_at",
            metavar="USER@HOST",
            action="append",
            default=[],
            help="the same, given three times",
        )
        sub.add_argument(
            "--accept-host-key", metavar="SHA256:…", action="append", default=[], help="vouch for a machine's host key"
        )
        return sub

    def choosing(sub: argparse.ArgumentParser) -> argparse.ArgumentParser:
        sub.add_argument(
            "--provider",
            choices=["auto", *PROVIDERS, HOSTS],
            help="how nodes are made (default: the first that can work; hosts needs a card)",
        )
        return carded(sub)

    sub = command("run", _run_app, "take a lab: lesson, live swarm and shells in one window")
    sub.add_argument("lab", nargs="?", default=DEFAULT_LAB, help=f"the lab's id (default: {DEFAULT_LAB})")
    sub.add_argument("--restart", action="store_true", help="begin at the first step again")
    sub.add_argument("--step", metavar="ID", default="", help="bring the nodes to this step first")
    sub.add_argument("--free", action="store_true", help="free play: the lesson is put aside, nothing is judged")
    sub.add_argument("--plain", action="store_true", help="as lines of text, for screen readers and pipes")
    sub.add_argument("--served", action="store_true", help=argparse.SUPPRESS)  # started by `serve`, for a browser
    add_look_options(choosing(sub))
    sub = command("serve", _serve, "the same in a browser, for this machine alone, or with a token for others")
    sub.add_argument("lab", nargs="?", default=DEFAULT_LAB, help=f"the lab's id (default: {DEFAULT_LAB})")
    add_serve_options(choosing(sub))
    sub = command(
        "walk", _walk, "take a lab without a screen: every command typed, every goal checked", named=WALK_NAME
    )
    sub.add_argument("lab", nargs="?", default=DEFAULT_LAB, help="the lab's id, or its file")
    sub.add_argument("--keep", action="store_true", help="leave the nodes running afterwards")
    sub.add_argument("--from", dest="first", metavar="ID", default="", help="begin at this step; those before are run")
    choosing(sub)
    _add_proving(sub)
    choosing(command("up", _up, "make the three nodes"))
    sub = command("status", _status, "say which playgrounds there are and how their nodes are")
    sub.add_argument("--json", action="store_true", help="print JSON")
    sub = command("down", _down, "remove the nodes and every trace of them")
    sub.add_argument("--all", action="store_true", help="every playground on this machine")
    sub.add_argument("--yes", action="store_true", help="do not ask before clearing up on machines of your own")
    sub.add_argument("--forget", action="store_true", help="give up what machines of your own do not let go of")
    sub = command("reset", _reset, "replace nodes by fresh ones")
    sub.add_argument("nodes", nargs="*", metavar="NODE", help="node1, node2, node3 (default: all)")
    sub = command("fault", _fault, "break a node on purpose, or undo that")
    sub.add_argument("node", metavar="NODE", help="node1, node2 or node3")
    sub.add_argument("fault", metavar="FAULT", choices=[fault.value for fault in Fault], help=", ".join(Fault))
    sub = command("shell", _shell, "open a shell on a node")
    sub.add_argument("node", metavar="NODE", help="node1, node2 or node3")
    sub = command("open", _open, "lead your browser to what a service publishes, until Ctrl-C")
    sub.add_argument("service", nargs="?", default="pets", help="the service (default: pets)")
    sub = command("lint", _lint, "check lab files and name every mistake with its line", named=None)
    sub.add_argument("labs", nargs="*", metavar="LAB", help="lab ids, files or cards (default: all installed labs)")
    command("labs", _labs, "list the labs", named=None)
    sub = command("keys", _keys, "list the keys of the screen, and make a file to change them", named=None)
    group = sub.add_mutually_exclusive_group()
    group.add_argument("--json", action="store_true", help="print JSON")
    group.add_argument("--write", action="store_true", help="make the file, with the usual keys as comments")
    sub = command("export", _export, "write down what you did: a transcript, and casts of the shells", named=None)
    sub.add_argument("lab", nargs="?", default=DEFAULT_LAB, help=f"the lab's id (default: {DEFAULT_LAB})")
    sub.add_argument("--to", metavar="FOLDER", default="", help="where to (default: swarmtutor-LAB)")
    sub = command("doctor", _doctor, "say what each way of making nodes needs, and what this machine has", named=None)
    sub.add_argument("--json", action="store_true", help="print JSON")
    carded(sub)
    change = sub.add_mutually_exclusive_group()
    change.add_argument("--fix", action="store_true", help="bring what is missing, after asking; starts no engine")
    change.add_argument("--undo", action="store_true", help="remove exactly what --fix brought, after asking")
    sub.add_argument("--yes", action="store_true", help="with --fix or --undo: do not ask")
    return parser


def _add_proving(sub: argparse.ArgumentParser) -> None:
    """The options of `walk` that belong to `--prove`."""
    sub.add_argument("--prove", action="store_true", help="prove the lab: that right is green and wrong is red")
    group = sub.add_argument_group("with --prove")
    group.add_argument("--only", metavar="STEP", default="", help="prove this one step")
    group.add_argument("--jobs", type=int, metavar="N", default=0, help="playgrounds side by side (default: 1 to 3)")
    group.add_argument(
        "--jumps", choices=["each", "chain", "none"], default="each", help="from fresh nodes to each step, or onward"
    )
    group.add_argument("--no-jumps", dest="jumps", action="store_const", const="none", help="the same as --jumps none")
    group.add_argument("--no-routes", action="store_true", help="leave out the other routes")
    group.add_argument("--strict", action="store_true", help="also fail for steps with too few routes or wrong ways")
    group.add_argument("--json", metavar="FILE", default="", help="write the proofs as JSON; - is standard output")
    group.add_argument(
        "--junit", metavar="FILE", default="", help="write the proofs as JUnit XML; - is standard output"
    )
    group.add_argument(
        "--record", metavar="FILE", default="", help="keep what the checks saw, for tests without a swarm"
    )


def _in_own_namespaces(arguments: argparse.Namespace, argv: Sequence[str]) -> int | None:
    """Who is not root has nodes in namespaces of their own: run the command there, and return its exit status."""
    makes = arguments.handler in (_run_app, _walk, _up)
    on_nodes = (_status, _down, _reset, _fault, _shell, _open)
    if sys.platform == "win32" or os.geteuid() == 0 or not (makes or arguments.handler in on_nodes):
        return None
    from tui.app.page import show_around
    from tui.playground.providers.own_machine import belongs_inside, run_inside

    every = arguments.handler is _status or (arguments.handler is _down and arguments.all)
    wanted = HOSTS if arguments.card or arguments.node_at else arguments.provider
    if not belongs_inside(None if every else arguments.name, wanted, makes=makes):
        return None
    return run_inside([sys.executable, "-P", "-m", "tui", *argv], os.environ, show_around)


# -- a lesson ----------------------------------------------------------------------------------------------------


def _run_app(arguments: argparse.Namespace) -> int:
    if arguments.served:
        from tui.app.serve.driver import speak_in_packets

        speak_in_packets()
    # The screen is drawn on the standard error (as Textual does it), so that one counts too.
    elif not arguments.plain and not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        _line("There is no terminal here, so the lab is walked without a screen (swarmtutor walk).")
        arguments.name, arguments.keep = WALK_NAME, False
        return _walk(arguments)
    return _front_end(arguments)(
        lab_id=arguments.lab,
        playground_name=arguments.name,
        restart=arguments.restart,
        provider=_wanted(arguments),
        step_id=arguments.step,
        free=arguments.free,
    )


def _front_end(arguments: argparse.Namespace) -> Callable[..., int]:
    """The screen, or lines of text where those are wanted, or nothing else can be shown."""
    dumb = os.environ.get("TERM") == "dumb" and not arguments.served
    if dumb and not arguments.plain:
        _line("This terminal is a dumb one (TERM=dumb), so the lab comes as lines of text, as with --plain.")
    if dumb or arguments.plain:
        from tui.tutor.plain_run import run_plain

        return run_plain
    from tui.app.start import run_app

    return partial(run_app, look=look_of(arguments))


def _serve(arguments: argparse.Namespace) -> int:
    from tui.app.serve.command import serve_lab

    return serve_lab(arguments, lambda: _wanted(arguments), _line)


def _walk(arguments: argparse.Namespace) -> int:
    from tui.tutor.walk_command import walk_lab

    lab = _lab_to_walk(arguments.lab)
    if arguments.prove:
        if arguments.card or arguments.node_at:
            raise UserError(
                "--prove makes and breaks nodes of its own, so it takes no card.",
                "Leave --card and --node out.",
                exit_code=ExitCode.USAGE,
            )
        return _prove(lab, arguments)
    walking = walk_lab(
        lab, arguments.name, keep=arguments.keep, provider=_wanted(arguments), first=arguments.first, write=_line
    )
    return _until_done(walking)


def _until_done(work: Coroutine[object, object, int]) -> int:
    """Run it; being told to end (SIGTERM) is as good as Ctrl-C."""
    try:
        return asyncio.run(work)
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


def _lab_to_walk(name: str) -> "Lab":
    """The lab of that id, or of that file or folder: while it is written it need not be installed."""
    from tui.labs.parse import load_lab, load_lab_by_id
    from tui.paths import content_dir

    path = Path(name)
    if path.suffix == ".md" or path.name != name:
        return load_lab(path / "lab.md" if path.is_dir() else path)
    return load_lab_by_id(name, content_dir())


def _prove(lab: "Lab", arguments: argparse.Namespace) -> int:
    from tui.tutor.proofs import Jumps
    from tui.tutor.prove_command import ProveOptions, prove_lab

    options = ProveOptions(
        name=arguments.name,
        provider=arguments.provider,
        jobs=arguments.jobs,
        keep=arguments.keep,
        only=arguments.only,
        jumps=Jumps(arguments.jumps),
        routes=not arguments.no_routes,
        strict=arguments.strict,
        json=arguments.json,
        junit=arguments.junit,
        record=arguments.record,
    )
    # Where the standard output is for a program, people read the standard error.
    write = _complain if "-" in (arguments.json, arguments.junit) else _line
    return _until_done(prove_lab(lab, options, write=write, out=_line))


def _wanted(arguments: argparse.Namespace) -> "Wanted":
    """Who shall make the nodes; with a card, what the person has to settle first is settled."""
    if not arguments.card and not arguments.node_at:
        return arguments.provider
    from tui.tutor.asking import ask_in_terminal
    from tui.tutor.hosts import chosen_card, introduce

    card = chosen_card(arguments.card, arguments.node_at, arguments.provider)
    settling = introduce(
        card, arguments.name, accepted=arguments.accept_host_key, ask=ask_in_terminal(), write=_complain
    )
    return asyncio.run(settling)


# -- the playground ----------------------------------------------------------------------------------------------


def _up(arguments: argparse.Namespace) -> int:
    from tui.tutor.nodes import make_nodes

    asyncio.run(make_nodes(arguments.name, _progress_printer(), _wanted(arguments)))
    _line("Three nodes are up: swarmtutor shell node1")
    return ExitCode.OK


def _status(arguments: argparse.Namespace) -> int:
    from tui.tutor.nodes import describe_status

    return asyncio.run(describe_status(as_json=arguments.json, write=_line))


def _down(arguments: argparse.Namespace) -> int:
    from tui.tutor.asking import ask_in_terminal
    from tui.tutor.nodes import remove_nodes

    ask = None if arguments.yes else ask_in_terminal()
    name = None if arguments.all else arguments.name
    removing = remove_nodes(name, _progress_printer(), _line, ask=ask, yes=arguments.yes, forget=arguments.forget)
    return asyncio.run(removing)


def _reset(arguments: argparse.Namespace) -> int:
    from tui.tutor.nodes import reset_nodes

    asyncio.run(reset_nodes(arguments.name, arguments.nodes, _progress_printer()))
    return ExitCode.OK


def _fault(arguments: argparse.Namespace) -> int:
    from tui.tutor.nodes import break_node

    _line(asyncio.run(break_node(arguments.name, arguments.node, arguments.fault, _progress_printer())))
    return ExitCode.OK


def _shell(arguments: argparse.Namespace) -> int:
    from tui.tutor.attach import attach_terminal

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UserError(
            "A shell needs a terminal, and there is none here.",
            "Run it in a terminal window.",
            exit_code=ExitCode.USAGE,
        )
    return asyncio.run(attach_terminal(arguments.name, arguments.node))


def _open(arguments: argparse.Namespace) -> int:
    from tui.app.open_command import open_service

    return asyncio.run(open_service(arguments.name, arguments.service, _line))


# -- the labs ----------------------------------------------------------------------------------------------------


def _lint(arguments: argparse.Namespace) -> int:
    from tui.tutor.lint_command import lint_files

    return lint_files(arguments.labs, _line)


def _labs(_arguments: argparse.Namespace) -> int:
    from tui.labs.parse import find_labs, load_lab
    from tui.paths import content_dir

    for lab in map(load_lab, find_labs(content_dir())):
        _line(f"{lab.id:16} {lab.title} ({lab.minutes} min): {lab.summary}")
    return ExitCode.OK


def _keys(arguments: argparse.Namespace) -> int:
    from tui.app.keys_command import show_keys, write_file

    return write_file(_line) if arguments.write else show_keys(_line, as_json=arguments.json)


def _export(arguments: argparse.Namespace) -> int:
    from tui.labs.parse import load_lab_by_id
    from tui.paths import content_dir, state_dir
    from tui.tutor.export import export

    lab = load_lab_by_id(arguments.lab, content_dir())
    for path in export(lab, state_dir(), Path(arguments.to or f"swarmtutor-{lab.id}")):
        _line(str(path))
    return ExitCode.OK


def _doctor(arguments: argparse.Namespace) -> int:
    if arguments.card or arguments.node_at:
        return _doctor_of_card(arguments)
    from tui.tutor.doctor import examine, fix, report, undo
    from tui.tutor.machine import ThisMachine

    if change := fix if arguments.fix else undo if arguments.undo else None:
        if not arguments.yes and not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise UserError(
                "There is no terminal to ask at, so nothing was changed.",
                "With --yes nothing is asked.",
                exit_code=ExitCode.USAGE,
            )
        ask = None if arguments.yes else _ask
        try:
            asyncio.run(change(ThisMachine(), ask=ask, listener=_progress_printer(_complain), write=_complain))
        except UserError as error:
            _complain_about(error)
    elif arguments.yes:
        raise UserError("--yes goes with --fix or --undo.", exit_code=ExitCode.USAGE)
    return report(examine(), as_json=arguments.json, write=_line)


def _doctor_of_card(arguments: argparse.Namespace) -> int:
    from tui.tutor.hosts import chosen_card, report_card

    if arguments.fix or arguments.undo or arguments.yes:
        raise UserError(
            "Nothing is installed on machines of your own.",
            "Leave --fix, --undo and --yes out; the report says what to do there.",
            exit_code=ExitCode.USAGE,
        )
    card = chosen_card(arguments.card, arguments.node_at, None)
    accepted = arguments.accept_host_key
    return asyncio.run(report_card(card, accepted=accepted, as_json=arguments.json, write=_line))


async def _ask(question: str) -> bool:
    """Yes, unless the answer is something else; the end of the input is a no."""
    sys.stderr.write(f"{question} [Y/n] ")
    sys.stderr.flush()
    typed = asyncio.Event()  # waited for without blocking, so that Ctrl-C ends it
    asyncio.get_running_loop().add_reader(sys.stdin, typed.set)
    try:
        await typed.wait()
    finally:
        asyncio.get_running_loop().remove_reader(sys.stdin)
    answer = sys.stdin.readline()
    return bool(answer) and answer.strip().lower() in ("", "y", "yes")


# -- output ------------------------------------------------------------------------------------------------------


def _line(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _complain(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _complain_about(error: UserError) -> None:
    _complain(f"swarmtutor: {error.what}")
    if error.hint:
        _complain(f"  {error.hint}")


def _progress_printer(write: Callable[[str], None] | None = None) -> Callable[[Progress], None]:
    from tui.tutor.nodes import progress_line

    def show(progress: Progress) -> None:
        if line := progress_line(progress):
            (write or _line)(line)

    return show


if __name__ == "__main__":
    main()
