# SPDX-License-Identifier: MIT
export DEBIAN_FRONTEND=noninteractive
apt-get purge -qq -y python3-lxc lua-lxc keg liblxc1-keg liblxc-dev-keg >/dev/null
apt-get autoremove -qq -y --purge >/dev/null
