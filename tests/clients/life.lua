-- SPDX-License-Identifier: MIT
-- The life of a container by Debian's lua-lxc; run by lua.sh. A line for each check.
io.stdout:setvbuf("line")
local lxc, core = require("lxc"), require("lxc.core")
local TEMPLATE, TAG = arg[1], os.getenv("tag")
local name = TAG .. "-a"
local c, root = lxc.container:new(name), "/var/lib/lxc/" .. name .. "/rootfs"

local function check(what, f)
  local ok, why = pcall(f)
  print((ok and "ok " or "not ok ") .. what)
  if not ok then print("#   " .. tostring(why)) end
end

local function line(path)
  local f = io.open(path)
  local text = f and f:read("*l")
  if f then f:close() end
  return text
end

check("the system is told", function()
  assert(lxc.version_get():match("^%d+%.%d+"))
  assert(lxc.default_config_path_get() == "/var/lib/lxc" and c:config_file_name() == "/var/lib/lxc/" .. name .. "/config")
end)
check("what is not there fails as with LXC", function()
  assert(not c:defined() and not c:running() and c:state() == "STOPPED" and c:init_pid() == -1)
  assert(not c:start() and not c:freeze() and not c:unfreeze() and not c:destroy() and not c:get_interfaces())
end)
check("a template makes it", function()
  assert(c:create(TEMPLATE) and c:defined() and line(root .. "/etc/passwd") == "root:x:0:0:root:/root:/bin/sh")
  assert(not c:create(TEMPLATE) and lxc.containers_configured(true)[name])
end)
check("items are set and cleared", function()
  assert(c:set_config_item("lxc.environment", "A=1") and c:set_config_item("lxc.environment", "B=2"))
  local e = c:get_config_item("lxc.environment")
  assert(e["A=1"] and e["B=2"] and c:clear_config_item("lxc.environment"))
  assert(not c:set_config_item("lxc.nonsense", "1") and c:get_config_item("lxc.nonsense") == nil)
  assert(not c:set_config_item("lxc.cap.drop", "nonsense"))
end)
check("a saved config is read again", function()
  assert(c:set_config_item("lxc.environment", "SAVED=yes") and c:save_config(os.getenv("HOME") .. "/saved"))
  local other = lxc.container:new(TAG .. "-other")
  assert(other:load_config(os.getenv("HOME") .. "/saved"))
  local e = other:get_config_item("lxc.environment")
  assert(#e == 1 and e[1] == "SAVED=yes") -- a list's text ends with a newline: only then is it a table
end)
check("keys are listed", function()
  local net = c:get_keys("lxc.net.0")
  assert(net["type"] == "veth" and net["link"] == "lxcbr0" and c:get_keys()["lxc.uts.name"] == name)
end)
check("it starts", function()
  assert(c:start() and c:wait("RUNNING", 10) and c:init_pid() > 1 and lxc.containers_running(true)[name])
end)
check("it has an address", function()
  local names, ip = table.concat({ c:get_interfaces() }, " "), nil
  for _ = 1, 40 do
    ip = c:get_ips("eth0", "inet")
    if ip then break end
    core.usleep(250000)
  end
  assert(names:match("lo") and names:match("eth0") and ip and ip:match("^10%.96%.0%."), names .. " " .. tostring(ip))
end)
check("programs run inside", function()
  assert(c:attach("true") and not c:attach("false") and c:attach("sh", "-c", "hostname >/root/said"))
  assert(line(root .. "/root/said") == name)
end)
check("its cgroup answers", function()
  assert(c:set_cgroup_item("pids.max", "77") and c:get_cgroup_item("pids.max"):match("^77") and not c:set_cgroup_item("no.such", "1"))
  local s = c:stats_get()
  assert(s.mem_used > 0 and s.mem_limit > 0 and s.cpu_use_nanos > 0)
end)
check("the running config answers", function()
  assert(lxc.cmd_get_config_item(name, "lxc.uts.name") == name)
  assert(line("/sys/class/net/" .. lxc.cmd_get_config_item(name, "lxc.net.0.veth.pair") .. "/operstate"))
end)
check("it freezes", function()
  local other = lxc.container:new(name)
  assert(c:freeze() and other:state() == "FROZEN" and other:running() and other:unfreeze() and c:state() == "RUNNING")
end)
check("waiting has its end", function() assert(not c:wait("STOPPED", 1)) end)
check("who runs is not destroyed", function() assert(not c:destroy() and c:running()) end)
check("it shuts down", function()
  assert(c:shutdown(20) and c:wait("STOPPED", 3) and c:state() == "STOPPED" and c:init_pid() == -1)
end)
check("it starts again and is stopped", function() assert(c:start() and c:wait("RUNNING", 10) and c:stop() and not c:running()) end)
check("it is renamed", function()
  assert(c:rename(TAG .. "-b"))
  c = lxc.container:new(TAG .. "-b")
  assert(c:defined() and c:get_config_item("lxc.uts.name") == TAG .. "-b" and not line("/var/lib/lxc/" .. name .. "/config"))
end)
check("it goes", function() assert(c:destroy() and not c:defined() and not lxc.containers_configured(true)[TAG .. "-b"]) end)
check("the process has this library", function()
  local found = {}
  for l in io.lines("/proc/self/maps") do found[l:match("/%S*liblxc%.so%S*") or 0] = true end
  found[0] = nil
  local one = next(found)
  assert(one == os.getenv("KEG_CLIENT_LIBRARY") and next(found, one) == nil, tostring(one))
end)
