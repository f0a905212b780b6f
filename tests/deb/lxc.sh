# SPDX-License-Identifier: MIT
# Debian's lxc, with a user's change in its config and a container; then ours; then Debian's again.
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -qq -y --no-install-recommends lxc python3-lxc >/dev/null
mkdir -p /var/lib/lxc/mine
echo "lxc.uts.name = mine" >/var/lib/lxc/mine/config
echo "# mine" >>/etc/lxc/default.conf
cp /etc/lxc/default.conf /tmp/default.conf
apt-get install -qq -y --no-install-recommends -o Dpkg::Options::=--force-confold /check/*.deb >/dev/null
! dpkg -s lxc liblxc1 liblxc-common 2>/dev/null | grep '^Status: install'
dpkg -s python3-lxc | grep -qx 'Status: install ok installed'
[ "$(lxc-config lxc.lxcpath)" = /var/lib/lxc ]
[ "$(keg config get mine lxc.uts.name)" = mine ]
cmp /etc/lxc/default.conf /tmp/default.conf
apt-get install -qq -y --no-install-recommends -o Dpkg::Options::=--force-confold lxc liblxc1 keg- liblxc1-keg- liblxc-dev-keg- >/dev/null
[ "$(readlink -f /usr/bin/lxc-start)" = /usr/bin/lxc-start ]
dpkg --purge keg >/dev/null 2>&1 || true
[ -e /var/lib/lxc/mine/config ]
cmp /etc/lxc/default.conf /tmp/default.conf
