# Something accepts the vault's connections and never answers the ClientHello,
# as a middlebox does that lost its upstream.
want_status=1
want_findings=tls-silent
break_it() {
  front_remove pe vault
  silent pe 10.20.2.9 443
}
