# Everything as it should be: two resolvers in the VNet (unbound, dnsmasq) ask
# Azure DNS, which has the private zones linked. Traps that must not fire: the
# notebooks front end redirects off the host, one issuing CA serves several
# services, private zones have no AAAA, the registry's aliases live long.
want_status=0
want_findings=''
twin=no # it is the twin
