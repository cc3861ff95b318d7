# Row 7. BIND believes to be the authority for blob.core.windows.net, with the
# records of some other accounts: NXDOMAIN for this one, with BIND's own SOA.
command=dns
row=7
want_status=1
want_first=dns-zone-shadowed
setup() { resolvers "$BIND"; }
break_it() {
  bind_own_zone blob.core.windows.net <<'ZONE'
stold A 10.20.2.30
stolder A 10.20.2.29
ZONE
}
