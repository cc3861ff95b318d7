# Row 27: two VNets have a zone of the same name each, with part of the records;
# one of the listed servers asks from each. What one lacks the other has.
command=dns
row=27
touches='workspace notebooks registry data file blob dnsmasq'
want_first=dns-zone-split
want_status=1
setup() { other_vnet hub "$DNSMASQ"; }
break_it() {
  public_zone blob.core.windows.net 60 <<ZONE
stlab CNAME stlab.privatelink
stdata CNAME stdata.privatelink
ZONE
  public_zone privatelink.blob.core.windows.net 60 <<ZONE
stlab CNAME blob.bl5prdstr02a.store.core.windows.net.
stdata CNAME blob.bl5prdstr02a.store.core.windows.net.
ZONE
  record_add hub privatelink.blob.core.windows.net stdata A 10.20.2.27
  record_remove hub privatelink.blob.core.windows.net stlab
  sed -i 's/^  - name: stlab$/  - name: stdata\n    services: [blob]\n&/' /run/lab/vnetprobe.yaml
}
