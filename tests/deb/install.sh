# SPDX-License-Identifier: MIT
export DEBIAN_FRONTEND=noninteractive
apt-get install -qq -y --no-install-recommends /check/*.deb >/dev/null
for p in keg liblxc1-keg liblxc-dev-keg; do
	[ -z "$(dpkg -V $p)" ] || { dpkg -V $p; exit 1; }
done
# They stand in for LXC's: what depends on those takes ours, and works.
apt-get install -qq -y --no-install-recommends python3-lxc lua-lxc >/dev/null
! dpkg -s lxc liblxc1 liblxc-common 2>/dev/null | grep '^Status: install'
