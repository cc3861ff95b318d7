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
