# completion.sh - Tab, as bash would answer it.

tab() { # WORD... - the last one is being typed; prints what is offered
  bash --norc -c '
    [ ! -e /usr/share/bash-completion/bash_completion ] || . /usr/share/bash-completion/bash_completion
    . "$1" && shift
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
    COMP_LINE=${COMP_LINE} COMP_POINT=${#COMP_LINE} COMP_TYPE=9
    _vnetprobe vnetprobe "${@: -1}" "${@: -2:1}" 2>/dev/null
    printf "%s\n" "${COMPREPLY[@]}"' bash "$work/completion.bash" "$@"
}

part_completion() {
  local dir=$work/typing
  mkdir -p "$dir" && touch "$dir/a b.yaml" "$dir/c.yaml"
  "$VNETPROBE" --completion bash >"$work/completion.bash"
  t "the script is sound" 0 '^ ?$' bash -n "$work/completion.bash"
  t "commands" 0 '^check ' tab vnetprobe c
  t "a command's options" 0 '^--trace --trust|^--trace ' tab vnetprobe dns --tr
  t "no other command's" 0 '^ +$' tab vnetprobe check --tra
  t "words of an option" 0 '^service-endpoints ' tab vnetprobe check --scenario service
  t "behind an equals sign" 0 '^json ' tab vnetprobe check --format = j
  t "all of them" 0 '^text json ' tab vnetprobe check --format =
  t "forwarders" 0 '^bind ' tab vnetprobe dns --emit b
  t "finding ids" 0 '^dns-zone-not-linked ' tab vnetprobe explain dns-zone-n
  t "files" 0 "($dir/(a b|c).yaml ){2}$" tab vnetprobe check -c "$dir/"
  t "interfaces" 0 'lo ' tab vnetprobe watch --interface l
  t "a value is no command" 0 '^explain ' tab vnetprobe --format text exp
  t "nothing for a number" 0 '^ +$' tab vnetprobe check --concurrency ''
  t "another command behind watch" 0 '/c.yaml ' tab vnetprobe watch -- cat "$dir/c"
  t "another shell is refused" 2 "'fish' is not one of bash" "$VNETPROBE" --completion fish
}
