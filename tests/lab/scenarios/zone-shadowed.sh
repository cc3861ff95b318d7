# One resolver believes that it is itself the authority for vault.azure.net and
# knows no vault: NXDOMAIN without an alias there, right at the other.
want_status=1
want_findings=dns-zone-shadowed
break_it() { DNSMASQ_OPTIONS=local=/vault.azure.net/; }
