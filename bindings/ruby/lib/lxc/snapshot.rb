# SPDX-License-Identifier: MIT
# frozen_string_literal: true

module LXC
  # A snapshot as it was when it was listed.
  Snapshot = Struct.new(:name, :comment_file, :timestamp, :path) do
    def comment
      File.exist?(comment_file.to_s) ? File.read(comment_file) : nil
    end

    # Those in the library's array of `count`, which is freed.
    def self.from(array, count) # :nodoc:
      list = Array.new(count) do |i|
        at = Fiddle::Pointer.new(array + (40 * i))
        free = Fiddle::Function.new(at[32, 8].unpack1("J"), [Fiddle::TYPE_VOIDP], Fiddle::TYPE_VOID)
        new(*at[0, 32].unpack("J4").map { |p| Library.string(p) }).tap { free.call(at) }
      end
      Fiddle.free(array) unless array.zero?
      list
    end
  end
end
