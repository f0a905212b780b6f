#!/bin/bash
# SPDX-License-Identifier: MIT
# Debian's lua-lxc: the life of a container.
# shellcheck source=tests/clients/common.sh
. "$(dirname "$0")/common.sh"
own_machine "$@"
own_lxc

counted lua5.2 "$here/life.lua" "$here/busybox"
finish lua
