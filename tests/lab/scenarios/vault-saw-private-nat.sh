# The VNet's own router translates sources towards the vault's private endpoint:
# the private path is used, and the vault sees another private address. A NAT
# inside, and no firewall that connects anew: as nodes of AKS do for their pods,
# so it is told of and fails nothing.
want_status=0
want_findings=service-saw-other-source
break_it() {
  in_ns router nft add rule inet lab outbound ip daddr 10.20.2.9 snat ip to 10.20.2.1
}
