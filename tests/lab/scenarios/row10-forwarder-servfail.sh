# Row 10. BIND has Azure DNS as its only forwarder; the first questions for each
# name do not get there, and it says SERVFAIL. Later ones are answered. Records
# are expired in every round.
command=dns
row=10
want_status=1
want_first=dns-forwarder-timeout
setup() {
  resolvers "$BIND"
  BIND_OPTIONS='servfail-ttl 0;'
  records_expire
}
break_it() { first_questions firewall 2 reject iifname dns ip daddr "$AZURE_DNS"; }
