# The application rule takes everything that goes to the private endpoints.
# Registry and vault tell which source they saw; storage refuses only, and is
# told by what they say. Services that say neither stay hidden.
row=21
want_first=firewall-application-rule
want_status=1
want_findings=firewall-application-rule
break_it() {
  router_divert ip daddr 10.20.2.7 tcp dport 443 dnat ip to 203.0.113.20
  router_divert ip daddr 10.20.2.8 tcp dport 443 dnat ip to 203.0.113.21
  router_divert ip daddr 10.20.2.9 tcp dport 443 dnat ip to 203.0.113.22
  router_divert ip daddr 10.20.2.10 tcp dport 443 dnat ip to 203.0.113.23
}
