# Row 1 for every zone: all are linked to a hub network only, and the resolvers
# live in another.
command=dns
row=1
want_status=1
want_first=dns-zone-not-linked
break_it() { LINKED_FROM=10.10.0.0/16; }
