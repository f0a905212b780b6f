# SPDX-License-Identifier: MIT
"""The life of a container by Debian's python3-lxc; run by python.sh. A line for each check."""
import os
import sys
import time
import traceback

import lxc

TEMPLATE, TAG = sys.argv[1], os.environ["tag"]
HOME = lxc.get_global_config_item("lxc.lxcpath")


def check(f):
    """Runs it now; what it asserts is the check of its name."""
    name = f.__name__.replace("_", " ")
    try:
        f()
        print("ok", name, flush=True)
    except Exception as e:  # whatever it is, the next check goes on
        print("not ok", name)
        print(f"#   {type(e).__name__} {e}: {traceback.extract_tb(e.__traceback__)[-1].line}", flush=True)


def refused(f, *args):
    """By False, or by an exception: which of the two depends on the function."""
    try:
        return not f(*args)
    except (KeyError, ValueError, NotImplementedError):
        return True


def output(c, command, **options):
    """Of a program in the container, with its exit status."""
    r, w = os.pipe()
    os.set_inheritable(w, True)
    status = c.attach_wait(lxc.attach_run_command, command, stdout=w, **options)
    os.close(w)
    with os.fdopen(r) as f:
        return status, f.read().strip()


c = lxc.Container(TAG + "-a")
root = f"{HOME}/{c.name}/rootfs"


@check
def the_system_is_told():
    assert lxc.default_config_path == HOME == "/var/lib/lxc"
    assert lxc.version.split(".")[0].isdigit()
    assert refused(lxc.get_global_config_item, "lxc.nonsense")


@check
def what_is_not_there_fails_as_with_lxc():
    assert not c.defined and not c.running and c.state == "STOPPED" and c.init_pid == -1
    assert (c.start(), c.stop(), c.freeze(), c.unfreeze(), c.destroy(), c.shutdown(1), c.reboot()) == \
        (False, True, False, False, False, True, False)
    assert c.get_ips() == () and c.get_interfaces() == () and c.wait("STOPPED", 1) and not c.wait("RUNNING", 1)


@check
def a_template_makes_it():
    assert c.create(TEMPLATE, lxc.LXC_CREATE_QUIET) and c.defined and os.path.exists(root + "/bin/busybox")
    assert c.config_file_name == f"{HOME}/{c.name}/config" and c.name in lxc.list_containers()
    assert not c.create(TEMPLATE, lxc.LXC_CREATE_QUIET)


@check
def items_are_set_added_to_and_cleared():
    assert c.set_config_item("lxc.environment", ["A=1", "B=2"]) and c.append_config_item("lxc.environment", "C=3")
    assert c.get_config_item("lxc.environment") == ["A=1", "B=2", "C=3"]
    assert c.clear_config_item("lxc.environment") and not c.get_config_item("lxc.environment")
    assert refused(c.set_config_item, "lxc.nonsense", "1") and refused(c.get_config_item, "lxc.nonsense")
    assert refused(c.set_config_item, "lxc.cap.drop", "nonsense")


@check
def a_saved_config_is_read_again():
    assert c.set_config_item("lxc.environment", "SAVED=yes") and c.save_config()
    assert lxc.Container(c.name).get_config_item("lxc.environment") == ["SAVED=yes"]


@check
def devices_of_the_network_are_objects():
    nic = c.network[0]
    assert (nic.type, nic.link, nic.flags) == ("veth", "lxcbr0", "up") and "link" in c.get_keys("lxc.net.0")
    assert c.network.add("veth") and len(c.network) == 2 and c.network.remove(1) and len(c.network) == 1


@check
def it_starts():
    assert c.start() and c.wait("RUNNING", 10) and c.running and c.state == "RUNNING" and c.init_pid > 1
    assert not c.start() and c.name in lxc.list_containers(active=True, defined=False)


@check
def it_has_an_address():
    for _ in range(20):
        ips = c.get_ips(interface="eth0", family="inet", timeout=1)
        if ips:
            break
    assert ips and ips[0].startswith("10.96.0."), ips
    assert set(c.get_interfaces()) == {"lo", "eth0"}


@check
def a_programs_status_comes_back():
    assert c.attach_wait(lxc.attach_run_command, ["true"]) == 0
    assert c.attach_wait(lxc.attach_run_command, ["sh", "-c", "exit 5"]) == 5 << 8
    assert c.attach_wait(lxc.attach_run_command, ["/no/such"]) == 127 << 8
    pid = c.attach(lxc.attach_run_command, ["sleep", "0.2"])
    assert pid > 1 and os.waitpid(pid, 0)[1] == 0


@check
def a_function_runs_inside():
    r, w = os.pipe()
    assert c.attach_wait(lambda: os.write(w, os.uname()[1].encode()) and 0) == 0
    assert os.read(r, 100).decode() == c.name


@check
def attach_takes_its_options():
    assert output(c, ["sh", "-c", "echo $A $(pwd) $(id -u) $(id -g)"], env_policy=lxc.LXC_ATTACH_CLEAR_ENV,
                  extra_env_vars=["A=one", "PATH=/bin"], initial_cwd="/tmp", uid=7, gid=8) == (0, "one /tmp 7 8")
    os.environ["KEPT"] = "kept"
    assert output(c, ["sh", "-c", "echo $KEPT"], extra_keep_env=["KEPT"], env_policy=lxc.LXC_ATTACH_CLEAR_ENV)[1] == "kept"
    assert output(c, ["hostname"], namespaces=lxc.CLONE_NEWUTS)[1] == c.name


@check
def the_running_config_and_the_cgroup_answer():
    assert c.get_running_config_item("lxc.uts.name") == c.name
    assert c.set_cgroup_item("pids.max", "99") and c.get_cgroup_item("pids.max").strip() == "99"
    assert not c.set_cgroup_item("no.such", "1")


@check
def a_device_comes_and_goes():
    there = ["test", "-c", "/dev/kmsg"]
    assert c.add_device_node("/dev/kmsg") and c.attach_wait(lxc.attach_run_command, there) == 0
    assert c.remove_device_node("/dev/kmsg") and c.attach_wait(lxc.attach_run_command, there) != 0
    assert not c.add_device_node("/dev/full", "/dev/not-on-the-host")


@check
def a_terminal_answers():
    fd, said = c.console_getfd(), b""
    assert fd > 0
    os.set_blocking(fd, False)
    for _ in range(60):
        try:
            os.write(fd, b"echo is-$((40+2))\n")
            time.sleep(0.2)
            said += os.read(fd, 4096)
        except BlockingIOError:
            pass
        if b"is-42" in said:
            break
    os.close(fd)
    assert b"is-42" in said, said


@check
def it_freezes():
    assert c.freeze() and lxc.Container(c.name).state == "FROZEN" and c.unfreeze() and c.state == "RUNNING"


@check
def it_reboots():
    before = c.init_pid
    assert c.reboot()
    for _ in range(150):
        if c.init_pid not in (-1, before) and c.state == "RUNNING":
            break
        time.sleep(0.1)
    assert c.init_pid not in (-1, before)


@check
def who_runs_is_not_destroyed():
    assert not c.destroy() and c.running and not c.rename(TAG + "-z") and c.running


@check
def waiting_has_its_end():
    began = time.monotonic()
    assert not c.wait("STOPPED", 1) and 0.9 < time.monotonic() - began < 10
    pid = os.fork()
    if pid == 0:
        os._exit(0 if lxc.Container(c.name).wait("STOPPED", 30) else 1)
    time.sleep(0.2)
    assert c.stop() and c.state == "STOPPED" and c.init_pid == -1 and os.waitpid(pid, 0)[1] == 0


@check
def it_shuts_down():
    assert c.start() and c.wait("RUNNING", 10) and c.shutdown(20) and not c.running


@check
def a_snapshot_keeps_what_was():
    def mark(word=None):
        with open(root + "/root/mark", "w" if word else "r") as f:
            return f.write(word) if word else f.read()
    mark("one")
    assert c.snapshot() == "snap0" and [s[0] for s in c.snapshot_list()] == ["snap0"]
    mark("two")
    assert c.snapshot_restore("snap0") and mark() == "one" and not c.destroy() and c.snapshot_destroy("snap0")
    assert c.snapshot_list() == ()


@check
def copies_are_containers():
    copy = c.clone(TAG + "-b")
    assert copy and copy.get_config_item("lxc.uts.name") == copy.name
    layer = c.clone(TAG + "-c", flags=lxc.LXC_CLONE_SNAPSHOT, bdevtype="overlayfs")
    assert layer and "overlay" in layer.get_config_item("lxc.rootfs.path")
    assert layer.start() and layer.wait("RUNNING", 10) and layer.stop() and not c.destroy()
    assert layer.destroy() and copy.destroy()


@check
def it_goes():
    new = c.rename(TAG + "-d")
    assert new and new.defined and not os.path.exists(f"{HOME}/{TAG}-a")
    assert new.destroy() and not new.defined
    assert not lxc.list_containers(), lxc.list_containers()


@check
def the_process_has_this_library():
    want = os.path.realpath(os.environ["KEG_CLIENT_LIBRARY"])
    with open("/proc/self/maps") as maps:
        assert {line.split()[5] for line in maps if "liblxc.so" in line} == {want}
