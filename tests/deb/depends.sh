# SPDX-License-Identifier: MIT
# What our packages depend on, so that it is there before and after.
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -qq -y --no-install-recommends iproute2 libcap2 libnftables1 libseccomp2 lua-filesystem lua5.2 python3 >/dev/null
