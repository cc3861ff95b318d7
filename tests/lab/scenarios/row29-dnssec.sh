# Row 29: the first server validates, and has a trust anchor for windows.net,
# which is not signed: SERVFAIL for all below, but not with checking disabled.
# In the twin it validates without that anchor: unsigned names are no harm.
command=dns
row=29
touches='blob file unbound'
want_first=dns-dnssec-bogus
want_status=1
setup() { UNBOUND_SERVER='  module-config: "validator iterator"'; }
break_it() {
  UNBOUND_SERVER+='
  trust-anchor: "windows.net. DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"'
}
