# Both servers answer the vault's name with its private address and no alias:
# kept by hand, or flattened. Right for now, and nothing to complain about.
command=dns
twin=no # nothing is broken
setup() {
  UNBOUND_SERVER='  local-data: "kv-lab.vault.azure.net. 60 A 10.20.2.9"'
  DNSMASQ_OPTIONS=address=/kv-lab.vault.azure.net/10.20.2.9
}
