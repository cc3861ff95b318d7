# The company keeps the vault's records in a zone of its own, to which the
# private zone leads as a whole (DNAME, RFC 6672).
command=dns
twin=no # nothing is broken
setup() {
  private_zone privatelink.vaultcore.azure.net <<<'@ DNAME vaults.corp.example.'
  private_zone vaults.corp.example <<<'kv-lab A 10.20.2.9'
}
