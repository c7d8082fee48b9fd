#!/bin/sh
# Installs what the tests use besides Python: Chromium, a CJK font, MariaDB, nginx, PgBouncer; starts none of them. Says so and goes on where it may not.
missing=""
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
fc-list 2>/dev/null | grep -qiE 'CJK|Han|WenQuanYi' || missing="$missing fonts-noto-cjk fontconfig"
command -v mariadbd >/dev/null 2>&1 || test -x /usr/sbin/mariadbd || missing="$missing mariadb-server"
for program in nginx pgbouncer; do
    command -v $program >/dev/null 2>&1 || test -x /usr/sbin/$program || missing="$missing $program"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "Missing:$missing. Their tests will be skipped. To run them: apt-get install$missing"
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
apt-get update -q >/dev/null 2>&1
# shellcheck disable=SC2086
apt-get install -y -q $missing >/dev/null 2>&1 || echo "Could not install:$missing. Their tests will be skipped."
exit 0
