# SPDX-License-Identifier: MIT
# frozen_string_literal: true

require "fiddle"

module LXC
  # The shared library: its functions, and how its memory becomes Ruby's.
  module Library # :nodoc:
    extend Fiddle

    P = Fiddle::TYPE_VOIDP
    I = Fiddle::TYPE_INT
    B = Fiddle::TYPE_CHAR # a C bool: 0 or 1
    L = Fiddle::TYPE_LONG
    V = Fiddle::TYPE_VOID

    FUNCTIONS = {
      lxc_container_new: [P, P, P], lxc_container_get: [I, P], lxc_container_put: [I, P],
      lxc_get_version: [P], lxc_get_global_config_item: [P, P], lxc_get_wait_states: [I, P],
      list_all_containers: [I, P, P, P], list_active_containers: [I, P, P, P], list_defined_containers: [I, P, P, P],
      lxc_config_item_is_supported: [B, P], lxc_has_api_extension: [B, P]
    }.freeze

    # The table in struct lxc_container: place, result, arguments behind the object.
    AT = {
      is_defined: [80, B], state: [88, P], is_running: [96, B], freeze: [104, B], unfreeze: [112, B],
      init_pid: [120, I], load_config: [128, B, P], start: [136, B, I, P], stop: [152, B], want_daemonize: [160, B, I],
      config_file_name: [176, P], wait: [184, B, P, I], set_config_item: [192, B, P, P], destroy: [200, B],
      save_config: [208, B, P], create: [216, B, P, P, P, I, P], rename: [232, B, P], reboot: [240, B],
      shutdown: [248, B, I], clear_config: [256, V], clear_config_item: [264, B, P],
      get_config_item: [272, I, P, P, I], get_running_config_item: [280, P, P], get_keys: [288, I, P, P, I],
      get_interfaces: [296, P], get_ips: [304, P, P, P, I], get_cgroup_item: [312, I, P, P, I],
      set_cgroup_item: [320, B, P, P], get_config_path: [328, P], set_config_path: [336, B, P],
      clone: [344, P, P, P, I, P, P, L, P], console_getfd: [352, I, P, P], console: [360, I, I, I, I, I, I],
      attach: [368, I, P, P, P, P], snapshot: [392, I, P],
      snapshot_list: [400, I, P], snapshot_restore: [408, B, P, P], snapshot_destroy: [416, B, P],
      may_control: [424, B], add_device_node: [432, B, P, P], remove_device_node: [440, B, P, P],
      attach_interface: [448, B, P, P], detach_interface: [456, B, P, P], destroy_with_snapshots: [480, B],
      snapshot_destroy_all: [488, B], console_log: [504, I, P], reboot2: [512, B, I],
      mount: [520, I, P, P, P, L, P, P], umount: [528, I, P, L, P], init_pidfd: [552, I]
    }.freeze

    ERROR_STRING = 56
    DAEMONIZE = 68

    HANDLE = Fiddle.dlopen(ENV.fetch("LIBLXC", "liblxc.so.1"))
    @made = {}

    module_function

    def address(name)
      HANDLE[name.to_s]
    end

    def call(name, *args)
      result, *types = FUNCTIONS.fetch(name)
      @made[name] ||= Fiddle::Function.new(HANDLE[name.to_s], types, result)
      @made[name].call(*args)
    end

    # A function of the object's table. The interpreter's lock is kept for those that fork and call back into Ruby.
    def method(object, name, *args)
      at, result, *types = AT.fetch(name)
      here = object[at, Fiddle::SIZEOF_VOIDP].unpack1("J")
      @made[[name, here]] ||= Fiddle::Function.new(here, [P, *types], result, need_gvl: name == :attach)
      @made[[name, here]].call(object, *args)
    end

    def string(pointer)
      pointer.nil? || pointer.to_i.zero? ? nil : Fiddle::Pointer.new(pointer.to_i).to_s.force_encoding("UTF-8")
    end

    # A string that is ours to free.
    def owned_string(pointer)
      string(pointer).tap { Fiddle.free(pointer.to_i) unless pointer.to_i.zero? }
    end

    # The strings of a NULL-ended, or counted, array that is ours to free.
    def owned_strings(array, count = nil)
      address = array.to_i
      found = []
      return found if address.zero?

      array = Fiddle::Pointer.new(address)
      until count && found.size == count
        item = array[found.size * Fiddle::SIZEOF_VOIDP, Fiddle::SIZEOF_VOIDP].unpack1("J")
        break if item.zero?

        found << owned_string(item)
      end
      Fiddle.free(address)
      found
    end

    # Room for one pointer or number; the block's result, and what was written there.
    def out(value = 0)
      room = Fiddle::Pointer.malloc(Fiddle::SIZEOF_VOIDP, Fiddle::RUBY_FREE)
      room[0, Fiddle::SIZEOF_VOIDP] = [value].pack("q")
      result = yield room
      [result, room[0, Fiddle::SIZEOF_VOIDP].unpack1("J")]
    end

    def words
      count, array = out { |room| yield room }
      raise Error, "the containers cannot be listed" if count.negative?

      owned_strings(array, count)
    end

    # A NULL-ended array of strings; what it points to must be kept as long as it is used.
    def argv(strings)
      return nil unless strings

      kept = strings.map { |s| Fiddle::Pointer["#{s}\0"] }
      array = Fiddle::Pointer[[*kept.map(&:to_i), 0].pack("J*")]
      array.instance_variable_set(:@kept, kept)
      array
    end
  end
end
