#!/bin/sh
# Takes crihub off a node.
set -eu

usage() {
  cat <<'TEXT'
usage: deploy/uninstall.sh [--root <directory>] [--keep-data] [--dry-run]

Removes what install.sh installed, the configuration, the images and the records; needs root. May be repeated.
It refuses while there are pods, since nothing would look after them any more:

  crictl -r unix:///run/crihub/crihub.sock rmp --all --force

Directories that the configuration puts elsewhere are not removed.

  --root <directory>  uninstall below this directory; systemd is not asked to do anything
  --keep-data         leave the configuration, the images and the records
  --dry-run           say what would be done
TEXT
}

fail() {
  echo "uninstall.sh: $1" >&2
  exit 1
}

root=
dry_run=
keep_data=
while [ $# -gt 0 ]; do
  case $1 in
    --root)
      [ $# -ge 2 ] || fail '--root needs a directory'
      root=${2%/}
      shift
      ;;
    --keep-data) keep_data=yes ;;
    --dry-run) dry_run=yes ;;
    -h | --help)
      usage
      exit
      ;;
    *) fail "there is no option $1; --help shows those that there are" ;;
  esac
  shift
done
[ -n "$root$dry_run" ] || [ "$(id -u)" = 0 ] || fail 'uninstalling needs root'

state=$root/var/lib/crihub
run=$root/run/crihub
unit=$root/etc/systemd/system/crihubd.service

# A command, or what it would be.
act() {
  if [ -n "$dry_run" ]; then echo "would run: $*"; else "$@"; fi
}

runs_systemd() {
  [ -z "$root" ] && [ -d /run/systemd/system ]
}

refuse_while_there_are_pods() {
  pods=$(find "$state/sandboxes" -mindepth 1 -maxdepth 1 2>/dev/null | wc -l)
  [ "$pods" -eq 0 ] || fail "there are $pods pods; remove them first (--help shows how)"
  # A mount is somebody's volume or root file system: what is in it must not be removed with our directories.
  for directory in "$state" "$run"; do
    ! grep -qF " $directory/" /proc/self/mounts || fail "something is mounted below $directory; unmount it first"
  done
}

remove_unit() {
  if runs_systemd && [ -e "$unit" ]; then act systemctl disable --now crihubd.service; fi
  act rm -f "$unit"
  if runs_systemd; then act systemctl daemon-reload; fi
}

remove_programs() {
  link=$root/usr/local/bin/crihub
  # Only a link of ours; another crihub is somebody else's.
  [ "$(readlink "$link" || true)" != /opt/crihub/bin/crihub ] || act rm -f "$link"
  act rm -rf "$root/opt/crihub"
}

remove_data() {
  act rm -rf --one-file-system "$run" "$root/var/cache/crihub"
  [ -z "$keep_data" ] || return 0
  act rm -rf --one-file-system "$state" "$root/etc/crihub"
}

refuse_while_there_are_pods
remove_unit
remove_programs
remove_data
[ -n "$dry_run" ] || echo 'crihub is uninstalled'
