# Names come back in another case than they were asked in, as somebody wrote
# them into the zones; one server mixes the case of its questions (0x20).
command=dns
twin=no # nothing is broken
setup() {
  UNBOUND_SERVER='  use-caps-for-id: yes'
  record_set public blob.core.windows.net stlab "CNAME StLab.PrivateLink.Blob.Core.Windows.NET."
  record_set private privatelink.blob.core.windows.net stlab "A 10.20.2.7"
  record_set public vault.azure.net kv-lab "CNAME KV-LAB.privatelink.VAULTCORE.azure.net."
  record_set private privatelink.vaultcore.azure.net kv-lab "A 10.20.2.9"
  sed -i 's/kv-lab/Kv-LAB/; s/notebook_fqdn: .*/\U&/; s/NOTEBOOK_FQDN/notebook_fqdn/' /run/lab/vnetprobe.yaml
}
