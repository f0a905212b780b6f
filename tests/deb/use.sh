# SPDX-License-Identifier: MIT
# A container's life by the installed commands, and by Debian's bindings on the installed library.
name=kegdeb$$
ip link set lo up
keg check --format csv | grep '^mount namespaces,true'
printf 'lxc.net.0.type = empty\n' >/tmp/conf
lxc-create -n $name -t busybox -f /tmp/conf >/dev/null
[ "$(lxc-ls)" = $name ] || [ "$(lxc-ls | tr -d ' ')" = $name ]
lxc-start -n $name -o /var/log/lxc/$name.log -l INFO 2>/dev/null || { mkdir -p /var/log/lxc && lxc-start -n $name; }
[ "$(lxc-info -n $name -sH)" = RUNNING ]
[ "$(lxc-attach -n $name -- cat /proc/sys/kernel/hostname)" = $name ]
python3 - $name <<'PY'
import lxc, sys
c = lxc.Container(sys.argv[1])
assert c.running and c.state == "RUNNING", c.state
assert c.attach_wait(lxc.attach_run_command, ["true"]) == 0
PY
lua5.2 -e 'local lxc = require("lxc"); local c = lxc.container:new("'$name'"); assert(c:running())'
keg snapshot -n $name 2>/dev/null || true # it runs
lxc-stop -n $name -k
lxc-snapshot -n $name
lxc-snapshot -n $name -d ALL
lxc-destroy -n $name
[ -z "$(lxc-ls)" ]
init.lxc.static --name=$name -- true
lxc-monitor -Q 2>/dev/null || [ $? = 1 ]
# What root has to ask for is not done for him.
[ "$(stat -c %a /usr/libexec/lxc/lxc-user-nic)" = 755 ]
! ls /etc/systemd/system/*/lxc-monitord.service 2>/dev/null
/etc/init.d/lxc start >/dev/null
/etc/init.d/lxc stop >/dev/null
[ "$(/usr/libexec/lxc/lxc-net start)" = "" ]
keg net status >/dev/null
/usr/libexec/lxc/lxc-net stop
! ip link show lxcbr0 2>/dev/null
rm /tmp/conf
