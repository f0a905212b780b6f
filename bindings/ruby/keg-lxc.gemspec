# SPDX-License-Identifier: MIT
# frozen_string_literal: true

Gem::Specification.new do |s|
  s.name = "keg-lxc"
  s.version = "0.1.0"
  s.summary = "Linux system containers by liblxc.so.1"
  s.description = "LXC::Container and its functions over the shared library of Keg or LXC, called by Fiddle."
  s.authors = ["The Keg authors"]
  s.license = "MIT"
  s.required_ruby_version = ">= 3.0"
  s.files = Dir["lib/**/*.rb"] + ["README.md"]
end
