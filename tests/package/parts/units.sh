# units.sh - the systemd units: what systemd says of them, and the service's
# restrictions played on it, as no systemd runs here.

# Judging a file takes systemd 250; Ubuntu 22.04 has 249.
units_systemd() { # DIRECTORY
  local version exposure
  command -v systemd-analyze >/dev/null || {
    skip "systemd-analyze" "not installed"
    return
  }
  t "systemd-analyze verify" 0 '^ ?$' \
    systemd-analyze verify --man=no "$1/vnetprobe.service" "$1/vnetprobe.timer"
  version=$(systemd-analyze --version | sed -n '1s/systemd \([0-9]*\).*/\1/p')
  [ "${version:-0}" -ge 250 ] || {
    skip "systemd-analyze security" "systemd $version cannot judge a file"
    return
  }
  systemd-analyze security --no-pager --offline=true "$1/vnetprobe.service" >"$work/security" 2>&1
  exposure=$(sed -n 's/.*exposure level.*: \([0-9.]*\) .*/\1/p' "$work/security")
  if [ -n "$exposure" ] && awk "BEGIN { exit !($exposure <= 2.0) }"; then
    ok "systemd-analyze security: $exposure, at most 2.0"
  else
    fail "systemd-analyze security: at most 2.0" "$(tail -3 "$work/security")"
  fi
}

units_installed() {
  local dir=$work/installed
  DESTDIR=$dir cmake --install "$BUILD" >"$work/install.log" 2>&1 || {
    fail "cmake --install" "$(tail -3 "$work/install.log")"
    return 1
  }
  prefix=$(sed -n 's/^CMAKE_INSTALL_PREFIX:.*=//p' "$BUILD/CMakeCache.txt")
  t "cmake --install brings man page, completion and units" 0 'timer .*vnetprobe .*vnetprobe.1 $' \
    ls "$dir$prefix/share/man/man1/vnetprobe.1" "$dir$prefix/share/bash-completion/completions/vnetprobe" \
    "$dir$prefix/lib/systemd/system/vnetprobe.timer"
  t "the service runs what is installed with it" 0 "ExecStart=$prefix/libexec/vnetprobe/scheduled-check" \
    grep ExecStart "$dir$prefix/lib/systemd/system/vnetprobe.service"
  # What it runs has to be there to be verified.
  here=$work/here
  mkdir "$here"
  cp "$dir$prefix"/lib/systemd/system/* "$dir$prefix/libexec/vnetprobe/scheduled-check" \
    "$VNETPROBE" tests/package/confine tests/package/forbidden "$here/"
  sed -i "s,^ExecStart=.*,ExecStart=$here/scheduled-check," "$here/vnetprobe.service"
}

# In the lab everything but /run/lab may be hidden from the service.
units_confined() { # SCENARIO COMMAND...
  APP_ROUNDS=1 timeout 120 tests/lab/shell "$1" sh -c 'mkdir /run/lab/state /run/lab/here &&
    cp "$1"/* /run/lab/here/ && cd /run/lab/here && shift && exec ./confine ./vnetprobe.service \
      /run/lab/state env STATE_DIRECTORY=/run/lab/state VNETPROBE=/run/lab/here/vnetprobe \
      VNETPROBE_CONFIG=/run/lab/vnetprobe.yaml "$@"' sh "$here" "${@:2}"
}

# A configuration that the service's user may not read, by its own path. The user
# is 0 there, without root's powers: a file without any mode is what only root's
# powers can read.
units_closed() { # SED-COMMAND-FOR-THE-UNIT
  sed -i "s,/etc/vnetprobe.yaml,/run/lab/vnetprobe.yaml," "$here/scheduled-check" "$here/vnetprobe.service"
  sed -i "$1" "$here/vnetprobe.service"
  APP_ROUNDS=1 timeout 120 tests/lab/shell healthy sh -c 'mkdir /run/lab/state /run/lab/here &&
    cp "$1"/* /run/lab/here/ && cd /run/lab/here && chmod 0 /run/lab/vnetprobe.yaml &&
    exec ./confine ./vnetprobe.service /run/lab/state env -u VNETPROBE_CONFIG \
      STATE_DIRECTORY=/run/lab/state VNETPROBE=/run/lab/here/vnetprobe ./scheduled-check' sh "$here"
}

# With root's own rights, as systemd has them: another user, and BPF.
units_bpf() {
  local unshared=(unshare -nm sh -c 'ip link set lo up && exec "$@"' sh) state=$work/state free
  local watch=("$here/vnetprobe" watch -q --for 300ms --format json -o "$state/report.json")
  mkdir -p "$state"
  chmod 755 "$work"
  read -r inside outside count </proc/self/uid_map
  [ "$(id -u) $inside $outside $count" = "0 0 0 4294967295" ] || {
    skip "senders by BPF, as another user" "needs root's own rights"
    return
  }
  "${unshared[@]}" "${watch[@]}" >/dev/null 2>&1
  free=$(jq -r '.capture.owners // "none"' "$state/report.json" 2>/dev/null)
  rm -f "$state/report.json"
  [ "$free" = bpf ] || {
    skip "senders by BPF, as another user" "no BPF here without restrictions either"
    return
  }
  t "senders by BPF, as another user, with three capabilities" 0 '^"pass complete bpf 61234" $' \
    "${unshared[@]}" sh -c '"$@" && jq -c "\"\(.verdict) \(.capture.state) \(.capture.owners) $(stat -c %u "$0/report.json")\"" "$0/report.json"' \
    "$state" "$here/confine" "$here/vnetprobe.service" "$state" "${watch[@]}"
}

part_units() {
  local here prefix
  units_installed || return
  units_systemd "$here"
  tests/lab/enter true 2>/dev/null
  [ $? != 77 ] || {
    skip "the service's restrictions" "no user namespaces here"
    return
  }
  /usr/bin/python3 -c 'import seccomp' 2>/dev/null && command -v systemd-analyze >/dev/null || {
    skip "the service's restrictions" "python3-seccomp or systemd is missing"
    return
  }
  t "what the service must not do, it cannot" 0 '^ ?$' units_confined healthy ./forbidden /run/lab/state
  t "and what it must, it can: a whole check" 0 '^pass: all [0-9]+ targets' \
    units_confined healthy ./scheduled-check
  t "with the check's exit status" 1 '^fail: [0-9]+ of [0-9]+ targets' units_confined zone-not-linked ./scheduled-check
  t "a configuration that only root may read is handed over" 0 '^pass: all [0-9]+ targets' \
    units_closed ''
  t "before systemd 247 it is not, which is said" 2 'cannot be read by the service.s user: sudo chmod 644 ' \
    units_closed '/^LoadCredential=/d'
  units_bpf
}
