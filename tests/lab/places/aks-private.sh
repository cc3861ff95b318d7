# aks-private: the control plane has a private endpoint; its name exists in the
# private zone only.
breaks='zone-not-linked endpoint-moved authority-not-given'
asked='4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 22'
setup() {
  azure_full
  azure_config aks-private
  azure_aks private
}

break_zone-not-linked() {
  want 1 dns-name-unknown
  break_it() { zone_unlink "$AKS_ZONE.privatelink.$REGION.azmk8s.io"; }
}

# The cluster was stopped and started; the record still has the old address.
break_endpoint-moved() {
  want 1 tcp-timeout
  plan_packets='host 10.20.2.29 and tcp port 443'
  break_it() {
    record_set private "$AKS_ZONE.privatelink.$REGION.azmk8s.io" "$AKS" 'A 10.20.2.29'
    router_rule ip daddr 10.20.2.29 drop
  }
}

# The machine lacks the cluster's own authority: said, and no failure.
break_authority-not-given() {
  want 0 tls-cluster-ca
  break_it() { sed -i "s|^ca_file: .*|ca_file: $LAB_CERTS/ca.pem|" /run/lab/vnetprobe.yaml; }
}
