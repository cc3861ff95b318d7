# Correct design 1: the machine asks Azure DNS itself, and every zone is linked
# to its VNet. 168.63.129.16 is then a listed server, asked once.
command=dns
twin=no # nothing is broken
setup() { resolvers "$AZURE_DNS"; }
