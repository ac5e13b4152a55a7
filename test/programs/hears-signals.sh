# Says in the file `heard` what it hears, in `workload` who it is, and with `handles` ends by an exit code of its own for each.
echo $$ >workload
exec 9>>heard
trap 'echo "size $(stty size)" >&9' WINCH
if [ "$1" = handles ]; then
  trap 'echo TERM >&9; exit 3' TERM
  trap 'trap "" HUP; echo HUP >&9; exit 4' HUP # a terminal that goes is told by the kernel, by its shell, and by who passes signals on
  trap 'echo INT >&9; exit 5' INT
  trap 'echo QUIT >&9; exit 6' QUIT
fi
echo "began $(stty size)" >&9
while :; do sleep 0.05 9>&-; done
