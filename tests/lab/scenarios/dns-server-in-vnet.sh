# Correct design 2: servers in the VNet forward everything to Azure DNS. The
# search suffix is the placeholder that Azure hands out beside custom DNS, and
# the caches are warm: TTLs count down, no two answers are alike in them.
command=dns
twin=no # nothing is broken
setup() { printf 'search reddog.microsoft.com\noptions ndots:1\n' >>/etc/resolv.conf; }
running() {
  local r
  for r in "$UNBOUND" "$DNSMASQ"; do
    in_ns dns dig +tries=1 +time=1 @"$r" stlab.blob.core.windows.net A \
      @"$r" kv-lab.vault.azure.net A @"$r" kv-lab.vault.azure.net AAAA >/dev/null
  done
  sleep 1.2
}
