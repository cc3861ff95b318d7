# Row 10. BIND gives up on Azure DNS after 0.4 s (to rounds of 0.6 s as the 3 s of
# Windows are to real ones) and says SERVFAIL; later questions are answered.
command=dns
row=10
want_status=1
want_first=dns-forwarder-timeout
DNS_ARGS=(--rounds 4 --round-interval 600ms)
setup() {
  resolvers "$BIND"
  BIND_OPTIONS='resolver-query-timeout 400; servfail-ttl 0;'
  records_expire
}
break_it() { first_questions firewall 1 drop iifname dns ip daddr "$AZURE_DNS"; }
