# SPDX-License-Identifier: MIT
"""keg help, keg explain, the manual pages and the completion: what is known of a key is told everywhere alike."""
import itertools
import json
import re
import shlex
import shutil
import subprocess

import pytest

from lab import BIN, TOP, Terminal, needs

UTS = """lxc.uts.name

The host name that the container starts with. Without it, the host's own name
is seen.

values   a host name of at most 64 bytes
since    LXC 2.1
example  lxc.uts.name = alpha
"""


@pytest.mark.parametrize("how", [("help", "lxc.uts.name"), ("explain", "lxc.uts.name")])
def test_a_key_is_explained(keg, how):
    r = keg.run("keg", *how).ok()
    assert (r.out, r.err) == (UTS, "")


def test_where_names_the_one_source_file_of_a_key(keg):
    for key, file in {"lxc.uts.name": "src/features/uts.c", "lxc.cap.drop": "src/features/caps.c",
                      "lxc.net.0.link": "src/features/net/net.c", "lxc.cgroup2.memory.max": "src/features/cgroup.c"}.items():
        assert keg.run("keg", "help", "--where", key).ok().out == f"{file}\n"
    for key in keg.run("keg", "help", "--keys").ok().out.split():
        file = keg.run("keg", "help", "--where", key).ok().out.strip()
        assert (TOP / file).is_file(), f"{key}: {file}"


def test_every_key_is_explained_under_the_name_that_is_listed(keg):
    keys = keg.run("keg", "help", "--keys").ok().out.split()
    assert len(keys) == len(set(keys)) and "lxc.net.N.link" in keys and "lxc.cgroup2.NAME" in keys
    for key in keys:
        assert keg.run("keg", "help", key).ok().out.startswith(f"{key}\n\n")


def test_a_name_above_keys_lists_them(keg):
    assert keg.run("keg", "help", "lxc.start").ok().out == """\
  lxc.start.auto                     Started at boot, by lxc-autostart.
  lxc.start.delay                    How long lxc-autostart waits after it.
  lxc.start.order                    Lower ones are started first.
  lxc.start.after                    Started by lxc-autostart only when these, where they are started, too, run (NAME:ready: are ready, see lxc.start.ready).
  lxc.start.requires                 As lxc.start.after; besides, these are started even where they do not say so themselves, and where one of them cannot be, this one is not started.
  lxc.start.ready                    When it is ready, which lxc-wait -s READY and others wait for.
  lxc.start.restart                  Whether it begins again when it has ended by itself: on-failure: where its init exited with another status than 0, or was killed; always: after any end that nobody asked for.
  lxc.start.restart.delay            How long it pauses before it begins again; each time in a row twice as long, up to five minutes.
  lxc.start.restart.limit            How often in a row it begins again.
"""


def test_a_setting_of_the_system_is_explained(keg):
    assert keg.run("keg", "help", "lxc.bdev.zfs.root").ok().out == """\
lxc.bdev.zfs.root

The ZFS dataset below which new containers on ZFS lie.

values   a dataset
default  lxc
file     /etc/lxc/lxc.conf, or $HOME/.config/lxc/lxc.conf: not a container's config
"""


@pytest.mark.parametrize("argv, told", [
    (("help", "lxc.uts.nam"), 'keg: there is no key "lxc.uts.nam"\n  try     did you mean lxc.uts.name?\n'),
    (("help", "--where", "lxc.uts.nam"), 'keg: there is no key "lxc.uts.nam"\n  try     did you mean lxc.uts.name?\n'),
    (("explain", "lxc.utsname"), 'keg: there is no key "lxc.utsname"\n'
                                 "  try     did you mean lxc.uts.name? lxc-update-config translates old files\n"),
    (("help", "lxc.qqqqqqqq"), 'keg: there is no key "lxc.qqqqqqqq"\n'),
    (("help", "strat"), 'keg: there is no verb "strat"\n  try     keg start?\n'),
    (("rm",), 'keg: there is no verb "rm"\n  try     keg destroy?\n'),
    (("restart",), 'keg: there is no verb "restart"\n  try     keg stop -r?\n'),
    (("strat",), 'keg: there is no verb "strat"\n  try     keg start?\n'),
    (("qqqqqqqq",), 'keg: there is no verb "qqqqqqqq"\n  try     keg help\n'),
    (("-P", "/srv", "ls"), 'keg: a verb comes first, its options behind it\n  try     keg VERB -P ...\n'),
])
def test_what_is_not_there_leads_to_what_is(keg, argv, told):
    r = keg.run("keg", *argv).fails(1)
    assert (r.out, r.err) == ("", told)


def test_verbs(keg):
    all_of_them = keg.run("keg", "help").ok().out
    assert all_of_them == keg.run("keg", "--help").ok().out
    assert "  update-config  gives the keys of an old config file the names of today\n" in all_of_them
    r = keg.run("keg").fails(1)
    assert (r.out, r.err) == ("", all_of_them)
    assert keg.run("keg", "help", "lxc-wait").ok().out.startswith("Usage: keg wait ")
    assert keg.run("keg", "help", "config", "set").ok().out.startswith("Usage: keg config set NAME KEY VALUE\n")
    assert keg.run("keg", "help", "config").ok().out == keg.run("keg", "config", "--help").ok().out


# --- the help of verbs ---

def all_verbs(keg):
    """keg's verbs and those below them, then LXC's names: the words of a command line."""
    for row in json.loads(keg.run("keg", "help", "--format", "json").ok().out)["verbs"]:
        yield ("keg", row["name"])
    text = keg.run("keg", "help").ok().out
    assert "  config  " in text and "  keepers  " in text
    yield from (("keg", "config", v) for v in ("get", "list", "set", "unset", "check", "explain"))
    yield ("keg", "keepers", "upgrade")
    yield from ((p.name,) for p in sorted(BIN.glob("lxc-*")) if p.is_symlink())


def examples(text):
    """Those of a help text: what it ends with."""
    assert text.count("\nExamples :\n") == 1
    lines = text.split("\nExamples :\n")[1].splitlines()
    found = [re.fullmatch(r"  (\S.*?)   +(\S.*)", line) for line in lines]
    assert all(found), text
    return [m.groups() for m in found]


def options_of(words, text):
    """The options of a command line, long and short ones, as --help lists them."""
    known = set(re.findall(r"(?<![\w-])--[\w-]+|(?<![\w-])-\w(?![\w-])", text))
    for w in itertools.takewhile(lambda w: w != "--", words):
        if w.startswith("--"):
            yield w.split("=")[0], known
        elif w.startswith("-"):
            yield from (("-" + letter, known) for letter in w[1:])


def test_the_help_of_every_verb_ends_in_examples(keg):
    verbs = list(all_verbs(keg))
    assert len(verbs) > 60
    for argv in verbs:
        r = keg.run(*argv, "--help").ok()
        text = r.out + r.err
        assert "" in (r.out, r.err), argv
        shown = examples(text)
        assert 1 <= len(shown) <= 3, argv
        for line, does in shown:
            assert len(line) + len(does) <= 115 and not does.endswith("."), line
            words = shlex.split(line)
            assert tuple(words[:len(argv)]) == argv, line
            for option, known in options_of(words[len(argv):], text.split("\nExamples :\n")[0]):
                assert option in known, line


def test_help_of_keg_goes_to_a_pager_and_lxcs_to_stderr(keg):
    for argv, name in ((("keg", "wait"), "keg wait"), (("lxc-wait",), "lxc-wait")):
        r = keg.run(*argv, "--help").ok()
        text, other = (r.out, r.err) if argv[0] == "keg" else (r.err, r.out)
        named = "NAME" if argv[0] == "keg" else "--name=NAME"
        assert other == "" and text.startswith(f"Usage: {name} {named} --state=STATE\n")
        assert text.endswith(f"""
Examples :
  {name} -s RUNNING -t 30 web1   at most half a minute
  {name} --ready web1            until it says that it is ready
""")


# --- the manual ---

DOC = BIN.parent / "doc"


def page(name, width=100):
    r = subprocess.run(["groff", "-man", "-Tascii", "-P-c", f"-rLL={width}n", DOC / name], capture_output=True, text=True)
    return re.sub(".\b", "", r.stdout)  # bold is a letter over itself


def test_pages_render_without_a_warning():
    needs(shutil.which("groff"), "no groff")
    pages = sorted(DOC.glob("*.[15]"))
    assert {"lxc.container.conf.5", "lxc.conf.5", "lxc.system.conf.5", "keg.1", "lxc-start.1"} <= {p.name for p in pages}
    for p in pages:
        r = subprocess.run(["groff", "-ww", "-man", "-Tascii", p], capture_output=True, text=True)
        assert (r.returncode, r.stderr) == (0, ""), p.name


def test_every_key_is_in_the_manual(keg):
    needs(shutil.which("groff"), "no groff")
    text = page("lxc.container.conf.5")
    for key in keg.run("keg", "help", "--keys").ok().out.split():
        assert f"\n       {key}\n" in text, key
    assert """
HOST NAME
       The name of the container's system.

       lxc.uts.name
              The host name that the container starts with. Without it, the host's own name is seen.

              Values: a host name of at most 64 bytes

              Example: lxc.uts.name = alpha

              Since: 2.1
""" in text


def test_every_option_is_in_the_manual(keg):
    needs(shutil.which("groff"), "no groff")
    text = page("lxc-wait.1")
    assert "lxc-wait - waits until a container has reached a state" in text
    for option in ("-n, --name=NAME", "-s, --state=STATE|...", "-t, --timeout=SEC", "-P, --lxcpath=PATH"):
        assert f"\n       {option}\n" in text
    assert "   keg config set\n" in page("keg.1")


def test_every_example_is_in_the_manual(keg):
    needs(shutil.which("groff"), "no groff")
    pages = {}
    for argv in all_verbs(keg):
        r = keg.run(*argv, "--help").ok()
        text = pages[argv[0]] = pages.get(argv[0]) or page(f"{argv[0]}.1", 160)
        for line, does in examples(r.out + r.err):
            assert f"\n       {line}\n              {does}\n" in text, line


# --- completion ---

COMPLETE = """
. "$1"; COMP_LINE=$2; COMP_POINT=${#COMP_LINE}
compopt() { [[ $2 != default ]] || echo FILES; }
read -ra words <<<"$COMP_LINE"
_keg "${words[0]}"
for r in "${COMPREPLY[@]}"; do printf '%s\\n' "$r"; done
"""

# As the completion system calls it, with its own words for what it shows.
COMPLETE_ZSH = """
compadd() { while [[ $1 != -- ]]; do shift; done; print -rl -- "${@:2}" }
compset() { : }
_files() { print FILES }
words=(${(z)2}); [[ $2 == *' ' ]] && words+=('')
CURRENT=$#words; PREFIX=$words[-1]
compdef() { : }
. $1
"""

COMPLETE_FISH = """
source $argv[1]
function __fish_complete_path; echo $argv[1]FILES; end
complete -C $argv[2] | string replace -r '\\t.*' '' | string replace -r '.*FILES' FILES
"""

SHELLS = {"bash": ["bash", "--norc", "-c", COMPLETE, "bash"], "zsh": ["zsh", "-f", "-c", COMPLETE_ZSH, "zsh"],
          "fish": ["fish", "--no-config", "-c", COMPLETE_FISH]}


@pytest.fixture(params=SHELLS)
def complete(keg, request):
    shell = request.param
    needs(shutil.which(shell), f"no {shell}")

    def ask(line):
        r = subprocess.run([*SHELLS[shell], BIN.parent / f"completion/keg.{shell}", line], capture_output=True, text=True,
                           env=keg.environ(), timeout=20)
        assert r.stderr == ""
        return sorted(r.stdout.split("\n")[:-1])

    def expected(line, words):
        """Readline replaces what is behind the "=" of a word; the others the whole of it."""
        before = re.search(r"[^ =]*=(?=[^ ]*$)|$", line)[0] if shell != "bash" else ""
        return [w if w == "FILES" else before + w for w in words]

    ask.expected = expected
    return ask


LINES = {
    "keg st": ["start", "stop"],
    "keg update": ["update-config"],
    "keg config e": ["explain"],
    "keg help lxc.uts": ["lxc.uts.name"],
    "keg help sta": ["start"],
    "keg explain lxc.arc": ["lxc.arch"],
    "lxc-config lxc.bdev.l": ["lxc.bdev.lvm.thin_pool", "lxc.bdev.lvm.vg"],
    "lxc-wait --s": ["--state="],
    "lxc-wait -n x --state=RUN": ["RUNNING"],
    "lxc-wait -n x -s RUN": ["RUNNING"],
    "lxc-start --logpriority TR": ["TRACE"],
    "keg start -l TR": ["TRACE"],
    "lxc-start -s lxc.uts": ["lxc.uts.name="],
    "lxc-info -c lxc.net.12.lin": ["lxc.net.12.link"],
    "lxc-info -c lxc.net.lin": [],
    "lxc-ls -F NAME,ST": ["NAME,STATE"],
    "keg top --columns=pids,memory-": ["pids,memory-pressure", "pids,memory-swap"],
    "lxc-create -t busy": ["busybox"],
    "lxc-start -f ": ["FILES"],
    "lxc-start --rcfile=/et": ["FILES"],
    "lxc-attach -n x -- l": [],
    "keg nonsense ": [],
    "lxc-freeze --no-such=": [],
}


def test_completion(complete):
    assert {line: complete(line) for line in LINES} == {line: complete.expected(line, LINES[line]) for line in LINES}


def test_completion_tells_what_words_are_for(keg):
    assert keg.run("keg", "__complete", "keg", "st").ok().out == """\
start\tboots a container, with COMMAND as its init
stop\tstops a container
"""
    assert keg.run("keg", "__complete", "lxc-start", "-s", "lxc.uts").ok().out == "lxc.uts.name=\tThe host name that the container starts with\n"


# What a person at a terminal gets: the shell's own completion loads the file by the command's name.
TYPED = {
    "bash": (["bash", "--norc", "-i"], ". {0}/keg.bash\n", "keg upd\t"),
    "zsh": (["zsh", "-f", "-i"], "mkdir {1}/f; cp {0}/keg.zsh {1}/f/_keg; fpath=({1}/f $fpath); autoload -U compinit; compinit -u -D\n",
            "keg upd\t"),
    "fish": (["fish", "--no-config", "-i"], "source {0}/keg.fish\n", "keg upd\t"),
}


@pytest.mark.parametrize("shell", TYPED)
def test_completion_at_a_terminal(keg, tmp_path, shell):
    needs(shutil.which(shell), f"no {shell}")
    argv, before, typed = TYPED[shell]

    class At:  # what Terminal runs
        def popen(self, *argv, **how):
            return subprocess.Popen(argv, env=keg.environ({"HOME": str(tmp_path), "PS1": "$ "}), start_new_session=True, **how)

    with Terminal(At(), *argv) as t:
        t.type(before.format(BIN.parent / "completion", tmp_path) + "echo REA''DY\n")
        t.expect("READY")
        t.type(typed)
        t.expect("ate-config")


def test_completion_of_containers_by_their_state(complete, container):
    a, b = container(), container()
    a.up()
    path = a.lxcpath
    assert complete(f"lxc-start -P {path} ") == [b.name]
    assert complete(f"keg stop --lxcpath={path} ") == [a.name]
    assert complete(f"keg stop --lxcpath {path} -n ") == [a.name]
    assert complete(f"lxc-info -P {path} ") == [a.name, b.name]
    line = f"lxc-attach -P {path} --name={a.name[:-1]}"
    assert complete(line) == complete.expected(line, [a.name])
    assert complete(f"keg config get -P {path} ") == [a.name, b.name]
    assert complete(f"keg config set -P {path} {a.name} lxc.start.au") == ["lxc.start.auto"]
    assert complete(f"keg config set -P {path} {a.name} lxc.start.auto ") == ["0", "1"]
    assert complete(f"lxc-info -P {path} {a.name} ") == []
