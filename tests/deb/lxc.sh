# SPDX-License-Identifier: MIT
# Debian's lxc, with a user's change in its config and a container; then ours; then Debian's again.
export DEBIAN_FRONTEND=noninteractive
install() {
	apt-get install -qq -y --no-install-recommends -o Dpkg::Options::=--force-confold "$@" >/dev/null
}

install lxc python3-lxc
lxc-create -n mine -t busybox >/dev/null
sed -i 's/^lxc.net.0.type.*/lxc.net.0.type = empty/; /^lxc.net.0.[^t]/d' /var/lib/lxc/mine/config
echo "lxc.uts.name = other" >>/var/lib/lxc/mine/config
echo "# mine" >>/etc/lxc/default.conf
cp -a /etc/lxc/default.conf /var/lib/lxc/mine/config /tmp/
kept() {
	cmp /etc/lxc/default.conf /tmp/default.conf
	cmp /var/lib/lxc/mine/config /tmp/config
}

install /check/*.deb
! dpkg -s lxc liblxc1 liblxc-common 2>/dev/null | grep '^Status: install'
dpkg -s python3-lxc | grep -qx 'Status: install ok installed'
[ "$(lxc-config lxc.lxcpath)" = /var/lib/lxc ]
[ "$(keg config get mine lxc.uts.name)" = other ]
lxc-start -n mine
[ "$(lxc-attach -n mine -- cat /proc/sys/kernel/hostname)" = other ]
lxc-stop -n mine -k
kept

install lxc liblxc1 keg- liblxc1-keg- liblxc-dev-keg-
[ "$(readlink -f /usr/bin/lxc-start)" = /usr/bin/lxc-start ]
[ "$(lxc-info -n mine -sH)" = STOPPED ]
kept
# Its config is Debian's lxc's, too: only what is ours alone goes.
dpkg --purge keg 2>/dev/null
kept
lxc-destroy -n mine >/dev/null
