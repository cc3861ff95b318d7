# Row 1 for ten storage accounts at once: one missing link, one finding.
command=dns
row=1
want_status=1
want_first=dns-zone-not-linked
touches='blob'
want_count=1
setup() {
  local n
  for n in $(seq 21 30); do
    record_add public blob.core.windows.net "st$n" "CNAME st$n.privatelink"
    record_add public privatelink.blob.core.windows.net "st$n" \
      'CNAME blob.bl5prdstr02a.store.core.windows.net.'
    record_add private privatelink.blob.core.windows.net "st$n" "A 10.20.2.$n"
    sed -i "s/^storage_accounts:\$/&\n  - name: st$n\n    services: [blob]/" /run/lab/vnetprobe.yaml
  done
}
break_it() { zone_unlink privatelink.blob.core.windows.net; }
