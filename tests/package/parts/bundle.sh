# bundle.sh - the bundle on a machine that has nothing it needs.

bundle_make() {
  local n
  mkdir -p "$work/made1" "$work/made2"
  for n in 1 2; do
    SOURCE_DATE_EPOCH=1700000000 deploy/package/bundle "$VNETPROBE" "$work/made$n" >"$work/bundle.log" 2>&1 || {
      fail "a bundle is made" "$(tail -5 "$work/bundle.log")"
      return 1
    }
  done
  archive=$(echo "$work"/made1/*.tar.gz)
  if cmp "$archive" "$work"/made2/*.tar.gz; then ok "a bundle is made, twice the same"; else
    fail "a bundle is made, twice the same"
  fi
}

# What is in it, before it runs.
bundle_content() { # DIRECTORY
  local file missing=''
  t "no path of this machine is in the program" 1 '^0 $' grep -acF "$source/" "$1/libexec/vnetprobe"
  for file in "$1"/lib/*; do
    grep -qE "^${file##*/} +[^ ]+ +[^ ]+ +[0-9]" "$1/share/licences/README" || missing+=" ${file##*/}"
  done
  [ -z "$missing" ] && ok "each library has its origin and licence" ||
    fail "each library has its origin and licence" "$missing"
  t "no program or library has a path built in" 1 '^ ?$' \
    sh -c 'readelf -dW "$0"/lib/* "$0/libexec/vnetprobe" 2>/dev/null | grep -E "\((RPATH|RUNPATH)\)"' "$1"
}

part_bundle() {
  local base root name inside at
  bundle_make || return
  mkdir "$work/unpacked" && tar -C "$work/unpacked" -xzf "$archive"
  name=$(ls "$work/unpacked")
  bundle_content "$work/unpacked/$name"
  base=$(tests/package/root old 2>"$work/why") || {
    skip "the bundle in an old root" "$(tail -1 "$work/why")"
    return
  }
  overlay bundle "$base" || {
    skip "the bundle in an old root" "no overlay file system here"
    return
  }
  root=$work/bundle/root
  inside="/opt/a place/$name"
  at=(unshare -n chroot "$root")
  mkdir "$root/opt/a place"
  mv "$work/unpacked/$name" "$root/opt/a place/"
  t "its C library is older than ours: $(bundle_glibc "$root")" 0 ' 2\.(31|2[0-9]) ' \
    "${at[@]}" sh -c 'ldd --version | head -1; echo .'
  t "and it has none of our libraries" 2 '^$|No such file' \
    "${at[@]}" sh -c 'ls /usr/lib/*/libuv.so* /usr/lib/*/libcares.so* /usr/lib/*/libcurl*.so* /usr/lib/*/libpcap.so* /usr/lib/*/libssl.so.3'

  t "it runs" 0 "^vnetprobe $version BPF: " "${at[@]}" "$inside/vnetprobe" --version
  t "every library is the bundle's" 1 '^ ?$' "${at[@]}" sh -c \
    'cd "$1" && ./lib/ld-linux-*.so* --inhibit-cache --library-path ./lib --list ./libexec/vnetprobe |
      grep "=>" | grep -v "=> \./lib/"' sh "$inside"
  ln -s "$inside/vnetprobe" "$root/usr/local/bin/vp"
  mkdir -p "$root/srv/links" && ln -s "../../opt/a place/$name/vnetprobe" "$root/srv/links/vnetprobe"
  t "it runs by a link, in the path" 0 "^vnetprobe $version" "${at[@]}" vp --version
  t "it runs by a relative link, from another directory" 0 "^vnetprobe $version" \
    "${at[@]}" sh -c 'cd /srv && links/vnetprobe --version'
  t "it runs from its own directory" 0 "^vnetprobe $version" \
    "${at[@]}" sh -c 'cd "$1" && sh vnetprobe --version' sh "$inside"
  mv "$root/opt/a place" "$root/opt/it's moved"
  inside="/opt/it's moved/$name"
  t "it tells its targets, elsewhere" 0 'kv-lab.vault.azure.net:443' \
    "${at[@]}" "$inside/vnetprobe" targets kv-lab.vault.azure.net
  t "it explains" 0 'Link the zone' "${at[@]}" "$inside/vnetprobe" explain dns-zone-not-linked
  mkdir "$root/opt/a:b" && cp -r "$root$inside" "$root/opt/a:b/"
  t "where its libraries could not be named, it says so" 127 "no directory with ':' or ';'.* out of /opt/a:b/" \
    "${at[@]}" "/opt/a:b/$name/vnetprobe" --version
  bundle_check "$root" "$inside/vnetprobe"
}

bundle_glibc() {
  unshare -n chroot "$1" ldd --version 2>/dev/null | sed -n '1s/.* //p'
}

bundle_check() { # ROOT PROGRAM
  local check=("$2" check -c /run/lab/vnetprobe.yaml)
  t "a check of a healthy workspace" 0 '^pass: all' lab healthy "$1" "${check[@]}"
  NSSWITCH='files mymachines resolve [!UNAVAIL=return] myhostname dns' \
    t "where nsswitch.conf names modules that are not there" 0 '^pass: all.* ok  *getaddrinfo\(\)' \
    lab healthy "$1" "${check[@]}"
  t "a check where a zone is not linked" 1 'dns-zone-not-linked' lab zone-not-linked "$1" "${check[@]}"
  # Roots that are no public ones have a finding of their own: only whether the
  # chain ends at one is looked at here.
  t "the roots of other distributions are found" 0 '^untrusted trusted $' lab healthy "$1" sh -c '
    check() {
      "$1" check -q -c /tmp/vp.yaml --format json -o /tmp/r.json
      grep -q "\"tls-untrusted\"" /tmp/r.json && echo untrusted || echo trusted
    }
    grep -v ^ca_file /run/lab/vnetprobe.yaml >/tmp/vp.yaml
    check "$0"
    mkdir -p /etc/pki/tls/certs && cp /run/lab/certs/ca.pem /etc/pki/tls/certs/ca-bundle.crt
    check "$0"' "$2"
  # The kernel's rule for root: what the bounding set leaves.
  t "without the right to capture it names sudo and itself, not its loader" 3 \
    "Run the check as root: +sudo '/opt/it'\\\\''s moved/vnetprobe-$version-[^ ]*/vnetprobe' check" \
    lab healthy "$1" setpriv --bounding-set -net_raw "${check[@]}"
  t "a command that it watches runs with the machine's own libraries" 0 'libc[-.][^ ]*so' \
    lab healthy "$1" sh -c '"$0" watch -q -o /dev/null -- cat /proc/self/maps >/tmp/maps &&
      ! grep -F "moved" /tmp/maps && grep -m1 libc /tmp/maps' "$2"
}
