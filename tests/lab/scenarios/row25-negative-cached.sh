# Row 25: the vault's record was missing, somebody asked, and now it is there.
# Azure DNS and the second server have it, the first still gives its NXDOMAIN
# until the zone's negative TTL of 10 s is over.
command=dns
row=25
touches='vault unbound'
want_first=dns-stale-negative
want_status=1
break_it() { record_remove private privatelink.vaultcore.azure.net kv-lab; }
break_running() {
  in_ns dns dig +tries=1 +time=1 @"$UNBOUND" kv-lab.vault.azure.net >/dev/null
  record_add private privatelink.vaultcore.azure.net kv-lab A 10.20.2.9
  azure_reload kv-lab.vault.azure.net
  sleep 1.2 # TTLs count whole seconds: what is from a cache has less left
}
