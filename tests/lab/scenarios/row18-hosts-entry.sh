# Row 18: a hosts entry from before the private endpoint was made anew. Every
# server is right, and no question leaves for what applications look up. In the
# twin the entry has the right address: private, and without an alias.
command=dns
row=18
touches='vault hosts'
want_first=dns-hosts-override
want_status=1
setup() { echo "10.20.2.9 kv-lab.vault.azure.net" >>/etc/hosts; }
break_it() { sed -i 's/^10\.20\.2\.9 /10.20.2.29 /' /etc/hosts; }
