#!/bin/bash
# For the setup script box, where no file share can be mounted: wants nothing but
# bash, coreutils and getent, and is over within 15 s. Ends with 0; with the argument
# strict: 0 private, 1 not, 3 could not tell. Only private addresses are connected
# to. Packets are not watched: vnetprobe check does that.

# Fill in your names, as name or name:port.
names='mystorage.blob.core.windows.net mystorage.file.core.windows.net:445
  myvault.vault.azure.net myregistry.azurecr.io
  WORKSPACEID.workspace.REGION.api.azureml.ms'
# How your VNet's addresses begin, if they are not 10., 172.16-31., 192.168. or
# 100.64-127.; e.g. '20.30.'
vnet=''

private() { # ADDRESS
  local v n='[0-9]{1,3}'
  for v in $vnet; do [[ $1 != "$v"* ]] || return 0; done
  [[ $1 =~ ^(10\.$n|172\.(1[6-9]|2[0-9]|3[01])|192\.168|100\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7]))\.$n\.$n$ ||
    $1 =~ ^f[cd][0-9a-f]{2}:[0-9a-f:]+$ ]]
}
at() { # NAME PORT ADDRESS
  private "$3" || { echo "! $1: $3 is not private: not connected to" && return; }
  # shellcheck disable=SC2016 # that shell's own words
  timeout -k 1 3 bash -c ': <>"/dev/tcp/$1/$2"' _ "$3" "$2" 2>/dev/null
  case $? in
  0) echo "+ $1: $3, port $2 open" ;;
  124 | 137) echo "! $1: $3, port $2: no answer within 3 s" ;;
  *) echo "! $1: $3, port $2: refused, or no way there" ;;
  esac
}
one() { # NAME PORT
  local found told
  found=$(timeout -k 1 6 getent ahosts "$1" 2>/dev/null)
  case $?:$found in
  0:?*)
    found=$(echo "$found" | cut -d' ' -f1 | sort -u)
    told=$(for a in $found; do at "$1" "$2" "$a" & done && wait)
    [ "$(echo "$told" | wc -l)" = "$(echo "$found" | wc -l)" ] || echo "? $1: not all was looked at"
    echo "$told"
    ;;
  124:* | 137:*) echo "? $1: no answer within 6 s: DNS hangs" ;;
  *) echo "? $1: no address: no such name here, or DNS fails" ;;
  esac
}

case " ${names//[[:space:]]/ }" in *WORKSPACEID* | *REGION* | *' mystorage.'* | *' myvault.'* | *' myregistry.'*)
  echo "vnetprobe inline: inconclusive: fill in your names: WORKSPACEID, REGION, mystorage, myvault and myregistry are samples"
  [ "${1:-}" = strict ] || exit 0
  exit 3
  ;;
esac
said=$(for n in $names; do case $n in *:*) one "${n%:*}" "${n##*:}" ;; *) one "$n" 443 ;; esac & done && wait)
echo "$said" | sort
verdict='pass: each name is private and its port open; packets were not watched' status=0
for n in $names; do
  case $said in *"+ ${n%:*}: "*) ;; *) verdict='inconclusive: not every name could be looked up' status=3 ;; esac
done
[ -n "${names// /}" ] || { verdict='inconclusive: no name was given' status=3; }
case $said in *'? '*) verdict='inconclusive: not every name could be looked up' status=3 ;; esac
case $said in *'! '*) verdict='fail: not all is private and answers' status=1 ;; esac
echo "vnetprobe inline: $verdict"
[ "${1:-}" = strict ] || exit 0
exit $status
