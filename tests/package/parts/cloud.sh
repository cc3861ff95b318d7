# cloud.sh - the cloud-init example: its form, its configuration, and its
# installation without a network.

cloud_value() { # PYTHON - of the example as `c`
  /usr/bin/python3 -c "import sys, yaml
c = yaml.safe_load(open('deploy/cloud-init/jump-box.yaml', encoding='utf-8'))
print($1)"
}

part_cloud() {
  local base root
  /usr/bin/python3 -c 'import yaml' 2>/dev/null || {
    skip "the cloud-init example" "python3-yaml is missing"
    return
  }
  if command -v cloud-init >/dev/null; then
    t "cloud-init schema" 0 'Valid' cloud-init schema --config-file deploy/cloud-init/jump-box.yaml
  else
    skip "cloud-init schema" "not installed"
  fi
  cloud_value 'c["write_files"][0]["content"]' >"$work/cloud.yaml"
  t "its configuration is one" 0 'kv-lab.vault.azure.net:443' "$VNETPROBE" targets -c "$work/cloud.yaml"
  t "it goes where the service looks" 0 '^/etc/vnetprobe.yaml 0644 $' \
    cloud_value 'c["write_files"][0]["path"], c["write_files"][0]["permissions"], sep=" "'
  cloud_value 'c["runcmd"][0]' >"$work/cloud.sh"
  t "its commands are sound" 0 '^ ?$' sh -n "$work/cloud.sh"
  deb=$(echo "$work"/cpack1/*.deb)
  base=$(tests/package/root new 2>"$work/why") && [ -e "$deb" ] && [ -e "$base/tmp/vnetprobe.deb" ] &&
    overlay cloud "$base" || {
    skip "its installation" "$(tail -1 "$work/why") (the part deb comes first)"
    return
  }
  root=$work/cloud/root
  mkdir "$root/mnt/vnetprobe"
  # What `apt-get --download-only` brings for the package; the rest of the root's
  # own archives is what it was made of.
  (cd "$root/var/cache/apt/archives" && cp lib*.deb "$root/mnt/vnetprobe/")
  cp "$deb" "$root/mnt/vnetprobe/"
  printf '#!/bin/sh\necho "systemctl $*"\n' >"$root/usr/local/bin/systemctl"
  chmod +x "$root/usr/local/bin/systemctl"
  cp "$work/cloud.sh" "$root/tmp/"
  t "it installs from the disk alone, and enables the timer" 0 \
    'Setting up vnetprobe .*systemctl enable --now vnetprobe.timer systemctl start --no-block vnetprobe.service $' \
    unshare -n chroot "$root" env PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin sh /tmp/cloud.sh
  t "and runs" 0 "^vnetprobe $version" unshare -n chroot "$root" vnetprobe --version
}
