# The vault is expected to be private, and says that it was called by this
# machine's own address and over no private link: a service endpoint. Told, and
# no error: the words for it are not documented.
want_status=0
want_findings=service-endpoint-used
break_it() {
  sed -i 's,conn_type=PrivateLink;private_endpoint=[^;]*;,conn_type=Ipv4;,' "$FRONTS"/pe/vault.conf
}
