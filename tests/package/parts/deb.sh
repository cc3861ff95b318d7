# deb.sh - the Debian package: made twice the same, installed, run, removed.

deb_names() { # what of ours is in a root, but for what the administrator wrote
  (cd "$1" && find . -xdev \( -path ./proc -o -path ./sys -o -path ./dev -o -path ./run \
    -o -path ./tmp -o -path ./var/log -o -path ./var/cache \) -prune -o \
    -name '*vnetprobe*' -print | grep -v '^./etc/vnetprobe.yaml$' | sort)
}

deb_make() {
  local n
  for n in 1 2; do
    (cd "$work" && cpack --config "$BUILD/CPackConfig.cmake" -B "$work/cpack$n") \
      >"$work/cpack.log" 2>&1 || {
      fail "a package is made" "$(tail -5 "$work/cpack.log")"
      return 1
    }
    [ $n = 2 ] || find "$source/deploy" -name vnetprobe.yaml -exec touch {} + # another time
  done
  deb=$(echo "$work"/cpack1/*.deb)
  if cmp "$deb" "$work"/cpack2/*.deb; then ok "a package is made, twice the same"; else
    fail "a package is made, twice the same"
  fi
  t "of version $version, for systems with this glibc" 0 \
    "Version: $version-1 .*Depends: .*libc6 \(>= .*libpcap" \
    dpkg-deb -f "$deb" Version Depends
}

deb_lint() {
  if ! command -v lintian >/dev/null; then
    skip "lintian" "not installed"
    return
  fi
  t "lintian" 0 '^$' lintian --allow-root --fail-on warning \
    --suppress-tags initial-upload-closes-no-bugs "$deb"
}

# Dependencies are fetched into the root that is kept, once.
deb_fetch() {
  local root=$1
  cp "$deb" "$root/tmp/vnetprobe.deb"
  in_apt=(chroot "$root" env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get -qy
    --no-install-recommends)
  "${in_apt[@]}" --no-download --download-only install /tmp/vnetprobe.deb >/dev/null 2>&1 || {
    cp -L /etc/resolv.conf "$root/etc/resolv.conf"
    "${in_apt[@]}" --download-only install /tmp/vnetprobe.deb >"$work/fetch.log" 2>&1
  }
}

part_deb() {
  local base root status
  deb_make || return
  deb_lint
  base=$(tests/package/root new 2>"$work/why") || {
    skip "the package in a fresh root" "$(tail -1 "$work/why")"
    return
  }
  deb_fetch "$base" || {
    skip "the package in a fresh root" "its dependencies cannot be fetched: $(tail -1 "$work/fetch.log")"
    return
  }
  overlay deb "$base" || {
    skip "the package in a fresh root" "no overlay file system here"
    return
  }
  root=$work/deb/root
  in_apt=(unshare -n chroot "$root" env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get -qy
    --no-install-recommends)
  t "it installs, with what it depends on" 0 "Setting up vnetprobe \($version" \
    "${in_apt[@]}" install /tmp/vnetprobe.deb
  rm -f "$root/tmp/vnetprobe.deb"
  t "it runs" 0 "^vnetprobe $version BPF: " unshare -n chroot "$root" vnetprobe --version
  t "every library is there" 1 '^$' unshare -n chroot "$root" sh -c 'ldd /usr/bin/vnetprobe | grep "not found"'
  t "it tells its targets" 0 'kv-lab.vault.azure.net:443' \
    unshare -n chroot "$root" vnetprobe targets kv-lab.vault.azure.net
  t "it explains" 0 'Link the zone' unshare -n chroot "$root" vnetprobe explain dns-zone-not-linked
  t "nothing is configured by it" 2 'No such file' ls "$root/etc/vnetprobe.yaml" \
    "$root/etc/systemd/system/timers.target.wants/vnetprobe.timer"
  t "the sample is a configuration" 0 '' unshare -n chroot "$root" vnetprobe targets \
    -c /usr/share/vnetprobe/vnetprobe.yaml kv-lab.vault.azure.net
  t "no capability is given to the program" 0 '^$' getcap "$root/usr/bin/vnetprobe"
  t "the documents' links lead somewhere" 0 'schema' ls "$root/usr/share/doc/vnetprobe/deploy/"

  t "a check of a healthy workspace" 0 '^pass: all' \
    lab healthy "$root" vnetprobe check -c /run/lab/vnetprobe.yaml
  t "a check where a zone is not linked" 1 'dns-zone-not-linked' \
    lab zone-not-linked "$root" vnetprobe check -c /run/lab/vnetprobe.yaml
  deb_schedule "$root"
  deb_boot "$root"
  deb_leave "$root"
}

# What the service runs.
deb_schedule() {
  local root=$1 check='cp /run/lab/vnetprobe.yaml /etc/vnetprobe.yaml
    mkdir -p /var/lib/vnetprobe; export STATE_DIRECTORY=/var/lib/vnetprobe VNETPROBE_KEEP=2
    check=/usr/libexec/vnetprobe/scheduled-check'
  t "scheduled: the verdict as a line, the newest reports kept" 0 \
    '^(pass: all [0-9]+ targets [^:]*; nothing left by a public path ){3}2 reports, pass $' \
    lab healthy "$root" sh -c "$check
      \$check && \$check && \$check &&
      cd /var/lib/vnetprobe && touch report-20260101T000000Z.json.partial-abc &&
      echo \$(ls report-*.json | wc -l) reports, \$(sed -n 's/.*\"verdict\": *\"\([a-z]*\)\".*/\1/p' latest.json) &&
      [ \$(readlink latest.json) = \$(ls report-*.json | tail -1) ]"
  t "scheduled: the exit status is the check's" 1 '^fail: [0-9]+ of [0-9]+ targets ' \
    lab zone-not-linked "$root" sh -c "$check; exec \$check"
  t "scheduled: what a killed run had begun goes" 1 'No such file' \
    sh -c "ls $root/var/lib/vnetprobe/*.partial-*; exit 1"
  t "scheduled: no configuration, no report, status 2" 2 'vnetprobe: .*/etc/none.yaml' \
    lab healthy "$root" sh -c "$check; rm -r \$STATE_DIRECTORY/*
      VNETPROBE_CONFIG=/etc/none.yaml \$check; status=\$?
      ls \$STATE_DIRECTORY; exit \$status"
}

# The service under systemd itself, booted in a container whose network is a
# loopback: nothing answers there, so the check fails, but it can watch.
deb_boot() {
  local root=$1
  if ! command -v systemd-nspawn >/dev/null || [ ! -e "$root/lib/systemd/systemd" ]; then
    skip "the service under systemd" "systemd-nspawn is missing"
    return
  fi
  rm -rf "$root"/var/lib/vnetprobe "$root"/etc/resolv.conf
  echo 'nameserver 127.0.0.1' >"$root/etc/resolv.conf"
  printf 'vnet: [10.20.0.0/16]\nkey_vaults:\n  - {name: kv-lab}\n' >"$root/etc/vnetprobe.yaml"
  cat >"$root/etc/systemd/system/trial.service" <<'END'
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'exec >/trial 2>&1; ip link set lo up; systemctl start vnetprobe.service; \
  systemctl is-failed vnetprobe.service; systemctl show -p ExecMainStatus vnetprobe.service; \
  chmod 600 /etc/vnetprobe.yaml; systemctl start vnetprobe.service; \
  stat -c "%%u %%a" /etc/vnetprobe.yaml >/trial.closed; \
  systemctl show -p ExecMainStatus vnetprobe.service >>/trial.closed; chmod 644 /etc/vnetprobe.yaml; \
  systemctl enable --now vnetprobe.timer; systemctl --no-pager list-timers vnetprobe.timer; \
  stat -c "%%u %%a" /var/lib/private/vnetprobe/report-*.json; cp /var/lib/vnetprobe/latest.json /trial.json'
ExecStopPost=/bin/systemctl --no-block poweroff
END
  mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
  ln -s ../trial.service "$root/etc/systemd/system/multi-user.target.wants/"
  timeout -k 5 90 systemd-nspawn -q --boot -D "$root" --private-network --register=no --keep-unit \
    --resolv-conf=off --console=pipe --capability=CAP_BPF,CAP_PERFMON --system-call-filter=bpf </dev/null >"$work/boot.log" 2>&1
  rm -f "$root"/etc/systemd/system/{trial.service,multi-user.target.wants/trial.service}
  [ -e "$root/trial" ] || {
    skip "the service under systemd" "no container can be booted here: $(tail -1 "$work/boot.log")"
    return
  }
  t "under systemd it fails with the check's status, and the timer runs" 0 \
    'failed ExecMainStatus=1 .*vnetprobe.timer +vnetprobe.service .* [1-9][0-9]* 600 $' cat "$root/trial"
  t "under systemd it is handed what only root may read" 0 '^0 600 ExecMainStatus=1 $' cat "$root/trial.closed"
  t "under systemd it captures, and says what is wrong" 0 '^complete dns-' \
    jq -r '.capture.state, .findings[0].id' "$root/trial.json"
}

# As it would be after some time of use.
deb_leave() {
  local root=$1 etc=$1/etc/systemd/system/timers.target.wants
  mkdir -p "$etc" "$root/var/lib/private/vnetprobe" "$root/var/lib/systemd/timers"
  rm -rf "$root/var/lib/private/vnetprobe"/*
  ln -sf /usr/lib/systemd/system/vnetprobe.timer "$etc/vnetprobe.timer"
  rm -rf "$root/var/lib/vnetprobe"
  ln -s private/vnetprobe "$root/var/lib/vnetprobe"
  touch "$root/var/lib/private/vnetprobe/report-20260101T000000Z.json" \
    "$root/var/lib/systemd/timers/stamp-vnetprobe.timer"
  t "it is removed" 0 'Removing vnetprobe' "${in_apt[@]}" remove vnetprobe
  t "the reports stay, and nothing else" 0 \
    '^./var/lib/dpkg/info/vnetprobe.list ./var/lib/dpkg/info/vnetprobe.postrm ./var/lib/private/vnetprobe ./var/lib/systemd/timers/stamp-vnetprobe.timer ./var/lib/vnetprobe $' \
    deb_names "$root"
  t "it is purged" 0 'Purging configuration files for vnetprobe' "${in_apt[@]}" purge vnetprobe
  t "nothing is left" 0 '^$' deb_names "$root"
  t "what the administrator wrote is" 0 'vnetprobe.yaml' ls "$root/etc/vnetprobe.yaml"
}
