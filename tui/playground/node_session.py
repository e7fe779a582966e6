"""One session of a node's SSH server: a login shell behind a PTY, or a command with pipes."""

import asyncio
import fcntl
import os
import pwd
import signal
import struct
import subprocess
import termios
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Protocol, cast

import asyncssh

__all__ = ["Session", "login_environment"]

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_STDERR = 1  # SSH_EXTENDED_DATA_STDERR (RFC 4254, 5.2)
_CHUNK = 16_384
_HIGH_WATER = 65_536  # bytes of unread keystrokes at which the sender has to wait
_REST = 0.5  # seconds for the rest of the output of a program that has ended
_GRACE = 2.0  # seconds that programs have to end after the terminal hung up
_SFTP_SERVERS = ("/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server", "/usr/lib/ssh/sftp-server")


class _Writer(Protocol):
    def write(self, data: bytes, datatype: int | None = None) -> None: ...


Route = tuple[str, int, str, int]  # peer's address and port, own address and port


def login_environment(
    account: pwd.struct_passwd, route: Route, requested: Mapping[str, str], terminal: str, tty: str
) -> dict[str, str]:
    """The environment of a session, as login(1) and sshd make it."""
    environment = {
        "HOME": account.pw_dir,
        "LANG": "C.UTF-8",
        "LOGNAME": account.pw_name,
        "PATH": _PATH,
        "SHELL": account.pw_shell,
        "SSH_CLIENT": f"{route[0]} {route[1]} {route[3]}",
        "SSH_CONNECTION": " ".join(map(str, route)),
        "USER": account.pw_name,
    }
    environment |= {key: value for key, value in requested.items() if key == "LANG" or key.startswith("LC_")}
    if tty:
        environment |= {"TERM": terminal or "xterm-256color", "SSH_TTY": tty}
    return environment


class _Outlet:
    """Writes bytes to a file descriptor without blocking and without growing beyond what the sender may send."""

    def __init__(self, descriptor: int, pause: Callable[[], None], resume: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._descriptor = descriptor
        self._pause, self._resume = pause, resume
        self._waiting = bytearray()
        self._ending = False
        self._closed = False

    def write(self, data: bytes) -> None:
        if self._closed or self._ending:
            return
        if not self._waiting:
            data = data[self._try_write(data) :]
        if data and not self._closed:
            if not self._waiting:
                self._loop.add_writer(self._descriptor, self._flush)
            self._waiting += data
            if len(self._waiting) > _HIGH_WATER:
                self._pause()

    def end(self) -> None:
        """Close the descriptor once all is written."""
        self._ending = True
        if not self._waiting:
            self.close()

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        if self._waiting:
            self._loop.remove_writer(self._descriptor)
            self._waiting.clear()
            self._resume()
        os.close(self._descriptor)

    def _try_write(self, data: bytes | bytearray) -> int:
        try:
            return os.write(self._descriptor, data)
        except BlockingIOError:
            return 0
        except OSError:  # nobody reads any more
            self.close()
            return 0

    def _flush(self) -> None:
        before = len(self._waiting)
        done = self._try_write(self._waiting)
        if self._closed:
            return
        del self._waiting[:done]
        if before > _HIGH_WATER >= len(self._waiting):
            self._resume()
        if not self._waiting:
            self._loop.remove_writer(self._descriptor)
            if self._ending:
                self.close()


class _Inlet:
    """Reads a file descriptor and hands on what comes, but only while it is taken."""

    def __init__(self, descriptor: int, take: Callable[[bytes], None], ended: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._descriptor = descriptor
        self._take, self._ended = take, ended
        self._open = True
        self._loop.add_reader(descriptor, self._read)

    def pause(self) -> None:
        if self._open:
            self._loop.remove_reader(self._descriptor)

    def resume(self) -> None:
        if self._open:
            self._loop.add_reader(self._descriptor, self._read)

    def close(self) -> None:
        if self._open:
            self._open = False
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)

    def _read(self) -> None:
        try:
            data = os.read(self._descriptor, _CHUNK)
        except BlockingIOError:
            return
        except OSError:  # EIO: the last program on a terminal's other side is gone
            data = b""
        if data:
            self._take(data)
        else:
            self.close()
            self._ended()


def _size(columns: int, rows: int, width: int, height: int) -> bytes:
    return struct.pack("HHHH", rows, columns, width, height)


def _take_terminal() -> None:
    """In the child, already the leader of a session of its own: standard input becomes its terminal."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Session(asyncssh.SSHServerSession[bytes]):
    """A shell or a command of one account."""

    def __init__(self, account: str, route: Route, rc_file: str) -> None:
        self._account = pwd.getpwnam(account)
        self._route, self._rc_file = route, rc_file
        self._channel: asyncssh.SSHServerChannel[bytes] | None = None
        self._terminal: tuple[str, bytes] | None = None  # what TERM is, and the size as the kernel wants it
        self._command: str | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._inlets: list[_Inlet] = []
        self._outlet: _Outlet | None = None
        self._open_inlets = 0
        self._drained = asyncio.Event()
        self._master = -1
        self._waiter: asyncio.Task[None] | None = None
        self._lost = False

    # What the client asks for before the session starts

    def connection_made(self, chan: "asyncssh.SSHServerChannel[bytes]") -> None:
        """The channel is open."""
        self._channel = chan

    def pty_requested(
        self, term_type: str, term_size: tuple[int, int, int, int], term_modes: Mapping[int, int]
    ) -> bool:
        """A terminal of that kind and size is wanted."""
        del term_modes
        self._terminal = (term_type, _size(*term_size))
        return True

    def shell_requested(self) -> bool:
        """A shell is wanted."""
        return True

    def exec_requested(self, command: str) -> bool:
        """A command is wanted."""
        self._command = command
        return True

    def subsystem_requested(self, subsystem: str) -> bool:
        """Copying files is the one subsystem that we have, if the machine has its server."""
        server = next((path for path in _SFTP_SERVERS if os.access(path, os.X_OK)), "")
        self._command = server
        return subsystem == "sftp" and bool(server)

    # The program

    def session_started(self) -> None:
        """All is asked: start the program."""
        assert self._channel is not None
        try:
            if self._terminal is not None:
                self._start_on_terminal(self._terminal[1])
            else:
                self._start_with_pipes()
        except OSError as error:
            self._sender(None)(f"{error}\r\n".encode())
            self._channel.exit(127)
            return
        self._waiter = asyncio.create_task(self._wait())

    def _argv(self) -> list[str]:
        shell = self._account.pw_shell or "/bin/sh"
        if self._command is not None:
            return [shell, "-c", self._command]
        if shell.endswith("/bash"):
            # The rc file reads what a login shell would read, then adds the prompt and the marks.
            return [shell, "--rcfile", self._rc_file, "-i"] if self._terminal else [shell, "-l"]
        return [shell, "-l"]

    def _spawn(self, descriptors: Sequence[int], tty: str) -> None:
        assert self._channel is not None
        account = self._account
        terminal = self._terminal[0] if self._terminal else ""
        requested = {str(key): str(value) for key, value in self._channel.get_environment().items()}
        environment = login_environment(account, self._route, requested, terminal, tty)
        if tty and self._command is None:
            environment["SWARMTUTOR_LOGIN"] = "1"
        self._process = subprocess.Popen(
            self._argv(),
            stdin=descriptors[0],
            stdout=descriptors[1],
            stderr=descriptors[2],
            cwd=account.pw_dir if os.path.isdir(account.pw_dir) else "/",
            env=environment,
            user=account.pw_uid,
            group=account.pw_gid,
            extra_groups=os.getgrouplist(account.pw_name, account.pw_gid),
            start_new_session=True,
            restore_signals=True,
            preexec_fn=_take_terminal if tty else None,
        )

    def _start_on_terminal(self, size: bytes) -> None:
        master, slave = os.openpty()
        try:
            tty = os.ttyname(slave)
            os.chown(tty, self._account.pw_uid, 5)
            fcntl.ioctl(slave, termios.TIOCSWINSZ, size)
            self._spawn((slave, slave, slave), tty)
        except BaseException:
            os.close(master)
            raise
        finally:
            os.close(slave)
        os.set_blocking(master, False)
        self._master = master
        self._connect(os.dup(master), [(master, None)])

    def _start_with_pipes(self) -> None:
        ours: list[int] = []
        theirs: list[int] = []
        try:
            for writable in (True, False, False):
                reader, writer = os.pipe()
                ours.append(writer if writable else reader)
                theirs.append(reader if writable else writer)
            self._spawn(theirs, "")
        except BaseException:
            for descriptor in ours:
                os.close(descriptor)
            raise
        finally:
            for descriptor in theirs:
                os.close(descriptor)
        for descriptor in ours:
            os.set_blocking(descriptor, False)
        self._connect(ours[0], [(ours[1], None), (ours[2], _STDERR)])

    def _connect(self, into: int, out_of: Sequence[tuple[int, int | None]]) -> None:
        channel = self._channel
        assert channel is not None
        self._outlet = _Outlet(into, channel.pause_reading, channel.resume_reading)
        self._open_inlets = len(out_of)
        for descriptor, kind in out_of:
            self._inlets.append(_Inlet(descriptor, self._sender(kind), self._inlet_ended))

    def _sender(self, kind: int | None) -> Callable[[bytes], None]:
        channel = cast("_Writer | None", self._channel)  # its own annotation leaves the type of the data open
        assert channel is not None

        def send(data: bytes) -> None:
            with suppress(BrokenPipeError, OSError):
                channel.write(data, kind)

        return send

    def _inlet_ended(self) -> None:
        self._open_inlets -= 1
        if self._open_inlets == 0:
            self._drained.set()

    async def _wait(self) -> None:
        """Wait for the program, then for the rest of what it wrote, and tell the client how it ended."""
        process, channel = self._process, self._channel
        assert process is not None
        assert channel is not None
        status = await _exited(process)
        # A program left in the background may hold the other end open: do not wait for it for long.
        with suppress(TimeoutError):
            async with asyncio.timeout(_REST):
                await self._drained.wait()
        self._release()
        if self._lost:
            return
        if status < 0:
            name = signal.Signals(-status).name.removeprefix("SIG")
            channel.exit_with_signal(name)
        else:
            channel.exit(status)

    def _release(self) -> None:
        for inlet in self._inlets:
            inlet.close()
        if self._outlet is not None:
            self._outlet.close()
        self._master = -1

    # What the client sends while the program runs

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        """Keystrokes, or what a command shall read."""
        del datatype
        if self._outlet is not None:
            self._outlet.write(data)

    def eof_received(self) -> bool:
        """Nothing more comes; the other direction stays open."""
        if self._outlet is not None and self._terminal is None:
            self._outlet.end()
        return True

    def terminal_size_changed(self, width: int, height: int, pixwidth: int, pixheight: int) -> None:
        """The terminal has a new size."""
        if self._master >= 0:
            with suppress(OSError):
                fcntl.ioctl(self._master, termios.TIOCSWINSZ, _size(width, height, pixwidth, pixheight))

    def signal_received(self, signal: str) -> None:
        """A signal for the program and its children."""
        self._signal_group(signal)

    def break_received(self, msec: int) -> bool:
        """A break is Ctrl-C."""
        del msec
        self._signal_group("INT")
        return True

    def _signal_group(self, name: str) -> None:
        number = getattr(signal, f"SIG{name}", None)
        if isinstance(number, signal.Signals) and self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def pause_writing(self) -> None:
        """The client does not keep up: read no more of the program's output."""
        for inlet in self._inlets:
            inlet.pause()

    def resume_writing(self) -> None:
        """The client has caught up."""
        for inlet in self._inlets:
            inlet.resume()

    def connection_lost(self, exc: Exception | None) -> None:
        """The window was closed or the connection broke: hang up, as a terminal does."""
        del exc
        self._lost = True
        self._drained.set()
        self._release()
        if self._process is not None and self._process.returncode is None:
            for name in ("HUP", "CONT"):
                self._signal_group(name)
            asyncio.get_running_loop().call_later(_GRACE, self._end)

    def _end(self) -> None:
        """Hang up on what the shell should have hung up on and has not, and end the shell itself."""
        if self._process is not None:
            for pid in _session_members(self._process.pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGHUP)
        self._signal_group("KILL")


def _session_members(leader: int) -> list[int]:
    """The processes of a session (setsid(2)), also those in the background."""
    members: list[int] = []
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with suppress(OSError, ValueError):
                if os.getsid(int(entry.name)) == leader:
                    members.append(int(entry.name))
    return members


async def _exited(process: "subprocess.Popen[bytes]") -> int:
    """Wait for the end of a child without a thread."""
    loop = asyncio.get_running_loop()
    ended = loop.create_future()
    descriptor = os.pidfd_open(process.pid)

    def wake() -> None:
        if not ended.done():
            ended.set_result(None)

    loop.add_reader(descriptor, wake)
    try:
        await ended
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
    return process.wait()
