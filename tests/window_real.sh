#!/usr/bin/env bash
# The main job in a real window: click Listen, a peer that we did not write connects (socat), both send, the rows appear,
# the log is saved through the path field, and the saved bytes are the bytes that went over the wire.
#
#   tests/window_real.sh [PROGRAM]        PROGRAM: target/debug/sockscope unless given
#
# Needs Xvfb, openbox, xdotool, socat and ImageMagick. Without them it says SKIPPED, except in CI, where it fails.
# Everything runs on a display of its own and in a temporary folder; pictures of a failure are kept in WINDOW_PICTURES.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

program=$(readlink -f "${1:-target/debug/sockscope}")
pictures=${WINDOW_PICTURES:-}
work=$(mktemp -d)
children=()

for tool in Xvfb openbox xdotool socat import compare; do
  if ! command -v "$tool" >/dev/null; then
    echo "SKIPPED: $tool is not installed"
    [ "${CI:-}" = true ] && exit 1
    exit 0
  fi
done

finish() {
  local code=$?
  if [ "$code" != 0 ]; then
    echo "the window test FAILED; what the programs said:"
    tail -n 20 "$work"/*.log 2>/dev/null || true
    if [ -n "${DISPLAY:-}" ]; then import -window root "$work/failed.png" 2>/dev/null || true; fi
    pictures=${pictures:-$(mktemp -d)}
  fi
  for child in "${children[@]}"; do kill "$child" 2>/dev/null || true; done
  if [ -n "$pictures" ]; then
    mkdir -p "$pictures"
    cp "$work"/*.png "$pictures"/ 2>/dev/null || true
    echo "pictures: $pictures"
  fi
  rm -rf "$work"
}
trap finish EXIT

fail() {
  echo "$1"
  exit 1
}

within() { # SECONDS WHAT COMMAND...: until the command succeeds
  local until=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" 2>/dev/null; do
    [ "$SECONDS" -lt "$until" ] || fail "not in time: $what"
    sleep 0.05
  done
}

listens_on() { grep -qi ":$(printf %04X "$1") 00000000:0000 0A" /proc/net/tcp; }
is_free() { ! grep -qi ":$(printf %04X "$1") " /proc/net/tcp; }
holds() { grep -qF -- "$2" "$1"; }
picture() { import -window root "$work/$1.png"; }
differ() { [ "$(compare -metric AE "$work/$1.png" "$work/$2.png" null: 2>&1 || true)" != 0 ]; }

# Waits until what is drawn no longer changes: there is no animation, so two equal pictures mean that it is done.
settled() {
  local attempt
  sleep 0.2
  picture before
  for attempt in $(seq 100); do
    sleep 0.1
    picture after
    differ before after || return 0
    mv "$work/after.png" "$work/before.png"
  done
  fail "the picture never came to rest after $attempt looks"
}

key() { xdotool key --clearmodifiers "$1"; settled; }
type_text() { xdotool type --delay 20 "$1"; settled; }

# A display, a window manager, the program.
exec 3>"$work/display"
Xvfb -displayfd 3 -screen 0 1600x1000x24 +extension GLX -nolisten tcp 2>"$work/xvfb.log" &
children+=($!)
within 20 'the display' test -s "$work/display"
exec 3>&-
DISPLAY=:$(cat "$work/display")
export DISPLAY LIBGL_ALWAYS_SOFTWARE=1 SOCKSCOPE_HOME="$work/home" XDG_RUNTIME_DIR="$work"
unset WAYLAND_DISPLAY WAYLAND_SOCKET
openbox >"$work/openbox.log" 2>&1 &
children+=($!)
port=$(shuf -i 20000-29999 -n 1)
until is_free "$port"; do port=$((port + 1)); done
"$program" >"$work/sockscope.log" 2>&1 </dev/null &
sockscope=$!
children+=("$sockscope")
window() { xdotool search --onlyvisible --name '^Sockscope' >"$work/window"; }
within 30 'the window' window
window=$(head -n 1 "$work/window")
xdotool windowactivate --sync "$window"
settled
picture 1-first-minute

# Click Listen; the port is selected, so typing replaces it; Enter listens.
xdotool mousemove --window "$window" 260 22 click 1
settled
picture 2-listen-form
differ 1-first-minute 2-listen-form || fail 'the click on Listen opened nothing'
type_text "$port"
key Return
within 10 "listening on port $port" listens_on "$port"
settled
picture 3-listening

# The peer says something; its row appears without a hand on the mouse or the keys.
mkfifo "$work/say"
exec 4<>"$work/say"
socat - "TCP:127.0.0.1:$port" <&4 >"$work/heard" 2>"$work/socat.log" &
children+=($!)
printf 'hello from socat \x00\xff\r\n' >&4
sleep 0.5
settled
picture 4-received
differ 3-listening 4-received || fail 'no row appeared for what socat sent'

# Answer from the composer: the peer that just connected is its target.
key ctrl+e
type_text 'answer from the window'
picture 5-composed
key ctrl+Return
within 10 'the answer at socat' holds "$work/heard" 'answer from the window'
[ "$(cat "$work/heard")" = 'answer from the window' ] || fail "socat heard something else: $(cat "$work/heard")"
settled
picture 6-sent

# Save the log through the path field.
key ctrl+s
picture 7-save-form
differ 6-sent 7-save-form || fail 'the save form did not open'
key ctrl+a
type_text "$work/saved.pcapng"
key Return
within 10 'the saved log' test -s "$work/saved.pcapng"
settled
picture 8-saved

# What was saved is what was said.
"$program" export "$work/saved.pcapng" --as jsonl >"$work/saved.jsonl"
said=$(printf 'hello from socat \x00\xff\r\n' | od -An -v -tx1 | tr -d ' \n')
answered=$(printf 'answer from the window' | od -An -v -tx1 | tr -d ' \n')
hex_of() { sed -n "s/.*\"kind\":\"$1\".*\"hex\":\"\([0-9a-f]*\)\".*/\1/p" "$work/saved.jsonl" | tr -d '\n'; }
[ "$(hex_of received)" = "$said" ] || fail "saved as received: $(hex_of received), said: $said"
[ "$(hex_of sent)" = "$answered" ] || fail "saved as sent: $(hex_of sent), typed: $answered"
for kind in listening accepted; do
  holds "$work/saved.jsonl" "\"kind\":\"$kind\"" || fail "the saved log has no $kind"
done
if command -v tshark >/dev/null; then
  followed=$(tshark -r "$work/saved.pcapng" -q -z follow,tcp,raw,0 2>/dev/null)
  case $followed in *"$said"*) ;; *) fail "tshark follows something else: $followed" ;; esac
else
  echo 'SKIPPED: tshark is not installed'
fi

# SIGTERM: the sockets close, the session's own file is finished, the window is gone within 2 s.
kill -TERM "$sockscope"
begin=$(date +%s%N)
wait "$sockscope" && code=0 || code=$?
took=$((($(date +%s%N) - begin) / 1000000))
[ "$code" = 0 ] || fail "the window ended with code $code"
[ "$took" -le 2000 ] || fail "the window took $took ms to end"
"$program" export "$work"/home/data/sessions/*.pcapng --as jsonl >"$work/session.jsonl"
[ "$(head -n 4 "$work/session.jsonl")" = "$(head -n 4 "$work/saved.jsonl")" ] || fail 'the session and the saved log differ'
holds "$work/session.jsonl" '"kind":"stopped"' || fail 'the session does not say that the listener stopped'

echo "the window test passed: $(wc -l <"$work/saved.jsonl") events saved, ended in $took ms"
