# Sourced by the other scripts: finds Python, makes the environment once, shows progress.
# Runs on bash 3.2 and later (Linux, macOS). The caller sets -euo pipefail.
#
#   ROOT   the repository
#   VENV   the environment: $COMMITMENT_VENV, else .venv in the repository

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"
VENV="${COMMITMENT_VENV:-$ROOT/.venv}"
case "$VENV" in /*) ;; *) VENV="$PWD/$VENV" ;; esac
STATE="$VENV/.commitment-environment" # there from the first moment, filled in at the end
unset PYTHONHOME PYTHONPATH

say() { printf '%s\n' "$*" >&2; }

fail() {
  say "error: $*"
  exit 1
}

# One line that is rewritten on a terminal; elsewhere only the lines that end a step.
show() { if [ -t 2 ]; then printf '\r\033[K%s' "$*" >&2; fi; }

step() {
  show ""
  say "$*"
}

find_python() {
  local candidate old="" bare=""
  for candidate in ${PYTHON:+"$PYTHON"} python3.13 python3.12 python3.11 python3.14 python3 python; do
    command -v "$candidate" >/dev/null 2>&1 || continue
    # A version manager may put a name on the path that does not run.
    "$candidate" -c '' >/dev/null 2>&1 || continue
    if ! "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      old="$candidate is $("$candidate" -V 2>&1)"
    elif ! "$candidate" -c 'import ensurepip, venv' 2>/dev/null; then
      bare="$candidate"
    else
      command -v "$candidate"
      return
    fi
  done
  [ -z "$bare" ] || fail "$bare cannot make environments; install its venv module (Debian, Ubuntu: apt-get install python3-venv)"
  fail "needs Python 3.11 or later on the path${old:+ ($old)}; install one, or name it: PYTHON=/path/to/python3.12 $0"
}

digest() { # PYTHON FILE
  "$1" -c 'import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' "$2"
}

recorded() { # KEY: what the finished environment says about itself
  sed -n "s/^$1 //p" "$STATE" 2>/dev/null || true
}

section() { # runtime | development | spark: that part of requirements.lock
  awk -v wanted="# --- $1 ---" '/^# --- / { inside = ($0 == wanted) } inside' "$ROOT/requirements.lock"
}

# Read pip's output, keep it in a log, show which package it is at.
watch_pip() { # LABEL TOTAL LOG
  local line n=0
  while IFS= read -r line; do
    printf '%s\n' "$line" >>"$3"
    case "$line" in
      Collecting\ *)
        n=$((n + 1))
        line="${line#Collecting }"
        show "$1: $n of $2, ${line%%[=<> ]*}"
        ;;
      "Installing collected packages"*) show "$1: unpacking $n packages" ;;
    esac
  done
}

install_section() { # SECTION [PIP OPTION...]
  local part="$1" wanted log total
  shift
  wanted="$VENV/.$part.txt" log="$VENV/.$part.log"
  section "$part" >"$wanted"
  total="$(grep -c '^[a-z0-9]' "$wanted")" || fail "requirements.lock has no $part section; run scripts/lock"
  : >"$log"
  # Wheels only: nothing is compiled, and no build tool is fetched past the lock.
  if ! "$VENV/bin/python" -m pip install --disable-pip-version-check --no-input --progress-bar off \
    --require-hashes --only-binary :all: "$@" -r "$wanted" 2>&1 | watch_pip "installing $part packages" "$total" "$log"; then
    show ""
    tail -n 15 "$log" >&2
    fail "the packages of requirements.lock could not be installed (whole log: $log). Is a package index reachable, and is there a wheel for $("$VENV/bin/python" -V 2>&1)?"
  fi
}

remove_environment() {
  [ -e "$VENV" ] || return 0
  if [ -e "$STATE" ] || [ -e "$VENV/pyvenv.cfg" ] || [ -z "$(ls -A "$VENV")" ]; then
    rm -rf -- "$VENV"
  else
    fail "$VENV is there and is not an environment; remove it, or set COMMITMENT_VENV to another directory"
  fi
}

# Make VENV hold the locked packages and this project. A finished environment is left alone, a
# half-finished or outdated one is made again; two runs at once wait for each other.
prepare_environment() { # runtime | development | spark, each with those before it
  local part="$1" python lock project have started=$SECONDS
  [ -f "$ROOT/requirements.lock" ] || fail "requirements.lock is missing; run scripts/lock"
  exec 8<"$ROOT/scripts/environment.sh"
  if command -v flock >/dev/null 2>&1 && ! flock -n 8; then
    say "another run is preparing the environment; waiting for it"
    flock 8
  fi

  have=""
  if "$VENV/bin/python" -m pip --version >/dev/null 2>&1; then
    lock="$(digest "$VENV/bin/python" "$ROOT/requirements.lock")"
    [ "$(recorded lock)" != "$lock" ] || have="$(recorded part)"
  fi
  if [ -z "$have" ]; then
    python="$(find_python)"
    step "making the environment in $VENV with $("$python" -V 2>&1)"
    remove_environment
    mkdir -p "$VENV"
    : >"$STATE"
    "$python" -m venv "$VENV" || fail "$python could not make an environment in $VENV"
    lock="$(digest "$VENV/bin/python" "$ROOT/requirements.lock")"
    install_section runtime
    have=runtime
    record "$lock" "$have" ""
  fi
  if [ "$part" != runtime ] && [ "$have" = runtime ]; then
    install_section development
    have=development
    record "$lock" "$have" "$(recorded project)"
  fi
  if [ "$part" = spark ] && [ "$have" = development ]; then
    # Spark is published as source alone; it is packed here with the locked setuptools.
    install_section spark --no-binary pyspark --no-build-isolation
    have=spark
    record "$lock" "$have" "$(recorded project)"
  fi
  project="$ROOT $(digest "$VENV/bin/python" "$ROOT/pyproject.toml")"
  if [ "$(recorded project)" != "$project" ]; then
    "$VENV/bin/python" -m pip install --disable-pip-version-check --no-input --quiet \
      --no-index --no-deps --no-build-isolation --editable "$ROOT" ||
      fail "the project could not be installed into $VENV"
    record "$lock" "$have" "$project"
    step "environment ready ($((SECONDS - started)) s)"
  fi
  exec 8<&-
}

record() { # LOCK PART PROJECT
  printf 'lock %s\npart %s\nproject %s\n' "$@" >"$STATE.new"
  mv -f "$STATE.new" "$STATE"
}
