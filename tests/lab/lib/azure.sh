# azure.sh - the rest of a small Azure: what every machine needs of it that is
# public by design, and all the names that a real workspace has.
#
# azure_public is part of every lab. azure_full is for scenarios that play a
# whole place (lib/scenario.sh: place): every name of docs/sources.md (A1, P1,
# R2), private endpoints for all of them, and other tenants' resources behind
# the same public front ends, as storage stamps and registries' front ends are
# shared: an address does not tell whose the resource is.

AKS=aks-lab-dns-7b5c9d2e AKS_ZONE=9f1d4c60-2a7e-4b83-9c55-0e8a6d7f1b24
REGISTRY_GUID=c4e1a7b2-6d3f-4f08-b1a9-5e2d7c8b9a01
OTHER_GUID=8d0b6f3a-1c2e-4a5d-9e7f-4b3c2d1a0f9e # another tenant's workspace

# certificate kind, address, names; who answers there for everybody
azure_public_fronts() {
  cat <<END
arm 203.0.113.30 management.azure.com
login 203.0.113.31 login.microsoftonline.com
studio 203.0.113.32 ml.azure.com
mcr 203.0.113.33 mcr.microsoft.com eastus.data.mcr.microsoft.com
loganalytics 203.0.113.34 api.loganalytics.io
batch 203.0.113.36 lab.$REGION.batch.azure.com lab.$REGION.service.batch.azure.com
END
}

azure_public() {
  public_zone azure.com <<END
management A 203.0.113.30
ml A 203.0.113.32
lab.$REGION.batch A 203.0.113.36
lab.$REGION.service.batch A 203.0.113.36
END
  public_zone microsoftonline.com <<<'login A 203.0.113.31'
  public_zone microsoft.com <<'END'
mcr A 203.0.113.33
eastus.data.mcr A 203.0.113.33
END
  public_zone loganalytics.io <<<'api A 203.0.113.34'
  public_zone azureml.ms <<<"$REGION.tundra A 198.51.100.13"
  record_add public api.azureml.ms "$REGION.cert" "CNAME vienna-$REGION.$REGION.cloudapp.azure.com."
}

# Their servers are part of the places only, and of whoever needs one:
# azure_front KIND
azure_front() {
  local kind address names
  while read -r kind address names; do
    [ "$kind" != "$1" ] || front -n "$names" pub "$kind" "$kind" "$address"
  done < <(azure_public_fronts)
}

# azure_required - in setup, for --probe-required: somebody answers to all names
# that the scenario "secured" requires. REQUIRED_PACKETS are the packets for it.
REQUIRED_PACKETS='(tcp port 443 and (net 203.0.113.30/31 or net 203.0.113.32/31 or host 198.51.100.10)) or (tcp port 80 and host 203.0.113.31)'
azure_required() {
  local kind
  for kind in arm login studio mcr; do azure_front $kind; done
  record_add public api.azureml.ms "$REGION" "CNAME vienna-$REGION.$REGION.cloudapp.azure.com."
  front -n "$REGION.api.azureml.ms $REGION.cert.api.azureml.ms" pub region workspace 198.51.100.10
  SILENT+=('pub 203.0.113.31 80')
}

# --- a whole set-up ----------------------------------------------------------

# What is behind which addresses: kind, private endpoint, public front end.
azure_resources() {
  cat <<END
workspace  10.20.2.4  198.51.100.10
instances  10.20.2.4  198.51.100.10
notebooks  10.20.2.5  198.51.100.11
inference  10.20.2.6  198.51.100.12
blob       10.20.2.7  203.0.113.20
file       10.20.2.8  203.0.113.21
vault      10.20.2.9  203.0.113.22
registry   10.20.2.10 203.0.113.23
data       10.20.2.11 203.0.113.24
models     10.20.2.12 203.0.113.37
queue      10.20.2.13 203.0.113.25
table      10.20.2.14 203.0.113.26
dfs        10.20.2.15 203.0.113.27
geo        10.20.2.16 203.0.113.23
search     10.20.2.17 203.0.113.38
ai         10.20.2.18 203.0.113.39
mlregistry 10.20.2.23 198.51.100.10
END
}

# The host names of our resources of a kind, exactly.
azure_names() {
  case $1 in
  workspace) echo "$GUID.workspace.$REGION.api.azureml.ms $GUID.workspace.$REGION.cert.api.azureml.ms" ;;
  instances) local i; for i in ci-one ci-one-22 ci-one-8787; do
      echo "$i.$REGION.instances.azureml.ms $i.$REGION.instances.ml.azure.ms"
    done ;;
  notebooks) echo "$NOTEBOOK.$REGION.notebooks.azure.net" ;;
  inference) echo "score.$REGION.inference.ml.azure.com" ;;
  models) echo "chat.$REGION.models.ai.azure.com" ;;
  blob) echo "stlab.blob.core.windows.net streglab.blob.core.windows.net" ;;
  file | queue | table | dfs) echo "stlab.$1.core.windows.net" ;;
  vault) echo "kv-lab.vault.azure.net" ;;
  registry) echo "crlab.azurecr.io crreglab.azurecr.io" ;;
  data) echo "crlab.$REGION.data.azurecr.io crreglab.$REGION.data.azurecr.io" ;;
  geo) echo "crlab.$REGION.geo.azurecr.io" ;;
  search) echo "srch-lab.search.windows.net" ;;
  ai) echo "ai-lab.cognitiveservices.azure.com ai-lab.openai.azure.com ai-lab.services.ai.azure.com" ;;
  mlregistry) echo "$REGISTRY_GUID.registry.$REGION.api.azureml.ms $REGISTRY_GUID.registry.$REGION.privatelink.api.azureml.ms" ;;
  esac | xargs
}

# azure_access HOW [KIND...] - what the public front ends say to us: network (by
# source: only what comes through a service endpoint), accept or deny. Names of
# other tenants at the same addresses are served in any case.
azure_access() {
  local how=$1 kind private public kinds
  shift
  kinds=" ${*:-$(azure_resources | cut -d' ' -f1 | xargs)} "
  while read -r kind private public; do
    [[ $kinds == *" $kind "* ]] || continue
    front -a "$how" -n "$(azure_names "$kind")" pub "$kind" "$kind" "$public"
  done < <(azure_resources)
}

# Somebody else's account, registry, vault, workspace and endpoint at each front
# end that ours are behind, in service for everybody.
azure_tenants() {
  local kind private public
  while read -r kind private public; do
    front pub "tenants-$kind" "$kind" "$public"
  done < <(azure_resources)
  # One default server an address: the registry's front end has two kinds.
  sed -i 's/ default_server//' "$FRONTS"/pub/tenants-{geo,mlregistry}.conf
  local service
  for service in blob file queue table dfs; do
    record_add public "$service.core.windows.net" otherco \
      "CNAME $service.bl5prdstr02a.store.core.windows.net."
  done
  record_add public blob.core.windows.net mlbatch7f3 'CNAME blob.bl5prdstr02a.store.core.windows.net.'
  record_add public vault.azure.net kv-otherco 'CNAME data-prod-eus.vaultcore.azure.net.'
  record_add public azurecr.io crotherco 'CNAME eus-3.fe.azcr.io.'
  record_add public azurecr.io "crotherco.$REGION.data" 'CNAME eus-3-data.fe.azcr.io.'
  record_add public api.azureml.ms "$OTHER_GUID.workspace.$REGION" \
    "CNAME $OTHER_GUID.workspace.$REGION.privatelink"
  record_add public privatelink.api.azureml.ms "$OTHER_GUID.workspace.$REGION" \
    "CNAME vienna-$REGION.$REGION.cloudapp.azure.com."
  record_add public privatelink.api.azureml.ms "*.$OTHER_GUID.inference.$REGION" \
    "CNAME amlinf-$REGION.$REGION.cloudapp.azure.com."
  record_add public inference.ml.azure.com "rival.$REGION" \
    "CNAME rival.$OTHER_GUID.inference.$REGION.privatelink.api.azureml.ms."
}

# One more resource with a private endpoint: ZONE LABEL PRIVATE-ZONE ALIAS FRONT
# PRIVATE-ADDRESS; ALIAS and LABEL as in the zone files.
azure_linked() {
  [ -e "$ZONES/public/$1" ] || public_zone "$1" 60 </dev/null
  [ -e "$ZONES/public/$3" ] || public_zone "$3" 60 </dev/null
  [ -e "$ZONES/private/$3" ] || private_zone "$3" </dev/null
  record_add public "$1" "$2" "CNAME $4.$3."
  record_add public "$3" "$4" "CNAME $5."
  record_add private "$3" "$4" "A $6"
}

# The first thing that a place's setup does: the files are the same each time, and
# scenarios that share a cache write them once (anew when a library changed).
azure_full() {
  local cache new
  cache=${LAB_CACHE:-}/azure-$(cat "$LAB_DIR"/lib/*.sh | cksum | cut -d' ' -f1)
  if [ -z "${LAB_CACHE:-}" ]; then
    azure_write
  elif [ -e "$cache" ]; then
    cp -r "$cache"/. /run/lab/
  else
    azure_write
    new=$(mktemp -d "$cache.XXXXXX")
    cp -r "$ZONES" "$FRONTS" "$new"
    mv -T "$new" "$cache" 2>/dev/null || rm -r "$new" # somebody else was first
  fi
}

azure_write() {
  local service n i name kind private public
  n=13
  for service in queue table dfs; do
    azure_linked "$service.core.windows.net" stlab "privatelink.$service.core.windows.net" \
      stlab "$service.bl5prdstr02a.store.core.windows.net" "10.20.2.$n"
    record_add public store.core.windows.net "$service.bl5prdstr02a" "A 203.0.113.$((n + 12))"
    n=$((n + 1))
  done
  azure_linked azurecr.io "crlab.$REGION.geo" privatelink.azurecr.io "crlab.$REGION.geo" \
    eus-3.fe.azcr.io 10.20.2.16
  # Port forms, and the other suffix.
  public_zone instances.ml.azure.ms </dev/null
  for i in ci-one ci-one-22 ci-one-8787; do
    for name in instances.azureml.ms instances.ml.azure.ms; do
      record_set public "$name" "$i.$REGION" "CNAME $GUID.workspace.$REGION.privatelink.api.azureml.ms."
    done
  done
  azure_linked models.ai.azure.com "chat.$REGION" privatelink.api.azureml.ms \
    "chat.$GUID.models.$REGION" "models-$REGION.$REGION.cloudapp.azure.com" 10.20.2.12
  record_add public cloudapp.azure.com "models-$REGION.$REGION" 'A 203.0.113.37'
  azure_linked search.windows.net srch-lab privatelink.search.windows.net srch-lab \
    "srch-$REGION.$REGION.cloudapp.azure.com" 10.20.2.17
  record_add public cloudapp.azure.com "srch-$REGION.$REGION" 'A 203.0.113.38'
  for name in cognitiveservices.azure.com openai.azure.com services.ai.azure.com; do
    azure_linked $name ai-lab privatelink.$name ai-lab "ai-$REGION.$REGION.cloudapp.azure.com" 10.20.2.18
  done
  record_add public cloudapp.azure.com "ai-$REGION.$REGION" 'A 203.0.113.39'
  # A registry of Azure ML's, with an account and a container registry of its own.
  azure_linked api.azureml.ms "$REGISTRY_GUID.registry.$REGION" privatelink.api.azureml.ms \
    "$REGISTRY_GUID.registry.$REGION" "vienna-$REGION.$REGION.cloudapp.azure.com" 10.20.2.23
  azure_linked blob.core.windows.net streglab privatelink.blob.core.windows.net streglab \
    blob.bl5prdstr02a.store.core.windows.net 10.20.2.24
  azure_linked azurecr.io crreglab privatelink.azurecr.io crreglab eus-3.fe.azcr.io 10.20.2.25
  azure_linked azurecr.io "crreglab.$REGION.data" privatelink.azurecr.io "crreglab.$REGION.data" \
    eus-3-data.fe.azcr.io 10.20.2.26
  azure_monitor
  for name in applicationinsights.azure.com applicationinsights.microsoft.com services.visualstudio.com; do
    azure_linked $name dc privatelink.monitor.azure.com global.in.ai \
      "monitor-$REGION.$REGION.cloudapp.azure.com" 10.20.2.20
  done
  for i in public private; do # the three share one record
    uniq "$ZONES/$i/privatelink.monitor.azure.com" >"$ZONES/tmp"
    mv "$ZONES/tmp" "$ZONES/$i/privatelink.monitor.azure.com"
  done
  azure_linked oms.opinsights.azure.com "$MONITOR_WORKSPACE" privatelink.oms.opinsights.azure.com \
    "$MONITOR_WORKSPACE" "monitor-$REGION.$REGION.cloudapp.azure.com" 10.20.2.21

  while read -r kind private public; do
    case $kind in
    models | queue | table | dfs | geo | search | ai | mlregistry)
      front pe "$kind" "$kind" "$private" ;;
    esac
  done < <(azure_resources)
  front pe registry-blob blob 10.20.2.24
  front pe registry-login registry 10.20.2.25
  front pe registry-data data 10.20.2.26
  front pe monitor monitor 10.20.2.20 10.20.2.21
  azure_tenants
  azure_access network
  for kind in arm login studio mcr; do azure_front $kind; done
}

# azure_agents - the regional host of Azure ML's agents, which wants to see a
# certificate of the client's
azure_agents() {
  front -n "$REGION.cert.api.azureml.ms" pub agents workspace 198.51.100.10
  sed -i "s|^  ssl_certificate_key.*|&\n  ssl_verify_client on;\n  ssl_client_certificate $LAB_CERTS/ca.pem;|" \
    "$FRONTS/pub/agents.conf"
}

# azure_aks public|private - an AKS cluster's API server
azure_aks() {
  public_zone azmk8s.io <<<"$AKS.hcp.$REGION A 203.0.113.40"
  if [ "$1" = public ]; then
    front pub aks aks 203.0.113.40
    azure_setting "aks_clusters: [{ name: $AKS.hcp.$REGION.azmk8s.io }]"
  else
    private_zone "$AKS_ZONE.privatelink.$REGION.azmk8s.io" <<<"$AKS A 10.20.2.22"
    front pe aks aks 10.20.2.22
    azure_setting "aks_clusters: [{ name: $AKS.$AKS_ZONE.privatelink.$REGION.azmk8s.io }]"
  fi
  sed -i "s|^ca_file: .*|ca_file: $LAB_CERTS/ca-and-cluster.pem|" /run/lab/vnetprobe.yaml
}

# azure_no_endpoint KIND... - as no_private_endpoint, for all kinds of azure_full
azure_no_endpoint() {
  local kind i
  for kind in "$@"; do
    case $kind in
    queue | table | dfs)
      record_set public "$kind.core.windows.net" stlab "CNAME $kind.bl5prdstr02a.store.core.windows.net."
      record_remove private "privatelink.$kind.core.windows.net" stlab ;;
    registry)
      no_private_endpoint registry
      record_set public azurecr.io "crlab.$REGION.geo" "CNAME eus-3.fe.azcr.io."
      record_remove private privatelink.azurecr.io "crlab.$REGION.geo" ;;
    workspace)
      no_private_endpoint workspace
      for i in ci-one ci-one-22 ci-one-8787; do
        record_set public instances.azureml.ms "$i.$REGION" "CNAME vienna-$REGION.$REGION.cloudapp.azure.com."
        record_set public instances.ml.azure.ms "$i.$REGION" "CNAME vienna-$REGION.$REGION.cloudapp.azure.com."
      done
      record_set public models.ai.azure.com "chat.$REGION" "CNAME models-$REGION.$REGION.cloudapp.azure.com." ;;
    search)
      record_set public search.windows.net srch-lab "CNAME srch-$REGION.$REGION.cloudapp.azure.com."
      record_remove private privatelink.search.windows.net srch-lab ;;
    ai)
      for i in cognitiveservices.azure.com openai.azure.com services.ai.azure.com; do
        record_set public $i ai-lab "CNAME ai-$REGION.$REGION.cloudapp.azure.com."
        record_remove private privatelink.$i ai-lab
      done ;;
    *) no_private_endpoint "$kind" ;;
    esac
  done
}

# azure_config SCENARIO - the configuration of all of it
azure_config() {
  sed -i "s/^scenario: .*/scenario: $1/; s/compute_instances: .*/compute_instances: [ci-one, ci-one-22]/
    s/^  online_endpoints: .*/&\n  serverless_models: [chat]/
    s/services: .*/services: [blob, file, queue, table, dfs]/" /run/lab/vnetprobe.yaml
  cat >>/run/lab/vnetprobe.yaml <<END
search_services: [{ name: srch-lab }]
ai_services:
  - name: ai-lab
    services: [cognitiveservices, openai, services.ai]
targets:
  - name: crlab.$REGION.geo.azurecr.io
END
}

# azure_setting LINE... - more lines of the configuration
azure_setting() { # before the targets, which are the end
  local line
  for line in "$@"; do sed -i "s|^targets:|$line\n&|" /run/lab/vnetprobe.yaml; done
}

# azure_target NAME [LINE...] - one more target, with its settings
azure_target() {
  echo "  - name: $1" >>/run/lab/vnetprobe.yaml
  shift
  [ $# = 0 ] || printf '    %s\n' "$@" >>/run/lab/vnetprobe.yaml
}

# azure_tags - the file of service tags, as far as this Azure goes
azure_tags() {
  cat >/run/lab/ServiceTags_Lab.json <<END
{"changeNumber": 1, "cloud": "Public", "values": [
$(azure_tag AzureMachineLearning 198.51.100.8/29),
$(azure_tag AzureActiveDirectory 203.0.113.31/32),
$(azure_tag AzureResourceManager 203.0.113.30/32),
$(azure_tag BatchNodeManagement.EastUS 203.0.113.36/32),
$(azure_tag MicrosoftContainerRegistry 203.0.113.33/32),
$(azure_tag Storage.EastUS 203.0.113.20/30)
]}
END
}
azure_tag() { # NAME PREFIX
  local region=${1#*.}
  [ "$region" != "$1" ] || region=''
  printf '{"name": "%s", "id": "%s", "properties": {"changeNumber": 1, "region": "%s", "regionId": 0, "platform": "Azure", "systemService": "%s", "addressPrefixes": ["%s"], "networkFeatures": null}}' \
    "$1" "$1" "${region,,}" "${1%%.*}" "$2"
}

# azure_tunnel ADDRESS - somebody who takes datagrams to port 5831, and is silent
azure_tunnel() {
  local peer
  peer=$(lab_tool lab_peer)
  nsenter --net=/run/netns/pub -- "$peer" dns no-tcp "$1" 5831 &
}

# azure_inbound ADDRESS PORT - from this public address to the client, as often
# as `during` says; somebody has to listen there: azure_listener PORT, in running
azure_inbound() {
  during in_ns pub curl -s -m 0.3 --interface "$1" "http://$CLIENT:$2/"
}
azure_listener() {
  local peer
  peer=$(lab_tool lab_peer)
  nsenter --net=/run/netns/client -- "$peer" tcp "$CLIENT" "$1" &
}
