#!/bin/sh
# Installs what the tests against real servers and a real browser need, on Debian and Ubuntu only.
# Does nothing when everything is there already; never lets a package start a system service.
# Elsewhere it says why it skips and succeeds: those tests then skip too (with CI set, they fail instead).
set -eu

packages="dovecot-core dovecot-imapd dovecot-lmtpd dovecot-sieve postfix postgresql openssl chromium fonts-dejavu-core fonts-noto-color-emoji"

skip() { echo "setup-debian: skipped: $1"; exit 0; }

[ -r /etc/os-release ] || skip "this is no Debian or Ubuntu (no /etc/os-release)"
# shellcheck disable=SC1091  # the file belongs to the system
. /etc/os-release
case " ${ID:-} ${ID_LIKE:-} " in
    *" debian "* | *" ubuntu "*) ;;
    *) skip "this is ${PRETTY_NAME:-no Debian or Ubuntu}; install Dovecot, Postfix, PostgreSQL, OpenSSL and Chromium by hand" ;;
esac
# Ubuntu's chromium package only wraps a snap, which a container cannot run.
[ "$ID" = debian ] || packages=$(echo "$packages" | sed 's/ chromium / /')

missing=""
for package in $packages; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || state=absent
    [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || { echo "setup-debian: everything is installed"; exit 0; }

if [ "$(id -u)" = 0 ]; then
    as_root="env"
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root="sudo -n env"
else
    skip "not root and no passwordless sudo; run as root: apt-get install$missing"
fi

# A policy-rc.d that answers 101 forbids every start of a service (invoke-rc.d, Debian Policy 9.3.3).
policy=/usr/sbin/policy-rc.d
made=""
if [ ! -e "$policy" ]; then
    made=yes
    printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
    $as_root chmod 755 "$policy"
fi
forget_policy() { [ -z "$made" ] || $as_root rm -f "$policy"; }
trap forget_policy EXIT

echo "setup-debian: installing$missing"
echo "postfix postfix/main_mailer_type select No configuration" | $as_root debconf-set-selections
install() {
    # shellcheck disable=SC2086  # a list of words on purpose
    $as_root DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing >/dev/null
}
# The package lists may be missing or old: only then are they fetched.
install 2>/dev/null || { $as_root apt-get update -qq && install; }
echo "setup-debian: done"
