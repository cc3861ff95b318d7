#!/bin/bash
# vnetprobe-startup.sh - checks, when a compute instance is made or starts,
# whether its workspace is reached privately. For the boxes "Startup script" and
# "Creation script"; man page and guide: vnetprobe(1), docs/troubleshooting.md.
#
#   vnetprobe-startup.sh [OPTION...] [-- OPTION OF vnetprobe check...]
#
# The options are explained by --help, which is usage() below. Each can be had as a
# variable, VNETPROBE_LIMIT=60 for --limit 60.
# Standard output is the setup log: what is done and waited for, and at last one
# line with the verdict and where the report is.
#
# The script keeps its time by itself. One process, the supervisor, touches no
# file and only reads a pipe with a time limit; another does the work and may
# hang, in the file share above all. The supervisor never waits for the worker's
# end: a process that hangs in the kernel cannot be ended.
# shellcheck disable=SC2317 # much is called by name: traps, wait_until
set -u
export LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

usage() {
  cat <<'END'
usage: vnetprobe-startup.sh [OPTION...] [-- OPTION OF vnetprobe check...]

  --strict         end with vnetprobe's exit status, so that the instance does not
                   start unless the check passes; else the status is always 0
  --config FILE    default: /etc/vnetprobe.yaml, then vnetprobe.yaml beside this
                   script; neither: what vnetprobe finds out by itself
  --program FILE   default: the one installed, then the program, its bundle
                   (vnetprobe-*.tar.gz) or directory beside this script
  --limit SECONDS  all is over by then, whatever hangs (120)
  --wait SECONDS   for a network and an answer of DNS, of that (30)
  --keep N         that many reports (10)
  --local DIR      where reports are kept (/var/log/vnetprobe)
  --share DIR      copies, made last and in the background; "" for none. Default:
                   vnetprobe-reports in the working directory, on a file share
  --metrics FILE   also as metrics for a Prometheus textfile collector
  --install        first copy program, config and this script from beside this
                   script to /opt/vnetprobe and /etc: for a creation script
  --at-boot        with --install: also run at each boot, by systemd and with these
                   options, whether the file share can be mounted or not
  --help           this text

Each can be had as a variable: VNETPROBE_STRICT=1, VNETPROBE_LIMIT=60.
END
}

settings() {
  strict=${VNETPROBE_STRICT:-0} config=${VNETPROBE_CONFIG:-}
  program=${VNETPROBE_PROGRAM:-} limit=${VNETPROBE_LIMIT:-120}
  patience=${VNETPROBE_WAIT:-30} keep=${VNETPROBE_KEEP:-10}
  local_dir=${VNETPROBE_LOCAL:-/var/log/vnetprobe} metrics=${VNETPROBE_METRICS:-}
  install=${VNETPROBE_INSTALL:-0} at_boot=${VNETPROBE_AT_BOOT:-0}
  share='' check_options=() started=0 waiting_since=0
  here=${BASH_SOURCE[0]} # words only: to look there might hang
  case $here in
  */*) here=${here%/*} ;;
  *) here=$PWD ;;
  esac
  case $here in /*) ;; *) here=$PWD/$here ;; esac
  case $PWD in
  */cloudfiles/* | */LS_root/mounts/*) share=$PWD/vnetprobe-reports ;;
  esac
  share=${VNETPROBE_SHARE-$share}
}

# The message, where an option cannot be understood.
options() {
  # Whoever asks for --strict is told of mistakes by the exit status.
  case " $* " in *' --strict '*) strict=1 ;; esac
  while [ $# -gt 0 ]; do
    case $1 in
    --config | --program | --limit | --wait | --keep | --local | --share | --metrics)
      [ $# -gt 1 ] || { mistake="$1 wants an argument" && return; }
      ;;
    esac
    case $1 in
    --strict) strict=1 && shift && continue ;;
    --install) install=1 && shift && continue ;;
    --at-boot) at_boot=1 && shift && continue ;;
    --help | -h) usage && exit 0 ;;
    --config) config=$2 ;;
    --program) program=$2 ;;
    --limit) limit=$2 ;;
    --wait) patience=$2 ;;
    --keep) keep=$2 ;;
    --local) local_dir=$2 ;;
    --share) share=$2 ;;
    --metrics) metrics=$2 ;;
    --) shift && check_options=("$@") && break ;;
    *) mistake="there is no option $1" && return ;;
    esac
    shift 2
  done
  number --limit "$limit" 10 3600
  number --wait "$patience" 0 3600
  number --keep "$keep" 1 1000
  [ -n "$mistake" ] || limit=$((10#$limit)) patience=$((10#$patience)) keep=$((10#$keep))
  # The supervisor leaves this directory.
  case $config in '' | /*) ;; *) config=$PWD/$config ;; esac
  case $program in '' | /*) ;; *) program=$PWD/$program ;; esac
  case $metrics in '' | /*) ;; *) metrics=$PWD/$metrics ;; esac
  case $local_dir in /*) ;; *) mistake="--local wants an absolute path" ;; esac
}

number() { # OPTION VALUE LEAST MOST
  if ! [[ $2 =~ ^[0-9]{1,6}$ ]] || [ $((10#$2)) -lt "$3" ] || [ $((10#$2)) -gt "$4" ]; then
    mistake="$1 wants a number from $3 to $4"
  fi
}

say() { printf 'vnetprobe: %s\n' "$*"; }

# Seconds since the machine started: no clock that is set meanwhile, as clocks
# are after a start, makes a limit longer.
now() {
  local up
  read -r up _ </proc/uptime
  printf -v "$1" %s "${up%%.*}"
}

left() { # VARIABLE - seconds of the limit that are left
  local at
  now at
  printf -v "$1" %s $((limit - (at - started)))
}

# --- the supervisor -----------------------------------------------------------

heard() { # LINE
  case $1 in
  '=status '*) status=${1#* } ;;
  '=step '*) step=${1#* } ;;
  '=copying') now copying ;;
  '=end') over=yes ;;
  *) printf '%s\n' "$1" ;;
  esac
}

supervise() {
  local line pipe worker rest at status='' step='beginning' copying='' over=''
  now started
  cd / || true # nothing of the share is held, or looked at by accident
  exec {pipe}<> <(:)
  set -m # a process group of its own
  work </dev/null >&"$pipe" 2>&1 &
  worker=$!
  set +m
  trap 'stopped' TERM INT HUP
  trap '' PIPE
  while left rest && [ "$rest" -gt 0 ] && [ -z "$over" ]; do
    if IFS= read -r -t 1 line <&"$pipe"; then
      heard "$line"
      continue
    fi
    kill -0 "$worker" 2>/dev/null || over=died
    now at
    [ -z "$copying" ] || [ $((at - copying)) -lt 10 ] || over=copying
  done
  while [ "$over" = died ] && IFS= read -r -t 0.2 line <&"$pipe"; do heard "$line"; done
  if [ -z "$status" ]; then
    summary="inconclusive: given up after $((limit - rest)) s, while it was $step"
    kill -KILL -- "-$worker" 2>/dev/null
    status=3
    not_done_soon
    say "$summary"
  elif [ "$over" != yes ]; then
    say "not finished $step: that is left to itself, for a minute at most"
  fi
  disown -a 2>/dev/null
  finish "$status"
}

stopped() {
  trap '' TERM INT HUP
  kill -TERM -- "-$worker" 2>/dev/null
  summary="inconclusive: stopped by a signal while it was $step"
  [ -n "$status" ] || not_done_soon
  say "$summary"
  finish 3
}

# In another process, which may hang, and is waited for as little as that takes.
not_done_soon() {
  local n writer
  (trap - TERM INT HUP PIPE && why_file=/dev/null status=3 && note_undone) </dev/null >/dev/null 2>&1 &
  writer=$!
  for n in 1 2 3 4 5 6 7 8; do
    kill -0 $writer 2>/dev/null || break
    read -r -t 0.2 n <&"$pipe"
  done
  disown -a 2>/dev/null
}

finish() { # STATUS
  [ "$strict" = 1 ] || exit 0
  case $1 in [0-4]) exit "$1" ;; esac
  exit 3
}

# --- the worker ---------------------------------------------------------------
# What it prints goes to the supervisor; lines that begin with = are for it.

step() { printf '=step %s\n' "$*"; }

ended() { # STATUS
  printf '=status %s\n' "$1"
  copy_to_share
  printf '=end\n'
  [ -z "${work:-}" ] || rm -rf "$work"
  exit
}

# Whatever may be on a share.
brief() { timed -k 1 8 "$@"; }

# None of these takes the lock along: one that hangs would keep it for good.
timed() { # OPTION OF timeout...
  if [ -n "${lock_fd:-}" ]; then
    timeout "$@" {lock_fd}<&-
  else
    timeout "$@"
  fi
}

work() {
  local rest
  trap - TERM INT HUP
  work='' kept='' stamp='' summary='' not_installed='' status=3
  step "looking for a place to work in"
  find_work
  lock || {
    say "another start-up check is under way: this one leaves it to that"
    ended 3
  }
  [ "$install" != 1 ] || install_here
  step "looking for the program"
  if find_program; then
    step "looking for a configuration"
    find_config
    wait_for_network
    check
  else
    summary="inconclusive: no vnetprobe that runs was found${missed:+ ($missed)}: nothing was checked"
  fi
  keep_reports
  unlock
  say "$summary${kept:+ (report: $kept)}"
  if [ -n "$not_installed" ]; then
    say "not installed: $not_installed"
    [ "$status" != 0 ] || status=3
  fi
  ended "$status"
}

# Ours, and nobody else's, whoever may write beside it.
own_dir() { # DIR
  (umask 077 && mkdir -p "$1") 2>/dev/null && [ -d "$1" ] && [ ! -L "$1" ] && [ -O "$1" ]
}

# A directory of ours that takes half a megabyte: RAM first, since it is there
# when the disk is full or cannot be written to.
find_work() {
  local base
  lock_dir=''
  for base in /run/vnetprobe "/dev/shm/vnetprobe-$UID" "${TMPDIR:-/tmp}/vnetprobe-$UID" "$local_dir"; do
    own_dir "$base" || continue
    find "$base" -maxdepth 1 -name 'run.*' -mmin +60 -exec rm -rf {} + 2>/dev/null
    [ -n "$lock_dir" ] || lock_dir=$base
    work=$(mktemp -d "$base/run.XXXXXX" 2>/dev/null) || continue
    head -c 524288 /dev/zero >"$work/room" 2>/dev/null && rm -f "$work/room" &&
      why_file=$work/why && return
    rm -rf "$work"
  done
  work='' why_file=/dev/null
  say "no directory takes a file (full, or read-only): the report is only printed"
}

# --- the program and its configuration ----------------------------------------

runs() { # FILE
  local words
  brief test -f "$1" || return 1
  words=$(timed -k 1 10 "$1" --version 2>&1) && program=$1 && return
  words=${words##*$'\n'}
  missed="$1 does not run here: ${words:-it says nothing}"
  return 1
}

find_program() {
  local file
  missed=''
  if [ -n "$program" ]; then
    runs "$program" || missed=${missed:-there is no $program}
    [ -z "$missed" ]
    return
  fi
  file=$(type -P vnetprobe)
  for file in "$file" /opt/vnetprobe/vnetprobe /opt/vnetprobe/bin/vnetprobe; do
    [ -z "$file" ] || ! runs "$file" || return 0
  done
  # From here on it is the share, most likely.
  step "looking for the program in $here, which may be on a file share"
  while IFS= read -r file; do
    case $file in
    =hangs) missed="${missed:+$missed; }$here does not answer" ;;
    *.tar.gz) unpack "$here/$file" && return ;;
    *) from_share "$here/$file" && return ;;
    esac
  done < <(beside 'vnetprobe' 'vnetprobe-*.tar.gz' 'vnetprobe-*/vnetprobe' 'vnetprobe-*/bin/vnetprobe')
  return 1
}

# What of these lies beside the script, in this order, the newest version first.
# One look, since each may hang.
beside() { # PATTERN...
  # shellcheck disable=SC2016 # that shell's own words
  brief bash -c 'shopt -s nullglob
    cd "$1" || exit
    shift
    for pattern; do
      for file in $pattern; do [ ! -f "$file" ] || printf "%s\n" "$file"; done | sort -rV
    done' _ "$here" "$@" 2>/dev/null
  [ $? -lt 124 ] || echo "=hangs"
}

# A place where programs may be run from, unlike /run in many systems.
program_dirs() {
  printf '%s\n' "${TMPDIR:-/tmp}/vnetprobe-$UID/program" "/dev/shm/vnetprobe-$UID/program" \
    "${work:+$work/program}" "$local_dir/program"
}

unpack() { # BUNDLE
  local dir file
  while IFS= read -r dir; do
    [ -n "$dir" ] && own_dir "${dir%/*}" && rm -rf "$dir" && own_dir "$dir" || continue
    timed -k 1 40 tar -xzf "$1" -C "$dir" --no-same-owner 2>/dev/null || {
      missed="$1 cannot be unpacked"
      continue
    }
    for file in "$dir"/vnetprobe "$dir"/*/vnetprobe "$dir"/*/bin/vnetprobe; do
      [ ! -f "$file" ] || ! runs "$file" || return 0
    done
    rm -rf "$dir"
  done < <(program_dirs)
  return 1
}

# Not run where it lies: a page that the share does not give would stop it.
from_share() { # FILE
  local dir
  case ${1#"$here"/} in
  */*) runs "$1" && return ;; # a bundle that is unpacked: it wants its libraries
  esac
  while IFS= read -r dir; do
    [ -n "$dir" ] && own_dir "${dir%/*}" && rm -rf "$dir" && own_dir "$dir" || continue
    brief cp -f "$1" "$dir/vnetprobe" 2>/dev/null && chmod 0755 "$dir/vnetprobe" &&
      runs "$dir/vnetprobe" && return
    rm -rf "$dir"
  done < <(program_dirs)
  runs "$1" # one that wants what lies beside it
}

find_config() {
  config_options=()
  if [ -z "$config" ]; then
    if [ -e /etc/vnetprobe.yaml ]; then
      config=/etc/vnetprobe.yaml
    elif [ -n "$work" ] && brief cp -f "$here/vnetprobe.yaml" "$work/vnetprobe.yaml" 2>/dev/null; then
      config=$work/vnetprobe.yaml
    else
      return
    fi
  fi
  config_options=(-c "$config")
}

# --- one at a time ------------------------------------------------------------

lock() {
  [ -n "$lock_dir" ] && type -P flock >/dev/null || return 0
  exec {lock_fd}<"$lock_dir" && flock -n "$lock_fd"
}

unlock() {
  [ -z "${lock_fd:-}" ] || exec {lock_fd}<&-
  lock_fd=''
}

# --- waiting ------------------------------------------------------------------

has_route() {
  local name rest
  while read -r name rest; do
    case $name in Iface | lo | '') ;; *) return 0 ;; esac
  done </proc/net/route
  [ -r /proc/net/ipv6_route ] || return 1
  while read -r rest; do
    name=${rest##* }
    case $rest in fe80* | ff0*) continue ;; esac
    [ "$name" = lo ] || return 0
  done </proc/net/ipv6_route
  return 1
}

servers() {
  local word server list=''
  while read -r word server _; do
    [ "$word" != nameserver ] || list+="${list:+, }$server"
  done </etc/resolv.conf
  printf %s "${list:-none}"
} 2>/dev/null

# Of the plan's names, one; nothing is sent for it. Silent without a plan.
first_name() {
  timed -k 1 20 "$program" targets -q "${config_options[@]}" --format json 2>/dev/null |
    sed -n 's/^ *"name": "\([A-Za-z0-9_-]*\.[A-Za-z0-9._-]*\)",\{0,1\}$/\1/p' | sed -n 1p
}

# Any answer will do, also that there is no such name.
dns_answers() { # NAME
  timed --foreground -k 1 6 "$program" dns -q "${config_options[@]}" --rounds 1 --timeout 2s \
    --deadline 4s --azure-dns never --format json "$1" 2>/dev/null |
    grep -qE '"rcode": "(NOERROR|NXDOMAIN)"'
}

wait_until() { # WHAT COMMAND...
  local from at what=$1
  shift
  now from
  step "waiting for $what"
  until "$@"; do
    now at
    [ $((at - waiting_since)) -lt "$patience" ] || {
      say "waited $((at - from)) s for $what, in vain: checking all the same"
      return 1
    }
    sleep 1
  done
  now at
  [ $((at - from)) -lt 2 ] || say "waited $((at - from)) s for $what"
}

wait_for_network() {
  local name most
  now waiting_since
  left most # a third of what there is, at most: the check needs the rest
  [ "$patience" -le $((most / 3)) ] || patience=$((most / 3))
  wait_until "a network interface with a route" has_route || return
  name=$(first_name)
  [ -z "$name" ] ||
    wait_until "an answer of DNS (servers: $(servers))" dns_answers "$name"
}

# --- the check ----------------------------------------------------------------

check() {
  local rest judged=0 ended=0
  status=0
  left rest
  rest=$((rest - 15))
  [ "$rest" -ge 5 ] || rest=5
  step "checking"
  [ "$(id -u)" = 0 ] || say "without root packets cannot be watched, unless the program has the capability"
  if [ -z "$work" ]; then
    timed --foreground -k 3 $((rest + 4)) "$program" check -q "${config_options[@]}" --deadline "${rest}s" \
      "${check_options[@]}" || status=$?
    case $status in
    [0134]) summary="ended with status $status; the report is above" ;;
    *) without_report ;;
    esac
    return
  fi
  # Written by this shell: what vnetprobe opens by itself has to belong to whom
  # sudo was called by.
  timed --foreground -k 3 $((rest + 4)) "$program" check -q "${config_options[@]}" --deadline "${rest}s" \
    --format json "${check_options[@]}" >"$work/report.json" 2>"$work/said" || ended=$?
  status=$ended
  timed --foreground -k 1 8 "$program" judge -q --color never "$work/report.json" \
    >"$work/report.txt" 2>"$work/unread" || judged=$?
  # Crashed, or cut off: a leak or a failure that it saw stands, a pass does not.
  case $ended:$judged in
  0:[134] | *[!0134]:[14]) status=$judged ;;
  [0134]:[0134]) ;;
  *) rm -f "$work"/report.* ;;
  esac
  if [ -s "$work/report.txt" ]; then
    IFS= read -r summary <"$work/report.txt"
    timed --foreground -k 1 8 "$program" judge -q --format metrics "$work/report.json" \
      >"$work/report.prom" 2>>"$work/said"
  else
    rm -f "$work"/report.*
    without_report
  fi
}

# What there is to say where there is no report, and the status for it.
without_report() {
  local line=''
  [ -z "$work" ] || line=$(grep -v '^$' "$work/said" 2>/dev/null | tail -1)
  line=${line#vnetprobe: }
  case $status in
  2)
    summary="nothing was checked: ${line:-see vnetprobe check --help}"
    [ ${#config_options[@]} -gt 0 ] || [ ${#check_options[@]} -gt 0 ] ||
      summary+=" (no configuration was found: put vnetprobe.yaml beside this script)"
    return
    ;;
  124 | 137) summary="inconclusive: vnetprobe did not end in time and was stopped" ;;
  [0134]) summary="inconclusive: there is no report: ${line:-for no reason known}" ;;
  *) summary="inconclusive: vnetprobe ended with status $status: ${line:-it says nothing}" ;;
  esac
  status=3
}

# --- keeping ------------------------------------------------------------------

prune() { # DIR HOW-MANY
  local file n=0
  # shellcheck disable=SC2010 # such names have no odd characters
  ls -1 "$1" 2>/dev/null | grep -E '^report-[0-9TZ-]+\.json$' | sort -r |
    while IFS= read -r file; do
      n=$((n + 1))
      [ $n -le "$2" ] || rm -f "$1/$file" "$1/${file%.json}.txt"
    done
}

# A link is followed if root made it, we did, or whoever owns what it leads to.
trusted_dir() { # DIR
  local owner
  [ -L "$1" ] || return 0
  owner=$(stat -c %u "$1") || return
  case $owner in 0 | "$UID" | "$(stat -L -c %u "$1")") return 0 ;; esac
  echo "$1: it is a link that somebody else made" >&2
  return 1
}

# One file, whole or not at all, and no other than that: what lies there by this
# name, a link it may be, is replaced and not written through.
put() { # FROM TO - or - for standard input; says why not
  local dir=${2%/*} new
  trusted_dir "${dir:-/}" && new=$(mktemp "$dir/.vnetprobe.XXXXXX") || return
  cat "$1" >"$new" && { chmod 0644 "$new" 2>/dev/null || :; } && mv -fT "$new" "$2" && return
  rm -f "$new"
  return 1
}

keep_in() { # DIR
  : >"$work/why"
  if [ "$1" = "$local_dir" ]; then
    (umask 022 && mkdir -p "$1") 2>"$work/why" || return 1
  else
    own_dir "$1" || return 1
  fi
  prune "$1" $((keep - 1))
  put "$work/report.json" "$1/$stamp.json" 2>"$work/why" || return 1
  put "$work/report.txt" "$1/$stamp.txt" 2>"$work/why" || {
    rm -f "$1/$stamp.json"
    return 1
  }
  kept=$1/$stamp.txt
}

# Why it could not be kept there: the system's own words, without "cp: ...".
why() {
  local line=''
  { IFS= read -r line <"$why_file"; } 2>/dev/null
  line=${line##*: }
  printf %s "${line:-it cannot be written to}"
}

keep_reports() {
  local dir refused=''
  step "keeping the report"
  [ -n "$work" ] && [ -s "$work/report.json" ] || { note_undone && return; }
  stamp=report-$(date -u +%Y%m%dT%H%M%SZ)
  [ ! -e "$local_dir/$stamp.json" ] || stamp+=-$$
  for dir in "$local_dir" "${XDG_STATE_HOME:-${HOME:-/nonexistent}/.local/state}/vnetprobe" \
    /run/vnetprobe/reports "/dev/shm/vnetprobe-$UID/reports"; do
    keep_in "$dir" && break
    refused+="${refused:+; }$dir: $(why)"
  done
  [ -z "$refused" ] || say "the report could not be kept in $refused"
  case $kept in
  '') say "the report is kept nowhere; it follows" && cat "$work/report.txt" ;;
  /run/* | /dev/shm/*) say "it is kept in memory: gone when the machine stops" ;;
  esac
  [ -z "$kept" ] || note "${kept%/*}/summary.log" || say "${kept%/*}/summary.log: $(why)"
  [ -z "$metrics" ] || put_metrics "$work/report.prom" || say "the metrics could not be written to $metrics: $(why)"
}

# Metrics of an earlier check are not left as if they were of this one.
put_metrics() { # FROM
  [ -s "$1" ] || [ "$1" = - ] || { rm -f "$metrics" && return 1; }
  put "$1" "$metrics" 2>"$why_file" && return
  rm -f "$metrics"
  return 1
}

# A line for each run, as many as there are reports.
note() { # FILE
  {
    [ ! -f "$1" ] || [ -L "$1" ] || tail -n $((keep - 1)) "$1"
    printf '%s %s\n' "$(date -u +%Y%m%dT%H%M%SZ)" "$summary"
  } 2>/dev/null | put - "$1" 2>"$why_file"
}

# A check that could not be done, or of which there is no report: a line of its own,
# and metrics that say so in vnetprobe's own words: one collector reads both.
note_undone() {
  (umask 022 && mkdir -p "$local_dir" && note "$local_dir/summary.log") 2>/dev/null
  [ -n "$metrics" ] || return 0
  put_metrics - <<END || say "the metrics could not be written to $metrics: $(why)"
# HELP vnetprobe_run_verdict 1 for the verdict of the run, 0 for the others.
# TYPE vnetprobe_run_verdict gauge
vnetprobe_run_verdict{verdict="fail"} 0
vnetprobe_run_verdict{verdict="inconclusive"} 1
vnetprobe_run_verdict{verdict="leak"} 0
vnetprobe_run_verdict{verdict="pass"} 0
# HELP vnetprobe_run_exit_status 0 pass, 1 fail, 3 inconclusive, 4 leak.
# TYPE vnetprobe_run_exit_status gauge
vnetprobe_run_exit_status $status
# HELP vnetprobe_run_end_timestamp_seconds When the run ended, Unix time: alert when it grows old.
# TYPE vnetprobe_run_end_timestamp_seconds gauge
vnetprobe_run_end_timestamp_seconds $(date +%s)
END
}

# Last of all, and nobody waits for it longer than the supervisor does. A copy
# that still hangs from an earlier start is not joined by another.
copy_to_share() {
  local dir copy_fd
  [ -n "$share" ] && [ -n "$work" ] && [ -n "$stamp" ] || return
  step "copying the report to $share"
  printf '=copying\n'
  own_dir "$lock_dir/copying" && exec {copy_fd}<"$lock_dir/copying"
  if [ -n "${copy_fd:-}" ] && type -P flock >/dev/null && ! flock -n "$copy_fd"; then
    say "an earlier copy still hangs: not copied to $share"
    return
  fi
  dir=$share/$(uname -n)
  # shellcheck disable=SC2016 # that shell's own words
  if timeout -k 1 60 bash -c "$(declare -f trusted_dir put)"'
    trusted_dir "${2%/*}" && mkdir -p "$2" && put "$1/report.json" "$2/$3.json" &&
      put "$1/report.txt" "$2/$3.txt" || exit
    [ ! -f "$5" ] || put "$5" "$2/summary.log"
    ls -1 "$2" | grep -E "^report-[0-9TZ-]+\.json$" | sort -r | tail -n +$(($4 + 1)) |
      while IFS= read -r old; do rm -f "$2/$old" "$2/${old%.json}.txt"; done' \
    _ "$work" "$dir" "$stamp" "$keep" "${kept:+${kept%/*}/summary.log}" 2>"$work/why"; then
    say "copied to $dir"
  else
    say "not copied to $dir: $(why)"
  fi
}

# --- installing, for a creation script ----------------------------------------

install_here() {
  step "installing"
  install_program || return
  [ -e /etc/vnetprobe.yaml ] || ! brief cp -f "$here/vnetprobe.yaml" /etc/vnetprobe.yaml 2>/dev/null ||
    say "installed /etc/vnetprobe.yaml"
  [ "$at_boot" != 1 ] || install_unit
}

# Sets not_installed otherwise. What is there is replaced by what runs, or stays.
install_program() {
  local file found='' missed='' program='' new=/opt/vnetprobe.new old=/opt/vnetprobe.old
  [ "$(id -u)" = 0 ] || { not_installed="--install needs root" && return 1; }
  while IFS= read -r file; do
    rm -rf "$new" && mkdir -p "$new" 2>/dev/null || { not_installed="/opt cannot be written to" && return 1; }
    case $file in
    =hangs) missed="$here does not answer" && continue ;;
    *.tar.gz) timed -k 1 40 tar -xzf "$here/$file" -C "$new" --strip-components=1 --no-same-owner 2>/dev/null ;;
    *) brief cp -f "$here/$file" "$new/vnetprobe" 2>/dev/null && chmod 0755 "$new/vnetprobe" ;;
    esac || { missed="$file cannot be read" && continue; }
    if runs "$new/vnetprobe"; then found=$file && break; fi
    missed=${missed:-there is no program in $file}
  done < <(beside 'vnetprobe-*.tar.gz' vnetprobe)
  if [ -z "$found" ]; then
    rm -rf "$new"
    not_installed="no vnetprobe that runs was found in $here${missed:+ ($missed)}; what is in /opt/vnetprobe stays"
    return 1
  fi
  if ! brief cp -f "$here/${BASH_SOURCE[0]##*/}" "$new/startup.sh" &&
    ! cp -f /opt/vnetprobe/startup.sh "$new/startup.sh" 2>/dev/null; then
    not_installed="this script could not be copied to /opt/vnetprobe"
  fi
  chmod 0755 "$new/startup.sh" 2>/dev/null
  rm -rf "$old"
  [ ! -e /opt/vnetprobe ] || mv -T /opt/vnetprobe "$old"
  mv -T "$new" /opt/vnetprobe || {
    [ ! -e "$old" ] || mv -T "$old" /opt/vnetprobe
    not_installed="/opt/vnetprobe cannot be replaced"
    return 1
  }
  rm -rf "$old"
  say "installed in /opt/vnetprobe: $found"
  [ -e /usr/local/bin/vnetprobe ] || ln -sf /opt/vnetprobe/vnetprobe /usr/local/bin/vnetprobe
  [ -z "$not_installed" ]
}

# A word as systemd reads it in ExecStart=.
unit_word() { # WORD
  local word=${1//\\/\\\\} two='$$'
  word=${word//\"/\\\"}
  word=${word//%/%%}
  printf ' "%s"' "${word//'$'/"$two"}"
}

# The file share has no part in this: what breaks it is told nevertheless.
install_unit() {
  local word words=()
  [ "$strict" != 1 ] || words+=(--strict)
  [ -z "$config" ] || words+=(--config "$config")
  [ -z "$program" ] || words+=(--program "$program")
  [ -z "$metrics" ] || words+=(--metrics "$metrics")
  words+=(--local "$local_dir" --wait "$patience" --limit "$limit" --keep "$keep")
  [ ${#check_options[@]} = 0 ] || words+=(-- "${check_options[@]}")
  for word in "${words[@]}"; do
    case $word in
    */cloudfiles/* | */LS_root/mounts/*) not_installed="at boot there is no file share: $word" && return ;;
    *[[:cntrl:]]*) not_installed="an option for each boot has a line break or the like in it" && return ;;
    esac
  done
  cat >/etc/systemd/system/vnetprobe-instance.service <<END || { not_installed="no unit can be written" && return; }
[Unit]
Description=Check that the Azure ML workspace is reached privately
Documentation=man:vnetprobe(1)
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
ExecStart=/opt/vnetprobe/startup.sh --share ''$(for word in "${words[@]}"; do unit_word "$word"; done)
TimeoutStartSec=$((limit + 30))

[Install]
WantedBy=multi-user.target
END
  systemctl daemon-reload 2>/dev/null
  if systemctl enable vnetprobe-instance.service 2>/dev/null; then
    say "checked at each boot by vnetprobe-instance.service"
  else
    not_installed="vnetprobe-instance.service could not be enabled"
  fi
}

# All of it has been read before anything is done: no share can stop it midway.
main() {
  mistake=''
  settings
  options "$@"
  if [ -n "$mistake" ]; then
    say "$mistake: nothing was checked"
    usage
    finish 2
  fi
  supervise
}
main "$@"
