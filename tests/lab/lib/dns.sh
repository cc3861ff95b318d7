# dns.sh - Azure DNS, its zones, and the VNet's own resolvers.
#
# One BIND plays two servers: at 168.63.129.16 Azure DNS, in whose view "linked"
# (askers in the VNet) the private zones stand above the public ones; at
# 203.0.113.53 a public resolver, for which private zones do not exist. Both
# hold the root, so that no other name leads anywhere: NXDOMAIN.
#
# A public zone is $ZONES/public/ZONE, a private zone that is linked to the VNet
# $ZONES/private/ZONE. Scenarios edit these files before the servers start, or
# later and then call azure_reload.

ZONES=/run/lab/zones
LINKED_FROM=10.20.0.0/16 # who sees the linked zones at 168.63.129.16

# public_zone ZONE [TTL] <records
public_zone() {
  {
    echo "\$TTL ${2:-300}"
    echo "@ IN SOA ns1-01.azure-dns.com. azuredns-hostmaster.microsoft.com. 1 3600 300 2419200 300"
    echo "@ IN NS ns1-01.azure-dns.com."
    text
  } >"$ZONES/public/$1"
}

# private_zone ZONE <records: as a private endpoint's zone group writes them
private_zone() {
  {
    echo "\$TTL 10"
    echo "@ 3600 IN SOA azureprivatedns.net. azureprivatedns-host.microsoft.com. 1 3600 300 2419200 10"
    echo "@ 3600 IN NS azureprivatedns.net."
    text
  } >"$ZONES/private/$1"
}

# For scenarios. A LABEL stands in a zone file as written there.
zone_unlink() { local z; for z in "$@"; do rm "$ZONES/private/$z"; done; }
zone_unlink_all() { rm "$ZONES"/private/*; }
record_remove() { # SIDE ZONE LABEL - all records of a label
  awk -v l="$3" '$1 != l' "$ZONES/$1/$2" >"$ZONES/tmp"
  mv "$ZONES/tmp" "$ZONES/$1/$2"
}
record_add() { echo "$3 ${*:4}" >>"$ZONES/$1/$2"; } # SIDE ZONE LABEL REST...
record_set() { record_remove "$1" "$2" "$3"; record_add "$@"; }
# other_vnet NAME ASKERS - a VNet of its own around these askers, in which copies
# of the private zones are linked: $ZONES/NAME/ZONE
OTHER_VNETS=()
other_vnet() {
  OTHER_VNETS+=("$1 $2")
  cp -r "$ZONES/private" "$ZONES/$1"
}
# record_falls_back ZONE LABEL - the link has "fallback to internet"
# (NxDomainRedirect) and the linked zone lacks this record: Azure DNS then asks
# the public zone instead, for this name only
FALLBACK=()
record_falls_back() {
  record_set private "$1" "$2" 'NS redirect.invalid.'
  FALLBACK+=("$2.$1")
}
# no_private_endpoint KIND - the resource never had one: its public name goes
# straight to the stamp, its private record does not exist
no_private_endpoint() {
  case $1 in
  blob | file)
    record_set public "$1.core.windows.net" stlab "CNAME $1.bl5prdstr02a.store.core.windows.net."
    record_remove private "privatelink.$1.core.windows.net" stlab ;;
  vault)
    record_set public vault.azure.net kv-lab "CNAME data-prod-eus.vaultcore.azure.net."
    record_remove private privatelink.vaultcore.azure.net kv-lab ;;
  registry)
    record_set public azurecr.io crlab "CNAME eus-3.fe.azcr.io."
    record_set public azurecr.io "crlab.$REGION.data" "CNAME eus-3-data.fe.azcr.io."
    record_remove private privatelink.azurecr.io crlab
    record_remove private privatelink.azurecr.io "crlab.$REGION.data" ;;
  workspace)
    record_set public api.azureml.ms "$GUID.workspace.$REGION" "CNAME vienna-$REGION.$REGION.cloudapp.azure.com."
    record_set public api.azureml.ms "$GUID.workspace.$REGION.cert" "CNAME vienna-$REGION.$REGION.cloudapp.azure.com."
    record_set public instances.azureml.ms "ci-one.$REGION" "CNAME vienna-$REGION.$REGION.cloudapp.azure.com."
    record_set public inference.ml.azure.com "score.$REGION" "CNAME amlinf-$REGION.$REGION.cloudapp.azure.com."
    record_set public notebooks.azure.net "$NOTEBOOK.$REGION" "CNAME notebooks-$REGION.$REGION.cloudapp.azure.com."
    zone_unlink privatelink.api.azureml.ms privatelink.notebooks.azure.net ;;
  esac
}

lab_zones() {
  mkdir -p "$ZONES/public" "$ZONES/private"
  printf '. 300 IN SOA a.root. nobody.root. 1 3600 300 2419200 300\n. 300 IN NS a.root.\na.root. 300 IN A 192.0.2.2\n' \
    >"$ZONES/root"
  # Workspace: the public names lead to privatelink aliases, those (for whoever
  # has no linked zone) to the regional public front ends.
  public_zone api.azureml.ms <<END
$GUID.workspace.$REGION CNAME $GUID.workspace.$REGION.privatelink
$GUID.workspace.$REGION.cert CNAME $GUID.workspace.$REGION.cert.privatelink
$REGION CNAME vienna-$REGION.$REGION.cloudapp.azure.com.
END
  public_zone privatelink.api.azureml.ms <<END
$GUID.workspace.$REGION CNAME vienna-$REGION.$REGION.cloudapp.azure.com.
$GUID.workspace.$REGION.cert CNAME vienna-$REGION.$REGION.cloudapp.azure.com.
*.$GUID.inference.$REGION CNAME amlinf-$REGION.$REGION.cloudapp.azure.com.
END
  public_zone notebooks.azure.net <<END
$NOTEBOOK.$REGION CNAME $NOTEBOOK.$REGION.privatelink
END
  public_zone privatelink.notebooks.azure.net <<END
$NOTEBOOK.$REGION CNAME notebooks-$REGION.$REGION.cloudapp.azure.com.
END
  public_zone instances.azureml.ms <<END
ci-one.$REGION CNAME $GUID.workspace.$REGION.privatelink.api.azureml.ms.
END
  public_zone inference.ml.azure.com <<END
score.$REGION CNAME score.$GUID.inference.$REGION.privatelink.api.azureml.ms.
END
  public_zone cloudapp.azure.com <<END
vienna-$REGION.$REGION A 198.51.100.10
notebooks-$REGION.$REGION A 198.51.100.11
amlinf-$REGION.$REGION A 198.51.100.12
END
  # Storage, vault, registry.
  local service
  for service in blob file; do
    public_zone "$service.core.windows.net" 60 <<END
stlab CNAME stlab.privatelink
END
    public_zone "privatelink.$service.core.windows.net" 60 <<END
stlab CNAME $service.bl5prdstr02a.store.core.windows.net.
END
  done
  public_zone store.core.windows.net 60 <<END
blob.bl5prdstr02a A 203.0.113.20
file.bl5prdstr02a A 203.0.113.21
END
  public_zone vault.azure.net 60 <<END
kv-lab CNAME kv-lab.privatelink.vaultcore.azure.net.
END
  public_zone vaultcore.azure.net 60 <<END
data-prod-eus CNAME data-prod-eus-region
data-prod-eus-region A 203.0.113.22
END
  public_zone privatelink.vaultcore.azure.net 60 <<END
kv-lab CNAME data-prod-eus.vaultcore.azure.net.
END
  public_zone azurecr.io 1783 <<END
crlab CNAME crlab.privatelink
crlab.$REGION.data CNAME crlab.$REGION.data.privatelink
END
  public_zone privatelink.azurecr.io 1783 <<END
crlab CNAME eus-3.fe.azcr.io.
crlab.$REGION.data CNAME eus-3-data.fe.azcr.io.
END
  public_zone fe.azcr.io 60 <<END
eus-3 A 203.0.113.23
eus-3-data A 203.0.113.24
END
  public_zone example <<END
telemetry A 203.0.113.99
updates A 203.0.113.9
mirror A 203.0.113.9
END

  # What the zone groups of the private endpoints wrote.
  private_zone privatelink.api.azureml.ms <<END
$GUID.workspace.$REGION A 10.20.2.4
$GUID.workspace.$REGION.cert A 10.20.2.4
*.$GUID.inference.$REGION A 10.20.2.6
END
  private_zone privatelink.notebooks.azure.net <<END
$NOTEBOOK.$REGION A 10.20.2.5
END
  private_zone privatelink.blob.core.windows.net <<END
stlab A 10.20.2.7
END
  private_zone privatelink.file.core.windows.net <<END
stlab A 10.20.2.8
END
  private_zone privatelink.vaultcore.azure.net <<END
kv-lab A 10.20.2.9
END
  private_zone privatelink.azurecr.io <<END
crlab A 10.20.2.10
crlab.$REGION.data A 10.20.2.11
END
}

# azure_monitor - the names of an Azure Monitor private link scope. Those of the
# API and of the ingestion are shared by all resources of all scopes.
MONITOR_WORKSPACE=7b1f9d52-0c8e-4a63-b7de-2f4c6a8e0d13
azure_monitor() {
  record_add public cloudapp.azure.com "monitor-$REGION.$REGION" 'A 203.0.113.9'
  public_zone monitor.azure.com <<END
api CNAME api.privatelink
$REGION-8.in.ai CNAME $REGION-8.in.ai.privatelink
END
  public_zone privatelink.monitor.azure.com <<END
api CNAME monitor-$REGION.$REGION.cloudapp.azure.com.
$REGION-8.in.ai CNAME monitor-$REGION.$REGION.cloudapp.azure.com.
END
  public_zone applicationinsights.azure.com <<END
$REGION-8.in CNAME $REGION-8.in.ai.monitor.azure.com.
END
  public_zone ods.opinsights.azure.com <<END
$MONITOR_WORKSPACE CNAME $MONITOR_WORKSPACE.privatelink
END
  public_zone privatelink.ods.opinsights.azure.com <<END
$MONITOR_WORKSPACE CNAME monitor-$REGION.$REGION.cloudapp.azure.com.
END
  private_zone privatelink.monitor.azure.com <<END
api A 10.20.2.20
$REGION-8.in.ai A 10.20.2.20
END
  private_zone privatelink.ods.opinsights.azure.com <<END
$MONITOR_WORKSPACE A 10.20.2.21
END
}

named_options() { # DIRECTORY LISTEN-ADDRESSES
  cat <<END
options {
  directory "$1";
  pid-file "$1/pid";
  session-keyfile none;
  listen-on { $2 };
  listen-on-v6 { none; };
  dnssec-validation ${BIND_DNSSEC:-no};
  empty-zones-enable no;
  minimal-responses yes;
  notify no;
  max-cache-size 4m;
  qname-minimization off;
};
controls { };
END
}

# azure_view NAME PRIVATE-ZONES ASKERS - without askers: the Internet's view.
# Azure DNS is no authority to those who ask it (no AA), and it caches: the zones
# stand in a view behind, which the one in front forwards to.
azure_view() {
  local zone side behind
  AZURE_VIEWS=$((AZURE_VIEWS + 1))
  behind=127.0.1.$AZURE_VIEWS
  ip -n azure addr replace "$behind/32" dev lo
  echo "view $1-zones {"
  echo "  match-destinations { $behind; };"
  echo "  recursion yes; allow-recursion { any; }; allow-query-cache { any; };"
  echo "  zone . { type primary; file \"$ZONES/root\"; };"
  for zone in $({ ls "$ZONES/public" && ls "$ZONES/$2"; } | sort -u); do
    side=public
    [ "$2" = public ] || [ ! -e "$ZONES/$2/$zone" ] || side=$2
    [ ! -e "$ZONES/$side/$zone" ] ||
      echo "  zone $zone { type primary; file \"$ZONES/$side/$zone\"; };"
  done
  [ "$2" = public ] || for zone in "${FALLBACK[@]}"; do
    echo "  zone $zone { type forward; forward only; forwarders { $PUBLIC_DNS; }; };"
  done
  echo "};"
  echo "view $1 {"
  [ -z "$3" ] ||
    echo "  match-destinations { $AZURE_DNS; }; match-clients { $3; };"
  echo "  recursion yes; allow-recursion { any; }; allow-query-cache { any; };"
  echo "  forward only; forwarders { $behind; };"
  echo "};"
}

AZURE_OPTIONS='' # more lines for the options of this BIND
lab_azure_dns() {
  local dir=/run/lab/azure-dns vnet AZURE_VIEWS=0
  mkdir -p "$dir"
  {
    named_options "$dir" "$AZURE_DNS; $PUBLIC_DNS; 127.0.1/24;" | sed '/^};/,$d'
    echo "  $AZURE_OPTIONS"
    echo "}; controls { };"
    for vnet in "${OTHER_VNETS[@]}"; do
      azure_view "${vnet%% *}" "${vnet%% *}" "${vnet#* }"
    done
    azure_view linked private "$LINKED_FROM"
    azure_view internet public ''
  } >"$dir/named.conf"
  in_ns azure "$(lab_program named)" -n 1 -c "$dir/named.conf" -D azure
}

# azure_reload NAME - Azure DNS reads the zone files again and forgets what it
# had cached; waits until the name leads to an address in the view of the VNet's
# resolvers
azure_reload() {
  local n=0 pid
  pid=$(cat /run/lab/azure-dns/pid)
  kill "$pid"
  while kill -0 "$pid" 2>/dev/null; do sleep 0.01; done
  lab_azure_dns
  until in_ns dns dig +short +tries=1 +time=1 @"$AZURE_DNS" "$1" | grep -q '^10\.'; do
    [ $((n += 1)) -lt 50 ] || return 1
    sleep 0.05
  done
}

# forward_to RESOLVER ADDRESS - where a VNet resolver sends its questions
declare -A UPSTREAM=()
forward_to() { UPSTREAM[$1]=$2; }
# What else a resolver's configuration holds; scenarios append.
UNBOUND_SERVER='' UNBOUND_CLAUSES='' DNSMASQ_OPTIONS='' BIND_OPTIONS='' BIND_ZONES=''
BIND_FLAGS=() BIND_DNSSEC=no
# conditional_forwarders ADDRESS ZONE... - every make is told to send these zones
# there, in its own language; what else it is asked goes where forward_to says.
# conditional_forwarder_remove ZONE... - those lines are missing
declare -A CONDITIONAL=()
conditional_forwarders() { local z; for z in "${@:2}"; do CONDITIONAL[$z]=$1; done; }
conditional_forwarder_remove() { local z; for z in "$@"; do unset "CONDITIONAL[$z]"; done; }
# What Azure ML and its resources need forwarded (docs/sources.md: A1, P1), and
# the zones that must not be, because the alias is not what anybody asks for.
FORWARD_ZONES=(api.azureml.ms notebooks.azure.net instances.azureml.ms
  inference.ml.azure.com aznbcontent.net blob.core.windows.net
  file.core.windows.net vault.azure.net vaultcore.azure.net azurecr.io)
PRIVATELINK_ZONES=(privatelink.api.azureml.ms privatelink.notebooks.azure.net
  privatelink.blob.core.windows.net privatelink.file.core.windows.net
  privatelink.vaultcore.azure.net privatelink.azurecr.io)
# bind_own_zone ZONE <records - BIND believes to be the authority for it
bind_own_zone() {
  mkdir -p "$ZONES/own"
  {
    echo "\$TTL 3600"
    echo "@ IN SOA dc01.corp.example. hostmaster.corp.example. 7 900 600 86400 3600"
    echo "@ IN NS dc01.corp.example."
    text
  } >"$ZONES/own/$1"
  BIND_ZONES+="
zone $1 { type primary; file \"$ZONES/own/$1\"; };"
}
# records_expire - time is scaled, rounds come every 200 ms instead of every 4 s:
# records live for no time at all, so that each round finds them expired
records_expire() { sed -i 's/^\$TTL .*/$TTL 0/' "$ZONES"/public/* "$ZONES"/private/*; }
BIND_CLIENTS=10.20.0.0/16

lab_unbound() {
  local zone
  mkdir -p /run/lab/unbound
  cat >/run/lab/unbound/unbound.conf <<END
server:
  directory: /run/lab/unbound
  chroot: ""
  username: ""
  pidfile: /run/lab/unbound/pid
  logfile: /run/lab/unbound/log
  use-syslog: no
  interface: $UNBOUND
  interface: $UNBOUND6
  outgoing-interface: $UNBOUND
  access-control: 10.20.0.0/16 allow
  access-control: fd20::/48 allow
  module-config: "iterator"
  num-threads: 1
  so-reuseport: no
  do-daemonize: yes
$UNBOUND_SERVER
forward-zone:
  name: .
  forward-addr: ${UPSTREAM[unbound]:-$AZURE_DNS}
$(for zone in "${!CONDITIONAL[@]}"; do
    printf 'forward-zone:\n  name: %s\n  forward-addr: %s\n' "$zone" "${CONDITIONAL[$zone]}"
  done)
$UNBOUND_CLAUSES
remote-control:
  control-enable: no
END
  in_ns dns "$(lab_program unbound)" -c /run/lab/unbound/unbound.conf
}

lab_dnsmasq() {
  local zone
  mkdir -p /run/lab/dnsmasq
  {
    for zone in "${!CONDITIONAL[@]}"; do echo "server=/$zone/${CONDITIONAL[$zone]}"; done
    printf '%s\n' "$DNSMASQ_OPTIONS"
  } >/run/lab/dnsmasq/conf
  in_ns dns "$(lab_program dnsmasq)" --conf-file=/run/lab/dnsmasq/conf \
    --user= --group= --pid-file=/run/lab/dnsmasq/pid --no-resolv --no-hosts \
    --log-facility=/run/lab/dnsmasq/log --bind-interfaces \
    --listen-address="$DNSMASQ" --server="${UPSTREAM[dnsmasq]:-$AZURE_DNS}@$DNSMASQ"
}

lab_bind() {
  local dir=/run/lab/bind zone
  mkdir -p "$dir"
  {
    named_options "$dir" "$BIND;" | sed '/^};/,$d'
    echo "  recursion yes; allow-recursion { $BIND_CLIENTS; };"
    echo "  query-source address $BIND;"
    echo "  forward only; forwarders { ${UPSTREAM[bind]:-$AZURE_DNS}; };"
    echo "  $BIND_OPTIONS"
    echo "}; controls { };"
    for zone in "${!CONDITIONAL[@]}"; do
      echo "zone $zone { type forward; forward only; forwarders { ${CONDITIONAL[$zone]}; }; };"
    done
    echo "$BIND_ZONES"
  } >"$dir/named.conf"
  in_ns dns "$(lab_program named)" -n 1 "${BIND_FLAGS[@]}" -c "$dir/named.conf" -D bind
}

# more_servers ADDRESS... - are started as well, though on nobody's list
LAB_SERVERS=''
more_servers() { LAB_SERVERS+=" $*"; }
# resolvers ADDRESS... - the client's resolv.conf; only these are started
resolvers() {
  LAB_RESOLVERS=$*
  printf 'nameserver %s\n' "$@" >/etc/resolv.conf
}

# stub_resolver - as with systemd-resolved: resolv.conf names a stub on the
# client itself, the servers stand in a file of their own. dnsmasq plays it.
stub_resolver() {
  LAB_STUB=yes
  mkdir -p /run/systemd/resolve
  cp /etc/resolv.conf /run/systemd/resolve/resolv.conf
  echo 'nameserver 127.0.0.53' >/etc/resolv.conf
}

STUB_ROUTES=() # dnsmasq's --server options, where domains go separate ways
lab_stub() {
  local r servers=("${STUB_ROUTES[@]}")
  [ ${#servers[@]} -gt 0 ] || for r in $LAB_RESOLVERS; do servers+=(--server="$r"); done
  : >/run/lab/stub.conf
  in_ns client "$(lab_program dnsmasq)" --conf-file=/run/lab/stub.conf --user= --group= \
    --pid-file=/run/lab/stub.pid --no-resolv --no-hosts --bind-interfaces \
    --log-facility=/run/lab/stub.log --listen-address=127.0.0.53 "${servers[@]}"
}

# resolver_hostile MODE ADDRESS - lab_peer answers there in place of a server
declare -A HOSTILE=()
resolver_hostile() { HOSTILE[$2]=$1; }

lab_dns() {
  local r peer azure
  lab_program named >/dev/null # before two want it at once
  lab_azure_dns &
  azure=$!
  for r in $LAB_RESOLVERS $LAB_SERVERS; do
    if [ -n "${HOSTILE[$r]:-}" ]; then
      peer=$(lab_tool lab_peer)
      nsenter --net=/run/netns/dns -- "$peer" dns "${HOSTILE[$r]}" "$r" 53 &
      continue
    fi
    case $r in
    "$UNBOUND" | "$UNBOUND6") [ -e /run/lab/unbound/pid ] || lab_unbound ;;
    "$DNSMASQ") lab_dnsmasq ;;
    "$BIND") lab_bind ;;
    esac
  done
  [ -z "${LAB_STUB:-}" ] || lab_stub
  wait "$azure"
}
