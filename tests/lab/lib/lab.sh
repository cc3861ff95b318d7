# lab.sh - raises the simulated VNet; sourced within tests/lab/enter.
#
#   . tests/lab/lib/lab.sh
#   lab_prepare           topology, zones and front ends as files
#   ... whatever is to be different ...
#   lab_start             servers
#
# Everything lives in /run/lab, which ends with the process that entered.

LAB_DIR=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
LAB_SOURCE=$(dirname "$(dirname "$LAB_DIR")")
GUID=3f8a2c1e-5b7d-4e9f-8a6b-1c2d3e4f5a6b REGION=eastus
NOTEBOOK=ml-mlw-lab-$REGION-$GUID
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL=C

# AppArmor confines some programs by their path to the machine's own places.
# A copy is the same program without that.
lab_program() {
  local copy=/run/lab/bin/$1
  [ -e "$copy" ] || {
    mkdir -p /run/lab/bin
    cp "$(command -v "$1")" "$copy"
  }
  echo "$copy"
}

# A helper program: from the build, or compiled on the spot.
lab_tool() {
  local from
  for from in "${LAB_TOOLS:-}" "$(dirname "${VNETPROBE:-build/dev/vnetprobe}")/tests"; do
    [ -n "$from" ] && [ -x "$from/$1" ] && {
      echo "$from/$1"
      return
    }
  done
  [ -x "/run/lab/bin/$1" ] || {
    mkdir -p /run/lab/bin
    cc -D_GNU_SOURCE -O2 -o "/run/lab/bin/$1" "$LAB_DIR/tools/$1.c" >&2
  }
  echo "/run/lab/bin/$1"
}

# A here-document as it stands, without a program: there are some eighty of them.
text() {
  local lines
  mapfile lines
  printf '%s' "${lines[@]}"
}

. "$LAB_DIR/lib/certs.sh"
. "$LAB_DIR/lib/net.sh"
. "$LAB_DIR/lib/dns.sh"
. "$LAB_DIR/lib/fronts.sh"
. "$LAB_DIR/lib/azure.sh"
. "$LAB_DIR/lib/firewall.sh"
. "$LAB_DIR/lib/scenario.sh"

lab_prepare() {
  LAB_CERTS=${LAB_CACHE:-/run/lab}/certs
  lab_certs "$LAB_CERTS"
  lab_topology
  lab_zones
  azure_public
  lab_fronts_default
  resolvers "$UNBOUND" "$DNSMASQ"
  lab_config >/run/lab/vnetprobe.yaml
}

lab_start() {
  local fronts
  lab_fronts &
  fronts=$!
  lab_dns
  wait "$fronts"
}

# platform azure|other - whose machine this is, by its DMI chassis tag. The
# client gets its /sys anew, so the file is put there by whoever starts in it;
# the machine that the lab runs on may have no DMI at all.
platform() {
  local tag=Asset-0042
  [ "$1" != azure ] || tag=7783-7084-3265-9085-8269-3286-77
  mkdir -p /run/lab/class/dmi/id /run/lab/class/net
  echo "$tag" >/run/lab/class/dmi/id/chassis_asset_tag
  cat >/run/lab/platform <<'END'
#!/bin/sh -e
mount --bind /sys/class/net /run/lab/class/net
mount --rbind /run/lab/class /sys/class
exec "$@"
END
  chmod +x /run/lab/platform
  CHECK_WRAP=(/run/lab/platform)
}

# expect_address NAME ADDRESS... - the private endpoint's addresses, as the
# configuration has them for the entry of that name
expect_address() {
  local name=$1 list
  shift
  list=$(printf ', %s' "$@")
  sed -i "s/^  - name: $name\$/&\n    addresses: [${list#, }]/" /run/lab/vnetprobe.yaml
}

client() { ip netns exec client "$@"; }

# What the tool is told. Scenarios edit /run/lab/vnetprobe.yaml.
lab_config() {
  cat <<END
cloud: public
region: $REGION
scenario: secured
vnet: [10.20.0.0/16, "fd20::/48"]
ca_file: $LAB_CERTS/ca.pem
workspace:
  name: mlw-lab
  id: $GUID
  notebook_fqdn: $NOTEBOOK.$REGION.notebooks.azure.net
  compute_instances: [ci-one]
  online_endpoints: [score]
storage_accounts:
  - name: stlab
    services: [blob, file]
key_vaults:
  - name: kv-lab
registries:
  - name: crlab
    data_regions: [$REGION]
END
}
