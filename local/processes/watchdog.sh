# Ends the processes of a supervisor that was killed. Reads "+ <pid>" and "- <pid>" (leaders of process groups)
# from the supervisor until that is gone, then ends every group that is left: asked first, killed after 5 s.
groups=' '
while read -r sign pid; do
  case $sign in
    +) groups="$groups$pid " ;;
    -) case $groups in *" $pid "*) groups="${groups%% "$pid" *} ${groups#* "$pid" }" ;; esac ;;
  esac
done
for pid in $groups; do kill -TERM "-$pid" 2>/dev/null; done
tries=0
while [ "$tries" -lt 25 ]; do
  alive=''
  for pid in $groups; do kill -0 "-$pid" 2>/dev/null && alive=yes; done
  [ -z "$alive" ] && exit 0
  sleep 0.2
  tries=$((tries + 1))
done
for pid in $groups; do kill -KILL "-$pid" 2>/dev/null; done
