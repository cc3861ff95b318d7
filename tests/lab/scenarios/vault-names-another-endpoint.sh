# The vault answers at the expected address, and names a private endpoint that
# is not the one the configuration has: a second endpoint of the same vault.
want_status=1
want_findings=service-names-other-endpoint
setup() {
  sed -i 's/^  - name: kv-lab$/&\n    private_endpoint: PE-KV-LAB/' /run/lab/vnetprobe.yaml
}
break_it() {
  sed -i 's,privateEndpoints/pe-kv-lab,privateEndpoints/pe-kv-hub,' "$FRONTS"/pe/vault.conf
}
