"""Plays a program that a browser drives: says its process id and its size, then back what is typed.

`python served_program.py KIND`. `polite` ends when it is asked to, `stubborn` only when it is killed, `short` says a
sentence and ends, `lost` ends before it has begun.
"""

import json
import os
import signal
import sys


def say(text: str) -> None:
    data = text.encode()
    sys.stdout.buffer.write(b"D%s%s" % (len(data).to_bytes(4, "big"), data))
    sys.stdout.buffer.flush()


def main(kind: str) -> None:
    if kind == "lost":
        return
    if kind == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.stdout.buffer.write(b"__GANGLION__\n")
    say(f"pid {os.getpid()} size {os.environ['COLUMNS']}x{os.environ['ROWS']} ")
    if kind == "short":
        say("that was all")
        return
    while letter := sys.stdin.buffer.read(1):
        payload = sys.stdin.buffer.read(int.from_bytes(sys.stdin.buffer.read(4), "big"))
        if letter == b"D":
            say(f"typed {payload.decode()} ")
            continue
        meta = json.loads(payload)
        if meta["type"] == "quit" and kind != "stubborn":
            say("good-bye ")
            return
        say(f"{json.dumps(meta)} ")
    if kind == "stubborn":
        signal.pause()


if __name__ == "__main__":
    main(sys.argv[1])
