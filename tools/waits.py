#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Looks below src/ for what can wait for ever; 0: there is nothing.

    waits.py [FILE...]

A call is fine where it cannot wait (WNOHANG, LOCK_NB, MSG_DONTWAIT, F_SETLK) or has its limit as an argument. Any other needs a
word why it ends, at the end of the line or in a comment on the line above it:

    (void)waitpid(child, NULL, 0); /* waits: it only execs or exits */
"""
import re
import sys
from pathlib import Path

SRC = Path(__file__).resolve().parent.parent / "src"
# (call, what makes it fine: a pattern for its arguments; None: nothing does)
RULES = [
    (r"poll|epoll_p?wait", r",(?!\s*-1\b)[^,]+$"),
    (r"ppoll", r"^[^,]+,[^,]+,(?!\s*NULL\b)"),
    (r"p?select", r",(?!\s*NULL\b)[^,]+$"),
    (r"waitpid|wait4|waitid", r"WNOHANG"),
    (r"wait", None),
    (r"flock", r"LOCK_NB|LOCK_UN"),
    (r"lockf", r"F_TLOCK|F_TEST|F_ULOCK"),
    (r"fcntl", r"^(?!.*SETLKW)"),
    (r"recv|recvfrom|recvmsg|sendmsg|sendto", r"MSG_DONTWAIT"),
    (r"read", None),
    (r"accept4?|connect", None),
    (r"sigwait|sigwaitinfo|pause", None),
    (r"sigtimedwait", r",\s*&\w+$"),
    (r"sleep|usleep|nanosleep|clock_nanosleep", None),
    (r"pthread_join|sem_wait|pthread_cond_wait", None),
    (r"msg_recv", r",(?!\s*(-1|MSG_FOREVER)\b)[^,]+$"),
    (r"spawn_wait", r"^[^,]+,(?!\s*-1\b)"),
    (r"system|popen", None),
]
SAYS_WHY = re.compile(r"/\*[^/]*\bwaits: \w[^/]*")
CALL = re.compile(rf"(?<![\w.>\"*])({'|'.join(r for r, _ in RULES)})\(")


def without_comments(text):
    """The same text; comments and strings are blanks, so that positions hold."""
    def blank(m):
        return re.sub(r"[^\n]", " ", m[0])
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', blank, text, flags=re.S)


def arguments(code, at):
    """What is between the parentheses that open before `at`."""
    depth, end = 1, at
    while depth and end < len(code):
        depth += {"(": 1, ")": -1}.get(code[end], 0)
        end += 1
    return " ".join(code[at:end - 1].split())


def is_definition(code, start):
    """A function of that name, declared or defined: a type stands before it."""
    line = code[code.rfind("\n", 0, start) + 1:start]
    return re.match(r"(static |extern )?(?!return|else)\w[\w ]*[ *]$", line) is not None and not line.startswith(("\t", " "))


def find(path):
    text = path.read_text(errors="replace")
    code, lines = without_comments(text), text.splitlines()
    for m in re.finditer(r"\bMSG_FOREVER\b", code):
        row = code.count("\n", 0, m.start())
        if path.name not in ("msg.h", "msg.c") and not any(SAYS_WHY.search(line) for line in lines[max(0, row - 1):row + 1]):
            yield row + 1, "MSG_FOREVER"
    for m in CALL.finditer(code):
        fine = next(fine for name, fine in RULES if re.fullmatch(name, m[1]))
        row = code.count("\n", 0, m.start())
        last = code.count("\n", 0, m.end() + len(arguments(code, m.end())))
        if is_definition(code, m.start()) or fine and re.search(fine, arguments(code, m.end())):
            continue
        if not any(SAYS_WHY.search(line) for line in lines[max(0, row - 1):last + 2]):
            yield row + 1, f"{m[1]}({arguments(code, m.end())})"


def main():
    files = [Path(f) for f in sys.argv[1:]] or sorted(SRC.rglob("*.[ch]"))
    wrong = [f"{path}:{row}: {call} may wait for ever: give it a limit, or say \"waits: why it ends\"" for path in files for row, call in find(path)]
    print("\n".join(wrong + [f"waits: {len(files)} files, {len(wrong)} waits without a limit or a reason"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
