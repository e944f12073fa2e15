# Sourced by infra/up, tests/run and tests/bench: what must be on the machine before Armada builds, and whether AWS IoT Core is built in.
# shellcheck shell=bash

fail() { printf '%s\n' "$*" >&2; exit 2; }

# need_dotnet: the SDK that global.json asks for.
need_dotnet() {
  command -v dotnet >/dev/null 2>&1 \
    || fail "dotnet is not on the PATH: install the .NET 10 SDK (https://dot.net) and run this again"
  dotnet --version >/dev/null 2>&1 \
    || fail "the .NET SDK here is not the one global.json asks for: $(dotnet --list-sdks | tr '\n' ' ')- install .NET 10"
}

# need_node: Node.js 20 or newer, from the distribution where it has one that new.
need_node() {
  local version
  command -v node >/dev/null 2>&1 || install_missing nodejs
  version=$(node --version 2>/dev/null || true)
  version=${version#v}
  [ "${version%%.*}" -ge 20 ] 2>/dev/null \
    || fail "the tests need Node.js 20 or newer for their JavaScript clients, here is ${version:-none}: install it (https://nodejs.org) and run this again"
}

# install_missing PACKAGE...: installs from the distribution what is missing.
install_missing() {
  local missing=() package as_root=()
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  command -v apt-get >/dev/null 2>&1 || fail "missing: ${missing[*]} - no apt-get here, install them by hand"
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || fail "missing: ${missing[*]} - run as root or install sudo"
    as_root=(sudo)
  fi
  echo "installing ${missing[*]}" >&2
  # RUNLEVEL=1: the distribution does not start the broker that it installs.
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2 || true
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null 2>&1 \
    || fail "apt-get could not install ${missing[*]}: run 'apt-get install ${missing[*]}' to see why"
}

# find_aws_iot ROOT: sets AwsIot, which the builds read, to whether the packages of AWS IoT Core restore, and says so in one line.
find_aws_iot() {
  local root=$1
  if [ -n "${AwsIot:-}" ]; then
    echo "AWS IoT Core: AwsIot=$AwsIot, as asked for" >&2
  elif dotnet restore "$root/silo/Armada.Silo.AwsIot" -p:AwsIot=true --verbosity quiet >/dev/null 2>&1; then
    AwsIot=true
    echo "AWS IoT Core: built in" >&2
  else
    AwsIot=false
    echo "AWS IoT Core: left out, the package feed carries no AWSSDK.IoT and AWSSDK.IotData" >&2
  fi
  export AwsIot
}

# build ROOT CONFIGURATION PROJECT...: prints nothing but errors.
build() {
  local root=$1 configuration=$2 project log
  shift 2
  log=$(mktemp)
  for project in "$@"; do
    if ! dotnet build "$root/$project" -c "$configuration" --nologo --verbosity quiet -clp:NoSummary >"$log" 2>&1; then
      sort -u "$log" >&2
      rm -f "$log"
      fail "$project does not build"
    fi
  done
  rm -f "$log"
}
