# The configuration of row 4 in unbound and BIND, which ask for the target of an
# alias anew, by their own rules: here it works, and nothing may be found.
command=dns
twin=no # nothing is broken
setup() {
  resolvers "$UNBOUND" "$BIND"
  conditional_forwarders "$AZURE_DNS" "${PRIVATELINK_ZONES[@]}"
  forward_to unbound "$PUBLIC_DNS"
  forward_to bind "$PUBLIC_DNS"
}
