/**
 * For bash, in the directory of the FIFOs. It reads commands from the FIFO `fifo-holder`, whose both ends it
 * keeps open, so that it never comes to an end of them.
 */
export const HOLDER_PROGRAM = `
exec {control}<> fifo-holder || exit 1
ulimit -Sn "$(ulimit -Hn)"
exec < /dev/null > /dev/null 2>&1
declare -A held

drop() {
  local reader=\${held[$1]}
  [[ -z $reader ]] || exec {reader}<&-
  unset "held[$1]"
}

while read -r -u "$control" verb name; do
  case $verb in
    hold)
      [[ -z \${held[$name]} && -p $name ]] || continue
      # Without a writer, opening a FIFO for reading alone would wait for one.
      exec {both}<> "$name" {reader}< "$name" && held[$name]=$reader
      exec {both}>&-
      ;;
    drop) drop "$name" ;;
    tidy) for name in "\${!held[@]}"; do [[ -p $name ]] || drop "$name"; done ;;
    quit) exit 0 ;;
  esac
done
`;
