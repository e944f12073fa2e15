# Sourced by infra/up, tests/run and tests/bench: what must be on the machine before Armada builds, and which adapters the feed has.
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

# install_missing PACKAGE...: from the distribution, only what is missing.
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
  # RUNLEVEL=1: the distribution's own broker is not started, Armada runs one of its own.
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2 || true
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null 2>&1 \
    || fail "apt-get could not install ${missing[*]}: run 'apt-get install ${missing[*]}' to see why"
}

# find_aws_version: the version of AWS's packages is the one that ARMADA_FEED carries, unless AwsIotVersion is set.
find_aws_version() {
  local package
  [ -z "${AwsIotVersion:-}" ] && [ -n "${ARMADA_FEED:-}" ] || return 0
  package=$(find "$ARMADA_FEED" -maxdepth 1 -iname 'AWSSDK.IoT.[0-9]*.nupkg' 2>/dev/null | sort -V | tail -1)
  [ -n "$package" ] || return 0
  package=$(basename "$package")
  AwsIotVersion=${package:11}
  export AwsIotVersion=${AwsIotVersion%.nupkg}
}

# find_adapters ROOT: sets ADAPTERS to those whose packages restore, and says in one line which and why.
# A set Cloud or Profile variable is taken as it is.
find_adapters() {
  local root=$1 adapter project absent=()
  ADAPTERS=""
  find_aws_version
  if [ -n "${Cloud:-}" ] || [ "${Profile:-}" = Cloud ]; then
    ADAPTERS=${Cloud:-"Orleans MqttNet AwsIot IoPorts"}
    echo "profile: Cloud with $ADAPTERS (asked for)" >&2
  elif [ "${Profile:-}" = Standalone ]; then
    echo "profile: Standalone (asked for)" >&2
  else
    while read -r adapter project; do
      if dotnet restore "$root/$project" -p:Cloud="$adapter" --verbosity quiet >/dev/null 2>&1; then
        ADAPTERS="${ADAPTERS:+$ADAPTERS }$adapter"
      else
        absent+=("$adapter")
      fi
    done <<'END'
Orleans silo/Armada.Silo.Orleans/Armada.Silo.Orleans.csproj
MqttNet grains/Armada.Messaging.MqttNet/Armada.Messaging.MqttNet.csproj
AwsIot silo/Armada.Silo.AwsIot/Armada.Silo.AwsIot.csproj
IoPorts edge-agent/Armada.Devices.IoPorts/Armada.Devices.IoPorts.csproj
END
    local why=""
    [ ${#absent[@]} -eq 0 ] || why="; the feed does not carry the packages of ${absent[*]}"
    echo "profile: ${ADAPTERS:+Cloud with }${ADAPTERS:-Standalone}$why" >&2
  fi
  export Cloud=$ADAPTERS
  if [ -n "$ADAPTERS" ]; then
    export Profile=Cloud
    ADAPTER_SET="cloud-$(echo "$ADAPTERS" | tr 'A-Z;,+ ' 'a-z----')"
  else
    export Profile=Standalone
    ADAPTER_SET=standalone
  fi
  export ARMADA_PROFILE=$ADAPTER_SET
}

# has_adapter NAME: whether it is one of those found.
has_adapter() {
  case " ${ADAPTERS//[;,+]/ } " in *" $1 "*) return 0 ;; *) return 1 ;; esac
}

# build ROOT CONFIGURATION PROJECT...: quiet when well, the errors when not.
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
