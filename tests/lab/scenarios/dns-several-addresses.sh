# Two addresses in one record set, both of them meant, and servers that turn
# their order from answer to answer.
command=dns
twin=no # nothing is broken
setup() {
  record_add private privatelink.blob.core.windows.net stlab A 10.20.2.27
  UNBOUND_SERVER='  rrset-roundrobin: yes'
  sed -i 's/^  - name: stlab$/&\n    services: [blob]\n    addresses: [10.20.2.7, 10.20.2.27]/
    /^    services: \[blob, file\]$/d' /run/lab/vnetprobe.yaml
}
