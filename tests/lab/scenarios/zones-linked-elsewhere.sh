# All zones are linked to a hub network 10.10.0.0/16 only, but the resolvers
# live in this VNet: every name goes public at once. One mistake, one id.
want_status=1
want_findings=dns-zone-not-linked
break_it() { LINKED_FROM=10.10.0.0/16; }
