# Row 26: resolv.conf asks for five dots before a name counts as whole, and the
# company's zone has a wildcard: programs get its address for NAME.corp.example
# and never ask for NAME. In the twin the zone has no wildcard.
command=dns
row=26
touches='resolv.conf'
want_first=dns-search-suffix
want_status=1
setup() {
  printf 'search corp.example\noptions ndots:5\n' >>/etc/resolv.conf
  private_zone corp.example <<<"intranet A 10.20.9.80"
}
break_it() { record_add private corp.example '*' A 10.20.9.80; }
