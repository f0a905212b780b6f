# SPDX-License-Identifier: MIT
# frozen_string_literal: true

module LXC
  # A container, whether it is there yet or not. What cannot be done raises LXC::Error with the library's words;
  # what is asked with a time limit (wait, shutdown) answers false when the time is up.
  class Container
    CLONE_KEEPNAME = 1
    CLONE_KEEPMACADDR = 2
    CLONE_SNAPSHOT = 4
    CREATE_QUIET = 1

    attr_reader :name

    def self.release(pointer) # :nodoc:
      proc { Library.call(:lxc_container_put, pointer) }
    end

    def initialize(name, config_path = nil)
      @name = name
      pointer = Library.call(:lxc_container_new, name, config_path)
      raise Error.new("no container can be called #{name.inspect}, or its config cannot be read", Fiddle.last_error) if pointer.null?

      take(pointer)
    end

    # --- what it is ---

    def defined?
      ask?(:is_defined)
    end

    def running?
      ask?(:is_running)
    end

    def controllable?
      ask?(:may_control)
    end

    def state
      Library.string(ask(:state))
    end

    # The host's pid of its init; nil where it does not run.
    def init_pid
      pid = ask(:init_pid)
      pid.positive? ? pid : nil
    end

    # An IO on the pidfd of its init.
    def init_pidfd
      IO.for_fd(number(:init_pidfd), autoclose: true)
    end

    def config_file_name
      Library.owned_string(ask(:config_file_name))
    end

    def config_path
      Library.string(ask(:get_config_path))
    end

    def config_path=(path)
      must(:set_config_path, path)
    end

    # --- its config ---

    def load_config(file = nil)
      must(:load_config, file)
    end

    def save_config(file = nil)
      must(:save_config, file)
    end

    def clear_config
      ask(:clear_config)
      self
    end

    # A string, or an array for keys that hold several values; nil where there is no config.
    def config_item(key)
      text = measured(:get_config_item, key)
      text && (text.end_with?("\n") ? text.lines(chomp: true) : text)
    end
    alias [] config_item

    # An array replaces all values of the key.
    def set_config_item(key, value)
      return must(:set_config_item, key, value.to_s) unless value.is_a?(Array)

      clear_config_item(key) if config_item(key)
      value.each { |v| must(:set_config_item, key, v.to_s) }
      self
    end

    def []=(key, value)
      set_config_item(key, value)
    end

    def append_config_item(key, value)
      must(:set_config_item, key, value.to_s)
    end

    def clear_config_item(key)
      must(:clear_config_item, key)
    end

    # The names of all keys, or of those below one ("lxc.net.0").
    def keys(below = nil)
      (measured(:get_keys, below) || "").lines(chomp: true)
    end

    # What the running container was started with.
    def running_config_item(key)
      Library.owned_string(ask(:get_running_config_item, key))
    end

    # --- its life ---

    # Made by a template; args is an array of words, or a hash that becomes "--key value".
    def create(template = nil, args: [], bdevtype: nil, flags: 0)
      args = args.flat_map { |k, v| ["--#{k}", v.to_s] } if args.is_a?(Hash)
      argv = Library.argv(args)
      must(:create, template, bdevtype, nil, flags, argv)
    end

    def start(command = nil, use_init: false, daemonize: true)
      @pointer[Library::DAEMONIZE] = daemonize ? 1 : 0
      argv = Library.argv(command)
      must(:start, use_init ? 1 : 0, argv)
    end

    def stop
      must(:stop)
    end

    # Asks it to end, and waits: true when it has. timeout -1: as long as it takes.
    def shutdown(timeout = -1)
      ask?(:shutdown, timeout)
    end

    def reboot(timeout = nil)
      timeout ? must(:reboot2, timeout) : must(:reboot)
    end

    def freeze
      must(:freeze)
    end

    def unfreeze
      must(:unfreeze)
    end

    # Until it is in one of the states; false when the time is up. timeout -1: for ever.
    def wait(*states, timeout: -1)
      ask?(:wait, states.flatten.join("|"), timeout)
    end

    def destroy(snapshots: false)
      must(snapshots ? :destroy_with_snapshots : :destroy)
    end

    # The renamed container; this object keeps the old name.
    def rename(name)
      must(:rename, name)
      Container.new(name, config_path)
    end

    def clone(name = nil, config_path: nil, flags: 0, bdevtype: nil, bdevdata: nil, size: 0, hook_args: nil)
      args = Library.argv(hook_args)
      pointer = ask(:clone, name, config_path, flags, bdevtype, bdevdata, size, args)
      fail_with("clone") if pointer.null?
      Container.allocate.tap { |c| c.send(:adopt, name || self.name, pointer) }
    end

    # --- snapshots ---

    # The name of the new one: "snap0".
    def snapshot(comment_file = nil)
      "snap#{number(:snapshot, comment_file)}"
    end

    def snapshots
      count, array = Library.out { |room| number(:snapshot_list, room) }
      Snapshot.from(array, count)
    end

    # In the container's place or, with a name, beside it.
    def restore_snapshot(snapshot, name = nil)
      must(:snapshot_restore, snapshot, name)
    end

    def destroy_snapshot(snapshot)
      must(:snapshot_destroy, snapshot)
    end

    def destroy_snapshots
      must(:snapshot_destroy_all)
    end

    # --- inside ---

    # Runs a program, or the block, inside; its Process::Status. Options: see AttachOptions.
    #
    #   c.attach("sh", "-c", "id")
    #   c.attach(env: ["A=1"]) { puts ENV["A"]; 0 }
    def attach(*command, **options, &block)
      Process.wait2(attach_without_wait(*command, **options, &block))[1]
    end

    # The pid, for Process.wait. In the block: the caller's program as it was, inside; its integer is the exit code.
    def attach_without_wait(*command, **options, &block)
      raise ArgumentError, "a command or a block" if command.empty? == block.nil?

      settings = AttachOptions.new(**options)
      argv = Library.argv(command)
      function = block ? closure(block) : Library.address(:lxc_attach_run_command)
      payload = block ? nil : Fiddle::Pointer[[Fiddle::Pointer[argv][0, 8].unpack1("J"), argv.to_i].pack("JJ")]
      result, pid = Library.out { |room| ask(:attach, function, payload, settings.pack, room) }
      fail_with("attach") if result.negative?
      pid & 0xffffffff
    end

    # The master side of a tty as an IO; as long as the block runs, or for ever, nobody else gets it. tty -1: any.
    def console_getfd(tty = -1)
      (hold, master), = Library.out(tty) { |number| Library.out { |fd| ask(:console_getfd, number, fd) } }
      fail_with("console_getfd") if hold.negative?
      master &= 0xffffffff
      io = IO.for_fd(master, "r+", autoclose: true)
      reservation = IO.for_fd(hold, autoclose: true)
      io.instance_variable_set(:@reservation, reservation)
      return io unless block_given?

      begin
        yield io
      ensure
        io.close
        reservation.close
      end
    end

    # Connects the terminal with a tty of the container, until Ctrl-A q. tty 0: its console, -1: any.
    def console(tty = -1, stdin: 0, stdout: 1, stderr: 2, escape: 1)
      number(:console, tty, stdin, stdout, stderr, escape)
      self
    end

    def interfaces
      Library.owned_strings(ask(:get_interfaces))
    end

    # family "inet" or "inet6"; timeout: seconds until there is one at least.
    def ips(interface: nil, family: nil, scope: 0, timeout: 0)
      last = Process.clock_gettime(Process::CLOCK_MONOTONIC) + timeout
      loop do
        found = Library.owned_strings(ask(:get_ips, interface, family, scope))
        return found if !found.empty? || Process.clock_gettime(Process::CLOCK_MONOTONIC) >= last

        sleep 0.1
      end
    end

    def attach_interface(device, to = nil)
      must(:attach_interface, device, to)
    end

    def detach_interface(device, to = nil)
      must(:detach_interface, device, to)
    end

    def cgroup_item(file)
      measured(:get_cgroup_item, file) || fail_with("get_cgroup_item #{file}")
    end

    def set_cgroup_item(file, value)
      must(:set_cgroup_item, file, value.to_s)
    end

    def add_device_node(path, to = nil)
      must(:add_device_node, path, to)
    end

    def remove_device_node(path, to = nil)
      must(:remove_device_node, path, to)
    end

    def inspect
      "#<LXC::Container #{name} #{state}>"
    end

    private

    def adopt(name, pointer)
      @name = name
      take(pointer)
    end

    def take(pointer)
      @pointer = pointer
      ObjectSpace.define_finalizer(self, Container.release(pointer))
    end

    def ask(function, *args)
      Library.method(@pointer, function, *args)
    end

    def ask?(function, *args)
      ask(function, *args) != 0
    end

    def fail_with(function)
      errno = Fiddle.last_error
      said = Library.string(@pointer[Library::ERROR_STRING, 8].unpack1("J"))
      raise Error.new("#{name}: #{said || "#{function} failed"}", errno)
    end

    def must(function, *args)
      ask?(function, *args) ? self : fail_with(function)
    end

    def number(function, *args)
      ask(function, *args).tap { |n| fail_with(function) if n.negative? }
    end

    # How long is it, then: give it. nil: there is none.
    def measured(function, key)
      size = ask(function, key, nil, 0)
      return nil if size.negative?

      room = Fiddle::Pointer.malloc(size + 1, Fiddle::RUBY_FREE)
      size = ask(function, key, room, size + 1)
      size.negative? ? nil : room[0, size].force_encoding("UTF-8")
    end

    def closure(block)
      @closure = Class.new(Fiddle::Closure) do
        define_method(:call) do |_payload|
          result = block.call
          $stdout.flush
          result.is_a?(Integer) ? result : 0
        end
      end.new(Fiddle::TYPE_INT, [Fiddle::TYPE_VOIDP])
    end
  end

  # What a program has inside: every field of lxc_attach_options_t.
  class AttachOptions
    DEFAULTS = { flags: 0xffff, namespaces: -1, personality: -1, cwd: nil, uid: -1, gid: -1, clear_env: false, env: nil,
                 keep_env: nil, stdin: 0, stdout: 1, stderr: 2, log_fd: -9, lsm_label: nil, groups: nil }.freeze

    def initialize(**options)
      unknown = options.keys - DEFAULTS.keys
      raise ArgumentError, "unknown option #{unknown.first}" unless unknown.empty?

      @options = DEFAULTS.merge(options)
    end

    # The C struct; it lives as long as this object.
    def pack
      o = @options
      @kept = [o[:cwd], o[:lsm_label]].map { |s| s && Fiddle::Pointer["#{s}\0"] }
      @env, @keep = Library.argv(o[:env]), Library.argv(o[:keep_env])
      @groups = o[:groups] && Fiddle::Pointer[o[:groups].pack("L*")]
      @struct = Fiddle::Pointer[[o[:flags] | (o[:groups] ? 0x200000 : 0), o[:namespaces], o[:personality], @kept[0].to_i, o[:uid],
                                 o[:gid], o[:clear_env] ? 1 : 0, @env.to_i, @keep.to_i,
                                 *%i[stdin stdout stderr].map { |f| fd(o[f]) }, o[:log_fd], @kept[1].to_i,
                                 o[:groups].to_a.size, @groups.to_i].pack("l l q J l l l x4 J J l4 J J J")]
    end

    private

    def fd(of)
      of.is_a?(Integer) ? of : of.fileno
    end
  end
end
