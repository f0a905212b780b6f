# SPDX-License-Identifier: MIT
# frozen_string_literal: true

# Linux system containers by liblxc.so.1, without a line of C: Fiddle calls the library's table of functions.
#
#   require "lxc"
#   c = LXC::Container.new("web1")
#   c.create("busybox") unless c.defined?
#   c.start
#   c.attach("hostname")            # => #<Process::Status ...>
#   c.stop
module LXC
  # What a call of the library answered in failing: its own words (error_string), and the errno.
  class Error < StandardError
    attr_reader :errno

    def initialize(message, errno = 0)
      super(message)
      @errno = errno
    end
  end
end

require_relative "lxc/library"
require_relative "lxc/snapshot"
require_relative "lxc/container"

module LXC
  module_function

  def version
    Library.call(:lxc_get_version).to_s
  end

  # A value of lxc.conf, as "lxc.lxcpath"; nil where it has none.
  def global_config_item(key)
    Library.string(Library.call(:lxc_get_global_config_item, key))
  end

  def default_config_path
    global_config_item("lxc.lxcpath")
  end

  # The names, sorted.
  def list_containers(active: true, defined: true, config_path: nil)
    function = { [true, true] => :list_all_containers, [true, false] => :list_active_containers,
                 [false, true] => :list_defined_containers }[[active, defined]]
    return [] unless function

    Library.words { |out| Library.call(function, config_path, out, nil) }
  end

  # "STOPPED", "STARTING", ...: what Container#state says and Container#wait takes.
  def states
    @states ||= begin
      room = Fiddle::Pointer.malloc(8 * Fiddle::SIZEOF_VOIDP, Fiddle::RUBY_FREE)
      Array.new(Library.call(:lxc_get_wait_states, room)) { |i| Library.string(room[8 * i, 8].unpack1("J")) }
    end
  end

  def config_item_supported?(key)
    Library.call(:lxc_config_item_is_supported, key) != 0
  end

  def api_extension?(name)
    Library.call(:lxc_has_api_extension, name) != 0
  end
end
