# One server knows no EDNS and leaves the option out of its answers; that is its
# right (RFC 6891 section 7), and the answers fit.
command=dns
twin=no # nothing is broken
setup() {
  resolvers "$UNBOUND" "$BIND"
  BIND_FLAGS=(-T noedns)
}
