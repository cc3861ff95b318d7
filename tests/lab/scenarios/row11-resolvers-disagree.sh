# Row 11. Three servers on the VNet's list: one in the VNet, Azure DNS as the
# second and an on-premises server as the third, which asks its provider for all
# that it does not know.
command=dns
row=11
want_status=1
want_first=dns-resolvers-disagree
setup() { resolvers "$UNBOUND" "$AZURE_DNS" "$BIND"; }
break_it() { forward_to bind "$PUBLIC_DNS"; }
