# SPDX-License-Identifier: MIT
# frozen_string_literal: true

# The binding on the library that LIBLXC names; as root with LXC_TEST_INIT (tests/answer.c, static) a container runs.
require "minitest/autorun"
require "fileutils"
require "tmpdir"
require_relative "../lib/lxc"

class TestLXC < Minitest::Test
  def setup
    @path = Dir.mktmpdir("keg-ruby-")
    File.chmod(0o755, @path)
  end

  def teardown
    LXC.list_containers(active: true, defined: false, config_path: @path).each { |n| LXC::Container.new(n, @path).stop }
    FileUtils.rm_rf(@path)
  end

  def test_the_system
    assert_match(/\A\d+\.\d+/, LXC.version)
    assert_equal %w[STOPPED STARTING RUNNING], LXC.states.first(3)
    assert LXC.default_config_path.start_with?("/")
    assert_nil LXC.global_config_item("lxc.nonsense")
    assert LXC.config_item_supported?("lxc.net") && !LXC.config_item_supported?("lxc.nonsense")
    assert_empty LXC.list_containers(config_path: @path)
    assert_raises(LXC::Error) { LXC.list_containers(active: false, config_path: "#{@path}/none") }
  end

  def test_a_config
    c = LXC::Container.new("a", @path)
    refute c.defined?
    assert_equal ["STOPPED", nil, @path], [c.state, c.init_pid, c.config_path]
    assert_nil c["lxc.uts.name"]
    c["lxc.uts.name"] = "alpha"
    c["lxc.cap.drop"] = %w[mknod chown]
    assert_equal ["alpha", %w[mknod chown]], [c["lxc.uts.name"], c["lxc.cap.drop"]]
    c.append_config_item("lxc.cap.drop", "setuid")
    assert_equal %w[mknod chown setuid], c["lxc.cap.drop"]
    c.save_config
    assert_equal "alpha", LXC::Container.new("a", @path).config_item("lxc.uts.name")
    assert_equal ["a"], LXC.list_containers(config_path: @path)
    assert_includes c.keys, "lxc.uts.name"
    e = assert_raises(LXC::Error) { c["lxc.nonsense"] = "1" }
    assert_equal ["a: unknown key lxc.nonsense", Errno::EINVAL::Errno], [e.message, e.errno]
    c.destroy
    refute c.defined?
  end

  def test_what_cannot_be
    assert_raises(LXC::Error) { LXC::Container.new("a/b", @path) }
    c = LXC::Container.new("a", @path)
    assert_equal "a: a is not defined", assert_raises(LXC::Error) { c.start }.message
    assert c.stop && c.shutdown(1) && c.wait("STOPPED", timeout: 0)
    refute c.wait("RUNNING", timeout: 0)
    assert_empty c.ips + c.snapshots
    assert_raises(LXC::Error) { c.attach("true") }
    assert_raises(ArgumentError) { c.attach }
  end

  def container(more = "")
    skip "as root, with LXC_TEST_INIT" unless Process.uid.zero? && ENV["LXC_TEST_INIT"]
    %w[proc sys dev tmp etc root].each { |d| FileUtils.mkdir_p("#{@path}/a/rootfs/#{d}") }
    FileUtils.cp(ENV["LXC_TEST_INIT"], "#{@path}/a/rootfs/answer")
    File.write("#{@path}/a/config", "lxc.rootfs.path = dir:#{@path}/a/rootfs\nlxc.uts.name = a\nlxc.init.cmd = /answer\n" \
                                    "lxc.mount.auto = proc:rw\nlxc.net.0.type = empty\n#{more}")
    LXC::Container.new("a", @path)
  end

  def test_a_life
    c = container
    c.start
    assert c.wait("RUNNING", timeout: 10) && c.running? && c.init_pid > 1
    assert_equal ["a"], LXC.list_containers(defined: false, config_path: @path)
    assert_equal "a", c.running_config_item("lxc.uts.name")
    c.set_cgroup_item("pids.max", 77)
    assert_equal "77\n", c.cgroup_item("pids.max")
    c.freeze
    assert_equal "FROZEN", c.state
    c.unfreeze
    assert_raises(LXC::Error) { c.destroy }
    c.console_getfd(1) { |io| assert io.tty? } if c["lxc.tty.max"].to_i.positive?
    assert c.shutdown(10)
    assert_equal "snap0", c.snapshot
    assert_equal [["snap0", nil]], c.snapshots.map { |s| [s.name, s.comment] }
    c.restore_snapshot("snap0", "b")
    LXC::Container.new("b", @path).destroy
    c.destroy(snapshots: true)
    assert_empty LXC.list_containers(config_path: @path)
  end

  def test_a_program_inside
    c = container
    c.start
    assert_equal 7, c.attach("/answer", "exit", "7").exitstatus
    r, w = IO.pipe
    c.attach("/answer", "report", "-", stdout: w, env: ["MINE=1"], clear_env: true, cwd: "/tmp", uid: 7, gid: 7)
    w.close
    said = r.read
    assert_match(/MINE/, said)
    r, w = IO.pipe
    assert_equal 5, c.attach { w.write(File.read("/proc/sys/kernel/hostname")); w.flush; 5 }.exitstatus
    w.close
    assert_equal "a\n", r.read
    assert_equal ["lo"], c.interfaces
    c.stop
  end

  def test_a_copy
    c = container
    k = c.clone("k")
    assert_equal ["k", "k", true], [k.name, k["lxc.uts.name"], k.defined?]
    m = k.rename("m")
    assert m.defined? && !k.defined?
    m.destroy
  end
end
