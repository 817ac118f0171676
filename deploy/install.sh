#!/bin/sh
# Installs crihub from the distribution that this script is part of (`npm run build` makes it).
set -eu

usage() {
  cat <<'TEXT'
usage: deploy/install.sh [--root <directory>] [--dry-run]

Installs or updates crihub on this node; needs root. May be repeated.

  /opt/crihub                              the programs, replaced as a whole
  /usr/local/bin/crihub                    a link to the operator's command
  /etc/crihub/config.yaml                  the defaults, only if there is no such file
  /etc/systemd/system/crihubd.service      if the node has systemd

A daemon that systemd runs is restarted; its pods run on. Nothing else is started.

  --root <directory>  install below this directory, for an image of a node; systemd is not asked to do anything
  --dry-run           say what would be done
TEXT
}

fail() {
  echo "install.sh: $1" >&2
  exit 1
}

root=
dry_run=
while [ $# -gt 0 ]; do
  case $1 in
    --root)
      [ $# -ge 2 ] || fail '--root needs a directory'
      root=${2%/}
      shift
      ;;
    --dry-run) dry_run=yes ;;
    -h | --help)
      usage
      exit
      ;;
    *) fail "there is no option $1; --help shows those that there are" ;;
  esac
  shift
done

source=$(dirname "$(dirname "$(readlink -f "$0")")")
[ -f "$source/crihubd.mjs" ] || fail "there is no crihubd.mjs in $source; run npm run build, then dist/deploy/install.sh"
[ -n "$root$dry_run" ] || [ "$(id -u)" = 0 ] || fail 'installing needs root'

# A command, or what it would be.
act() {
  if [ -n "$dry_run" ]; then echo "would run: $*"; else "$@"; fi
}

runs_systemd() {
  [ -z "$root" ] && [ -d /run/systemd/system ]
}

install_programs() {
  target=$root/opt/crihub
  [ "$source" != "$(readlink -f "$target" || true)" ] || fail "$source is the installed copy itself; run the script of a new build"
  # Complete beside its place before it takes it, so a copy that fails leaves what there was.
  act rm -rf "$target.new" "$target.old"
  act mkdir -p "$root/opt" "$root/usr/local/bin"
  act cp -R "$source" "$target.new"
  [ ! -e "$target" ] || act mv "$target" "$target.old"
  act mv "$target.new" "$target"
  act rm -rf "$target.old"
  act ln -sfn /opt/crihub/bin/crihub "$root/usr/local/bin/crihub"
}

write_default_config() {
  config=$root/etc/crihub/config.yaml
  [ ! -e "$config" ] || return 0
  act mkdir -p "$root/etc/crihub"
  if [ -n "$dry_run" ]; then
    echo "would write: the default configuration to $config"
    return 0
  fi
  "$source/bin/crihubd" config default >"$config.new"
  mv "$config.new" "$config"
}

install_unit() {
  runs_systemd || [ -d "$root/etc/systemd/system" ] || return 0
  act cp "$source/deploy/crihubd.service" "$root/etc/systemd/system/crihubd.service"
  runs_systemd || return 0
  act systemctl daemon-reload
  act systemctl try-restart crihubd.service
}

install_programs
write_default_config
install_unit
if [ -z "$dry_run" ]; then
  echo "crihub is installed in $root/opt/crihub; its configuration is $root/etc/crihub/config.yaml"
  ! runs_systemd || echo 'start it with: systemctl enable --now crihubd'
fi
